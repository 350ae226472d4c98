// SPDX-License-Identifier: GPL-3.0-or-later
// Channel groups that a test writes down, without a run of the model.
#pragma once

#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/channels/analysis_torch.h"

namespace espalier::test {

/// A member whose channel c owns the positions c·each … c·each + each − 1 of its axis.
inline channels::Member member(std::string parameter, int axis, channels::Role role,
                               std::int64_t width, std::int64_t each = 1) {
    channels::Member result{std::move(parameter), axis, role, {}, {}};
    result.indices.resize(static_cast<std::size_t>(width * each));
    std::iota(result.indices.begin(), result.indices.end(), 0);
    for (std::int64_t c = 0; c <= width; ++c) result.offsets.push_back(c * each);
    return result;
}

/// Groups by order; ids and outputs are filled in where they are missing.
inline channels::ChannelGroupsPtr toyGroups(model::SnapshotPtr snapshot,
                                            std::vector<channels::Group> groups) {
    auto state = std::make_shared<channels::AnalysisState>();
    state->snapshot = std::move(snapshot);
    for (std::size_t g = 0; g < groups.size(); ++g) {
        groups[g].id.value = static_cast<int>(g);
        if (!groups[g].outputs.empty()) continue;
        for (std::int64_t c = 0; c < groups[g].width; ++c)
            groups[g].outputs.push_back(groups[g].members.at(0).of(c).front());
    }
    state->groups = std::move(groups);
    return std::make_shared<const channels::ChannelGroups>(std::move(state));
}

}  // namespace espalier::test
