// SPDX-License-Identifier: GPL-3.0-or-later
// Measured scores as tensors.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/prune/scores.h"

namespace espalier::prune {

/// What a criterion says of one weight. Tensors are on the CPU.
struct WeightScores {
    at::Tensor values;  ///< shaped like the weight, at least 0; undefined: it ranks no weights
    /// Which row each weight is ranked in, int64, shaped like the weight; undefined: all in one.
    at::Tensor rows;

    bool isDefined() const { return values.defined(); }
};

/// What a criterion says of one parameter.
struct ParameterScores {
    WeightScores weights;
    /// By axis of the parameter what its positions are judged by, float64 [rounds, positions];
    /// undefined: nothing is known. What it means is the channel criterion's to say.
    std::vector<at::Tensor> axes;
};

struct ScoreState {
    ScoreKey key;
    std::int64_t samples = 0;
    std::map<std::string, ParameterScores, std::less<>> parameters;  ///< by path
    std::map<std::string, std::string, std::less<>> whyNot;          ///< by path
};

}  // namespace espalier::prune
