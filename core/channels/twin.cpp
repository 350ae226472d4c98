// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/twin_torch.h"

#include <algorithm>

#include "core/channels/cut_tensors_torch.h"
#include "core/channels/grad_branches_torch.h"
#include "core/channels/kept_statistics_torch.h"
#include "core/channels/spared_axes_torch.h"
#include "core/script/rewriter_torch.h"

namespace espalier::channels {

namespace {

at::Tensor unchanged(const std::string&, const at::Tensor& tensor) {
    return tensor;
}

}  // namespace

bool isCut(const Group& group, const KeptChannels& kept) {
    return static_cast<std::int64_t>(kept.groups.at(group.id.index()).size()) < group.width;
}

script::Program withModule(script::Program program, const torch::jit::Module& module) {
    program.schema = script::schemaOf(program);
    program.module = module;
    return program;
}

Result<Twin> makeTwin(const ChannelGroups& groups, const KeptChannels& kept,
                      const torch::jit::Module& base, const Boxes& boxes, const WeightMasks& masks,
                      RunControl& control) {
    const AnalysisState& analysis = groups.state();
    Sparing sparing(analysis, boxes);
    auto masked = maskedCopy(base, boxes, masks, sparing.axes);
    while (sparing.isNeeded() &&
           !sparing.isSettled(withModule(analysis.program, masked.module), control)) {
        masked = maskedCopy(base, boxes, masks, sparing.axes);
    }
    Twin twin{withModule(analysis.program, masked.module), true, masked.alreadyZero, masked.module};
    twin.isExact = std::ranges::none_of(
        groups.groups(), [&](const Group& group) { return !group.exact && isCut(group, kept); });
    if (twin.isExact) return twin;
    auto draft = script::makeDraft(twin.program, unchanged);
    if (!draft) return draft.error();
    keepStatistics(analysis.trace, boxes, *draft);
    // Only what the trace has seen keeps its statistics: a fused way around it would not.
    fixGradientBranches(*draft, groups.snapshot()->inputs(), control);
    auto finished = script::finished(*draft);
    if (!finished) return finished.error();
    twin.program = script::programOf(*draft);
    twin.module = finished->module;
    return twin;
}

}  // namespace espalier::channels
