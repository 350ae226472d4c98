// SPDX-License-Identifier: GPL-3.0-or-later
// Cells with names of layers, shortened so that they can still be told apart.
#pragma once

#include <QStyledItemDelegate>

namespace espalier::ui {

class NameDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
};

/// The text of `option`, an item that is about to be drawn, as style::elidedNames has it.
void elideNames(QStyleOptionViewItem& option);

}  // namespace espalier::ui
