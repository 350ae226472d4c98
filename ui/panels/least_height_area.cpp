// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/least_height_area.h"

#include <algorithm>

#include <QEvent>
#include <QLayout>
#include <QScrollBar>

namespace espalier::ui {

LeastHeightArea::LeastHeightArea(QWidget* panel) {
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::NoFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setWidget(panel);  // which it watches from now on
    panel->setAutoFillBackground(false);
    setFocusProxy(panel);
}

// As if the panel stood here itself: who divides the room need not know of the bar.
QSize LeastHeightArea::minimumSizeHint() const {
    return widget()->minimumSizeHint();
}

void LeastHeightArea::resizeEvent(QResizeEvent* event) {
    QScrollArea::resizeEvent(event);
    fit();
}

bool LeastHeightArea::eventFilter(QObject* watched, QEvent* event) {
    if (watched == widget() && event->type() == QEvent::LayoutRequest) {
        updateGeometry();
        fit();
    }
    return QScrollArea::eventFilter(watched, event);
}

void LeastHeightArea::fit() {
    const QSize room = maximumViewportSize();
    const QLayout& layout = *widget()->layout();
    const auto leastAt = [&](int width) {
        return layout.hasHeightForWidth() ? layout.minimumHeightForWidth(width)
                                          : layout.minimumSize().height();
    };
    const bool needsBar = leastAt(room.width()) > room.height();
    const int width =
        needsBar ? room.width() - verticalScrollBar()->sizeHint().width() : room.width();
    widget()->resize(width, std::max(room.height(), leastAt(width)));
}

}  // namespace espalier::ui
