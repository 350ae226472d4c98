// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/execution_torch.h"

#include <algorithm>

#include <ATen/Functions.h>

namespace espalier::channels {

std::vector<std::int64_t> cutShape(std::vector<std::int64_t> shape, const Box& box) {
    for (const AxisCut& cut : box) shape.at(cut.axis) = static_cast<std::int64_t>(cut.kept.size());
    return shape;
}

at::Tensor cutTensor(at::Tensor tensor, const Box& box) {
    for (const AxisCut& cut : box) {
        tensor = tensor.index_select(cut.axis, at::tensor(cut.kept, at::kLong));
    }
    return tensor;
}

const AxisCut* cutOf(const Box& box, std::int64_t axis) {
    const auto found = std::ranges::find(box, axis, &AxisCut::axis);
    return found == box.end() ? nullptr : &*found;
}

std::optional<std::int64_t> renumbered(const AxisCut& cut, std::int64_t position) {
    const auto found = std::ranges::lower_bound(cut.kept, position);
    if (found == cut.kept.end() || *found != position) return std::nullopt;
    return found - cut.kept.begin();
}

std::string plainOperator(const torch::jit::Node& node) {
    std::string name = node.kind().toUnqualString();
    if (name.ends_with('_') && !name.ends_with("__")) name.pop_back();
    return name;
}

Execution::Execution(const Trace& trace, const Boxes& boxes, int step)
    : m_trace(trace),
      m_boxes(boxes),
      m_step(trace.steps.at(step)),
      m_index(step),
      m_op(plainOperator(*m_step.node)) {}

std::optional<std::size_t> Execution::argument(std::string_view name) const {
    const auto* schema = m_step.node->maybeSchema();
    if (schema == nullptr) return std::nullopt;
    const auto& arguments = schema->arguments();
    for (std::size_t i = 0; i < arguments.size() && i < m_step.inputs.size(); ++i) {
        if (arguments[i].name() == name) return i;
    }
    return std::nullopt;
}

std::optional<std::int64_t> Execution::oldInt(std::string_view name) const {
    const auto index = argument(name);
    if (!index || !input(*index).value.isInt()) return std::nullopt;
    return input(*index).value.toInt();
}

const TraceValue& Execution::input(std::size_t index) const {
    return value(m_step.inputs.at(index));
}
const TraceValue& Execution::output(std::size_t index) const {
    return value(m_step.outputs.at(index));
}
const Box& Execution::inputBox(std::size_t index) const {
    return box(m_step.inputs.at(index));
}
const Box& Execution::outputBox(std::size_t index) const {
    return box(m_step.outputs.at(index));
}

std::vector<std::int64_t> Execution::newInputShape(std::size_t index) const {
    return cutShape(input(index).shape, inputBox(index));
}
std::vector<std::int64_t> Execution::newOutputShape(std::size_t index) const {
    return cutShape(output(index).shape, outputBox(index));
}

std::vector<std::vector<std::int64_t>> Execution::newShapesIn(std::size_t index) const {
    const TraceValue& whole = output(index);
    if (whole.isTensor) return {newOutputShape(index)};
    std::vector<std::vector<std::int64_t>> shapes;
    for (const ValueId id : whole.elements) shapes.push_back(cutShape(value(id).shape, box(id)));
    return shapes;
}

std::optional<std::int64_t> Execution::groupCount() const {
    const auto found = m_boxes.groupCounts.find(m_index);
    if (found == m_boxes.groupCounts.end()) return std::nullopt;
    return found->second;
}

bool Execution::isWhole() const {
    const auto whole = [this](ValueId id) {
        if (!box(id).empty()) return false;
        return std::ranges::all_of(value(id).elements,
                                   [this](ValueId element) { return box(element).empty(); });
    };
    return std::ranges::all_of(m_step.inputs, whole) && std::ranges::all_of(m_step.outputs, whole);
}

std::int64_t Execution::wrapped(std::int64_t axis, std::size_t rank) {
    return axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
}

}  // namespace espalier::channels
