// SPDX-License-Identifier: GPL-3.0-or-later
// One series of a CurvesView and the marks behind them all. Only for .cpp files: includes
// QCustomPlot.
#pragma once

#include <vector>

#include "ui/plots/curves_view.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

inline constexpr int kMaxDrawnPoints = 500;

/// The points as they came and the graphs that draw a thinned copy of them.
struct CurveSeries {
    SeriesStyle style;
    Points points;
    QCPGraph* graph = nullptr;  ///< in the legend; the running mean when there is one
    QCPGraph* raw = nullptr;    ///< the noisy values in a light colour; null without smoothing
    bool isVisible = true;
    bool isChanged = true;  ///< since its graphs were filled

    /// What `graph` shows: the points, or their running mean.
    Points shown() const;
    /// Gives the graphs pen, marker and legend entry. `emphasis`: 1 highlighted, 0 normal, -1
    /// stepped back.
    void applyLook(const QPalette& palette, int emphasis);
    /// Fills the graphs with what is worth drawing in `visible`.
    void draw(const Range& visible);
};

/// Vertical lines with a word at their top.
class RoundMarks : public QCPAbstractItem {
public:
    explicit RoundMarks(QCustomPlot* plot);
    void setMarks(std::vector<RoundMark> marks) { m_marks = std::move(marks); }
    const std::vector<RoundMark>& marks() const { return m_marks; }
    void setPalette(const QPalette& palette) { m_palette = palette; }
    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

protected:
    void draw(QCPPainter* painter) override;

private:
    std::vector<RoundMark> m_marks;
    QPalette m_palette;
};

}  // namespace espalier::plots
