// SPDX-License-Identifier: GPL-3.0-or-later
// Data, plans and models as files; edits of the whole plan.
#include <utility>

#include "core/base/format.h"
#include "core/exchange/export.h"
#include "core/exchange/plan_file.h"
#include "core/measure/evaluate.h"
#include "core/prune/masks.h"
#include "ui/document/resolve_plan.h"
#include "ui/document/workbench.h"

namespace espalier::ui {

namespace {

QString nameOf(const std::filesystem::path& path) {
    return QString::fromStdString(path.filename().string());
}

struct ReadPlan {
    prune::Plan plan;
    bool isForFile = true;
};

// Groups for another head unit than the one shown are found for this.
Result<void> checkChannels(const prune::Plan& plan, const model::SnapshotPtr& snapshot,
                           const FoundGroupsPtr& found, RunControl& control) {
    if (!plan.hasChannels()) return {};
    if (found && found->groups->headUnit() == plan.channelDefaults.heads)
        return prune::check(plan, *found->groups);
    const auto groups = channels::analyse(snapshot, control, plan.channelDefaults.heads);
    if (!groups) return groups.error();
    return prune::check(plan, **groups);
}

// The plan as one for this model: what it says of another file is not carried on.
Result<ReadPlan> readPlanFor(const model::SnapshotPtr& snapshot, const FoundGroupsPtr& found,
                             const std::filesystem::path& path, RunControl& control) {
    auto plan = exchange::readPlan(path);
    if (!plan) return plan.error();
    if (const auto checked = prune::check(*plan, *snapshot); !checked) return checked.error();
    if (const auto checked = checkChannels(*plan, snapshot, found, control); !checked)
        return checked.error();
    ReadPlan read{std::move(*plan), true};
    read.isForFile = prune::isForFile(read.plan, *snapshot);
    const prune::Plan own = prune::emptyPlan(*snapshot);
    read.plan.modelFile = own.modelFile;
    read.plan.modelSha256 = own.modelSha256;
    read.plan.inputs = own.inputs;
    return read;
}

Result<data::DatasetPtr> openFitting(const data::DataSpec& spec,
                                     const measure::MetricOptions& metrics,
                                     const model::SnapshotPtr& snapshot, RunControl& control) {
    auto dataset = data::openDataset(spec, control);
    if (!dataset || !snapshot) return dataset;
    if (const auto fit = measure::checkFit(*snapshot, **dataset, metrics); !fit) return fit.error();
    return dataset;
}

Result<void> writeModel(const PlanSubject& subject, const std::filesystem::path& target,
                        const EventSink<>& events, RunControl& control) {
    const auto masks = resolvePlan(subject, control);
    if (!masks) return masks.error();
    return exchange::exportMasked(*subject.snapshot, *masks, target, events, control);
}

}  // namespace

void Workbench::attachData(const data::DataSpec& spec, const measure::MetricOptions& metrics) {
    const model::SnapshotPtr snapshot = m_document->snapshot();
    m_jobs->run<data::DatasetPtr>(
        {Lane::Scan, tr("Opening %1").arg(nameOf(spec.path)), QStringLiteral("data")}, this,
        [=](const EventSink<>&, RunControl& control) {
            return openFitting(spec, metrics, snapshot, control);
        },
        [this, metrics](const Result<data::DatasetPtr>& result) {
            if (!result) return fail(result.error());
            m_document->setDataset(*result, metrics);
        });
}

void Workbench::readPlan(const std::filesystem::path& path, PlanTaker done) {
    const model::SnapshotPtr snapshot = m_document->snapshot();
    m_jobs->run<ReadPlan>(
        {Lane::Interactive, tr("Opening %1").arg(nameOf(path)), QStringLiteral("plan"), false},
        this,
        [=, found = m_document->channels()->foundPtr()](const EventSink<>&, RunControl& control) {
            return readPlanFor(snapshot, found, path, control);
        },
        [this, done = std::move(done)](const Result<ReadPlan>& result) {
            if (!result) return fail(result.error());
            done(result->plan, result->isForFile);
        });
}

void Workbench::openPlan(const std::filesystem::path& path) {
    if (!m_document->hasModel()) return;
    readPlan(path, [this, path](prune::Plan plan, bool isForFile) {
        m_document->setPlan(std::move(plan), tr("open plan %1").arg(nameOf(path)));
        const QString file = QString::fromStdString(path.string());
        Q_EMIT succeeded(isForFile ? tr("Applied the plan %1.").arg(nameOf(path))
                                   : tr("Applied the plan %1, which was made for "
                                        "another file with the same layers: "
                                        "look at each layer's cut before you go on.")
                                         .arg(nameOf(path)),
                         file);
    });
}

void Workbench::exportMasked(const std::filesystem::path& target) {
    if (!m_document->hasModel()) return;
    const State state = m_document->state();
    const model::SnapshotPtr root = rootSnapshot();
    m_jobs->run<void>(
        {Lane::Scan, tr("Exporting %1").arg(nameOf(target))}, this,
        [=, subject = planSubject(*m_document)](const EventSink<>& events, RunControl& control) {
            return writeModel(subject, target, events, control);
        },
        [=, this](const Result<void>& result) {
            if (!result) return fail(result.error());
            if (isModel(root)) noteExport(state, target);
            Q_EMIT succeeded(
                tr("Exported %1. Loaded again, it equals the model in memory.").arg(nameOf(target)),
                QString::fromStdString(target.string()));
        });
}

void Workbench::noteExport(const State& state, const std::filesystem::path& file) {
    m_document->setSaved(state);
    m_exported.insert_or_assign(file, state);
}

void Workbench::goOnFrom(const std::filesystem::path& file) {
    const auto exported = m_exported.find(file);
    if (exported == m_exported.end() || isTraining()) return;
    const State from = exported->second;
    const model::SnapshotPtr root = rootSnapshot();
    model::OpenOptions options;
    const auto inputs = root->inputs();
    options.inputs.assign(inputs.begin(), inputs.end());
    m_jobs->run<model::SnapshotPtr>(
        {Lane::Scan, tr("Opening %1").arg(nameOf(file)), QStringLiteral("goOn")}, this,
        [=](const EventSink<>& events, RunControl& control) {
            return model::openSnapshot(file, options, events, control);
        },
        [=, this](const Result<model::SnapshotPtr>& result) {
            if (!result) return fail(result.error());
            if (!isModel(root) || isTraining()) return;
            const QString name = nameOf(file);
            m_document->goOn(from, *result, name);
            Q_EMIT succeeded(
                tr("%1 is what you work on now; its parent is in the history.").arg(name),
                QString::fromStdString(file.string()));
        });
}

void Workbench::exportPlan(const std::filesystem::path& target) {
    if (!m_document->hasModel()) return;
    const State state = m_document->state();
    const model::SnapshotPtr root = rootSnapshot();
    const bool hasOwnWeights = m_document->hasOwnWeights();
    m_jobs->run<void>(
        {Lane::Interactive, tr("Saving %1").arg(nameOf(target)), {}, false}, this,
        [=](const EventSink<>&, RunControl&) { return exchange::writePlan(*state.plan, target); },
        [=, this](const Result<void>& result) {
            if (!result) return fail(result.error());
            // A plan says all there is only while the weights are still those of the file.
            if (isModel(root) && !hasOwnWeights) m_document->setSaved(state);
            Q_EMIT succeeded(tr("Saved the plan %1.").arg(nameOf(target)),
                             QString::fromStdString(target.string()));
        });
}

void Workbench::pinCurrent(const QString& name) {
    if (!m_document->hasModel()) return;
    const State& state = m_document->state();
    auto added = m_document->history().pinned(state.node, state.plan, name.toStdString());
    m_document->setHistory(added.history.withMetrics(added.id, m_document->metricsOf(state)),
                           added.id, tr("pin %1").arg(name));
}

}  // namespace espalier::ui
