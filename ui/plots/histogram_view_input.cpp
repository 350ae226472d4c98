// SPDX-License-Identifier: GPL-3.0-or-later
// The hand on HistogramView: dragging the cut, the keyboard, the menu.
#include <QActionGroup>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <cmath>

#include "ui/plots/histogram_view.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {

constexpr double kHitDistance = 8;  // pixels on either side of the line

/// A menu action that is one of two or more choices.
template <class Value, class Setter>
void addChoice(QMenu& menu, QActionGroup* group, const QString& text, Value value, Value now,
               Setter set) {
    QAction* action = menu.addAction(text);
    action->setCheckable(true);
    action->setChecked(value == now);
    group->addAction(action);
    QObject::connect(action, &QAction::triggered, group, [set, value] { set(value); });
}

}  // namespace

// Where the line at `value` is drawn: at the edge when it would be out of sight.
double HistogramView::linePixel(double value) const {
    return std::clamp(xMap().toPixel(value), plotArea().left(), plotArea().right());
}

bool HistogramView::isNearCut(double pixelX) const {
    if (!m_cut) return false;
    const bool nearRight = std::abs(linePixel(*m_cut) - pixelX) <= kHitDistance;
    const bool nearLeft = std::abs(linePixel(-*m_cut) - pixelX) <= kHitDistance;
    return nearRight || (m_mode == HistogramMode::Signed && nearLeft);
}

double HistogramView::thresholdAtMouse(const QMouseEvent& event) const {
    const double value = xMap().toValue(event.position().x() - m_grabOffset) * m_grabSide;
    const double threshold = clampedCut(m_data, value);
    if (!(event.modifiers() & Qt::ControlModifier)) return threshold;
    const double snapped = snappedSparsity(readout(threshold).sparsity);
    return clampedCut(m_data, thresholdFor(snapped));
}

bool HistogramView::pointerPressed(QMouseEvent& event) {
    const double x = event.position().x();
    if (!m_isCutEditable || !plotArea().contains(event.position()) || !isNearCut(x)) return false;
    const double right = x - linePixel(*m_cut);
    const double left = x - linePixel(-*m_cut);
    const bool isLeft = m_mode == HistogramMode::Signed && std::abs(left) < std::abs(right);
    m_grabSide = isLeft ? -1 : 1;
    m_grabOffset = isLeft ? left : right;
    m_dragStart = m_cut;
    return true;
}

bool HistogramView::pointerMoved(QMouseEvent& event) {
    if (isDragging()) {
        moveCut(thresholdAtMouse(event));
        return true;
    }
    const bool grabbable = m_isCutEditable && plotArea().contains(event.position()) &&
                           isNearCut(event.position().x()) && event.buttons() == Qt::NoButton;
    canvas()->setCursor(grabbable ? Qt::SizeHorCursor : Qt::ArrowCursor);
    return false;
}

bool HistogramView::pointerReleased(QMouseEvent& event) {
    if (!isDragging()) return false;
    moveCut(thresholdAtMouse(event));
    const double start = *m_dragStart;
    m_dragStart.reset();
    if (*m_cut == start) return true;
    updateAccessibleText();
    Q_EMIT cutCommitted(*m_cut);
    return true;
}

void HistogramView::moveCut(double threshold) {
    if (m_cut == threshold) return;
    m_cut = threshold;
    redrawCut();
    Q_EMIT cutMoved(threshold);
}

void HistogramView::cancelDrag() {
    if (!isDragging()) return;
    m_cut = m_dragStart;
    redrawCut();
    m_dragStart.reset();
    Q_EMIT cutCancelled();
}

bool HistogramView::event(QEvent* event) {
    // While dragging, Esc is ours and not a shortcut's.
    const bool isOurs = event->type() == QEvent::ShortcutOverride && isDragging() &&
                        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape;
    if (!isOurs) return PlotView::event(event);
    event->accept();
    return true;
}

void HistogramView::keyPressEvent(QKeyEvent* event) {
    if (isDragging()) {
        if (event->key() == Qt::Key_Escape) cancelDrag();
        return;
    }
    const std::optional<double> target =
        m_cut && m_isCutEditable ? keyTarget(*event) : std::nullopt;
    if (!target) return PlotView::keyPressEvent(event);
    if (*target == *m_cut) return;
    setCut(*target);
    Q_EMIT cutCommitted(*m_cut);
}

std::optional<double> HistogramView::keyTarget(const QKeyEvent& event) const {
    const auto stepped = [&](int direction) {
        if (event.modifiers() & Qt::ControlModifier) {
            const double sparsity = readout(*m_cut).sparsity;
            return thresholdFor(snappedSparsity(sparsity + 0.1 * direction));
        }
        const int bins = event.modifiers() & Qt::ShiftModifier ? 10 : 1;
        return steppedCut(m_data, *m_cut, bins * direction);
    };
    const bool isFar = event.modifiers() & Qt::ControlModifier;
    switch (event.key()) {
        case Qt::Key_Left:
        case Qt::Key_Down:
            return stepped(-1);
        case Qt::Key_Right:
        case Qt::Key_Up:
            return stepped(1);
        case Qt::Key_Home:
            return isFar ? std::optional(0.0) : std::nullopt;
        case Qt::Key_End:
            return isFar ? std::optional(largestCut(m_data)) : std::nullopt;
        default:
            return std::nullopt;
    }
}

void HistogramView::extendContextMenu(QMenu& menu) {
    const auto group = [&] { return new QActionGroup(&menu); };
    const auto mode = [this](HistogramMode value) { setMode(value); };
    const auto scale = [this](CountScale value) { setCountScale(value); };
    const auto range = [this](ValueRange value) { setValueRange(value); };
    QActionGroup* modes = group();
    addChoice(menu, modes, tr("Magnitudes |w|"), HistogramMode::Magnitude, m_mode, mode);
    addChoice(menu, modes, tr("Signed weights"), HistogramMode::Signed, m_mode, mode);
    menu.addSeparator();
    QActionGroup* scales = group();
    addChoice(menu, scales, tr("Linear counts"), CountScale::Linear, m_scale, scale);
    addChoice(menu, scales, tr("Logarithmic counts"), CountScale::Log, m_scale, scale);
    menu.addSeparator();
    QActionGroup* ranges = group();
    addChoice(menu, ranges, tr("0.1 % to 99.9 % of the weights"), ValueRange::Robust, m_range,
              range);
    addChoice(menu, ranges, tr("All weights"), ValueRange::Full, m_range, range);
}

}  // namespace espalier::plots
