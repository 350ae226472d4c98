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
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {

constexpr double kMarkSize = 9;
constexpr double kRingSize = 17;
constexpr int kLabelGap = 6;
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
    if (m_format == CostFormat::Bytes) cost = text(byteSize(of.x));
    if (m_format == CostFormat::Milliseconds) cost = text(significant(of.x));
    const bool isTime = m_format == CostFormat::Milliseconds;  // else the unit is in the number
    const QString costs =
        isTime ? quantityText(m_xTitle, cost) : QStringLiteral("%1 %2").arg(m_xTitle, cost);
    return tr("%1: %2, %3").arg(of.name, costs, quantityText(m_yTitle, text(significant(of.y))));
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
    for (const ParetoMark& mark : m_marks) {
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

// Beside its point, at the first corner where it is inside the plot and on no point or other label.
void ParetoView::placeLabels() {
    constexpr std::array kCorners{Qt::AlignLeft | Qt::AlignBottom, Qt::AlignLeft | Qt::AlignTop,
                                  Qt::AlignRight | Qt::AlignBottom, Qt::AlignRight | Qt::AlignTop};
    std::vector<QRectF> taken;
    for (int i = 0; i < static_cast<int>(m_marks.size()); ++i) {
        const double half = kMarkSize / 2;
        taken.emplace_back(markPixel(i) - QPointF(half, half), QSizeF(kMarkSize, kMarkSize));
    }
    for (QCPItemText* label : m_labels) {
        const QFontMetricsF metrics(label->font());
        const QSizeF size(metrics.horizontalAdvance(label->text()) + 2 * kLabelGap,
                          metrics.height() + 2 * kLabelGap);
        const QPointF at = label->position->pixelPosition();
        const auto rectAt = [&](Qt::Alignment corner) {
            return QRectF(corner & Qt::AlignLeft ? at.x() : at.x() - size.width(),
                          corner & Qt::AlignTop ? at.y() : at.y() - size.height(), size.width(),
                          size.height());
        };
        const auto isFree = [&](Qt::Alignment corner) {
            const QRectF rect = rectAt(corner).marginsRemoved(
                QMarginsF(kLabelGap, kLabelGap, kLabelGap, kLabelGap));
            return plotArea().contains(rect) &&
                   std::ranges::none_of(
                       taken, [&](const QRectF& other) { return other.intersects(rect); });
        };
        const auto free = std::ranges::find_if(kCorners, isFree);
        const Qt::Alignment corner = free == kCorners.end() ? kCorners[0] : Qt::Alignment(*free);
        label->setPositionAlignment(corner);
        taken.push_back(rectAt(corner));
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
