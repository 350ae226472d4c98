// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/deep_copy_torch.h"

#include <ATen/Functions.h>
#include <c10/core/GradMode.h>

namespace espalier::script {

namespace {

using c10::IValue;
using ObjectPtr = c10::intrusive_ptr<c10::ivalue::Object>;

class ObjectCopier {
public:
    ObjectPtr copy(const ObjectPtr& object) {
        if (const auto known = m_objects.find(object.get()); known != m_objects.end()) {
            return known->second;
        }
        auto result = c10::ivalue::Object::create(
            c10::StrongTypePtr(object->compilation_unit(), object->type()), object->slots().size());
        m_objects.emplace(object.get(), result);
        for (std::size_t i = 0; i < object->slots().size(); ++i) {
            result->setSlot(i, copy(object->getSlot(i)));
        }
        return result;
    }

private:
    IValue copy(const IValue& value) {
        if (value.isObject()) return copy(value.toObject());
        return mapTensors(value,
                          [this](const at::Tensor& tensor) { return m_tensors.copy(tensor); });
    }

    TensorCopier m_tensors;
    std::unordered_map<const c10::ivalue::Object*, ObjectPtr> m_objects;
};

}  // namespace

at::Tensor TensorCopier::copy(const at::Tensor& tensor) {
    if (!tensor.defined()) return tensor;
    if (const auto known = m_tensors.find(tensor.unsafeGetTensorImpl()); known != m_tensors.end()) {
        return known->second;
    }
    const c10::NoGradGuard noGrad;
    at::Tensor result;
    if (!tensor.has_storage() || tensor.is_quantized()) {
        result = tensor.detach().clone();
    } else {
        const auto* storage = tensor.storage().unsafeGetStorageImpl();
        auto known = m_copies.find(storage);
        if (known == m_copies.end()) {
            const auto bytes = static_cast<std::int64_t>(storage->nbytes());
            auto all = at::empty({0}, tensor.options().dtype(at::kByte))
                           .set_(tensor.storage(), 0, {bytes}, {1});
            known = m_copies.emplace(storage, all.clone().storage()).first;
        }
        result =
            at::empty({0}, tensor.options())
                .set_(known->second, tensor.storage_offset(), tensor.sizes(), tensor.strides());
    }
    result.set_requires_grad(tensor.requires_grad());
    m_originals.push_back(tensor);
    m_tensors.emplace(tensor.unsafeGetTensorImpl(), result);
    return result;
}

std::vector<at::Tensor> TensorCopier::copies() const {
    std::vector<at::Tensor> copies;
    for (const auto& [original, copy] : m_tensors) copies.push_back(copy);
    return copies;
}

TensorCopier TensorCopier::withCopies(
    const std::function<at::Tensor(const at::Tensor&)>& replace) const {
    TensorCopier result;
    result.m_originals = m_originals;
    for (const auto& original : m_originals) {
        const auto copy = replace(m_tensors.at(original.unsafeGetTensorImpl()));
        result.m_tensors.emplace(original.unsafeGetTensorImpl(), copy);
        if (!original.has_storage() || original.is_quantized()) continue;
        result.m_copies.emplace(original.storage().unsafeGetStorageImpl(), copy.storage());
    }
    return result;
}

IValue mapTensors(const IValue& value,
                  const std::function<at::Tensor(const at::Tensor&)>& replace) {
    if (value.isTensor()) return replace(value.toTensor());
    if (value.isTensorList()) {
        c10::List<at::Tensor> list;
        for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(replace(tensor));
        return list;
    }
    if (value.isTuple()) {
        const auto tuple = value.toTuple();
        std::vector<IValue> items;
        for (const auto& item : tuple->elements()) items.push_back(mapTensors(item, replace));
        const auto type = tuple->type<c10::TupleType>();
        return type->name() ? c10::ivalue::Tuple::createNamed(std::move(items), type)
                            : c10::ivalue::Tuple::create(std::move(items));
    }
    if (value.isGenericDict()) {
        const auto dict = value.toGenericDict();
        c10::impl::GenericDict result(dict.keyType(), dict.valueType());
        for (const auto& item : dict) result.insert(item.key(), mapTensors(item.value(), replace));
        return result;
    }
    if (value.isList() && !value.isIntList() && !value.isDoubleList() && !value.isBoolList()) {
        const auto list = value.toList();
        c10::impl::GenericList result(list.elementType());
        for (const auto& item : value.toListRef()) result.push_back(mapTensors(item, replace));
        return result;
    }
    return value.isList() ? value.deepcopy() : value;
}

torch::jit::Module copyModule(const torch::jit::Module& module) {
    return torch::jit::Module(ObjectCopier().copy(module._ivalue()));
}

}  // namespace espalier::script
