// SPDX-License-Identifier: GPL-3.0-or-later
// The numbers of a convolution, read from the operator that runs it.
#pragma once

#include <optional>

#include "core/measure/weight_uses_torch.h"

namespace espalier::measure {

/// A convolution's numbers and whether it is transposed.
struct ConvolutionCall {
    Geometry geometry;
    bool isTransposed = false;
};

/// None for operators other than the convolutions that TorchScript files hold.
std::optional<ConvolutionCall> convolutionCall(const script::NodeEvent& event);

}  // namespace espalier::measure
