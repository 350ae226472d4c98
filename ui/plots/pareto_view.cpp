// SPDX-License-Identifier: GPL-3.0-or-later
// What ParetoView shows; the hand on it is in pareto_view_input.cpp.
#include "ui/plots/pareto_view.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/format.h"
#include "ui/plots/csv.h"
#include "ui/plots/quantity_text.h"
#include "ui/plots/tickers.h"
#include "ui/style/colors.h"
#include "ui/style/number_text.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {

constexpr double kMarkSize = 9;
constexpr double kRingSize = 17;
constexpr int kLabelGap = 6;
constexpr double kAsNear = 4;   // pixels: nearer to another point would be taken for its name
constexpr int kBesideGap = 10;  // where a label is not at a corner of its point
constexpr double kMargin = 0.08;
constexpr double kLabelRoom = 0.16;
constexpr double kLeastDecades = 0.5;
constexpr double kLeastHeight = 1;  // points: equal models lie on one line, not on a mountain

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

Range atLeast(const Range& range, double size) {
    const double missing = std::max(0.0, size - range.size()) / 2;
    return {range.lower - missing, range.upper + missing};
}

QCPGraph* addPoints(QCustomPlot* plot) {
    QCPGraph* graph = plot->addGraph();
    graph->setLineStyle(QCPGraph::lsNone);
    graph->setSelectable(QCP::stNone);
    graph->setAdaptiveSampling(false);
    return graph;
}

void addPoint(QCPGraph* graph, const ParetoMark& mark) {
    graph->addData(mark.x, mark.y);
}

}  // namespace

ParetoView::ParetoView(QWidget* parent) : PlotView(parent) {
    setObjectName(QStringLiteral("pareto"));
    setExportName(QStringLiteral("pareto"));
    QCustomPlot* plot = canvas();
    m_front = plot->addGraph();
    m_front->setLineStyle(QCPGraph::lsStepLeft);
    m_front->setSelectable(QCP::stNone);
    for (QCPGraph*& graph : m_points) graph = addPoints(plot);
    m_current = addPoints(plot);
    m_focus = addPoints(plot);
    ParetoView::recolor(palette());
    rebuild();
}

void ParetoView::setMarks(std::vector<ParetoMark> marks) {
    if (marks == m_marks) return;
    m_marks = std::move(marks);
    m_focused = -1;
    rebuild();
}

void ParetoView::setAxisTitles(const QString& x, const QString& y, CostFormat format) {
    m_xTitle = x;
    m_yTitle = y;
    m_format = format;
    canvas()->xAxis->setLabel(x);
    canvas()->yAxis->setLabel(y);
    setTicker();
    rebuild();
}

void ParetoView::setCostScale(AxisScale scale) {
    if (scale == m_scale) return;
    m_scale = scale;
    canvas()->xAxis->setScaleType(scale == AxisScale::Log ? QCPAxis::stLogarithmic
                                                          : QCPAxis::stLinear);
    setTicker();
    rebuild();
    resetView();
}

void ParetoView::setTicker() {
    const bool isTime = m_format == CostFormat::Milliseconds;
    QSharedPointer<QCPAxisTicker> ticker;
    if (m_scale == AxisScale::Log)
        ticker.reset(new LogCountTicker);
    else if (isTime)
        ticker.reset(new PlainTicker);
    else
        ticker.reset(new CountTicker);
    canvas()->xAxis->setTicker(ticker);
}

Range ParetoView::costRange(const std::vector<double>& x) const {
    if (m_scale == AxisScale::Linear) return usable(rangeOf(x, kMargin));
    std::vector<double> exponents;
    for (const double value : x) {
        if (value > 0) exponents.push_back(std::log10(value));
    }
    const Range range = atLeast(rangeOf(exponents, kMargin), kLeastDecades);
    return {std::pow(10, range.lower), std::pow(10, range.upper)};
}

QString ParetoView::markText(int mark) const {
    const ParetoMark& of = m_marks[static_cast<std::size_t>(mark)];
    QString cost = text(exactCount(static_cast<std::int64_t>(of.x)));
    if (m_format == CostFormat::Bytes) cost = style::numberText(byteSize(of.x));
    if (m_format == CostFormat::Milliseconds) cost = style::numberText(significant(of.x));
    const bool isTime = m_format == CostFormat::Milliseconds;  // else the unit is in the number
    const QString costs =
        isTime ? quantityText(m_xTitle, cost) : QStringLiteral("%1 %2").arg(m_xTitle, cost);
    return tr("%1: %2, %3")
        .arg(of.name, costs, quantityText(m_yTitle, style::numberText(significant(of.y))));
}

QPointF ParetoView::markPixel(int mark) const {
    const ParetoMark& of = m_marks[static_cast<std::size_t>(mark)];
    return {canvas()->xAxis->coordToPixel(of.x), yMap().toPixel(of.y)};
}

void ParetoView::rebuild() {
    std::vector<double> x;
    std::vector<double> y;
    QStringList parts;
    for (int i = 0; i < static_cast<int>(m_marks.size()); ++i) {
        const ParetoMark& mark = m_marks[static_cast<std::size_t>(i)];
        x.push_back(mark.x);
        y.push_back(mark.y);
        parts << markText(i) + (mark.isOnFront ? tr(" (on the front)") : QString());
    }
    setHome(costRange(x), atLeast(rangeOf(y, kLabelRoom), kLeastHeight));
    fillGraphs();
    labelMarks();
    setAccessibleText(tr("%1 against %2").arg(m_yTitle, m_xTitle),
                      parts.isEmpty() ? tr("No points yet.") : parts.join(QStringLiteral("; ")));
    replotLater();
}

void ParetoView::fillGraphs() {
    for (QCPGraph* graph : {m_front, m_current, m_focus}) graph->data()->clear();
    for (QCPGraph* graph : m_points) graph->data()->clear();
    for (const ParetoMark& mark : m_marks) {
        const int shape = mark.isTrial ? FilledTrial : Filled;
        addPoint(m_points[shape + (mark.isComparable ? 0 : 1)], mark);
        if (mark.isOnFront) addPoint(m_front, mark);
        if (mark.isCurrent) addPoint(m_current, mark);
    }
    if (m_focused >= 0) addPoint(m_focus, m_marks[static_cast<std::size_t>(m_focused)]);
}

void ParetoView::labelMarks() {
    for (QCPItemText* label : m_labels) canvas()->removeItem(label);
    m_labels.clear();
    std::vector<ParetoMark> marks = m_marks;  // the current one is the first to have its place
    std::ranges::stable_partition(marks, &ParetoMark::isCurrent);
    for (const ParetoMark& mark : marks) {
        if (!mark.isLabelled) continue;
        auto* label = new QCPItemText(canvas());
        label->setSelectable(false);
        label->setText(mark.name);
        label->setFont(style::font(style::FontSize::Small));
        label->setColor(style::colorsFor(palette()).mutedText);
        label->setPadding(QMargins(kLabelGap, kLabelGap, kLabelGap, kLabelGap));
        label->position->setCoords(mark.x, mark.y);
        m_labels.push_back(label);
    }
}

void ParetoView::prepareReplot() {
    placeLabels();
}

namespace {

/// Where the text of a label would lie: at a corner of its point, above, below or beside it.
struct LabelPlace {
    Qt::Alignment anchor;  // the side of the label that is at the point
    int gap;
};

constexpr std::array kPlaces{LabelPlace{Qt::AlignLeft | Qt::AlignBottom, kLabelGap},
                             LabelPlace{Qt::AlignLeft | Qt::AlignTop, kLabelGap},
                             LabelPlace{Qt::AlignRight | Qt::AlignBottom, kLabelGap},
                             LabelPlace{Qt::AlignRight | Qt::AlignTop, kLabelGap},
                             LabelPlace{Qt::AlignHCenter | Qt::AlignBottom, kBesideGap},
                             LabelPlace{Qt::AlignHCenter | Qt::AlignTop, kBesideGap},
                             LabelPlace{Qt::AlignLeft | Qt::AlignVCenter, kBesideGap},
                             LabelPlace{Qt::AlignRight | Qt::AlignVCenter, kBesideGap}};

QRectF textAt(const LabelPlace& place, const QPointF& at, const QSizeF& size) {
    const auto from = [](double middle, double length, double gap, bool isBefore, bool isAfter) {
        return isBefore ? middle + gap : isAfter ? middle - gap - length : middle - length / 2;
    };
    return {QPointF(from(at.x(), size.width(), place.gap, place.anchor & Qt::AlignLeft,
                         place.anchor & Qt::AlignRight),
                    from(at.y(), size.height(), place.gap, place.anchor & Qt::AlignTop,
                         place.anchor & Qt::AlignBottom)),
            size};
}

double distance(const QRectF& rect, const QPointF& point) {
    const double x = std::max({rect.left() - point.x(), 0.0, point.x() - rect.right()});
    const double y = std::max({rect.top() - point.y(), 0.0, point.y() - rect.bottom()});
    return std::hypot(x, y);
}

}  // namespace

// At the first place where it is inside the plot, on no point or other label, and nearer to its own
// point than to any other; where there is none it is left out, and hovering the point tells it.
void ParetoView::placeLabels() {
    std::vector<QPointF> points;
    for (int i = 0; i < static_cast<int>(m_marks.size()); ++i) points.push_back(markPixel(i));
    std::vector<QRectF> taken;
    const double half = kMarkSize / 2;
    for (const QPointF& point : points)
        taken.emplace_back(point - QPointF(half, half), QSizeF(kMarkSize, kMarkSize));
    for (QCPItemText* label : m_labels) {
        const QFontMetricsF metrics(label->font());
        const QSizeF size(metrics.horizontalAdvance(label->text()), metrics.height());
        const QPointF own = label->position->pixelPosition();
        const auto isFree = [&](const LabelPlace& place) {
            const QRectF rect = textAt(place, own, size);
            const double near = distance(rect, own);
            return plotArea().contains(rect) &&
                   std::ranges::none_of(
                       taken, [&](const QRectF& other) { return other.intersects(rect); }) &&
                   std::ranges::all_of(points, [&](const QPointF& point) {
                       return distance(rect, point) >= near - kAsNear;
                   });
        };
        const auto* free = std::ranges::find_if(kPlaces, isFree);
        label->setVisible(free != kPlaces.end());
        if (free == kPlaces.end()) continue;
        label->setPadding(QMargins(free->gap, free->gap, free->gap, free->gap));
        label->setPositionAlignment(free->anchor);
        taken.push_back(textAt(*free, own, size));
    }
}

void ParetoView::recolor(const QPalette& palette) {
    PlotView::recolor(palette);
    const style::Colors& colors = style::colorsFor(palette);
    const QPen pen(colors.kept, 1.5);
    const auto style = [&](QCPScatterStyle::ScatterShape shape, const QBrush& brush) {
        return QCPScatterStyle(shape, pen, brush, kMarkSize);
    };
    m_points[Filled]->setScatterStyle(style(QCPScatterStyle::ssDisc, colors.kept));
    m_points[Hollow]->setScatterStyle(style(QCPScatterStyle::ssCircle, Qt::NoBrush));
    m_points[FilledTrial]->setScatterStyle(style(QCPScatterStyle::ssDiamond, colors.kept));
    m_points[HollowTrial]->setScatterStyle(style(QCPScatterStyle::ssDiamond, Qt::NoBrush));
    m_current->setScatterStyle(
        QCPScatterStyle(QCPScatterStyle::ssCircle, QPen(colors.text, 1.5), Qt::NoBrush, kRingSize));
    m_focus->setScatterStyle(QCPScatterStyle(
        QCPScatterStyle::ssSquare, QPen(colors.text, 1, Qt::DotLine), Qt::NoBrush, kRingSize));
    m_front->setPen(QPen(colors.axis, 1));
    for (QCPItemText* label : m_labels) label->setColor(colors.mutedText);
}

QString ParetoView::csv() const {
    QString table = QStringLiteral("name,%1,%2,comparable,front,current\n")
                        .arg(csvField(m_xTitle), csvField(m_yTitle));
    for (const ParetoMark& mark : m_marks) {
        table += csvField(mark.name) + u',' + csvNumber(mark.x) + u',' + csvNumber(mark.y);
        for (const bool flag : {mark.isComparable, mark.isOnFront, mark.isCurrent})
            table += flag ? QStringLiteral(",1") : QStringLiteral(",0");
        table += u'\n';
    }
    return table;
}

}  // namespace espalier::plots
