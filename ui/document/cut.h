// SPDX-License-Identifier: GPL-3.0-or-later
// Threshold, sparsity and σ multiple as three views of one cut through a layer's weights.
#pragma once

#include <cstdint>
#include <optional>

#include "core/model/layer.h"
#include "core/model/weight_index.h"
#include "core/prune/criterion.h"
#include "core/prune/plan.h"

namespace espalier::ui {

/// What is needed to tell what a rule does to one layer, in microseconds.
struct CutContext {
    const model::Layer& layer;
    std::int64_t baseRemoved = 0;
    const model::WeightIndex* index = nullptr;  ///< may be null
    bool isMagnitude = true;                    ///< the criterion scores |w| itself
    bool followsMagnitude = true;               ///< the criterion ranks as |w| does
};

/// Weights that `rule` removes, base mask included; none when only the mask itself can tell.
std::optional<std::int64_t> removedBy(const prune::WeightRule& rule, const CutContext& context);

/// The threshold on |w| that removes `removed` weights, base mask included.
double thresholdFor(std::int64_t removed, const CutContext& context);

/// The threshold on |w| that `rule` amounts to; none when it is no threshold, or the index is not
/// there. `removed`: what the rule removes, base mask included.
std::optional<double> thresholdOf(const prune::WeightRule& rule, std::int64_t removed,
                                  const CutContext& context);

/// The rule for a cut at `threshold`: that threshold where the criterion is |w| itself, the same
/// number of weights otherwise. At least one weight stays.
prune::WeightRule ruleForCut(double threshold, const CutContext& context);

}  // namespace espalier::ui
