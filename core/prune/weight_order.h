// SPDX-License-Identifier: GPL-3.0-or-later
// All weights of a model in the order in which one threshold takes them, for asking many times.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/model/snapshot.h"
#include "core/prune/plan.h"
#include "core/prune/scores.h"

namespace espalier::prune {

/// Sorted once, 4 bytes a weight; a question then takes microseconds. Immutable.
class WeightOrder {
public:
    /// Of the prunable, unlocked weights that the plan's criterion ranks. Errors: those of
    /// withSparsityEverywhere.
    static Result<std::shared_ptr<const WeightOrder>> make(const model::Snapshot& snapshot,
                                                           const Plan& plan,
                                                           const ScoreCache& scores,
                                                           RunControl& control);

    /// As withSparsityEverywhere with Scope::Global, but that scores which are equal as float go
    /// together. Errors: Infeasible.
    Result<Plan> withSparsity(const Plan& plan, double sparsity) const;
    std::int64_t weights() const { return m_weights; }

private:
    struct Layer {
        std::string name;
        std::int64_t count = 0;
        std::int64_t baseRemoved = 0;
        std::vector<float> scores;  // ascending, of what is not base-removed

        /// Without its last weight.
        std::int64_t removedUpTo(float score) const;
    };
    std::int64_t removedUpTo(float score) const;

    std::vector<Layer> m_layers;
    std::int64_t m_weights = 0;
};

using WeightOrderPtr = std::shared_ptr<const WeightOrder>;

}  // namespace espalier::prune
