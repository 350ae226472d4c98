// SPDX-License-Identifier: GPL-3.0-or-later
// The tensors of a module that lose channels: sliced for the cut model, zeroed for its twin.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include "core/channels/boxes_torch.h"
#include "core/channels/groups.h"
#include "core/channels/shrink_torch.h"
#include "core/channels/spared_axes_torch.h"
#include "core/script/rewriter_torch.h"

namespace espalier::channels {

/// What the cut model has in place of each tensor of `module`: sliced where it loses channels,
/// masked where it loses weights, the tensor itself where it loses nothing.
script::ReplaceTensor slicer(const torch::jit::Module& module, const Boxes& boxes,
                             const WeightMasks& masks);

/// Noise in place of the parameters that are the same number everywhere: a model that was never
/// trained often ends in zeros, and nothing can be told from its outputs.
script::ReplaceTensor noiseForConstants(const torch::jit::Module& module);

/// A deep copy of `module`, which has the attributes of the analysed one, with zeros in all that
/// goes: rows of producers, biases, affine parameters and the columns of consumers. Buffers stay,
/// and what is spared.
struct Masked {
    torch::jit::Module module;
    bool alreadyZero = true;  ///< nothing that was not zero has become zero
};
Masked maskedCopy(const torch::jit::Module& module, const Boxes& boxes, const WeightMasks& masks,
                  const SparedAxes& spared);

/// The positions that stay, for every name that a sliced tensor has in the module's state_dict.
KeptPositions keptPositions(const torch::jit::Module& module, const Boxes& boxes);

}  // namespace espalier::channels
