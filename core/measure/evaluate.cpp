// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/evaluate.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/argmax.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "core/base/format.h"
#include "core/data/batch_stream_torch.h"
#include "core/data/empty_split.h"
#include "core/measure/device_torch.h"
#include "core/measure/non_finite_torch.h"
#include "core/measure/scores_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/masks_torch.h"

namespace espalier::measure {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Adds up what batches say. Counts are exact; the loss is summed in double precision.
class Tally {
public:
    Tally(const Objective& objective, const data::DatasetInfo& info) : m_objective(objective) {
        for (const std::string& name : info.classes) m_classes.push_back({name, 0, 0});
        m_hasClasses = objective.metric.hasShares && !objective.needsReference();
    }

    /// `reference`: the targets, or what the dense model gives.
    void add(const at::Tensor& scores, const at::Tensor& reference) {
        m_sums += m_objective.figures.sums(scores, reference);
        m_samples += scores.size(0);
        if (m_hasClasses) countByClass(scores, reference);
    }

    Evaluation result() const {
        const ScanFigures means = m_sums / static_cast<double>(m_samples);
        Evaluation evaluation;
        evaluation.samples = m_samples;
        evaluation.loss = means.loss;
        evaluation.top1 = means.top1;
        evaluation.top5 = means.top5;
        evaluation.score = means.score;
        evaluation.metric = m_objective.metric;
        if (m_hasClasses) evaluation.classes = m_classes;
        return evaluation;
    }

private:
    void countByClass(const at::Tensor& scores, const at::Tensor& targets) {
        const at::Tensor isRight = scores.to(at::kDouble).argmax(1).eq(targets).cpu();
        const at::Tensor labels = targets.cpu();
        for (std::int64_t i = 0; i < labels.numel(); ++i) {
            ClassAccuracy& of =
                m_classes.at(static_cast<std::size_t>(labels.const_data_ptr<std::int64_t>()[i]));
            ++of.samples;
            of.correct += isRight.const_data_ptr<bool>()[i] ? 1 : 0;
        }
    }

    const Objective& m_objective;
    bool m_hasClasses = false;
    ScanFigures m_sums;
    std::int64_t m_samples = 0;
    std::vector<ClassAccuracy> m_classes;
};

Result<void> check(const data::Dataset& dataset, const EvaluateOptions& options) {
    const std::string what = cat("Cannot evaluate on ", dataset.info().name);
    if (data::sampleCount(dataset, options.split) == 0)
        return data::emptySplit(what, dataset.info(), options.split);
    if (options.batchSize < 1) {
        return Error{Error::Kind::BadArgument, what, cat("the batch size is ", options.batchSize),
                     "Give a number of at least 1"};
    }
    return {};
}

}  // namespace

Result<Evaluation> evaluateModule(torch::jit::Module& module, const Placement& placement,
                                  const data::Dataset& dataset, const EvaluateOptions& options,
                                  const Objective& objective, const EventSink<>& events,
                                  RunControl& control) {
    const at::NoGradGuard
        noGradients;  // inference mode would leave tensors that cannot be trained on
    const Clock::time_point start = Clock::now();
    const std::int64_t available = data::sampleCount(dataset, options.split);
    NonFinite nonFinite;
    const std::int64_t total =
        options.maxSamples > 0 ? std::min(options.maxSamples, available) : available;
    Progress progress{cat("Evaluating on the ", data::name(options.split), " split"), 0, total, -1};
    Tally tally(objective, dataset.info());
    std::vector<std::int64_t> order(static_cast<std::size_t>(total));
    std::iota(order.begin(), order.end(), 0);
    data::BatchStream stream(dataset, options.split, std::move(order), {options.batchSize});
    while (stream.hasNext()) {
        if (!control.keepGoing())
            return Error{Error::Kind::Cancelled, "The evaluation was stopped", {}, {}};
        const auto read = stream.next(control);
        if (!read) return read.error();
        const data::Batch batch = moved(*read, placement);
        const std::string& output = objective.figures.output;
        const at::Tensor own = scores(module, batch, output);
        nonFinite.look(batch, own);
        try {
            tally.add(own, objective.reference ? scores(*objective.reference, batch, output)
                                               : batch.targets);
        } catch (const StrayLabel& stray) {
            return strayLabelError(dataset, options.split, progress.done, stray);
        }
        progress.done = std::min(total, progress.done + options.batchSize);
        progress.secondsLeft = secondsSince(start) / static_cast<double>(progress.done) *
                               static_cast<double>(total - progress.done);
        events.progress(progress);
    }
    Evaluation evaluation = tally.result();
    evaluation.split = options.split;
    evaluation.seconds = secondsSince(start);
    if (std::string note = nonFinite.note(dataset, options.split); !note.empty())
        evaluation.notes.push_back(std::move(note));
    return evaluation;
}

namespace {

/// Whether the reference takes the samples as well, and answers in the model's shape.
Result<void> checkReference(torch::jit::Module& module, const Placement& placement,
                            const model::Snapshot& snapshot, const data::Dataset& dataset,
                            const EvaluateOptions& options, Objective& objective) {
    if (!objective.needsReference() || !options.reference) return {};
    const model::Snapshot& reference = *options.reference;
    if (auto fits = checkFit(*objective.reference, placement, reference, dataset, objective);
        !fits) {
        Error error = fits.error();
        error.what = cat("The reference ", reference.file().name(), " and data ",
                         dataset.info().name, " do not fit");
        error.hint = cat("Give the dense model that ", snapshot.file().name(), " was made from");
        return error;
    }
    const at::NoGradGuard noGradients;
    const data::Batch two = moved(firstSamples(dataset, 2), placement);
    const std::string& output = objective.figures.output;
    const at::Tensor own = scores(module, two, output);
    const at::Tensor other = scores(*objective.reference, two, output);
    if (own.sizes() == other.sizes()) return {};
    return Error{
        Error::Kind::Mismatch,
        cat("Cannot compare ", snapshot.file().name(), " with the reference ",
            reference.file().name()),
        cat("for two samples it gives ", shapeText(own), ", the reference ", shapeText(other)),
        "Give the dense model that it was made from"};
}

}  // namespace

Result<Evaluation> evaluate(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                            const data::Dataset& dataset, const EvaluateOptions& options,
                            const EventSink<>& events, RunControl& control) {
    if (auto sound = check(dataset, options); !sound) return sound.error();
    return guarded(cat("Cannot evaluate ", snapshot.file().name()), [&]() -> Result<Evaluation> {
        const auto device = findDevice(options.device);
        if (!device) return device.error();
        torch::jit::Module module = masks ? prune::maskedModule(snapshot, *masks)
                                          : model::cloneModule(snapshot.state().module);
        const Placement placement = place(module, snapshot, *device);
        auto objective = makeObjective(options.metrics, dataset.info(), *device, control);
        if (!objective) return objective.error();
        const auto fits = checkFit(module, placement, snapshot, dataset, *objective);
        if (!fits) return fits.error();
        setReference(*objective, options.reference ? *options.reference : snapshot, placement);
        if (auto sound = checkReference(module, placement, snapshot, dataset, options, *objective);
            !sound) {
            return sound.error();
        }
        auto result =
            evaluateModule(module, placement, dataset, options, *objective, events, control);
        if (result)
            result->notes.insert(result->notes.begin(), fits->notes.begin(), fits->notes.end());
        return result;
    });
}

}  // namespace espalier::measure
