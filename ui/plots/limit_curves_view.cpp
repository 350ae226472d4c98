// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/limit_curves_view.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>

#include "ui/plots/cut_item.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {
constexpr double kHitDistance = 7;  // pixels on either side of the line
}

LimitCurvesView::LimitCurvesView(QWidget* parent)
    : CurvesView(parent), m_item(new CutItem(canvas())) {
    m_item->setLayer(QStringLiteral("overlay"));
    LimitCurvesView::recolor(palette());
}

void LimitCurvesView::setLimit(std::optional<double> limit, const QString& text) {
    m_limit = limit;
    m_item->setLook(limit ? std::optional(CutLook{*limit, false, true, text, Qt::Horizontal})
                          : std::nullopt);
    if (isDragging()) {
        canvas()->layer(QStringLiteral("overlay"))->replot();
    } else {
        replotLater();
    }
}

bool LimitCurvesView::isNearLimit(const QPointF& pixel) const {
    return m_limit && plotArea().contains(pixel) &&
           std::abs(yMap().toPixel(*m_limit) - pixel.y()) <= kHitDistance;
}

void LimitCurvesView::moveTo(double limit) {
    m_limit = limit;
    Q_EMIT limitMoved(limit);
}

bool LimitCurvesView::pointerPressed(QMouseEvent& event) {
    if (!isNearLimit(event.position())) return CurvesView::pointerPressed(event);
    m_dragStart = m_limit;
    m_grabOffset = event.position().y() - yMap().toPixel(*m_limit);
    return true;
}

bool LimitCurvesView::pointerMoved(QMouseEvent& event) {
    if (!isDragging()) {
        const bool taken = CurvesView::pointerMoved(event);
        if (event.buttons() == Qt::NoButton && isNearLimit(event.position()))
            canvas()->setCursor(Qt::SizeVerCursor);
        return taken;
    }
    const double y =
        std::clamp(event.position().y() - m_grabOffset, plotArea().top(), plotArea().bottom());
    moveTo(yMap().toValue(y));
    return true;
}

bool LimitCurvesView::pointerReleased(QMouseEvent& event) {
    if (!isDragging()) return CurvesView::pointerReleased(event);
    const double before = *m_dragStart;
    m_dragStart.reset();
    if (m_limit && *m_limit != before) Q_EMIT limitCommitted(*m_limit);
    return true;
}

bool LimitCurvesView::event(QEvent* event) {
    // While dragging, Esc is ours and not a shortcut's.
    const bool isOurs = event->type() == QEvent::ShortcutOverride && isDragging() &&
                        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape;
    if (!isOurs) return CurvesView::event(event);
    event->accept();
    return true;
}

void LimitCurvesView::keyPressEvent(QKeyEvent* event) {
    if (event->key() != Qt::Key_Escape || !isDragging()) return CurvesView::keyPressEvent(event);
    const double before = *m_dragStart;
    m_dragStart.reset();
    moveTo(before);
}

void LimitCurvesView::recolor(const QPalette& palette) {
    CurvesView::recolor(palette);
    m_item->setPalette(palette);
}

}  // namespace espalier::plots
