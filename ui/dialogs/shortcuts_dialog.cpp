// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/shortcuts_dialog.h"

#include <algorithm>

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "ui/style/icons.h"
#include "ui/style/theme.h"

namespace espalier::ui {

ShortcutsDialog::ShortcutsDialog(const QList<ShortcutEntry>& entries, QWidget* parent)
    : QDialog(parent) {
    setObjectName(QStringLiteral("shortcutsDialog"));
    setWindowTitle(tr("Shortcuts"));
    auto* search = new QLineEdit;
    search->setObjectName(QStringLiteral("shortcutsSearch"));
    search->setAccessibleName(tr("Search shortcuts"));
    search->setPlaceholderText(tr("Search"));
    search->setClearButtonEnabled(true);
    search->addAction(style::icon(style::Icon::Search), QLineEdit::LeadingPosition);
    m_list = new QTreeWidget;
    m_list->setObjectName(QStringLiteral("shortcutsList"));
    m_list->setAccessibleDescription(tr("Every command with its keys, by menu and panel"));
    m_list->setAccessibleName(tr("Shortcuts"));
    m_list->setRootIsDecorated(false);
    m_list->setUniformRowHeights(true);
    m_list->setHeaderLabels({tr("Menu"), tr("Action"), tr("Keys")});
    for (const ShortcutEntry& entry : entries) {
        auto* item = new QTreeWidgetItem(m_list, {entry.group, entry.text, entry.keys});
        item->setToolTip(1, entry.tip);
    }
    m_list->header()->setStretchLastSection(false);
    m_list->header()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    m_list->header()->setSectionResizeMode(1, QHeaderView::Stretch);
    m_list->header()->setSectionResizeMode(2, QHeaderView::ResizeToContents);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);

    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(style::kSpacePanel);
    layout->addWidget(search);
    layout->addWidget(m_list, 1);
    layout->addWidget(buttons);
    resize(520, 560);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(search, &QLineEdit::textChanged, this, &ShortcutsDialog::setFilter);
}

void ShortcutsDialog::setFilter(const QString& text) {
    const QStringList words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    for (int row = 0; row < m_list->topLevelItemCount(); ++row) {
        QTreeWidgetItem* item = m_list->topLevelItem(row);
        const QString line =
            item->text(0) + QLatin1Char(' ') + item->text(1) + QLatin1Char(' ') + item->text(2);
        const bool matches = std::all_of(words.begin(), words.end(), [&line](const QString& word) {
            return line.contains(word, Qt::CaseInsensitive);
        });
        item->setHidden(!matches);
    }
}

}  // namespace espalier::ui
