// SPDX-License-Identifier: GPL-3.0-or-later
// The channels of a group as ranked bars, with the cut between those that stay and those that go.
#pragma once

#include <vector>

#include "ui/plots/bars_data.h"
#include "ui/plots/plot_view.h"

class QCPGraph;

namespace espalier::plots {

class CutItem;

/// Kept bars are blue, removed ones hatched orange; a mark is a shape above its bar (a triangle:
/// keep, a cross: remove). Other criteria are points over the bars, each shape and colour one.
///
/// Mouse: drag the line; click a bar to mark it. Keyboard: arrows move the cut by one channel, with
/// Shift by ten, Ctrl+Home and Ctrl+End to the ends, digits and Enter to a number; Ctrl+arrows walk
/// along the bars, Space marks. Esc cancels. Knows no plan: the owner says what stays.
class BarsView : public PlotView {
    Q_OBJECT

public:
    explicit BarsView(QWidget* parent = nullptr);
    ~BarsView() override;

    /// Shows other data; a drag in progress is cancelled.
    void setData(ChannelBars data);
    const ChannelBars& data() const { return m_data; }
    /// What stays, marks considered; a drag in progress shows its own guess.
    void setKept(std::vector<bool> kept);

    /// How many channels the cut keeps (not a signal), at least `least`.
    void setCut(int keep, int least = 1);
    int cut() const { return m_cut; }
    /// When not editable, the line is grey, clicks mark nothing and `reason` is the tooltip.
    void setCutEditable(bool editable, const QString& reason = {});
    bool isDragging() const { return m_dragStart >= 0; }

    void setOrder(BarOrder order);
    BarOrder order() const { return m_order; }

    /// "keep 24 of 64", and what stays where that is another number.
    QString cutText() const;
    /// Where the label at the line is, in pixels of the canvas; empty without data.
    QRectF cutLabelRect() const;
    /// The channel whose bar the keyboard is at; −1: none.
    int currentChannel() const { return m_current; }
    /// Where a channel's bar stands on the x axis.
    int place(int channel) const;
    QString csv() const override;

Q_SIGNALS:
    void cutMoved(int keep);      ///< while dragging
    void cutCommitted(int keep);  ///< once on release, once per key press
    void cutCancelled();          ///< the cut is back where the drag began
    void markRequested(int channel, espalier::plots::BarMark mark);
    void orderChanged();

protected:
    void recolor(const QPalette& palette) override;
    QString hoverText(const QPointF& at) const override;
    void extendContextMenu(QMenu& menu) override;
    bool pointerPressed(QMouseEvent& event) override;
    bool pointerMoved(QMouseEvent& event) override;
    bool pointerReleased(QMouseEvent& event) override;
    void pointerLeft() override;
    void prepareReplot() override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool event(QEvent* event) override;

private:
    const std::vector<double>& scores() const;
    int channelAt(double place) const;  ///< −1: none
    int barUnder(const QPointF& pixel) const;
    bool isNearCut(const QPointF& pixel) const;
    int cutAtMouse(const QPointF& pixel) const;
    int clampedCut(int keep) const;
    std::vector<bool> keptNow() const;
    void moveCut(int keep);
    void commitCut(int keep);
    void cancelDrag();
    bool takeTyped(const QKeyEvent& event);
    bool takeCutKey(const QKeyEvent& event);
    bool takeBarKey(const QKeyEvent& event);
    void requestMark(int channel, BarMark mark);
    QString describe(int channel) const;

    void rebuild();
    void fillBars();
    void fillPoints();
    void updateTint();
    void updateMarks();
    void redrawCut();
    void updateAxes();
    bool fitsAllLabels() const;  // one per bar, side by side
    void updateAccessibleText();

    ChannelBars m_data;
    std::vector<int> m_ranked;  // channels, best first
    std::vector<int> m_ranks;   // per channel
    BarOrder m_order = BarOrder::Score;
    int m_cut = 0;
    int m_least = 1;
    int m_dragStart = -1;  // the cut before the drag
    QPointF m_grabOffset;  // pixels between the line and the mouse
    QPointF m_clickAt;     // where a press may become a click
    int m_clicked = -1;    // the channel it would mark
    int m_current = -1;
    int m_hovered = -1;
    QString m_typed;
    bool m_isEditable = true;
    QString m_lockedReason;
    bool m_hasAllLabels = false;
    double m_pixelRatio = 0;
    QCPGraph* m_bars;
    QCPGraph* m_removed;
    QCPGraph* m_keepMarks;
    QCPGraph* m_removeMarks;
    QCPGraph* m_cursor;
    std::vector<QCPGraph*> m_points;
    CutItem* m_cutItem;
};

}  // namespace espalier::plots
