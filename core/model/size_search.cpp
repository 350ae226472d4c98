// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/size_search_torch.h"

#include <algorithm>
#include <cmath>

#include "core/model/operators_torch.h"

namespace espalier::model {

namespace {

constexpr std::size_t kMostSizes = 24;

at::Tensor tensorOf(const c10::IValue& value) {
    return value.isTensor() ? value.toTensor() : at::Tensor();
}

/// How many times 2 divides a size: 96 is rounder than 100, 100 rounder than 101.
int roundness(std::int64_t size) {
    int twos = 0;
    for (; size % 2 == 0 && twos < 5; size /= 2) ++twos;
    return twos;
}

/// Sizes that do not broadcast, counted from the right.
void compare(at::IntArrayRef a, at::IntArrayRef b, std::vector<Clash>& clashes) {
    for (std::size_t i = 1; i <= std::min(a.size(), b.size()); ++i) {
        const auto left = a[a.size() - i];
        const auto right = b[b.size() - i];
        if (left == right || left <= 1 || right <= 1) continue;
        clashes.push_back({left, right});
        clashes.push_back({right, left});
    }
}

std::vector<Clash> clashesIn(const script::NodeEvent& event) {
    std::vector<Clash> clashes;
    if (const auto arguments = weightArguments(event.node->kind())) {
        const auto input = tensorOf(event.inputs[arguments->input]);
        const auto weights = script::tensorsIn(event.inputs[arguments->weight]);
        if (!input.defined() || input.dim() == 0 || weights.empty()) return clashes;
        const auto& weight = weights.front();
        const bool isConvolution = arguments->kind.starts_with("conv");
        if (weight.dim() < 2 || isConvolution || arguments->kind.starts_with("embedding")) {
            return clashes;
        }
        const auto wanted = weight.size(arguments->kind == "matmul" ? -2 : -1);
        if (input.size(-1) != wanted) clashes.push_back({input.size(-1), wanted});
        return clashes;
    }
    std::vector<at::Tensor> tensors;
    for (const auto& value : event.inputs) {
        if (const auto tensor = tensorOf(value); tensor.defined()) tensors.push_back(tensor);
    }
    if (tensors.size() == 2) compare(tensors[0].sizes(), tensors[1].sizes(), clashes);
    if (tensors.size() == 1 && event.inputs.size() > 1 && event.inputs[1].isIntList()) {
        compare(event.inputs[1].toIntVector(), tensors[0].sizes(), clashes);
    }
    return clashes;
}

}  // namespace

void MisfitWatcher::onNode(const script::NodeEvent& event) {
    if (!event.outputs.empty()) {
        const auto output = tensorOf(event.outputs[0]);
        if (output.defined() && output.dim() == 4) m_map = output.size(2);
    }
    m_next.onNode(event);
}

void MisfitWatcher::onFailure(const script::NodeEvent& event) {
    m_clashes = clashesIn(event);
    const auto arguments = weightArguments(event.node->kind());
    if (!arguments || m_map == 0) return;
    const bool isLinear = arguments->kind == "linear";
    if (!isLinear && arguments->kind != "matmul") return;
    const auto input = tensorOf(event.inputs[arguments->input]);
    const auto weight = tensorOf(event.inputs[arguments->weight]);
    if (!input.defined() || !weight.defined() || weight.dim() != 2 || input.dim() == 0) return;
    m_misfit = Misfit{m_map, input.size(-1), weight.size(isLinear ? 1 : 0)};
}

std::vector<std::int64_t> fittingSizes(std::int64_t triedSize, const Misfit& misfit) {
    if (misfit.map <= 0 || misfit.offered <= 0 || misfit.wanted <= 0) return {};
    const auto ratio = static_cast<double>(misfit.wanted) / static_cast<double>(misfit.offered);
    const auto exactMap = static_cast<double>(misfit.map) * std::sqrt(ratio);
    const auto map = std::llround(exactMap);
    if (map < 1 || std::abs(exactMap - static_cast<double>(map)) > 1e-6) return {};

    // The image is the map times the stride, and a border that layers without padding cut off.
    const auto perPixel = static_cast<double>(triedSize) / static_cast<double>(misfit.map);
    const auto stride = std::llround(std::exp2(std::round(std::log2(perPixel))));
    const auto border = triedSize - stride * misfit.map;
    const auto likeliest = std::max<std::int64_t>(1, stride * map + border);

    std::vector<std::int64_t> others;
    const auto low = std::llround(perPixel * static_cast<double>(map - 1));
    const auto high = std::llround(perPixel * static_cast<double>(map + 2));
    for (auto size = std::max<std::int64_t>(1, low); size <= high; ++size) {
        if (size != triedSize && size != likeliest) others.push_back(size);
    }
    std::ranges::stable_sort(others, std::ranges::greater(), roundness);
    others.insert(others.begin(), likeliest);
    if (others.size() > kMostSizes) others.resize(kMostSizes);
    return others;
}

}  // namespace espalier::model
