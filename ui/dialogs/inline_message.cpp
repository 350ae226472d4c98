// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/inline_message.h"

#include <QApplication>
#include <QEvent>

#include "ui/style/colors.h"
#include "ui/style/words.h"

namespace espalier::ui {

QString asSentence(const QString& text) {
    static const QString kEnds = QStringLiteral(".?!…:");
    return text.isEmpty() || kEnds.contains(text.back()) ? text : text + u'.';
}

QString unbroken(QString text) {
    return text.replace(QChar(0x2009), QChar(0x202f));
}

InlineMessage::InlineMessage(const QString& name, QWidget* parent) : QLabel(parent) {
    setObjectName(name);
    setTextFormat(Qt::PlainText);
    setWordWrap(true);
    setTextInteractionFlags(Qt::TextSelectableByMouse);
    setAlignment(Qt::AlignLeft | Qt::AlignTop);
    refreshColor();
}

void InlineMessage::showNote(const QString& text) {
    m_isError = false;
    setText(unbroken(text));
    refreshColor();
}

void InlineMessage::showError(const QString& text) {
    m_isError = true;
    setText(unbroken(text));
    refreshColor();
}

void InlineMessage::showError(const Error& error) {
    showError(asSentence(style::withoutOptions(QString::fromStdString(error.text()))));
}

void InlineMessage::refreshColor() {
    // From the application's palette: the label's own already holds the colour that was set here.
    const style::Colors& colors = style::colorsFor(QApplication::palette());
    const QColor wanted = m_isError ? colors.error : colors.mutedText;
    if (palette().color(QPalette::WindowText) == wanted) return;
    QPalette coloured = palette();
    coloured.setColor(QPalette::WindowText, wanted);
    setPalette(coloured);
}

void InlineMessage::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) refreshColor();
    QLabel::changeEvent(event);
}

}  // namespace espalier::ui
