// SPDX-License-Identifier: GPL-3.0-or-later
// The hand on BarsView: dragging the cut, clicks on bars, the keyboard, the menu.
#include <QActionGroup>
#include <QApplication>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>

#include "ui/plots/bars_view.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {

constexpr double kHitDistance = 7;   // pixels on either side of the line
constexpr double kLeastTarget = 24;  // pixels: a short bar can be clicked up to this height
constexpr double kAboveBar = 16;     // its mark belongs to a bar
constexpr int kPage = 10;            // channels, with Shift

}  // namespace

bool BarsView::isNearCut(const QPointF& pixel) const {
    if (m_data.count() == 0) return false;
    if (m_order == BarOrder::Score)
        return std::abs(xMap().toPixel(m_cut - 0.5) - pixel.x()) <= kHitDistance;
    const double threshold = thresholdBetween(scores(), m_ranked, m_cut);
    return std::abs(yMap().toPixel(threshold) - pixel.y()) <= kHitDistance;
}

int BarsView::cutAtMouse(const QPointF& pixel) const {
    const QPointF at = pixel - m_grabOffset;
    if (m_order == BarOrder::Score)
        return clampedCut(static_cast<int>(std::lround(xMap().toValue(at.x()) + 0.5)));
    return clampedCut(countFrom(scores(), yMap().toValue(at.y())));
}

// The bar, or what is just above it; never the empty space over it, which pans and resets.
int BarsView::barUnder(const QPointF& pixel) const {
    if (!plotArea().contains(pixel)) return -1;
    const int channel = channelAt(xMap().toValue(pixel.x()));
    if (channel < 0) return -1;
    const double base = yMap().toPixel(0);
    const double score = scores()[static_cast<std::size_t>(channel)];
    const double top = std::isfinite(score) ? yMap().toPixel(score) : base;
    const double highest = std::min(std::min(top, base) - kAboveBar, base - kLeastTarget);
    return pixel.y() >= highest ? channel : -1;
}

bool BarsView::pointerPressed(QMouseEvent& event) {
    const QPointF at = event.position();
    m_clicked = -1;
    if (!m_isEditable || !plotArea().contains(at)) return false;
    if (!isNearCut(at)) {
        m_clicked = barUnder(at);
        m_clickAt = at;
        return false;
    }
    const double threshold = thresholdBetween(scores(), m_ranked, m_cut);
    m_grabOffset = {at.x() - xMap().toPixel(m_cut - 0.5), at.y() - yMap().toPixel(threshold)};
    m_typed.clear();
    m_dragStart = m_cut;
    return true;
}

bool BarsView::pointerMoved(QMouseEvent& event) {
    if (isDragging()) {
        moveCut(cutAtMouse(event.position()));
        return true;
    }
    const QPointF moved = event.position() - m_clickAt;
    if (moved.manhattanLength() >= QApplication::startDragDistance()) m_clicked = -1;
    m_hovered = barUnder(event.position());
    const bool isFree =
        m_isEditable && event.buttons() == Qt::NoButton && plotArea().contains(event.position());
    const Qt::CursorShape grab = m_order == BarOrder::Score ? Qt::SizeHorCursor : Qt::SizeVerCursor;
    canvas()->setCursor(isFree && isNearCut(event.position()) ? grab
                        : isFree && m_hovered >= 0            ? Qt::PointingHandCursor
                                                              : Qt::ArrowCursor);
    return false;
}

void BarsView::pointerLeft() {
    m_hovered = -1;
}

bool BarsView::pointerReleased(QMouseEvent& event) {
    if (!isDragging()) {
        const int channel = std::exchange(m_clicked, -1);
        if (channel >= 0) requestMark(channel, nextMark(m_data.mark(channel)));
        return false;
    }
    moveCut(cutAtMouse(event.position()));
    const int start = std::exchange(m_dragStart, -1);
    redrawCut();
    if (m_cut == start) return true;
    updateAccessibleText();
    Q_EMIT cutCommitted(m_cut);
    return true;
}

void BarsView::moveCut(int keep) {
    if (m_cut == keep) return;
    m_cut = keep;
    redrawCut();
    Q_EMIT cutMoved(keep);
}

void BarsView::commitCut(int keep) {
    const int next = clampedCut(keep);
    if (next == m_cut) return redrawCut();
    m_cut = next;
    m_data.kept.clear();  // until the owner says what comes of it
    redrawCut();
    updateAccessibleText();
    Q_EMIT cutCommitted(next);
}

void BarsView::cancelDrag() {
    if (!isDragging()) return;
    m_cut = std::exchange(m_dragStart, -1);
    redrawCut();
    Q_EMIT cutCancelled();
}

void BarsView::requestMark(int channel, BarMark mark) {
    m_current = channel;
    redrawCut();
    Q_EMIT markRequested(channel, mark);
}

bool BarsView::event(QEvent* event) {
    // While dragging or typing, Esc is ours and not a shortcut's; so are digits and Space.
    if (event->type() != QEvent::ShortcutOverride) return PlotView::event(event);
    const auto& key = *static_cast<QKeyEvent*>(event);
    const bool isEscape = key.key() == Qt::Key_Escape && (isDragging() || !m_typed.isEmpty());
    const bool isDigit =
        key.modifiers() == Qt::NoModifier && key.key() >= Qt::Key_0 && key.key() <= Qt::Key_9;
    if (!isEscape && !isDigit) return PlotView::event(event);
    event->accept();
    return true;
}

void BarsView::focusOutEvent(QFocusEvent* event) {
    PlotView::focusOutEvent(event);
    if (m_typed.isEmpty()) return;
    m_typed.clear();
    redrawCut();
}

void BarsView::keyPressEvent(QKeyEvent* event) {
    if (isDragging()) {
        if (event->key() == Qt::Key_Escape) cancelDrag();
        return;
    }
    const bool isTaken = m_data.count() > 0 && m_isEditable &&
                         (takeTyped(*event) || takeBarKey(*event) || takeCutKey(*event));
    if (!isTaken) PlotView::keyPressEvent(event);
}

// Digits gather a number, Enter cuts there.
bool BarsView::takeTyped(const QKeyEvent& event) {
    const bool isDigit =
        event.modifiers() == Qt::NoModifier && event.key() >= Qt::Key_0 && event.key() <= Qt::Key_9;
    if (isDigit) {
        if (m_typed.size() < 6) m_typed += QChar(event.key());
    } else if (m_typed.isEmpty()) {
        return false;
    } else if (event.key() == Qt::Key_Return || event.key() == Qt::Key_Enter) {
        commitCut(std::exchange(m_typed, {}).toInt());
        return true;
    } else if (event.key() == Qt::Key_Backspace) {
        m_typed.chop(1);
    } else {
        m_typed.clear();
        if (event.key() != Qt::Key_Escape) return false;
    }
    redrawCut();
    return true;
}

// Ctrl and an arrow walk along the bars, Space marks.
bool BarsView::takeBarKey(const QKeyEvent& event) {
    if (event.key() == Qt::Key_Space && m_current >= 0) {
        requestMark(m_current, nextMark(m_data.mark(m_current)));
        return true;
    }
    const int step = event.key() == Qt::Key_Right ? 1 : event.key() == Qt::Key_Left ? -1 : 0;
    if (step == 0 || !(event.modifiers() & Qt::ControlModifier)) return false;
    const int from = m_current >= 0 ? place(m_current) + step : 0;
    m_current = channelAt(std::clamp(from, 0, m_data.count() - 1));
    redrawCut();
    updateAccessibleText();
    Q_EMIT hoverTextChanged(describe(m_current));
    return true;
}

// The line moves as the key points: up keeps fewer where it is a threshold.
bool BarsView::takeCutKey(const QKeyEvent& event) {
    const int step = event.modifiers() & Qt::ShiftModifier ? kPage : 1;
    const int up = m_order == BarOrder::Score ? step : -step;
    const bool isFar = event.modifiers() & Qt::ControlModifier;
    switch (event.key()) {
        case Qt::Key_Left:
            commitCut(m_cut - step);
            return true;
        case Qt::Key_Right:
            commitCut(m_cut + step);
            return true;
        case Qt::Key_Up:
            commitCut(m_cut + up);
            return true;
        case Qt::Key_Down:
            commitCut(m_cut - up);
            return true;
        case Qt::Key_Home:
            if (isFar) commitCut(m_least);
            return isFar;
        case Qt::Key_End:
            if (isFar) commitCut(m_data.count());
            return isFar;
        default:
            return false;
    }
}

void BarsView::extendContextMenu(QMenu& menu) {
    const int channel = m_hovered >= 0 ? m_hovered : m_current;
    if (channel >= 0 && m_isEditable) {
        auto* marks = new QActionGroup(&menu);
        const std::pair<BarMark, QString> choices[] = {
            {BarMark::Keep, tr("Always keep channel %1")},
            {BarMark::Remove, tr("Always remove channel %1")},
            {BarMark::None, tr("Leave channel %1 to its score")}};
        for (const auto& [mark, title] : choices) {
            QAction* action = menu.addAction(title.arg(m_data.number(channel)));
            action->setCheckable(true);
            action->setChecked(m_data.mark(channel) == mark);
            marks->addAction(action);
            connect(action, &QAction::triggered, this,
                    [this, channel, mark = mark] { requestMark(channel, mark); });
        }
        menu.addSeparator();
    }
    auto* orders = new QActionGroup(&menu);
    const std::pair<BarOrder, QString> choices[] = {{BarOrder::Score, tr("Best channels first")},
                                                    {BarOrder::Channel, tr("In channel order")}};
    for (const auto& [order, title] : choices) {
        QAction* action = menu.addAction(title);
        action->setCheckable(true);
        action->setChecked(m_order == order);
        orders->addAction(action);
        connect(action, &QAction::triggered, this, [this, order = order] { setOrder(order); });
    }
}

}  // namespace espalier::plots
