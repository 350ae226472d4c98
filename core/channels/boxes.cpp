// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/boxes_torch.h"

#include <algorithm>
#include <memory>
#include <unordered_map>

#include <ATen/Functions.h>

#include "core/base/format.h"
#include "core/channels/analysis_torch.h"

namespace espalier::channels {

namespace {

constexpr auto kCutting = "Cannot cut these channels";

using Kept = std::vector<std::int64_t>;

class BoxTest {
public:
    BoxTest(const ChannelGroups& groups, const KeptChannels& kept)
        : m_groups(groups), m_state(groups.state()), m_kept(kept) {}

    Result<Boxes> run() {
        if (auto fits = readKept(); !fits) return fits.error();
        Boxes boxes;
        boxes.values.resize(m_state.tags.size());
        for (std::size_t id = 0; id < m_state.tags.size(); ++id) {
            const auto& axes = m_state.tags[id].axes;
            for (std::size_t axis = 0; axis < axes.size(); ++axis) {
                const auto* kept = keptOf(axes[axis]);
                if (kept == nullptr) continue;
                if (kept->empty()) return emptied(static_cast<ValueId>(id), axis);
                boxes.values[id].push_back(
                    {static_cast<int>(axis), static_cast<std::int64_t>(axes[axis]->size()), *kept});
            }
        }
        if (auto cut = cutParameters(boxes); !cut) return cut.error();
        for (const auto& grouped : m_state.grouped) {
            const auto* kept = keptOf(grouped.channels);
            if (kept == nullptr) continue;
            boxes.groupCounts[grouped.step] =
                static_cast<std::int64_t>(kept->size()) / grouped.perGroup;
        }
        for (const auto& lookup : m_state.lookups) renumber(lookup, boxes);
        return boxes;
    }

private:
    Result<void> readKept();
    bool isAlive(Atom atom) const {
        if (atom == kNoAtom) return true;
        const auto unit = m_state.unitOf[static_cast<std::size_t>(atom)];
        return unit < 0 || m_alive[static_cast<std::size_t>(unit)];
    }
    /// Null when all stays.
    const Kept* keptOf(const AxisTags& tags);
    Result<void> cutParameters(Boxes& boxes) const;
    void renumber(const Lookup& lookup, Boxes& boxes);
    Error emptied(ValueId id, std::size_t axis) const;

    const ChannelGroups& m_groups;
    const AnalysisState& m_state;
    const KeptChannels& m_kept;
    std::vector<bool> m_alive;  // by unit
    std::unordered_map<const std::vector<Atom>*, std::unique_ptr<Kept>> m_known;
};

Result<void> BoxTest::readKept() {
    const auto groups = m_groups.groups();
    if (m_kept.groups.size() != groups.size()) {
        return Error{Error::Kind::BadArgument, kCutting,
                     cat("channels are given for ", m_kept.groups.size(), " groups, the model has ",
                         groups.size()),
                     ""};
    }
    std::vector<std::vector<bool>> stays;
    for (const auto& group : groups) {
        const auto& kept = m_kept.groups[group.id.index()];
        auto& own = stays.emplace_back(static_cast<std::size_t>(group.width), false);
        for (const auto channel : kept) {
            if (channel < 0 || channel >= group.width) {
                return Error{Error::Kind::BadArgument, kCutting,
                             cat(group.key, " has no channel ", channel), ""};
            }
            own[static_cast<std::size_t>(channel)] = true;
        }
        const auto count = std::ranges::count(own, true);
        if (count == group.width) continue;
        if (group.locked) {
            return Error{Error::Kind::Infeasible, kCutting,
                         cat("all channels of ", group.key, " must stay: ", group.reason),
                         "Leave this group out."};
        }
        if (count == 0) {
            return Error{Error::Kind::Infeasible, kCutting,
                         cat("nothing of ", group.key, " would be left"),
                         "Keep at least one channel of every group."};
        }
    }
    m_alive.resize(m_state.units.size());
    for (std::size_t unit = 0; unit < m_alive.size(); ++unit) {
        const auto& [group, channel] = m_state.units[unit];
        m_alive[unit] = stays[group.index()][static_cast<std::size_t>(channel)];
    }
    return {};
}

const Kept* BoxTest::keptOf(const AxisTags& tags) {
    if (tags == nullptr) return nullptr;
    const auto [known, isNew] = m_known.try_emplace(tags.get());
    if (!isNew) return known->second.get();
    Kept kept;
    kept.reserve(tags->size());
    for (std::size_t i = 0; i < tags->size(); ++i) {
        if (isAlive((*tags)[i])) kept.push_back(static_cast<std::int64_t>(i));
    }
    if (kept.size() < tags->size()) known->second = std::make_unique<Kept>(std::move(kept));
    return known->second.get();
}

Result<void> BoxTest::cutParameters(Boxes& boxes) const {
    for (const auto& axis : m_state.axes) {
        if (axis.path.empty()) continue;
        AxisCut cut{axis.axis, axis.size, {}};
        for (std::int64_t i = 0; i < axis.size; ++i) {
            if (isAlive(axis.first + static_cast<Atom>(i))) cut.kept.push_back(i);
        }
        if (static_cast<std::int64_t>(cut.kept.size()) == axis.size) continue;
        if (cut.kept.empty()) {
            return Error{Error::Kind::Infeasible, kCutting,
                         cat("nothing of ", axis.path, " would be left"),
                         "Keep more channels of the groups it belongs to."};
        }
        boxes.parameters[axis.path].push_back(std::move(cut));
    }
    for (auto& [path, box] : boxes.parameters) std::ranges::sort(box, {}, &AxisCut::axis);
    return {};
}

/// What still stands in the buffer, counted anew.
void BoxTest::renumber(const Lookup& lookup, Boxes& boxes) {
    const auto* kept = keptOf(lookup.source);
    if (kept == nullptr) return;
    std::vector<std::int64_t> numbers(lookup.source->size(), -1);
    for (std::size_t i = 0; i < kept->size(); ++i) {
        numbers[static_cast<std::size_t>((*kept)[i])] = static_cast<std::int64_t>(i);
    }
    const auto before = lookup.positions.to(at::kLong).contiguous();
    const auto size = static_cast<std::int64_t>(numbers.size());
    std::vector<std::int64_t> after;
    for (std::int64_t i = 0; i < before.numel(); ++i) {
        const auto position = before.data_ptr<std::int64_t>()[i];
        const auto number =
            numbers[static_cast<std::size_t>(position < 0 ? position + size : position)];
        if (number >= 0) after.push_back(number);
    }
    boxes.renumbered[lookup.path] = at::tensor(after).to(lookup.positions.scalar_type());
}

/// Names the operator whose result would be empty, and a group that has to keep more.
Error BoxTest::emptied(ValueId id, std::size_t axis) const {
    std::string where = "a value";
    for (const auto& step : m_state.trace.steps) {
        if (std::ranges::find(step.outputs, id) == step.outputs.end()) continue;
        const auto path = modulePathOf(*step.node);
        where = cat("the result of ", step.node->kind().toUnqualString(),
                    path.empty() ? "" : cat(" in ", path));
        break;
    }
    const auto atom = (*m_state.tags[static_cast<std::size_t>(id)].axes[axis])[0];
    const auto unit = m_state.unitOf[static_cast<std::size_t>(atom)];
    const auto& group = m_groups.group(m_state.units[static_cast<std::size_t>(unit)].group);
    return {Error::Kind::Infeasible, kCutting, cat(where, " would be left without a channel"),
            cat("Keep more channels of ", group.key, ".")};
}

}  // namespace

Result<Boxes> boxesFor(const ChannelGroups& groups, const KeptChannels& kept) {
    return guarded(kCutting, [&] { return BoxTest(groups, kept).run(); });
}

}  // namespace espalier::channels
