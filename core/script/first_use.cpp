// SPDX-License-Identifier: GPL-3.0-or-later
// Where a run first computes from a tensor of its module.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/script/partial_run_torch.h"

namespace espalier::script {

namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;
using ObjectPtr = c10::intrusive_ptr<c10::ivalue::Object>;

/// Made by the run: it holds nothing of the module that was not put there, and that is a use.
bool isOwnObject(const Value& value) {
    return value.node()->kind() == c10::prim::CreateObject;
}

bool isModule(const Value& value) {
    const auto kind = value.type()->kind();
    return (kind == c10::TypeKind::ClassType || kind == c10::TypeKind::InterfaceType) &&
           !isOwnObject(value);
}

class UseFinder {
public:
    UseFinder(const Program& program, std::span<const at::Tensor> tensors) : m_program(program) {
        for (const auto& tensor : tensors) {
            m_storages.insert(tensor.storage().unsafeGetStorageImpl());
        }
        m_objects.emplace(program.graph->inputs()[0], program.module._ivalue());
    }

    /// To be asked for every node of the top level in order.
    bool isUsedBy(Node& node) {
        if (node.kind() == c10::prim::GetAttr) return isUsedByRead(node);
        const bool isSet = node.kind() == c10::prim::SetAttr;
        for (std::size_t i = isSet ? 1 : 0; i < node.inputs().size(); ++i) {
            // What a module is passed to may read anything of it.
            if (isTensorOrModule(*node.inputs()[i])) return true;
        }
        return std::ranges::any_of(node.blocks(),
                                   [this](Block* block) { return isUsedIn(*block); });
    }

private:
    bool isUsedIn(Block& block) {
        bool isUsed = false;
        for (auto* node : block.nodes()) isUsed |= isUsedBy(*node);
        for (auto* output : block.outputs()) isUsed |= isTensorOrModule(*output);
        return isUsed;
    }

    bool isTensorOrModule(const Value& value) const {
        return m_values.contains(&value) || isModule(value);
    }

    /// Reading an attribute is no use, unless the run then works on a copy of it.
    bool isUsedByRead(Node& node) {
        const auto holder = m_objects.find(node.input());
        if (holder == m_objects.end()) return !isOwnObject(*node.input());
        const auto& object = holder->second;
        const auto slot = object->type()->getAttributeSlot(node.s(c10::attr::name));
        const auto& value = object->getSlot(slot);
        if (value.isObject()) m_objects.emplace(node.output(), value.toObject());
        const auto tensors = tensorsIn(value);
        const bool holds = std::ranges::any_of(tensors, [this](const at::Tensor& tensor) {
            return tensor.has_storage() &&
                   m_storages.contains(tensor.storage().unsafeGetStorageImpl());
        });
        if (!holds) return false;
        m_values.insert(node.output());
        return m_program.code->written.attributes.contains({object->type().get(), slot});
    }

    const Program& m_program;
    std::unordered_set<const c10::StorageImpl*> m_storages;
    std::unordered_map<const Value*, ObjectPtr> m_objects;
    std::unordered_set<const Value*> m_values;  // attributes that hold one of the tensors
};

}  // namespace

std::size_t firstUse(const Program& program, std::span<const at::Tensor> tensors) {
    UseFinder finder(program, tensors);
    std::size_t step = 0;
    for (auto* node : program.graph->nodes()) {
        if (finder.isUsedBy(*node)) return step;
        ++step;
    }
    return step;
}

}  // namespace espalier::script
