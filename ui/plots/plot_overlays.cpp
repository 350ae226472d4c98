// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/plot_overlays.h"

#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QTimerEvent>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "ui/style/colors.h"
#include "ui/style/theme.h"

namespace espalier::plots {

namespace {
constexpr int kLineHeight = 3;
constexpr int kFrameMs = 66;
constexpr double kSegment = 0.25;  // share of the width that moves along while the end is unknown
}  // namespace

EmptyState::EmptyState(QWidget* parent)
    : QWidget(parent), m_text(new QLabel(this)), m_action(new QPushButton(this)) {
    setObjectName(QStringLiteral("emptyState"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_text->setObjectName(QStringLiteral("emptyText"));
    m_text->setWordWrap(true);
    m_text->setAlignment(Qt::AlignCenter);
    m_text->setForegroundRole(QPalette::WindowText);
    m_action->setObjectName(QStringLiteral("emptyAction"));
    m_action->setAccessibleName(tr("Suggested action"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(style::kSpaceGroup, style::kSpaceGroup, style::kSpaceGroup,
                               style::kSpaceGroup);
    layout->setSpacing(style::kSpaceGroup);
    layout->addStretch();
    layout->addWidget(m_text);
    layout->addWidget(m_action, 0, Qt::AlignHCenter);
    layout->addStretch();
    connect(m_action, &QPushButton::clicked, this, &EmptyState::actionTriggered);
}

void EmptyState::setText(const QString& text, const QString& actionText) {
    m_text->setText(text);
    m_action->setText(actionText);
    if (!actionText.isEmpty()) m_action->setAccessibleName(actionText);
    m_action->setAccessibleDescription(text);
    m_action->setVisible(!actionText.isEmpty());
}

BusyOverlay::BusyOverlay(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("busyOverlay"));
    setAttribute(Qt::WA_TransparentForMouseEvents);
    hide();
}

void BusyOverlay::setProgress(const QString& text, double fraction) {
    const bool textChanged = text != m_text;
    m_text = text;
    m_fraction = fraction;
    updateTimer();
    textChanged ? update() : update(lineRect());
}

void BusyOverlay::updateTimer() {
    const bool wanted = isVisible() && m_fraction < 0;
    if (wanted && !m_timer.isActive()) m_timer.start(kFrameMs, this);
    if (!wanted) m_timer.stop();
}

QRect BusyOverlay::lineRect() const {
    return {0, 0, width(), kLineHeight};
}

void BusyOverlay::paintEvent(QPaintEvent*) {
    const style::Colors& colors = style::colorsFor(palette());
    QPainter painter(this);
    QColor veil = colors.background;
    veil.setAlphaF(0.55F);
    painter.fillRect(rect(), veil);

    const double from = m_fraction < 0 ? std::max(0.0, m_phase - kSegment) : 0;
    const double to = m_fraction < 0 ? std::min(1.0, m_phase) : std::min(1.0, m_fraction);
    painter.fillRect(lineRect(), colors.grid);
    painter.fillRect(QRectF(from * width(), 0, (to - from) * width(), kLineHeight), colors.kept);

    if (m_text.isEmpty()) return;
    painter.setPen(colors.text);
    const int space = style::kSpacePanel;
    painter.drawText(rect().adjusted(space, kLineHeight + space, -space, -space),
                     Qt::AlignHCenter | Qt::AlignTop | Qt::TextWordWrap, m_text);
}

void BusyOverlay::timerEvent(QTimerEvent* event) {
    if (event->timerId() != m_timer.timerId()) return;
    m_phase = std::fmod(m_phase + 0.03, 1 + kSegment);
    update(lineRect());
}

void BusyOverlay::showEvent(QShowEvent*) {
    updateTimer();
}

void BusyOverlay::hideEvent(QHideEvent*) {
    updateTimer();
}

}  // namespace espalier::plots
