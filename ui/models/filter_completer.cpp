// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/filter_completer.h"

#include <QAbstractItemView>
#include <QLineEdit>

#include "ui/models/filter_fields.h"
#include "ui/models/filter_tokens.h"

namespace espalier::ui {

namespace {

/// The word that is being typed at the end of `text`; empty: none.
QString lastWord(const QString& text) {
    if (text.isEmpty() || text.back().isSpace()) return {};
    const auto tokens = filterTokens(text);
    const FilterToken& last = tokens[tokens.size() - 2];  // before End
    return last.kind == FilterToken::Kind::Word ? last.text : QString();
}

}  // namespace

FilterCompleter::FilterCompleter(QLineEdit* field)
    : QCompleter(filterWords(), field), m_field(field) {
    setCaseSensitivity(Qt::CaseInsensitive);
    popup()->setObjectName(QStringLiteral("layerFilterWords"));
    popup()->setAccessibleName(tr("Words of the filter"));
    field->setCompleter(this);
}

QStringList FilterCompleter::splitPath(const QString& text) const {
    const QString word = lastWord(text);
    const bool isAtEnd = m_field->cursorPosition() == text.size();
    return {isAtEnd && !word.isEmpty() ? word : QStringLiteral(" ")};  // no word has a space
}

QString FilterCompleter::pathFromIndex(const QModelIndex& index) const {
    const QString text = m_field->text();
    return text.chopped(lastWord(text).size()) + QCompleter::pathFromIndex(index);
}

}  // namespace espalier::ui
