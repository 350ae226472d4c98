// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/checkpoint_values_torch.h"

#include <ATen/core/List.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include "core/base/format.h"

namespace espalier::exchange {
namespace {

const std::string kSamples = "samples";
constexpr std::int64_t kColumns = 10;

at::Tensor tensorOf(const std::vector<train::TrainSample>& samples) {
    at::Tensor table =
        at::empty({static_cast<std::int64_t>(samples.size()), kColumns}, at::kDouble);
    auto* cell = table.data_ptr<double>();
    for (const train::TrainSample& s : samples) {
        for (const double value : {static_cast<double>(s.step), double(s.epoch), double(s.round),
                                   s.loss, s.valLoss, s.top1, s.lr, s.sparsity, s.seconds, s.score})
            *cell++ = value;
    }
    return table;
}

std::vector<train::TrainSample> samplesOf(const at::Tensor& table) {
    if (table.dim() != 2 || table.size(1) != kColumns || table.scalar_type() != at::kDouble)
        throw std::runtime_error("its samples are not a table of ten columns");
    std::vector<train::TrainSample> samples;
    const auto* cell = table.const_data_ptr<double>();
    for (std::int64_t i = 0; i < table.size(0); ++i, cell += kColumns) {
        samples.push_back({.step = static_cast<std::int64_t>(cell[0]),
                           .epoch = static_cast<int>(cell[1]),
                           .round = static_cast<int>(cell[2]),
                           .loss = cell[3],
                           .valLoss = cell[4],
                           .top1 = cell[5],
                           .lr = cell[6],
                           .sparsity = cell[7],
                           .seconds = cell[8],
                           .score = cell[9]});
    }
    return samples;
}

StoredValue stored(const std::string& name, const c10::IValue& value) {
    if (value.isTensor()) return {name, "tensor", {value.toTensor()}};
    if (value.isTensorList()) return {name, "tensors", value.toTensorVector()};
    if (value.isInt()) return {name, "int", {at::tensor({value.toInt()})}};
    if (value.isIntList()) return {name, "ints", {at::tensor(value.toIntVector(), at::kLong)}};
    if (value.isDouble()) return {name, "double", {at::tensor({value.toDouble()}, at::kDouble)}};
    if (value.isString()) return {name, "text", {}, {value.toStringRef()}};
    if (value.isList()) {
        StoredValue texts{name, "texts"};
        for (const c10::IValue& each : value.toListRef()) texts.texts.push_back(each.toStringRef());
        return texts;
    }
    throw std::runtime_error(cat(name, " is of a type that checkpoints do not have"));
}

void require(bool holds, const StoredValue& value) {
    if (!holds) throw std::runtime_error(cat("its value ", value.name, " is no ", value.kind));
}

template <class T>
const T* numbersOf(const StoredValue& value, at::ScalarType type) {
    require(value.tensors.size() == 1 && value.tensors[0].scalar_type() == type, value);
    return value.tensors[0].const_data_ptr<T>();
}

c10::IValue restored(const StoredValue& value) {
    if (value.kind == "tensors") return c10::List<at::Tensor>(value.tensors);
    if (value.kind == "texts") return c10::List<std::string>(value.texts);
    if (value.kind == "text") {
        require(value.texts.size() == 1, value);
        return value.texts[0];
    }
    require(value.tensors.size() == 1, value);
    const at::Tensor& tensor = value.tensors[0];
    if (value.kind == "tensor") return tensor;
    if (value.kind == "ints") {
        const auto* first = numbersOf<std::int64_t>(value, at::kLong);
        return c10::List<std::int64_t>(at::ArrayRef<std::int64_t>(first, tensor.numel()));
    }
    require(tensor.numel() == 1, value);
    if (value.kind == "int") return *numbersOf<std::int64_t>(value, at::kLong);
    if (value.kind == "double") return *numbersOf<double>(value, at::kDouble);
    throw std::runtime_error(cat("it has a value of the unknown kind ", value.kind));
}

}  // namespace

std::vector<StoredValue> valuesOf(const train::Checkpoint& checkpoint) {
    std::vector<StoredValue> values{{kSamples, "tensor", {tensorOf(checkpoint.samples)}}};
    for (const auto& [name, value] : checkpoint.state->values())
        values.push_back(stored(name, value));
    return values;
}

void setValues(train::Checkpoint& checkpoint, const std::vector<StoredValue>& values) {
    auto state = std::make_shared<train::RunState>();
    for (const StoredValue& value : values) {
        const c10::IValue restoredValue = restored(value);
        if (value.name == kSamples) {
            checkpoint.samples = samplesOf(restoredValue.toTensor());
        } else {
            state->set(value.name, restoredValue);
        }
    }
    checkpoint.state = std::move(state);
}

}  // namespace espalier::exchange
