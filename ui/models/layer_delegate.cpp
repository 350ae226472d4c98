// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/layer_delegate.h"

#include <algorithm>

#include <QApplication>
#include <QPainter>

#include "ui/models/layer_model.h"
#include "ui/style/colors.h"
#include "ui/style/sparsity_bar.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {
constexpr int kBarHeight = 8;
constexpr int kOutline = 3;  // the left edge of a row that belongs to the group
constexpr double kTint = 0.13;
constexpr double kHoverTint = 0.08;

// Solid for layers that move along, dotted for those that read the channels: not by colour alone.
void paintMembership(QPainter& painter, const QStyleOptionViewItem& option,
                     const QModelIndex& index) {
    const int membership = index.data(LayerModel::MemberRole).toInt();
    if (membership == LayerModel::Stranger) return;
    const QColor color = style::colorsFor(option.palette).kept;
    const QRectF cell = option.rect;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing, false);
    if (membership == LayerModel::MovesAlong) {
        painter.setPen(QPen(color, 1));
        painter.drawLine(cell.topLeft(), cell.topRight());
        painter.drawLine(cell.bottomLeft(), cell.bottomRight());
        if (index.column() == LayerModel::State)
            painter.drawLine(cell.topRight() - QPointF(1, 0), cell.bottomRight() - QPointF(1, 0));
    }
    if (index.column() == LayerModel::Name) {
        const auto line = membership == LayerModel::MovesAlong ? Qt::SolidLine : Qt::DotLine;
        painter.setPen(QPen(color, kOutline, line, Qt::FlatCap));
        const double x = cell.left() + kOutline / 2.0;
        painter.drawLine(QPointF(x, cell.top()), QPointF(x, cell.bottom()));
    }
    painter.restore();
}

// Thin lines above and below, as around the layer's row in the overview.
void paintHover(QPainter& painter, const QStyleOptionViewItem& option, const QModelIndex& index) {
    if (!index.data(LayerModel::HoveredRole).toBool()) return;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setPen(QPen(style::colorsFor(option.palette).text, 1));
    painter.drawLine(option.rect.topLeft(), option.rect.topRight());
    painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight());
    painter.restore();
}

}  // namespace

void LayerDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                          const QModelIndex& index) const {
    if (index.data(LayerModel::BarRole).canConvert<style::SparsityBar>()) {
        paintBar(painter, option, index);
    } else {
        NameDelegate::paint(painter, option, index);
    }
    paintMembership(*painter, option, index);
    paintHover(*painter, option, index);
}

void LayerDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
    NameDelegate::initStyleOption(option, index);
    const style::Colors& colors = style::colorsFor(option->palette);
    if (index.data(LayerModel::MemberRole).toInt() == LayerModel::MovesAlong)
        option->backgroundBrush = style::mix(colors.background, colors.kept, kTint);
    else if (index.data(LayerModel::HoveredRole).toBool())
        option->backgroundBrush = style::mix(colors.background, colors.text, kHoverTint);
}

void LayerDelegate::paintBar(QPainter* painter, const QStyleOptionViewItem& option,
                             const QModelIndex& index) const {
    const auto value = index.data(LayerModel::BarRole).value<style::SparsityBar>();
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    const QString text = std::exchange(item.text, QString());
    const QWidget* widget = option.widget;
    QStyle* style = widget ? widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &item, painter, widget);

    const QRect inner = option.rect.adjusted(style::kSpaceRelated, 0, -style::kSpaceRelated, 0);
    const int textWidth = item.fontMetrics.horizontalAdvance(QStringLiteral("100.0 %"));
    const int barWidth = inner.width() - textWidth - style::kSpaceRelated;
    const bool isSelected = item.state & QStyle::State_Selected;
    if (barWidth > 0) {
        const QRectF bar(inner.left(), inner.center().y() - kBarHeight / 2 + 1, barWidth,
                         kBarHeight);
        // The selection has the colour of what is kept.
        if (isSelected)
            painter->fillRect(bar.adjusted(-2, -3, 2, 3), item.palette.color(QPalette::Base));
        style::paintSparsityBar(*painter, bar, value, item.palette);
    }
    const auto role = isSelected ? QPalette::HighlightedText : QPalette::Text;
    style->drawItemText(painter, inner, Qt::AlignRight | Qt::AlignVCenter, item.palette, true, text,
                        role);
}

QSize LayerDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QSize size = NameDelegate::sizeHint(option, index);
    size.setHeight(std::max(style::kRowHeight, option.fontMetrics.height() + style::kSpaceRelated));
    if (index.column() == LayerModel::Removed) size.setWidth(size.width() + 60);
    return size;
}

}  // namespace espalier::ui
