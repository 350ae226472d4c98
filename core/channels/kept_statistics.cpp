// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/kept_statistics_torch.h"

#include <algorithm>
#include <set>
#include <string_view>

#include <ATen/Functions.h>
#include <torch/csrc/jit/ir/constants.h>

#include "core/channels/execution_torch.h"

namespace espalier::channels {

namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

/// Operators that reduce the axes of their argument "dim" (all axes when it is None or empty).
bool reduces(std::string_view op) {
    static const std::set<std::string_view> kReducing = {
        "mean",     "sum",         "var",           "std",
        "var_mean", "std_mean",    "norm",          "linalg_vector_norm",
        "amax",     "amin",        "logsumexp",     "softmax",
        "_softmax", "log_softmax", "_log_softmax",  "prod",
        "max",      "min",         "frobenius_norm"};
    return kReducing.contains(op);
}

bool normalises(std::string_view op) {
    return op == "layer_norm" || op == "native_layer_norm" || op == "rms_norm";
}

/// One weight and bias per position of axis 1.
bool isPerChannel(std::string_view op) {
    return op == "batch_norm" || op == "instance_norm" || op == "group_norm";
}

bool takesBatchStatistics(const Execution& execution) {
    const auto& training = execution.input(*execution.argument("training")).value;
    return training.isBool() && training.toBool();
}

/// The cut axes over which an execution sums up.
std::vector<AxisCut> summedCuts(const Execution& execution) {
    std::vector<AxisCut> cuts;
    if (execution.node().inputs().empty() || !execution.input(0).isTensor) return cuts;
    const auto rank = execution.input(0).shape.size();
    std::set<std::int64_t> axes;
    const std::string& op = execution.op();
    if (normalises(op)) {
        const auto shape = execution.argument("normalized_shape");
        const auto count = execution.input(*shape).value.toIntVector().size();
        for (auto axis = rank - count; axis < rank; ++axis) axes.insert(axis);
    } else if (isPerChannel(op)) {
        for (std::size_t axis = 0; axis < rank; ++axis) axes.insert(axis);
        if (op != "group_norm") axes.erase(1);
        if (op != "batch_norm") axes.erase(0);
        if (op == "batch_norm" && !takesBatchStatistics(execution)) axes.clear();
    } else if (reduces(op)) {
        const auto dim = execution.argument("dim");
        const auto* value = dim ? &execution.input(*dim).value : nullptr;
        if (value != nullptr && value->isInt()) {
            axes.insert(Execution::wrapped(value->toInt(), rank));
        } else if (value != nullptr && value->isIntList() && !value->toIntVector().empty()) {
            for (const auto axis : value->toIntVector()) {
                axes.insert(Execution::wrapped(axis, rank));
            }
        } else if (!execution.argument("other")) {
            for (std::size_t axis = 0; axis < rank; ++axis) axes.insert(axis);
        }
    }
    for (const AxisCut& cut : execution.inputBox(0)) {
        if (axes.contains(cut.axis)) cuts.push_back(cut);
    }
    return cuts;
}

/// A product that is summed over cut channels takes the kept ones of both sides.
bool keepProduct(Graph& graph, Node& node, const Execution& execution) {
    const std::string& op = execution.op();
    if (op != "matmul" && op != "bmm" && op != "mm") return false;
    const auto lastOf = [&](std::size_t side) {
        return static_cast<std::int64_t>(execution.input(side).shape.size()) - 1;
    };
    const AxisCut* left = cutOf(execution.inputBox(0), lastOf(0));
    const AxisCut* right = cutOf(execution.inputBox(1), std::max<std::int64_t>(0, lastOf(1) - 1));
    if (left == nullptr || right == nullptr) return false;
    const torch::jit::WithInsertPoint before(&node);
    for (std::size_t side = 0; side < 2; ++side) {
        const AxisCut& cut = side == 0 ? *left : *right;
        Value* indices = graph.insertConstant(at::tensor(cut.kept, at::kLong));
        node.replaceInput(
            side, graph.insert(c10::aten::index_select, {node.inputs()[side], cut.axis, indices}));
    }
    return true;
}

class StatisticsKeeper {
public:
    StatisticsKeeper(Graph& graph, Node& node, const Execution& execution,
                     std::vector<AxisCut> cuts)
        : m_graph(graph), m_node(node), m_execution(execution), m_cuts(std::move(cuts)) {}

    void edit() {
        {
            const torch::jit::WithInsertPoint before(&m_node);
            Value* value = m_node.inputs()[0];
            for (const AxisCut& cut : m_cuts) {
                m_stages.push_back(value);
                value = picked(value, cut.axis, cut);
            }
            m_node.replaceInput(0, value);
            cutParameters();
        }
        const torch::jit::WithInsertPoint after(m_node.next());
        // Statistics themselves (the mean, the deviation) have no axis left to fill up.
        if (m_execution.output(0).shape == m_execution.input(0).shape) fillUp();
    }

private:
    Value* indices(const AxisCut& cut) {
        return m_graph.insertConstant(at::tensor(cut.kept, at::kLong));
    }

    Value* picked(Value* value, std::int64_t axis, const AxisCut& cut) {
        return m_graph.insert(c10::aten::index_select, {value, axis, indices(cut)});
    }

    void cutParameters() {
        const auto rank = static_cast<std::int64_t>(m_execution.input(0).shape.size());
        for (const auto name : {"weight", "bias"}) {
            const auto index = m_execution.argument(name);
            if (!index || !m_execution.input(*index).isTensor) continue;
            const auto own = static_cast<std::int64_t>(m_execution.input(*index).shape.size());
            Value* value = m_node.inputs()[*index];
            for (const AxisCut& cut : m_cuts) {
                if (!isPerChannel(m_execution.op())) {
                    value = picked(value, cut.axis - (rank - own), cut);
                } else if (cut.axis == 1) {
                    value = picked(value, 0, cut);
                }
            }
            m_node.replaceInput(*index, value);
        }
        if (const auto index = m_execution.argument("normalized_shape")) {
            const auto shape = m_execution.newInputShape(0);
            const auto count = m_execution.input(*index).value.toIntVector().size();
            const std::vector<std::int64_t> sizes(shape.end() - count, shape.end());
            m_node.replaceInput(*index, m_graph.insertConstant(sizes));
        }
        const auto groups = m_execution.argument("num_groups");
        const auto count = m_execution.groupCount();
        if (groups && count) m_node.replaceInput(*groups, m_graph.insertConstant(*count));
    }

    void fillUp() {
        Value* result = m_node.outputs()[0];
        Node* first = nullptr;
        for (std::size_t i = m_cuts.size(); i-- > 0;) {
            Value* zeros =
                m_graph.insert(c10::Symbol::fromQualString("aten::zeros_like"), {m_stages[i]});
            result = m_graph.insert(
                c10::Symbol::fromQualString("aten::index_copy"),
                {zeros, static_cast<std::int64_t>(m_cuts[i].axis), indices(m_cuts[i]), result});
            if (first == nullptr) first = result->node();
        }
        m_node.outputs()[0]->replaceAllUsesWith(result);
        first->replaceInput(3, m_node.outputs()[0]);
    }

    Graph& m_graph;
    Node& m_node;
    const Execution& m_execution;
    std::vector<AxisCut> m_cuts;
    std::vector<Value*> m_stages;  ///< the input before each cut
};

}  // namespace

int keepStatistics(const Trace& trace, const Boxes& boxes, const script::Draft& draft) {
    std::set<const Node*> edited;
    for (std::size_t i = 0; i < trace.steps.size(); ++i) {
        const Node* old = trace.steps[i].node;
        const auto made = draft.nodes.find(old);
        if (made == draft.nodes.end() || edited.contains(old) || !old->kind().is_aten()) continue;
        const Execution execution(trace, boxes, static_cast<int>(i));
        if (keepProduct(*draft.graph, *made->second, execution)) edited.insert(old);
        auto cuts = summedCuts(execution);
        if (cuts.empty()) continue;
        StatisticsKeeper(*draft.graph, *made->second, execution, std::move(cuts)).edit();
        edited.insert(old);
    }
    return static_cast<int>(edited.size());
}

}  // namespace espalier::channels
