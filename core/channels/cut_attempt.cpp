// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/cut_attempt_torch.h"

#include <chrono>

#include "core/base/format.h"
#include "core/channels/cut_tensors_torch.h"
#include "core/channels/grad_branches_torch.h"
#include "core/channels/kept_statistics_torch.h"
#include "core/channels/proof_torch.h"
#include "core/model/snapshot_torch.h"

namespace espalier::channels {

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

at::Tensor unchanged(const std::string&, const at::Tensor& tensor) {
    return tensor;
}

std::vector<std::string> unprovedMethods(const script::Finished& finished) {
    std::vector<std::string> lines;
    for (const auto& name : finished.otherMethods) {
        lines.push_back(cat("The method ", name, " beside forward"));
    }
    for (const auto& name : finished.droppedMethods) {
        lines.push_back(cat("The method ", name, " was left out: its code cannot be carried over"));
    }
    return lines;
}

struct CutProgram {
    script::Draft draft;
    script::Finished finished;
    std::vector<std::string> notes;
};

std::variant<CutProgram, Misfit> cutProgram(const AnalysisState& analysis, const Boxes& boxes,
                                            const WeightMasks& masks, RunControl& control) {
    const auto& program = analysis.program;
    auto draft = script::makeDraft(program, slicer(program.module, boxes, masks));
    if (!draft) return Misfit{draft.error(), -1};
    const auto inputs = script::exampleInputs(analysis.snapshot->inputs(), 0);
    auto fit = fitArguments(analysis.trace, boxes, *draft, inputs, control);
    if (fit.misfit) return *std::move(fit.misfit);
    fixGradientBranches(program, analysis.trace, *draft, inputs, control);
    auto finished = script::finished(*draft);
    if (!finished) return Misfit{finished.error(), -1};
    return CutProgram{*std::move(draft), *std::move(finished), std::move(fit.notes)};
}

}  // namespace

bool isCut(const Group& group, const KeptChannels& kept) {
    return static_cast<std::int64_t>(kept.groups.at(group.id.index()).size()) < group.width;
}

Result<Twin> makeTwin(const ChannelGroups& groups, const KeptChannels& kept, const Boxes& boxes,
                      const WeightMasks& masks) {
    const AnalysisState& analysis = groups.state();
    auto masked = maskedCopy(groups, boxes, masks);
    Twin twin{analysis.program, true, masked.alreadyZero, masked.module};
    twin.program.module = masked.module;
    for (const Group& group : groups.groups()) {
        if (!group.exact && isCut(group, kept)) twin.isExact = false;
    }
    if (twin.isExact) return twin;
    auto draft = script::makeDraft(twin.program, unchanged);
    if (!draft) return draft.error();
    keepStatistics(analysis.trace, boxes, *draft);
    auto finished = script::finished(*draft);
    if (!finished) return finished.error();
    twin.program = script::programOf(*draft);
    twin.module = finished->module;
    return twin;
}

std::variant<CutAttempt, Misfit> tryCut(const ChannelGroups& groups, const KeptChannels& kept,
                                        const WeightMasks& masks, RunControl& control) {
    const AnalysisState& analysis = groups.state();
    const auto started = Clock::now();
    const auto boxes = boxesFor(groups, kept);
    if (!boxes) return Misfit{boxes.error(), -1};
    auto made = cutProgram(analysis, *boxes, masks, control);
    if (auto* misfit = std::get_if<Misfit>(&made)) return std::move(*misfit);
    auto& cut = std::get<CutProgram>(made);
    CutAttempt attempt;
    attempt.module = cut.finished.module;
    attempt.kept = keptPositions(analysis.program.module, *boxes);
    attempt.seconds.cut = secondsSince(started);

    const auto proofStarted = Clock::now();
    const auto twin = makeTwin(groups, kept, *boxes, masks);
    if (!twin) return Misfit{twin.error(), -1};
    const auto cutProgram = script::programOf(cut.draft);
    const Claim claim{&analysis.program,
                      &twin->program,
                      &cutProgram,
                      attempt.module,
                      {analysis.snapshot->inputs().begin(), analysis.snapshot->inputs().end()},
                      twin->alreadyZero};
    auto proof = prove(claim, control);
    if (!proof) return Misfit{proof.error(), -1};
    attempt.proof = *std::move(proof);
    attempt.proof.exact = twin->isExact;
    for (auto& line : branchesThatNeverRan(*analysis.program.graph, analysis.trace)) {
        attempt.proof.unproved.push_back(std::move(line));
    }
    for (auto& line : cut.notes) attempt.proof.unproved.push_back(std::move(line));
    for (auto& line : unprovedMethods(cut.finished)) {
        attempt.proof.unproved.push_back(std::move(line));
    }
    attempt.seconds.prove = secondsSince(proofStarted);
    return attempt;
}

}  // namespace espalier::channels
