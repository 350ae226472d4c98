// SPDX-License-Identifier: GPL-3.0-or-later
// A layer: a parameter and the operators that use it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/ids.h"

namespace espalier::model {

struct LayerTag;
/// Index into Snapshot::layers().
using LayerId = StrongId<LayerTag>;

/// What may be taken from a layer, and if not, why.
struct Prunability {
    bool weights = false;
    bool channels = false;  ///< always false until channel groups are known
    std::string reason;     ///< for people; empty when everything may go

    bool operator==(const Prunability&) const = default;
};

/// One weight tensor in use, in order of first execution. Identity is `name`, the parameter's path
/// in the module.
struct Layer {
    LayerId id;
    std::string name;                 ///< "layer1.0.conv1.weight"
    std::string bias;                 ///< path of the bias that the same operator uses, or empty
    std::string op;                   ///< "conv2d", "linear", "batch_norm", "embedding", "lstm" …
    std::vector<std::int64_t> shape;  ///< of the weight, e.g. [out, in, kh, kw]
    std::vector<std::int64_t> inputShape;   ///< of the first use, batch included
    std::vector<std::int64_t> outputShape;  ///< of the first use, batch included
    std::int64_t weightCount = 0;           ///< elements of the weight
    std::int64_t parameters = 0;            ///< weight and bias
    std::int64_t macs = 0;                  ///< multiply-accumulates of all uses at batch 1
    int uses = 1;  ///< operators that use the weight (shared weights: 2 or more)
    Prunability prunable;

    /// `name` without its last part: "layer1.0.conv1".
    std::string modulePath() const;
    bool operator==(const Layer&) const = default;
};

}  // namespace espalier::model
