// SPDX-License-Identifier: GPL-3.0-or-later
// Multiply-accumulates of one operator call, from the shapes of its tensors. Biases and activations
// count nothing.
#pragma once

#include <span>
#include <string_view>

#include <ATen/core/Tensor.h>

namespace espalier::model {

/// weight [out, in/groups, kernel…], output [n, out, …]: every output element sums over a weight
/// row.
std::int64_t convolutionMacs(const at::Tensor& weight, const at::Tensor& output);
/// weight [in, out/groups, kernel…], input [n, in, …]: every input element meets a weight row.
std::int64_t transposedConvolutionMacs(const at::Tensor& weight, const at::Tensor& input);
/// input […, k]: every row of the input meets every element of the weight once.
std::int64_t linearMacs(const at::Tensor& weight, const at::Tensor& input);
/// Any matrix product of `left` […, k]: every output element sums over k.
std::int64_t productMacs(const at::Tensor& left, const at::Tensor& output);
/// Contracted from left to right; each step counts the product of all its index sizes. 0 when the
/// equation is not understood.
std::int64_t einsumMacs(std::string_view equation, std::span<const at::Tensor> operands);
/// Both products of attention: query [n…, heads, l, e], key […, s, e], value […, s, v].
std::int64_t attentionMacs(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value);

}  // namespace espalier::model
