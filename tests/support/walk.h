// SPDX-License-Identifier: GPL-3.0-or-later
// The window as one meets it who does not see it, or uses the keyboard alone.
#pragma once

#include <QApplication>
#include <QWidget>

namespace espalier::test {

inline QString described(const QWidget& widget) {
    return QStringLiteral("%1 %2").arg(QString::fromLatin1(widget.metaObject()->className()),
                                       widget.objectName());
}

/// What Tab visits within `root`, in that order.
inline QList<QWidget*> tabOrder(const QWidget& root) {
    QList<QWidget*> order;
    const auto* start = const_cast<QWidget*>(&root);
    for (QWidget* at = start->nextInFocusChain(); at != start; at = at->nextInFocusChain()) {
        const bool isTarget = root.isAncestorOf(at) && at->isVisibleTo(&root) && at->isEnabled() &&
                              (at->focusPolicy() & Qt::TabFocus) && !at->focusProxy();
        if (isTarget && !at->visibleRegion().isEmpty()) order << at;
    }
    return order;
}

/// Steps of Tab within `root` that go up and do not go right: nobody reads that way.
inline QStringList stepsBack(const QWidget& root) {
    constexpr int kSlack = 4;  // fields of one row are not of one height
    QStringList found;
    const QList<QWidget*> order = tabOrder(root);
    for (qsizetype i = 1; i < order.size(); ++i) {
        const QRect before(order[i - 1]->mapTo(&root, QPoint()), order[i - 1]->size());
        const QRect after(order[i]->mapTo(&root, QPoint()), order[i]->size());
        if (before.contains(after) || after.contains(before)) continue;
        const bool goesUp = after.bottom() <= before.top() + kSlack;
        const bool goesLeft = after.left() < before.right() - kSlack;
        const bool isBackInRow = !goesUp && after.top() < before.bottom() - kSlack &&
                                 after.right() <= before.left() + kSlack;
        if ((goesUp && goesLeft) || isBackInRow)
            found << described(*order[i - 1]) + QStringLiteral(" -> ") + described(*order[i]);
    }
    return found;
}

}  // namespace espalier::test
