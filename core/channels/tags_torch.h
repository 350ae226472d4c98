// SPDX-License-Identifier: GPL-3.0-or-later
// Channel tags: which parameter channel each position of each axis of each value stands for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/channels/atoms.h"
#include "core/channels/groups.h"
#include "core/channels/trace_torch.h"

namespace espalier::channels {

/// The atoms along one axis, one per position (kNoAtom: a position that must stay); shared between
/// all values that carry the same channels.
using AxisTags = std::shared_ptr<const std::vector<Atom>>;

/// The tags of one tensor: per axis its atoms, or null when nothing along it can go. An axis of
/// size one never has tags. Tags vary along their own axis only: that is what makes every subset of
/// channels a box.
struct Tags {
    std::vector<AxisTags> axes;
    int origin = -1;  ///< a text of Atoms for people: what an axis without tags comes from
    bool isParametric = false;  ///< computed from parameters and constants alone
    bool isLazy = false;  ///< a parameter or a filled tensor: its axes get atoms when asked for
    std::vector<bool> freeAxes;  ///< those along which all is equal (stretched from size one): they
                                 ///< get atoms when joined with channels; may be empty
    std::vector<int> leaves;  ///< of a parametric tensor: the parameters in it, by Tagger's number

    bool isTracked(std::int64_t axis) const {
        return axis >= 0 && axis < static_cast<std::int64_t>(axes.size()) &&
               axes[static_cast<std::size_t>(axis)] != nullptr;
    }
    bool isFree(std::int64_t axis) const {
        return axis >= 0 && axis < static_cast<std::int64_t>(freeAxes.size()) &&
               freeAxes[static_cast<std::size_t>(axis)];
    }
    bool isTracked() const {
        for (const auto& axis : axes) {
            if (axis != nullptr) return true;
        }
        return false;
    }
};

/// One axis of a parameter or buffer (path), or of a tensor of equal numbers made on the way (no
/// path): its positions are the atoms first, first + 1, …
struct ParameterAxis {
    std::string path;
    int axis = 0;
    std::int64_t size = 0;
    Atom first = kNoAtom;
    int dimensions = 0;    ///< of the parameter
    bool hasRole = false;  ///< else it is whatever Group::members need: Affine
    Role role = Role::Affine;
};

/// That one executed operator made classes one.
struct Coupling {
    int step = 0;
    Atom atom = kNoAtom;  ///< one of those that were joined
};

/// An operator that takes a count of groups and of which whole groups go: its new count is the
/// number of kept `channels` divided by `perGroup`.
struct GroupedStep {
    int step = 0;
    AxisTags channels;  ///< of its input
    std::int64_t perGroup = 1;
};

/// A buffer of positions on an axis with channels: its entries go with them and are renumbered.
struct Lookup {
    std::string path;      ///< of the buffer, [n]
    at::Tensor positions;  ///< what it holds
    AxisTags source;       ///< of the axis that it counts on
};

/// All that the walk over a trace finds out.
struct TagTable {
    std::vector<Tags> values;  ///< by ValueId
    Atoms atoms;
    std::vector<ParameterAxis> axes;  ///< in order of first use
    std::vector<Coupling> couplings;
    std::vector<GroupedStep> grouped;
    std::vector<Lookup> lookups;
    bool hadChoice = false;  ///< an operator could have kept another axis: see HeadUnit
};

}  // namespace espalier::channels
