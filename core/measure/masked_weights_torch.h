// SPDX-License-Identifier: GPL-3.0-or-later
// Masks written into the weights of a module, and taken back.
#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/prune/masks.h"

namespace espalier::measure {

/// Writes to the module's own memory, so that whoever holds a parameter sees what is masked.
class MaskedWeights {
public:
    /// `module` has the weights that `base` leaves and is this object's alone to write to.
    MaskedWeights(torch::jit::Module module, const model::Snapshot& snapshot, prune::MasksPtr base)
        : m_module(std::move(module)), m_snapshot(snapshot), m_base(std::move(base)) {}

    /// The weights that `masks`, made on top of the base, leave; what an earlier call removed is
    /// back.
    void apply(const prune::Masks& masks);
    /// As it was at first.
    void restore();

private:
    void mask(const std::string& path, const at::Tensor& kept);

    torch::jit::Module m_module;
    const model::Snapshot& m_snapshot;
    prune::MasksPtr m_base;
    std::map<std::string, at::Tensor> m_originals;  // of the parameters that are masked now
};

}  // namespace espalier::measure
