// SPDX-License-Identifier: GPL-3.0-or-later
// The hand on ParetoView: hovering, clicks, walking from point to point.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>

#include "ui/plots/pareto_view.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {
constexpr double kHitDistance = 10;  // pixels
}  // namespace

int ParetoView::markAt(const QPointF& pixel) const {
    int found = -1;
    double nearest = kHitDistance;
    for (int i = 0; i < static_cast<int>(m_marks.size()); ++i) {
        const QPointF away = markPixel(i) - pixel;
        const double distance = std::hypot(away.x(), away.y());
        if (!(distance <= nearest)) continue;
        nearest = distance;
        found = i;
    }
    return found;
}

QString ParetoView::hoverText(const QPointF& at) const {
    const int mark = markAt({xMap().toPixel(at.x()), yMap().toPixel(at.y())});
    return mark >= 0 ? markText(mark) : QString();
}

bool ParetoView::pointerMoved(QMouseEvent& event) {
    const int mark = markAt(event.position());
    canvas()->setCursor(mark >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    canvas()->setToolTip(mark >= 0 ? m_marks[static_cast<std::size_t>(mark)].toolTip : QString());
    return false;
}

void ParetoView::pointerLeft() {
    canvas()->setToolTip({});
}

bool ParetoView::pointerPressed(QMouseEvent& event) {
    m_pressedAt = event.position();
    return markAt(event.position()) >= 0;
}

bool ParetoView::pointerReleased(QMouseEvent& event) {
    const bool isDrag =
        (event.position() - m_pressedAt).manhattanLength() >= QApplication::startDragDistance();
    const int mark = markAt(event.position());
    if (isDrag || mark < 0) return false;
    focusMark(mark);
    Q_EMIT markChosen(mark);
    return true;
}

void ParetoView::focusMark(int mark) {
    m_focused = mark;
    fillGraphs();
    replotLater();
    if (mark >= 0) Q_EMIT hoverTextChanged(markText(mark));
}

// By ascending cost, round and round.
void ParetoView::walk(int step) {
    std::vector<int> order(m_marks.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [this](int mark) {
        const ParetoMark& of = m_marks[static_cast<std::size_t>(mark)];
        return std::pair(of.x, of.y);
    });
    const auto count = static_cast<int>(order.size());
    if (count == 0) return;
    const auto found = std::ranges::find(order, m_focused);
    const int place = static_cast<int>(found - order.begin());
    const int first = step > 0 ? 0 : count - 1;
    const int next = found == order.end() ? first : (place + step + count) % count;
    focusMark(order[static_cast<std::size_t>(next)]);
}

void ParetoView::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
        case Qt::Key_Left:
            return walk(-1);
        case Qt::Key_Right:
            return walk(1);
        case Qt::Key_Return:
        case Qt::Key_Enter:
            if (m_focused >= 0) Q_EMIT markChosen(m_focused);
            return;
        default:
            PlotView::keyPressEvent(event);
    }
}

}  // namespace espalier::plots
