// SPDX-License-Identifier: GPL-3.0-or-later
// Walks a trace once and moves tags through every operator.
#pragma once

#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/channels/tags_torch.h"

namespace espalier::channels {

/// What to look for first in the axis that keeps its channels apart: many units, or that each
/// position is a unit of its own (which tells channels from space after a pixel shuffle).
enum class Prefer { ManyUnits, OwnPositions };

/// The walk's state, as the rules see it. Rules unite, freeze and hand tags on; they never look at
/// real activations.
class Tagger {
public:
    Tagger(const Trace& trace, HeadUnit unit);

    /// Errors: Cancelled.
    Result<TagTable> run(RunControl& control);

    const Trace& trace() const { return m_trace; }
    const TraceValue& value(ValueId id) const {
        return m_trace.values[static_cast<std::size_t>(id)];
    }
    const Tags& tags(ValueId id) const { return m_table.values[static_cast<std::size_t>(id)]; }
    Atoms& atoms() { return m_table.atoms; }
    HeadUnit unit() const { return m_unit; }

    /// The tags along one axis; a parameter's atoms are made when this first asks for them.
    AxisTags axis(ValueId id, std::int64_t axis);
    /// The tags with all axes of a parameter or filled tensor made.
    const Tags& allAxes(ValueId id);
    void setTags(ValueId id, Tags tags);

    /// Position by position. Where one side must stay, so must the other.
    void unite(const AxisTags& a, const AxisTags& b);
    void unite(Atom a, Atom b);
    /// The same for a parameter that follows channels: nothing that people need to be told.
    void attach(const AxisTags& a, const AxisTags& b);
    void attach(Atom a, Atom b);
    /// `origin`: a text of Atoms for what becomes of them; -1: made from the reason.
    void freeze(const AxisTags& axis, const std::string& reason, int origin = -1);
    void freezeAll(ValueId id, const std::string& reason);
    void markInexact(const AxisTags& axis, const std::string& reason);
    void setHeads(const AxisTags& axis, std::int64_t heads);
    /// What a parametric weight's axes are for: `axis` of `weight` produces, reads or scales.
    void setRole(ValueId weight, const AxisTags& axis, Role role);
    void addLookup(Lookup lookup) { m_table.lookups.push_back(std::move(lookup)); }
    void addGrouped(const AxisTags& channels, std::int64_t perGroup);

    /// Unites over all axes of `shape` but the one that leaves most classes, and returns that one
    /// with its tags. `atoms` fill `shape` in row-major order. An axis that `isTakenApart` (all
    /// false when empty) is the last choice.
    std::pair<std::int64_t, AxisTags> toOneAxis(std::vector<Atom> atoms,
                                                std::span<const std::int64_t> shape,
                                                Prefer preference = Prefer::ManyUnits,
                                                const std::vector<bool>& isTakenApart = {});

    /// "layer_norm in encoder.0.norm": the step that is being walked.
    std::string here() const;
    int step() const { return m_step; }

private:
    void walk(const TraceStep& step);
    void noteCouplings();
    AxisTags makeAxis(ValueId id, std::int64_t axis);
    void prepareValues();
    AxisTags uniteAcross(const std::vector<Atom>& spread, std::span<const std::int64_t> shape,
                         std::int64_t axis);

    const Trace& m_trace;
    HeadUnit m_unit;
    TagTable m_table;
    std::map<std::pair<std::string, int>, AxisTags> m_parameterAxes;
    std::unordered_map<std::string, int> m_leafNumbers;
    std::vector<std::string> m_leafPaths;
    int m_step = 0;
    std::vector<Atom> m_joined;  // by the current step
    int m_lost = -1;             // a text of Atoms: why the current step's first had to stay
};

}  // namespace espalier::channels
