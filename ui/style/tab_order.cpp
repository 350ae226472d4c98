// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/tab_order.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include <QGridLayout>
#include <QScrollArea>
#include <QSplitter>
#include <QTabBar>
#include <QTabWidget>

namespace espalier::style {

namespace {

using Widgets = std::vector<QWidget*>;

void collect(QWidget& widget, Widgets& order);

/// The items of a layout as they lie; a grid knows them in the order in which they were added.
std::vector<QLayoutItem*> itemsOf(const QLayout& layout) {
    std::vector<std::tuple<int, int, QLayoutItem*>> placed;
    const auto* grid = qobject_cast<const QGridLayout*>(&layout);
    for (int i = 0; i < layout.count(); ++i) {
        int row = i;
        int column = 0;
        int rows = 1;
        int columns = 1;
        if (grid) grid->getItemPosition(i, &row, &column, &rows, &columns);
        placed.emplace_back(row, column, layout.itemAt(i));
    }
    std::sort(placed.begin(), placed.end());
    std::vector<QLayoutItem*> items;
    for (const auto& [row, column, item] : placed) items.push_back(item);
    return items;
}

void collect(const QLayout& layout, Widgets& order) {
    for (QLayoutItem* item : itemsOf(layout)) {
        if (item->layout()) collect(*item->layout(), order);
        if (item->widget()) collect(*item->widget(), order);
    }
}

void collect(QWidget& widget, Widgets& order) {
    const bool isTarget = (widget.focusPolicy() & Qt::TabFocus) && !widget.focusProxy();
    if (isTarget) order.push_back(&widget);
    if (const auto* tabs = qobject_cast<QTabWidget*>(&widget)) {
        order.push_back(tabs->tabBar());
        for (int i = 0; i < tabs->count(); ++i) collect(*tabs->widget(i), order);
    } else if (const auto* splitter = qobject_cast<QSplitter*>(&widget)) {
        for (int i = 0; i < splitter->count(); ++i) collect(*splitter->widget(i), order);
    } else if (const auto* area = qobject_cast<QScrollArea*>(&widget)) {
        if (area->widget()) collect(*area->widget(), order);
    } else if (widget.layout()) {
        collect(*widget.layout(), order);
    }
}

}  // namespace

// Qt takes an order that only begins elsewhere for the same one; `root` in front makes it begin.
void tabAsLaidOut(QWidget& root) {
    Widgets order;
    collect(root, order);
    QWidget* proxy = root.focusProxy();
    root.setFocusProxy(nullptr);
    const Qt::FocusPolicy policy = root.focusPolicy();
    root.setFocusPolicy(Qt::TabFocus);
    QWidget* before = &root;
    for (QWidget* widget : order) {
        if (widget != &root) QWidget::setTabOrder(std::exchange(before, widget), widget);
    }
    root.setFocusPolicy(policy);
    root.setFocusProxy(proxy);
}

}  // namespace espalier::style
