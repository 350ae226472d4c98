// SPDX-License-Identifier: GPL-3.0-or-later
// What is known of the channels of one set of weights: groups, their costs, their scores.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <QString>

#include "core/channels/groups.h"
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
Result<FoundGroupsPtr> findGroups(const model::SnapshotPtr& snapshot, RunControl& control);

/// The layers whose output channels a group holds: those that move together.
std::vector<model::LayerId> producersOf(const FoundGroups& found, channels::GroupId group);
/// The layers that read them.
std::vector<model::LayerId> readersOf(const FoundGroups& found, channels::GroupId group);

/// "3 layers move together: residual add", for people.
QString headline(const FoundGroups& found, channels::GroupId group);

struct ChannelFacts {
    using Scores = Result<prune::ChannelScoresPtr>;

    model::SnapshotPtr snapshot;
    std::optional<Result<FoundGroupsPtr>> found;  ///< none: not known yet
    std::vector<std::pair<prune::ChannelScoreOptions, Scores>> scores;

    const Scores* scoresBy(const prune::ChannelScoreOptions& options) const;
};

/// Of the current weights and of those shown shortly before: undo across a training must not
/// analyse again.
class ChannelFactsStore {
public:
    /// Makes `snapshot` the current one; the oldest but two is forgotten.
    void use(const model::SnapshotPtr& snapshot);
    void clear() { m_facts.clear(); }
    ChannelFacts* current() { return m_facts.empty() ? nullptr : m_facts.front().get(); }

private:
    std::vector<std::unique_ptr<ChannelFacts>> m_facts;  // the current one first
};

}  // namespace espalier::ui
