// SPDX-License-Identifier: GPL-3.0-or-later
// Optimizers: what they have in common, and the table of them.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/train/recipe.h"
#include "core/train/run_state_torch.h"

namespace espalier::train {

/// One per-element quantity that an optimizer remembers (a momentum): a tensor for each parameter,
/// shaped like it.
using OptimizerState = std::vector<at::Tensor>;

/// Changes parameters by their gradients, element by element: an element whose weight, gradient and
/// state are zero stays zero, weight decay and momentum included.
class Optimizer {
public:
    virtual ~Optimizer() = default;
    /// One step. Parameters without a gradient stay as they are.
    void step(double lr);
    /// Every quantity remembered per element, in the order of the parameters; may be written to.
    virtual std::vector<OptimizerState*> states() = 0;

    void save(RunState& state);
    /// Throws std::runtime_error when `state` is of another optimizer or other parameters.
    void load(const RunState& state);

protected:
    explicit Optimizer(std::vector<at::Tensor> parameters);
    /// A state of zeros.
    OptimizerState zeros() const;
    /// What is remembered apart from states(): a count of steps for each parameter.
    virtual OptimizerState* counts() { return nullptr; }

    /// Parameters of one type that have gradients; `indices` are their places among all parameters.
    struct Group {
        std::vector<std::size_t> indices;
        std::vector<at::Tensor> parameters;
        std::vector<at::Tensor> gradients;

        /// Those entries of `state` that belong to this group.
        std::vector<at::Tensor> of(const OptimizerState& state) const;
    };
    virtual void stepGroup(const Group& group, double lr) = 0;

private:
    std::vector<at::Tensor> m_parameters;
    std::vector<at::ScalarType>
        m_types;  // without repetition: a fused kernel takes one type at a time
};

using OptimizerMaker = std::unique_ptr<Optimizer> (*)(std::vector<at::Tensor> parameters,
                                                      const OptimizerOptions&);

std::unique_ptr<Optimizer> makeSgd(std::vector<at::Tensor> parameters,
                                   const OptimizerOptions& options);
std::unique_ptr<Optimizer> makeAdam(std::vector<at::Tensor> parameters,
                                    const OptimizerOptions& options);
std::unique_ptr<Optimizer> makeAdamW(std::vector<at::Tensor> parameters,
                                     const OptimizerOptions& options);

/// The optimizer called `options.name`, which must be one of optimizerNames().
std::unique_ptr<Optimizer> makeOptimizer(std::vector<at::Tensor> parameters,
                                         const OptimizerOptions& options);

}  // namespace espalier::train
