// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/prune_dialog.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <QComboBox>

#include "core/base/format.h"
#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/style/number_text.h"

namespace espalier::ui {
namespace {

using Scope = prune::Scope;

/// What is asked for; everything is copied, for a job.
struct Request {
    model::SnapshotPtr snapshot;
    prune::Plan plan;
    std::set<std::string> kept;         ///< layers whose rules stay
    std::vector<std::int64_t> removed;  ///< per layer, as it is now
    std::optional<prune::CutCosts> cut;
    prune::MasksPtr masks;
    prune::ScoreCache scores;  ///< measured, at hand
    double sparsity = 0;
    Scope scope = Scope::Global;
};

/// The layers that a sparsity for all would give another rule.
std::set<std::string> ruledLayers(const Document& document) {
    std::set<std::string> names;
    for (const auto& [name, rule] : document.plan().weights) {
        if (!document.plan().locked.contains(name)) names.insert(name);
    }
    return names;
}

/// How many weights the plan removes from each layer; those that are kept lose what they lose now.
std::vector<std::int64_t> removedPerLayer(const Request& request, const prune::Plan& plan) {
    if (request.cut)
        return prune::expectedRemoved(*request.snapshot, plan, *request.cut, request.masks);
    std::vector<std::int64_t> removed;
    for (const model::Layer& layer : request.snapshot->layers()) {
        const auto rule = plan.weights.find(layer.name);
        const bool isSpread = rule != plan.weights.end() && !request.kept.contains(layer.name) &&
                              !plan.locked.contains(layer.name);
        const auto wanted =
            isSpread ? std::llround(rule->second.value * static_cast<double>(layer.weightCount))
                     : 0LL;
        const std::int64_t least = request.kept.contains(layer.name)
                                       ? request.removed[layer.id.index()]
                                       : request.snapshot->baseRemoved(layer.id);
        removed.push_back(std::max<std::int64_t>(wanted, least));
    }
    return removed;
}

Result<SpreadDialog::Preview> previewOf(const Request& request, RunControl& control) {
    auto plan =
        prune::withSparsityEverywhere(*request.snapshot, withLocked(request.plan, request.kept),
                                      request.sparsity, request.scope, control, request.scores);
    if (!plan) return plan.error();
    plan->locked = request.plan.locked;
    const auto removed = removedPerLayer(request, *plan);
    const auto footprint = request.cut ? prune::footprint(*request.snapshot, removed, *request.cut)
                                       : prune::footprint(*request.snapshot, removed);
    return SpreadDialog::Preview{std::move(*plan), footprint};
}

/// Rules that stay, in a plan that ranks by `criterion`: a threshold means nothing in other units,
/// so what stays then is how much it removes.
prune::Plan rankedBy(const std::string& criterion, const Document& document) {
    prune::Plan plan = document.plan();
    if (plan.weightCriterion == criterion) return plan;
    plan.weightCriterion = criterion;
    for (auto& [name, rule] : plan.weights) {
        const auto layer = document.snapshot()->find(name);
        if (layer && rule.kind == prune::WeightRule::Kind::Threshold)
            rule = prune::WeightRule::sparsity(document.sparsity(*layer));
    }
    return plan;
}

QString keepOffer(std::size_t layers) {
    if (layers == 0) return {};
    return layers == 1
               ? PruneDialog::tr("Keep the cut of the layer that has one")
               : PruneDialog::tr("Keep the cuts of the %1 layers that have one").arg(layers);
}

QString titleOf(PruneDialog::Purpose purpose) {
    return purpose == PruneDialog::Purpose::Prune ? PruneDialog::tr("Prune everywhere")
                                                  : PruneDialog::tr("Prune and fine-tune");
}

QString buttonOf(PruneDialog::Purpose purpose) {
    return purpose == PruneDialog::Purpose::Prune ? PruneDialog::tr("Prune")
                                                  : PruneDialog::tr("Prune and fine-tune");
}

double sparsityFor(PruneDialog::Purpose purpose) {
    return purpose == PruneDialog::Purpose::Prune ? 0.5 : 0.92;
}

}  // namespace

PruneDialog::PruneDialog(const Document* document, JobRunner* jobs, QWidget* parent,
                         Purpose purpose)
    : SpreadDialog({QStringLiteral("prune"), titleOf(purpose), tr("Sparsity"),
                    tr("Sparsity: removed weights / prunable weights, in %"), sparsityFor(purpose),
                    keepOffer(ruledLayers(*document).size()), buttonOf(purpose)},
                   document, jobs, parent) {
    addScopes({{tr("One threshold for all layers"), Scope::Global},
               {tr("The same share of every layer"), Scope::Layer}})
        ->setToolTip(tr("One threshold takes the lowest scores of the whole model: redundant "
                        "layers lose more than others"));
    addCriteria(prune::weightCriteria(), document->plan().weightCriterion);
    preview();
}

SpreadDialog::Job PruneDialog::previewJob() {
    Request request;
    request.snapshot = document().snapshot();
    request.plan = rankedBy(criterion().toStdString(), document());
    if (keepsRules()) request.kept = ruledLayers(document());
    for (const model::Layer& layer : request.snapshot->layers())
        request.removed.push_back(document().removed(layer.id));
    if (const prune::CutCosts* cut = document().channels()->costs()) request.cut = *cut;
    request.masks = document().masks();
    request.scores = document().scores();
    request.sparsity = share();
    request.scope = scope();
    return
        [request](const EventSink<>&, RunControl& control) { return previewOf(request, control); };
}

QString PruneDialog::described(const Preview& preview, const prune::Footprint& dense) {
    const prune::Footprint& after = preview.footprint;
    const double before = static_cast<double>(std::max<std::int64_t>(1, dense.nonzeros));
    const double share = 1.0 - static_cast<double>(after.nonzeros) / before;
    const QString leaves =
        tr("Leaves %1 of %2 parameters non-zero (%3 removed), about %4 zipped.")
            .arg(style::numberText(siCount(static_cast<double>(after.nonzeros))),
                 style::numberText(siCount(static_cast<double>(dense.nonzeros))),
                 style::numberText(percent(share)),
                 style::numberText(byteSize(static_cast<double>(after.bytesCompressed))));
    const std::size_t ruled = ruledLayers(document()).size();
    if (ruled == 0) return leaves;
    if (keepsRules()) return leaves + tr(" Layers with a cut stay as they are.");
    return leaves + (ruled == 1 ? tr(" Replaces the cut of 1 layer.")
                                : tr(" Replaces the cuts of %1 layers.").arg(ruled));
}

}  // namespace espalier::ui
