// SPDX-License-Identifier: GPL-3.0-or-later
// One try at cutting given channels, from boxes to proof.
#pragma once

#include <variant>

#include "core/channels/analysis_torch.h"
#include "core/channels/argument_fitter_torch.h"
#include "core/channels/boxes_torch.h"
#include "core/channels/compensation_torch.h"
#include "core/channels/shrink_torch.h"

namespace espalier::channels {

struct CutAttempt {
    torch::jit::Module module;
    Proof proof;
    Compensation compensation;
    KeptPositions kept;
    CutSeconds seconds;
};

/// Cuts and proves. A Misfit says that the model's code, or the proof, stands against these
/// channels: with fewer groups it may work. Where the compensated model cannot be proved the plain
/// one is tried.
std::variant<CutAttempt, Misfit> tryCut(const ChannelGroups& groups, const KeptChannels& kept,
                                        const WeightMasks& masks, const CutOptions& options,
                                        RunControl& control);

}  // namespace espalier::channels
