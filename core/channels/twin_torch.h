// SPDX-License-Identifier: GPL-3.0-or-later
// The masked twin: the model that the cut one is compared with.
#pragma once

#include "core/channels/analysis_torch.h"
#include "core/channels/boxes_torch.h"
#include "core/channels/shrink_torch.h"

namespace espalier::channels {

/// The original shapes with zeros in what goes. Where all cut groups are exact it has the original
/// code; else its statistics run over kept channels alone.
struct Twin {
    script::Program program;
    bool isExact = true;
    bool alreadyZero = false;
    torch::jit::Module module;  ///< with methods
};

/// `base` has the attributes of the analysed module: that module itself, or one with other numbers.
Result<Twin> makeTwin(const ChannelGroups& groups, const KeptChannels& kept,
                      const torch::jit::Module& base, const Boxes& boxes, const WeightMasks& masks,
                      RunControl& control);

/// The same code on other objects, which need no methods.
script::Program withModule(script::Program program, const torch::jit::Module& module);

/// Whether channels of this group go.
bool isCut(const Group& group, const KeptChannels& kept);

}  // namespace espalier::channels
