// SPDX-License-Identifier: GPL-3.0-or-later
// A row of the command palette: icon, title with the typed letters in bold, detail, keys.
#pragma once

#include <QStyledItemDelegate>

namespace espalier::ui {

class PaletteDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace espalier::ui
