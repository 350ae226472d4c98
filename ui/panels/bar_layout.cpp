// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/bar_layout.h"

#include <algorithm>

#include <QWidget>

namespace espalier::ui {

BarLayout::~BarLayout() {
    for (QLayoutItem* item : m_items) delete item;
}

QLayoutItem* BarLayout::itemAt(int index) const {
    return index >= 0 && index < count() ? m_items[static_cast<std::size_t>(index)] : nullptr;
}

QLayoutItem* BarLayout::takeAt(int index) {
    QLayoutItem* item = itemAt(index);
    if (item) m_items.erase(m_items.begin() + index);
    return item;
}

std::vector<BarLayout::Place> BarLayout::places(int width) const {
    std::vector<Place> places;
    for (QLayoutItem* item : m_items) {
        if (!item->isEmpty()) places.push_back({item, QRect(QPoint(), item->sizeHint())});
    }
    if (places.empty()) return places;
    int others = 0;
    for (std::size_t i = 1; i < places.size(); ++i) others += places[i].rect.width() + spacing();
    Place& title = places.front();
    const bool isOneRow = title.item->minimumSize().width() + others <= width;
    title.rect.setWidth(isOneRow ? width - others : width);

    int x = 0;
    int y = 0;
    int rowHeight = 0;
    std::size_t rowBegin = 0;
    const auto endRow = [&](std::size_t end) {
        for (std::size_t i = rowBegin; i < end; ++i) {
            QRect& rect = places[i].rect;
            rect.moveTop(y + (rowHeight - rect.height()) / 2);
        }
        y += rowHeight + spacing();
        x = 0;
        rowHeight = 0;
        rowBegin = end;
    };
    for (std::size_t i = 0; i < places.size(); ++i) {
        QRect& rect = places[i].rect;
        rect.setWidth(std::min(rect.width(), width));
        if (x > 0 && x + rect.width() > width) endRow(i);
        rect.moveLeft(x);
        x += rect.width() + spacing();
        rowHeight = std::max(rowHeight, rect.height());
    }
    endRow(places.size());
    return places;
}

int BarLayout::heightForWidth(int width) const {
    int height = 0;
    for (const Place& place : places(width)) height = std::max(height, place.rect.bottom() + 1);
    return height;
}

QSize BarLayout::sizeHint() const {
    QSize size;
    for (const QLayoutItem* item : m_items) {
        if (item->isEmpty()) continue;
        const QSize own = item->sizeHint();
        size = {size.width() + own.width() + spacing(), std::max(size.height(), own.height())};
    }
    return size;
}

QSize BarLayout::minimumSize() const {
    QSize size;
    for (const QLayoutItem* item : m_items) {
        if (!item->isEmpty()) size = size.expandedTo(item->minimumSize());
    }
    return size;
}

void BarLayout::setGeometry(const QRect& rect) {
    QLayout::setGeometry(rect);
    for (const Place& place : places(rect.width()))
        place.item->setGeometry(place.rect.translated(rect.topLeft()));
}

}  // namespace espalier::ui
