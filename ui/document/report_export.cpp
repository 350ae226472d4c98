// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/report_export.h"

#include "core/exchange/recipe_file.h"
#include "core/project/task_support.h"
#include "ui/document/node_figures.h"
#include "ui/document/pareto.h"
#include "ui/document/resolve_plan.h"
#include "ui/document/sensitivity_scan.h"
#include "ui/document/workbench.h"

namespace espalier::ui {

namespace {

namespace fs = std::filesystem;

/// What the window has measured, put into `report`.
void addStates(const Workbench& workbench, exchange::PruneReport& report) {
    const Document& document = *workbench.document();
    const NodeFigures& figures = *workbench.nodeFigures();
    for (const ParetoEntry& entry : paretoEntries(document, figures, Cost::NonZeros)) {
        if (!entry.isComparable) continue;
        const bool hasNode = entry.node.isValid();
        const State state = hasNode ? State{entry.node, document.history().node(entry.node).plan}
                                    : document.state();
        auto evaluation = document.metricsOf(state).evaluation;
        if (!evaluation && hasNode)
            evaluation = document.history().node(entry.node).metrics.evaluation;
        if (!evaluation) continue;
        const prune::Footprint* cost = hasNode ? figures.find(entry.node) : &document.footprint();
        report.states.push_back({entry.name.toStdString(), *evaluation, cost ? cost->nonzeros : 0,
                                 cost ? cost->macs : 0, entry.isCurrent, entry.isOnFront});
    }
    const auto test = document.evaluationOf(document.state(), data::Split::Test);
    const bool isNews =
        test && document.dataset() && choiceSplit(*document.dataset()) != data::Split::Test;
    if (isNews) {
        const prune::Footprint& cost = document.footprint();
        report.states.push_back({"what is shown, on test data", *test, cost.nonzeros, cost.macs});
    }
}

/// Latencies of one run, which alone can be compared.
void addLatencies(const Document& document, exchange::PruneReport& report) {
    const auto shown = document.latencyOf(document.state());
    const auto dense = document.latencyOf(document.denseState());
    if (!shown) return;
    if (dense && dense->run == shown->run && dense->latency != shown->latency) {
        report.latencies.push_back(dense->latency);
        report.latencies.back().name = "unpruned";
    }
    report.latencies.push_back(shown->latency);
    report.latencies.back().name = "as shown";
}

void addSensitivity(const SensitivityScan& scan, exchange::PruneReport& report) {
    const auto dense = scan.dense();
    if (!dense || !scan.hasPoints()) return;
    measure::Sensitivity sensitivity;
    sensitivity.metric = scan.metric();
    sensitivity.dense = *dense;
    sensitivity.samples = scan.options().samples;
    sensitivity.curves = scan.curves();
    report.sensitivity = std::move(sensitivity);
}

/// Of the model as it was opened and as it is shown; by the split that choices are made by, where
/// it was measured.
void addAccuracy(const Document& document, exchange::PruneReport& report) {
    std::optional<data::Split> split;
    if (document.dataset()) split = choiceSplit(*document.dataset());
    const auto chosen = document.evaluationOf(document.state(), split);
    report.accuracyAfter = chosen ? chosen : document.evaluation();
    if (report.accuracyAfter) split = report.accuracyAfter->split;
    report.accuracyBefore = document.denseEvaluation(split);
}

std::optional<exchange::TrainingSummary> summaryOf(const project::Node& node,
                                                   const Document& document) {
    if (!node.tuning) return {};
    const project::Tuning& tuning = *node.tuning;
    exchange::TrainingSummary summary;
    summary.epochs = tuning.epochs;
    summary.bestEpoch = tuning.bestEpoch;
    summary.before = tuning.before;
    summary.after = tuning.after;
    const auto dense = document.denseEvaluation(tuning.before.split);
    if (dense && dense->metric == tuning.before.metric) summary.opened = dense;
    summary.recipe = exchange::recipeToJson(tuning.recipe);
    summary.seed = tuning.recipe.seed;
    return summary;
}

/// The training that led to the weights that are shown.
void addTraining(const Document& document, exchange::PruneReport& report) {
    const project::History& history = document.history();
    for (auto id = document.state().node; id.isValid(); id = history.node(id).parent) {
        const project::Node& node = history.node(id);
        if (node.training.empty()) continue;
        const auto& evaluation = node.metrics.evaluation;
        report.curve = exchange::TrainingCurve{evaluation ? evaluation->metric : document.metric(),
                                               node.training};
        report.training = summaryOf(node, document);
        return;
    }
}

exchange::PruneReport measuredSoFar(const Workbench& workbench) {
    const Document& document = *workbench.document();
    exchange::PruneReport report;
    addStates(workbench, report);
    addLatencies(document, report);
    addSensitivity(*workbench.sensitivity(), report);
    addAccuracy(document, report);
    addTraining(document, report);
    if (document.dataset()) report.data = project::summaryOf(*document.dataset());
    return report;
}

Result<project::CutOutcome> outcomeOf(const PlanSubject& subject, const EventSink<>& events,
                                      RunControl& control) {
    project::MaskedModel masked;
    masked.snapshot = subject.snapshot;
    masked.plan = *subject.plan;
    masked.scores = subject.scores;
    const auto masks = resolvePlan(subject, control);
    if (!masks) return masks.error();
    masked.masks = *masks;
    masked.choice = (*masks)->channels();
    if (masked.choice) masked.groups = masked.choice->groups;
    if (masked.choice && masked.choice->isWhole()) return project::CutOutcome{nullptr, masked};
    project::StageClock clock(events);
    return project::cutOut(std::move(masked), {}, clock, events, control);
}

Result<void> write(const PlanSubject& subject, const model::SnapshotPtr& root,
                   const exchange::PruneReport& measured, const fs::path& target,
                   const EventSink<>& events, RunControl& control) {
    const auto outcome = outcomeOf(subject, events, control);
    if (!outcome) return outcome.error();
    exchange::PruneReport report = project::reportOf(*outcome, *root);
    report.isPreview = true;
    report.fileBytesAfter = report.after.bytesDense;
    report.states = measured.states;
    report.latencies = measured.latencies;
    report.sensitivity = measured.sensitivity;
    report.curve = measured.curve;
    report.training = measured.training;
    report.accuracyBefore = measured.accuracyBefore;
    report.accuracyAfter = measured.accuracyAfter;
    report.data = measured.data;
    events.progress({"Counting the weights", 0, 0, -1});
    if (auto counted = exchange::countWeights(report, *root, *subject.snapshot,
                                              outcome->masked.masks, control);
        !counted) {
        return counted;
    }
    project::StagedOutputs outputs;
    if (auto written = project::writeReport(report, target, outputs); !written)
        return outputs.named(written.error());
    return outputs.commit();
}

}  // namespace

void exportReport(Workbench& workbench, const fs::path& target) {
    const Document& document = *workbench.document();
    if (!document.hasModel()) return;
    const QString name = QString::fromStdString(target.filename().string());
    const model::SnapshotPtr root = document.history().node(document.history().root()).snapshot;
    workbench.jobs()->run<void>(
        {Lane::Scan, Workbench::tr("Writing %1").arg(name)}, &workbench,
        [=, subject = planSubject(document), measured = measuredSoFar(workbench)](
            const EventSink<>& events, RunControl& control) {
            return guarded("Cannot write the report",
                           [&] { return write(subject, root, measured, target, events, control); });
        },
        [name, target, &workbench](const Result<void>& result) {
            if (!result && result.error().kind == Error::Kind::Cancelled) {
                Q_EMIT workbench.cancelled();
            } else if (!result) {
                Q_EMIT workbench.failed(result.error());
            } else {
                Q_EMIT workbench.succeeded(Workbench::tr("Wrote the report %1.").arg(name),
                                           QString::fromStdString(target.string()));
            }
        });
}

}  // namespace espalier::ui
