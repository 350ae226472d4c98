// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/plot_view.h"

#include <QEvent>
#include <QScopedValueRollback>
#include <QStackedLayout>

#include "ui/plots/axis_labels.h"
#include "ui/plots/plot_overlays.h"
#include "ui/plots/tickers.h"
#include "ui/style/colors.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {

Range shownBy(const QCPAxis* axis) {
    return {axis->range().lower, axis->range().upper};
}

QCPRange toQcp(const Range& range) {
    return {range.lower, range.upper};
}

}  // namespace

PlotView::PlotView(QWidget* parent)
    : QWidget(parent),
      m_plot(new QCustomPlot(this)),
      m_stack(new QStackedLayout(this)),
      m_empty(new EmptyState(this)),
      m_busy(new BusyOverlay(this)) {
    setFocusPolicy(Qt::StrongFocus);
    m_plot->setObjectName(QStringLiteral("canvas"));
    m_plot->setFocusPolicy(Qt::NoFocus);
    m_plot->installEventFilter(this);
    m_plot->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    m_plot->setNoAntialiasingOnDrag(true);
    m_plot->axisRect()->setMinimumMargins(QMargins(8, 8, 12, 8));
    m_plot->xAxis->setTicker(QSharedPointer<QCPAxisTicker>(new PlainTicker));
    m_plot->yAxis->setTicker(QSharedPointer<QCPAxisTicker>(new PlainTicker));
    new AxisLabels(m_plot);
    m_stack->setContentsMargins(0, 0, 0, 0);
    m_stack->addWidget(m_plot);
    m_stack->addWidget(m_empty);

    for (QCPItemStraightLine*& line : m_crosshair) {
        line = new QCPItemStraightLine(m_plot);
        line->setLayer(QStringLiteral("overlay"));
        line->setSelectable(false);
        line->point1->setType(QCPItemPosition::ptAbsolute);
        line->point2->setType(QCPItemPosition::ptAbsolute);
        line->setVisible(false);
    }
    connect(m_plot, &QCustomPlot::beforeReplot, this, [this] {
        const QScopedValueRollback preparing(m_isPreparing, true);
        prepareReplot();
    });
    for (QCPAxis* axis : {m_plot->xAxis, m_plot->yAxis}) {
        connect(axis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
                [this] { keepWithinLimits(); });
    }
    connect(m_empty, &EmptyState::actionTriggered, this, &PlotView::emptyActionTriggered);
    setAccessibleText(tr("Plot"), {});
    PlotView::recolor(palette());
}

PlotView::~PlotView() = default;

void PlotView::setAccessibleText(const QString& name, const QString& summary) {
    for (QWidget* widget : {static_cast<QWidget*>(this), static_cast<QWidget*>(m_plot)}) {
        widget->setAccessibleName(name);
        widget->setAccessibleDescription(summary);
    }
}

void PlotView::setEmptyState(const QString& text, const QString& actionText) {
    m_empty->setText(text, actionText);
    m_stack->setCurrentWidget(text.isEmpty() ? static_cast<QWidget*>(m_plot) : m_empty);
}

bool PlotView::isEmptyStateShown() const {
    return m_stack->currentWidget() == m_empty;
}

void PlotView::setBusy(bool busy, const QString& text, double fraction) {
    m_busy->setGeometry(rect());
    m_busy->setProgress(text, fraction);
    m_busy->setVisible(busy);
    if (busy) m_busy->raise();
}

bool PlotView::isBusy() const {
    return !m_busy->isHidden();
}

void PlotView::replotLater() {
    if (m_isPreparing) return;  // what is changed now is drawn at once
    // A hidden plot does no work: it is drawn when it is shown.
    m_isReplotWanted = !isVisible();
    if (isVisible()) m_plot->replot(QCustomPlot::rpQueuedReplot);
}

QSize PlotView::sizeHint() const {
    return {480, 320};
}

QSize PlotView::minimumSizeHint() const {
    return {160, 120};
}

void PlotView::recolor(const QPalette& palette) {
    const style::Colors& colors = style::colorsFor(palette);
    m_plot->setBackground(QBrush(colors.background));
    for (QCPAxis* axis : {m_plot->xAxis, m_plot->yAxis, m_plot->xAxis2, m_plot->yAxis2}) {
        styleAxis(axis, palette);
    }
    m_plot->legend->setFont(style::font(style::FontSize::Small));
    m_plot->legend->setTextColor(colors.text);
    m_plot->legend->setBrush(Qt::NoBrush);
    m_plot->legend->setBorderPen(Qt::NoPen);
    for (QCPItemStraightLine* line : m_crosshair) line->setPen(QPen(colors.axis, 1, Qt::DotLine));
}

void PlotView::styleAxis(QCPAxis* axis, const QPalette& palette) const {
    const style::Colors& colors = style::colorsFor(palette);
    axis->setBasePen(QPen(colors.axis, 1));
    axis->setTickPen(QPen(colors.axis, 1));
    axis->setSubTicks(false);
    axis->setTickLength(0, 3);
    axis->setTickLabelColor(colors.mutedText);
    axis->setTickLabelFont(style::font(style::FontSize::Small));
    axis->setLabelColor(colors.mutedText);
    axis->setLabelFont(style::font(style::FontSize::Small));
    axis->setTickLabelPadding(3);
    axis->setLabelPadding(4);
    axis->grid()->setPen(QPen(colors.grid, 1));
    axis->grid()->setZeroLinePen(Qt::NoPen);
}

QString PlotView::hoverText(const QPointF&) const {
    return {};
}

void PlotView::extendContextMenu(QMenu&) {}

bool PlotView::pointerPressed(QMouseEvent&) {
    return false;
}

bool PlotView::pointerMoved(QMouseEvent&) {
    return false;
}

bool PlotView::pointerReleased(QMouseEvent&) {
    return false;
}

void PlotView::zoom(double factor) {
    const auto about = [&](const QCPAxis* axis, Qt::Orientation direction) {
        const Range now = shownBy(axis);
        return m_directions & direction ? zoomed(now, factor, (now.lower + now.upper) / 2) : now;
    };
    m_zoomedByUser = true;
    setRanges(about(m_plot->xAxis, Qt::Horizontal), about(m_plot->yAxis, Qt::Vertical));
}

void PlotView::pan(double xShare, double yShare) {
    const auto moved = [](const Range& range, double share) {
        return Range{range.lower + share * range.size(), range.upper + share * range.size()};
    };
    if (!(m_directions & Qt::Horizontal)) xShare = 0;
    if (!(m_directions & Qt::Vertical)) yShare = 0;
    m_zoomedByUser = true;
    const double up = m_plot->yAxis->rangeReversed() ? -yShare : yShare;
    setRanges(moved(shownBy(m_plot->xAxis), xShare), moved(shownBy(m_plot->yAxis), up));
}

void PlotView::resetView() {
    m_zoomedByUser = false;
    setRanges(m_home[0].value_or(shownBy(m_plot->xAxis)),
              m_home[1].value_or(shownBy(m_plot->yAxis)));
}

void PlotView::setHome(const Range& x, const Range& y) {
    m_home[0] = x;
    m_home[1] = y;
    if (!m_zoomedByUser) setRanges(x, y);
}

void PlotView::setLimits(const Range& x, const Range& y) {
    m_limits[0] = x;
    m_limits[1] = y;
    keepWithinLimits();
}

void PlotView::setRanges(const Range& x, const Range& y) {
    m_plot->xAxis->setRange(toQcp(x));
    m_plot->yAxis->setRange(toQcp(y));
    replotLater();
}

void PlotView::keepWithinLimits() {
    QCPAxis* axes[] = {m_plot->xAxis, m_plot->yAxis};
    for (int i = 0; i < 2; ++i) {
        if (!m_limits[i]) continue;
        const Range now = shownBy(axes[i]);
        const Range allowed = clampedTo(now, *m_limits[i]);
        if (allowed != now) axes[i]->setRange(toQcp(allowed));
    }
}

void PlotView::setZoomDirections(Qt::Orientations directions) {
    m_directions = directions;
    m_plot->axisRect()->setRangeZoom(directions);
    m_plot->axisRect()->setRangeDrag(directions);
}

void PlotView::setCrosshairVisible(bool visible) {
    m_isCrosshairWanted = visible;
}

AxisMap PlotView::xMap() const {
    const QCPAxis* axis = m_plot->xAxis;
    const Range range = shownBy(axis);
    return {range, axis->coordToPixel(range.lower), axis->coordToPixel(range.upper)};
}

AxisMap PlotView::yMap() const {
    const QCPAxis* axis = m_plot->yAxis;
    const Range range = shownBy(axis);
    return {range, axis->coordToPixel(range.lower), axis->coordToPixel(range.upper)};
}

QRectF PlotView::plotArea() const {
    return m_plot->axisRect()->rect();
}

void PlotView::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    const bool looksChanged = event->type() == QEvent::PaletteChange ||
                              event->type() == QEvent::StyleChange ||
                              event->type() == QEvent::FontChange;
    if (!looksChanged) return;
    recolor(palette());
    replotLater();
}

void PlotView::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    m_busy->setGeometry(rect());
}

void PlotView::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (m_isReplotWanted) replotLater();
}

}  // namespace espalier::plots
