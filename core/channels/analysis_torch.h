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

/// How long the parts of an analysis took.
struct AnalysisSeconds {
    double run = 0;     ///< the observed run
    double groups = 0;  ///< moving tags through it and sorting them into groups
};

struct AnalysisState {
    model::SnapshotPtr snapshot;
    HeadUnit headUnit = HeadUnit::Most;
    script::Program program;          ///< of the snapshot's module
    Trace trace;                      ///< of the program on the snapshot's example input
    std::vector<Tags> tags;           ///< by ValueId
    std::vector<ParameterAxis> axes;  ///< all parameter axes that carry atoms
    std::vector<GroupedStep> grouped;
    std::vector<Lookup> lookups;
    std::vector<Group> groups;
    std::vector<Unit> units;  ///< the channels of all groups that are not locked
    std::vector<int> unitOf;  ///< by atom: index into units; -1: it must stay
    std::map<std::string, std::string, std::less<>> frozen;  ///< why, by parameter path
    std::vector<std::string> decidedByData;                  ///< for people: see the function
    AnalysisSeconds seconds;
};

/// What groups are made of, once the walk is over.
struct GroupTable {
    std::vector<Group> groups;
    std::vector<Unit> units;
    std::vector<int> unitOf;
    std::map<std::string, std::string, std::less<>> frozen;
};

/// Sorts the classes of `tags` into groups.
GroupTable makeGroups(const TagTable& tags, const Trace& trace);

}  // namespace espalier::channels
