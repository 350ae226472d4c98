// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/layer_delegate.h"

#include <QApplication>
#include <QPainter>

#include "ui/models/layer_model.h"
#include "ui/style/sparsity_bar.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {
constexpr int kBarHeight = 8;
}

void LayerDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                          const QModelIndex& index) const {
    const QVariant value = index.data(LayerModel::BarRole);
    if (!value.canConvert<style::SparsityBar>())
        return QStyledItemDelegate::paint(painter, option, index);

    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    const QString text = std::exchange(item.text, QString());
    const QWidget* widget = option.widget;
    QStyle* style = widget ? widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &item, painter, widget);

    const QRect inner = option.rect.adjusted(style::kSpaceRelated, 0, -style::kSpaceRelated, 0);
    const int textWidth = item.fontMetrics.horizontalAdvance(QStringLiteral("100.0 %"));
    const int barWidth = inner.width() - textWidth - style::kSpaceRelated;
    if (barWidth > 0) {
        const QRectF bar(inner.left(), inner.center().y() - kBarHeight / 2 + 1, barWidth,
                         kBarHeight);
        style::paintSparsityBar(*painter, bar, value.value<style::SparsityBar>(), item.palette);
    }
    const bool isSelected = item.state & QStyle::State_Selected;
    const auto role = isSelected ? QPalette::HighlightedText : QPalette::Text;
    style->drawItemText(painter, inner, Qt::AlignRight | Qt::AlignVCenter, item.palette, true, text,
                        role);
}

QSize LayerDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QSize size = QStyledItemDelegate::sizeHint(option, index);
    size.setHeight(style::kRowHeight);
    if (index.column() == LayerModel::Removed) size.setWidth(size.width() + 60);
    return size;
}

}  // namespace espalier::ui
