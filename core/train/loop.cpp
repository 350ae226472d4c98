// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/loop_torch.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/count_nonzero.h>

#include <algorithm>
#include <cmath>

#include "core/base/format.h"
#include "core/base/log.h"
#include "core/model/snapshot_torch.h"
#include "core/train/batch_norm_statistics_torch.h"
#include "core/train/broken_off.h"

namespace espalier::train {
namespace {

/// So many times the loss at the start, or 1 where that was less, is no longer training.
constexpr double kExploded = 1000;

class Stopwatch {
public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    }

private:
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

}  // namespace

Loop::Loop(const model::Snapshot& snapshot, torch::jit::Module module,
           const measure::Placement& placement, Judgement judgement, Pruner& pruner,
           const data::Dataset& dataset, const Recipe& recipe, const EventSink<TrainSample>& events)
    : m_snapshot(snapshot),
      m_dataset(dataset),
      m_recipe(recipe),
      m_module(std::move(module)),
      m_placement(placement),
      m_validation(std::move(judgement.validation)),
      m_trainingStep(m_module, std::move(judgement.loss), m_validation.figures.output, recipe,
                     judgement.precision),
      m_scheduler(makeScheduler(recipe.scheduler)),
      m_loader(dataset, data::Split::Train, recipe.batchSize, recipe.seed),
      m_timetable(recipe, m_loader.batchesPerEpoch()),
      m_pruner(pruner),
      m_cutter(snapshot, m_module, m_trainingStep),
      m_metrics(events),
      m_earlyStopping(recipe.earlyStopping) {
    m_position.totalSteps = m_timetable.steps();
    m_pruner.attach(m_module, m_trainingStep, m_timetable);
}

Result<void> Loop::run(RunControl& control) {
    const at::AutoGradMode gradients(true);
    m_metrics.meter().expect(m_position.totalSteps - m_position.step,
                             m_timetable.epochs() - m_position.epoch, m_placement.device.str());
    if (!m_before) {
        auto before = beginRound(1, control);
        if (before && *before == Outcome::Finished) before = validate(0, kNotMeasured, control);
        if (!before) return before.error();
        if (*before == Outcome::Stopped)
            return Error{Error::Kind::Cancelled, "Fine-tuning was stopped", {}, {}};
    }
    try {
        if (auto done = runEpochs(control); !done) {
            if (m_best.epoch() == 0) return done.error();
            takeBest();
            m_interruption = done.error();
            return {};
        }
        if (auto completed = completePlan(); !completed) return completed.error();
        m_best.restore(m_module);
        auto done = reestimateStatistics(control);
        m_module = m_cutter.restore();
        return done;
    } catch (const std::exception& failure) {
        if (m_best.epoch() == 0 || m_cutter.isCut()) throw;
        m_interruption = brokenOff(failure);
    }
    return {};
}

Result<void> Loop::runEpochs(RunControl& control) {
    while (m_position.epoch < m_timetable.epochs() && !m_isStopped && !m_earlyStopping.isDue()) {
        const int epoch = m_position.epoch + 1;
        auto outcome = Result(Outcome::Finished);
        if (m_timetable.roundOf(epoch) != m_round) outcome = beginRound(epoch, control);
        if (outcome && *outcome == Outcome::Finished) outcome = runEpoch(epoch, control);
        if (!outcome) return outcome.error();
        m_isStopped = *outcome == Outcome::Stopped;
        keepCheckpoint();
    }
    return {};
}

Result<Loop::Outcome> Loop::beginRound(int epoch, RunControl& control) {
    const int round = m_timetable.roundOf(epoch);
    m_module = m_cutter.restore();
    const auto begun = m_pruner.beginRound(round, control);
    if (!begun && begun.error().kind == Error::Kind::Cancelled) return Outcome::Stopped;
    if (!begun) return begun.error();
    const auto cut = cutChannels(control);
    if (!cut && cut.error().kind == Error::Kind::Cancelled) return Outcome::Stopped;
    if (!cut) return cut.error();
    m_round = round;
    m_scheduler = makeScheduler(m_recipe.scheduler);
    m_metrics.setSparsity(countSparsity());
    return Outcome::Finished;
}

Result<void> Loop::cutChannels(RunControl& control) {
    // Masks that are not final yet stay masks, unless a new round brings the channels back.
    const bool isFinal = m_timetable.hasRounds() || m_pruner.isInForce();
    if (!m_recipe.schedule.cutBetweenRounds || !isFinal || !m_pruner.masks()) return {};
    const auto cut = m_cutter.cut(*m_pruner.masks(), control);
    if (!cut) return cut.error();
    m_module = *cut;
    return {};
}

Result<Loop::Outcome> Loop::runEpoch(int epoch, RunControl& control) {
    m_module.train();
    m_loader.startEpoch(epoch, m_epoch.batches);
    while (m_loader.hasNext()) {
        if (!goesOn(control)) return Outcome::Stopped;
        const Stopwatch watch;
        const double lr = learningRate();
        const auto read = m_loader.next(control);
        if (!read && read.error().kind == Error::Kind::Cancelled) return Outcome::Stopped;
        if (!read) return read.error();
        const data::Batch batch = measure::moved(*read, m_placement);
        const auto loss = m_trainingStep.run(batch, lr);
        if (!loss) return loss.error();
        if (auto finite = checkFinite(*loss, "training loss"); !finite) return finite.error();
        ++m_position.step;
        ++m_epoch.batches;
        m_epoch.samples += batch.samples();
        m_epoch.lossSum += *loss * static_cast<double>(batch.samples());
        m_metrics.meter().stepDone(batch.samples(), watch.seconds());
        if (auto pruned = pruneAfterStep(); !pruned) return pruned.error();
        // When weights may grow back, they do so in the first step; later counts change little.
        if (!m_trainingStep.hasMasks() && m_position.step == 1)
            m_metrics.setSparsity(countSparsity());
        m_metrics.add({.step = m_position.step,
                       .epoch = epoch,
                       .round = roundShown(),
                       .loss = *loss,
                       .lr = lr});
        m_metrics.progress(m_position, epoch, m_timetable.epochs());
    }
    return validate(epoch, m_epoch.lossSum / static_cast<double>(m_epoch.samples), control);
}

Result<void> Loop::pruneAfterStep() {
    RunControl uninterrupted;  // a run that goes on later finds its steps whole
    const auto removed = m_pruner.stepDone(m_position.step, uninterrupted);
    if (!removed) return removed.error();
    if (*removed) m_metrics.setSparsity(countSparsity());
    return {};
}

Result<measure::Evaluation> Loop::evaluate(RunControl& control) {
    m_module.eval();
    const measure::EvaluateOptions options{.split = data::Split::Validation};
    EventSink<> events;  // a run that goes on from here repeats the validation
    events.onProgress = [this, &control](const Progress&) { keepWhenPaused(control); };
    auto evaluation = measure::evaluateModule(m_module, m_placement, m_dataset, options,
                                              m_validation, events, control);
    if (!evaluation) return evaluation;
    if (auto finite = checkFinite(evaluation->loss, "validation loss"); !finite)
        return finite.error();
    return evaluation;
}

Result<Loop::Outcome> Loop::validate(int epoch, double trainLoss, RunControl& control) {
    const Stopwatch watch;
    const auto evaluation = evaluate(control);
    if (!evaluation && evaluation.error().kind == Error::Kind::Cancelled) return Outcome::Stopped;
    if (!evaluation) return evaluation.error();
    if (epoch == 0) m_before = *evaluation;
    if (auto sane = checkNotExploded(evaluation->loss); !sane) return sane.error();
    if (epoch > 0) m_metrics.setSparsity(countSparsity());
    m_metrics.meter().validationDone(watch.seconds());
    tell(*evaluation, epoch, trainLoss);
    // Before all that is to go has gone, a model is no candidate for the result.
    const bool isBest = m_pruner.isInForce() && m_best.offer(m_module, *evaluation, epoch);
    if (epoch > 0) m_scheduler->epochEnded(evaluation->loss);
    if (epoch > 0 && m_pruner.isInForce()) m_earlyStopping.epochEnded(isBest);
    m_position.epoch = epoch;
    m_epoch = {};
    rememberWholeEpoch();
    return Outcome::Finished;
}

void Loop::tell(const measure::Evaluation& evaluation, int epoch, double trainLoss) {
    m_metrics.add({.step = m_position.step,
                   .epoch = epoch,
                   .round = roundShown(),
                   .loss = trainLoss,
                   .valLoss = evaluation.loss,
                   .top1 = evaluation.top1,
                   .lr = learningRate(),
                   .score = evaluation.score});
}

Result<void> Loop::completePlan() {
    RunControl uninterrupted;  // a run that was stopped still ends with a result
    if (!m_pruner.isInForce()) m_module = m_cutter.restore();
    const auto removed = m_pruner.complete(uninterrupted);
    if (!removed) return removed.error();
    // Whoever stops in the first epoch is told what that much of it was worth.
    const bool isUntold = m_best.epoch() == 0 && m_epoch.batches > 0;
    if (!*removed && m_best.hasValues() && !isUntold) return {};
    const auto evaluation = evaluate(uninterrupted);
    if (!evaluation) return evaluation.error();
    // Steps of an epoch that was not finished count as one: the weights are not those of before.
    m_best.offer(m_module, *evaluation, m_position.epoch + (m_epoch.batches > 0 ? 1 : 0));
    return {};
}

Result<void> Loop::reestimateStatistics(RunControl& control) {
    if (m_recipe.batchNormBatches == 0 || m_isStopped) return {};
    m_loader.startEpoch(m_position.epoch + 1);
    const auto found =
        reestimateBatchNorm(m_module, m_placement, m_loader, m_recipe.batchNormBatches, control);
    if (found && *found == 0 && m_timetable.epochs() == 0) {
        return Error{Error::Kind::Failed,
                     "There are no new statistics",
                     "the model has no batch norm that keeps statistics",
                     {}};
    }
    if (found && *found == 0) {
        log(LogLevel::Warning, "The model has no batch norms whose statistics could be taken anew");
        return {};
    }
    const Result<measure::Evaluation> evaluation = found ? evaluate(control) : found.error();
    m_isStopped = !evaluation && evaluation.error().kind == Error::Kind::Cancelled;
    if (!evaluation && !m_isStopped) {
        log(LogLevel::Warning,
            cat("Batch norms keep their statistics. ", evaluation.error().text()));
    }
    if (evaluation) {
        tell(*evaluation, m_position.epoch, kNotMeasured);
        m_hasNewStatistics = m_best.offer(m_module, *evaluation, m_best.epoch());
    }
    m_best.restore(m_module);
    return {};
}

Result<void> Loop::checkFinite(double loss, std::string_view which) const {
    if (std::isfinite(loss)) return {};
    const std::string what = "Fine-tuning was given up";
    if (m_position.step == 0) {
        return Error{Error::Kind::Failed, what,
                     cat("the ", which, " is not a finite number before the first step"),
                     "Check the model's weights and the data's normalisation"};
    }
    return Error{Error::Kind::Failed, what,
                 cat("the ", which, " is no longer a finite number after step ", m_position.step,
                     " (learning rate ", significant(learningRate()), ")"),
                 "Use a tenth of the learning rate, or prune less at once"};
}

Result<void> Loop::checkNotExploded(double loss) const {
    if (loss <= kExploded * std::max(1., std::abs(m_before->loss))) return {};
    return Error{Error::Kind::Failed, "Fine-tuning was given up",
                 cat("the validation loss has grown from ", significant(m_before->loss), " to ",
                     significant(loss), " by step ", m_position.step, " (learning rate ",
                     significant(learningRate()), ")"),
                 "Use a tenth of the learning rate, or prune less at once"};
}

double Loop::learningRate() const {
    return m_recipe.optimizer.lr * m_timetable.rateOf(m_round) *
           m_scheduler->factor(m_timetable.inRound(m_position, m_round));
}

int Loop::roundShown() const {
    return m_timetable.hasRounds() ? m_round : 0;
}

double Loop::countSparsity() const {
    std::int64_t weights = 0;
    std::int64_t nonzeros = 0;
    for (const model::Layer& layer : m_snapshot.layers()) {
        if (!layer.prunable.weights) continue;
        const at::Tensor weight = model::parameterAt(m_module, layer.name).detach();
        weights += layer.weightCount;  // what is cut out while training counts as zero
        nonzeros += at::count_nonzero(weight).item<std::int64_t>();
    }
    return weights == 0 ? 0 : 1 - static_cast<double>(nonzeros) / static_cast<double>(weights);
}

TrainResult Loop::takeResult() {
    TrainResult result;
    result.bestEpoch = m_best.epoch();
    result.epochs = m_position.epoch;
    result.stopped = m_isStopped;
    result.hasNewStatistics = m_hasNewStatistics;
    result.endedEarly = m_earlyStopping.isDue();
    result.before = m_before.value_or(measure::Evaluation());
    result.after = m_best.evaluation();
    result.masks = m_pruner.masks();
    result.samples = m_metrics.takeSamples();
    result.interruption = m_interruption;
    return result;
}

}  // namespace espalier::train
