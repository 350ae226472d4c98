// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/footprint.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/model/snapshot_torch.h"
#include "core/prune/masks_torch.h"

namespace espalier::prune {

namespace {

/// Bytes that gzip -6 leaves per byte of kept weights, at rising sparsity: measured with zlib on
/// normal weights pruned by magnitude. It rises because the kept weights' positions have to be told
/// too. Linear in between.
constexpr std::array<double, 12> kSparsities{0, .1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .99};
using Ratios = std::array<double, kSparsities.size()>;
constexpr double kZerosRatio = 0.001;  // per byte of removed weights
constexpr double kBiasRatio = 0.93;    // per byte of parameters that no layer is named after
constexpr double kCodeRatio = 0.42;    // per byte of code, names and padding, on ResNet files
constexpr Ratios kFloat32{.926,  .959,  .985,  1.012, 1.036, 1.059,
                          1.098, 1.145, 1.200, 1.297, 1.383, 1.525};
constexpr Ratios kFloat64{.958,  .977,  .992,  1.006, 1.020, 1.036,
                          1.055, 1.077, 1.103, 1.150, 1.197, 1.284};
constexpr Ratios kFloat16{.922,  .978,  1.019, 1.058, 1.102, 1.148,
                          1.210, 1.282, 1.368, 1.546, 1.702, 2.001};
constexpr Ratios kBFloat16{.790,  .833,  .869,  .907,  .941,  .971,
                           1.021, 1.079, 1.150, 1.300, 1.438, 1.727};

const Ratios& ratiosOf(at::ScalarType type) {
    switch (type) {
        case at::kDouble:
            return kFloat64;
        case at::kHalf:
            return kFloat16;
        case at::kBFloat16:
            return kBFloat16;
        default:
            return kFloat32;
    }
}

double interpolate(const Ratios& ratios, double sparsity) {
    std::size_t right = 1;
    while (right + 1 < kSparsities.size() && kSparsities[right] < sparsity) ++right;
    const double share =
        (sparsity - kSparsities[right - 1]) / (kSparsities[right] - kSparsities[right - 1]);
    return ratios[right - 1] + share * (ratios[right] - ratios[right - 1]);
}

double compressedBytes(at::ScalarType type, std::int64_t weights, std::int64_t removed) {
    const auto count = static_cast<double>(weights);
    const double sparsity = weights == 0 ? 0 : static_cast<double>(removed) / count;
    const double perWeight =
        (1 - sparsity) * interpolate(ratiosOf(type), sparsity) + sparsity * kZerosRatio;
    return count * static_cast<double>(c10::elementSize(type)) * perWeight;
}

/// The file without its layers' weights.
double compressedRest(std::int64_t restBytes, std::int64_t otherParameters) {
    const double biases = 4.0 * static_cast<double>(otherParameters);
    const double code = std::max(static_cast<double>(restBytes) - biases, 0.0);
    return kBiasRatio * biases + kCodeRatio * code;
}

std::int64_t keptShareOf(std::int64_t macs, std::int64_t kept, std::int64_t count) {
    if (count == 0) return macs;
    return std::llround(static_cast<double>(macs) * static_cast<double>(kept) /
                        static_cast<double>(count));
}

/// How many of `left` weights go, as far as it can be told without looking at them.
std::int64_t expectedRemovedOf(std::int64_t left, const WeightRule* rule,
                               std::int64_t removedBefore, std::int64_t countBefore) {
    if (rule && rule->kind == WeightRule::Kind::Sparsity)
        return std::llround(rule->value * static_cast<double>(left));
    if (countBefore == 0) return 0;
    return std::llround(static_cast<double>(left) * static_cast<double>(removedBefore) /
                        static_cast<double>(countBefore));
}

std::vector<std::int64_t> removedPerLayer(const model::Snapshot& snapshot, const Masks& masks) {
    std::vector<std::int64_t> removed;
    for (const model::Layer& layer : snapshot.layers()) removed.push_back(masks.removed(layer.id));
    return removed;
}

}  // namespace

CutCosts uncut(const model::Snapshot& snapshot) {
    CutCosts costs{snapshot.parameters(),
                   static_cast<std::int64_t>(snapshot.file().bytes),
                   {},
                   {},
                   snapshot.otherMacs()};
    for (const model::Layer& layer : snapshot.layers()) {
        costs.weights.push_back(layer.weightCount);
        costs.macs.push_back(layer.macs);
    }
    return costs;
}

Footprint footprint(const model::Snapshot& snapshot, std::span<const std::int64_t> removedPerLayer,
                    const CutCosts& cut) {
    Footprint result;
    result.parameters = cut.parameters;
    result.nonzeros = cut.parameters;
    if (cut.parameters == snapshot.parameters()) {
        for (const auto& [path, kept] : snapshot.state().otherBaseMasks)
            result.nonzeros -= kept.numel() - kept.sum().item<std::int64_t>();
    }
    result.macs = cut.otherMacs;
    result.macsEffective = cut.otherMacs;
    result.bytesDense = cut.bytes;
    double compressed = 0;
    std::int64_t restBytes = result.bytesDense;
    std::int64_t otherParameters = result.parameters;
    for (const model::Layer& layer : snapshot.layers()) {
        const std::size_t i = layer.id.index();
        const std::int64_t left = cut.weights[i];
        const std::int64_t kept = std::min(left, layer.weightCount - removedPerLayer[i]);
        result.nonzeros -= left - kept;
        if (layer.prunable.weights) {
            result.weights += left;
            result.weightsKept += kept;
        }
        result.macs += cut.macs[i];
        result.macsEffective += keptShareOf(cut.macs[i], kept, left);
        const at::ScalarType type = model::weight(snapshot, layer.id).scalar_type();
        restBytes -= left * static_cast<std::int64_t>(c10::elementSize(type));
        otherParameters -= left;
        compressed += compressedBytes(type, left, left - kept);
    }
    compressed += compressedRest(restBytes, otherParameters);
    result.bytesCompressed =
        std::min(std::llround(compressed), static_cast<long long>(result.bytesDense));
    return result;
}

Footprint footprint(const model::Snapshot& snapshot,
                    std::span<const std::int64_t> removedPerLayer) {
    return footprint(snapshot, removedPerLayer, uncut(snapshot));
}

Footprint maskedFootprint(const model::Snapshot& snapshot, const Masks& masks) {
    return footprint(snapshot, removedPerLayer(snapshot, masks));
}

Footprint footprint(const model::Snapshot& snapshot, const Masks& masks) {
    const std::vector<std::int64_t> removed = removedPerLayer(snapshot, masks);
    return masks.channels() ? footprint(snapshot, removed, masks.state().cut)
                            : footprint(snapshot, removed);
}

std::vector<std::int64_t> expectedRemoved(const model::Snapshot& snapshot, const Plan& plan,
                                          const CutCosts& cut, const MasksPtr& last) {
    std::vector<std::int64_t> removed;
    for (const model::Layer& layer : snapshot.layers()) {
        const std::size_t i = layer.id.index();
        const auto rule = plan.weights.find(layer.name);
        const bool isRuled = rule != plan.weights.end() && !plan.locked.contains(layer.name);
        const bool wasCut = last && last->channels();
        const std::int64_t countBefore = wasCut ? last->state().cut.weights[i] : layer.weightCount;
        const std::int64_t keptBefore =
            layer.weightCount - (last ? last->removed(layer.id) : snapshot.baseRemoved(layer.id));
        const std::int64_t left = cut.weights[i];
        removed.push_back(layer.weightCount - left +
                          expectedRemovedOf(left, isRuled ? &rule->second : nullptr,
                                            countBefore - keptBefore, countBefore));
    }
    return removed;
}

Footprint denseFootprint(const model::Snapshot& snapshot) {
    auto dense = footprint(snapshot, std::vector<std::int64_t>(snapshot.layers().size(), 0));
    dense.nonzeros = dense.parameters;
    return dense;
}

}  // namespace espalier::prune
