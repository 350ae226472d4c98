// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/palette_delegate.h"

#include <algorithm>

#include <QApplication>
#include <QPainter>
#include <QTextLayout>

#include "ui/models/palette_model.h"
#include "ui/style/colors.h"
#include "ui/style/elided_names.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {

/// `text` on one line from `area`'s left edge, its `bold` characters in bold; where it ends.
double write(QPainter& painter, const QRect& area, const QFont& font, const QString& text,
             const QList<int>& bold) {
    QList<QTextLayout::FormatRange> ranges;
    QTextCharFormat format;
    format.setFontWeight(QFont::Bold);
    for (const int at : bold) ranges.push_back({at, 1, format});
    QTextLayout layout(text, font);
    layout.setFormats(ranges);
    layout.beginLayout();
    QTextLine line = layout.createLine();
    line.setLineWidth(10 * area.width());
    layout.endLayout();
    const double top = area.center().y() - line.height() / 2;
    layout.draw(&painter, QPointF(area.left(), top));
    return area.left() + line.naturalTextWidth();
}

}  // namespace

void PaletteDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                            const QModelIndex& index) const {
    QStyleOptionViewItem row = option;
    initStyleOption(&row, index);
    const QString title = std::exchange(row.text, QString());
    const bool isEnabled = index.data(PaletteModel::EnabledRole).toBool();
    if (!isEnabled) row.state &= ~QStyle::State_Enabled;
    const QWidget* widget = option.widget;
    const QStyle* style = widget ? widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &row, painter, widget);

    const bool isSelected = row.state & QStyle::State_Selected;
    const style::Colors& colors = style::colorsFor(row.palette);
    const auto group = isEnabled ? QPalette::Active : QPalette::Disabled;
    const QColor text =
        row.palette.color(group, isSelected ? QPalette::HighlightedText : QPalette::Text);
    const QColor muted = isSelected ? text : colors.mutedText;
    QRect area =
        option.rect.adjusted(style::kIconSize + 2 * style::kSpacePanel, 0, -style::kSpacePanel, 0);
    painter->save();
    painter->setPen(muted);
    painter->setFont(row.font);
    const QString keys = index.data(PaletteModel::KeysRole).toString();
    painter->drawText(area, Qt::AlignRight | Qt::AlignVCenter, keys);
    area.setRight(area.right() - row.fontMetrics.horizontalAdvance(keys) - style::kSpaceGroup);

    // The title may take two thirds; what it loses is in the tooltip.
    const QString shown = style::elidedNames(row.fontMetrics, title, area.width() * 2 / 3);
    const auto matched = index.data(PaletteModel::MatchRole).value<QList<int>>();
    painter->setPen(text);
    const double end =
        write(*painter, area, row.font, shown, shown == title ? matched : QList<int>());
    area.setLeft(static_cast<int>(end) + style::kSpaceGroup);
    painter->setPen(muted);
    painter->drawText(area, Qt::AlignLeft | Qt::AlignVCenter,
                      row.fontMetrics.elidedText(index.data(PaletteModel::DetailRole).toString(),
                                                 Qt::ElideRight, area.width()));
    painter->restore();
}

QSize PaletteDelegate::sizeHint(const QStyleOptionViewItem& option,
                                const QModelIndex& index) const {
    const QSize size = QStyledItemDelegate::sizeHint(option, index);
    return {0, std::max(size.height(), style::kRowHeight)};
}

}  // namespace espalier::ui
