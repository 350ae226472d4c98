// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/curve_series.h"

#include <QFontMetricsF>
#include <QLineF>
#include <algorithm>

#include "ui/style/colors.h"
#include "ui/style/theme.h"

namespace espalier::plots {

namespace {

constexpr double kMarkerSize = 6;

QCPScatterStyle markerOf(SeriesStyle::Marker marker, const QColor& color,
                         const QColor& background) {
    using Marker = SeriesStyle::Marker;
    const auto shape = [marker] {
        switch (marker) {
            case Marker::Disc:
                return QCPScatterStyle::ssCircle;
            case Marker::Square:
                return QCPScatterStyle::ssSquare;
            case Marker::Diamond:
                return QCPScatterStyle::ssDiamond;
            case Marker::None:
                break;
        }
        return QCPScatterStyle::ssNone;
    }();
    return {shape, QPen(background, 1), QBrush(color), kMarkerSize};
}

void fill(QCPGraph* graph, const Points& points, const Range& visible) {
    const Points drawn = decimated(points, visible, kMaxDrawnPoints);
    graph->setData(QVector<double>(drawn.x.begin(), drawn.x.end()),
                   QVector<double>(drawn.y.begin(), drawn.y.end()), true);
}

}  // namespace

Points CurveSeries::shown() const {
    return style.smoothing > 1 ? Points{points.x, runningMean(points.y, style.smoothing)} : points;
}

void CurveSeries::applyLook(const QPalette& palette, int emphasis) {
    const style::Colors& colors = style::colorsFor(palette);
    const QColor full = style::seriesColor(palette, style.color);
    const QColor color = emphasis < 0 ? style::mix(colors.background, full, 0.45) : full;
    const bool isDashed = style.line == SeriesStyle::Line::Dashed;
    // 1 px: wider anti-aliased pens cost ten times as much on dense curves.
    const bool isThick = emphasis > 0 || style.isMain;
    const QPen pen(color, isThick ? 2 : 1, isDashed ? Qt::DashLine : Qt::SolidLine);
    graph->setName(style.name);
    graph->setPen(pen);
    graph->setLineStyle(style.line == SeriesStyle::Line::None ? QCPGraph::lsNone
                                                              : QCPGraph::lsLine);
    graph->setScatterStyle(markerOf(style.marker, color, colors.background));
    graph->setVisible(isVisible);
    if (raw) {
        raw->setPen(QPen(style::mix(colors.background, color, 0.3), 1));
        raw->setVisible(isVisible);
    }
}

void CurveSeries::draw(const Range& visible) {
    fill(graph, shown(), visible);
    if (raw) fill(raw, points, visible);
    isChanged = false;
}

RoundMarks::RoundMarks(QCustomPlot* plot) : QCPAbstractItem(plot) {
    setSelectable(false);
}

void RoundMarks::draw(QCPPainter* painter) {
    const style::Colors& colors = style::colorsFor(m_palette);
    const QRectF area = mParentPlot->axisRect()->rect();
    const QFont font = style::font(style::FontSize::Small);
    const QFontMetricsF metrics(font);
    painter->setFont(font);
    painter->setAntialiasing(false);
    double freeFrom = area.left();
    for (const RoundMark& mark : m_marks) {
        const double x = mParentPlot->xAxis->coordToPixel(mark.x);
        if (x < area.left() || x > area.right()) continue;
        painter->setPen(QPen(style::mix(colors.background, colors.axis, 0.6), 1, Qt::DashLine));
        painter->drawLine(QLineF(x, area.top(), x, area.bottom()));
        const double width = metrics.horizontalAdvance(mark.text);
        if (x + 4 < freeFrom || x + 4 + width > area.right()) continue;  // no room for the word
        painter->setPen(colors.mutedText);
        painter->drawText(QPointF(x + 4, area.top() + metrics.ascent() + 2), mark.text);
        freeFrom = x + 4 + width + 4;
    }
}

}  // namespace espalier::plots
