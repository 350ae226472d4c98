// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/two_line_delegate.h"

#include <algorithm>

#include <QApplication>
#include <QPainter>

#include "ui/style/colors.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {

constexpr const char* kIsFilled = "isFilled";

QFont detailFont() {
    return style::font(style::FontSize::Small);
}

}  // namespace

void TwoLineDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                            const QModelIndex& index) const {
    QStyleOptionViewItem row = option;
    initStyleOption(&row, index);
    const QWidget* widget = option.widget;
    const QStyle* style = widget ? widget->style() : QApplication::style();
    const QString name = row.text;
    // Background, selection and icon as ever; the text in two lines beside it.
    row.text.clear();
    style->drawControl(QStyle::CE_ItemViewItem, &row, painter, widget);
    row.text = name;
    const int margin = style->pixelMetric(QStyle::PM_FocusFrameHMargin, nullptr, widget) + 1;
    const QRect area = style->subElementRect(QStyle::SE_ItemViewItemText, &row, widget)
                           .adjusted(margin, 0, -margin, 0);
    const QFontMetrics nameMetrics(row.font);
    const QFontMetrics detailMetrics(detailFont());
    const int height = nameMetrics.height() + detailMetrics.height();
    QRect line(area.left(), option.rect.center().y() - height / 2, area.width(),
               nameMetrics.height());
    const bool isSelected = row.state & QStyle::State_Selected;
    const auto& colors = style::colorsFor(row.palette);
    const QColor text = isSelected ? row.palette.highlightedText().color() : colors.text;
    const auto write = [&](const QFont& font, const QColor& color, const QString& words,
                           Qt::TextElideMode elide) {
        painter->setFont(font);
        painter->setPen(color);
        painter->drawText(line, static_cast<int>(row.displayAlignment),
                          QFontMetrics(font).elidedText(words, elide, line.width()));
    };
    painter->save();
    write(row.font, text, name, row.textElideMode);
    line.moveTop(line.bottom() + 1);
    line.setHeight(detailMetrics.height());
    write(detailFont(), isSelected ? text : colors.mutedText, index.data(kDetailRole).toString(),
          Qt::ElideRight);
    painter->restore();
}

void TwoLineDelegate::setEditorData(QWidget* editor, const QModelIndex& index) const {
    if (editor->property(kIsFilled).toBool()) return;
    QStyledItemDelegate::setEditorData(editor, index);
    editor->setProperty(kIsFilled, true);
}

QSize TwoLineDelegate::sizeHint(const QStyleOptionViewItem& option,
                                const QModelIndex& index) const {
    QSize size = QStyledItemDelegate::sizeHint(option, index);
    const QFontMetrics metrics(detailFont());
    const int detail = metrics.horizontalAdvance(index.data(kDetailRole).toString());
    size.setWidth(std::max(size.width(), detail + 2 * style::kSpaceRelated));
    size.setHeight(QFontMetrics(option.font).height() + metrics.height() + style::kSpaceRelated);
    return size;
}

}  // namespace espalier::ui
