// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/cut_item.h"

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

double CutItem::pixelOf(double value) const {
    return mParentPlot->xAxis->coordToPixel(value);
}

QRectF CutItem::labelRect() const {
    if (!m_look || m_look->text.isEmpty()) return {};
    const QRectF area = QRectF(mParentPlot->axisRect()->rect()).adjusted(4, 4, -4, -4);
    const QFontMetricsF metrics(style::font(style::FontSize::Body), mParentPlot);
    const QSizeF size(metrics.horizontalAdvance(m_look->text) + 2 * kLabelPadding, labelHeight());
    return {placeLabel(area, pixelOf(m_look->threshold), area.top(), size), size};
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
    const QRectF area = mParentPlot->axisRect()->rect();
    const double x = pixelOf(value);
    if (x < area.left() - kGripWidth || x > area.right() + kGripWidth) return;
    painter->setAntialiasing(false);
    painter->fillRect(QRectF(x - kLineWidth / 2, area.top(), kLineWidth, area.height()), color);
    if (!m_look->isEditable) return;
    const QRectF grip(x - kGripWidth / 2, area.center().y() - kGripHeight / 2, kGripWidth,
                      kGripHeight);
    painter->setAntialiasing(true);
    painter->setPen(QPen(color, 1));
    painter->setBrush(style::colorsFor(m_palette).background);
    painter->drawRoundedRect(grip, 3, 3);
    for (const double offset : {-1.5, 1.5}) {
        painter->drawLine(QLineF(x + offset, grip.top() + 6, x + offset, grip.bottom() - 6));
    }
}

}  // namespace espalier::plots
