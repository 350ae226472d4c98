// SPDX-License-Identifier: GPL-3.0-or-later
// The series of CurvesView and how they are drawn; the hand on it is in curves_view_input.cpp.
#include "ui/plots/curves_view.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/format.h"
#include "ui/plots/csv.h"
#include "ui/plots/curve_series.h"
#include "ui/plots/legend.h"
#include "ui/plots/quantity_text.h"
#include "ui/plots/tickers.h"
#include "ui/style/colors.h"
#include "ui/style/number_text.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {

constexpr double kBeyondLimits = 0.03;  // of the range
constexpr double kLeastShown =
    0.01;  // of the limits: equal values lie on one line, not on a mountain
constexpr double kNamedDistance = 40;  // pixels: the point that is told of where no legend is

QString numberText(double value) {
    return style::numberText(significant(value));
}

}  // namespace

CurvesView::CurvesView(QWidget* parent) : PlotView(parent) {
    setObjectName(QStringLiteral("curves"));
    setExportName(QStringLiteral("curves"));
    QCustomPlot* plot = canvas();
    plot->setAutoAddPlottableToLegend(false);
    plot->yAxis2->setTicker(QSharedPointer<QCPAxisTicker>(new PlainTicker));
    plot->axisRect()->setRangeDragAxes({plot->xAxis}, {plot->yAxis, plot->yAxis2});
    plot->axisRect()->setRangeZoomAxes({plot->xAxis}, {plot->yAxis, plot->yAxis2});
    showLegend(*plot, false);
    m_marks = new RoundMarks(plot);
    m_marks->setLayer(QStringLiteral("grid"));
    connect(plot->xAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this, [this] {
        for (const auto& series : m_series) series->isChanged = true;
    });
    CurvesView::recolor(palette());
    updateAccessibleText();
}

CurvesView::~CurvesView() = default;

void CurvesView::setAxisTitles(const QString& x, const QString& left, const QString& right) {
    m_titles = {x, left, right};
    canvas()->xAxis->setLabel(x);
    canvas()->yAxis->setLabel(left);
    canvas()->yAxis2->setLabel(right);
    updateAccessibleText();
    replotLater();
}

void CurvesView::setLeftRange(std::optional<Range> range) {
    m_leftRange = range;
    m_isRescaleWanted = true;
    replotLater();
}

void CurvesView::setLeftLimits(std::optional<Range> limits) {
    m_leftLimits = limits;
    m_isRescaleWanted = true;
    replotLater();
}

void CurvesView::setLeastBottomRange(const Range& range) {
    m_leastBottomRange = range;
    m_isRescaleWanted = true;
    replotLater();
}

void CurvesView::setLeftScale(AxisScale scale) {
    QCPAxis* axis = canvas()->yAxis;
    const bool isLog = scale == AxisScale::Log;
    axis->setScaleType(isLog ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    const QSharedPointer<QCPAxisTicker> log(new QCPAxisTickerLog);
    const QSharedPointer<QCPAxisTicker> linear(new PlainTicker);
    axis->setTicker(isLog ? log : linear);
    axis->setNumberFormat(isLog ? QStringLiteral("gbc") : QStringLiteral("g"));
    m_isRescaleWanted = true;
    replotLater();
}

void CurvesView::setLegendWanted(bool wanted) {
    m_isLegendWanted = wanted;
    updateLegend();
    replotLater();
}

int CurvesView::addSeries(const SeriesStyle& style) {
    QCustomPlot* plot = canvas();
    const bool isRight = style.axis == SeriesStyle::Axis::Right;
    QCPAxis* axis = isRight ? plot->yAxis2 : plot->yAxis;
    const auto addGraph = [&] {
        QCPGraph* graph = plot->addGraph(plot->xAxis, axis);
        graph->setSelectable(QCP::stNone);
        return graph;
    };
    auto series = std::make_unique<CurveSeries>();
    series->style = style;
    if (style.smoothing > 1) series->raw = addGraph();
    series->graph = addGraph();
    if (style.isListed) series->graph->addToLegend();
    series->applyLook(palette(), 0);
    if (isRight) axis->setVisible(true);
    m_series.push_back(std::move(series));
    updateLegend();
    updateAccessibleText();
    replotLater();
    return seriesCount() - 1;
}

int CurvesView::seriesCount() const {
    return static_cast<int>(m_series.size());
}

CurveSeries* CurvesView::seriesAt(int series) const {
    const bool exists = series >= 0 && series < seriesCount();
    return exists ? m_series[static_cast<std::size_t>(series)].get() : nullptr;
}

void CurvesView::append(int series, double x, double y) {
    append(series, Points{{x}, {y}});
}

void CurvesView::append(int series, const Points& points) {
    CurveSeries* target = seriesAt(series);
    if (!target) return;
    target->points.x.insert(target->points.x.end(), points.x.begin(), points.x.end());
    target->points.y.insert(target->points.y.end(), points.y.begin(), points.y.end());
    changed(*target);
}

void CurvesView::setPoints(int series, Points points) {
    CurveSeries* target = seriesAt(series);
    if (!target) return;
    target->points = std::move(points);
    changed(*target);
}

const Points& CurvesView::points(int series) const {
    static const Points kNone;
    const CurveSeries* source = seriesAt(series);
    return source ? source->points : kNone;
}

void CurvesView::clear() {
    m_series.clear();
    m_marks->setMarks({});
    canvas()->clearGraphs();
    canvas()->yAxis2->setVisible(false);
    m_highlighted = -1;
    m_hovered = -1;
    updateLegend();
    updateAccessibleText();
    resetView();
}

void CurvesView::setSeriesVisible(int series, bool visible) {
    CurveSeries* target = seriesAt(series);
    if (!target || target->isVisible == visible) return;
    target->isVisible = visible;
    m_isRescaleWanted = true;
    recolor(palette());
    replotLater();
    Q_EMIT seriesToggled(series, visible);
}

bool CurvesView::isSeriesVisible(int series) const {
    const CurveSeries* source = seriesAt(series);
    return source && source->isVisible;
}

void CurvesView::setHighlighted(int series) {
    if (m_highlighted == series) return;
    m_highlighted = series;
    recolor(palette());
    replotLater();
}

void CurvesView::setRoundMarks(std::vector<RoundMark> marks) {
    std::sort(marks.begin(), marks.end(), [](const auto& a, const auto& b) { return a.x < b.x; });
    m_marks->setMarks(std::move(marks));
    replotLater();
}

void CurvesView::changed(CurveSeries& series) {
    series.isChanged = true;
    m_isRescaleWanted = true;
    replotLater();
}

void CurvesView::resetView() {
    PlotView::resetView();
    m_isRescaleWanted = true;
    replotLater();
}

Range CurvesView::dataRange(std::optional<SeriesStyle::Axis> axis) const {
    std::vector<double> ends;
    for (const auto& series : m_series) {
        if (!series->isVisible || (axis && series->style.axis != *axis)) continue;
        const Range range = rangeOf(axis ? series->points.y : series->points.x, 0);
        if (series->points.size() > 0) ends.insert(ends.end(), {range.lower, range.upper});
    }
    return rangeOf(ends, axis ? 0.05 : 0.02);
}

void CurvesView::rescale() {
    m_isRescaleWanted = false;
    if (isZoomedByUser()) return;
    Range left = leftRange();
    if (canvas()->yAxis->scaleType() == QCPAxis::stLogarithmic) left = positiveRange(left);
    setHome(bottomRange(), left);
    const Range right = dataRange(SeriesStyle::Axis::Right);
    canvas()->yAxis2->setRange(right.lower, right.upper);
}

Range CurvesView::leftRange() const {
    Range range = m_leftRange.value_or(dataRange(SeriesStyle::Axis::Left));
    if (!m_leftLimits) return range;
    const double missing = std::max(0.0, kLeastShown * m_leftLimits->size() - range.size()) / 2;
    range = {range.lower - missing, range.upper + missing};
    const double margin = kBeyondLimits * range.size();  // a point on the limit is seen whole
    return {std::max(range.lower, m_leftLimits->lower - margin),
            std::min(range.upper, m_leftLimits->upper + margin)};
}

Range CurvesView::bottomRange() const {
    const Range range = dataRange(std::nullopt);
    if (!m_leastBottomRange) return range;
    const Range& least = *m_leastBottomRange;
    // One point alone has a range of next to nothing round it.
    if (least.contains(range.lower + range.size() / 2) && range.size() < least.size()) return least;
    return {std::min(range.lower, least.lower), std::max(range.upper, least.upper)};
}

Range CurvesView::positiveRange(const Range& range) const {
    double lowest = range.upper > 0 ? range.upper : 1;
    for (const auto& series : m_series) {
        for (const double y : series->points.y) {
            if (y > 0 && y < lowest) lowest = y;
        }
    }
    return {lowest / 1.5, std::max(range.upper, lowest) * 1.5};
}

void CurvesView::prepareReplot() {
    packLegend(*canvas());  // to the width of now
    if (m_isRescaleWanted) rescale();
    for (const auto& series : m_series) {
        if (series->isChanged) series->draw(xMap().values);
    }
}

void CurvesView::updateLegend() {
    const auto listed =
        std::ranges::count_if(m_series, [](const auto& series) { return series->style.isListed; });
    showLegend(*canvas(), m_isLegendWanted && listed > 1);
    packLegend(*canvas());
}

void CurvesView::recolor(const QPalette& palette) {
    PlotView::recolor(palette);
    m_marks->setPalette(palette);
    const style::Colors& colors = style::colorsFor(palette);
    for (int i = 0; i < seriesCount(); ++i) {
        CurveSeries& series = *m_series[static_cast<std::size_t>(i)];
        series.applyLook(palette, m_highlighted < 0 ? 0 : m_highlighted == i ? 1 : -1);
        if (!series.style.isListed) continue;
        QCPPlottableLegendItem* entry = canvas()->legend->itemWithPlottable(series.graph);
        entry->setTextColor(series.isVisible ? colors.text : colors.axis);
        QFont font = style::font(style::FontSize::Small);
        font.setStrikeOut(!series.isVisible);
        entry->setFont(font);
    }
    packLegend(*canvas());
}

void CurvesView::updateAccessibleText() {
    QStringList names;
    for (const auto& series : m_series) names += series->style.name;
    const QString name =
        m_titles[1].isEmpty() ? tr("Curves") : tr("%1 over %2").arg(m_titles[1], m_titles[0]);
    setAccessibleText(name, names.isEmpty()
                                ? tr("No curves yet.")
                                : tr("Curves: %1.").arg(names.join(QStringLiteral(", "))));
}

QString CurvesView::nearestText(const QPointF& at) const {
    const Hit hit = hitAt({xMap().toPixel(at.x()), yMap().toPixel(at.y())}, kNamedDistance);
    if (hit.series < 0) return {};
    const Points& points = seriesAt(hit.series)->points;
    const auto index = static_cast<std::size_t>(hit.index);
    const SeriesStyle& style = seriesAt(hit.series)->style;
    const QString& title = m_titles[style.axis == SeriesStyle::Axis::Left ? 1 : 2];
    return tr("%1: %2 at %3")
        .arg(style.name, quantityText(title, numberText(points.y[index])),
             quantityText(m_titles[0], numberText(points.x[index])));
}

QString CurvesView::hoverText(const QPointF& at) const {
    if (!m_isLegendWanted) return nearestText(at);
    QStringList parts{
        quantityText(m_titles[0].isEmpty() ? tr("x") : m_titles[0], numberText(at.x()))};
    for (const auto& series : m_series) {
        const std::vector<double>& x = series->points.x;
        if (!series->isVisible || x.empty()) continue;
        const auto next = std::lower_bound(x.begin(), x.end(), at.x());
        auto nearest = static_cast<std::size_t>(next - x.begin());
        if (nearest == x.size() || (nearest > 0 && at.x() - x[nearest - 1] < x[nearest] - at.x()))
            --nearest;
        parts += tr("%1: %2").arg(series->style.name, numberText(series->points.y[nearest]));
    }
    return parts.join(QStringLiteral("  ·  "));
}

QString CurvesView::csv() const {
    std::map<double, std::map<std::size_t, double>> rows;
    QString table = csvField(m_titles[0].isEmpty() ? QStringLiteral("x") : m_titles[0]);
    for (std::size_t i = 0; i < m_series.size(); ++i) {
        table += u',' + csvField(m_series[i]->style.name);
        const Points& points = m_series[i]->points;
        for (std::size_t k = 0; k < points.size(); ++k) rows[points.x[k]][i] = points.y[k];
    }
    table += u'\n';
    for (const auto& [x, values] : rows) {
        table += csvNumber(x);
        for (std::size_t i = 0; i < m_series.size(); ++i) {
            table += u',';
            if (const auto value = values.find(i); value != values.end())
                table += csvNumber(value->second);
        }
        table += u'\n';
    }
    return table;
}

}  // namespace espalier::plots
