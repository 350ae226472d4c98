// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/mark_item.h"

#include <cmath>

#include <QFontMetricsF>

#include "ui/plots/plot_math.h"
#include "ui/style/colors.h"
#include "ui/style/theme.h"

namespace espalier::plots {

namespace {
constexpr double kLabelHeight = 0.4;  // of the plot's, from its top: below the cut's label
constexpr double kPadding = 4;
}  // namespace

MarkItem::MarkItem(QCustomPlot* plot) : QCPAbstractItem(plot) {
    setSelectable(false);
}

void MarkItem::draw(QCPPainter* painter) {
    if (!m_look) return;
    const QRectF area = mParentPlot->axisRect()->rect();
    const auto pixel = [this](double value) { return mParentPlot->xAxis->coordToPixel(value); };
    painter->setAntialiasing(false);
    for (const double sign : {1.0, -1.0}) {
        const double x = pixel(sign * m_look->value);
        const bool isSeen = x >= area.left() && x <= area.right();
        if (!isSeen || (sign < 0 && !m_look->isMirrored)) continue;
        painter->fillRect(QRectF(std::floor(x), area.top(), 1, area.height()),
                          style::colorsFor(m_palette).mutedText);
        if (sign > 0) drawLabel(painter, area, x);
    }
}

void MarkItem::drawLabel(QCPPainter* painter, const QRectF& area, double x) const {
    const style::Colors& colors = style::colorsFor(m_palette);
    const QFont font = style::font(style::FontSize::Small);
    const QFontMetricsF metrics(font, mParentPlot);
    const QSizeF size(metrics.horizontalAdvance(m_look->text) + 2 * kPadding, metrics.height());
    const double y = area.top() + kLabelHeight * area.height();
    const QRectF label(placeLabel(area, x, y + size.height(), size, kPadding), size);
    painter->fillRect(label, colors.background);
    painter->setFont(font);
    painter->setPen(colors.text);
    painter->drawText(label, Qt::AlignCenter, m_look->text);
}

}  // namespace espalier::plots
