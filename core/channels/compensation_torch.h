// SPDX-License-Identifier: GPL-3.0-or-later
// Biases that take over what removed channels still gave.
#pragma once

#include <map>
#include <string>

#include "core/channels/twin_torch.h"
#include "core/script/rewriter_torch.h"

namespace espalier::channels {

/// A removed channel whose weights are zero still gives a constant where shifts act on it: its own
/// bias, or act(β) behind a batch norm. What a convolution or linear layer makes of that constant
/// can be added to its bias.
struct Compensation {
    /// By canonical path of the bias: what it gains, with the original's length.
    std::map<std::string, at::Tensor> biases;
    std::set<std::string> weights;  ///< of the layers that are compensated, canonical paths
};

/// What can be compensated exactly: the contribution of the removed channels is the same at every
/// position of two random inputs (zero padding makes it differ at the border), the layer has a bias
/// of its own, and all cut groups are exact.
Result<Compensation> findCompensation(const ChannelGroups& groups, const KeptChannels& kept,
                                      const Boxes& boxes, const WeightMasks& masks,
                                      RunControl& control);

/// Gives a masked twin its constants back: the shifts of what goes, and the columns that read them
/// in the compensated layers.
void restoreConstants(const ChannelGroups& groups, const KeptChannels& kept, const Boxes& boxes,
                      const Compensation& compensation, const torch::jit::Module& base, Twin& twin);

/// `slice` with the biases' gains.
script::ReplaceTensor compensated(script::ReplaceTensor slice, const torch::jit::Module& module,
                                  const Boxes& boxes, const Compensation& compensation);

}  // namespace espalier::channels
