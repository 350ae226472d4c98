// SPDX-License-Identifier: GPL-3.0-or-later
// The torch side of ChannelGroups: the program, its observed run, and the tags of every value.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/channels/groups.h"
#include "core/channels/tags_torch.h"
#include "core/channels/trace_torch.h"

namespace espalier::channels {

/// Which channel of which group an atom goes with.
struct Unit {
    GroupId group;
    std::int64_t channel = 0;
};

/// An operator that takes a count of groups, all of which keep equally many channels: the count
/// follows from how many atoms stay on `axis`.
struct GroupedStep {
    int step = 0;
    AxisTags channels;          ///< of its input
    std::int64_t perGroup = 0;  ///< channels of one group when whole groups go
};

struct AnalysisState {
    model::SnapshotPtr snapshot;
    script::Program program;          ///< of the snapshot's module
    Trace trace;                      ///< of the program on the snapshot's example input
    std::vector<Tags> tags;           ///< by ValueId
    std::vector<ParameterAxis> axes;  ///< all parameter axes that carry atoms
    std::vector<Unit> units;          ///< of all groups, locked ones too
    std::vector<int> unitOf;          ///< by atom: index into units, -1: it must stay
    std::vector<GroupedStep> grouped;
    std::vector<Group> groups;
    std::map<std::string, std::string, std::less<>> whyNot;  ///< by parameter path
    std::map<std::string, double> seconds;                   ///< "run", "tags", "groups"
};

}  // namespace espalier::channels
