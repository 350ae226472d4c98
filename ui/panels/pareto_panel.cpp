// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/pareto_panel.h"

#include <algorithm>

#include <QCheckBox>
#include <QComboBox>
#include <QToolButton>

#include "core/base/format.h"
#include "ui/document/node_figures.h"
#include "ui/document/trials.h"
#include "ui/document/workbench.h"
#include "ui/panels/elided_label.h"
#include "ui/panels/plot_panel.h"
#include "ui/plots/pareto_view.h"
#include "ui/style/icons.h"

namespace espalier::ui {

namespace {

constexpr double kPercent = 100;
constexpr std::ptrdiff_t kFewMarks = 6;  // all of them have their names beside them

plots::CostFormat formatOf(Cost cost) {
    switch (cost) {
        case Cost::Latency:
            return plots::CostFormat::Milliseconds;
        case Cost::FileBytes:
        case Cost::ZippedBytes:
            return plots::CostFormat::Bytes;
        default:
            return plots::CostFormat::Count;
    }
}

QString axisTitle(const measure::Metric& metric) {
    const QString title = QString::fromStdString(metric.title());
    return metric.isShare() ? ParetoPanel::tr("%1, %").arg(title) : title;
}

}  // namespace

ParetoPanel::ParetoPanel(Workbench* workbench, QWidget* parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_document(workbench->document()),
      m_status(new ElidedLabel(this)),
      m_cost(new QComboBox(this)),
      m_log(new QCheckBox(tr("Log"), this)),
      m_view(new plots::ParetoView(this)) {
    setObjectName(QStringLiteral("paretoPanel"));
    m_status->setObjectName(QStringLiteral("paretoStatus"));
    m_view->setObjectName(QStringLiteral("paretoView"));
    setFocusProxy(m_view);
    layOut(this, {buildOptions(), m_view});

    for (const auto changed :
         {&Document::historyChanged, &Document::measurementsChanged, &Document::planChanged,
          &Document::datasetChanged, &Document::modelChanged, &Document::footprintChanged})
        connect(m_document, changed, this, &ParetoPanel::reload);
    connect(workbench->nodeFigures(), &NodeFigures::changed, this, &ParetoPanel::reload);
    const StateJobs* jobs = workbench->trials()->jobs();
    connect(jobs, &StateJobs::runningChanged, this, &ParetoPanel::showState);
    connect(jobs, &StateJobs::progressed, this, &ParetoPanel::showState);
    connect(m_cost, &QComboBox::currentIndexChanged, this, &ParetoPanel::reload);
    connect(m_view, &plots::ParetoView::markChosen, this, &ParetoPanel::choose);
    connect(m_view, &plots::PlotView::emptyActionTriggered, this, [this] {
        if (!m_document->dataset()) return Q_EMIT attachDataRequested();
        m_workbench->trials()->remember();
    });
    reload();
}

void ParetoPanel::addCost(Cost cost, const QString& name, const QString& tip) {
    m_cost->addItem(name, static_cast<int>(cost));
    m_cost->setItemData(m_cost->count() - 1, tip, Qt::ToolTipRole);
}

QWidget* ParetoPanel::buildOptions() {
    m_cost->setObjectName(QStringLiteral("paretoCost"));
    m_cost->setAccessibleName(tr("What accuracy is set against"));
    m_cost->setToolTip(tr("What accuracy is set against: less of it is better"));
    addCost(Cost::NonZeros, tr("Non-zeros"), tr("Parameters that are not removed"));
    addCost(Cost::Parameters, tr("Parameters"),
            tr("Of the whole model; only cut channels change it"));
    addCost(Cost::Macs, tr("MACs"),
            tr("Multiply-accumulates of one forward pass, channels cut out, zeros counted"));
    addCost(Cost::EffectiveMacs, tr("Effective MACs"),
            tr("Each layer's MACs times the share of its weights that is kept"));
    addCost(Cost::FileBytes, tr("File"),
            tr("Bytes of the TorchScript file; an estimate once channels are cut out"));
    addCost(Cost::ZippedBytes, tr("≈ File, zipped"), tr("Estimate of the file after gzip"));
    addCost(Cost::Latency, tr("Latency"), tr("Median of one forward pass, ms, as measured"));
    m_log->setObjectName(QStringLiteral("paretoLog"));
    m_log->setAccessibleName(tr("Logarithmic size"));
    m_log->setToolTip(
        tr("Small models keep apart: each step to the left is as many times smaller"));
    connect(m_log, &QCheckBox::toggled, this, [this](bool log) {
        m_view->setCostScale(log ? plots::AxisScale::Log : plots::AxisScale::Linear);
    });
    m_remember = barButton(this, "paretoRemember", tr("Remember this point"),
                           tr("Measures what is shown and keeps its plan and figures as a trial"));
    m_remember->setIcon(style::icon(style::Icon::Add));
    m_baseline = barButton(this, "paretoBaseline", tr("Add uniform baseline"),
                           tr("Measures the plan of the same size that takes the same share of "
                              "each layer: the one to beat"));
    m_latency = barButton(this, "paretoLatency", tr("Measure latency"),
                          tr("Times all states in turns, so that they can be compared"));
    m_latency->setIcon(style::icon(style::Icon::Latency));
    connect(m_remember, &QToolButton::clicked, this, [this] {
        Trials* trials = m_workbench->trials();
        trials->jobs()->isRunning() ? trials->jobs()->stop() : trials->remember();
    });
    connect(m_baseline, &QToolButton::clicked, m_workbench->trials(), &Trials::addUniformBaseline);
    connect(m_latency, &QToolButton::clicked, m_workbench->trials(), &Trials::measureLatencies);
    return optionBar(this, m_status, {m_cost, m_log, m_latency, m_baseline, m_remember});
}

Cost ParetoPanel::cost() const {
    return static_cast<Cost>(m_cost->currentData().toInt());
}

void ParetoPanel::setCost(Cost cost) {
    m_cost->setCurrentIndex(m_cost->findData(static_cast<int>(cost)));
}

void ParetoPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (m_isStale) reloadNow();
}

void ParetoPanel::reload() {
    m_isStale = true;
    if (isVisible()) reloadNow();
}

void ParetoPanel::reloadNow() {
    m_isStale = false;
    m_entries = paretoEntries(*m_document, *m_workbench->nodeFigures(), cost());
    QString words;
    QString action;
    if (!m_document->hasModel()) {
        words = tr("What each state costs, and how good it is, appears here.");
    } else if (m_entries.empty() && !m_document->dataset()) {
        words = tr("Setting accuracy against size needs data.");
        action = tr("Attach data…");
    } else if (m_entries.empty() && cost() == Cost::Latency) {
        words =
            tr("No state has both its accuracy and its latency measured: remember a point, then "
               "measure latency.");
        action = tr("Remember this point");
    } else if (m_entries.empty()) {
        words =
            tr("Remembered states become points here, with the front of those that none beats.");
        action = tr("Remember this point");
    }
    m_view->setEmptyState(words, action);
    showEntries();
    showState();
}

void ParetoPanel::showEntries() {
    const auto isBasis = [](const ParetoEntry& entry) { return entry.isComparable; };
    const auto basis = std::ranges::find_if(m_entries, isBasis);
    const bool areFew = std::ssize(m_entries) <= kFewMarks;
    std::vector<plots::ParetoMark> marks;
    for (const ParetoEntry& entry : m_entries) {
        plots::ParetoMark mark{entry.name,
                               entry.cost,
                               entry.metric.isShare() ? kPercent * entry.quality : entry.quality,
                               {},
                               entry.isComparable,
                               entry.isOnFront,
                               entry.isCurrent,
                               areFew || entry.isPinned || entry.isCurrent || entry.isDense,
                               entry.isTrial};
        marks.push_back(std::move(mark));
    }
    m_view->setAxisTitles(cost() == Cost::Latency ? tr("latency, ms") : m_cost->currentText(),
                          axisTitle(basis == m_entries.end() ? measure::Metric() : basis->metric),
                          formatOf(cost()));
    for (std::size_t i = 0; i < marks.size(); ++i) {
        QString tip = tr("%1\nMeasured on %2").arg(marks[i].name, m_entries[i].sample);
        if (!marks[i].isComparable && m_entries[i].metric != basis->metric)
            tip += tr("\nAnother figure than the others: %1")
                       .arg(QString::fromStdString(m_entries[i].metric.title()));
        else if (!marks[i].isComparable && m_entries[i].sample == basis->sample)
            tip += tr("\nTimed in another run: not compared with the others");
        else if (!marks[i].isComparable)
            tip += tr("\nNot on %1: not compared with the others").arg(basis->sample);
        marks[i].toolTip = tip;
    }
    m_view->setMarks(std::move(marks));
}

void ParetoPanel::showState() {
    const bool hasModel = m_document->hasModel();
    const bool hasData = m_document->dataset() != nullptr;
    const StateJobs* jobs = m_workbench->trials()->jobs();
    const bool isRunning = jobs->isRunning();
    m_remember->setText(isRunning ? tr("Cancel") : tr("Remember this point"));
    m_remember->setIcon(style::icon(isRunning ? style::Icon::Stop : style::Icon::Add));
    m_remember->setEnabled(isRunning || (hasModel && hasData));
    const bool isPruned =
        hasModel && (!m_document->plan().weights.empty() || m_document->plan().hasChannels());
    m_baseline->setEnabled(isPruned && hasData && !isRunning);
    m_latency->setEnabled(hasModel && !isRunning);
    m_latency->setVisible(cost() == Cost::Latency);
    const auto basis =
        std::ranges::find_if(m_entries, [](const auto& entry) { return entry.isComparable; });
    if (const auto progress = jobs->progress()) {
        m_status->setText(QString::fromStdString(progress->step));
    } else if (basis != m_entries.end()) {
        QString words =
            tr("%1 on %2").arg(QString::fromStdString(basis->metric.title()), basis->sample);
        if (std::ranges::none_of(m_entries, &ParetoEntry::isDense))
            words += tr("  ·  remembering a point measures the dense model, too");
        m_status->setText(words);
    } else {
        m_status->clear();
    }
}

void ParetoPanel::choose(int mark) {
    const project::NodeId node = m_entries.at(static_cast<std::size_t>(mark)).node;
    if (node.isValid()) m_document->goTo(node);
}

}  // namespace espalier::ui
