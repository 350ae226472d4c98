// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/goal_dialog.h"

#include <utility>

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHeaderView>
#include <QSignalBlocker>
#include <QTreeWidget>

#include "core/base/format.h"
#include "ui/document/channels.h"
#include "ui/document/document.h"

namespace espalier::ui {
namespace {

using prune::Allocation;
using prune::Quantity;
using prune::Structure;

constexpr int kListHeight = 180;

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

template <class Enum>
void add(QComboBox* box, const QString& name, Enum value, const QString& tip) {
    box->addItem(name, static_cast<int>(value));
    box->setItemData(box->count() - 1, tip, Qt::ToolTipRole);
}

/// What is asked for; everything is copied, for a job.
struct Request {
    model::SnapshotPtr snapshot;
    prune::Plan plan;
    FoundGroupsPtr found;
    prune::Goal goal;
    prune::GoalOptions options;
};

Result<SpreadDialog::Preview> previewOf(const Request& request, RunControl& control) {
    prune::ChannelFacts facts;
    if (request.found) {
        facts.groups = request.found->groups;
        facts.costs = request.found->costs;
        auto scores = prune::channelScores(*facts.groups, prune::scoreOptions(request.plan),
                                           control, request.options.scores);
        if (!scores) return scores.error();
        facts.scores = *std::move(scores);
    }
    auto made = prune::planFor(request.goal, request.options, *request.snapshot, request.plan,
                               facts, control);
    if (!made) return made.error();
    return SpreadDialog::Preview{std::move(made->plan), made->footprint, std::move(made->shares)};
}

}  // namespace

GoalDialog::GoalDialog(const Document* document, JobRunner* jobs, MeasuredDrops drops,
                       QWidget* parent)
    : SpreadDialog({QStringLiteral("goal"), tr("Prune to a goal"), tr("Leave at most"),
                    tr("What may be left, in % of the unpruned model"), 0.5, QString()},
                   document, jobs, parent),
      m_drops(std::move(drops)),
      m_quantity(addChoice(QStringLiteral("Quantity"), tr("of the"))),
      m_structure(addChoice(QStringLiteral("Structure"), tr("by removing"))),
      m_allocation(addChoice(QStringLiteral("Allocation"), tr("spread"))),
      m_list(new QTreeWidget) {
    {
        const QSignalBlocker quiet(m_structure);
        add(m_structure, tr("weights"), Structure::Weights,
            tr("Sets single weights to zero; the shapes stay"));
        if (document->channels()->found())
            add(m_structure, tr("channels"), Structure::Channels,
                tr("Cuts whole channels out: the model really gets smaller and faster"));
    }
    m_list->setObjectName(QStringLiteral("goalList"));
    m_list->setAccessibleName(tr("What goes from each layer, and why"));
    m_list->setHeaderLabels({tr("layer"), tr("removed"), tr("why this much")});
    m_list->setRootIsDecorated(false);
    m_list->setMinimumHeight(kListHeight);
    m_list->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
    addBelow(m_list);
    offerQuantities();
    offerAllocations();
    connect(m_structure, &QComboBox::currentIndexChanged, this, [this] {
        offerQuantities();
        offerAllocations();
        preview();
    });
    preview();
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
    } else {
        add(m_quantity, tr("non-zeros"), Quantity::NonZeros, tr("Parameters that are not zero"));
        add(m_quantity, tr("effective MACs"), Quantity::Macs,
            tr("Each layer's MACs times the share of its weights that is kept"));
        add(m_quantity, tr("zipped size"), Quantity::Bytes, tr("Estimate of the file after gzip"));
    }
}

void GoalDialog::offerAllocations() {
    const QSignalBlocker quiet(m_allocation);
    m_allocation->clear();
    const bool areWeights = chosen<Structure>(m_structure) == Structure::Weights;
    add(m_allocation,
        areWeights ? tr("one threshold for all layers") : tr("one threshold for all groups"),
        Allocation::Global,
        tr("The lowest scores of the whole model go: redundant layers lose more"));
    if (hasCurves()) {
        add(m_allocation, tr("by sensitivity: the same loss of accuracy in each"),
            Allocation::Sensitivity,
            tr("What each loses alone, as the Sensitivity tab has measured it"));
    }
    add(m_allocation, tr("the same share of each"), Allocation::Uniform, tr("Uniform"));
    if (areWeights) {
        add(m_allocation, tr("by shape (Erd\u0151s\u2013R\u00e9nyi kernel)"),
            Allocation::ErdosRenyi,
            tr("Density in proportion to the sum of a weight's sizes over their product: small "
               "layers keep more (Evci 2020)"));
    }
}

prune::Goal GoalDialog::goal() const {
    return {chosen<Quantity>(m_quantity), share()};
}

QString GoalDialog::goalText() const {
    return tr("%1 of the %2").arg(text(percent(share())), m_quantity->currentText());
}

SpreadDialog::Job GoalDialog::previewJob() {
    Request request;
    request.snapshot = document().snapshot();
    request.plan = document().plan();
    request.found = document().channels()->foundPtr();
    request.goal = goal();
    request.options.scores = document().scores();
    request.options.structure = chosen<Structure>(m_structure);
    request.options.allocation = chosen<Allocation>(m_allocation);
    if (hasCurves()) request.options.curves = m_drops.curves;
    return [request](RunControl& control) { return previewOf(request, control); };
}

QString GoalDialog::described(const prune::Footprint& after, const prune::Footprint& dense) {
    const auto part = [](std::int64_t now, std::int64_t before) {
        const double left = before > 0 ? double(now) / double(before) : 1;
        return tr("%1 of %2 (%3)")
            .arg(text(siCount(double(now))), text(siCount(double(before))), text(percent(left)));
    };
    const bool isCut = chosen<Structure>(m_structure) == Structure::Channels;
    const auto macs = isCut ? after.macs : after.macsEffective;
    return tr("Leaves %1 non-zero parameters, %2 %3, and about %4%5. Replaces the cuts that are "
              "there.")
        .arg(part(after.nonzeros, dense.nonzeros), part(macs, dense.macs),
             isCut ? tr("MACs") : tr("effective MACs"),
             text(byteSize(double(isCut ? after.bytesDense : after.bytesCompressed))),
             isCut ? QString() : tr(" zipped"));
}

void GoalDialog::list(const std::vector<prune::Share>& shares) {
    m_list->clear();
    for (const prune::Share& share : shares) {
        auto* row = new QTreeWidgetItem(
            m_list, {text(share.name), text(percent(share.removed)), text(share.why)});
        row->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
        row->setToolTip(2, text(share.why));
    }
}

}  // namespace espalier::ui
