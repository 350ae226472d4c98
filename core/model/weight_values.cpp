// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/base/format.h"
#include "core/model/snapshot_torch.h"
#include "core/model/weight_values_torch.h"

namespace espalier::model {

namespace {

template <class From, class To>
void convert(const at::Tensor& values, std::int64_t begin, std::span<To> out) {
    const From* from = values.const_data_ptr<From>() + begin;
    std::transform(from, from + out.size(), out.begin(), [](From value) {
        // Half-precision types convert through float, which holds them exactly.
        if constexpr (sizeof(From) < sizeof(float))
            return static_cast<To>(static_cast<float>(value));
        else
            return static_cast<To>(value);
    });
}

template <class To>
void readAs(const at::Tensor& values, std::int64_t begin, std::span<To> out) {
    switch (values.scalar_type()) {
        case at::kDouble:
            return convert<double>(values, begin, out);
        case at::kHalf:
            return convert<at::Half>(values, begin, out);
        case at::kBFloat16:
            return convert<at::BFloat16>(values, begin, out);
        default:
            return convert<float>(values, begin, out);
    }
}

bool isReadable(at::ScalarType type) {
    return type == at::kFloat || type == at::kDouble || type == at::kHalf || type == at::kBFloat16;
}

}  // namespace

void WeightValues::read(std::int64_t begin, std::span<float> out) const {
    readAs(m_values, begin, out);
}

void WeightValues::read(std::int64_t begin, std::span<double> out) const {
    readAs(m_values, begin, out);
}

Result<WeightValues> weightValues(const Snapshot& snapshot, LayerId layer) {
    return weightValues(snapshot.layer(layer), weight(snapshot, layer),
                        snapshot.state().baseMasks.at(layer.index()));
}

Result<WeightValues> weightValues(const Layer& layer, const at::Tensor& weight,
                                  const at::Tensor& kept) {
    if (!isReadable(weight.scalar_type())) {
        return Error{Error::Kind::Unsupported, cat("Cannot read the weights of ", layer.name),
                     cat("they have type ", c10::toString(weight.scalar_type())),
                     "Only float32, float64, float16 and bfloat16 weights can be pruned"};
    }
    WeightValues result;
    result.m_values = weight.contiguous();
    if (kept.defined()) result.m_kept = kept.contiguous();
    return result;
}

Error nonFiniteError(const Layer& layer, std::int64_t count) {
    return {Error::Kind::Damaged, cat("Cannot rank the weights of ", layer.name),
            cat(exactCount(count), count == 1 ? " of them is" : " of them are", " NaN or infinite"),
            "Train the model again from a state without NaN, or lock this layer"};
}

}  // namespace espalier::model
