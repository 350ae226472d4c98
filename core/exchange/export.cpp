// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/export.h"

#include "core/channels/shrink_torch.h"
#include "core/exchange/export_module_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/masks_torch.h"
#include "core/script/attached_pruning_torch.h"
#include "core/script/extra_files_torch.h"
#include "core/script/save_torch.h"

namespace espalier::exchange {

namespace {

/// The choice with just these channels kept; the groups in `leftWhole` say why.
prune::ChannelChoicePtr adjusted(const prune::ChannelChoice& choice,
                                 const channels::KeptChannels& kept,
                                 const std::vector<channels::LeftWhole>& leftWhole = {}) {
    auto result = std::make_shared<prune::ChannelChoice>(choice);
    for (std::size_t i = 0; i < result->choices.size(); ++i) {
        result->choices[i].kept = kept.groups.at(i);
    }
    for (const auto& [group, reason] : leftWhole) {
        result->choices.at(group.index()).constraint = reason;
    }
    return result;
}

channels::WeightMasks weightMasks(const model::Snapshot& snapshot, const prune::Masks& masks) {
    channels::WeightMasks weights;
    for (const model::Layer& layer : snapshot.layers()) {
        const at::Tensor& kept = prune::keptMask(masks, layer.id);
        if (kept.defined()) weights.emplace(layer.name, kept);
    }
    return weights;
}

}  // namespace

Result<CutPlan> cutChannels(const model::Snapshot& snapshot, const prune::Plan& plan,
                            const prune::MasksPtr& masks, const channels::CutOptions& options,
                            const EventSink<>& events, RunControl& control,
                            const prune::ScoreCache& scores) {
    return guarded("Cannot cut channels", [&]() -> Result<CutPlan> {
        const prune::ChannelChoicePtr& choice = masks->channels();
        if (!choice) {
            return Error{Error::Kind::BadArgument, "Cannot cut channels", "none is to go",
                         "Give at least one group a rule"};
        }
        const auto resolved = [&](const prune::ChannelChoicePtr& channels) {
            return prune::resolve(snapshot, plan, channels, masks, control, scores);
        };
        const auto masksFor =
            [&](const channels::KeptChannels& kept) -> Result<channels::WeightMasks> {
            if (kept == choice->kept()) return weightMasks(snapshot, *masks);
            const auto own = resolved(adjusted(*choice, kept));
            if (!own) return own.error();
            return weightMasks(snapshot, **own);
        };
        auto model =
            channels::cut(choice->groups, choice->kept(), masksFor, options, events, control);
        if (!model) return model.error();
        const channels::CutModel& cut = **model;
        if (cut.leftWhole().empty()) return CutPlan{*model, masks};
        auto own = resolved(adjusted(*choice, cut.channels(), cut.leftWhole()));
        if (!own) return own.error();
        return CutPlan{*model, *own};
    });
}

std::string dtypeOf(const model::Snapshot& snapshot) {
    for (const at::Tensor& parameter : snapshot.state().module.parameters()) {
        if (parameter.is_floating_point())
            return std::string(c10::getDtypeNames(parameter.scalar_type()).first);
    }
    return {};
}

Result<torch::jit::Module> maskedModuleOf(const model::Snapshot& snapshot,
                                          const prune::MasksPtr& masks) {
    const auto module = masks ? prune::maskedModule(snapshot, *masks) : snapshot.state().module;
    if (script::findAttachedMasks(module).empty()) return module;
    return script::commitAttachedMasks(module);
}

Result<torch::jit::Module> moduleOf(const ExportSubject& subject) {
    if (!subject.cut) return maskedModuleOf(*subject.snapshot, subject.masks);
    if (subject.isMasked) return channels::maskedTwin(*subject.cut);
    return subject.cut->state().module;
}

Result<void> exportMasked(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                          const std::filesystem::path& target, const EventSink<>& events,
                          RunControl& control) {
    const std::string what = "Cannot export " + target.filename().string();
    return guarded(what, [&]() -> Result<void> {
        const auto module = maskedModuleOf(snapshot, masks);
        if (!module) return module.error();
        return script::saveChecked(*module, snapshot.inputs(), target, events, control,
                                   script::extraFilesOf(snapshot.file().path));
    });
}

}  // namespace espalier::exchange
