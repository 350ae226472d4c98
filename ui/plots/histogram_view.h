// SPDX-License-Identifier: GPL-3.0-or-later
// The histogram of a tensor with the cut that can be dragged.
#pragma once

#include <functional>
#include <optional>

#include "ui/plots/histogram_data.h"
#include "ui/plots/plot_view.h"

class QCPGraph;
class QCPItemText;

namespace espalier::plots {

class CutItem;
class MarkItem;

/// Shows what is kept in blue and what a threshold removes (|w| < t) in hatched orange.
///
/// Mouse: drag the line; Ctrl snaps to tenths of sparsity; Esc cancels. Keyboard: arrows move the
/// cut one bin, with Shift ten, with Ctrl a tenth of sparsity; Ctrl+Home and Ctrl+End remove
/// nothing and all. Another tensor is seen whole, whatever was zoomed into before.
/// A drag redraws the cut and the tint only. Knows no plan: the owner answers what a threshold
/// means.
class HistogramView : public PlotView {
    Q_OBJECT

public:
    /// Exact answer for a threshold, called on every mouse move: must take microseconds.
    using ReadoutFunction = std::function<CutReadout(double threshold)>;
    /// The threshold for a sparsity, for snapping.
    using ThresholdFunction = std::function<double(double sparsity)>;

    explicit HistogramView(QWidget* parent = nullptr);
    ~HistogramView() override;

    /// Shows other data; a drag in progress is cancelled, the cut is kept.
    void setData(TensorHistogram data);
    const TensorHistogram& data() const { return m_data; }
    /// Without them the bins give an estimate, marked with "≈".
    void setCutFunctions(ReadoutFunction readout, ThresholdFunction threshold);

    /// Shows a cut (not a signal); none hides it. Anything below 0 is 0, infinity removes all.
    void setCut(std::optional<double> threshold);
    std::optional<double> cut() const { return m_cut; }
    /// When not editable, the line is grey and `reason` is its tooltip.
    void setCutEditable(bool editable, const QString& reason = {});
    bool isDragging() const { return m_dragStart.has_value(); }
    /// A thin line with its value, as when a weight is hovered elsewhere; none hides it.
    void setMark(std::optional<double> magnitude);
    std::optional<double> mark() const { return m_mark; }
    /// The label at the mark: "|w| = 0.031".
    QString markText() const;

    void setMode(HistogramMode mode);
    void setCountScale(CountScale scale);
    void setValueRange(ValueRange range);
    HistogramMode mode() const { return m_mode; }
    CountScale countScale() const { return m_scale; }
    ValueRange valueRange() const { return m_range; }

    /// The label at the line: "t = 0.031 → 62.4 % (1.47 M)".
    QString cutText() const;
    /// Where line and label are, in pixels of the canvas; empty without a cut.
    QRectF cutLabelRect() const;
    QString csv() const override;

Q_SIGNALS:
    void cutMoved(double threshold);      ///< while dragging
    void cutCommitted(double threshold);  ///< once on release, once per key press
    void cutCancelled();                  ///< the cut is back where the drag began
    void viewOptionsChanged();            ///< mode, count scale or range, from the menu or a setter

protected:
    void recolor(const QPalette& palette) override;
    QString hoverText(const QPointF& at) const override;
    void extendContextMenu(QMenu& menu) override;
    bool pointerPressed(QMouseEvent& event) override;
    bool pointerMoved(QMouseEvent& event) override;
    bool pointerReleased(QMouseEvent& event) override;
    void prepareReplot() override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    const HistogramData& shown() const;
    double linePixel(double value) const;
    bool isNearCut(double pixelX) const;
    double thresholdAtMouse(const QMouseEvent& event) const;
    CutReadout readout(double threshold) const;
    double thresholdFor(double sparsity) const;
    std::optional<double> keyTarget(const QKeyEvent& event) const;
    void moveCut(double threshold);
    void cancelDrag();
    void rebuild();
    void fillGraphs();
    void colorTint(const QPalette& palette);
    void updateTint();
    void redrawCut();
    void showMark();
    void updateAccessibleText();

    TensorHistogram m_data;
    QString m_zoomedName;  // of the tensor that the zoom is of
    Points m_steps;        // staircase of what is shown
    std::optional<double> m_cut;
    std::optional<double> m_mark;
    std::optional<double> m_dragStart;  // the cut before the drag
    double m_grabOffset = 0;            // pixels between the line and the mouse
    int m_grabSide = 1;                 // −1: the line at −t was taken
    ReadoutFunction m_readout;
    ThresholdFunction m_threshold;
    HistogramMode m_mode = HistogramMode::Magnitude;
    CountScale m_scale = CountScale::Linear;
    ValueRange m_range = ValueRange::Robust;
    bool m_isCutEditable = true;
    QString m_lockedReason;
    QCPGraph* m_kept;
    QCPGraph* m_removed;
    double m_pixelRatio = 0;  // of the screen that m_removed was coloured for
    QCPGraph* m_spike;
    QCPItemText* m_spikeLabel;
    CutItem* m_cutItem;
    MarkItem* m_markItem;
};

}  // namespace espalier::plots
