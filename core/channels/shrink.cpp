// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/shrink.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "core/base/format.h"
#include "core/channels/analysis_torch.h"
#include "core/channels/compensation_torch.h"
#include "core/channels/cut_attempt_torch.h"
#include "core/channels/shrink_torch.h"
#include "core/channels/twin_torch.h"
#include "core/script/extra_files_torch.h"
#include "core/script/save_torch.h"

namespace espalier::channels {

namespace {

constexpr auto kWhat = "Cannot cut the channels out";
/// Tries beyond the first before the groups still in doubt are left whole.
constexpr int kMostTries = 40;

/// The channels themselves are checked by boxesFor.
Result<void> check(const ChannelGroups& groups, const KeptChannels& kept) {
    const auto all = groups.groups();
    if (kept.groups.size() != all.size()) {
        return Error{Error::Kind::BadArgument, kWhat,
                     cat("channels of ", kept.groups.size(), " groups were given, the model has ",
                         all.size()),
                     ""};
    }
    return {};
}

/// What the caller asked for was possible, but the model's code does not go with it.
bool isCodesFault(const Error& error) {
    return error.kind == Error::Kind::Unsupported || error.kind == Error::Kind::Failed;
}

/// Finds out which groups the model's code lets go: all at once if it does, else by halves.
class Cutter {
public:
    Cutter(const ChannelGroupsPtr& groups, const KeptChannels& wanted, const MasksFor& masksFor,
           const CutOptions& options, const EventSink<>& events, RunControl& control)
        : m_groups(*groups),
          m_wanted(wanted),
          m_masksFor(masksFor),
          m_options(options),
          m_events(events),
          m_control(control),
          m_settled(allChannels(*groups)) {
        m_state.groups = groups;
    }

    Result<CutModelPtr> run() {
        std::vector<GroupId> asked;
        for (const Group& group : m_groups.groups()) {
            if (isCut(group, m_wanted)) asked.push_back(group.id);
        }
        m_events.progress({"Cutting and proving", 0, 0, -1});
        if (auto error = settle(asked)) return *error;
        if (!asked.empty() && m_state.leftWhole.size() == asked.size()) return nothingCut();
        if (!m_attempt || m_isStale) {
            if (auto misfit = attempt(m_settled)) return misfit->error;
        }
        m_state.module = m_attempt->module;
        m_state.proof = m_attempt->proof;
        m_state.kept = m_attempt->kept;
        m_state.compensation = std::make_shared<const Compensation>(m_attempt->compensation);
        m_state.seconds.cut += m_attempt->seconds.cut;
        m_state.seconds.prove += m_attempt->seconds.prove;
        m_state.channels = m_settled;
        for (const auto& parameter : m_state.module.parameters()) {
            m_state.parameters += parameter.numel();
        }
        return std::make_shared<const CutModel>(
            std::make_shared<const CutState>(std::move(m_state)));
    }

private:
    KeptChannels with(std::span<const GroupId> cut) const {
        KeptChannels kept = m_settled;
        for (const GroupId id : cut) kept.groups[id.index()] = m_wanted.groups[id.index()];
        return kept;
    }

    std::optional<Misfit> attempt(const KeptChannels& kept) {
        m_attempt.reset();
        auto masks = m_masksFor(kept);
        if (!masks) return Misfit{masks.error(), -1};
        m_state.weightMasks = *std::move(masks);
        auto result = tryCut(m_groups, kept, m_state.weightMasks, m_options, m_control);
        if (auto* misfit = std::get_if<Misfit>(&result)) return std::move(*misfit);
        m_attempt = std::get<CutAttempt>(std::move(result));
        return std::nullopt;
    }

    /// Adds what can be cut of `groups` to what is settled. Only an error that no group can be
    /// blamed for ends it.
    std::optional<Error> settle(std::span<const GroupId> groups) {
        const auto kept = with(groups);
        if (auto misfit = attempt(kept)) {
            if (groups.empty() || !isCodesFault(misfit->error)) return misfit->error;
            m_isStale = true;
            const auto [blamed, rest] = split(groups, misfit->step);
            if (!blamed.empty() && !rest.empty()) {
                leaveWhole(blamed, misfit->error);
                return settle(rest);
            }
            if (groups.size() == 1 || ++m_tries > kMostTries) {
                leaveWhole(groups, misfit->error);
                return std::nullopt;
            }
            const auto half = groups.size() / 2;
            if (auto error = settle(groups.first(half))) return error;
            return settle(groups.subspan(half));
        }
        m_settled = kept;
        m_isStale = false;
        return std::nullopt;
    }

    Error nothingCut() const {
        constexpr std::size_t kNamed = 3;  // groups a reason
        std::map<std::string, std::vector<std::string>> keys;
        for (const auto& [group, reason] : m_state.leftWhole)
            keys[reason].push_back(m_groups.group(group).key);
        std::string why;
        for (const auto& [reason, groups] : keys) {
            why += why.empty() ? "" : "; ";
            for (std::size_t i = 0; i < std::min(kNamed, groups.size()); ++i)
                why += cat(i > 0 ? ", " : "", groups[i]);
            if (groups.size() > kNamed) why += cat(" and ", groups.size() - kNamed, " others");
            why += cat(": ", reason);
        }
        return {Error::Kind::Failed, kWhat,
                cat("none of the groups that were to be cut can be (", why, ")"),
                "Nothing was written: leave these groups whole, or prune their weights"};
    }

    void leaveWhole(std::span<const GroupId> groups, const Error& error) {
        for (const GroupId id : groups) m_state.leftWhole.push_back({id, error.why});
    }

    /// Those whose channels pass through a step of the trace, and the others.
    std::pair<std::vector<GroupId>, std::vector<GroupId>> split(std::span<const GroupId> groups,
                                                                int step) const {
        std::pair<std::vector<GroupId>, std::vector<GroupId>> parts;
        const auto there = step < 0 ? std::set<GroupId>() : groupsAt(step);
        for (const GroupId id : groups) {
            (there.contains(id) ? parts.first : parts.second).push_back(id);
        }
        return parts;
    }

    std::set<GroupId> groupsAt(int step) const {
        const AnalysisState& analysis = m_groups.state();
        const TraceStep& there = analysis.trace.steps.at(step);
        std::set<GroupId> groups;
        for (const auto* ids : {&there.inputs, &there.outputs}) {
            for (const ValueId id : *ids) {
                for (const AxisTags& axis : analysis.tags.at(id).axes) {
                    if (axis) addGroups(*axis, groups);
                }
            }
        }
        return groups;
    }

    void addGroups(const std::vector<Atom>& atoms, std::set<GroupId>& groups) const {
        const AnalysisState& analysis = m_groups.state();
        for (const Atom atom : atoms) {
            if (atom == kNoAtom) continue;
            const int unit = analysis.unitOf.at(atom);
            if (unit >= 0) groups.insert(analysis.units.at(unit).group);
        }
    }

    const ChannelGroups& m_groups;
    const KeptChannels& m_wanted;
    const MasksFor& m_masksFor;
    const CutOptions& m_options;
    const EventSink<>& m_events;
    RunControl& m_control;
    KeptChannels m_settled;
    std::optional<CutAttempt> m_attempt;  ///< of m_settled, unless stale
    bool m_isStale = false;
    int m_tries = 0;
    CutState m_state;
};

}  // namespace

CutModel::CutModel(std::shared_ptr<const CutState> state) : m_state(std::move(state)) {}

const Proof& CutModel::proof() const {
    return m_state->proof;
}
const KeptPositions& CutModel::kept() const {
    return m_state->kept;
}
const KeptChannels& CutModel::channels() const {
    return m_state->channels;
}
const std::vector<LeftWhole>& CutModel::leftWhole() const {
    return m_state->leftWhole;
}
std::int64_t CutModel::parameters() const {
    return m_state->parameters;
}
CutSeconds CutModel::seconds() const {
    return m_state->seconds;
}

Result<CutModelPtr> cut(const ChannelGroupsPtr& groups, const KeptChannels& kept,
                        const MasksFor& masksFor, const CutOptions& options,
                        const EventSink<>& events, RunControl& control) {
    return guarded(kWhat, [&]() -> Result<CutModelPtr> {
        if (auto checked = check(*groups, kept); !checked) return checked.error();
        return Cutter(groups, kept, masksFor, options, events, control).run();
    });
}

Result<CutModelPtr> cut(const ChannelGroupsPtr& groups, const KeptChannels& kept,
                        const CutOptions& options, const EventSink<>& events, RunControl& control) {
    const auto none = [](const KeptChannels&) -> Result<WeightMasks> { return WeightMasks{}; };
    return cut(groups, kept, none, options, events, control);
}

Result<torch::jit::Module> maskedTwin(const CutModel& model) {
    return guarded("Cannot make the masked model", [&]() -> Result<torch::jit::Module> {
        const CutState& state = model.state();
        const auto boxes = boxesFor(*state.groups, state.channels);
        if (!boxes) return boxes.error();
        RunControl control;
        auto twin = makeTwin(*state.groups, state.channels, state.groups->state().program.module,
                             *boxes, state.weightMasks, control);
        if (!twin) return twin.error();
        if (!state.compensation->biases.empty()) {
            restoreConstants(*state.groups, state.channels, *boxes, *state.compensation,
                             state.groups->state().program.module, *twin);
        }
        return twin->module;
    });
}

Result<void> saveCut(const CutModel& model, const std::filesystem::path& target,
                     const EventSink<>& events, RunControl& control) {
    const auto& snapshot = *model.state().groups->snapshot();
    return script::saveChecked(model.state().module, snapshot.inputs(), target, events, control,
                               script::extraFilesOf(snapshot.file().path));
}

Result<void> saveMasked(const CutModel& model, const std::filesystem::path& target,
                        const EventSink<>& events, RunControl& control) {
    const auto twin = maskedTwin(model);
    if (!twin) return twin.error();
    const auto& snapshot = *model.state().groups->snapshot();
    return script::saveChecked(*twin, snapshot.inputs(), target, events, control,
                               script::extraFilesOf(snapshot.file().path));
}

}  // namespace espalier::channels
