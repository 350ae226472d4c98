// SPDX-License-Identifier: GPL-3.0-or-later
#include <c10/core/GradMode.h>

#include "core/base/format.h"
#include "core/model/base_masks_torch.h"
#include "core/model/inputs_torch.h"
#include "core/model/layer_finder_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/script/load_torch.h"

namespace espalier::model {

namespace {

using script::InputSpec;

/// What one example run told.
struct Seen {
    std::vector<InputSpec> inputs;
    FoundLayers found;
    std::vector<std::int64_t> outputShape;
};

Result<Seen> runOnce(const script::Program& program, const std::vector<Parameter>& parameters,
                     std::vector<InputSpec> inputs, RunControl& control) {
    // With gradients on, a scripted attention layer takes the path in which its products can be seen.
    const c10::AutoGradMode gradients(true);
    LayerFinder finder(program.module, parameters);
    auto output = script::runObserved(program, script::exampleInputs(inputs, 0), finder, control);
    if (!output) return output.error();
    const auto tensors = script::tensorsIn(*output);
    return Seen{std::move(inputs), finder.finish(),
                tensors.empty() ? std::vector<std::int64_t>() : tensors.front().sizes().vec()};
}

Result<Seen> runGiven(const script::Program& program, const std::vector<Parameter>& parameters,
                      const std::vector<InputSpec>& inputs, RunControl& control) {
    if (auto fits = checkInputs(program, inputs); !fits) return fits.error();
    auto seen = runOnce(program, parameters, inputs, control);
    if (seen || seen.error().kind == Error::Kind::Cancelled) return seen;
    return Error{Error::Kind::BadArgument, cat("The model does not run on ", describe(inputs)), seen.error().why,
                 "Give the shape and type that its forward expects."};
}

Result<Seen> runGuessed(const script::Program& program, const std::vector<Parameter>& parameters, RunControl& control) {
    const auto arguments = requiredArguments(program);
    if (!arguments) return arguments.error();
    std::string tried;
    std::string firstCause;
    for (auto& guess : guessInputs(program, *arguments)) {
        const auto text = describe(guess);
        auto seen = runOnce(program, parameters, std::move(guess), control);
        if (seen || seen.error().kind == Error::Kind::Cancelled) return seen;
        if (firstCause.empty()) firstCause = seen.error().why;
        tried += cat(tried.empty() ? "" : ", ", text);
    }
    return Error{Error::Kind::Unsupported, "Cannot guess an input that the model runs on",
                 cat("tried ", tried, "; with the first of them, ", firstCause),
                 "Say what its input looks like, as in 1x3x224x224 or 1x128:int64:0..30522."};
}

/// MACs are reported for one sample. The first dimension counts samples when the output has as many.
void scaleToOneSample(Seen& seen) {
    if (seen.inputs.empty() || seen.inputs[0].isList || seen.inputs[0].shape.size() < 2) return;
    const auto batch = seen.inputs[0].shape[0];
    if (batch <= 1 || seen.outputShape.empty() || seen.outputShape[0] != batch) return;
    for (auto& layer : seen.found.layers) layer.macs /= batch;
    seen.found.otherMacs /= batch;
}

std::vector<std::string> notesOn(const SnapshotState& state) {
    std::vector<std::string> notes;
    if (state.parameters == 0) notes.emplace_back("The model has no parameters: there is nothing to prune.");
    if (state.inputsAreGuessed && !state.inputs.empty()) {
        notes.push_back(cat("The example input ", describe(state.inputs),
                            " is a guess: shapes and MACs depend on it."));
    }
    if (state.outputShape.empty()) notes.emplace_back("forward returns no tensor: accuracy cannot be measured.");
    return notes;
}

void findBaseMasks(SnapshotState& state, BaseMasks option) {
    state.baseMasks.resize(state.layers.size());
    for (const auto& layer : state.layers) {
        if (option == BaseMasks::Ignore || !layer.prunable.weights) continue;
        state.baseMasks[layer.id.index()] = maskOfNonzeros(parameterAt(state.module, layer.name).detach());
    }
}

Result<SnapshotPtr> makeSnapshot(script::LoadedModule loaded, const std::filesystem::path& path,
                                 const OpenOptions& options, const EventSink<>& events, RunControl& control) {
    auto program = script::makeProgram(loaded.module);
    if (!program) return program.error();
    const auto parameters = uniqueParameters(loaded.module);
    events.progress({"finding the layers", 1, 3});
    auto seen = options.inputs.empty() ? runGuessed(*program, parameters, control)
                                       : runGiven(*program, parameters, options.inputs, control);
    if (!seen) return seen.error();
    scaleToOneSample(*seen);

    auto state = std::make_shared<SnapshotState>();
    state->file = {path, loaded.sha256, loaded.fileBytes};
    state->module = std::move(loaded.module);
    state->layers = std::move(seen->found.layers);
    state->otherMacs = seen->found.otherMacs;
    state->outputShape = std::move(seen->outputShape);
    state->inputs = std::move(seen->inputs);
    state->inputsAreGuessed = options.inputs.empty();
    for (const auto& parameter : parameters) state->parameters += parameter.tensor.numel();
    events.progress({"looking for pruned weights", 2, 3});
    findBaseMasks(*state, options.baseMasks);
    state->notes = notesOn(*state);
    state->weightsHash = hashOfWeights(state->module, state->baseMasks);
    events.progress({"done", 3, 3});
    return std::make_shared<const Snapshot>(std::move(state));
}

}  // namespace

Result<SnapshotPtr> openSnapshot(const std::filesystem::path& path, const OpenOptions& options,
                                 const EventSink<>& events, RunControl& control) {
    const auto what = cat("Cannot open ", path.filename().string());
    return guarded(what, [&]() -> Result<SnapshotPtr> {
        events.progress({"loading", 0, 3});
        auto loaded = script::loadModule(path, control);
        if (!loaded) return loaded.error();
        return makeSnapshot(std::move(*loaded), path, options, events, control);
    });
}

}  // namespace espalier::model
