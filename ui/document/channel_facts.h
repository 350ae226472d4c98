// SPDX-License-Identifier: GPL-3.0-or-later
// What is known of the channels of one set of weights: groups, their costs, their scores.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <QString>

#include "core/channels/groups.h"
#include "core/channels/shrink.h"
#include "core/prune/channel_costs.h"
#include "core/prune/channel_scores.h"

namespace espalier::ui {

/// Groups and what follows from them. Immutable; made by a job.
struct FoundGroups {
    channels::ChannelGroupsPtr groups;
    prune::ChannelCostsPtr costs;
    std::vector<std::optional<channels::GroupId>> producing;  ///< by LayerId: the group of the
                                                              ///< layer's own output channels
    std::vector<std::vector<channels::GroupId>> reading;  ///< by LayerId: groups whose channels it
                                                          ///< takes in
    std::vector<QString> letters;  ///< by GroupId: "A" … "Z", "AA" …; empty for locked groups
};
using FoundGroupsPtr = std::shared_ptr<const FoundGroups>;

/// Analyses the model. Errors: those of channels::analyse and prune::channelCosts.
Result<FoundGroupsPtr> findGroups(const model::SnapshotPtr& snapshot, channels::HeadUnit unit,
                                  RunControl& control);

/// The layers whose output channels a group holds: those that move together.
std::vector<model::LayerId> producersOf(const FoundGroups& found, channels::GroupId group);
/// The layers that read them.
std::vector<model::LayerId> readersOf(const FoundGroups& found, channels::GroupId group);

/// "3 layers move together: residual add", for people.
QString headline(const FoundGroups& found, channels::GroupId group);

/// What came of cutting one group alone.
struct GroupProof {
    channels::Proof proof;
    std::int64_t kept = 0;  ///< channels it was cut to
};

/// Cuts the group to the channels `kept` and nothing else, and proves that; the cut model is not
/// kept. Errors: those of channels::cut.
Result<GroupProof> proveGroup(const channels::ChannelGroupsPtr& groups, channels::GroupId group,
                              std::vector<std::int64_t> kept, const EventSink<>& events,
                              RunControl& control);

struct ChannelFacts {
    using Scores = Result<prune::ChannelScoresPtr>;

    model::SnapshotPtr snapshot;
    channels::HeadUnit unit = channels::HeadUnit::Most;
    std::optional<Result<FoundGroupsPtr>> found;  ///< none: not known yet
    std::vector<std::pair<prune::ChannelScoreOptions, Scores>> scores;
    std::map<channels::GroupId, Result<GroupProof>> proofs;  ///< of the groups that were asked for

    const Scores* scoresBy(const prune::ChannelScoreOptions& options) const;
};

/// Of the current weights and head unit and of those shown shortly before: undo across a training
/// must not analyse again.
class ChannelFactsStore {
public:
    /// Makes those of `snapshot` and `unit` the current ones; the oldest but two are forgotten.
    void use(const model::SnapshotPtr& snapshot, channels::HeadUnit unit);
    void clear() { m_facts.clear(); }
    ChannelFacts* current() { return m_facts.empty() ? nullptr : m_facts.front().get(); }

private:
    std::vector<std::unique_ptr<ChannelFacts>> m_facts;  // the current one first
};

}  // namespace espalier::ui
