// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/rewriter_objects_torch.h"

#include <map>
#include <tuple>
#include <unordered_set>

#include "core/script/deep_copy_torch.h"

namespace espalier::script {

namespace {

using c10::ClassType;
using c10::IValue;

bool isModule(const IValue& value) {
    return value.isObject() && value.toObject()->type()->is_module();
}

/// What one tensor is to the module: two tensors with the same identity are the same memory seen in
/// the same way.
struct Identity {
    const void* storage;
    std::int64_t offset;
    std::vector<std::int64_t> sizes;
    std::vector<std::int64_t> strides;
    auto operator<=>(const Identity&) const = default;
};

Identity identityOf(const at::Tensor& tensor) {
    if (!tensor.has_storage()) return {tensor.unsafeGetTensorImpl(), 0, {}, {}};
    return {tensor.storage().unsafeGetStorageImpl(), tensor.storage_offset(), tensor.sizes().vec(),
            tensor.strides().vec()};
}

class ObjectMaker {
public:
    ObjectMaker(std::shared_ptr<torch::jit::CompilationUnit> unit, const ReplaceTensor& replace)
        : m_unit(std::move(unit)), m_replace(replace) {}

    ObjectPtr make(const ObjectPtr& root) {
        replaceTensors(root, "");
        return made(root);
    }

private:
    /// Tensors that have a name of their own come first: those in lists are then found among them.
    void replaceTensors(const ObjectPtr& object, const std::string& prefix) {
        if (!m_seen.insert(object.get()).second) return;
        const auto type = object->type();
        for (std::size_t i = 0; i < type->numAttributes(); ++i) {
            const auto& value = object->getSlot(i);
            const std::string path = prefix + type->getAttributeName(i);
            if (value.isTensor()) replaced(path, value.toTensor());
            if (isModule(value)) replaceTensors(value.toObject(), path + ".");
        }
    }

    at::Tensor replaced(const std::string& path, const at::Tensor& tensor) {
        if (!tensor.defined()) return tensor;
        const auto known = m_tensors.find(identityOf(tensor));
        if (known != m_tensors.end()) return known->second;
        return m_tensors.emplace(identityOf(tensor), m_replace(path, tensor)).first->second;
    }

    ObjectPtr made(const ObjectPtr& old) {
        if (const auto known = m_objects.find(old.get()); known != m_objects.end()) {
            return known->second;
        }
        std::vector<IValue> values;
        for (const auto& slot : old->slots()) values.push_back(made(slot));
        auto object = c10::ivalue::Object::create(
            c10::StrongTypePtr(m_unit, makeClass(*old, values)), values.size());
        for (std::size_t i = 0; i < values.size(); ++i) object->setSlot(i, std::move(values[i]));
        m_objects.emplace(old.get(), object);
        return object;
    }

    IValue made(const IValue& value) {
        if (isModule(value)) return made(value.toObject());
        if (value.isObject()) return value;
        return mapTensors(value, [this](const at::Tensor& tensor) { return replaced("", tensor); });
    }

    c10::ClassTypePtr makeClass(const c10::ivalue::Object& old, const std::vector<IValue>& values) {
        const auto type = old.type();
        auto name = *type->name();
        if (m_unit->get_class(name) || !m_names.insert(name.qualifiedName()).second) {
            name = m_unit->mangle(name);
            m_names.insert(name.qualifiedName());
        }
        auto made = ClassType::create(name, m_unit, /*is_module=*/true);
        for (std::size_t i = 0; i < values.size(); ++i) {
            const bool isSubmodule = isModule(values[i]);
            made->addAttribute(type->getAttributeName(i),
                               isSubmodule ? values[i].toObject()->type() : type->getAttribute(i),
                               type->is_parameter(i), type->is_buffer(i));
        }
        for (std::size_t i = 0; i < type->numConstants(); ++i) {
            made->addConstant(type->getConstantName(i), type->getConstant(i));
        }
        m_unit->register_type(made);
        return made;
    }

    std::shared_ptr<torch::jit::CompilationUnit> m_unit;
    const ReplaceTensor& m_replace;
    std::unordered_set<const c10::ivalue::Object*> m_seen;
    std::unordered_set<std::string> m_names;
    std::map<Identity, at::Tensor> m_tensors;
    std::unordered_map<const c10::ivalue::Object*, ObjectPtr> m_objects;
};

void collectClasses(const ObjectPtr& old, const ObjectPtr& made, ClassMap& classes) {
    if (!classes.emplace(old.get(), made->type()).second) return;
    for (std::size_t i = 0; i < old->slots().size(); ++i) {
        const auto& value = old->getSlot(i);
        if (isModule(value)) {
            collectClasses(value.toObject(), made->getSlot(i).toObject(), classes);
        }
    }
}

}  // namespace

ObjectPtr newObjects(const ObjectPtr& root,
                     const std::shared_ptr<torch::jit::CompilationUnit>& unit,
                     const ReplaceTensor& replace) {
    return ObjectMaker(unit, replace).make(root);
}

ClassMap classesOf(const ObjectPtr& old, const ObjectPtr& made) {
    ClassMap classes;
    collectClasses(old, made, classes);
    return classes;
}

}  // namespace espalier::script
