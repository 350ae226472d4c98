// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/inline_message.h"

#include <QApplication>
#include <QEvent>

#include "ui/style/colors.h"

namespace espalier::ui {

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
    setText(text);
    refreshColor();
}

void InlineMessage::showError(const QString& text) {
    m_isError = true;
    setText(text);
    refreshColor();
}

void InlineMessage::showError(const Error& error) {
    showError(QString::fromStdString(error.text()));
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
