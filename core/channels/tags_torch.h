// SPDX-License-Identifier: GPL-3.0-or-later
// Channel tags: which parameter channel each position of each axis of each value stands for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/channels/atoms.h"
#include "core/channels/trace_torch.h"

namespace espalier::channels {

/// The atoms along one axis, one per position (kNoAtom: a position that must stay); shared between
/// all values that carry the same channels.
using AxisTags = std::shared_ptr<const std::vector<Atom>>;

/// The tags of one tensor: per axis its atoms, or null when nothing along it can go.
struct Tags {
    std::vector<AxisTags> axes;
    std::string
        origin;  ///< for people, when an axis has no tags: "the model's input", "a constant"
    bool isParametric = false;  ///< computed from parameters and constants alone
    bool isFree = false;  ///< the same number everywhere (zeros, full …): may be cut anywhere

    bool isTracked(std::int64_t axis) const;
    bool isTracked() const;
};

/// The atoms of one axis of a parameter or buffer: first, first + 1, … for its positions.
struct ParameterAxis {
    std::string path;
    int axis = 0;
    std::int64_t size = 0;
    Atom first = kNoAtom;
    int order = 0;  ///< when it was first met: order of execution
};

}  // namespace espalier::channels
