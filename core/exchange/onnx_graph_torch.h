// SPDX-License-Identifier: GPL-3.0-or-later
// An ONNX graph in the making: nodes, initialisers, and numbers that follow from the batch size.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/exchange/onnx_model.h"
#include "core/exchange/onnx_observation_torch.h"

namespace espalier::exchange {

/// Throws Unmapped for types that ONNX lacks.
OnnxType onnxType(at::ScalarType type);

/// Thrown where the exporter knows no ONNX for what a node does; what() says why, for people.
struct Unmapped : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Values have names; an empty name is an argument that is left out.
class OnnxGraph {
public:
    explicit OnnxGraph(OnnxModel& model) : m_model(model) {}

    /// Names of the nodes added from now on begin with this: the layer they come from.
    void setScope(std::string scope) { m_scope = std::move(scope); }

    /// Adds a node and returns the name of its only output.
    std::string add(const std::string& op, std::vector<std::string> inputs,
                    const OnnxAttributes& attributes = {});
    /// The same with several outputs.
    std::vector<std::string> addMany(const std::string& op, std::vector<std::string> inputs,
                                     const OnnxAttributes& attributes, std::size_t outputs);

    /// An initialiser of that name, or the one of that name that was added before.
    std::string initialiser(const std::string& name, const at::Tensor& tensor);
    /// An initialiser without a name of its own; equal small ones are one.
    std::string constant(const at::Tensor& tensor);
    std::string constant(const Integers& integers);  ///< int64, one axis
    std::string scalar(double value, at::ScalarType type);

    /// `input`'s first axis is the batch; counts that depend on it are computed from it.
    void setBatchInput(std::string input) { m_batchInput = std::move(input); }
    /// The counts as a tensor of int64 with one axis.
    std::string counts(const std::vector<Count>& counts);
    /// The count as a tensor without axes.
    std::string count(Count count, at::ScalarType type);

    std::string reshape(const std::string& input, const std::vector<Count>& shape);
    std::string transpose(const std::string& input, Integers order);
    std::string cast(const std::string& input, at::ScalarType type);
    /// [begin, end) along one axis.
    std::string slice(const std::string& input, std::int64_t axis, Count begin, Count end,
                      std::int64_t step = 1);

    /// Removes what `outputs` do not need.
    void keepOnly(const std::vector<std::string>& outputs);

private:
    std::string newName(const std::string& op);

    OnnxModel& m_model;
    std::string m_scope;
    std::string m_batchInput;
    std::map<std::string, int> m_used;  // names, and how often
    std::set<std::string> m_initialisers;
    std::map<std::string, std::string> m_small;  // constants, by type, shape and bytes
    std::map<std::pair<std::int64_t, std::int64_t>, std::string> m_counts;
};

}  // namespace espalier::exchange
