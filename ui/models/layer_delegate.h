// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of one height, the bar of kept and removed weights, and the outline of the selected layer's
// channel group.
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

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;

private:
    void paintBar(QPainter* painter, const QStyleOptionViewItem& option,
                  const QModelIndex& index) const;
};

}  // namespace espalier::ui
