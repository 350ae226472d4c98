// SPDX-License-Identifier: GPL-3.0-or-later
// The torch side of cutting, for core alone.
#pragma once

#include <functional>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/channels/shrink.h"

namespace espalier::channels {

/// Per parameter path: bool, true = kept, with the original shape. Parameters that are not named
/// are kept whole.
using WeightMasks = std::map<std::string, at::Tensor>;

/// The weight masks that go with these channels. They are applied before the channels go, and may
/// have zeros where channels of theirs go ("channel rules first, weight rules on what is left" is
/// for the maker of the masks to see to).
using MasksFor = std::function<Result<WeightMasks>(const KeptChannels& kept)>;

struct Compensation;

struct CutState {
    ChannelGroupsPtr groups;
    torch::jit::Module module;  ///< the cut model; never written to
    WeightMasks weightMasks;
    KeptChannels channels;
    std::shared_ptr<const Compensation> compensation;
    KeptPositions kept;
    std::vector<LeftWhole> leftWhole;
    Proof proof;
    CutSeconds seconds;
    std::int64_t parameters = 0;
};

/// `cut` with weight masks, asked for anew whenever a group has to be left whole.
Result<CutModelPtr> cut(const ChannelGroupsPtr& groups, const KeptChannels& kept,
                        const MasksFor& masksFor, const CutOptions& options,
                        const EventSink<>& events, RunControl& control);

/// The masked twin as a module of its own.
Result<torch::jit::Module> maskedTwin(const CutModel& model);

}  // namespace espalier::channels
