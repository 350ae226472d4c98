// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <deque>
#include <set>
#include <unordered_map>

#include <c10/core/GradMode.h>

#include "core/base/format.h"
#include "core/model/base_masks_torch.h"
#include "core/model/inputs_torch.h"
#include "core/model/layer_finder_torch.h"
#include "core/model/size_search_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/script/attached_pruning_torch.h"
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

/// Numbers of another precision than the weights' are the usual mistake.
std::string hintFor(const std::vector<InputSpec>& inputs,
                    const std::vector<Parameter>& parameters) {
    const std::string hint = "Give the shape and type that its forward expects";
    if (parameters.empty() || inputs.empty()) return hint + ".";
    const auto type = parameters.front().tensor.scalar_type();
    const bool isHalf = type == at::kHalf || type == at::kBFloat16;
    if (!isHalf || inputs[0].dtype != script::DType::Float32) return hint + ".";
    InputSpec other = inputs[0];
    other.dtype = type == at::kHalf ? script::DType::Float16 : script::DType::BFloat16;
    return cat(hint, ", as in ", script::toString(other), ": its weights are of that type.");
}

/// Tries example inputs on one model.
class ExampleRuns {
public:
    ExampleRuns(const script::Program& program, const std::vector<Parameter>& parameters,
                RunControl& control)
        : m_program(program), m_parameters(parameters), m_control(control) {}

    Result<Seen> given(const std::vector<InputSpec>& inputs) {
        if (auto fits = checkInputs(m_program, inputs); !fits) return fits.error();
        auto seen = run(inputs);
        if (seen || seen.error().kind == Error::Kind::Cancelled) return seen;
        return Error{Error::Kind::BadArgument, cat("The model does not run on ", describe(inputs)),
                     seen.error().why,
                     seen.error().hint.empty() ? hintFor(inputs, m_parameters) : seen.error().hint};
    }

    Result<Seen> guessed() {
        const auto arguments = requiredArguments(m_program);
        if (!arguments) return arguments.error();
        const auto guesses = guessInputs(m_program, *arguments);
        m_guesses.assign(guesses.begin(), guesses.end());
        std::string tried;
        std::string firstCause;
        while (!m_guesses.empty()) {
            const auto guess = std::move(m_guesses.front());
            m_guesses.pop_front();
            if (!m_tried.insert(describe(guess)).second) continue;
            auto seen = run(guess);
            if (seen || seen.error().kind == Error::Kind::Cancelled) return seen;
            if (firstCause.empty()) firstCause = seen.error().why;
            if (m_tried.size() <= kMostNamed) {
                tried += cat(tried.empty() ? "" : ", ", describe(guess));
            }
            learnFrom(guess);
            learnFromClashes(guess);
        }
        return Error{
            Error::Kind::Unsupported, "Cannot guess an input that the model runs on",
            cat("tried ", tried,
                m_tried.size() > kMostNamed ? cat(" and ", m_tried.size() - kMostNamed, " more")
                                            : "",
                "; with the first of them, ", firstCause),
            "Say what its input looks like, as in 1x3x224x224 or 1x128:int64:0..30522."};
    }

private:
    Result<Seen> run(const std::vector<InputSpec>& inputs) {
        // With gradients on, a scripted attention layer takes the path that shows its products.
        const c10::AutoGradMode gradients(true);
        LayerFinder finder(m_program.module, m_parameters);
        MisfitWatcher watcher(finder);
        auto examples = script::exampleInputs(inputs, 0);
        auto output = script::runObserved(m_program, std::move(examples), watcher, m_control);
        m_misfit = watcher.misfit();
        m_clashes = watcher.clashes();
        if (!output) return output.error();
        const auto tensors = script::tensorsIn(*output);
        return Seen{inputs, finder.finish(),
                    tensors.empty() ? std::vector<std::int64_t>() : tensors[0].sizes().vec()};
    }

    /// When a linear layer said what it wants, the sizes that would give it that come next.
    void learnFrom(const std::vector<InputSpec>& failed) {
        const auto isSquare = [](const InputSpec& input) {
            return input.shape.size() == 4 && input.shape[2] == input.shape[3];
        };
        const auto image = std::ranges::find_if(failed, isSquare);
        if (!m_misfit || m_hasLearnt || image == failed.end()) return;
        m_hasLearnt = true;
        auto sizes = fittingSizes(image->shape[2], *m_misfit);
        for (auto size = sizes.rbegin(); size != sizes.rend(); ++size) {
            auto guess = failed;
            auto& shape = guess[static_cast<std::size_t>(image - failed.begin())].shape;
            shape[2] = shape[3] = *size;
            m_guesses.push_front(std::move(guess));
        }
    }

    /// Where an operator met two sizes that had to be equal, the guess with the other one comes
    /// next.
    void learnFromClashes(const std::vector<InputSpec>& failed) {
        for (const auto& clash : m_clashes) {
            auto guess = failed;
            for (auto& input : guess)
                std::ranges::replace(input.shape, clash.offered, clash.wanted);
            if (guess == failed || m_corrections >= kMostCorrections) continue;
            ++m_corrections;
            m_guesses.push_front(std::move(guess));
        }
    }

    static constexpr int kMostCorrections = 24;
    static constexpr std::size_t kMostNamed = 8;

    const script::Program& m_program;
    const std::vector<Parameter>& m_parameters;
    RunControl& m_control;
    std::deque<std::vector<InputSpec>> m_guesses;
    std::optional<Misfit> m_misfit;  // of the newest run
    std::vector<Clash> m_clashes;    // of the newest run
    std::set<std::string> m_tried;
    int m_corrections = 0;
    bool m_hasLearnt = false;
};

/// MACs are reported for one sample. The first dimension counts samples when the output has as
/// many.
void scaleToOneSample(Seen& seen) {
    if (seen.inputs.empty() || seen.inputs[0].isList || seen.inputs[0].shape.size() < 2) return;
    const auto batch = seen.inputs[0].shape[0];
    if (batch <= 1 || seen.outputShape.empty() || seen.outputShape[0] != batch) return;
    for (auto& layer : seen.found.layers) layer.macs /= batch;
    seen.found.otherMacs /= batch;
}

/// Masks that torch.nn.utils.prune left in the file, by the plain names of their parameters.
struct AttachedMasks {
    std::map<std::string, at::Tensor> kept;  ///< bool
    std::vector<std::string> notes;
};

/// Takes attached masks off `module`: they become base masks.
AttachedMasks takeOffMasks(torch::jit::Module& module) {
    AttachedMasks masks;
    const auto found = script::findAttachedMasks(module);
    if (found.empty()) return masks;
    auto committed = script::commitAttachedMasks(module);
    if (!committed) {
        masks.notes.push_back(cat(committed.error().text(), " Its ", found.size(),
                                  " masked weights cannot be pruned."));
        return masks;
    }
    for (const auto& mask : found) {
        masks.kept.emplace(mask.plain, parameterAt(module, mask.mask).ne(0));
    }
    masks.notes.push_back(cat("The file still had its masks of torch.nn.utils.prune (",
                              found.size(), found.size() == 1 ? " weight" : " weights",
                              "): they are its base masks now."));
    module = std::move(*committed);
    return masks;
}

/// Earlier pruning, or an initialisation with zeros: people should know which.
std::string noteOnZeros(const SnapshotState& state) {
    std::int64_t weights = 0;
    std::int64_t zeros = 0;
    std::string whole;
    for (const auto& layer : state.layers) {
        const auto& mask = state.baseMasks[layer.id.index()];
        if (!layer.prunable.weights) continue;
        weights += layer.weightCount;
        if (!mask.defined()) continue;
        const auto own = layer.weightCount - mask.sum().item<std::int64_t>();
        zeros += own;
        if (own == layer.weightCount) whole += cat(whole.empty() ? "" : ", ", layer.name);
    }
    if (zeros == 0) return {};
    const auto rest = whole.empty() ? "" : cat(", and of ", whole, " nothing else is left");
    return cat(siCount(static_cast<double>(zeros)), " of ", siCount(static_cast<double>(weights)),
               " prunable weights are zero in the file: they count as removed and stay zero", rest,
               ".");
}

std::vector<std::string> notesOn(const SnapshotState& state) {
    std::vector<std::string> notes;
    if (state.parameters == 0) {
        notes.emplace_back("The model has no parameters: there is nothing to prune.");
    }
    if (state.inputsAreGuessed && !state.inputs.empty()) {
        notes.push_back(
            cat("The example input ", describe(state.inputs),
                " is a guess: shapes and MACs depend on it; say it if it is another (--input)."));
    }
    if (auto zeros = noteOnZeros(state); !zeros.empty()) notes.push_back(std::move(zeros));
    if (state.outputShape.empty()) {
        notes.emplace_back("forward returns no tensor: accuracy cannot be measured.");
    }
    return notes;
}

/// What an attached mask removed is zero too, but is no matter of opinion.
void findBaseMasks(SnapshotState& state, const AttachedMasks& attached, BaseMasks option) {
    state.baseMasks.resize(state.layers.size());
    state.otherBaseMasks = attached.kept;
    for (const auto& layer : state.layers) {
        auto& mask = state.baseMasks[layer.id.index()];
        if (!layer.prunable.weights) continue;
        state.otherBaseMasks.erase(layer.name);
        if (option == BaseMasks::FromZeros) {
            mask = maskOfNonzeros(parameterAt(state.module, layer.name).detach());
        } else if (const auto kept = attached.kept.find(layer.name); kept != attached.kept.end()) {
            mask = kept->second;
        }
    }
}

Result<SnapshotPtr> makeSnapshot(script::LoadedModule loaded, const std::filesystem::path& path,
                                 const OpenOptions& options, const EventSink<>& events,
                                 RunControl& control) {
    const auto attached = takeOffMasks(loaded.module);
    const auto program = script::makeProgram(loaded.module);
    if (!program) return program.error();
    const auto parameters = uniqueParameters(loaded.module);
    events.progress({"Finding the layers", 1, 3});
    ExampleRuns runs(*program, parameters, control);
    auto seen = options.inputs.empty() ? runs.guessed() : runs.given(options.inputs);
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
    events.progress({"Looking for pruned weights", 2, 3});
    findBaseMasks(*state, attached, options.baseMasks);
    state->notes = notesOn(*state);
    for (const std::vector<std::string>* more : {&std::as_const(loaded).notes, &attached.notes}) {
        state->notes.insert(state->notes.end(), more->begin(), more->end());
    }
    state->weightsHash = hashOfWeights(state->module, state->baseMasks);
    return std::make_shared<const Snapshot>(std::move(state));
}

}  // namespace

Result<SnapshotPtr> openSnapshot(const std::filesystem::path& path, const OpenOptions& options,
                                 const EventSink<>& events, RunControl& control) {
    const auto what = cat("Cannot open ", path.filename().string());
    return guarded(what, [&]() -> Result<SnapshotPtr> {
        events.progress({cat("Opening ", path.filename().string()), 0, 3});
        auto loaded = script::loadModule(path, control);
        if (!loaded) return loaded.error();
        return makeSnapshot(std::move(*loaded), path, options, events, control);
    });
}

}  // namespace espalier::model
