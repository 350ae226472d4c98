// SPDX-License-Identifier: GPL-3.0-or-later
// Small models written as TorchScript source, and their channel groups in short.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <QtTest>

#include <ATen/Functions.h>
#include <torch/csrc/jit/api/module.h>

#include "core/channels/analysis_torch.h"
#include "core/channels/boxes_torch.h"
#include "core/model/snapshot_torch.h"

namespace espalier::test {

using Shape = std::vector<std::int64_t>;

/// Parameters by name and shape, and the body of forward(self, x) or forward(self, x, y).
struct ChannelToy {
    std::vector<std::pair<std::string, Shape>> parameters;
    std::string body;
    std::vector<std::string> inputs;  ///< as script::parseInputSpec reads them
    std::vector<std::pair<std::string, std::vector<std::int64_t>>> buffers = {};  ///< integers
};

inline model::SnapshotPtr snapshotOf(const ChannelToy& toy) {
    torch::jit::Module module("m");
    for (const auto& [name, shape] : toy.parameters) {
        module.register_parameter(name, at::ones(shape), false);
    }
    for (const auto& [name, values] : toy.buffers) {
        module.register_buffer(name, at::tensor(values));
    }
    auto state = std::make_shared<model::SnapshotState>();
    std::string arguments;
    for (std::size_t i = 0; i < toy.inputs.size(); ++i) {
        arguments += i == 0 ? ", x" : ", y";
        state->inputs.push_back(script::parseInputSpec(toy.inputs[i]).value());
    }
    module.define("def forward(self" + arguments + "):\n  " + toy.body + "\n");
    module.eval();
    state->module = std::move(module);
    return std::make_shared<const model::Snapshot>(std::move(state));
}

inline channels::ChannelGroupsPtr groupsOf(const ChannelToy& toy) {
    RunControl control;
    auto groups = channels::analyse(snapshotOf(toy), control);
    if (!groups) qWarning("%s", groups.error().text().c_str());
    return groups ? *groups : nullptr;
}

/// "a=8 b=4* c[0:3]=3~": keys and widths in order; * locked, ~ inexact.
inline std::string inShort(const channels::ChannelGroups& groups) {
    std::string text;
    for (const auto& group : groups.groups()) {
        if (!text.empty()) text += ' ';
        text += group.key + "=" + std::to_string(group.width);
        if (group.locked) {
            text += '*';
        } else if (!group.exact) {
            text += '~';
        }
    }
    return text;
}

/// Keeps these channels of one group and all of the others.
inline channels::KeptChannels keeping(const channels::ChannelGroups& groups, std::string_view key,
                                      std::vector<std::int64_t> channels) {
    auto kept = allChannels(groups);
    kept.groups.at(groups.find(key).value().index()) = std::move(channels);
    return kept;
}

}  // namespace espalier::test
