// SPDX-License-Identifier: GPL-3.0-or-later
// All that a sensitivity scan needs before its first evaluation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/measure/objective_torch.h"
#include "core/measure/prefix_runner_torch.h"
#include "core/measure/scan_targets_torch.h"
#include "core/measure/scores_torch.h"

namespace espalier::measure {

struct ScanSetup {
    data::DatasetPtr dataset;  ///< the samples that are looked at
    PrefixRunner::Slice slice;
    Objective objective;
    ScanTargets targets;
    Placement placement;
    script::Program program;         ///< of a copy with the base masks applied
    std::vector<std::size_t> steps;  ///< per target: where its weights are used first
    std::vector<double> shares;      ///< per target: the part of the model's cost from there on
    std::vector<std::string> notes;  ///< for people: those of Fit and of the targets
    std::string key;                 ///< under which results are remembered: see scanKey

    /// The arguments outlive what is made. Errors: those of scanSensitivity.
    static Result<ScanSetup> make(const model::Snapshot& snapshot,
                                  const channels::ChannelGroupsPtr& groups,
                                  const data::Dataset& dataset, const ScanOptions& options,
                                  RunControl& control);
};

}  // namespace espalier::measure
