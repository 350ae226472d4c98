// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/export.h"

#include "core/channels/shrink_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/masks_torch.h"
#include "core/script/attached_pruning_torch.h"
#include "core/script/save_torch.h"

namespace espalier::exchange {

Result<channels::CutModelPtr> cutChannels(const prune::Masks& masks,
                                          const channels::CutOptions& options,
                                          const EventSink<>& events, RunControl& control) {
    return guarded("Cannot cut channels", [&]() -> Result<channels::CutModelPtr> {
        const prune::ChannelChoicePtr& choice = masks.channels();
        if (!choice) {
            return Error{Error::Kind::BadArgument, "Cannot cut channels", "none is to go",
                         "Give at least one group a rule"};
        }
        channels::WeightMasks weights;
        for (const model::Layer& layer : choice->groups->snapshot()->layers()) {
            const at::Tensor& kept = prune::keptMask(masks, layer.id);
            if (kept.defined()) weights.emplace(layer.name, kept);
        }
        return channels::cut(choice->groups, choice->kept(), weights, options, events, control);
    });
}

std::string dtypeOf(const model::Snapshot& snapshot) {
    for (const at::Tensor& parameter : snapshot.state().module.parameters()) {
        switch (parameter.scalar_type()) {
            case at::kFloat:
                return "float32";
            case at::kDouble:
                return "float64";
            case at::kHalf:
                return "float16";
            case at::kBFloat16:
                return "bfloat16";
            default:
                break;
        }
    }
    return {};
}

Result<void> exportMasked(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                          const std::filesystem::path& target) {
    const std::string what = "Cannot export " + target.filename().string();
    return guarded(what, [&]() -> Result<void> {
        torch::jit::Module module =
            masks ? prune::maskedModule(snapshot, *masks) : snapshot.state().module;
        if (!script::findAttachedMasks(module).empty()) {
            auto committed = script::commitAttachedMasks(module);
            if (!committed) return committed.error();
            module = *committed;
        }
        return script::saveChecked(module, snapshot.inputs(), target);
    });
}

}  // namespace espalier::exchange
