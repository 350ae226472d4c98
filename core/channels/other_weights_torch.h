// SPDX-License-Identifier: GPL-3.0-or-later
// Groups of a model whose weights have changed.
#pragma once

#include "core/channels/groups.h"

namespace espalier::channels {

/// The same groups of the same model with other weights: to rank their channels by, not to cut.
ChannelGroupsPtr withWeightsOf(const ChannelGroups& groups, model::SnapshotPtr snapshot);

}  // namespace espalier::channels
