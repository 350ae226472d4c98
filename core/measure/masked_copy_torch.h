// SPDX-License-Identifier: GPL-3.0-or-later
// A model's weights under one plan's masks after another; only what changes is written.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/model/snapshot.h"
#include "core/prune/masks_torch.h"

namespace espalier::measure {

/// Writes to the module's own memory, so that whoever holds a parameter sees what is masked. Not
/// thread-safe.
class MaskedCopy {
public:
    /// The snapshot's weights as they are, under no mask.
    explicit MaskedCopy(model::SnapshotPtr snapshot);

    /// May be moved to a device, and must not be written to otherwise.
    torch::jit::Module& module() { return m_module; }
    /// The weights of prune::maskedModule(snapshot, masks), bit for bit.
    void apply(const prune::Masks& masks);
    /// Paths of the parameters whose mask is another one in `masks` than now.
    std::vector<std::string> differing(const prune::Masks& masks) const;

private:
    struct Mask {
        std::string key;  // LayerMask::key; empty: told apart by what is kept
        at::Tensor kept;
    };
    using MaskByPath = std::map<std::string, Mask>;

    MaskByPath masksIn(const prune::Masks& masks) const;
    std::vector<std::string> differing(const MaskByPath& wanted) const;
    static bool areEqual(const Mask& one, const Mask& other);

    model::SnapshotPtr m_snapshot;
    torch::jit::Module m_module;
    MaskByPath m_masks;  // of now
};

}  // namespace espalier::measure
