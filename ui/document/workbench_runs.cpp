// SPDX-License-Identifier: GPL-3.0-or-later
// Measuring and training.
#include <utility>

#include "core/base/format.h"
#include "core/base/log.h"
#include "core/data/empty_split.h"
#include "core/exchange/checkpoint_file.h"
#include "core/measure/evaluate.h"
#include "core/measure/latency.h"
#include "core/prune/masks.h"
#include "core/train/broken_off.h"
#include "core/train/fine_tune.h"
#include "core/train/precision.h"
#include "ui/document/resolve_plan.h"
#include "ui/document/run_life.h"
#include "ui/document/training.h"

namespace espalier::ui {

namespace {

// Everything a job needs to know of the state it was asked for.
struct Subject {
    State state;
    model::SnapshotPtr root;
    model::SnapshotPtr snapshot;
    PlanSubject plan;
    bool isDense = false;           // the same as the unpruned model
    model::SnapshotPtr dense{};     // what distillation learns from
    model::SnapshotPtr rewindTo{};  // of the history node that the recipe names; null: none

    Result<prune::MasksPtr> resolved(RunControl& control) const {
        return resolvePlan(plan, control);
    }
};

Subject subjectOf(const Document& document, const model::SnapshotPtr& root) {
    Subject subject{document.state(), root, document.snapshot(), planSubject(document), false};
    subject.isDense = subject.snapshot == root && effective(document.plan()) == prune::Plan{};
    return subject;
}

struct Accuracy {
    std::optional<measure::Evaluation> dense;  // measured on the way when it was not known
    measure::Evaluation current;
};

Result<Accuracy> measureAccuracy(const Subject& subject, const data::Dataset& dataset,
                                 measure::EvaluateOptions options, bool needsDense,
                                 const EventSink<>& events, RunControl& control) {
    const auto masks = subject.resolved(control);
    if (!masks) return masks.error();
    options.reference = subject.root;
    Accuracy accuracy;
    if (needsDense) {
        auto dense = measure::evaluate(*subject.root, nullptr, dataset, options, events, control);
        if (!dense) return dense.error();
        accuracy.dense = std::move(*dense);
    }
    auto current = measure::evaluate(*subject.snapshot, *masks, dataset, options, events, control);
    if (!current) return current.error();
    accuracy.current = std::move(*current);
    return accuracy;
}

Result<std::vector<measure::Latency>> measureBoth(const Subject& subject, const EventSink<>& events,
                                                  RunControl& control) {
    std::vector<measure::Subject> models{{"before", subject.root, nullptr}};
    if (!subject.isDense) {
        const auto now = timedSubject("now", subject.plan, events, control);
        if (!now) return now.error();
        models.push_back(*now);
    }
    return measure::measureLatency(models, {}, events, control);
}

// The data as it was attached; changed at random as the recipe says, unless that was chosen there.
Result<data::DatasetPtr> augmented(const data::DatasetPtr& dataset, const std::string& augment,
                                   RunControl& control) {
    data::DataSpec spec = data::spec(*dataset);
    if (augment.empty() || !spec.augment.empty()) return dataset;
    spec.augment = augment;
    return data::openDataset(spec, control);
}

using LifeMaker = std::function<train::RunLife()>;

Result<Tuned> tune(const Subject& subject, const data::DatasetPtr& dataset,
                   const train::Recipe& recipe, const LifeMaker& life,
                   const EventSink<train::TrainSample>& events, RunControl& control) {
    const auto masks = subject.resolved(control);
    if (!masks) return masks.error();
    const auto samples = augmented(dataset, recipe.augment, control);
    if (!samples) return samples.error();
    auto result = train::fineTune(
        *subject.snapshot, *masks, **samples, recipe, events, control, life(),
        {.plan = subject.state.plan, .rewindTo = subject.rewindTo, .dense = subject.dense});
    if (!result) return result.error();
    Tuned tuned{std::move(*result), recipe};
    tuned.isSameSplit = data::spec(*dataset).validation == recipe.validation;
    tuned.data = data::spec(*dataset);
    tuned.beganPlanned = recipe.schedule.name == "one_shot" && !recipe.fromScratch;
    tuned.data.validation = recipe.validation;
    RunControl afterwards;  // `control` may have been stopped
    PlanSubject tunedPlan;
    tunedPlan.snapshot = tuned.training.best;
    tunedPlan.plan = subject.state.plan;
    const auto next = resolvePlan(tunedPlan, afterwards);
    std::int64_t base = 0;
    for (const model::Layer& layer : tuned.training.best->layers())
        base += tuned.training.best->baseRemoved(layer.id);
    tuned.isSamePlan = next && (*next)->removed() == base;
    return tuned;
}

}  // namespace

void Workbench::evaluate(data::Split split) {
    const data::DatasetPtr dataset = m_document->dataset();
    if (!m_document->hasModel()) return;
    if (!dataset) {
        return fail({Error::Kind::BadArgument, "Cannot measure accuracy", "no data is attached",
                     "Attach data with File ▸ Attach data"});
    }
    const Subject subject = subjectOf(*m_document, rootSnapshot());
    const auto dense = m_document->denseEvaluation(split);
    const bool needsDense = !subject.isDense && !dense;
    measure::EvaluateOptions options;
    options.split = split;
    options.metrics = m_document->metricOptions();
    const measure::Metric metric = m_document->metric();
    const QString step = metric.kind == measure::Metric::Kind::Top1
                             ? tr("Measuring accuracy")
                             : tr("Measuring %1").arg(QString::fromStdString(metric.title()));
    m_jobs->run<Accuracy>(
        {Lane::Scan, step, QStringLiteral("evaluate")}, this,
        [=](const EventSink<>& events, RunControl& control) {
            return measureAccuracy(subject, *dataset, options, needsDense, events, control);
        },
        [this, subject, dataset](const Result<Accuracy>& result) {
            if (!result) return fail(result.error());
            if (!isModel(subject.root) || m_document->dataset() != dataset) return;
            if (result->dense) m_document->setEvaluation(*result->dense, m_document->denseState());
            m_document->setEvaluation(result->current, subject.state);
            const measure::Evaluation& now = result->current;
            log(LogLevel::Info,
                cat("Measured ", now.metric.title(), ' ', now.metric.text(now.score), " on ",
                    exactCount(now.samples), " samples (", data::name(now.split), ')'));
        });
}

void Workbench::measureLatency() {
    if (!m_document->hasModel()) return;
    const Subject subject = subjectOf(*m_document, rootSnapshot());
    m_jobs->run<std::vector<measure::Latency>>(
        {Lane::Exclusive, tr("Measuring latency"), QStringLiteral("latency")}, this,
        [subject](const EventSink<>& events, RunControl& control) {
            return measureBoth(subject, events, control);
        },
        [this, subject](const Result<std::vector<measure::Latency>>& result) {
            if (!result) return fail(result.error());
            if (!isModel(subject.root) || result->empty()) return;
            std::vector<State> states{m_document->denseState()};
            if (!subject.isDense) states.push_back(subject.state);
            m_document->setLatencies(states, *result);
            log(LogLevel::Info, cat("Measured a latency of ", significant(result->back().median),
                                    " ms, the median of ", result->back().runs, " runs"));
        });
}

void Workbench::renewBatchNorms(const train::Recipe& recipe) {
    constexpr int kBatches = 100;  // where the recipe names no number
    train::Recipe statistics;
    statistics.epochs = 0;
    statistics.batchNormBatches = recipe.batchNormBatches > 0 ? recipe.batchNormBatches : kBatches;
    statistics.batchSize = recipe.batchSize;
    statistics.seed = recipe.seed;
    statistics.device = recipe.device;
    statistics.validation = recipe.validation;
    statistics.metrics = recipe.metrics;
    statistics.augment = recipe.augment;
    fineTune(statistics, {tr("batch-norm statistics"), {}});
}

void Workbench::fineTune(const train::Recipe& given, const UndoStep& step) {
    const data::DatasetPtr dataset = m_document->dataset();
    if (!m_document->hasModel() || isTraining()) return;
    if (!dataset) {
        return fail({Error::Kind::BadArgument, "Cannot fine-tune", "no data is attached",
                     "Attach data with File ▸ Attach data"});
    }
    if (data::info(*dataset).train == 0) return fail(data::nothingToTrainOn(data::info(*dataset)));
    train::Recipe recipe = given;
    fillIn(recipe.metrics, m_document->metricOptions());
    if (const auto checked = train::check(recipe); !checked) return fail(checked.error());
    if (const auto computes = train::checkPrecision(recipe); !computes)
        return fail(computes.error());
    startRun(recipe, RunFolder::make());
    m_training->step = step;
    QStringList notes;
    for (const std::string& note : train::notesOn(recipe, data::info(*dataset).train))
        notes << QString::fromStdString(note + '.');
    if (!notes.isEmpty()) Q_EMIT warned(notes.join(QLatin1Char(' ')));
}

void Workbench::startRun(const train::Recipe& recipe, const std::shared_ptr<RunFolder>& folder,
                         const RunToContinue* resumed) {
    const data::DatasetPtr dataset = m_document->dataset();
    Subject subject = subjectOf(*m_document, rootSnapshot());
    subject.dense = resumed && resumed->dense ? resumed->dense : subject.root;
    for (const auto& node : m_document->history().nodes()) {
        const bool isMeant = !node->name.empty() && node->name == recipe.schedule.rewindTo;
        if (isMeant) subject.rewindTo = node->snapshot;
    }
    if (resumed && resumed->rewindTo) subject.rewindTo = resumed->rewindTo;
    RunSource source{subject.snapshot, true, subject.state.plan, data::spec(*dataset)};
    source.isFile = subject.snapshot == subject.root || subject.snapshot == m_released;
    if (recipe.distillation && subject.dense != subject.snapshot) source.dense = subject.dense;
    source.rewindTo = subject.rewindTo;
    const train::CheckpointPtr checkpoint = resumed ? resumed->checkpoint : nullptr;
    const auto warn = [this](const Error& error) {
        QMetaObject::invokeMethod(
            this, [this, error] { fail(error); }, Qt::QueuedConnection);
    };
    const LifeMaker life = [=] { return runLife(folder, source, recipe, checkpoint, warn); };
    auto best = std::make_shared<std::promise<Result<model::SnapshotPtr>>>();
    m_hasLeftRun = false;
    m_training = std::make_unique<Training>();
    m_training->best = best->get_future().share();
    m_training->folder = folder;
    m_training->job = m_jobs->run<Tuned, train::TrainSample>(
        {Lane::Trainer, tr("Fine-tuning"), {}, true, true}, this,
        [=](const EventSink<train::TrainSample>& events, RunControl& control) {
            auto tuned = guarded("Fine-tuning", [&] {
                return tune(subject, dataset, recipe, life, events, control);
            });
            best->set_value(tuned ? Result(tuned->training.best)
                                  : Result<model::SnapshotPtr>(tuned.error()));
            return tuned;
        },
        [this, subject](const Result<Tuned>& result) {
            const UndoStep step = m_training ? m_training->step : UndoStep();
            const auto run = m_training && m_training->folder ? m_training->folder->path()
                                                              : std::filesystem::path();
            endRun(result && !result->training.interruption);
            if (!result) tellOfEnd(result.error(), run);
            if (result && result->training.interruption)
                tellOfEnd(*result->training.interruption, run);
            if (result && isModel(subject.root)) {
                finishTraining(subject.state, *result, step);
            }
            Q_EMIT trainingEnded();
        },
        [this](const train::TrainSample& sample) { Q_EMIT trainingSampled(sample); });
    Q_EMIT trainingStarted(recipe);
    if (!resumed) return;
    for (const train::TrainSample& sample : checkpoint->samples) Q_EMIT trainingSampled(sample);
}

void Workbench::endRun(bool isWell) {
    const auto ended = std::exchange(m_training, nullptr);
    if (!ended) return;  // the window has closed: shutDown took it
    std::error_code none;
    m_hasLeftRun = ended->mayContinue && ended->folder &&
                   std::filesystem::exists(ended->folder->checkpoint(), none);
    if (isWell && ended->folder && !ended->mayContinue) ended->folder->remove();
}

void Workbench::tellOfEnd(const Error& error, const std::filesystem::path& run) {
    std::error_code none;
    const bool hasCheckpoint =
        !run.empty() && std::filesystem::exists(exchange::checkpointIn(run), none);
    if (!train::isBrokenOff(error) || !hasCheckpoint) return fail(error);
    Q_EMIT trainingBroke(error, QString::fromStdString(run.string()));
}

void Workbench::finishTraining(const State& state, const Tuned& tuned, const UndoStep& step) {
    const train::TrainResult& result = tuned.training;
    if (result.bestEpoch == 0 && !result.hasNewStatistics) {  // nothing changed: no other state
        if (tuned.isSameSplit && tuned.beganPlanned)
            m_document->setEvaluation(result.before, state);
        return Q_EMIT trainingFinished(result);
    }
    const QString name = result.bestEpoch > result.epochs
                             ? tr("fine-tuned, stopped in epoch %1").arg(result.bestEpoch)
                         : result.epochs == 0 ? tr("batch-norm statistics taken anew")
                         : result.epochs == 1 ? tr("fine-tuned 1 epoch")
                                              : tr("fine-tuned %1 epochs").arg(result.epochs);
    auto added = m_document->history().fineTuned(state.node, state.plan, result, name.toStdString(),
                                                 tuned.data);
    added.history = added.history.withRecipe(added.id, tuned.recipe);
    // With other masks than the plan's, what was measured is not what this state shows.
    if (!tuned.isSamePlan) added.history = added.history.withMetrics(added.id, {});
    const QString text = step.text.isEmpty() ? tr("fine-tuning") : step.text;
    m_document->setHistory(std::move(added.history), added.id, text, {}, step.mergeKey);
    if (tuned.isSameSplit && tuned.beganPlanned) m_document->setEvaluation(result.before, state);
    if (tuned.isSameSplit && tuned.isSamePlan) {
        m_document->setEvaluation(result.after, State{added.id, state.plan});
    }
    Q_EMIT trainingFinished(result);
}

int Workbench::trainingJob() const {
    return m_training ? m_training->job : 0;
}

}  // namespace espalier::ui
