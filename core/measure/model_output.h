// SPDX-License-Identifier: GPL-3.0-or-later
// The tensors that forward returns, and how one of them is named.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/data/dataset.h"
#include "core/model/snapshot.h"

namespace espalier::measure {

struct ModelOutput {
    /// "" when forward returns one tensor; else its place: "1", "logits", "0.logits". Tuples and
    /// lists count from 0; a named tuple has names.
    std::string key;
    std::vector<std::int64_t> shape;  ///< of a batch of two
    std::string dtype;                ///< as PyTorch spells it

    bool operator==(const ModelOutput&) const = default;
};

/// What the model returns for the first samples. Errors: Mismatch when it does not run on them.
Result<std::vector<ModelOutput>> modelOutputs(const model::Snapshot& snapshot,
                                              const data::Dataset& dataset);

}  // namespace espalier::measure
