// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/proof_numbers_torch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

namespace espalier::channels {

using c10::IValue;

namespace {

double largest(const at::Tensor& tensor) {
    return tensor.numel() == 0 ? 0 : tensor.abs().max().item<double>();
}

}  // namespace

double toleranceOf(at::ScalarType type) {
    switch (type) {
        case at::kDouble:
            return 1e-9;
        case at::kHalf:
            return 5e-3;
        case at::kBFloat16:
            return 4e-2;
        default:
            return 1e-5;
    }
}

at::ScalarType typeOf(const Tensors& outputs) {
    at::ScalarType type = at::kDouble;
    bool isFloating = false;
    for (const auto& output : outputs) {
        if (!output.is_floating_point()) continue;
        isFloating = true;
        if (toleranceOf(output.scalar_type()) > toleranceOf(type)) type = output.scalar_type();
    }
    return isFloating ? type : at::kFloat;
}

double difference(const Tensors& a, const Tensors& b) {
    constexpr double kInfinite = std::numeric_limits<double>::infinity();
    if (a.size() != b.size()) return kInfinite;
    double whole = 0;
    for (const auto& tensor : a) whole = std::max(whole, largest(tensor.to(at::kDouble)));
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!a[i].sizes().equals(b[i].sizes())) return kInfinite;
        const auto x = a[i].to(at::kDouble);
        const double apart = largest(x - b[i].to(at::kDouble));
        // An output that is all but zero beside the others is measured by them.
        const double size = std::max(largest(x), 1e-6 * whole);
        if (std::isnan(apart)) return kInfinite;
        if (apart > 0) worst = std::max(worst, size > 0 ? apart / size : kInfinite);
    }
    return worst;
}

bool isFinite(const Tensors& outputs) {
    return std::ranges::all_of(outputs, [](const auto& output) {
        return !output.is_floating_point() || at::isfinite(output).all().template item<bool>();
    });
}

IValue inDouble(const IValue& value) {
    if (value.isTensor() && value.toTensor().is_floating_point()) {
        return value.toTensor().to(at::kDouble);
    }
    if (!value.isTensorList()) return value;
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : value.toTensorVector()) {
        list.push_back(tensor.is_floating_point() ? tensor.to(at::kDouble) : tensor);
    }
    return list;
}

}  // namespace espalier::channels
