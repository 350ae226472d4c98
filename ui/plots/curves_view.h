// SPDX-License-Identifier: GPL-3.0-or-later
// Curves that grow while something is computed: loss, accuracy, sensitivity, Pareto points.
#pragma once

#include <QString>
#include <array>
#include <memory>
#include <vector>

#include "ui/plots/axis_scale.h"
#include "ui/plots/plot_view.h"

namespace espalier::plots {

struct CurveSeries;
class RoundMarks;

/// How a series looks. `name` is also its column in the CSV.
struct SeriesStyle {
    enum class Axis { Left, Right };
    enum class Line { Solid, Dashed, None };
    enum class Marker { None, Disc, Square, Diamond };

    QString name;
    int color = 0;  ///< Okabe–Ito index, see style::seriesColor
    Axis axis = Axis::Left;
    Line line = Line::Solid;
    Marker marker = Marker::None;
    /// above 1: the raw curve light, a running mean over so many points in full colour
    int smoothing = 1;
    bool isListed = true;  ///< in the legend
    bool isMain = false;   ///< drawn thicker: what the chart is about

    bool operator==(const SeriesStyle&) const = default;
};

/// A vertical line with a word: the start of a round, the best epoch.
struct RoundMark {
    double x = 0;
    QString text;
    bool operator==(const RoundMark&) const = default;
};

/// Series by number, in the order they were added. Rescales itself until the user zooms.
///
/// Appending is cheap (nothing is drawn before the next event loop turn) and at most 500 points are
/// drawn per series. With more than one series there is a legend above the plot, where it covers
/// nothing; a click, a digit key or the menu hides and shows a series.
class CurvesView : public PlotView {
    Q_OBJECT

public:
    explicit CurvesView(QWidget* parent = nullptr);
    ~CurvesView() override;

    void setAxisTitles(const QString& x, const QString& left, const QString& right = {});
    /// Fixes the left axis (0 to 100 for percent) instead of following the data.
    void setLeftRange(std::optional<Range> range);
    /// The left axis goes hardly beyond this: there are no values there.
    void setLeftLimits(std::optional<Range> limits);
    void setLeftScale(AxisScale scale);
    /// The lower axis shows at least this, however short the curves are.
    void setLeastBottomRange(const Range& range);

    /// Off: no legend however many series there are; hovering names the nearest.
    void setLegendWanted(bool wanted);

    int addSeries(const SeriesStyle& style);
    int seriesCount() const;
    void append(int series, double x, double y);
    void append(int series, const Points& points);
    void setPoints(int series, Points points);
    const Points& points(int series) const;
    /// Removes all series and marks.
    void clear();

    void setSeriesVisible(int series, bool visible);
    bool isSeriesVisible(int series) const;
    /// Draws one series thicker and the others lighter; -1 for none.
    void setHighlighted(int series);
    void setRoundMarks(std::vector<RoundMark> marks);

    QString csv() const override;
    void resetView() override;

Q_SIGNALS:
    void seriesToggled(int series, bool visible);
    void pointClicked(int series, int index);  ///< the nearest point within 8 px of a click
    void seriesHovered(int series);            ///< -1 for none

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

private:
    struct Hit {
        int series = -1;
        int index = -1;
    };
    QString nearestText(const QPointF& at) const;
    Hit hitAt(const QPointF& pixel, double tolerance) const;
    int legendSeriesAt(const QPointF& pixel) const;
    CurveSeries* seriesAt(int series) const;  // null when there is none
    void changed(CurveSeries& series);
    void hoverSeries(int series);
    /// Range of all visible points: of x without `axis`, else of y on that axis.
    Range dataRange(std::optional<SeriesStyle::Axis> axis) const;
    Range leftRange() const;
    Range bottomRange() const;
    Range positiveRange(const Range& range) const;
    void rescale();
    void updateLegend();
    void updateAccessibleText();

    std::vector<std::unique_ptr<CurveSeries>> m_series;
    RoundMarks* m_marks;
    std::optional<Range> m_leftRange;
    std::optional<Range> m_leftLimits;
    std::optional<Range> m_leastBottomRange;
    std::array<QString, 3> m_titles;  // x, left, right
    QPointF m_pressedAt;
    int m_highlighted = -1;
    int m_hovered = -1;
    bool m_isRescaleWanted = true;
    bool m_isLegendWanted = true;
};

}  // namespace espalier::plots
