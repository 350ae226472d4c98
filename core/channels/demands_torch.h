// SPDX-License-Identifier: GPL-3.0-or-later
// What the sizes and positions in an operator's arguments must be once channels are gone.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include <ATen/core/ivalue.h>

#include "core/base/result.h"
#include "core/channels/execution_torch.h"

namespace espalier::channels {

/// Another operator in place of the one that cannot say what is needed.
struct Substitute {
    enum class Kind {
        IndexSelect,  ///< of input 0: the positions `numbers` on `axis`
        SplitSizes,   ///< of input 0: pieces of `numbers` positions along `axis`
        SqueezeAxes,  ///< of input 0: the axes `numbers`
        CutOutput     ///< the operator itself, then `box` of what it gives
    };
    Kind kind = Kind::IndexSelect;
    int axis = 0;
    std::vector<std::int64_t> numbers;
    Box box;

    bool operator==(const Substitute&) const = default;
};

/// What one execution needs to be different. Arguments that are not named keep their value: sizes
/// that the graph works out from the new shapes may be right already.
struct Demand {
    std::map<std::size_t, c10::IValue> arguments;  ///< by input: an int, ints, a float or a tensor
    std::optional<Substitute> substitute;
};

/// What `execution` must be given, where it is about to be given `inputs` (the cut tensors, and
/// numbers as the graph has them now). In lists of sizes, -1 is right where it stands.
/// Errors: Unsupported, naming the operator, when no arguments can say it.
Result<Demand> demandOf(const Execution& execution, std::span<const c10::IValue> inputs);

/// What a substitute gives in place of the operator; not for CutOutput.
c10::IValue evaluate(const Substitute& substitute, const at::Tensor& input);

}  // namespace espalier::channels
