// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/message_bar.h"

#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QToolButton>

#include "ui/dialogs/dialogs.h"
#include "ui/dialogs/inline_message.h"
#include "ui/style/colors.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

constexpr int kEdge = 4;  // the coloured stripe at the left

style::Icon iconFor(Message::Level level) {
    switch (level) {
        case Message::Level::Info:
            return style::Icon::Info;
        case Message::Level::Success:
            return style::Icon::Success;
        case Message::Level::Warning:
            return style::Icon::Warning;
        case Message::Level::Error:
            return style::Icon::Error;
    }
    return style::Icon::Info;
}

QLabel* selectableLabel(const QString& name, QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setObjectName(name);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

}  // namespace

MessageBar::MessageBar(QWidget* parent) : QFrame(parent) {
    setObjectName(QStringLiteral("messageBar"));
    setAccessibleName(tr("Message"));
    m_icon = new QLabel(this);
    m_icon->setContentsMargins(0, 3, 0, 0);  // level with the first line of the text
    m_text = selectableLabel(QStringLiteral("messageText"), this);
    m_details = selectableLabel(QStringLiteral("messageDetails"), this);
    m_action = addButton(QStringLiteral("messageAction"), {}, {});
    m_folder = addButton(QStringLiteral("messageShowInFolder"), tr("Show in folder"),
                         tr("Opens the folder the file lies in"));
    m_detailsButton = addButton(QStringLiteral("messageDetailsButton"), tr("Details"),
                                tr("Shows or hides the technical details"));
    m_detailsButton->setCheckable(true);
    for (QToolButton* button : {m_action, m_folder, m_detailsButton}) button->setAutoRaise(false);
    m_close = addButton(QStringLiteral("messageClose"), {}, tr("Dismisses this message (Esc)"));
    m_close->setIcon(style::icon(style::Icon::Close));
    m_close->setAccessibleName(tr("Dismiss message"));

    auto* line = new QHBoxLayout;
    line->setSpacing(style::kSpacePanel);
    line->addWidget(m_icon, 0, Qt::AlignTop);
    line->addWidget(m_text, 1);
    for (auto* button : {m_action, m_folder, m_detailsButton, m_close})
        line->addWidget(button, 0, Qt::AlignTop);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(style::kSpacePanel + kEdge, style::kSpaceRelated, style::kSpacePanel,
                               style::kSpaceRelated);
    layout->addLayout(line);
    layout->addWidget(m_details);

    connect(m_action, &QToolButton::clicked, this, [this] {
        const auto action = m_message.action;
        dismiss();
        if (action) action();
    });
    connect(m_folder, &QToolButton::clicked, this,
            [this] { dialogs::showInFolder(m_message.path); });
    connect(m_detailsButton, &QToolButton::toggled, m_details, &QLabel::setVisible);
    connect(m_close, &QToolButton::clicked, this, &MessageBar::dismiss);
    hide();
}

QToolButton* MessageBar::addButton(const QString& name, const QString& text, const QString& tip) {
    auto* button = new QToolButton(this);
    button->setObjectName(name);
    button->setText(text);
    button->setToolTip(tip);
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

void MessageBar::post(Message message) {
    m_message = std::move(message);
    m_hasMessage = true;
    refresh();
    show();
    Q_EMIT posted();
}

void MessageBar::dismiss() {
    if (!m_hasMessage) return;
    m_hasMessage = false;
    hide();
    Q_EMIT dismissed();
}

void MessageBar::refresh() {
    m_icon->setPixmap(
        style::icon(iconFor(m_message.level)).pixmap(style::kIconSize, style::kIconSize));
    m_text->setText(unbroken(asSentence(m_message.text)));
    m_details->setText(m_message.details);
    m_details->hide();
    m_detailsButton->setChecked(false);
    m_detailsButton->setVisible(!m_message.details.isEmpty());
    m_folder->setVisible(!m_message.path.isEmpty());
    m_action->setText(m_message.actionText);
    m_action->setToolTip(m_message.actionText);
    m_action->setAccessibleName(m_message.actionText.isEmpty() ? tr("Act on the message")
                                                               : m_message.actionText);
    m_action->setVisible(!m_message.actionText.isEmpty());
    setAccessibleDescription(m_text->text());
    update();
}

QColor MessageBar::levelColor() const {
    const style::Colors& colors = style::colorsFor(palette());
    switch (m_message.level) {
        case Message::Level::Info:
            return colors.kept;
        case Message::Level::Success:
            return colors.success;
        case Message::Level::Warning:
            return colors.warning;
        case Message::Level::Error:
            return colors.error;
    }
    return colors.kept;
}

void MessageBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QColor color = levelColor();
    painter.fillRect(rect(), style::mix(palette().color(QPalette::Base), color, 0.12));
    painter.fillRect(QRect(0, 0, width(), 1), color);  // it may lie over something
    painter.fillRect(QRect(0, 0, kEdge, height()), color);
}

void MessageBar::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange && m_hasMessage) {
        m_icon->setPixmap(
            style::icon(iconFor(m_message.level)).pixmap(style::kIconSize, style::kIconSize));
    }
    QFrame::changeEvent(event);
}

void MessageBar::resizeEvent(QResizeEvent* event) {
    QFrame::resizeEvent(event);
    if (isVisible()) Q_EMIT coverChanged(height());
}

void MessageBar::showEvent(QShowEvent* event) {
    QFrame::showEvent(event);
    Q_EMIT coverChanged(height());
}

void MessageBar::hideEvent(QHideEvent* event) {
    QFrame::hideEvent(event);
    Q_EMIT coverChanged(0);
}

void MessageBar::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape) return dismiss();
    QFrame::keyPressEvent(event);
}

}  // namespace espalier::ui
