// SPDX-License-Identifier: GPL-3.0-or-later
// Zeros that a masked twin must not have, since its weights are computed with them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/channels/analysis_torch.h"
#include "core/channels/boxes_torch.h"

namespace espalier::channels {

/// Parameters by canonical path, with the axis whose removed positions keep their numbers.
using SparedAxes = std::set<std::pair<std::string, int>>;

/// Finds out what to spare where a weight is computed from parameters (g · v / ‖v‖ of weight norm
/// is 0 / 0 where v is zero). Asked again with each new twin until that is finite.
class Sparing {
public:
    Sparing(const AnalysisState& analysis, const Boxes& boxes);

    /// Whether cut parameters go through computations at all.
    bool isNeeded() const { return !m_computed.empty(); }
    /// Runs `twin`, which has the analysed graph. True when all computed weights are finite or
    /// nothing more can be spared; else `axes` has become another.
    bool isSettled(const script::Program& twin, RunControl& control);

    SparedAxes axes;

private:
    struct Computed {
        std::vector<std::pair<std::string, int>> candidates;  ///< cut axes of what goes in
        std::size_t next = 0;
    };
    std::map<const torch::jit::Node*, Computed> m_computed;
    const AnalysisState& m_analysis;
};

}  // namespace espalier::channels
