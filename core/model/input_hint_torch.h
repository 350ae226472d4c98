// SPDX-License-Identifier: GPL-3.0-or-later
// What the first layer that an argument of forward reaches tells about the argument.
#pragma once

#include <cstdint>

#include "core/script/interpreter_torch.h"

namespace espalier::model {

/// What kind of tensor the layer takes; Unknown when the argument meets no weight.
struct Hint {
    /// Seed: a small map that a transposed convolution grows.
    enum class Kind { Image, Seed, Volume, Signal, Features, Sequence, Ids, Unknown };
    Kind kind = Kind::Unknown;
    std::int64_t size = 0;  ///< channels, features or words
};

/// Looks for the first weight that `argument` (an input of the program's graph) meets, without
/// running anything.
Hint hintOf(const script::Program& program, const torch::jit::Value& argument);

}  // namespace espalier::model
