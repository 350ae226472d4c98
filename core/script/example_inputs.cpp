// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>

#include "core/script/interpreter_torch.h"

namespace espalier::script {

namespace {

at::ScalarType scalarType(DType dtype) {
    switch (dtype) {
        case DType::Float32:
            return at::kFloat;
        case DType::Float64:
            return at::kDouble;
        case DType::Float16:
            return at::kHalf;
        case DType::BFloat16:
            return at::kBFloat16;
        case DType::Int64:
            return at::kLong;
        case DType::Int32:
            return at::kInt;
        case DType::UInt8:
            return at::kByte;
        case DType::Bool:
            return at::kBool;
    }
    return at::kFloat;
}

at::Tensor exampleOf(const InputSpec& spec, const at::Generator& generator) {
    const auto type = scalarType(spec.dtype);
    if (!at::isFloatingType(type)) {
        const auto range = spec.range.value_or(ValueRange{0, type == at::kByte ? 256.0 : 2.0});
        const auto low = static_cast<std::int64_t>(range.low);
        const auto high = std::max(low + 1, static_cast<std::int64_t>(range.high));
        return at::randint(low, high, spec.shape, generator, at::kLong).to(type);
    }
    const auto drawn = type == at::kDouble ? at::kDouble : at::kFloat;
    if (!spec.range) return at::randn(spec.shape, generator, drawn).to(type);
    return at::rand(spec.shape, generator, drawn)
        .mul_(spec.range->high - spec.range->low)
        .add_(spec.range->low)
        .to(type);
}

void collect(const c10::IValue& value, std::vector<at::Tensor>& tensors) {
    if (value.isTensor()) {
        if (value.toTensor().defined()) tensors.push_back(value.toTensor());
    } else if (value.isTuple()) {
        for (const auto& item : value.toTupleRef().elements()) collect(item, tensors);
    } else if (value.isGenericDict()) {
        for (const auto& item : value.toGenericDict()) collect(item.value(), tensors);
    } else if (value.isTensorList()) {
        for (const auto& tensor : value.toTensorVector()) collect(tensor, tensors);
    } else if (value.isList()) {
        for (const auto& item : value.toListRef()) collect(item, tensors);
    }
}

}  // namespace

std::vector<c10::IValue> exampleInputs(std::span<const InputSpec> specs, std::uint64_t seed) {
    const auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    std::vector<c10::IValue> inputs;
    for (const auto& spec : specs) {
        auto example = exampleOf(spec, generator);
        if (spec.isList) {
            inputs.emplace_back(c10::List<at::Tensor>({std::move(example)}));
        } else {
            inputs.emplace_back(std::move(example));
        }
    }
    return inputs;
}

std::vector<at::Tensor> tensorsIn(const c10::IValue& value) {
    std::vector<at::Tensor> tensors;
    collect(value, tensors);
    return tensors;
}

}  // namespace espalier::script
