// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/goal_dialog.h"

#include <algorithm>
#include <utility>

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHeaderView>
#include <QLabel>
#include <QScreen>
#include <QSplitter>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "core/base/format.h"
#include "core/measure/sampling_error.h"
#include "ui/dialogs/inline_message.h"
#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/document/metric_words.h"
#include "ui/jobs/job_runner.h"
#include "ui/models/name_delegate.h"
#include "ui/plots/curves_view.h"
#include "ui/style/number_text.h"

namespace espalier::ui {
namespace {

using prune::Quantity;
using prune::Structure;

constexpr int kListHeight = 200;
constexpr int kListWidth = 520;
constexpr int kNameWidth = 130;  // at least, and may be dragged wider
constexpr int kMostNameWidth = 240;
constexpr int kFrontWidth = 340;
constexpr int kWhyLines = 3;

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

}  // namespace

GoalDialog::GoalDialog(const Document* document, JobRunner* jobs, MeasuredDrops drops,
                       QWidget* parent)
    : SpreadDialog({QStringLiteral("goal"), tr("Prune to a goal"), tr("Leave at most"),
                    tr("What may be left, in % of the dense model"), 0.5, QString()},
                   document, jobs, parent),
      m_drops(std::move(drops)),
      m_jobs(jobs),
      m_unit(new QComboBox),
      m_quantity(addChoice(QStringLiteral("Quantity"), tr("of the"))),
      m_structure(addChoice(QStringLiteral("Structure"), tr("by removing"))),
      m_allocation(addChoice(QStringLiteral("Allocation"), tr("spread"))),
      m_list(new QTreeWidget),
      m_why(new QLabel),
      m_front(new plots::CurvesView) {
    buildChoices();
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
    connect(m_unit, &QComboBox::currentIndexChanged, this, [this] {
        takeUnit();
        preview();
    });
    connect(shareBox(), &QDoubleSpinBox::valueChanged, this, [this] {
        if (isCounted()) m_left = target();
    });
    for (QComboBox* box : {m_quantity, m_structure, m_allocation})
        connect(box, &QComboBox::currentIndexChanged, this, [this, box] { showTip(box); });
    preview();
}

void GoalDialog::buildBelow() {
    m_list->setObjectName(QStringLiteral("goalList"));
    m_list->setAccessibleName(tr("What goes from each layer, and why"));
    m_list->setAccessibleDescription(tr("The plan that reaches the goal, layer by layer"));
    m_list->setHeaderLabels({tr("Layer"), tr("Removed"), tr("Why this much")});
    m_list->setRootIsDecorated(false);
    const int room = screen()->availableGeometry().width();
    m_list->setMinimumSize(std::min(kListWidth, room / 2), kListHeight);
    m_list->setUniformRowHeights(true);
    m_list->setItemDelegateForColumn(0, new NameDelegate(m_list));
    m_list->header()->resizeSection(0, kNameWidth);
    m_list->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    m_list->header()->setSectionResizeMode(2, QHeaderView::Stretch);
    m_front->setObjectName(QStringLiteral("goalFront"));
    m_front->setExportName(QStringLiteral("goals"));
    m_front->setToolTip(
        tr("What goals from large to small would lose: for each layer what it lost alone, added "
           "up. An estimate; a click takes that goal. A latency is measured for the goal alone and "
           "drawn over the MACs."));
    m_front->setMinimumWidth(std::min(kFrontWidth, room * 3 / 10));
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

/// Where curves decide: whether they tell what is asked for from chance.
QString GoalDialog::samplingNote() const {
    if (!hasCurves() || !m_drops.dense || allocation() != prune::Allocation::Sensitivity) return {};
    const double limit = goal().quantity == Quantity::Drop ? goal().target : m_drops.limit;
    const std::string note =
        measure::samplingNote(m_drops.metric, *m_drops.dense, m_drops.samples, limit);
    return note.empty() ? QString() : QStringLiteral(" %1.").arg(text(note));
}

GoalRequest GoalDialog::request() const {
    GoalRequest request;
    request.order = m_order;
    request.snapshot = document().snapshot();
    request.plan = document().plan();
    request.found = document().channels()->foundPtr();
    request.goal = goal();
    request.options.scores = document().scores();
    request.options.structure = structure();
    request.options.allocation = allocation();
    if (hasCurves()) {
        request.options.curves = m_drops.curves;
        request.options.dropUnit = dropUnitOf(m_drops.metric);
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

QString GoalDialog::lossNote(double drop) const {
    return tr(" Estimate: %1, what each did alone, added up; together they lose more: to choose "
              "between spreads, measure.")
        .arg(dropText(m_drops.metric, shownDrop(m_drops.metric, drop)));
}

QString GoalDialog::described(const Preview& preview, const prune::Footprint& dense) {
    const prune::Footprint& after = preview.footprint;
    const auto part = [](std::int64_t now, std::int64_t before) {
        const double left = before > 0 ? double(now) / double(before) : 1;
        return tr("%1 of %2 (%3)")
            .arg(style::numberText(siCount(double(now))),
                 style::numberText(siCount(double(before))), style::numberText(percent(left)));
    };
    const bool isCut = structure() == Structure::Channels;
    const auto macs = isCut ? after.macs : after.macsEffective;
    QString words = tr("Leaves %1 non-zero parameters, %2 %3, and about %4%5.")
                        .arg(part(after.nonzeros, dense.nonzeros), part(macs, dense.macs),
                             isCut ? tr("MACs") : tr("effective MACs"),
                             style::numberText(byteSize(
                                 double(isCut ? after.bytesDense : after.bytesCompressed))),
                             isCut ? QString() : tr(" zipped"));
    if (goal().quantity == Quantity::Latency)
        words +=
            tr(" Takes %1 of the time, measured.").arg(style::numberText(percent(preview.reached)));
    if (preview.drop) words += lossNote(*preview.drop);
    words += partialNote() + samplingNote();
    if (const QString why = whyNoCurves(); !why.isEmpty()) words += QLatin1Char(' ') + why;
    const prune::Plan& now = document().plan();
    const bool isReplacing = isCut ? !now.channels.empty() : !now.weights.empty();
    return isReplacing ? words + tr(" Replaces the cuts that are there.") : words;
}

/// As wide as the names, where that leaves room for the reasons.
void GoalDialog::fitNames() {
    m_list->resizeColumnToContents(0);
    QHeaderView* header = m_list->header();
    header->resizeSection(0, std::clamp(header->sectionSize(0), kNameWidth, kMostNameWidth));
}

void GoalDialog::list(const Preview& preview) {
    const bool isFirst = m_list->topLevelItemCount() == 0;
    m_list->clear();
    for (const prune::Share& share : preview.shares) {
        auto* row = new QTreeWidgetItem(
            m_list, {text(share.name), style::numberText(percent(share.removed)), text(share.why)});
        row->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
        row->setToolTip(0, text(share.name));
        row->setToolTip(2, text(share.why));
    }
    if (isFirst) fitNames();
    m_list->setCurrentItem(m_list->topLevelItem(0));
    m_here.reset();
    if (preview.drop) {
        const Quantity axis = frontQuantity(goal(), structure());
        const double whole = amountOf(axis, structure(), document().denseFootprint());
        const double left = amountOf(axis, structure(), preview.footprint) / whole;
        m_here = FrontPoint{std::nullopt, left, *preview.drop};
    }
    showFront();
}

}  // namespace espalier::ui
