// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/cut_attempt_torch.h"

#include <chrono>

#include "core/base/format.h"
#include "core/channels/compensation_torch.h"
#include "core/channels/cut_tensors_torch.h"
#include "core/channels/grad_branches_torch.h"
#include "core/channels/proof_torch.h"
#include "core/channels/twin_torch.h"
#include "core/model/snapshot_torch.h"

namespace espalier::channels {

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<std::string> unprovedMethods(const script::Finished& finished,
                                         const torch::jit::Module& original) {
    std::vector<std::string> lines;
    for (const auto& name : finished.otherMethods) {
        lines.push_back(cat("The method ", name, " beside forward"));
    }
    for (const auto& name : finished.droppedMethods) {
        lines.push_back(cat("The method ", name, " was left out: its code cannot be carried over"));
    }
    for (const auto& child : original.named_children()) {
        if (!child.value.find_method("forward")) continue;
        lines.push_back(cat("Calling submodules by themselves, as in model.", child.name,
                            "(x): forward alone has their code"));
        break;
    }
    return lines;
}

struct CutProgram {
    script::Draft draft;
    script::Finished finished;
    std::vector<std::string> notes;
};

std::variant<CutProgram, Misfit> cutProgram(const AnalysisState& analysis, const Boxes& boxes,
                                            const WeightMasks& masks,
                                            const Compensation& compensation, RunControl& control) {
    const auto& program = analysis.program;
    const auto slice = slicer(program.module, boxes, masks);
    auto draft =
        script::makeDraft(program, compensated(slice, program.module, boxes, compensation));
    if (!draft) return Misfit{draft.error(), -1};
    const auto specs = analysis.snapshot->inputs();
    const auto inputs = script::exampleInputs(specs, 0);
    auto fit = fitArguments(analysis.trace, boxes, *draft, inputs, control);
    if (fit.misfit) return *std::move(fit.misfit);
    fixIdentities(analysis.trace, *draft);
    fixGradientBranches(*draft, specs, control);
    auto finished = script::finished(*draft);
    if (!finished) return Misfit{finished.error(), -1};
    return CutProgram{*std::move(draft), *std::move(finished), std::move(fit.notes)};
}

void addUnproved(const AnalysisState& analysis, const CutProgram& cut,
                 std::vector<std::string>& unproved) {
    const auto add = [&](const std::vector<std::string>& lines) {
        unproved.insert(unproved.end(), lines.begin(), lines.end());
    };
    add(branchesThatNeverRan(*analysis.program.graph, analysis.trace));
    add(cut.notes);
    add(unprovedMethods(cut.finished, analysis.program.module));
}

/// The proof of one cut, with the model's own numbers and, where they tell nothing, with others.
struct Comparison {
    const ChannelGroups& groups;
    const KeptChannels& kept;
    const Boxes& boxes;
    const WeightMasks& masks;
    const Compensation& compensation;
    const CutProgram& cut;
    RunControl& control;

    Result<Proof> prove() const {
        const auto cutNow = script::programOf(cut.draft);
        auto own = proveOn(groups.state().program, cutNow, &cut.finished.module, masks);
        const bool isEnough = !own || !own->isVacuous || own->alreadyZero;
        if (isEnough || !compensation.biases.empty()) return own;
        auto noisy = proveWithNoise(cutNow);
        if (!noisy) return noisy.error();
        if (noisy->isVacuous) return own;
        noisy->unproved.push_back(
            "The model's own outputs depend too little on what was removed: it was proved with "
            "noise in place of its constant parameters");
        return noisy;
    }

private:
    Result<Proof> proveOn(const script::Program& original, const script::Program& cutProgram,
                          const torch::jit::Module* module, const WeightMasks& weights) const {
        const auto& snapshot = *groups.snapshot();
        auto twin = makeTwin(groups, kept, original.module, boxes, weights, control);
        if (!twin) return twin.error();
        if (!compensation.biases.empty()) {
            restoreConstants(groups, kept, boxes, compensation, original.module, *twin);
        }
        const Claim claim{&original,
                          &twin->program,
                          &cutProgram,
                          module,
                          {snapshot.inputs().begin(), snapshot.inputs().end()},
                          twin->alreadyZero};
        auto proved = channels::prove(claim, control);
        if (proved) proved->exact = twin->isExact;
        return proved;
    }

    /// Without weight masks: a layer of zeros is one that is all masked.
    Result<Proof> proveWithNoise(const script::Program& cutNow) const {
        const auto& program = groups.state().program;
        const auto noisy = script::makeDraft(program, noiseForConstants(program.module));
        if (!noisy) return noisy.error();
        const auto original = withModule(program, noisy->module);
        const auto sliced = script::makeDraft(original, slicer(noisy->module, boxes, {}));
        if (!sliced) return sliced.error();
        return proveOn(original, withModule(cutNow, sliced->module), nullptr, {});
    }
};

std::variant<CutAttempt, Misfit> tryCut(const ChannelGroups& groups, const KeptChannels& kept,
                                        const Boxes& boxes, const WeightMasks& masks,
                                        const Compensation& compensation, RunControl& control) {
    const AnalysisState& analysis = groups.state();
    const auto started = Clock::now();
    auto made = cutProgram(analysis, boxes, masks, compensation, control);
    if (auto* misfit = std::get_if<Misfit>(&made)) return std::move(*misfit);
    auto& cut = std::get<CutProgram>(made);
    CutAttempt attempt;
    attempt.module = cut.finished.module;
    attempt.compensation = compensation;
    attempt.kept = keptPositions(analysis.program.module, boxes);
    attempt.seconds.cut = secondsSince(started);

    const auto proofStarted = Clock::now();
    auto proof = Comparison{groups, kept, boxes, masks, compensation, cut, control}.prove();
    if (!proof) return Misfit{proof.error(), -1};
    attempt.proof = *std::move(proof);
    for (const auto& [path, gain] : compensation.biases) {
        attempt.proof.compensated.push_back(path);
    }
    addUnproved(analysis, cut, attempt.proof.unproved);
    attempt.seconds.prove = secondsSince(proofStarted);
    return attempt;
}

}  // namespace

std::variant<CutAttempt, Misfit> tryCut(const ChannelGroups& groups, const KeptChannels& kept,
                                        const WeightMasks& masks, const CutOptions& options,
                                        RunControl& control) {
    const auto boxes = boxesFor(groups, kept);
    if (!boxes) return Misfit{boxes.error(), -1};
    if (options.compensateBias) {
        const auto found = findCompensation(groups, kept, *boxes, masks, control);
        if (!found) return Misfit{found.error(), -1};
        if (!found->biases.empty()) {
            auto attempt = tryCut(groups, kept, *boxes, masks, *found, control);
            if (std::holds_alternative<CutAttempt>(attempt)) return attempt;
        }
    }
    return tryCut(groups, kept, *boxes, masks, Compensation{}, control);
}

}  // namespace espalier::channels
