// SPDX-License-Identifier: GPL-3.0-or-later
// What BarsView shows; the hand on it is in bars_view_input.cpp, its words in bars_view_text.cpp.
#include "ui/plots/bars_view.h"

#include <algorithm>
#include <cmath>

#include <QFontMetrics>

#include "ui/plots/cut_item.h"
#include "ui/plots/legend.h"
#include "ui/plots/tickers.h"
#include "ui/style/colors.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {

constexpr int kGapsUpTo = 200;   // more bars stand side by side without gaps
constexpr int kLabelsUpTo = 40;  // more bars are not labelled one by one
constexpr int kMargins = 60;     // pixels, of what stands beside the bars
constexpr double kBarWidth = 0.8;
constexpr double kHeadroom = 0.14;  // of the height, for marks and the cut's label
constexpr double kMarkGap = 0.035;  // of the height, between a bar and its mark
constexpr double kMarkSize = 8;
constexpr double kPointSize = 6;
// Without the blues and oranges, which mean kept and removed here.
constexpr int kPointColors[] = {2, 3, 6, 7};

QCPGraph* addGraph(QCustomPlot* plot, const QString& layer) {
    QCPGraph* graph = plot->addGraph();
    graph->setLayer(layer);
    graph->setPen(Qt::NoPen);
    graph->setAntialiased(false);
    graph->setAntialiasedFill(false);
    graph->setSelectable(QCP::stNone);
    graph->removeFromLegend();
    return graph;
}

QCPGraph* addSteps(QCustomPlot* plot, const QString& layer) {
    QCPGraph* graph = addGraph(plot, layer);
    graph->setLineStyle(QCPGraph::lsStepLeft);
    return graph;
}

QCPGraph* addScatter(QCustomPlot* plot, const QString& layer) {
    QCPGraph* graph = addGraph(plot, layer);
    graph->setLineStyle(QCPGraph::lsNone);
    graph->setAntialiasedScatters(true);
    graph->setAdaptiveSampling(true);
    return graph;
}

void setPoints(QCPGraph* graph, const Points& points) {
    graph->setData(QVector<double>(points.x.begin(), points.x.end()),
                   QVector<double>(points.y.begin(), points.y.end()), true);
}

double barWidth(int count) {
    return count > kGapsUpTo ? 1 : kBarWidth;
}

QCPScatterStyle::ScatterShape shapeOf(std::size_t series) {
    static constexpr QCPScatterStyle::ScatterShape kShapes[] = {
        QCPScatterStyle::ssCircle, QCPScatterStyle::ssDiamond, QCPScatterStyle::ssSquare,
        QCPScatterStyle::ssTriangleInverted};
    return kShapes[series % std::size(kShapes)];
}

}  // namespace

BarsView::BarsView(QWidget* parent) : PlotView(parent) {
    setObjectName(QStringLiteral("bars"));
    setExportName(QStringLiteral("channels"));
    QCustomPlot* plot = canvas();
    // Above the overlay, so that a drag does not draw them again.
    plot->addLayer(QStringLiteral("points"), plot->layer(QStringLiteral("overlay")));
    m_bars = addSteps(plot, QStringLiteral("main"));
    m_removed = addSteps(plot, QStringLiteral("overlay"));
    m_keepMarks = addScatter(plot, QStringLiteral("overlay"));
    m_removeMarks = addScatter(plot, QStringLiteral("overlay"));
    m_cursor = addSteps(plot, QStringLiteral("overlay"));
    m_cutItem = new CutItem(plot);
    m_cutItem->setLayer(QStringLiteral("overlay"));
    showLegend(*plot, false);
    setZoomDirections(Qt::Horizontal);
    setCrosshairVisible(false);
    setMouseTracking(true);
    BarsView::recolor(palette());
    rebuild();
}

BarsView::~BarsView() = default;

const std::vector<double>& BarsView::scores() const {
    static const std::vector<double> none;
    return m_data.series.empty() ? none : m_data.series.front().scores;
}

void BarsView::setData(ChannelBars data) {
    if (data == m_data) return;
    cancelDrag();
    const bool isOther = data.count() != m_data.count() || data.name != m_data.name;
    m_data = std::move(data);
    m_ranked = rankedChannels(scores());
    m_ranks = ranksOf(m_ranked);
    if (isOther) m_current = m_hovered = -1;
    m_cut = clampedCut(m_cut);
    rebuild();
    if (isOther) resetView();
}

void BarsView::setKept(std::vector<bool> kept) {
    m_data.kept = std::move(kept);
    if (!isDragging()) redrawCut();
    updateAccessibleText();
}

void BarsView::setCut(int keep, int least) {
    m_least = std::max(0, least);
    if (isDragging()) return;  // the hand wins; the owner hears of the end
    m_cut = clampedCut(keep);
    redrawCut();
    updateAccessibleText();
}

void BarsView::setCutEditable(bool editable, const QString& reason) {
    if (!editable) cancelDrag();
    m_isEditable = editable;
    m_lockedReason = reason;
    setToolTip(editable ? QString() : reason);
    redrawCut();
}

void BarsView::setOrder(BarOrder order) {
    if (m_order == order) return;
    cancelDrag();
    m_order = order;
    rebuild();
    Q_EMIT orderChanged();
}

int BarsView::place(int channel) const {
    if (channel < 0 || channel >= m_data.count()) return -1;
    return m_order == BarOrder::Score ? m_ranks[static_cast<std::size_t>(channel)] : channel;
}

int BarsView::channelAt(double place) const {
    const auto nearest = std::lround(place);
    if (nearest < 0 || nearest >= m_data.count()) return -1;
    return m_order == BarOrder::Score ? m_ranked[static_cast<std::size_t>(nearest)]
                                      : static_cast<int>(nearest);
}

int BarsView::clampedCut(int keep) const {
    return std::clamp(keep, std::min(m_least, m_data.count()), m_data.count());
}

// While dragging the plan has not followed yet.
std::vector<bool> BarsView::keptNow() const {
    const bool isKnown = static_cast<int>(m_data.kept.size()) == m_data.count();
    return isKnown && !isDragging() ? m_data.kept : keptByCut(m_data, m_ranked, m_cut);
}

QString BarsView::cutText() const {
    if (m_data.count() == 0) return {};
    if (!m_typed.isEmpty()) return tr("keep %1… of %2").arg(m_typed).arg(m_data.count());
    const auto kept = keptNow();
    const auto stay = std::ranges::count(kept, true);
    QString text = tr("keep %1 of %2").arg(m_cut).arg(m_data.count());
    if (stay != m_cut) text += tr(" → %1 stay").arg(stay);
    return text;
}

QRectF BarsView::cutLabelRect() const {
    return m_cutItem->labelRect();
}

void BarsView::rebuild() {
    const Range heights = rangeOf(scores(), 0);
    const double lower = std::min(0.0, heights.lower);
    const double upper = std::max(heights.upper, lower + 1e-12);
    const Range y{lower, upper + kHeadroom * (upper - lower)};
    const Range x{-0.75, std::max(1, m_data.count()) - 0.25};
    setLimits(x, y);
    setHome(x, y);
    updateAxes();
    fillBars();
    fillPoints();
    redrawCut();
    updateAccessibleText();
    replotLater();
}

void BarsView::updateAxes() {
    QStringList names;
    m_hasAllLabels = fitsAllLabels();
    const bool isRank = m_order == BarOrder::Score && !m_hasAllLabels;
    for (int i = 0; i < m_data.count(); ++i)
        names << QString::number(isRank ? i + 1 : m_data.number(channelAt(i)));
    QSharedPointer<CellTicker> ticker(new CellTicker);
    ticker->setCells(names, m_data.count());
    // As many as there are bars, or every few: twice as many ticks as bars are asked for, since the
    // ticker rounds its step up.
    ticker->setTickCount(m_hasAllLabels ? std::max(1, 2 * m_data.count()) : 8);
    canvas()->xAxis->setTicker(ticker);
    canvas()->xAxis->setLabel(isRank                       ? tr("rank of the channel")
                              : m_order == BarOrder::Score ? tr("channel, best first")
                                                           : tr("channel"));
    canvas()->yAxis->setLabel(
        m_data.series.empty() ? tr("score") : tr("%1 score").arg(m_data.series.front().name));
}

bool BarsView::fitsAllLabels() const {
    if (m_data.count() > kLabelsUpTo) return false;
    const QFontMetrics metrics(style::font(style::FontSize::Small));
    int widest = 0;
    for (int i = 0; i < m_data.count(); ++i)
        widest = std::max(widest, metrics.horizontalAdvance(QString::number(m_data.number(i))));
    // The axis rectangle itself is laid out only after this was asked.
    return m_data.count() * (widest + style::kSpaceRelated) <= canvas()->width() - kMargins;
}

void BarsView::fillBars() {
    std::vector<double> heights;
    for (int i = 0; i < m_data.count(); ++i)
        heights.push_back(scores()[static_cast<std::size_t>(channelAt(i))]);
    const std::vector<bool> all(heights.size(), true);
    setPoints(m_bars, barSteps(heights, all, barWidth(m_data.count())));
}

// Other criteria, each stretched to the height of the bars: what counts is where they disagree.
void BarsView::fillPoints() {
    for (QCPGraph* graph : m_points) canvas()->removeGraph(graph);
    m_points.clear();
    double top = 0;
    for (const double score : scores()) {
        if (std::isfinite(score)) top = std::max(top, score);
    }
    for (std::size_t i = 1; i < m_data.series.size(); ++i) {
        const auto stretched = stretchedTo(m_data.series[i].scores, top);
        Points points;
        for (int at = 0; at < m_data.count(); ++at) {
            points.x.push_back(at);
            points.y.push_back(stretched[static_cast<std::size_t>(channelAt(at))]);
        }
        QCPGraph* graph = addScatter(canvas(), QStringLiteral("points"));
        graph->setName(m_data.series[i].name);
        graph->addToLegend();
        setPoints(graph, points);
        m_points.push_back(graph);
    }
    showLegend(*canvas(), !m_points.empty());
    recolor(palette());
    packLegend(*canvas());
}

void BarsView::updateTint() {
    const auto kept = keptNow();
    std::vector<double> heights;
    std::vector<bool> removed;
    for (int i = 0; i < m_data.count(); ++i) {
        const auto channel = static_cast<std::size_t>(channelAt(i));
        heights.push_back(scores()[channel]);
        removed.push_back(!kept[channel]);
    }
    setPoints(m_removed, barSteps(heights, removed, barWidth(m_data.count())));
}

void BarsView::updateMarks() {
    Points keep;
    Points remove;
    const double gap = kMarkGap * yMap().values.size();
    for (int i = 0; i < m_data.count(); ++i) {
        const int channel = channelAt(i);
        const BarMark mark = m_data.mark(channel);
        if (mark == BarMark::None) continue;
        Points& points = mark == BarMark::Keep ? keep : remove;
        const double score = scores()[static_cast<std::size_t>(channel)];
        points.x.push_back(i);
        points.y.push_back((std::isfinite(score) ? std::max(0.0, score) : 0) + gap);
    }
    setPoints(m_keepMarks, keep);
    setPoints(m_removeMarks, remove);
    Points cursor;
    if (const int at = place(m_current); at >= 0) {
        const double width = barWidth(m_data.count());
        cursor = {{at - width / 2, at + width / 2}, {yMap().values.upper, 0}};
    }
    setPoints(m_cursor, cursor);
}

void BarsView::redrawCut() {
    updateTint();
    updateMarks();
    if (m_data.count() == 0) {
        m_cutItem->setLook(std::nullopt);
    } else if (m_order == BarOrder::Score) {
        m_cutItem->setLook(CutLook{m_cut - 0.5, false, m_isEditable, cutText(), Qt::Vertical});
    } else {
        m_cutItem->setLook(CutLook{thresholdBetween(scores(), m_ranked, m_cut), false, m_isEditable,
                                   cutText(), Qt::Horizontal});
    }
    if (!isDragging()) return replotLater();
    canvas()->layer(QStringLiteral("overlay"))->replot();
}

void BarsView::prepareReplot() {
    if (m_hasAllLabels != fitsAllLabels()) updateAxes();
    if (m_pixelRatio == canvas()->bufferDevicePixelRatio()) return;
    m_pixelRatio = canvas()->bufferDevicePixelRatio();
    m_removed->setBrush(style::removedBrush(palette(), m_pixelRatio));
}

void BarsView::recolor(const QPalette& palette) {
    PlotView::recolor(palette);
    const style::Colors& colors = style::colorsFor(palette);
    m_bars->setBrush(colors.kept);
    m_pixelRatio = canvas()->bufferDevicePixelRatio();
    m_removed->setBrush(style::removedBrush(palette, m_pixelRatio));
    m_keepMarks->setScatterStyle(
        {QCPScatterStyle::ssTriangle, QPen(colors.text, 1), colors.kept, kMarkSize});
    m_removeMarks->setScatterStyle(
        {QCPScatterStyle::ssCross, QPen(colors.removed, 2), Qt::NoBrush, kMarkSize});
    QColor cursor = colors.text;
    cursor.setAlphaF(0.12F);
    m_cursor->setBrush(cursor);
    for (std::size_t i = 0; i < m_points.size(); ++i) {
        const QColor color = style::seriesColor(palette, kPointColors[i % std::size(kPointColors)]);
        m_points[i]->setScatterStyle({shapeOf(i), QPen(colors.background, 1), color, kPointSize});
    }
    m_cutItem->setPalette(palette);
}

}  // namespace espalier::plots
