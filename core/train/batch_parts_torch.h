// SPDX-License-Identifier: GPL-3.0-or-later
// Batches that are too large for the device's memory, taken in parts.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/base/result.h"
#include "core/data/dataset_torch.h"

namespace espalier::train {

/// Gathers the gradients of a batch, in halves, quarters … once the device's memory did not suffice
/// for the whole.
///
/// With a loss that is a mean over samples the sum of the parts' gradients, each weighted by its
/// share of the samples, is the gradient of the whole batch. What looks at a whole batch (batch
/// norm, a loss module that is no mean) sees the parts instead: a warning in the log says so.
class BatchParts {
public:
    /// Adds `share` times the gradients of `part`'s loss to those of the parameters; the loss.
    using AddGradients = std::function<Result<double>(const data::Batch& part, double share)>;

    /// `mayHalve`: otherwise the first time that memory does not suffice is an error.
    explicit BatchParts(bool mayHalve) : m_mayHalve(mayHalve) {}

    /// The loss of `batch`, whose gradient `parameters` have afterwards; a loss that is not finite
    /// ends it at once. Errors: those of `add`; Failed when the device's memory does not suffice.
    Result<double> run(const data::Batch& batch, const std::vector<at::Tensor>& parameters,
                       const AddGradients& add);

    std::int64_t parts() const { return m_parts; }  ///< that a batch is taken in

private:
    Result<double> tryParts(const data::Batch& batch, const AddGradients& add) const;

    bool m_mayHalve;
    std::int64_t m_parts = 1;
};

}  // namespace espalier::train
