// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/checkpoint.h"

#include <ATen/core/Tensor.h>

#include <algorithm>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/data/dataset_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/masks_torch.h"

namespace espalier::train {
namespace {

constexpr std::int64_t kLookedAt = 256;  // samples of each split

void add(Sha256& hash, const std::string& name, const at::Tensor& tensor) {
    const at::Tensor values = tensor.detach().to(at::kCPU).contiguous();
    hash.add(cat(name, " ", c10::toString(values.scalar_type())));
    for (const std::int64_t size : values.sizes()) hash.add(cat(" ", size));
    if (values.numel() == 0) return;
    hash.add({static_cast<const char*>(values.const_data_ptr()), values.nbytes()});
}

std::string modelHash(const model::Snapshot& snapshot) {
    Sha256 hash;
    const torch::jit::Module& module = snapshot.state().module;
    for (const auto& parameter : module.named_parameters())
        add(hash, parameter.name, parameter.value);
    for (const auto& buffer : module.named_buffers()) add(hash, buffer.name, buffer.value);
    return hash.hex();
}

std::string maskHash(const model::Snapshot& snapshot, const prune::MasksPtr& masks) {
    Sha256 hash;
    for (const model::Layer& layer : snapshot.layers()) {
        const at::Tensor& kept = masks ? prune::keptMask(*masks, layer.id)
                                       : snapshot.state().baseMasks[layer.id.index()];
        if (kept.defined()) add(hash, layer.name, kept);
    }
    const auto& others = masks ? masks->state().others : snapshot.state().otherBaseMasks;
    for (const auto& [path, kept] : others) add(hash, path, kept);
    return hash.hex();
}

std::string dataHash(const data::Dataset& dataset) {
    Sha256 hash;
    for (const auto split : {data::Split::Train, data::Split::Validation}) {
        const std::int64_t count = data::sampleCount(dataset, split);
        hash.add(cat(data::name(split), " ", count, " "));
        dataset.addContent(hash, split, std::min(count, kLookedAt));
    }
    hash.add(dataset.spec().augment);
    return hash.hex();
}

Error another(std::string_view what, std::string hint) {
    return {Error::Kind::Mismatch, "Cannot continue the fine-tuning",
            cat("the checkpoint is of another ", what), std::move(hint)};
}

}  // namespace

RunIdentity identityOf(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                       const data::Dataset& dataset) {
    return {modelHash(snapshot), maskHash(snapshot, masks), dataHash(dataset)};
}

Result<void> checkContinues(const Checkpoint& checkpoint, const RunIdentity& identity,
                            const Recipe& recipe) {
    const RunIdentity& its = checkpoint.identity;
    if (its.model != identity.model)
        return another("model", "Give the model that the run was started with");
    if (its.masks != identity.masks)
        return another("plan: it removes other weights", "Give the plan of the run, or none");
    if (its.data != identity.data)
        return another("dataset", "Give the data that the run was started with");
    Recipe same = recipe;
    same.device = checkpoint.recipe.device;
    same.precision = checkpoint.recipe.precision;
    same.halveBatchToFit = checkpoint.recipe.halveBatchToFit;
    if (same != checkpoint.recipe)
        return another("recipe", "Give the recipe of the run, or none: the checkpoint has it");
    return {};
}

}  // namespace espalier::train
