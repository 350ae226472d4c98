// SPDX-License-Identifier: GPL-3.0-or-later
// The criteria by which weights are ranked. Higher score = keep.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace espalier::prune {

/// What people are told about a criterion.
struct CriterionInfo {
    /// What it is computed from, beside the weights.
    enum class Needs {
        Weights,  ///< nothing else
        Inputs,   ///< samples that the model is run on
        Labels    ///< samples with their classes
    };

    std::string name;     ///< as in plans and on the command line: "magnitude"
    std::string formula;  ///< "|w|"
    std::string summary;  ///< one sentence with the source
    bool followsMagnitude =
        false;  ///< within one layer it ranks as |w| does, so a cut is a threshold on |w|
    Needs needs = Needs::Weights;

    bool isMeasured() const { return needs != Needs::Weights; }
};

/// All weight criteria, Random among them, in the order they are offered.
std::span<const CriterionInfo> weightCriteria();

/// Errors: BadArgument, listing the known names.
Result<CriterionInfo> findWeightCriterion(std::string_view name);

}  // namespace espalier::prune
