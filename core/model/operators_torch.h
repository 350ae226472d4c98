// SPDX-License-Identifier: GPL-3.0-or-later
// The operators whose use of parameters is understood: a table with one line each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/script/interpreter_torch.h"

namespace espalier::model {

/// What an operator does with its weights.
enum class WeightRole {
    Layer,    ///< multiplies the input by each of its weights: they are what is pruned
    Product,  ///< a matrix product: whichever operand is a parameter is the weight, if one is
    Affine    ///< scales and shifts, as a normalisation does
};

/// One weight of one call. Either tensor may be undefined.
struct WeightUse {
    at::Tensor weight;
    at::Tensor bias;
    std::int64_t macs = 0;  ///< multiply-accumulates with this weight; of a Product: whichever
                            ///< operand is the weight
};

/// One call of a known operator.
struct OperatorUse {
    std::string kind;  ///< "conv2d", "linear", "lstm" …
    WeightRole role = WeightRole::Layer;
    at::Tensor input;  ///< what the operator is applied to; undefined for a Product
    std::vector<WeightUse> weights;
    std::int64_t otherMacs = 0;  ///< of products without a weight, such as attention
};

bool isKnownOperator(c10::Symbol op);

/// None when the operator is not in the table. Looks at shapes alone.
std::optional<OperatorUse> readOperator(const script::NodeEvent& event);

/// The arguments of a known operator that hold its first weight and what it is applied to, for
/// looking at a graph that has not run. None when the operator is not in the table or has no such
/// weight.
struct WeightArguments {
    std::string_view kind;
    std::size_t input = 0;
    std::size_t weight = 0;
};
std::optional<WeightArguments> weightArguments(c10::Symbol op);

/// True for operators that only move, repeat or convert the elements of their first argument, so
/// that a parameter seen through them is still that parameter.
bool isReindexing(c10::Symbol op);

}  // namespace espalier::model
