// SPDX-License-Identifier: GPL-3.0-or-later
// Models as points: what each costs, how good it is, and the front of those that none beats.
#pragma once

#include <vector>

#include "ui/plots/axis_scale.h"
#include "ui/plots/plot_view.h"

class QCPGraph;
class QCPItemText;

namespace espalier::plots {

/// One model.
struct ParetoMark {
    QString name;
    double x = 0;
    double y = 0;
    QString toolTip;           ///< exact values, and on what they were measured
    bool isComparable = true;  ///< else hollow, and never on the front
    bool isOnFront = false;
    bool isCurrent = false;  ///< ringed
    bool isLabelled = false;
    bool isTrial = false;  ///< a diamond instead of a disc

    bool operator==(const ParetoMark&) const = default;
};

/// How values of x are written.
enum class CostFormat { Count, Bytes, Milliseconds };

/// Arrows walk from point to point, Enter or a click chooses one.
class ParetoView : public PlotView {
    Q_OBJECT

public:
    explicit ParetoView(QWidget* parent = nullptr);

    void setMarks(std::vector<ParetoMark> marks);
    const std::vector<ParetoMark>& marks() const { return m_marks; }
    void setAxisTitles(const QString& x, const QString& y, CostFormat format);
    /// Logarithmic: what is ten times smaller is as far away wherever it is.
    void setCostScale(AxisScale scale);
    /// That the keyboard stands on; -1: none.
    int focusedMark() const { return m_focused; }
    /// "trial 1: 25.3 k non-zeros, 97.31 %": what hovering a point says.
    QString markText(int mark) const;
    /// The place of a point on the canvas, in pixels.
    QPointF markPixel(int mark) const;
    QString csv() const override;

Q_SIGNALS:
    void markChosen(int mark);

protected:
    void recolor(const QPalette& palette) override;
    QString hoverText(const QPointF& at) const override;
    bool pointerMoved(QMouseEvent& event) override;
    bool pointerPressed(QMouseEvent& event) override;
    bool pointerReleased(QMouseEvent& event) override;
    void pointerLeft() override;
    void keyPressEvent(QKeyEvent* event) override;
    void prepareReplot() override;

private:
    enum Layer { Filled, Hollow, FilledTrial, HollowTrial, LayerCount };

    void rebuild();
    void setTicker();
    Range costRange(const std::vector<double>& x) const;
    void fillGraphs();
    void labelMarks();
    void placeLabels();
    void walk(int step);
    void focusMark(int mark);
    int markAt(const QPointF& pixel) const;

    std::vector<ParetoMark> m_marks;
    QString m_xTitle;
    QString m_yTitle;
    CostFormat m_format = CostFormat::Count;
    AxisScale m_scale = AxisScale::Linear;
    QCPGraph* m_front;
    QCPGraph* m_points[LayerCount] = {};
    QCPGraph* m_current;
    QCPGraph* m_focus;
    std::vector<QCPItemText*> m_labels;
    QPointF m_pressedAt;
    int m_focused = -1;
};

}  // namespace espalier::plots
