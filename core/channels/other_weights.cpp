// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/other_weights_torch.h"

#include "core/channels/analysis_torch.h"

namespace espalier::channels {

ChannelGroupsPtr withWeightsOf(const ChannelGroups& groups, model::SnapshotPtr snapshot) {
    auto state = std::make_shared<AnalysisState>();
    state->snapshot = std::move(snapshot);
    state->headUnit = groups.headUnit();
    state->groups = groups.state().groups;
    return std::make_shared<const ChannelGroups>(std::move(state));
}

}  // namespace espalier::channels
