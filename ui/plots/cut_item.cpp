// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/cut_item.h"

#include <algorithm>

#include <QFontMetricsF>

#include "ui/plots/plot_math.h"
#include "ui/style/colors.h"
#include "ui/style/theme.h"

namespace espalier::plots {

namespace {
constexpr double kLineWidth = 2;
constexpr double kGripWidth = 12;
constexpr double kGripHeight = 20;
constexpr double kLabelPadding = 5;
}  // namespace

CutItem::CutItem(QCustomPlot* plot) : QCPAbstractItem(plot) {
    setSelectable(false);
}

// The whole line; at the edge where it would be out of sight.
QRectF CutItem::lineRect(double value) const {
    const QRectF area = mParentPlot->axisRect()->rect();
    if (m_look->line == Qt::Horizontal) {
        const double y =
            std::clamp(mParentPlot->yAxis->coordToPixel(value), area.top(), area.bottom());
        return {area.left(), y - kLineWidth / 2, area.width(), kLineWidth};
    }
    const double x = std::clamp(mParentPlot->xAxis->coordToPixel(value), area.left(), area.right());
    return {x - kLineWidth / 2, area.top(), kLineWidth, area.height()};
}

QRectF CutItem::labelRect() const {
    if (!m_look || m_look->text.isEmpty()) return {};
    const QRectF area = QRectF(mParentPlot->axisRect()->rect()).adjusted(4, 4, -4, -4);
    const QFontMetricsF metrics(style::font(style::FontSize::Body), mParentPlot);
    const QSizeF size(metrics.horizontalAdvance(m_look->text) + 2 * kLabelPadding, labelHeight());
    if (m_look->line == Qt::Horizontal) {
        const double y = mParentPlot->yAxis->coordToPixel(m_look->threshold);
        return {placeLabel(area, area.right(), y, size, kLabelPadding + 1), size};
    }
    const double x = mParentPlot->xAxis->coordToPixel(m_look->threshold);
    return {placeLabel(area, x, area.top(), size), size};
}

int CutItem::labelHeight() const {
    const QFontMetricsF metrics(style::font(style::FontSize::Body), mParentPlot);
    return qCeil(metrics.height() + kLabelPadding);
}

void CutItem::draw(QCPPainter* painter) {
    if (!m_look) return;
    const style::Colors& colors = style::colorsFor(m_palette);
    const QColor color = m_look->isEditable ? colors.text : colors.locked;
    if (m_look->isMirrored) drawLine(painter, -m_look->threshold, color);
    drawLine(painter, m_look->threshold, color);

    const QRectF label = labelRect();
    if (label.isEmpty()) return;
    painter->setAntialiasing(true);
    painter->setPen(QPen(colors.axis, 1));
    painter->setBrush(colors.background);
    painter->drawRoundedRect(label.translated(0.5, 0.5), 3, 3);
    painter->setPen(color);
    painter->setFont(style::font(style::FontSize::Body));
    painter->drawText(label, Qt::AlignCenter, m_look->text);
}

void CutItem::drawLine(QCPPainter* painter, double value, const QColor& color) const {
    const QRectF line = lineRect(value);
    painter->setAntialiasing(false);
    painter->fillRect(line, color);
    if (!m_look->isEditable) return;
    const bool isLying = m_look->line == Qt::Horizontal;
    QRectF grip(0, 0, isLying ? kGripHeight : kGripWidth, isLying ? kGripWidth : kGripHeight);
    grip.moveCenter(line.center());
    painter->setAntialiasing(true);
    painter->setPen(QPen(color, 1));
    painter->setBrush(style::colorsFor(m_palette).background);
    painter->drawRoundedRect(grip, 3, 3);
    const QPointF along = isLying ? QPointF(4, 0) : QPointF(0, 4);
    const QPointF across = isLying ? QPointF(0, 1.5) : QPointF(1.5, 0);
    for (const double side : {-1.0, 1.0}) {
        const QPointF middle = grip.center() + across * side;
        painter->drawLine(QLineF(middle - along, middle + along));
    }
}

}  // namespace espalier::plots
