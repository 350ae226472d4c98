// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of one height, and the bar of kept and removed weights in the layer list.
#pragma once

#include <QStyledItemDelegate>

namespace espalier::ui {

class LayerDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace espalier::ui
