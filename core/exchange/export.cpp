// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/export.h"

#include "core/model/snapshot_torch.h"
#include "core/prune/masks_torch.h"
#include "core/script/attached_pruning_torch.h"
#include "core/script/save_torch.h"

namespace espalier::exchange {

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
