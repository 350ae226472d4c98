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

}  // namespace

void MisfitWatcher::onNode(const script::NodeEvent& event) {
    if (!event.outputs.empty()) {
        const auto output = tensorOf(event.outputs[0]);
        if (output.defined() && output.dim() == 4) m_map = output.size(2);
    }
    m_next.onNode(event);
}

void MisfitWatcher::onFailure(const script::NodeEvent& event) {
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
