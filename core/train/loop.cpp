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

namespace espalier::train {
namespace {

std::vector<at::Tensor> prunableWeights(const model::Snapshot& snapshot,
                                        const torch::jit::Module& module) {
    std::vector<at::Tensor> weights;
    for (const model::Layer& layer : snapshot.layers()) {
        if (layer.prunable.weights)
            weights.push_back(model::parameterAt(module, layer.name).detach());
    }
    return weights;
}

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
           const measure::Placement& placement, Judgement judgement,
           const std::vector<at::Tensor>& kept, const prune::OtherMasks& others,
           const data::Dataset& dataset, const Recipe& recipe, const EventSink<TrainSample>& events)
    : m_dataset(dataset),
      m_recipe(recipe),
      m_module(std::move(module)),
      m_placement(placement),
      m_validation(std::move(judgement.validation)),
      m_prunable(prunableWeights(snapshot, m_module)),
      m_trainingStep(m_module, std::move(judgement.loss), m_validation.figures.output, recipe,
                     judgement.precision),
      m_scheduler(makeScheduler(recipe.scheduler)),
      m_loader(dataset, data::Split::Train, recipe.batchSize, recipe.seed),
      m_metrics(events),
      m_earlyStopping(recipe.earlyStopping) {
    m_position.totalSteps = std::max<std::int64_t>(1, m_loader.batchesPerEpoch() * recipe.epochs);
    if (recipe.masks == MaskMode::Off) return;
    m_trainingStep.setMasks(std::make_unique<MaskEnforcer>(snapshot, kept, m_module,
                                                           m_trainingStep.parameters(), others));
}

Result<void> Loop::run(RunControl& control) {
    const at::AutoGradMode gradients(true);
    m_metrics.meter().expect(m_position.totalSteps - m_position.step,
                             m_recipe.epochs - m_position.epoch, m_placement.device.str());
    if (!m_before) {
        m_metrics.setSparsity(countSparsity());
        const auto before = validate(0, kNotMeasured, control);
        if (!before) return before.error();
        if (*before == Outcome::Stopped)
            return Error{Error::Kind::Cancelled, "Fine-tuning was stopped", {}, {}};
        m_before = m_best.evaluation();
    }
    try {
        if (auto done = runEpochs(control); !done) return done.error();
        m_best.restore(m_module);
        return reestimateStatistics(control);
    } catch (const std::exception& failure) {
        if (m_position.epoch == 0) throw;
        m_interruption = detail::errorFromException("Fine-tuning broke off", failure);
    }
    return {};
}

Result<void> Loop::runEpochs(RunControl& control) {
    while (m_position.epoch < m_recipe.epochs && !m_isStopped && !m_earlyStopping.isDue()) {
        const auto outcome = runEpoch(m_position.epoch + 1, control);
        if (!outcome) return outcome.error();
        m_isStopped = *outcome == Outcome::Stopped;
        keepCheckpoint();
    }
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
        // When weights may grow back, they do so in the first step; later counts change little.
        if (!m_trainingStep.hasMasks() && m_position.step == 1)
            m_metrics.setSparsity(countSparsity());
        m_metrics.add({.step = m_position.step, .epoch = epoch, .loss = *loss, .lr = lr});
        m_metrics.progress(m_position, epoch, m_recipe.epochs);
    }
    return validate(epoch, m_epoch.lossSum / static_cast<double>(m_epoch.samples), control);
}

Result<Loop::Outcome> Loop::validate(int epoch, double trainLoss, RunControl& control) {
    const Stopwatch watch;
    const auto evaluation = evaluate(control);
    if (!evaluation && evaluation.error().kind == Error::Kind::Cancelled) return Outcome::Stopped;
    if (!evaluation) return evaluation.error();
    if (auto finite = checkFinite(evaluation->loss, "validation loss"); !finite)
        return finite.error();
    if (epoch > 0) m_metrics.setSparsity(countSparsity());
    m_metrics.meter().validationDone(watch.seconds());
    tell(*evaluation, epoch, trainLoss);
    const bool isBest = m_best.offer(m_module, *evaluation, epoch);
    if (epoch > 0) m_scheduler->epochEnded(evaluation->loss);
    if (epoch > 0) m_earlyStopping.epochEnded(isBest);
    m_position.epoch = epoch;
    m_epoch = {};
    return Outcome::Finished;
}

Result<measure::Evaluation> Loop::evaluate(RunControl& control) {
    m_module.eval();
    const measure::EvaluateOptions options{.split = data::Split::Validation};
    return measure::evaluateModule(m_module, m_placement, m_dataset, options, m_validation, {},
                                   control);
}

void Loop::tell(const measure::Evaluation& evaluation, int epoch, double trainLoss) {
    m_metrics.add({.step = m_position.step,
                   .epoch = epoch,
                   .loss = trainLoss,
                   .valLoss = evaluation.loss,
                   .top1 = evaluation.top1,
                   .lr = learningRate(),
                   .score = evaluation.score});
}

Result<void> Loop::reestimateStatistics(RunControl& control) {
    if (m_recipe.batchNormBatches == 0 || m_isStopped) return {};
    m_loader.startEpoch(m_position.epoch + 1);
    const auto found =
        reestimateBatchNorm(m_module, m_placement, m_loader, m_recipe.batchNormBatches, control);
    if (found && *found == 0) {
        log(LogLevel::Warning, "The model has no batch norms whose statistics could be taken anew");
        return {};
    }
    const Result<measure::Evaluation> evaluation = found ? evaluate(control) : found.error();
    m_isStopped = !evaluation && evaluation.error().kind == Error::Kind::Cancelled;
    if (!evaluation && !m_isStopped) return evaluation.error();
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

double Loop::learningRate() const {
    return m_recipe.optimizer.lr * m_scheduler->factor(m_position);
}

double Loop::countSparsity() const {
    std::int64_t weights = 0;
    std::int64_t nonzeros = 0;
    for (const at::Tensor& weight : m_prunable) {
        weights += weight.numel();
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
    result.samples = m_metrics.takeSamples();
    result.interruption = m_interruption;
    return result;
}

}  // namespace espalier::train
