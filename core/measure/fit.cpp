// SPDX-License-Identifier: GPL-3.0-or-later
// Whether data and model belong together, and in words what is wrong when they do not.
#include <algorithm>
#include <optional>

#include <ATen/core/grad_mode.h>

#include "core/base/format.h"
#include "core/base/log.h"
#include "core/measure/model_output_torch.h"
#include "core/measure/scores_torch.h"
#include "core/measure/shape_hint.h"
#include "core/model/snapshot_torch.h"

namespace espalier::measure {
namespace {

std::string written(at::IntArrayRef shape) {
    std::string text;
    for (const std::int64_t size : shape) text += cat(text.empty() ? "" : "x", size);
    return text;
}

Error mismatch(const model::Snapshot& snapshot, const data::Dataset& dataset, std::string why,
               std::string hint) {
    return {Error::Kind::Mismatch,
            cat("Model ", snapshot.file().name(), " and data ", dataset.info().name, " do not fit"),
            std::move(why), std::move(hint)};
}

std::size_t argumentsNeeded(const torch::jit::Module& module) {
    std::size_t needed = 0;
    for (const auto& argument : module.get_method("forward").function().getSchema().arguments()) {
        if (!argument.default_value()) ++needed;
    }
    return needed - 1;  // self
}

bool runs(torch::jit::Module& module, const data::Batch& batch) {
    try {
        module.forward({batch.inputs.begin(), batch.inputs.end()});
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

/// Why forward threw on a batch of two.
Error refusedBatch(torch::jit::Module& module, const Placement& placement,
                   const model::Snapshot& snapshot, const data::Dataset& dataset,
                   const std::exception& exception) {
    const std::string name = dataset.info().name;
    const std::vector<std::int64_t>& sample = dataset.info().sampleShape;
    if (!snapshot.inputs().empty()) {
        const std::vector<std::int64_t>& taken = snapshot.inputs()[0].shape;
        if (std::vector(taken.begin() + 1, taken.end()) != sample) {
            return mismatch(snapshot, dataset,
                            cat("the model takes ", written(taken),
                                snapshot.inputsAreGuessed() ? " (a guess)" : "", ", the images of ",
                                name, " are 1x", written(sample)),
                            shapeHint(snapshot, dataset.info(), dataset.spec()));
        }
    }
    if (runs(module, moved(firstSamples(dataset, 1), placement))) {
        return mismatch(snapshot, dataset, "the model runs on one sample but not on a batch of two",
                        "Save the model again so that its batch size is free (traced code may hold "
                        "a fixed one)");
    }
    const Error inside = detail::errorFromException("The model", exception);
    return mismatch(
        snapshot, dataset,
        cat("the model does not run on images of 1x", written(sample), ": ", inside.why),
        "Attach data of the model's shape");
}

/// The rows of the largest embedding that has none for `value`; none when all have one.
std::optional<std::int64_t> rowsTooFewFor(std::int64_t value, const model::Snapshot& snapshot) {
    std::optional<std::int64_t> rows;
    for (const auto& layer : snapshot.layers()) {
        const bool isIn = value >= 0 && value < layer.shape[0];
        if (layer.op.starts_with("embedding") && !isIn)
            rows = std::max(rows.value_or(0), layer.shape[0]);
    }
    return rows;
}

/// Two samples hold few of the ids in the data: the model is tried on the least and the greatest of
/// them, too, where an embedding has no row for them.
Result<void> checkIds(torch::jit::Module& module, const data::Batch& two,
                      const model::Snapshot& snapshot, const data::Dataset& dataset) {
    const auto& inputs = dataset.info().inputs;
    for (std::size_t i = 0; i < std::min(inputs.size(), two.inputs.size()); ++i) {
        if (!inputs[i].range || two.inputs[i].numel() == 0) continue;
        const auto [begin, end] = *inputs[i].range;
        for (const std::int64_t value : {begin, end - 1}) {
            const auto rows = rowsTooFewFor(value, snapshot);
            if (!rows) continue;
            data::Batch changed = two;
            changed.inputs[i] = two.inputs[i].clone(at::MemoryFormat::Contiguous);
            changed.inputs[i].view(-1)[0].fill_(value);
            if (runs(module, changed)) continue;
            return mismatch(snapshot, dataset,
                            cat("input ", i + 1, " of the samples holds ", value,
                                " (its values go from ", begin, " to ", end - 1,
                                "), and the model's embedding has the rows 0 to ", *rows - 1),
                            "Make the data with the vocabulary that the model was trained with");
        }
    }
    return {};
}

/// "; sample 12 (from 0) of the test split is of class 11"
std::string oneBeyond(const data::Dataset& dataset, std::int64_t classes) {
    for (const auto split : {data::Split::Train, data::Split::Validation, data::Split::Test}) {
        const auto labels = dataset.labels(split);
        const auto found = std::ranges::find_if(
            labels, [classes](std::int64_t label) { return label >= classes; });
        if (found == labels.end()) continue;
        return cat("; ", dataset.sampleName(split, found - labels.begin()), " is of class ",
                   dataset.info().classes.at(static_cast<std::size_t>(*found)));
    }
    return {};
}

/// What `output` [2, …] is to be judged by, beside what the objective says of it.
Result<void> checkClasses(const at::Tensor& output, const model::Snapshot& snapshot,
                          const data::Dataset& dataset) {
    const auto classes = std::ssize(dataset.info().classes);
    if (output.dim() != 2 || output.size(0) != 2 || !output.is_floating_point()) {
        return mismatch(
            snapshot, dataset,
            cat("the model gives ", shapeText(output), " for two samples, not one score per class"),
            "Use a classifier, whose output is [batch, classes], or another loss");
    }
    if (output.size(1) < classes) {
        return mismatch(
            snapshot, dataset,
            cat("the model tells ", output.size(1), " classes apart, ", dataset.info().name,
                " has ", classes, oneBeyond(dataset, output.size(1))),
            "Attach the data that the model was trained on");
    }
    return {};
}

/// "cat, dog, frog, …"
std::string listed(const std::vector<std::string>& classes) {
    constexpr std::size_t kShown = 4;
    std::string text;
    for (std::size_t i = 0; i < std::min(kShown, classes.size()); ++i)
        text += cat(i == 0 ? "" : ", ", classes[i]);
    return classes.size() > kShown ? text + ", …" : text;
}

/// Which outputs the classes are taken for, where there are more outputs; else empty.
std::string fewerClasses(std::int64_t outputs, const data::DatasetInfo& info) {
    const auto classes = std::ssize(info.classes);
    if (classes >= outputs) return {};
    return cat("the model has ", outputs, " outputs and ", info.name, " ", classes,
               classes == 1 ? " class: " : " classes: ", listed(info.classes),
               classes == 1
                   ? " is taken for its output 0"
                   : cat(" are taken for its outputs 0 to ", classes - 1, ", in this order"),
               ". If the model numbers its classes otherwise, its accuracy here says "
               "nothing: attach data with all of them, or measure agreement with the dense model "
               "(--metric "
               "agreement)");
}

Result<Fit> checkOutput(const at::Tensor& output, const at::Tensor& targets,
                        const model::Snapshot& snapshot, const data::Dataset& dataset,
                        const Objective& objective) {
    const bool isOfLabels = objective.metric.hasShares && !objective.needsReference();
    if (isOfLabels) {
        if (auto sound = checkClasses(output, snapshot, dataset); !sound) return sound.error();
    }
    const std::string why = objective.misfit(output, targets);
    if (!why.empty()) {
        return mismatch(
            snapshot, dataset, why,
            "Choose another output (--model-output), loss or metric: cross_entropy, mse, "
            "bce, or a TorchScript module of (output, target)");
    }
    Fit fit;
    if (isOfLabels) {
        const std::string note = fewerClasses(output.size(1), dataset.info());
        if (!note.empty()) fit.notes.push_back(note);
    }
    return fit;
}

}  // namespace

Result<Fit> checkFit(torch::jit::Module& module, const Placement& placement,
                     const model::Snapshot& snapshot, const data::Dataset& dataset,
                     const Objective& objective) {
    const at::NoGradGuard noGradients;
    data::Batch two;
    try {
        two = moved(firstSamples(dataset, 2), placement);
    } catch (const data::ReadError& gone) {
        return gone.error();
    }
    if (const std::size_t needed = argumentsNeeded(module); needed != two.inputs.size()) {
        return mismatch(snapshot, dataset,
                        cat("the model takes ", needed, " inputs, a sample of ",
                            dataset.info().name, " has ", two.inputs.size()),
                        "Attach data with as many inputs: a .pt or .npz file with inputs0, inputs1 "
                        "and so on");
    }
    c10::IValue returned;
    try {
        returned = module.forward({two.inputs.begin(), two.inputs.end()});
    } catch (const std::exception& exception) {
        return refusedBatch(module, placement, snapshot, dataset, exception);
    }
    if (auto sound = checkIds(module, two, snapshot, dataset); !sound) return sound.error();
    const auto output = selectOutput(returned, objective.figures.output);
    if (!output) return output.error();
    return checkOutput(*output, two.targets, snapshot, dataset, objective);
}

Result<Fit> checkFit(const model::Snapshot& snapshot, const data::Dataset& dataset,
                     const MetricOptions& metrics) {
    return guarded("Cannot try the model on the data", [&]() -> Result<Fit> {
        RunControl uninterrupted;
        const auto objective = makeObjective(metrics, dataset.info(), c10::kCPU, uninterrupted);
        if (!objective) return objective.error();
        torch::jit::Module module = model::cloneModule(snapshot.state().module);
        const Placement placement = place(module, snapshot, c10::kCPU);
        return checkFit(module, placement, snapshot, dataset, *objective);
    });
}

}  // namespace espalier::measure
