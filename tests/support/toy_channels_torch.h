// SPDX-License-Identifier: GPL-3.0-or-later
// A toy model of three groups, small enough to count by hand: "conv1" (4 channels, exact), "mix" (3
// channels of 2 outputs, inexact), "fc" (locked).
#pragma once

#include "tests/support/toy_groups_torch.h"
#include "tests/support/toy_snapshot_torch.h"

namespace espalier::test {

inline model::SnapshotPtr toyChannelsSnapshot(const at::Tensor& baseMask = {}) {
    return toySnapshot({
        {"conv1.weight", floats({3, -4, 0, 1, 2, 2, -1, 0}, {4, 2}), baseMask, "conv2d", 80},
        {"skip.weight", floats({1, 1, 1, 2, 0, 0, 0, 0, 0, 0, 3, 4}, {4, 3}), {}, "conv2d", 120},
        {"norm.weight", floats({0.5, -2, 1, 0}, {4}), {}, "batch_norm", 0, false},
        {"shift.bias", floats({1, 2, 3, 4}, {4}), {}, "add", 0, false},
        {"mix.weight", floats({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {6, 2}), {}, "linear", 12},
        {"fc.weight",
         floats({1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 11, -12}, {3, 4}),
         {},
         "linear",
         12},
    });
}

inline channels::ChannelGroupsPtr toyChannels(const model::SnapshotPtr& snapshot) {
    using channels::Role;
    channels::Group conv;
    conv.key = "conv1";
    conv.width = 4;
    conv.members = {
        member("conv1.weight", 0, Role::Producer, 4), member("skip.weight", 0, Role::Producer, 4),
        member("norm.weight", 0, Role::Affine, 4), member("shift.bias", 0, Role::Affine, 4),
        member("fc.weight", 1, Role::Consumer, 4)};
    conv.reason = "added";
    conv.through = {"add"};
    channels::Group mix;
    mix.key = "mix";
    mix.width = 3;
    mix.members = {member("mix.weight", 0, Role::Producer, 3, 2)};
    mix.exact = false;
    mix.reason = "layer_norm takes its statistics over them";
    channels::Group fc;
    fc.key = "fc";
    fc.width = 3;
    fc.members = {member("fc.weight", 0, Role::Producer, 3)};
    fc.locked = true;
    fc.reason = "they reach the model's output";
    return toyGroups(snapshot, {conv, mix, fc});
}

inline channels::ChannelGroupsPtr toyChannels() {
    return toyChannels(toyChannelsSnapshot());
}

}  // namespace espalier::test
