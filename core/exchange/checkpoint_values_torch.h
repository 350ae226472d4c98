// SPDX-License-Identifier: GPL-3.0-or-later
// The values of a run as tensors and text, for checkpoint files alone.
#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

#include "core/train/checkpoint.h"
#include "core/train/run_state_torch.h"

namespace espalier::exchange {

/// Numbers as tensors, which keep their bits; `texts` for text alone.
struct StoredValue {
    std::string name;
    std::string kind;  ///< tensor, tensors, int, ints, double, text, texts
    std::vector<at::Tensor> tensors{};
    std::vector<std::string> texts{};
};

/// The samples of a run come first, as one tensor. Throws std::runtime_error for a value of another
/// type.
std::vector<StoredValue> valuesOf(const train::Checkpoint& checkpoint);
/// Puts the values back. Throws std::runtime_error when one is not what its kind says.
void setValues(train::Checkpoint& checkpoint, const std::vector<StoredValue>& values);

/// "Float", "Long" … as c10 spells them. Throws std::runtime_error for one that no checkpoint has.
at::ScalarType scalarTypeOf(const std::string& name);

}  // namespace espalier::exchange
