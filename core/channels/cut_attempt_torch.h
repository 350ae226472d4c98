// SPDX-License-Identifier: GPL-3.0-or-later
// One try at cutting given channels, from boxes to proof.
#pragma once

#include <variant>

#include "core/channels/analysis_torch.h"
#include "core/channels/argument_fitter_torch.h"
#include "core/channels/boxes_torch.h"
#include "core/channels/shrink_torch.h"

namespace espalier::channels {

struct CutAttempt {
    torch::jit::Module module;
    Proof proof;
    KeptPositions kept;
    CutSeconds seconds;
};

/// Cuts and proves. A Misfit says that the model's code, or the proof, stands against these
/// channels: with fewer groups it may work.
std::variant<CutAttempt, Misfit> tryCut(const ChannelGroups& groups, const KeptChannels& kept,
                                        const WeightMasks& masks, RunControl& control);

/// The masked twin as a program: the original code on zeroed tensors, where all cut groups are
/// exact; else with its statistics over kept channels alone.
struct Twin {
    script::Program program;
    bool isExact = true;
    bool alreadyZero = false;
    torch::jit::Module module;  ///< with methods
};
/// `base` has the attributes of the analysed module: that module itself, or one with other numbers.
Result<Twin> makeTwin(const ChannelGroups& groups, const KeptChannels& kept,
                      const torch::jit::Module& base, const Boxes& boxes, const WeightMasks& masks);

/// Whether channels of this group go.
bool isCut(const Group& group, const KeptChannels& kept);

}  // namespace espalier::channels
