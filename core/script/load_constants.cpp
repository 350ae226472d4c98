// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/load_constants_torch.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>

namespace espalier::script {

namespace {

using torch::jit::Module;

/// What an argument of an operator is to a layer; by the names in the operator's schema.
struct Operand {
    std::string_view argument;
    std::string_view attribute;
    bool isParameter;
};
constexpr std::array<Operand, 4> kLayerOperands = {{{"weight", "weight", true},
                                                    {"bias", "bias", true},
                                                    {"running_mean", "running_mean", false},
                                                    {"running_var", "running_var", false}}};
/// Products of matrices, where the schema does not speak of weights.
struct Product {
    std::string_view name;
    std::string_view weight;
    std::string_view bias;
};
constexpr std::array<Product, 5> kProducts = {{{"addmm", "mat2", "self"},
                                               {"baddbmm", "batch2", "self"},
                                               {"mm", "mat2", ""},
                                               {"matmul", "other", ""},
                                               {"bmm", "mat2", ""}}};

std::optional<Operand> operandOf(std::string_view operatorName, std::string_view argument) {
    for (const auto& product : kProducts) {
        if (product.name != operatorName) continue;
        if (argument == product.weight) return Operand{argument, "weight", true};
        if (!product.bias.empty() && argument == product.bias)
            return Operand{argument, "bias", true};
    }
    for (const auto& operand : kLayerOperands) {
        if (operand.argument == argument) return operand;
    }
    return std::nullopt;
}

/// "_convolution" → "convolution"
std::string plainName(c10::Symbol kind) {
    const std::string_view name = kind.toUnqualString();
    return std::string(name.substr(std::min(name.find_first_not_of('_'), name.size())));
}

class Lifter {
public:
    explicit Lifter(Module& module)
        : m_module(module), m_graph(module.get_method("forward").graph()) {}

    std::vector<std::string> run() {
        walk(*m_graph->block());
        return std::move(m_names);
    }

private:
    void walk(torch::jit::Block& block) {
        for (auto* node : block.nodes()) {
            for (auto* inner : node->blocks()) walk(*inner);
            const auto* schema = node->kind().is_aten() ? node->maybeSchema() : nullptr;
            if (!schema) continue;
            m_layer.reset();
            const std::string_view name = node->kind().toUnqualString();
            for (std::size_t i = 0; i < node->inputs().size() && i < schema->arguments().size();
                 ++i) {
                if (const auto operand = operandOf(name, schema->arguments()[i].name()))
                    lift(*node, i, *operand);
            }
        }
    }

    void lift(torch::jit::Node& node, std::size_t input, const Operand& operand) {
        const auto* value = node.input(input);
        const auto constant = torch::jit::toIValue(value);
        if (!constant || !constant->isTensor() || !constant->toTensor().is_floating_point()) return;
        auto found = m_lifted.find(value);
        if (found == m_lifted.end())
            found =
                m_lifted.emplace(value, addAttribute(node, constant->toTensor(), operand)).first;
        const auto& [layer, attribute] = found->second;
        const torch::jit::WithInsertPoint before(&node);
        auto* owner = m_graph->insertGetAttr(m_graph->inputs()[0], layer);
        owner->setType(m_module.attr(layer).type());
        node.replaceInput(input, m_graph->insertGetAttr(owner, attribute));
    }

    /// A new attribute of the consumer's submodule, which is made when it is the first.
    std::pair<std::string, std::string> addAttribute(const torch::jit::Node& node,
                                                     const at::Tensor& tensor,
                                                     const Operand& operand) {
        if (!m_layer) {
            const std::string base = plainName(node.kind());
            do {
                m_layer = base + "_" + std::to_string(m_counts[base]++);
            } while (m_module.hasattr(*m_layer));
            const auto unit = m_module._ivalue()->compilation_unit();
            m_module.register_module(*m_layer, Module("__torch__.lifted." + *m_layer, unit, true));
        }
        const std::string attribute(operand.attribute);
        Module layer = m_module.attr(*m_layer).toModule();
        if (operand.isParameter) {
            layer.register_parameter(attribute, tensor.detach().set_requires_grad(true), false);
        } else {
            layer.register_buffer(attribute, tensor);
        }
        m_names.push_back(*m_layer + "." + attribute);
        return {*m_layer, attribute};
    }

    Module& m_module;
    std::shared_ptr<torch::jit::Graph> m_graph;
    std::map<const torch::jit::Value*, std::pair<std::string, std::string>>
        m_lifted;  // a constant used twice
    std::map<std::string, int> m_counts;
    std::optional<std::string> m_layer;
    std::vector<std::string> m_names;
};

}  // namespace

std::vector<std::string> liftConstants(Module& module) {
    return Lifter(module).run();
}

}  // namespace espalier::script
