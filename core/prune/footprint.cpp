// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/footprint.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/model/snapshot_torch.h"

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

double compressedBytes(const at::Tensor& weight, std::int64_t removed) {
    const auto count = static_cast<double>(weight.numel());
    const double sparsity = count == 0 ? 0 : static_cast<double>(removed) / count;
    const double perWeight =
        (1 - sparsity) * interpolate(ratiosOf(weight.scalar_type()), sparsity) +
        sparsity * kZerosRatio;
    return count * static_cast<double>(weight.element_size()) * perWeight;
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

}  // namespace

Footprint footprint(const model::Snapshot& snapshot,
                    std::span<const std::int64_t> removedPerLayer) {
    Footprint result;
    result.parameters = snapshot.parameters();
    result.nonzeros = snapshot.parameters();
    result.macs = snapshot.macs();
    result.macsEffective = snapshot.otherMacs();
    result.bytesDense = static_cast<std::int64_t>(snapshot.file().bytes);
    double compressed = 0;
    std::int64_t restBytes = result.bytesDense;
    std::int64_t otherParameters = result.parameters;
    for (const model::Layer& layer : snapshot.layers()) {
        const std::int64_t removed = removedPerLayer[layer.id.index()];
        result.nonzeros -= removed;
        if (layer.prunable.weights) {
            result.weights += layer.weightCount;
            result.weightsKept += layer.weightCount - removed;
        }
        result.macsEffective +=
            keptShareOf(layer.macs, layer.weightCount - removed, layer.weightCount);
        const at::Tensor weight = model::weight(snapshot, layer.id);
        restBytes -= static_cast<std::int64_t>(weight.nbytes());
        otherParameters -= layer.weightCount;
        compressed += compressedBytes(weight, removed);
    }
    compressed += compressedRest(restBytes, otherParameters);
    result.bytesCompressed =
        std::min(std::llround(compressed), static_cast<long long>(result.bytesDense));
    return result;
}

Footprint footprint(const model::Snapshot& snapshot, const Masks& masks) {
    std::vector<std::int64_t> removed;
    for (const model::Layer& layer : snapshot.layers()) removed.push_back(masks.removed(layer.id));
    return footprint(snapshot, removed);
}

Footprint denseFootprint(const model::Snapshot& snapshot) {
    return footprint(snapshot, std::vector<std::int64_t>(snapshot.layers().size(), 0));
}

}  // namespace espalier::prune
