// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/trace_torch.h"

#include <optional>
#include <unordered_map>

#include <c10/core/GradMode.h>

#include "core/base/format.h"
#include "core/channels/attribute_paths_torch.h"
#include "core/model/parameter_table_torch.h"

namespace espalier::channels {

namespace {

using c10::IValue;
using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

constexpr std::int64_t kIndexElements = 1 << 16;  // larger integer tensors are data, not indices
constexpr std::int64_t kIndexBytes = 64 << 20;    // of all that are kept

bool isContainer(const IValue& value) {
    return value.isList() || value.isTuple() || value.isGenericDict();
}

std::optional<IValue> plainCopy(const IValue& value);

std::optional<IValue> plainCopyOfList(const IValue& value) {
    if (value.isIntList()) return IValue(value.toIntList().copy());
    if (value.isDoubleList()) return IValue(value.toDoubleList().copy());
    if (value.isBoolList()) return IValue(value.toBoolList().copy());
    const auto list = value.toList();
    c10::impl::GenericList copy(list.elementType());
    for (const IValue& item : list) {
        auto plain = plainCopy(item);
        if (!plain) return std::nullopt;
        copy.push_back(std::move(*plain));
    }
    return IValue(std::move(copy));
}

/// A copy of numbers, texts and containers of such; nothing for the rest.
std::optional<IValue> plainCopy(const IValue& value) {
    if (value.isNone() || value.isScalar() || value.isString() || value.isDevice()) return value;
    if (value.isTensorList()) return std::nullopt;
    if (value.isList()) return plainCopyOfList(value);
    if (!value.isTuple()) return std::nullopt;
    std::vector<IValue> items;
    for (const auto& item : value.toTupleRef().elements()) {
        auto plain = plainCopy(item);
        if (!plain) return std::nullopt;
        items.push_back(std::move(*plain));
    }
    return c10::ivalue::Tuple::create(std::move(items));
}

class Recorder final : public script::Observer {
public:
    explicit Recorder(const torch::jit::Module& module) : m_paths(module) {}

    void onNode(const script::NodeEvent& event) override;
    void onEnter(const Node* owner, const Block& block, std::span<const IValue> arguments) override;
    void onLeave(const Block& block) override;

    std::vector<ValueId> tensorIds(const IValue& value) {
        std::vector<ValueId> ids;
        for (const auto& tensor : script::tensorsIn(value)) ids.push_back(idOf(tensor));
        return ids;
    }

    Trace trace;

private:
    struct Known {
        model::WeakTensor tensor;
        ValueId id;
    };

    ValueId idOf(const at::Tensor& tensor);
    ValueId newId(const IValue& value);
    ValueId inputId(const Value* name, const IValue& value);
    void readAttribute(const script::NodeEvent& event);
    void namePaths(const IValue& held, const IValue& given);
    std::vector<ValueId> carriedIds(const Node& node, std::size_t count);
    std::vector<ValueId> environmentOf(at::ArrayRef<const Value*> names) const;

    AttributePaths m_paths;
    std::unordered_map<const c10::TensorImpl*, Known> m_tensors;
    std::unordered_map<const Value*, ValueId> m_environment;
    std::vector<const Node*> m_owners;                             // of the blocks that are running
    std::unordered_map<const Node*, std::vector<ValueId>> m_left;  // by owner: its block's results
    std::int64_t m_indexBytes = 0;
};

ValueId Recorder::idOf(const at::Tensor& tensor) {
    const auto* impl = tensor.unsafeGetTensorImpl();
    const auto found = m_tensors.find(impl);
    if (found != m_tensors.end()) {
        const auto& value = trace.values[static_cast<std::size_t>(found->second.id)];
        if (tensor.sizes().equals(value.shape)) return found->second.id;
    }
    const auto id = static_cast<ValueId>(trace.values.size());
    auto& value = trace.values.emplace_back();
    value.isTensor = true;
    value.shape = tensor.sizes().vec();
    value.dtype = tensor.scalar_type();
    const auto bytes = tensor.numel() * static_cast<std::int64_t>(tensor.itemsize());
    if (at::isIntegralType(value.dtype, true) && tensor.numel() <= kIndexElements &&
        m_indexBytes + bytes <= kIndexBytes && !tensor.is_quantized()) {
        m_indexBytes += bytes;
        value.value = tensor.detach().clone();
    }
    m_tensors.insert_or_assign(impl, Known{model::WeakTensor(tensor.getIntrusivePtr()), id});
    return id;
}

ValueId Recorder::newId(const IValue& value) {
    if (value.isTensor() && value.toTensor().defined()) return idOf(value.toTensor());
    std::vector<ValueId> elements;
    if (isContainer(value)) elements = tensorIds(value);
    const auto id = static_cast<ValueId>(trace.values.size());
    auto& made = trace.values.emplace_back();
    made.elements = std::move(elements);
    if (value.isObject()) {
        made.path = m_paths.of(value.toObjectRef());
    } else if (made.elements.empty() && !value.isTensor()) {
        made.value = plainCopy(value).value_or(IValue());
    }
    return id;
}

/// The id of what a node reads. Containers may have changed since they were made.
ValueId Recorder::inputId(const Value* name, const IValue& value) {
    const auto known = m_environment.find(name);
    if (value.isTensor() && value.toTensor().defined()) {
        const auto seen = m_tensors.find(value.toTensor().unsafeGetTensorImpl());
        const bool isSeen = seen != m_tensors.end() && known != m_environment.end();
        // The id from before an in-place operator gave the tensor another shape.
        if (isSeen && seen->second.id == known->second) return known->second;
        return idOf(value.toTensor());
    }
    if (known != m_environment.end()) {
        if (!isContainer(value)) return known->second;
        const auto elements = tensorIds(value);
        const auto& now = trace.values[static_cast<std::size_t>(known->second)];
        const bool isSame = elements.empty() ? (!value.isList() || now.value.isNone() ||
                                                now.value == plainCopy(value).value_or(IValue()))
                                             : elements == now.elements;
        if (isSame) return known->second;
    }
    return m_environment[name] = newId(value);
}

std::vector<ValueId> Recorder::environmentOf(at::ArrayRef<const Value*> names) const {
    std::vector<ValueId> ids;
    for (const auto* name : names) {
        const auto known = m_environment.find(name);
        ids.push_back(known == m_environment.end() ? -1 : known->second);
    }
    return ids;
}

void Recorder::onEnter(const Node* owner, const Block& block, std::span<const IValue> arguments) {
    m_owners.push_back(owner);
    std::vector<ValueId> ids;
    if (owner == nullptr || block.owningNode() == nullptr) {
        trace.graphs.push_back(const_cast<Block&>(block).owningGraph()->shared_from_this());
    }
    if (owner != nullptr && owner->kind() == c10::prim::Loop) {
        ids = carriedIds(*owner, arguments.size() - 1);
        ids.insert(ids.begin(), newId(arguments[0]));
    } else if (owner != nullptr && owner->kind() != c10::prim::If) {
        ids = environmentOf(owner->inputs());
        if (owner->kind() == c10::prim::CallFunction) ids.erase(ids.begin());
    }
    for (std::size_t i = 0; i < block.inputs().size() && i < arguments.size(); ++i) {
        const bool isKnown = i < ids.size() && ids[i] >= 0 && !arguments[i].isTensor();
        m_environment[block.inputs()[i]] = isKnown ? ids[i] : newId(arguments[i]);
    }
}

void Recorder::onLeave(const Block& block) {
    m_left[m_owners.back()] = environmentOf(block.outputs());
    m_owners.pop_back();
}

/// What goes into the next round of a loop, or comes out of it after the last.
std::vector<ValueId> Recorder::carriedIds(const Node& node, std::size_t count) {
    const auto left = m_left.find(&node);
    auto ids = left == m_left.end() ? environmentOf(node.inputs()) : left->second;
    ids.erase(ids.begin(), ids.end() - static_cast<std::ptrdiff_t>(std::min(count, ids.size())));
    return ids;
}

void Recorder::namePaths(const IValue& held, const IValue& given) {
    const auto originals = script::tensorsIn(held);
    const auto tensors = script::tensorsIn(given);
    if (originals.size() != tensors.size()) return;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const bool isNew = !m_tensors.contains(tensors[i].unsafeGetTensorImpl());
        if (!isNew || !tensors[i].sizes().equals(originals[i].sizes())) continue;
        trace.values[static_cast<std::size_t>(idOf(tensors[i]))].path = m_paths.of(originals[i]);
    }
}

void Recorder::readAttribute(const script::NodeEvent& event) {
    const auto& object = event.inputs[0].toObjectRef();
    const auto slot = object.type()->findAttributeSlot(event.node->s(c10::attr::name));
    if (slot) namePaths(object.getSlot(*slot), event.outputs[0]);
}

void Recorder::onNode(const script::NodeEvent& event) {
    const auto& node = *event.node;
    TraceStep step{&node, {}, {}};
    if (node.kind() == c10::prim::GetAttr) readAttribute(event);
    const auto skipped = node.inputs().size() - event.inputs.size();  // a called function itself
    for (std::size_t i = 0; i < node.inputs().size(); ++i) {
        step.inputs.push_back(i < skipped ? environmentOf(node.inputs())[i]
                                          : inputId(node.inputs()[i], event.inputs[i - skipped]));
    }
    std::vector<ValueId> carried;
    const bool isLoop = node.kind() == c10::prim::Loop;
    if (isLoop || m_left.contains(&node)) carried = carriedIds(node, node.outputs().size());
    m_left.erase(&node);
    for (std::size_t i = 0; i < node.outputs().size() && i < event.outputs.size(); ++i) {
        const auto& output = event.outputs[i];
        const bool isCarried = i < carried.size() && carried[i] >= 0 && !output.isTensor();
        const auto id = isCarried ? carried[i] : newId(output);
        m_environment[node.outputs()[i]] = id;
        step.outputs.push_back(id);
        if (node.kind() == c10::prim::Constant) {
            trace.values[static_cast<std::size_t>(id)].isConstant = output.isTensor();
        }
    }
    trace.steps.push_back(std::move(step));
}

}  // namespace

std::string modulePathOf(const Node& node) {
    const auto stack = node.callstack();
    if (!stack) return {};
    std::string path;
    for (const auto& entry : (*stack)->vec()) {
        const auto& module = std::get<2>(entry);
        if (!module) continue;
        const auto name = module->instance_name();
        if (name.empty() || name == "SELF" || name == "INSTANCE_NAME_UNKNOWN") continue;
        path += (path.empty() ? "" : ".") + name;
    }
    return path;
}

Result<Trace> recordTrace(const script::Program& program, std::vector<IValue> inputs,
                          RunControl& control) {
    const c10::AutoGradMode gradients(true);
    Recorder recorder(program.module);
    for (const auto& input : inputs) {
        const auto ids = recorder.tensorIds(input);
        recorder.trace.inputs.insert(recorder.trace.inputs.end(), ids.begin(), ids.end());
    }
    const auto output = script::runObserved(program, std::move(inputs), recorder, control);
    if (!output) return output.error();
    recorder.trace.outputs = recorder.tensorIds(*output);
    return std::move(recorder.trace);
}

}  // namespace espalier::channels
