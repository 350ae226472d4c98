// SPDX-License-Identifier: GPL-3.0-or-later
// Choosing one of the tensors that forward returns.
#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include "core/measure/model_output.h"

namespace espalier::measure {

/// What `output` holds; None and what is no tensor are passed over.
std::vector<ModelOutput> outputsIn(const c10::IValue& output);

/// The tensor of that key; without a key the only one with floating-point numbers. Of a named tuple
/// the places count as well as the names.
/// Errors: Mismatch, listing what there is and how to choose.
Result<at::Tensor> selectOutput(const c10::IValue& output, const std::string& key);

}  // namespace espalier::measure
