// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/attached_pruning_torch.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include <ATen/Functions.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include "core/base/format.h"

namespace espalier::script {

namespace {

using c10::ClassType;
using c10::ClassTypePtr;
using c10::IValue;
using c10::TypePtr;
using torch::jit::Block;
using torch::jit::Function;
using torch::jit::Node;
using torch::jit::Value;
using ObjectPtr = c10::intrusive_ptr<c10::ivalue::Object>;

constexpr std::string_view kOriginal = "_orig";
constexpr std::string_view kMask = "_mask";

/// "weight_orig" → "weight"; empty when `name` does not end so.
std::string withoutEnding(const std::string& name, std::string_view ending) {
    return name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : std::string();
}

/// The plain names of the pruned parameters that objects of a class hold themselves.
std::vector<std::string> prunedNames(const ClassType& type) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < type.numAttributes(); ++i) {
        const auto plain = withoutEnding(type.getAttributeName(i), kOriginal);
        if (plain.empty() || !type.is_parameter(i)) continue;
        const auto mask = type.findAttributeSlot(plain + std::string(kMask));
        if (mask && type.is_buffer(*mask)) names.push_back(plain);
    }
    return names;
}

bool isPrunedName(const ClassType& type, const std::string& plain) {
    return !plain.empty() && std::ranges::count(prunedNames(type), plain) > 0;
}

/// A value as the attributes that lead to it.
struct Place {
    const Value* root = nullptr;
    std::vector<std::string> path;
    bool operator==(const Place&) const = default;
};

Place placeOf(const Value* value) {
    Place place{value, {}};
    while (place.root->node()->kind() == c10::prim::GetAttr) {
        place.path.push_back(place.root->node()->s(c10::attr::name));
        place.root = place.root->node()->input();
    }
    return place;
}

/// The node that reads `value` from an attribute, seen through conversions.
Node* readOf(Value* value) {
    auto* node = value->node();
    while (node->kind() == c10::aten::to || node->kind() == c10::aten::detach) {
        node = node->input(0)->node();
    }
    return node->kind() == c10::prim::GetAttr ? node : nullptr;
}

/// The plain name when `original` and `mask` are X_orig and X_mask of one object, else empty.
std::string maskedName(Node* original, Node* mask) {
    if (original == nullptr || mask == nullptr) return {};
    const auto plain = withoutEnding(original->s(c10::attr::name), kOriginal);
    const auto& holder = original->input()->type()->expectRef<ClassType>();
    if (!isPrunedName(holder, plain) || mask->s(c10::attr::name) != plain + std::string(kMask)) {
        return {};
    }
    return placeOf(original->input()) == placeOf(mask->input()) ? plain : std::string();
}

/// Reads of X take the place of the products X_orig · X_mask.
void replaceProducts(Block& block) {
    for (auto* node : block.nodes()) {
        for (auto* inner : node->blocks()) replaceProducts(*inner);
        if (node->kind() != c10::aten::mul) continue;
        auto* left = readOf(node->input(0));
        auto* right = readOf(node->input(1));
        auto* original = maskedName(left, right).empty() ? right : left;
        const auto plain = maskedName(original, original == left ? right : left);
        if (plain.empty()) continue;
        auto* read = block.owningGraph()->create(c10::prim::GetAttr, {original->input()});
        read->s_(c10::attr::name, plain);
        read->output()->setType(c10::TensorType::get());
        read->insertBefore(node);
        node->output()->replaceAllUsesWith(read->output());
    }
}

/// Names a pruned parameter that is used in another way; empty when there is none.
std::string otherUse(const Block& block) {
    for (const auto* node : block.nodes()) {
        for (const auto* inner : node->blocks()) {
            if (auto found = otherUse(*inner); !found.empty()) return found;
        }
        if (node->kind() != c10::prim::GetAttr && node->kind() != c10::prim::SetAttr) continue;
        const auto type = node->inputs()[0]->type()->cast<ClassType>();
        const auto& name = node->s(c10::attr::name);
        if (!type) continue;
        if (isPrunedName(*type, withoutEnding(name, kOriginal)) ||
            isPrunedName(*type, withoutEnding(name, kMask))) {
            return name;
        }
    }
    return {};
}

/// Makes a new class for every class of module that a module is made of, then new objects of these
/// classes.
class Committer {
public:
    torch::jit::Module commit(const torch::jit::Module& module) {
        m_unit = module._ivalue()->compilation_unit();
        remapped(module._ivalue());
        for (const auto& [old, made] : m_classes) copyMethods(*old, *made);
        return torch::jit::Module(copied(module._ivalue()));
    }

private:
    /// Classes are found by walking objects: attributes of an interface type do not tell their
    /// class.
    void remapped(const ObjectPtr& object) {
        const auto type = object->type();
        if (!type->is_module() || m_classes.contains(type)) return;
        for (const auto& slot : object->slots()) {
            if (slot.isObject()) remapped(slot.toObject());
        }
        m_classes.emplace(type, copyClass(*type));
    }

    ClassTypePtr copyClass(const ClassType& old) {
        auto made = ClassType::create(m_unit->mangle(*old.name()), m_unit, true);
        const auto pruned = prunedNames(old);
        const auto isPruned = [&](const std::string& name) {
            return std::ranges::count(pruned, name) > 0;
        };
        for (std::size_t i = 0; i < old.numAttributes(); ++i) {
            const auto name = old.getAttributeName(i);
            const auto plain = withoutEnding(name, kOriginal);
            // A plain attribute of that name holds what the product was when the file was made.
            if (isPruned(name) || isPruned(withoutEnding(name, kMask))) continue;
            made->addAttribute(isPruned(plain) ? plain : name, remapped(old.getAttribute(i)),
                               old.is_parameter(i), old.is_buffer(i));
        }
        for (std::size_t i = 0; i < old.numConstants(); ++i) {
            made->addConstant(old.getConstantName(i), old.getConstant(i));
        }
        m_unit->register_type(made);
        return made;
    }

    TypePtr remapped(const TypePtr& type) const {
        if (const auto known = type->cast<ClassType>()) {
            const auto found = m_classes.find(known);
            return found == m_classes.end() ? type : found->second;
        }
        if (type->containedTypes().empty()) return type;
        std::vector<TypePtr> parts;
        bool changed = false;
        for (const auto& part : type->containedTypes()) {
            parts.push_back(remapped(part));
            changed |= parts.back() != part;
        }
        return changed ? type->withContained(std::move(parts)) : type;
    }

    Function* copyFunction(Function& old, const ClassType& holder) {
        auto graph = torch::jit::toGraphFunction(old).graph()->copy();
        replaceProducts(*graph->block());
        torch::jit::EliminateDeadCode(graph);
        if (const auto name = otherUse(*graph->block()); !name.empty()) {
            throw std::runtime_error(
                cat("the code of ", old.name(), " uses ", name, " in another way than masked"));
        }
        const auto remap = [this](const TypePtr& type) { return remapped(type); };
        graph->remapTypes(remap);
        auto schema = old.getSchema().cloneWithRemappedTypes(remap);
        auto* made = m_unit->create_function(c10::QualifiedName(*holder.name(), old.name()),
                                             std::move(graph));
        made->setSchema(std::move(schema));
        return made;
    }

    void copyMethods(const ClassType& old, ClassType& made) {
        for (auto* method : old.methods()) made.addMethod(copyFunction(*method, made));
        for (auto* hook : old.getForwardHooks()) made.addForwardHook(copyFunction(*hook, made));
        for (auto* hook : old.getForwardPreHooks()) {
            made.addForwardPreHook(copyFunction(*hook, made));
        }
        for (const auto& property : old.properties()) {
            auto* setter =
                property.setter == nullptr ? nullptr : made.findMethod(property.setter->name());
            made.addProperty(property.name, made.findMethod(property.getter->name()), setter);
        }
    }

    ObjectPtr copied(const ObjectPtr& old) {
        const auto type = m_classes.find(old->type());
        if (type == m_classes.end()) return old;
        if (const auto known = m_objects.find(old.get()); known != m_objects.end()) {
            return known->second;
        }
        const auto made = c10::ivalue::Object::create(c10::StrongTypePtr(m_unit, type->second),
                                                      type->second->numAttributes());
        m_objects.emplace(old.get(), made);
        for (std::size_t i = 0; i < type->second->numAttributes(); ++i) {
            const auto name = type->second->getAttributeName(i);
            if (isPrunedName(*old->type(), name)) {
                made->setSlot(i, committed(*old, name));
            } else {
                const auto value = old->getAttr(name);
                made->setSlot(i, value.isObject() ? IValue(copied(value.toObject())) : value);
            }
        }
        return made;
    }

    static at::Tensor committed(const c10::ivalue::Object& holder, const std::string& plain) {
        const c10::NoGradGuard noGrad;
        const auto original = holder.getAttr(plain + std::string(kOriginal)).toTensor();
        const auto mask = holder.getAttr(plain + std::string(kMask)).toTensor();
        return at::mul(mask.to(original.scalar_type()), original)
            .set_requires_grad(original.requires_grad());
    }

    std::shared_ptr<torch::jit::CompilationUnit> m_unit;
    std::map<ClassTypePtr, ClassTypePtr> m_classes;  // old → new
    std::unordered_map<const c10::ivalue::Object*, ObjectPtr> m_objects;
};

}  // namespace

std::vector<AttachedMask> findAttachedMasks(const torch::jit::Module& module) {
    std::vector<AttachedMask> found;
    for (const auto& part : module.named_modules()) {
        const auto prefix = part.name.empty() ? std::string() : part.name + ".";
        for (const auto& plain : prunedNames(*part.value.type())) {
            const AttachedMask mask{cat(prefix, plain, kOriginal), cat(prefix, plain, kMask),
                                    prefix + plain};
            const auto& original = part.value.attr(plain + std::string(kOriginal));
            const auto& factor = part.value.attr(plain + std::string(kMask));
            if (!original.isTensor() || !factor.isTensor()) continue;
            if (original.toTensor().sizes().equals(factor.toTensor().sizes())) {
                found.push_back(mask);
            }
        }
    }
    return found;
}

Result<torch::jit::Module> commitAttachedMasks(const torch::jit::Module& module) {
    constexpr auto kWhat = "Cannot take off the masks of torch.nn.utils.prune";
    auto result =
        guarded(kWhat, [&]() -> Result<torch::jit::Module> { return Committer().commit(module); });
    if (result) return result;
    return Error{Error::Kind::Unsupported, kWhat, result.error().why,
                 "Call torch.nn.utils.prune.remove in Python before saving the model."};
}

}  // namespace espalier::script
