// SPDX-License-Identifier: GPL-3.0-or-later
// Outputs that are no numbers: which samples give them, and what that means.
#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>

#include "core/data/dataset_torch.h"

namespace espalier::measure {

/// Counts the samples whose outputs hold NaN.
class NonFinite {
public:
    /// `outputs` [samples, …] of that batch, of any type.
    void look(const data::Batch& batch, const at::Tensor& outputs);

    std::int64_t samples() const { return m_broken; }
    /// Of the split that was looked at from its first sample on. "the model's outputs hold NaN for
    /// 3 of 200 samples, the first is sample 17 (from 0) of data.npz: …"; empty when there are
    /// none.
    std::string note(const data::Dataset& dataset, data::Split split) const;

private:
    std::int64_t m_seen = 0;
    std::int64_t m_broken = 0;
    std::int64_t m_first = 0;
    bool m_areInputsBroken = false;
};

}  // namespace espalier::measure
