// SPDX-License-Identifier: GPL-3.0-or-later
// The tensors that lose positions with channels, seen from the model's side.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/channels/groups.h"
#include "core/model/snapshot.h"

namespace espalier::prune {

/// The parameter, buffer or element of a list attribute ("rnn._flat_weights.0") at a path,
/// detached; none when there is none. Do not write to it.
std::optional<at::Tensor> tensorAt(const torch::jit::Module& module, std::string_view path);
std::optional<at::Tensor> tensorAt(const model::Snapshot& snapshot, std::string_view path);

/// One tensor and the members of all groups that are it.
struct CutTensor {
    struct Axis {
        channels::GroupId group;
        const channels::Member* member = nullptr;
    };

    std::string path;
    std::vector<std::int64_t> shape;
    std::int64_t elementBytes = 0;
    bool isParameter = false;
    std::optional<model::LayerId> layer;  ///< whose weight it is
    std::vector<Axis> axes;               ///< one axis may come several times
};

/// In order of path. Members point into `groups`. Members whose tensor is not in the model are left
/// out.
std::vector<CutTensor> cutTensors(const channels::ChannelGroups& groups);

/// By axis the positions that stay, ascending; axes that lose none are not in it.
using AxisPositions = std::map<int, std::vector<std::int64_t>>;
AxisPositions positionsKept(const CutTensor& tensor, const channels::ChannelGroups& groups,
                            const channels::KeptChannels& kept);

std::vector<std::int64_t> shapeAfter(const CutTensor& tensor, const AxisPositions& kept);

/// The part of `tensor` that stays, and the way back: what the part holds at its places in a tensor
/// of `shape`, `rest` elsewhere.
at::Tensor sliced(const at::Tensor& tensor, const AxisPositions& kept);
at::Tensor scattered(const at::Tensor& part, const AxisPositions& kept,
                     const std::vector<std::int64_t>& shape, bool rest);

}  // namespace espalier::prune
