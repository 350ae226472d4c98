// SPDX-License-Identifier: GPL-3.0-or-later
// Comparing what two models give.
#pragma once

#include <string>
#include <vector>

#include <ATen/core/ivalue.h>

namespace espalier::channels {

using Tensors = std::vector<at::Tensor>;

/// How far apart outputs of this type may be: 1e-5 in float32, 1e-9 in float64, …
double toleranceOf(at::ScalarType type);

/// The least exact of all floating outputs decides what can be asked for.
at::ScalarType typeOf(const Tensors& outputs);

/// max |a - b| / max |a| over all tensors, each beside its own size; infinite when shapes differ.
double difference(const Tensors& a, const Tensors& b);

bool isFinite(const Tensors& outputs);

/// An input for a model in float64.
c10::IValue inDouble(const c10::IValue& value);

}  // namespace espalier::channels
