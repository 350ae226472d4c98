// SPDX-License-Identifier: GPL-3.0-or-later
// One executed node of the trace, and what becomes of its tensors when channels go.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/channels/boxes_torch.h"
#include "core/channels/trace_torch.h"

namespace espalier::channels {

/// `shape` without the positions that `box` takes away.
std::vector<std::int64_t> cutShape(std::vector<std::int64_t> shape, const Box& box);

/// `tensor` without the positions that `box` takes away; itself when the box is empty.
at::Tensor cutTensor(at::Tensor tensor, const Box& box);

/// The cut of one axis; null when it stays whole.
const AxisCut* cutOf(const Box& box, std::int64_t axis);

/// Where an old position is among the kept ones; none when it is gone.
std::optional<std::int64_t> renumbered(const AxisCut& cut, std::int64_t position);

/// A step of a trace beside its boxes. Refers to both: they must outlive it.
class Execution {
public:
    Execution(const Trace& trace, const Boxes& boxes, int step);

    const torch::jit::Node& node() const { return *m_step.node; }
    /// "layer_norm": the operator without its namespace and the underscore of in-place variants.
    const std::string& op() const { return m_op; }
    /// The place among the node's inputs of the argument that the operator's schema calls `name`.
    std::optional<std::size_t> argument(std::string_view name) const;
    /// Null when the operator has no such argument or it is no number.
    std::optional<std::int64_t> oldInt(std::string_view name) const;

    const TraceValue& value(ValueId id) const { return m_trace.values.at(id); }
    const TraceValue& input(std::size_t index) const;
    const TraceValue& output(std::size_t index) const;
    const Box& inputBox(std::size_t index) const;
    const Box& outputBox(std::size_t index) const;
    std::vector<std::int64_t> newInputShape(std::size_t index) const;
    std::vector<std::int64_t> newOutputShape(std::size_t index) const;
    /// The new shapes of the tensors in an output, which may be a container.
    std::vector<std::vector<std::int64_t>> newShapesIn(std::size_t output) const;
    /// The new count of a grouped operator, where it changes.
    std::optional<std::int64_t> groupCount() const;
    /// Nothing that goes in or comes out loses anything.
    bool isWhole() const;
    /// An axis argument as 0..rank-1.
    static std::int64_t wrapped(std::int64_t axis, std::size_t rank);

private:
    const Box& box(ValueId id) const { return m_boxes.values.at(id); }

    const Trace& m_trace;
    const Boxes& m_boxes;
    const TraceStep& m_step;
    int m_index;
    std::string m_op;
};

/// "add_" → "add"
std::string plainOperator(const torch::jit::Node& node);

}  // namespace espalier::channels
