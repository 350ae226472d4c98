// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/name_delegate.h"

#include <QApplication>

#include "ui/style/elided_names.h"

namespace espalier::ui {

void elideNames(QStyleOptionViewItem& option) {
    const QWidget* widget = option.widget;
    const QStyle* style = widget ? widget->style() : QApplication::style();
    const int margin = style->pixelMetric(QStyle::PM_FocusFrameHMargin, nullptr, widget) + 1;
    const QRect room = style->subElementRect(QStyle::SE_ItemViewItemText, &option, widget);
    option.text = style::elidedNames(option.fontMetrics, option.text, room.width() - 2 * margin);
}

void NameDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                         const QModelIndex& index) const {
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    elideNames(item);
    const QWidget* widget = option.widget;
    const QStyle* style = widget ? widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &item, painter, widget);
}

}  // namespace espalier::ui
