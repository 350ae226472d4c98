// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/evaluate.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/topk.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "core/base/format.h"
#include "core/data/batch_stream_torch.h"
#include "core/measure/device_torch.h"
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
    explicit Tally(const data::DatasetInfo& info) {
        for (const std::string& name : info.classes) m_classes.push_back({name, 0, 0});
    }

    void add(const at::Tensor& scores, const at::Tensor& targets) {
        const at::Tensor exact = scores.to(at::kDouble);
        m_loss += at::cross_entropy_loss(exact, targets, {}, at::Reduction::Sum).item<double>();
        const at::Tensor best =
            std::get<1>(exact.topk(std::min<std::int64_t>(5, exact.size(1)), 1));
        m_top5 += best.eq(targets.unsqueeze(1)).any(1).sum().item<std::int64_t>();
        const at::Tensor isRight = exact.argmax(1).eq(targets).cpu();
        const at::Tensor labels = targets.cpu();
        for (std::int64_t i = 0; i < labels.numel(); ++i) {
            ClassAccuracy& of =
                m_classes.at(static_cast<std::size_t>(labels.const_data_ptr<std::int64_t>()[i]));
            ++of.samples;
            of.correct += isRight.const_data_ptr<bool>()[i] ? 1 : 0;
        }
        m_samples += labels.numel();
    }

    Evaluation result() const {
        const auto share = [this](double sum) { return sum / static_cast<double>(m_samples); };
        std::int64_t correct = 0;
        for (const ClassAccuracy& each : m_classes) correct += each.correct;
        Evaluation evaluation;
        evaluation.samples = m_samples;
        evaluation.loss = share(m_loss);
        evaluation.top1 = share(static_cast<double>(correct));
        evaluation.top5 = share(static_cast<double>(m_top5));
        evaluation.classes = m_classes;
        return evaluation;
    }

private:
    double m_loss = 0;
    std::int64_t m_samples = 0;
    std::int64_t m_top5 = 0;
    std::vector<ClassAccuracy> m_classes;
};

Result<void> check(const data::Dataset& dataset, const EvaluateOptions& options) {
    const std::string what = cat("Cannot evaluate on ", dataset.info().name);
    if (data::sampleCount(dataset, options.split) == 0) {
        return Error{Error::Kind::BadArgument, what,
                     cat("its ", data::name(options.split), " split is empty"),
                     "Choose another split or attach data that has it"};
    }
    if (dataset.info().targets != data::Targets::Classes) {
        const bool isUnlabelled = dataset.info().targets == data::Targets::None;
        return Error{Error::Kind::Unsupported, what,
                     isUnlabelled ? "it has no targets, so that top-1 cannot be measured"
                                  : "its targets are numbers, not one class a sample, so that "
                                    "top-1 cannot be measured",
                     "Save the targets as one int64 class number a sample"};
    }
    if (options.batchSize < 1) {
        return Error{Error::Kind::BadArgument, what, cat("the batch size is ", options.batchSize),
                     "Give a number of at least 1"};
    }
    return {};
}

}  // namespace

Result<Evaluation> evaluateModule(torch::jit::Module& module, const Placement& placement,
                                  const data::Dataset& dataset, const EvaluateOptions& options,
                                  const EventSink<>& events, RunControl& control) {
    const at::NoGradGuard
        noGradients;  // inference mode would leave tensors that cannot be trained on
    const Clock::time_point start = Clock::now();
    const std::int64_t available = data::sampleCount(dataset, options.split);
    const std::int64_t total =
        options.maxSamples > 0 ? std::min(options.maxSamples, available) : available;
    Progress progress{cat("Evaluating on the ", data::name(options.split), " split"), 0, total, -1};
    Tally tally(dataset.info());
    std::vector<std::int64_t> order(static_cast<std::size_t>(total));
    std::iota(order.begin(), order.end(), 0);
    data::BatchStream stream(dataset, options.split, std::move(order), {options.batchSize});
    while (stream.hasNext()) {
        if (!control.keepGoing())
            return Error{Error::Kind::Cancelled, "The evaluation was stopped", {}, {}};
        const auto read = stream.next(control);
        if (!read) return read.error();
        const data::Batch batch = moved(*read, placement);
        tally.add(scores(module, batch), batch.targets);
        progress.done = std::min(total, progress.done + options.batchSize);
        progress.secondsLeft = secondsSince(start) / static_cast<double>(progress.done) *
                               static_cast<double>(total - progress.done);
        events.progress(progress);
    }
    Evaluation evaluation = tally.result();
    evaluation.split = options.split;
    evaluation.seconds = secondsSince(start);
    return evaluation;
}

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
        if (auto fits = checkFit(module, placement, snapshot, dataset); !fits) return fits.error();
        return evaluateModule(module, placement, dataset, options, events, control);
    });
}

}  // namespace espalier::measure
