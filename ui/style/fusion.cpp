// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/fusion.h"

#include <QPainter>
#include <QStyleOption>

#include "ui/style/colors.h"
#include "ui/style/theme.h"

namespace espalier::style {

QColor outline(const QPalette& palette) {
    return mix(palette.color(QPalette::Base), palette.color(QPalette::WindowText),
               isDark(palette) ? 0.5 : 0.56);
}

QSize Fusion::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                               const QWidget* widget) const {
    const QSize needed = QProxyStyle::sizeFromContents(type, option, size, widget);
    return type == CT_ItemViewItem ? needed.expandedTo({0, kRowHeight}) : needed;
}

void Fusion::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                           const QWidget* widget) const {
    QProxyStyle::drawPrimitive(element, option, painter, widget);
    const bool isBox = element == PE_IndicatorCheckBox;
    if (!isBox && element != PE_IndicatorRadioButton) return;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setOpacity(option->state & State_Enabled ? 1 : 0.5);
    painter->setPen(QPen(outline(option->palette), 1));
    painter->setBrush(Qt::NoBrush);
    const QRectF frame = QRectF(option->rect).adjusted(0.5, 0.5, -0.5, -0.5);
    if (isBox) {
        painter->drawRoundedRect(frame, 2, 2);
    } else {
        painter->drawEllipse(frame);
    }
    painter->restore();
}

}  // namespace espalier::style
