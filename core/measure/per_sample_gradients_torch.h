// SPDX-License-Identifier: GPL-3.0-or-later
// The gradient of each sample's own loss, for a whole batch at once: from what went into a weight
// and the gradient of what came out.
#pragma once

#include <cstdint>
#include <vector>

#include "core/measure/weight_uses_torch.h"

namespace espalier::measure {

/// One use of a weight, and the gradient of its output. Axis 0 of both is samples, or samples × n
/// with the n of a sample side by side.
struct UseGradient {
    UseKind kind = UseKind::Linear;
    at::Tensor input;
    at::Tensor outputGradient;
    Geometry geometry;
    std::int64_t paddingIndex = -1;
};

/// Σ over samples of (∂Lᵢ/∂weight)², shaped like the weight. The uses' gradients are added per
/// sample before they are squared.
///
/// Goes through the samples in parts, so that no more than about 200 MB are needed beside the
/// inputs. Embeddings take one use alone.
at::Tensor sumOfSquares(const std::vector<UseGradient>& uses, at::IntArrayRef weightShape,
                        std::int64_t samples);

}  // namespace espalier::measure
