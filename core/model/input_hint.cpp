// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/input_hint_torch.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include <torch/csrc/jit/ir/constants.h>

#include "core/model/operators_torch.h"

namespace espalier::model {

namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

/// Looks for the first weight that a value meets, without running anything.
class HintFinder {
public:
    HintFinder(const script::Program& program, const Value* argument) : m_module(program.module) {
        m_reached.insert(argument);
        m_self = program.graph->inputs()[0];
        visit(*program.graph->block());
    }

    const Hint& hint() const { return m_hint; }

private:
    bool isFound() const { return m_hint.kind != Hint::Kind::Unknown; }

    void visit(Block& block) {
        for (auto* node : block.nodes()) {
            if (isFound()) return;
            visit(*node);
        }
    }

    void visit(Node& node) {
        if (node.kind() == c10::prim::Loop) {
            for (std::size_t i = 2; i < node.inputs().size(); ++i) {
                if (m_reached.contains(node.inputs()[i])) {
                    m_reached.insert(node.blocks()[0]->inputs()[i - 1]);
                }
            }
        }
        for (auto* block : node.blocks()) {
            visit(*block);
            const std::size_t skipped =
                node.kind() == c10::prim::Loop ? 1 : 0;  // the loop's condition
            for (std::size_t i = skipped; i < block->outputs().size(); ++i) {
                if (m_reached.contains(block->outputs()[i])) {
                    m_reached.insert(node.outputs()[i - skipped]);
                }
            }
        }
        const bool isReached = std::ranges::any_of(
            node.inputs(), [this](const Value* input) { return m_reached.contains(input); });
        if (!isReached || !node.blocks().empty()) return;
        readWeight(node);
        for (const auto* output : node.outputs()) {
            if (carriesTensors(*output->type())) m_reached.insert(output);
        }
    }

    static bool carriesTensors(const c10::Type& type) {
        if (type.kind() == c10::TypeKind::TensorType) return true;
        return std::ranges::any_of(type.containedTypes(),
                                   [](const auto& part) { return carriesTensors(*part); });
    }

    void readWeight(const Node& node) {
        const auto arguments = weightArguments(node.kind());
        if (!arguments || arguments->weight >= node.inputs().size()) return;
        if (!m_reached.contains(node.inputs()[arguments->input])) return;
        // A recurrent layer on a packed sequence takes the sizes of its steps, too.
        const auto isList = [&node](std::size_t i) {
            return i < node.inputs().size() &&
                   node.inputs()[i]->type()->isSubtypeOf(*c10::ListType::ofTensors());
        };
        const auto place = arguments->weight;
        const bool isPacked = isList(place + 1);
        const auto tensors =
            script::tensorsIn(attributeAt(node.inputs()[isPacked ? place + 1 : place]));
        if (tensors.empty() || tensors.front().dim() < 2) return;
        readShape(node, arguments->kind, tensors.front());
    }

    void readShape(const Node& node, std::string_view kind, const at::Tensor& weight) {
        const auto isKind = [kind](std::string_view prefix) {
            return kind.substr(0, prefix.size()) == prefix;
        };
        if (isKind("conv")) {
            const bool isTransposed = isKind("conv_transpose");
            const auto channels = isTransposed ? weight.size(0) : weight.size(1) * groupsOf(node);
            const auto spatial = weight.dim() - 2;
            m_hint = {spatial == 1   ? Hint::Kind::Signal
                      : spatial == 3 ? Hint::Kind::Volume
                      : isTransposed ? Hint::Kind::Seed
                                     : Hint::Kind::Image,
                      channels};
        } else if (isKind("embedding")) {
            m_hint = {Hint::Kind::Ids, weight.size(0)};
        } else if (isKind("linear")) {
            m_hint = {Hint::Kind::Features, weight.size(-1)};
        } else if (isKind("matmul")) {
            m_hint = {Hint::Kind::Features, weight.size(-2)};
        } else {
            m_hint = {Hint::Kind::Sequence, weight.size(-1)};
        }
    }

    /// The last whole number among a convolution's arguments.
    static std::int64_t groupsOf(const Node& node) {
        for (auto i = node.inputs().size(); i-- > 3;) {
            const auto* input = node.inputs()[i];
            if (input->type()->kind() != c10::TypeKind::IntType) continue;
            const auto value = torch::jit::toIValue(input);
            return value && value->isInt() ? value->toInt() : 1;
        }
        return 1;
    }

    /// A weight that is computed from parameters alone has the shape of the largest, as a rule.
    c10::IValue computedFrom(const Node& node) const {
        c10::IValue largest;
        for (const auto* input : node.inputs()) {
            if (input->type()->kind() != c10::TypeKind::TensorType) continue;
            if (input->node()->kind() == c10::prim::Constant) continue;
            const auto value = attributeAt(input);
            if (!value.isTensor()) return {};
            const bool isLarger =
                !largest.isTensor() || value.toTensor().numel() > largest.toTensor().numel();
            if (isLarger) largest = value;
        }
        return largest;
    }

    /// What the module holds where a chain of prim::GetAttr leads, also transposed; None for any
    /// other value.
    c10::IValue attributeAt(const Value* value) const {
        if (value == m_self) return m_module._ivalue();
        const auto* node = value->node();
        if (node->kind() == c10::aten::t || node->kind() == c10::aten::numpy_T) {
            const auto turned = attributeAt(node->inputs()[0]);
            return turned.isTensor() ? c10::IValue(turned.toTensor().t()) : turned;
        }
        if (node->kind() == c10::prim::ListConstruct && !node->inputs().empty()) {
            return attributeAt(node->inputs()[0]);
        }
        if (node->kind().is_aten()) return computedFrom(*node);
        if (node->kind() != c10::prim::GetAttr) return {};
        const auto holder = attributeAt(node->input());
        if (!holder.isObject()) return {};
        return holder.toObject()->getAttr(node->s(c10::attr::name));
    }

    const torch::jit::Module& m_module;
    const Value* m_self = nullptr;
    std::unordered_set<const Value*> m_reached;
    Hint m_hint;
};

}  // namespace

Hint hintOf(const script::Program& program, const Value& argument) {
    return HintFinder(program, &argument).hint();
}

}  // namespace espalier::model
