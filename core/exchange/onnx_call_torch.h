// SPDX-License-Identifier: GPL-3.0-or-later
// One executed operator, and what becomes of it in ONNX. Each onnx_ops_*.cpp maps one family.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/exchange/onnx_graph_torch.h"

namespace espalier::exchange {

/// The ONNX names of the values of a run, as they are after the steps so far.
class OnnxValues {
public:
    virtual ~OnnxValues() = default;
    /// Throws Unmapped for what has no name.
    virtual std::string nameOf(ValueId id) = 0;
    /// What a tensor that does not vary holds. Throws Unmapped for others.
    virtual at::Tensor constantOf(ValueId id) = 0;
};

/// An operator as a mapping sees it. Arguments go by their names in the operator's schema; asking
/// for a number that the input decides throws Unmapped.
class OnnxCall {
public:
    OnnxCall(OnnxGraph& graph, const Observation& observation, OnnxValues& values,
             const channels::TraceStep& step, std::string name)
        : graph(graph), seen(observation), step(step), name(std::move(name)), m_values(values) {}

    OnnxGraph& graph;
    const Observation& seen;
    const channels::TraceStep& step;
    std::string name;  ///< without namespace and the underscore of in-place operators

    int argument(std::string_view argumentName) const;  ///< its place, or -1
    /// The tensor given for an argument; -1 when it was None or is no tensor.
    ValueId id(std::string_view argumentName) const;
    ValueId id(int place) const;
    bool has(std::string_view argumentName) const { return id(argumentName) >= 0; }
    /// Its name in ONNX; empty for None.
    std::string tensor(std::string_view argumentName) const;
    std::string tensor(ValueId id) const;
    /// The same, cast to `type` where it is of another.
    std::string tensor(ValueId id, at::ScalarType type) const;
    /// What a tensor that does not vary holds. Throws Unmapped for others.
    at::Tensor constant(ValueId id) const { return m_values.constantOf(id); }
    /// A tensor or a number, as a tensor of `type`.
    std::string operand(int place, at::ScalarType type) const;
    std::vector<ValueId> list(std::string_view argumentName) const;  ///< the tensors in a list

    /// What was given for an argument that is no tensor; None when it is not there. The same at
    /// all batch sizes (else BatchIsFixed is thrown).
    c10::IValue given(std::string_view argumentName) const;
    std::int64_t integer(std::string_view argumentName, std::int64_t otherwise = 0) const;
    double real(std::string_view argumentName, double otherwise = 0) const;
    bool flag(std::string_view argumentName) const;
    std::string text(std::string_view argumentName) const;
    /// One int or a list of them; empty for None.
    Integers integers(std::string_view argumentName) const;
    /// `count` of them: one for all is repeated, `otherwise` stands for none.
    Integers integers(std::string_view argumentName, std::size_t count,
                      std::int64_t otherwise) const;
    /// Numbers that may depend on the batch size; empty for None.
    std::vector<Count> counts(std::string_view argumentName) const;

    const std::vector<std::int64_t>& shape(ValueId id) const { return seen.value(id).shape; }
    at::ScalarType type(ValueId id) const { return seen.value(id).dtype; }
    std::int64_t rank(ValueId id) const { return static_cast<std::int64_t>(shape(id).size()); }
    /// An axis counted from the front.
    std::int64_t axis(std::string_view argumentName, ValueId of, std::int64_t otherwise = 0) const;
    Integers axes(std::string_view argumentName, ValueId of) const;  ///< none given: all
    /// A size that must not depend on the batch.
    std::int64_t fixedSize(ValueId id, std::int64_t axis) const;

    std::vector<ValueId> outputs() const;  ///< tensors, also those in lists
    ValueId output() const { return outputs().at(0); }
    void give(std::string value) const;              ///< the only output
    void give(ValueId id, std::string value) const;  ///< one of several
    const std::vector<std::pair<ValueId, std::string>>& given() const { return m_given; }

private:
    OnnxValues& m_values;
    mutable std::vector<std::pair<ValueId, std::string>> m_given;
};

/// Adds nodes for a call and gives its outputs. Throws Unmapped where it cannot.
using OnnxMapping = void (*)(const OnnxCall&);

/// Rows of the table: each file of mappings gives its own.
struct NamedMapping {
    std::string_view names;  ///< separated by blanks
    OnnxMapping mapping;
};
std::span<const NamedMapping> convolutionMappings();    ///< convolutions
std::span<const NamedMapping> poolingMappings();        ///< pooling, resizing, padding
std::span<const NamedMapping> contractionMappings();    ///< linear, products, embedding
std::span<const NamedMapping> attentionMappings();      ///< attention
std::span<const NamedMapping> normalisationMappings();  ///< norms, softmax
std::span<const NamedMapping> unaryMappings();          ///< elementwise, of one tensor
std::span<const NamedMapping> binaryMappings();         ///< elementwise, of several
std::span<const NamedMapping> shapeMappings();          ///< reshape, permute, expand, shuffles
std::span<const NamedMapping> axisMappings();           ///< slice, cat, split, index, gather
std::span<const NamedMapping> reductionMappings();      ///< sums, means, maxima, order
std::span<const NamedMapping> creationMappings();       ///< zeros, full, arange
std::span<const NamedMapping> recurrentMappings();      ///< lstm, gru, rnn
std::span<const NamedMapping> compositeMappings();      ///< stacks, turns, sums of products

/// None for operators that have no mapping.
OnnxMapping findMapping(const std::string& name);
/// All that have one, in order of the alphabet.
std::vector<std::string> mappedOperators();

/// The name that mappings go by: "relu" of aten::relu_.
std::string mappingName(const torch::jit::Node& node);

}  // namespace espalier::exchange
