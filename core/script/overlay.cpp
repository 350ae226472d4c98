// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/overlay_torch.h"

#include "core/script/interpreter_torch.h"

namespace espalier::script {

using c10::IValue;

namespace {

const c10::StorageImpl* storageOf(const at::Tensor& tensor) {
    return tensor.defined() && tensor.has_storage() ? tensor.storage().unsafeGetStorageImpl()
                                                    : nullptr;
}

}  // namespace

void Overlay::expectWrites(const WrittenValues& written, const ObjectPtr& root) {
    if (written.attributes.empty()) return;
    m_collected.clear();
    collect(root, written);
}

void Overlay::collect(const ObjectPtr& object, const WrittenValues& written) {
    if (!m_collected.insert(object.get()).second) return;
    const auto type = object->type();
    for (std::size_t slot = 0; slot < object->slots().size(); ++slot) {
        const auto& value = object->getSlot(slot);
        if (value.isObject()) collect(value.toObject(), written);
        if (!written.attributes.contains({type.get(), slot})) continue;
        for (const auto& tensor : tensorsIn(value)) m_writtenStorages.insert(storageOf(tensor));
        if (value.isList() || value.isGenericDict()) {
            m_writtenContainers.emplace(object.get(), slot);
        }
    }
    m_writtenStorages.erase(nullptr);
}

bool Overlay::isWritten(const IValue& value) const {
    if (m_writtenStorages.empty()) return false;
    if (value.isTensor()) return m_writtenStorages.contains(storageOf(value.toTensor()));
    if (!value.isList() && !value.isTuple() && !value.isGenericDict()) return false;
    for (const auto& tensor : tensorsIn(value)) {
        if (m_writtenStorages.contains(storageOf(tensor))) return true;
    }
    return false;
}

IValue Overlay::copied(const IValue& value) {
    // A model writes to its own parameters without gradients; with them on, that would be refused.
    return mapTensors(value, [this](const at::Tensor& tensor) {
        const auto copy = m_tensors.copy(tensor);
        return copy.defined() ? copy.set_requires_grad(false) : copy;
    });
}

IValue Overlay::get(const ObjectPtr& object, std::size_t slot) {
    const auto known = m_slots.find({object, slot});
    if (known != m_slots.end()) return known->second;
    const auto& value = object->getSlot(slot);
    if (!m_writtenContainers.contains({object.get(), slot}) && !isWritten(value)) return value;
    return m_slots.emplace(Key{object, slot}, copied(value)).first->second;
}

void Overlay::set(const ObjectPtr& object, std::size_t slot, IValue value) {
    m_slots.insert_or_assign(Key{object, slot}, std::move(value));
}

IValue Overlay::constant(const torch::jit::Node* node, const IValue& value) {
    const auto known = m_constants.find(node);
    if (known != m_constants.end()) return known->second;
    return m_constants.emplace(node, copied(value)).first->second;
}

std::vector<at::Tensor> Overlay::tensors() const {
    auto all = m_tensors.copies();
    const auto add = [&all](const IValue& value) {
        for (auto& tensor : tensorsIn(value)) all.push_back(std::move(tensor));
    };
    for (const auto& [key, value] : m_slots) add(value);
    for (const auto& [node, value] : m_constants) add(value);
    return all;
}

Overlay Overlay::withValues(const std::function<IValue(const IValue&)>& replace) const {
    Overlay result = *this;
    for (auto& [key, value] : result.m_slots) value = replace(value);
    for (auto& [node, value] : result.m_constants) value = replace(value);
    result.m_tensors = m_tensors.withCopies(
        [&replace](const at::Tensor& tensor) { return replace(tensor).toTensor(); });
    return result;
}

}  // namespace espalier::script
