// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <set>

#include "core/base/format.h"
#include "core/channels/analysis_torch.h"
#include "core/channels/attribute_paths_torch.h"
#include "core/channels/exact_sums_torch.h"
#include "core/channels/proof_torch.h"
#include "core/channels/tagger_torch.h"
#include "core/model/snapshot_torch.h"

namespace espalier::channels {

namespace {

constexpr auto kAnalysing = "Cannot find the channel groups";
constexpr std::array<std::string_view, 3> kHeadUnits{"most", "heads", "positions"};

class Stopwatch {
public:
    double lap() {
        const auto now = std::chrono::steady_clock::now();
        const std::chrono::duration<double> passed = now - m_last;
        m_last = now;
        return passed.count();
    }

private:
    std::chrono::steady_clock::time_point m_last = std::chrono::steady_clock::now();
};

/// A walk over a trace and what came of it.
struct Grouping {
    TagTable tags;
    GroupTable table;

    /// Producers' positions that may go: those of exact groups, all, and in how many units.
    std::array<std::int64_t, 3> worth() const {
        std::array<std::int64_t, 3> sums{};
        for (const Group& group : table.groups) {
            if (group.locked) continue;
            for (const Member& member : group.members) {
                const bool isProducer = member.role == Role::Producer;
                const auto positions = isProducer ? std::ssize(member.indices) : 0;
                sums[0] += group.exact ? positions : 0;
                sums[1] += positions;
            }
            sums[2] += group.width;
        }
        return sums;
    }
};

std::set<std::string> buffersOf(const torch::jit::Module& module) {
    const AttributePaths paths(module);
    std::set<std::string> buffers;
    for (const auto& buffer : module.named_buffers()) buffers.insert(paths.of(buffer.value));
    return buffers;
}

Result<Grouping> groupedBy(const Trace& trace, const std::set<std::string>& buffers, HeadUnit unit,
                           RunControl& control) {
    auto tags = Tagger(trace, unit).run(control);
    if (!tags) return tags.error();
    judgeSums(trace, buffers, *tags);
    Grouping grouping;
    grouping.table = makeGroups(*tags, trace);
    grouping.tags = *std::move(tags);
    return grouping;
}

std::int64_t outputChannels(const model::Layer& layer) {
    const bool isTransposed = layer.op.starts_with("conv_transpose") && layer.shape.size() > 1;
    return layer.shape[isTransposed ? 1 : 0];
}

bool produces(const Group& group, std::string_view parameter) {
    return std::ranges::any_of(group.members, [parameter](const Member& member) {
        return member.role == Role::Producer && member.parameter == parameter;
    });
}

}  // namespace

std::string_view nameOf(HeadUnit unit) {
    return kHeadUnits.at(static_cast<std::size_t>(unit));
}

Result<HeadUnit> parseHeadUnit(std::string_view name) {
    const auto found = std::ranges::find(kHeadUnits, name);
    if (found != kHeadUnits.end())
        return static_cast<HeadUnit>(std::distance(kHeadUnits.begin(), found));
    return Error{Error::Kind::BadArgument, "Cannot find channel groups",
                 cat("'", name, "' is no unit of heads"), "Use one of most, heads, positions"};
}

std::string_view nameOf(Role role) {
    switch (role) {
        case Role::Producer:
            return "producer";
        case Role::Consumer:
            return "consumer";
        case Role::Affine:
            return "affine";
    }
    return {};
}

std::optional<std::int64_t> Member::channelAt(std::int64_t position) const {
    const auto found = std::ranges::find(indices, position);
    if (found == indices.end()) return {};
    const auto owner = std::ranges::upper_bound(offsets, found - indices.begin());
    return owner - offsets.begin() - 1;
}

std::span<const std::int64_t> Member::of(std::int64_t channel) const {
    const auto index = static_cast<std::size_t>(channel);
    const auto begin = static_cast<std::size_t>(offsets.at(index));
    const auto end = static_cast<std::size_t>(offsets.at(index + 1));
    return std::span(indices).subspan(begin, end - begin);
}

ChannelGroups::ChannelGroups(std::shared_ptr<const AnalysisState> state)
    : m_state(std::move(state)) {}

std::span<const Group> ChannelGroups::groups() const {
    return m_state->groups;
}

const Group& ChannelGroups::group(GroupId id) const {
    return m_state->groups.at(id.index());
}

std::optional<GroupId> ChannelGroups::find(std::string_view key) const {
    const auto found = std::ranges::find(m_state->groups, key, &Group::key);
    if (found == m_state->groups.end()) return std::nullopt;
    return found->id;
}

std::optional<GroupId> ChannelGroups::producing(std::string_view parameter) const {
    std::optional<GroupId> locked;
    for (const auto& group : m_state->groups) {
        if (!produces(group, parameter)) continue;
        if (!group.locked) return group.id;
        if (!locked) locked = group.id;
    }
    return locked;
}

std::string ChannelGroups::whyNot(std::string_view parameter) const {
    if (const auto id = producing(parameter)) {
        const auto& found = group(*id);
        return found.locked ? found.reason : std::string();
    }
    const auto known = m_state->frozen.find(parameter);
    if (known != m_state->frozen.end()) return known->second;
    const auto layer = snapshot()->find(parameter);
    if (layer && outputChannels(snapshot()->layer(*layer)) == 1) return "it has a single channel";
    return "no operator of the observed run makes channels with it";
}

const model::SnapshotPtr& ChannelGroups::snapshot() const {
    return m_state->snapshot;
}

std::span<const std::string> ChannelGroups::decidedByData() const {
    return m_state->decidedByData;
}

HeadUnit ChannelGroups::headUnit() const {
    return m_state->headUnit;
}

KeptChannels allChannels(const ChannelGroups& groups) {
    KeptChannels kept;
    for (const auto& group : groups.groups()) {
        auto& all = kept.groups.emplace_back(static_cast<std::size_t>(group.width));
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
    }
    return kept;
}

Result<ChannelGroupsPtr> analyse(const model::SnapshotPtr& snapshot, RunControl& control,
                                 HeadUnit unit) {
    return guarded(kAnalysing, [&]() -> Result<ChannelGroupsPtr> {
        Stopwatch watch;
        auto program = script::makeProgram(snapshot->state().module);
        if (!program) return program.error();
        auto inputs = script::exampleInputs(snapshot->inputs(), 0);
        auto trace = recordTrace(*program, std::move(inputs), control);
        if (!trace) return trace.error();
        auto state = std::make_shared<AnalysisState>();
        state->snapshot = snapshot;
        state->headUnit = unit;
        state->program = std::move(*program);
        state->trace = std::move(*trace);
        state->seconds.run = watch.lap();
        const auto buffers = buffersOf(state->program.module);
        auto grouping = groupedBy(state->trace, buffers, unit, control);
        if (!grouping) return grouping.error();
        if (unit == HeadUnit::Most && grouping->tags.hadChoice) {
            // What leaves most at one operator may contradict another: then one unit throughout
            // is better.
            for (const HeadUnit other : {HeadUnit::Positions, HeadUnit::Heads}) {
                auto second = groupedBy(state->trace, buffers, other, control);
                if (!second) return second.error();
                if (second->worth() > grouping->worth()) grouping = std::move(second);
            }
        }
        state->tags = std::move(grouping->tags.values);
        state->axes = std::move(grouping->tags.axes);
        state->grouped = std::move(grouping->tags.grouped);
        state->lookups = std::move(grouping->tags.lookups);
        state->groups = std::move(grouping->table.groups);
        state->units = std::move(grouping->table.units);
        state->unitOf = std::move(grouping->table.unitOf);
        state->frozen = std::move(grouping->table.frozen);
        state->seconds.groups = watch.lap();
        state->decidedByData = decidedByData(*state->program.graph, state->trace);
        return std::make_shared<const ChannelGroups>(std::move(state));
    });
}

}  // namespace espalier::channels
