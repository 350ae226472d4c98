// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/goal_dialog.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHeaderView>
#include <QLabel>
#include <QSignalBlocker>
#include <QSplitter>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "core/base/format.h"
#include "ui/dialogs/goal_words.h"
#include "ui/dialogs/inline_message.h"
#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/jobs/job_runner.h"
#include "ui/plots/curves_view.h"

namespace espalier::ui {
namespace {

using prune::Allocation;
using prune::Quantity;
using prune::Structure;

constexpr int kListHeight = 200;
constexpr int kListWidth = 400;
constexpr int kFrontWidth = 420;
constexpr int kWhyLines = 3;
constexpr double kPercent = 100;
constexpr double kMostPoints = 20;
constexpr const char* kFrontSlot = "goalFront";

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

template <class Enum>
void add(QComboBox* box, const QString& name, Enum value, const QString& tip) {
    box->addItem(name, static_cast<int>(value));
    box->setItemData(box->count() - 1, tip, Qt::ToolTipRole);
}

}  // namespace

GoalDialog::GoalDialog(const Document* document, JobRunner* jobs, MeasuredDrops drops,
                       QWidget* parent)
    : SpreadDialog({QStringLiteral("goal"), tr("Prune to a goal"), tr("Leave at most"),
                    tr("What may be left, in % of the dense model"), 0.5, QString()},
                   document, jobs, parent),
      m_drops(std::move(drops)),
      m_jobs(jobs),
      m_quantity(addChoice(QStringLiteral("Quantity"), tr("of the"))),
      m_structure(addChoice(QStringLiteral("Structure"), tr("by removing"))),
      m_allocation(addChoice(QStringLiteral("Allocation"), tr("spread"))),
      m_list(new QTreeWidget),
      m_why(new QLabel),
      m_front(new plots::CurvesView) {
    {
        const QSignalBlocker quiet(m_structure);
        add(m_structure, tr("weights"), Structure::Weights,
            tr("Sets single weights to zero; the shapes stay"));
        if (document->channels()->found())
            add(m_structure, tr("channels"), Structure::Channels,
                tr("Cuts whole channels out: the model really gets smaller and faster"));
    }
    buildBelow();
    offerQuantities();
    takeQuantity();
    connect(m_structure, &QComboBox::currentIndexChanged, this, [this] {
        offerQuantities();
        takeQuantity();
        preview();
    });
    connect(m_quantity, &QComboBox::currentIndexChanged, this, [this] {
        takeQuantity();
        preview();
    });
    preview();
}

GoalDialog::~GoalDialog() {
    m_jobs->cancelSlot(QString::fromLatin1(kFrontSlot));
}

void GoalDialog::buildBelow() {
    m_list->setObjectName(QStringLiteral("goalList"));
    m_list->setAccessibleName(tr("What goes from each layer, and why"));
    m_list->setHeaderLabels({tr("layer"), tr("removed"), tr("why this much")});
    m_list->setRootIsDecorated(false);
    m_list->setMinimumSize(kListWidth, kListHeight);
    m_list->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_front->setObjectName(QStringLiteral("goalFront"));
    m_front->setExportName(QStringLiteral("goals"));
    m_front->setToolTip(
        tr("What goals from large to small would lose: for each layer what it lost alone, added "
           "up. An estimate; a click takes that goal."));
    m_front->setMinimumWidth(kFrontWidth);
    connect(m_front, &plots::CurvesView::pointClicked, this, &GoalDialog::takePoint);
    m_why->setObjectName(QStringLiteral("goalWhy"));
    m_why->setAccessibleName(tr("Why this much goes from the chosen layer"));
    m_why->setWordWrap(true);
    m_why->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_why->setMinimumHeight(kWhyLines * fontMetrics().lineSpacing());
    m_why->setAlignment(Qt::AlignTop);
    connect(m_list, &QTreeWidget::currentItemChanged, this, &GoalDialog::showWhy);
    auto* plan = new QWidget;
    auto* lines = new QVBoxLayout(plan);
    lines->setContentsMargins({});
    lines->addWidget(m_list, 1);
    lines->addWidget(m_why);
    auto* below = new QSplitter;
    below->setChildrenCollapsible(false);
    below->addWidget(plan);
    below->addWidget(m_front);
    addBelow(below);
}

void GoalDialog::showWhy() {
    const QTreeWidgetItem* row = m_list->currentItem();
    const QString words =
        row ? tr("%1 loses %2: %3").arg(row->text(0), row->text(1), row->text(2)) : QString();
    m_why->setText(unbroken(words));
}

/// Curves are those of the moment at which the dialog was opened.
QString GoalDialog::partialNote() const {
    if (!m_drops.arePartial() || !hasCurves()) return {};
    const QString count = tr("%1 of %2").arg(std::ssize(m_drops.curves)).arg(m_drops.wanted);
    return m_drops.isRunning
               ? tr(" The scan is still running: %1 are measured, the others stay whole where "
                    "sensitivity decides. Open this again when it is done.")
                     .arg(count)
               : tr(" The scan was not finished: %1 are measured, the others stay whole where "
                    "sensitivity decides.")
                     .arg(count);
}

template <class Enum>
Enum GoalDialog::chosen(const QComboBox* box) const {
    return static_cast<Enum>(box->currentData().toInt());
}

bool GoalDialog::hasCurves() const {
    return m_drops.structure == chosen<Structure>(m_structure) && !m_drops.curves.empty();
}

void GoalDialog::offerQuantities() {
    const QSignalBlocker quiet(m_quantity);
    m_quantity->clear();
    if (chosen<Structure>(m_structure) == Structure::Channels) {
        add(m_quantity, tr("MACs"), Quantity::Macs, tr("Multiply-accumulates of one forward pass"));
        add(m_quantity, tr("parameters"), Quantity::Parameters, tr("Of the whole model"));
        add(m_quantity, tr("file size"), Quantity::Bytes, tr("Estimate of the written file"));
        add(m_quantity, tr("latency, measured"), Quantity::Latency,
            tr("Time of one forward pass on this machine: cuts and times the model several times"));
    } else {
        add(m_quantity, tr("non-zeros"), Quantity::NonZeros, tr("Parameters that are not zero"));
        add(m_quantity, tr("effective MACs"), Quantity::Macs,
            tr("Each layer's MACs times the share of its weights that is kept"));
        add(m_quantity, tr("zipped size"), Quantity::Bytes, tr("Estimate of the file after gzip"));
    }
    if (hasCurves()) {
        add(m_quantity, tr("%1, by each layer alone").arg(m_drops.metric), Quantity::Drop,
            tr("What a layer may lose when it alone is pruned, as the Sensitivity tab has "
               "measured it; all together lose more"));
    }
}

/// The number and what it may be spread by follow what it counts.
void GoalDialog::takeQuantity() {
    const bool isDrop = chosen<Quantity>(m_quantity) == Quantity::Drop;
    const Scale left{tr("Leave at most"), tr("What may be left, in % of the dense model"),
                     QStringLiteral("%"), kPercent};
    const Scale lost{tr("Each alone loses at most"),
                     tr("%1 of %2, of each layer when it alone is pruned: all together lose more")
                         .arg(m_drops.unit, m_drops.metric),
                     m_drops.unit, kMostPoints};
    setScale(isDrop ? lost : left, isDrop ? 1 : kPercent / 2);
    offerAllocations();
    askForFront();
}

std::vector<Allocation> GoalDialog::allocations() const {
    if (chosen<Quantity>(m_quantity) == Quantity::Drop) return {Allocation::Sensitivity};
    std::vector<Allocation> all{Allocation::Global};
    if (hasCurves()) all.push_back(Allocation::Sensitivity);
    all.push_back(Allocation::Uniform);
    if (chosen<Structure>(m_structure) == Structure::Weights) all.push_back(Allocation::ErdosRenyi);
    return all;
}

void GoalDialog::offerAllocations() {
    const QSignalBlocker quiet(m_allocation);
    const QVariant before = m_allocation->currentData();
    m_allocation->clear();
    for (const Allocation allocation : allocations()) {
        const AllocationWords words = wordsFor(allocation, chosen<Structure>(m_structure));
        add(m_allocation, words.text, allocation, words.tip);
    }
    m_allocation->setCurrentIndex(std::max(0, m_allocation->findData(before)));
}

prune::Goal GoalDialog::goal() const {
    const auto quantity = chosen<Quantity>(m_quantity);
    return {quantity, quantity == Quantity::Drop ? drop() : share()};
}

double GoalDialog::drop() const {
    return shareBox()->value() / m_drops.unitsPerDrop;
}

QString GoalDialog::goalText() const {
    if (goal().quantity == Quantity::Drop)
        return tr("a loss of %1 %2 in each layer alone")
            .arg(text(significant(shareBox()->value(), 3)), m_drops.unit);
    return tr("%1 of the %2").arg(text(percent(share())), m_quantity->currentText());
}

GoalRequest GoalDialog::request() const {
    GoalRequest request;
    request.order = m_order;
    request.snapshot = document().snapshot();
    request.plan = document().plan();
    request.found = document().channels()->foundPtr();
    request.goal = goal();
    request.options.scores = document().scores();
    request.options.structure = chosen<Structure>(m_structure);
    request.options.allocation = chosen<Allocation>(m_allocation);
    if (hasCurves()) {
        request.options.curves = m_drops.curves;
        request.options.dropUnit = {m_drops.unit.toStdString(), m_drops.unitsPerDrop};
    }
    return request;
}

SpreadDialog::Job GoalDialog::previewJob() {
    std::optional<PlanSubject> timed;
    if (goal().quantity == Quantity::Latency) timed = planSubject(document());
    return [given = request(), timed](const EventSink<>& events,
                                      RunControl& control) -> Result<Preview> {
        GoalRequest request = given;
        if (timed) request.options.latencyShare = latencyShareOf(*timed, events);
        auto made = planFor(request, control);
        if (!made) return made.error();
        return Preview{std::move(made->plan), made->footprint, std::move(made->shares),
                       made->reached, made->drop};
    };
}

JobOptions GoalDialog::previewOptions() const {
    JobOptions options = SpreadDialog::previewOptions();
    if (goal().quantity != Quantity::Latency) return options;
    options.lane = Lane::Exclusive;
    options.isVisible = true;
    return options;
}

void GoalDialog::askForFront() {
    m_fronts.clear();
    showFront();
    if (!hasCurves()) return;
    GoalRequest wanted = request();
    // What is not counted is shown over what it follows from.
    const bool isCounted =
        wanted.goal.quantity != Quantity::Drop && wanted.goal.quantity != Quantity::Latency;
    if (!isCounted) return;
    const JobOptions options{Lane::Scan, tr("Looking ahead"), QString::fromLatin1(kFrontSlot),
                             false};
    m_jobs->run<GoalFronts>(
        options, this,
        [wanted, all = allocations()](const EventSink<>&, RunControl& control) {
            return frontsOf(wanted, all, control);
        },
        [this](Result<GoalFronts> fronts) {
            if (fronts) m_fronts = *std::move(fronts);
            showFront();
        });
}

void GoalDialog::showFront() {
    const Quantity quantity = chosen<Quantity>(m_quantity);
    m_front->clear();
    m_front->setAxisTitles(tr("%1 left, %").arg(m_quantity->currentText()),
                           tr("estimated loss, %1").arg(m_drops.unit));
    QString empty;
    if (!hasCurves())
        empty = tr("What each goal would lose appears here once the sensitivity is measured.");
    else if (quantity == Quantity::Latency || quantity == Quantity::Drop)
        empty = tr("Only goals that can be counted are drawn ahead.");
    m_front->setEmptyState(empty);
    m_front->setBusy(empty.isEmpty() && m_fronts.empty(), tr("Looking ahead"));
    int color = 0;
    for (const auto& [allocation, front] : m_fronts) {
        plots::SeriesStyle style;
        style.name = wordsFor(allocation, chosen<Structure>(m_structure)).name;
        style.color = color++;
        style.marker = plots::SeriesStyle::Marker::Disc;
        const int series = m_front->addSeries(style);
        for (const prune::GoalPoint& point : front)
            m_front->append(series, kPercent * point.left, m_drops.unitsPerDrop * point.drop);
    }
    if (m_fronts.empty() || !m_here) return;
    plots::SeriesStyle here;
    here.name = tr("this goal");
    here.color = color;
    here.line = plots::SeriesStyle::Line::None;
    here.marker = plots::SeriesStyle::Marker::Diamond;
    m_front->append(m_front->addSeries(here), kPercent * m_here->left,
                    m_drops.unitsPerDrop * m_here->drop);
}

void GoalDialog::takePoint(int series, int index) {
    if (series >= std::ssize(m_fronts)) return;  // this goal itself
    const auto& [allocation, front] = *std::next(m_fronts.begin(), series);
    const double left = front[static_cast<std::size_t>(index)].left;
    m_allocation->setCurrentIndex(m_allocation->findData(static_cast<int>(allocation)));
    shareBox()->setValue(kPercent * left);
}

QString GoalDialog::described(const Preview& preview, const prune::Footprint& dense) {
    const prune::Footprint& after = preview.footprint;
    const auto part = [](std::int64_t now, std::int64_t before) {
        const double left = before > 0 ? double(now) / double(before) : 1;
        return tr("%1 of %2 (%3)")
            .arg(text(siCount(double(now))), text(siCount(double(before))), text(percent(left)));
    };
    const bool isCut = chosen<Structure>(m_structure) == Structure::Channels;
    const auto macs = isCut ? after.macs : after.macsEffective;
    QString words =
        tr("Leaves %1 non-zero parameters, %2 %3, and about %4%5.")
            .arg(part(after.nonzeros, dense.nonzeros), part(macs, dense.macs),
                 isCut ? tr("MACs") : tr("effective MACs"),
                 text(byteSize(double(isCut ? after.bytesDense : after.bytesCompressed))),
                 isCut ? QString() : tr(" zipped"));
    if (goal().quantity == Quantity::Latency)
        words += tr(" Takes %1 of the time, measured.").arg(text(percent(preview.reached)));
    if (preview.drop)
        words += tr(" Estimated loss: %1 %2, what each lost alone, added up.")
                     .arg(text(significant(m_drops.unitsPerDrop * *preview.drop, 3)), m_drops.unit);
    words += partialNote();
    const prune::Plan& now = document().plan();
    const bool isReplacing = isCut ? !now.channels.empty() : !now.weights.empty();
    return isReplacing ? words + tr(" Replaces the cuts that are there.") : words;
}

void GoalDialog::list(const Preview& preview) {
    m_list->clear();
    for (const prune::Share& share : preview.shares) {
        auto* row = new QTreeWidgetItem(
            m_list, {text(share.name), text(percent(share.removed)), text(share.why)});
        row->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
        row->setToolTip(2, text(share.why));
    }
    m_list->setCurrentItem(m_list->topLevelItem(0));
    m_here.reset();
    if (preview.drop) m_here = {preview.reached, *preview.drop};
    showFront();
}

}  // namespace espalier::ui
