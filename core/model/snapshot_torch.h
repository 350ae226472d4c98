// SPDX-License-Identifier: GPL-3.0-or-later
// The torch side of a Snapshot, for core alone.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/model/snapshot.h"

namespace espalier::model {

struct SnapshotState {
    ModelFile file;
    torch::jit::Module
        module;  ///< on the CPU, in evaluation mode; never written to: clone it (cloneModule)
    std::vector<Layer> layers;
    std::vector<at::Tensor>
        baseMasks;  ///< per layer: bool, true = kept, shaped like the weight; undefined = all kept
    /// The same, by path, of parameters whose weights cannot be pruned: biases that
    /// torch.nn.utils.prune had masked.
    std::map<std::string, at::Tensor> otherBaseMasks;
    std::vector<script::InputSpec> inputs;
    bool inputsAreGuessed = false;
    std::vector<std::int64_t> outputShape;
    std::int64_t parameters = 0;
    std::int64_t otherMacs = 0;
    std::vector<std::string> notes;
    std::string weightsHash;
};

/// The layer's weight, detached, as the module holds it. Do not write to it.
at::Tensor weight(const Snapshot& snapshot, LayerId layer);

/// The parameter at a dotted path. The path must exist.
at::Tensor parameterAt(const torch::jit::Module& module, std::string_view path);

/// A deep copy of a module whose parameters and buffers can be written to.
torch::jit::Module cloneModule(const torch::jit::Module& module);

/// The same model with other weights (after training). `module` has the parameters of `base`;
/// `masks` are the new base masks per layer (undefined = all kept).
SnapshotPtr withWeights(const Snapshot& base, torch::jit::Module module,
                        std::vector<at::Tensor> masks);

}  // namespace espalier::model
