// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/parameter_table_torch.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <tuple>

#include "core/model/operators_torch.h"

namespace espalier::model {

namespace {

/// Operators that take a size and a type from a tensor, none of its values.
bool isFilled(c10::Symbol op) {
    static constexpr std::array kNames{"new_zeros",  "new_ones",  "new_full", "new_empty",
                                       "zeros_like", "ones_like", "full_like"};
    return op.is_aten() &&
           std::ranges::find(kNames, std::string_view(op.toUnqualString())) != kNames.end();
}

const c10::StorageImpl* storageOf(const at::Tensor& tensor) {
    return tensor.defined() && tensor.has_storage() ? tensor.storage().unsafeGetStorageImpl()
                                                    : nullptr;
}

std::size_t firstByte(const at::Tensor& tensor) {
    return static_cast<std::size_t>(tensor.storage_offset()) * tensor.itemsize();
}

std::size_t endByte(const at::Tensor& tensor) {
    std::size_t last = firstByte(tensor);
    for (std::int64_t d = 0; d < tensor.dim(); ++d) {
        if (tensor.size(d) == 0) return last;
        last +=
            static_cast<std::size_t>((tensor.size(d) - 1) * tensor.stride(d)) * tensor.itemsize();
    }
    return last + tensor.itemsize();
}

}  // namespace

std::vector<Parameter> uniqueParameters(const torch::jit::Module& module) {
    std::vector<Parameter> parameters;
    std::map<
        std::tuple<const void*, std::int64_t, std::vector<std::int64_t>, std::vector<std::int64_t>>,
        int>
        seen;
    for (const auto& item : module.named_parameters()) {
        if (!item.value.defined()) continue;
        const auto* storage = storageOf(item.value);
        const void* memory =
            storage ? static_cast<const void*>(storage) : item.value.unsafeGetTensorImpl();
        const auto offset = storage ? item.value.storage_offset() : 0;
        const auto strides = storage ? item.value.strides().vec() : std::vector<std::int64_t>();
        const bool isNew =
            seen.try_emplace({memory, offset, item.value.sizes().vec(), strides}, 0).second;
        if (isNew) parameters.push_back({item.name, item.value.detach()});
    }
    return parameters;
}

ParameterTracker::ParameterTracker(const torch::jit::Module& module,
                                   const std::vector<Parameter>& parameters) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const auto& tensor = parameters[i].tensor;
        const auto* storage = storageOf(tensor);
        if (storage == nullptr) {
            remember(tensor, {{static_cast<int>(i)}, true, {}});
        } else {
            m_storages[storage].push_back(
                {firstByte(tensor), endByte(tensor), static_cast<int>(i)});
        }
    }
    for (const auto& attribute : module.named_attributes()) {
        for (const auto& tensor : script::tensorsIn(attribute.value)) addStorage(tensor);
    }
}

void ParameterTracker::addStorage(const at::Tensor& tensor) {
    if (const auto* storage = storageOf(tensor)) {
        m_storages.try_emplace(storage);
    } else {
        remember(tensor, {});
    }
}

std::optional<Origin> ParameterTracker::originOf(const at::Tensor& tensor) const {
    const auto* storage = storageOf(tensor);
    if (storage != nullptr && m_dynamic.contains(storage)) return std::nullopt;
    if (const auto made = m_made.find(tensor.unsafeGetTensorImpl()); made != m_made.end()) {
        return made->second.origin;
    }
    const auto spans = storage == nullptr ? m_storages.end() : m_storages.find(storage);
    if (spans == m_storages.end()) return std::nullopt;
    Origin origin;
    const auto begin = firstByte(tensor);
    const auto end = endByte(tensor);
    for (const auto& span : spans->second) {
        if (span.begin < end && begin < span.end) origin.parameters.push_back(span.parameter);
    }
    return origin;
}

void ParameterTracker::remember(const at::Tensor& tensor, Origin origin) {
    auto* impl = tensor.unsafeGetTensorImpl();
    m_made.insert_or_assign(impl, Known{WeakTensor(tensor.getIntrusivePtr()), std::move(origin)});
}

void ParameterTracker::markDynamic(const at::Tensor& tensor) {
    m_made.erase(tensor.unsafeGetTensorImpl());
    const auto* storage = storageOf(tensor);
    if (storage == nullptr) return;
    m_dynamic.insert(storage);
    m_keptAddresses.emplace_back(tensor.storage().getWeakStorageImpl());
}

/// The overlay may hand out a copy of an attribute: it stands for the attribute.
void ParameterTracker::followGetAttr(const script::NodeEvent& event) {
    const auto held = event.inputs[0].toObjectRef().getAttr(event.node->s(c10::attr::name));
    const auto originals = script::tensorsIn(held);
    const auto given = script::tensorsIn(event.outputs[0]);
    if (originals.size() != given.size()) return;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const bool isSame = given[i].is_same(originals[i]);
        if (isSame || originOf(given[i]) || !given[i].sizes().equals(originals[i].sizes())) {
            continue;
        }
        if (auto origin = originOf(originals[i])) remember(given[i], *origin);
    }
}

Origin ParameterTracker::merged(const script::NodeEvent& event,
                                const std::vector<at::Tensor>& inputs) const {
    Origin result;
    std::string inherited;
    for (const auto& input : inputs) {
        const auto origin = originOf(input);
        result.parameters.insert(result.parameters.end(), origin->parameters.begin(),
                                 origin->parameters.end());
        result.isExact &= origin->isExact;
        // A constant operand is computed too, but it is not what made the parameter inexact.
        if (inherited.empty() && !origin->parameters.empty()) inherited = origin->computedBy;
    }
    std::ranges::sort(result.parameters);
    result.parameters.erase(std::unique(result.parameters.begin(), result.parameters.end()),
                            result.parameters.end());
    result.isExact &= result.parameters.size() <= 1 && isReindexing(event.node->kind());
    if (!result.isExact) {
        result.computedBy = inherited.empty() ? event.node->kind().toQualString() : inherited;
    }
    return result;
}

/// The tensors that decide what a node's outputs are. A re-indexing operator takes no more than a
/// shape, a type or the like from its other arguments; indices are values.
std::vector<at::Tensor> ParameterTracker::relevantInputs(const script::NodeEvent& event) {
    const auto kind = event.node->kind();
    if (isFilled(kind)) return {};
    const bool onlyFirst =
        isReindexing(kind) && kind != c10::aten::index && kind != c10::aten::index_select;
    std::vector<at::Tensor> inputs;
    for (const auto& input : event.inputs.first(onlyFirst ? 1 : event.inputs.size())) {
        const auto tensors = script::tensorsIn(input);
        inputs.insert(inputs.end(), tensors.begin(), tensors.end());
    }
    return inputs;
}

bool ParameterTracker::follow(const script::NodeEvent& event) {
    const auto kind = event.node->kind();
    if (kind == c10::prim::GetAttr) {
        followGetAttr(event);
        return true;
    }
    const auto inputs = relevantInputs(event);
    const bool isStatic =
        std::ranges::all_of(inputs, [this](const auto& t) { return originOf(t).has_value(); });
    const bool makesTensors =
        kind.is_aten() || kind == c10::prim::Constant || kind == c10::prim::NumToTensor;
    if (!makesTensors) return isStatic;
    for (const auto& output : event.outputs) {
        for (const auto& tensor : script::tensorsIn(output)) {
            if (isStatic) {
                remember(tensor, merged(event, inputs));
            } else if (originOf(tensor)) {
                markDynamic(tensor);
            }
        }
    }
    return isStatic;
}

}  // namespace espalier::model
