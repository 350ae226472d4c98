// SPDX-License-Identifier: GPL-3.0-or-later
// The hand on CurvesView: legend, clicks on points, digit keys, menu.
#include <QApplication>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <cmath>

#include "ui/plots/curve_series.h"
#include "ui/plots/curves_view.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {
constexpr double kHitDistance = 8;  // pixels
}  // namespace

CurvesView::Hit CurvesView::hitAt(const QPointF& pixel, double tolerance) const {
    Hit hit;
    double nearest = tolerance;
    for (int i = 0; i < seriesCount(); ++i) {
        const CurveSeries& series = *seriesAt(i);
        if (!series.isVisible) continue;
        for (std::size_t k = 0; k < series.points.size(); ++k) {
            const QPointF at = series.graph->coordsToPixels(series.points.x[k], series.points.y[k]);
            const double distance = std::hypot(at.x() - pixel.x(), at.y() - pixel.y());
            if (!(distance <= nearest)) continue;
            nearest = distance;
            hit = {i, static_cast<int>(k)};
        }
    }
    return hit;
}

int CurvesView::legendSeriesAt(const QPointF& pixel) const {
    if (!canvas()->legend->visible()) return -1;
    for (int i = 0; i < seriesCount(); ++i) {
        const auto* entry = canvas()->legend->itemWithPlottable(seriesAt(i)->graph);
        if (entry && QRectF(entry->outerRect()).contains(pixel)) return i;
    }
    return -1;
}

bool CurvesView::pointerPressed(QMouseEvent& event) {
    m_pressedAt = event.position();
    return legendSeriesAt(event.position()) >= 0;
}

bool CurvesView::pointerMoved(QMouseEvent& event) {
    const int inLegend = legendSeriesAt(event.position());
    canvas()->setCursor(inLegend >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    if (event.buttons() != Qt::NoButton) return false;
    const int hovered = inLegend >= 0 ? inLegend : hitAt(event.position(), kHitDistance).series;
    hoverSeries(hovered);
    return false;
}

void CurvesView::pointerLeft() {
    hoverSeries(-1);
}

void CurvesView::hoverSeries(int series) {
    if (series == m_hovered) return;
    m_hovered = series;
    Q_EMIT seriesHovered(series);
}

bool CurvesView::pointerReleased(QMouseEvent& event) {
    if ((event.position() - m_pressedAt).manhattanLength() >= QApplication::startDragDistance())
        return false;
    if (const int series = legendSeriesAt(event.position()); series >= 0) {
        setSeriesVisible(series, !isSeriesVisible(series));
        return true;
    }
    if (!plotArea().contains(event.position())) return false;
    const Hit hit = hitAt(event.position(), kHitDistance);
    if (hit.series >= 0) Q_EMIT pointClicked(hit.series, hit.index);
    return false;
}

void CurvesView::keyPressEvent(QKeyEvent* event) {
    const int series = event->key() - Qt::Key_1;
    if (series >= 0 && series < std::min(9, seriesCount()) &&
        event->modifiers() == Qt::NoModifier) {
        setSeriesVisible(series, !isSeriesVisible(series));
        const QString name = seriesAt(series)->style.name;
        Q_EMIT hoverTextChanged(
            isSeriesVisible(series)
                ? tr("%1 is shown").arg(name)
                : tr("%1 is hidden: %2 shows it again").arg(name).arg(series + 1));
        return;
    }
    PlotView::keyPressEvent(event);
}

void CurvesView::extendContextMenu(QMenu& menu) {
    if (seriesCount() < 2) return;
    for (int i = 0; i < seriesCount(); ++i) {
        QAction* action = menu.addAction(seriesAt(i)->style.name);
        action->setCheckable(true);
        action->setChecked(isSeriesVisible(i));
        connect(action, &QAction::toggled, this,
                [this, i](bool shown) { setSeriesVisible(i, shown); });
    }
}

}  // namespace espalier::plots
