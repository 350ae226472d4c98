// SPDX-License-Identifier: GPL-3.0-or-later
// Squares of per-sample gradients of a model's weights, summed over the samples of a batch.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/measure/scored_model_torch.h"

namespace espalier::measure {

/// Σ over samples of (∂Lᵢ/∂w)², by parameter; undefined for those that were not asked for or that
/// the loss does not depend on. Lᵢ is the loss of sample i alone.
using Squares = std::vector<at::Tensor>;

/// All samples at once; see perSampleSquares for which parameters that gives the right answer.
class BatchedSquares {
public:
    explicit BatchedSquares(const ScoredModel& model) : m_model(model) {}

    /// Runs the batch and notes by parameter whether its uses keep the samples apart.
    Result<void> look(const data::Batch& batch, RunControl& control);
    bool canTell(int parameter) const;
    void forget(int parameter) { m_ways.erase(parameter); }

    /// Of the parameters that can be told. Errors: those of run; Failed when the model now uses a
    /// weight otherwise than it did in `look`.
    Result<Squares> squares(const data::Batch& batch, RunControl& control) const;

private:
    /// Where the samples lie in each use of a weight.
    enum class Layout { First, Second };

    const ScoredModel& m_model;
    std::map<int, std::vector<Layout>> m_ways;  // by parameter, in order of use
};

/// One sample after the other, of the parameters in `wanted`: right for every model, and slow.
Result<Squares> squaresOneByOne(const ScoredModel& model, const data::Batch& batch,
                                const std::vector<int>& wanted, RunControl& control);

}  // namespace espalier::measure
