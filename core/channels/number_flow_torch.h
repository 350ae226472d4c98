// SPDX-License-Identifier: GPL-3.0-or-later
// The numbers of a graph in two runs: what each was with all channels, what it is with the kept
// ones.
#pragma once

#include <optional>
#include <unordered_map>

#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/ir/ir.h>

#include "core/channels/graph_edits_torch.h"

namespace espalier::channels {

/// Equal numbers, texts, None, lists of numbers, or small tensors.
bool sameNumbers(const c10::IValue& a, const c10::IValue& b);

/// Follows the arithmetic on sizes: ints, floats, bools, lists of ints, and 0-dim tensors that are
/// made from such numbers alone (traced code keeps sizes in tensors).
class NumberFlow {
public:
    using Value = torch::jit::Value;

    /// To be told of every number, in both runs; the latest holds.
    void record(const Value* value, const c10::IValue& then, const c10::IValue& now);

    /// A number, list of numbers, or 0-dim tensor made from numbers alone.
    bool isNumber(const Value* value);
    /// Made of constants and attributes alone: the same in every run.
    bool isStatic(const Value* value);
    /// Read from what a tensor holds (item(), bool(x.any()), …), not from its shape.
    bool isData(const Value* value);
    /// Whether a number that comes from shapes differs between the two runs.
    bool isChanged(const Value* value);

    /// The number as it was with all channels, worked out from what did not change where possible:
    /// what depends on batch and space goes on doing so. None when that cannot be said.
    std::optional<Expression> asItWas(Value* value);
    /// What an expression of asItWas gives.
    c10::IValue evaluate(const Expression& expression);

    /// `value` made to be `wanted` by changing constants on its way; none when it cannot be.
    std::optional<Expression> solved(Value* value, std::int64_t wanted);

private:
    bool collect(Value* value, Expression& expression);
    bool solve(Value* value, std::int64_t wanted, Expression& expression);
    bool solveProduct(torch::jit::Node& node, std::int64_t wanted, Expression& expression);
    std::optional<std::int64_t> now(const Value* value) const;
    static bool canDescend(const torch::jit::Node& node);

    struct Known {
        c10::IValue then;
        c10::IValue now;
    };
    std::unordered_map<const Value*, Known> m_known;
    std::unordered_map<const Value*, bool> m_isNumber;
    std::unordered_map<const Value*, bool> m_isStatic;
    std::unordered_map<const Value*, bool> m_isData;
};

}  // namespace espalier::channels
