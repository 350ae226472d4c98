// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of one height, the bar of kept and removed weights, and the outline of the selected layer's
// channel group.
#pragma once

#include "ui/models/name_delegate.h"

namespace espalier::ui {

class LayerDelegate : public NameDelegate {
    Q_OBJECT
public:
    using NameDelegate::NameDelegate;

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
