// SPDX-License-Identifier: GPL-3.0-or-later
// What a model costs once channels are gone: counted, without touching a tensor.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/channels/groups.h"

namespace espalier::prune {

/// The model after its cut, all weights that are left counted.
struct CutCosts {
    std::int64_t parameters = 0;        ///< of the whole module
    std::int64_t bytes = 0;             ///< ≈ of the file: what is cut out is known exactly, the
                                        ///< code around it is taken to stay as long
    std::vector<std::int64_t> weights;  ///< by LayerId: elements of the weight
    std::vector<std::int64_t> macs;     ///< by LayerId, at batch 1
    std::int64_t otherMacs = 0;         ///< attention products and the like

    bool operator==(const CutCosts&) const = default;
};

struct CostState;  // in channel_costs.cpp

/// How costs follow from kept channels. Made once per model (some ms); then immutable and
/// thread-safe.
class ChannelCosts {
public:
    explicit ChannelCosts(std::shared_ptr<const CostState> state);

    /// Exact. Below a millisecond for a ResNet-50.
    CutCosts after(const channels::KeptChannels& kept) const;

private:
    std::shared_ptr<const CostState> m_state;
};
using ChannelCostsPtr = std::shared_ptr<const ChannelCosts>;

/// Errors: Failed, when groups and model do not fit.
Result<ChannelCostsPtr> channelCosts(const channels::ChannelGroupsPtr& groups);

}  // namespace espalier::prune
