// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/attribute_paths_torch.h"

namespace espalier::channels {

AttributePaths::AttributePaths(const torch::jit::Module& module) {
    for (const auto& item : module.named_parameters()) addTensors(item.name, item.value);
    for (const auto& item : module.named_buffers()) addTensors(item.name, item.value);
    for (const auto& item : module.named_attributes()) addTensors(item.name, item.value);
    addObjects("", *module._ivalue());
}

AttributePaths::Memory AttributePaths::memoryOf(const at::Tensor& tensor) {
    if (!tensor.has_storage() || tensor.numel() == 0) {
        return {tensor.unsafeGetTensorImpl(), 0, {}, {}};
    }
    return {tensor.storage().unsafeGetStorageImpl(), tensor.storage_offset(), tensor.sizes().vec(),
            tensor.strides().vec()};
}

std::string AttributePaths::of(const at::Tensor& tensor) const {
    const auto found = m_tensors.find(memoryOf(tensor));
    return found == m_tensors.end() ? std::string() : found->second;
}

std::string AttributePaths::of(const c10::ivalue::Object& object) const {
    const auto found = m_objects.find(&object);
    return found == m_objects.end() ? std::string() : found->second;
}

void AttributePaths::addTensors(const std::string& path, const c10::IValue& value) {
    if (value.isTensor()) {
        if (value.toTensor().defined()) m_tensors.try_emplace(memoryOf(value.toTensor()), path);
    } else if (value.isList()) {
        std::size_t number = 0;
        for (const c10::IValue& item : value.toListRef()) {
            addTensors(path + "." + std::to_string(number++), item);
        }
    } else if (value.isTuple()) {
        std::size_t number = 0;
        for (const auto& item : value.toTupleRef().elements()) {
            addTensors(path + "." + std::to_string(number++), item);
        }
    }
}

void AttributePaths::addObjects(const std::string& path, const c10::ivalue::Object& object) {
    if (!m_objects.try_emplace(&object, path).second) return;
    const auto type = object.type();
    for (std::size_t slot = 0; slot < object.slots().size(); ++slot) {
        const auto& value = object.getSlot(slot);
        if (!value.isObject()) continue;
        const auto& name = type->getAttributeName(slot);
        addObjects(path.empty() ? name : path + "." + name, value.toObjectRef());
    }
}

}  // namespace espalier::channels
