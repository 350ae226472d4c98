// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/channel_costs.h"

#include <cmath>
#include <unordered_map>

#include "core/channels/analysis_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/channel_members_torch.h"
#include "core/prune/counted_steps_torch.h"

namespace espalier::prune {

/// All that costs are counted from.
struct CostState {
    channels::ChannelGroupsPtr groups;
    std::vector<CutTensor> tensors;
    CountedSteps steps;
    CountedMacs before;
};

namespace {

std::int64_t elements(const std::vector<std::int64_t>& shape) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    return count;
}

/// whole · part / all, all but exact: the counts are far below 2⁵³.
std::int64_t scaled(std::int64_t whole, std::int64_t part, std::int64_t all) {
    if (all == 0) return whole;
    return std::llround(static_cast<double>(whole) *
                        (static_cast<double>(part) / static_cast<double>(all)));
}

/// Shares of a layer's MACs: as the run's steps count them, else as its weight shrinks.
void addMacs(CutCosts& costs, const CostState& state, const CountedMacs& after) {
    const model::Snapshot& snapshot = *state.groups->snapshot();
    std::int64_t ofLayers = 0;
    for (const model::Layer& layer : snapshot.layers()) {
        const std::size_t i = layer.id.index();
        const std::int64_t seen = state.before.layers[i];
        costs.macs.push_back(seen > 0 ? scaled(layer.macs, after.layers[i], seen)
                                      : scaled(layer.macs, costs.weights[i], layer.weightCount));
        ofLayers += costs.macs.back();
    }
    if (state.before.total == 0) {
        costs.otherMacs = snapshot.otherMacs();
        return;
    }
    const std::int64_t total = scaled(snapshot.macs(), after.total, state.before.total);
    costs.otherMacs = std::max<std::int64_t>(total - ofLayers, 0);
}

}  // namespace

ChannelCosts::ChannelCosts(std::shared_ptr<const CostState> state) : m_state(std::move(state)) {}

CutCosts ChannelCosts::after(const channels::KeptChannels& kept) const {
    const channels::ChannelGroups& groups = *m_state->groups;
    const model::Snapshot& snapshot = *groups.snapshot();
    CutCosts costs{
        snapshot.parameters(), static_cast<std::int64_t>(snapshot.file().bytes), {}, {}, 0};
    for (const model::Layer& layer : snapshot.layers()) costs.weights.push_back(layer.weightCount);
    std::map<std::string, std::vector<std::int64_t>> shapes;
    for (const CutTensor& tensor : m_state->tensors) {
        auto shape = shapeAfter(tensor, positionsKept(tensor, groups, kept));
        const std::int64_t left = elements(shape);
        const std::int64_t gone = elements(tensor.shape) - left;
        if (tensor.isParameter) costs.parameters -= gone;
        costs.bytes -= gone * tensor.elementBytes;
        if (tensor.layer) costs.weights[tensor.layer->index()] = left;
        shapes.emplace(tensor.path, std::move(shape));
    }
    addMacs(costs, *m_state, m_state->steps.count(kept, shapes));
    return costs;
}

Result<ChannelCostsPtr> channelCosts(const channels::ChannelGroupsPtr& groups) {
    return guarded("Cannot count what channels cost", [&]() -> Result<ChannelCostsPtr> {
        CostState state{groups, cutTensors(*groups), CountedSteps(*groups), {}};
        std::map<std::string, std::vector<std::int64_t>> shapes;
        state.before = state.steps.count(channels::allChannels(*groups), shapes);
        return ChannelCostsPtr(std::make_shared<const ChannelCosts>(
            std::make_shared<const CostState>(std::move(state))));
    });
}

}  // namespace espalier::prune
