// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of two lines: what an item says, and below it, smaller, what more there is to say.
#pragma once

#include <QStyledItemDelegate>

namespace espalier::ui {

class TwoLineDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    /// Of the second line, in each column.
    static constexpr int kDetailRole = Qt::UserRole + 1;

    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    /// Fills an editor once: what is being typed stays when other figures of its row change.
    void setEditorData(QWidget* editor, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace espalier::ui
