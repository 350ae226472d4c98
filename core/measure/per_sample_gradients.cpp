// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <numeric>

#include <ATen/ops/_unique2.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include "core/measure/per_sample_gradients_torch.h"

namespace espalier::measure {

namespace {

/// Numbers that one part of the samples may take.
constexpr std::int64_t kMostNumbers = 1 << 24;

std::int64_t product(at::IntArrayRef sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>());
}

/// `values` [batch, channels, …] as [batch, channels, kernel…, places…]: what each place of a
/// convolution sees of them. Shares their memory where nothing is padded.
at::Tensor windowsOf(const at::Tensor& values, at::IntArrayRef kernel, at::IntArrayRef places,
                     const Geometry& geometry) {
    std::vector<std::int64_t> padding;  // from the last axis on
    for (std::size_t axis = kernel.size(); axis-- > 0;) {
        padding.push_back(geometry.paddingBefore[axis]);
        padding.push_back(geometry.paddingAfter[axis]);
    }
    const at::Tensor padded = at::constant_pad_nd(values, padding).contiguous();
    std::vector<std::int64_t> sizes{padded.size(0), padded.size(1)};
    std::vector<std::int64_t> strides{padded.stride(0), padded.stride(1)};
    for (std::size_t axis = 0; axis < kernel.size(); ++axis) {
        sizes.push_back(kernel[axis]);
        strides.push_back(padded.stride(static_cast<std::int64_t>(axis) + 2) *
                          geometry.dilation[axis]);
    }
    for (std::size_t axis = 0; axis < kernel.size(); ++axis) {
        sizes.push_back(places[axis]);
        strides.push_back(padded.stride(static_cast<std::int64_t>(axis) + 2) *
                          geometry.stride[axis]);
    }
    return padded.as_strided(sizes, strides);
}

/// Per row of the batch the gradient of a convolution's weight: `fixed` [n, a, places…] with what
/// its places see of `seen` [n, b, …] → [n, a, b / groups, kernel…].
at::Tensor convolved(const at::Tensor& fixed, const at::Tensor& seen, at::IntArrayRef kernel,
                     const Geometry& geometry) {
    const std::int64_t n = fixed.size(0);
    const std::int64_t groups = geometry.groups;
    const at::IntArrayRef places = fixed.sizes().slice(2);
    const at::Tensor windows =
        windowsOf(seen, kernel, places, geometry).reshape({n * groups, -1, product(places)});
    const at::Tensor left = fixed.reshape({n * groups, fixed.size(1) / groups, product(places)});
    std::vector<std::int64_t> shape{n, fixed.size(1), seen.size(1) / groups};
    shape.insert(shape.end(), kernel.begin(), kernel.end());
    return at::bmm(left, windows.transpose(1, 2)).reshape(shape);
}

/// [n, …, features] as [n, places, features].
at::Tensor inPlaces(const at::Tensor& values) {
    return values.reshape({values.size(0), -1, values.size(-1)});
}

/// Per row of axis 0 the gradient of the weight.
at::Tensor rowGradients(const UseGradient& use, at::IntArrayRef weightShape) {
    switch (use.kind) {
        case UseKind::Convolution:
            return convolved(use.outputGradient, use.input, weightShape.slice(2), use.geometry);
        case UseKind::TransposedConvolution:
            return convolved(use.input, use.outputGradient, weightShape.slice(2), use.geometry);
        case UseKind::Product:
            return at::bmm(inPlaces(use.input).transpose(1, 2), inPlaces(use.outputGradient));
        default:
            return at::bmm(inPlaces(use.outputGradient).transpose(1, 2), inPlaces(use.input));
    }
}

/// Samples [begin, end) of a use.
UseGradient partOf(const UseGradient& use, std::int64_t begin, std::int64_t end,
                   std::int64_t samples) {
    const std::int64_t rows = use.outputGradient.size(0) / samples;
    UseGradient part = use;
    part.input = use.input.slice(0, begin * rows, end * rows);
    part.outputGradient = use.outputGradient.slice(0, begin * rows, end * rows);
    return part;
}

at::Tensor sampleGradients(const UseGradient& use, at::IntArrayRef weightShape,
                           std::int64_t samples) {
    const at::Tensor rows = rowGradients(use, weightShape);
    if (rows.size(0) == samples) return rows;
    std::vector<std::int64_t> shape{samples, -1};
    shape.insert(shape.end(), weightShape.begin(), weightShape.end());
    return rows.reshape(shape).sum(1);
}

/// How many numbers one sample takes: its windows and its gradient.
std::int64_t numbersPerSample(const UseGradient& use, at::IntArrayRef weightShape,
                              std::int64_t samples) {
    const std::int64_t rows = use.outputGradient.size(0) / samples;
    const std::int64_t gradient = product(weightShape);
    if (use.geometry.stride.empty()) return rows * gradient;
    const bool isTransposed = use.kind == UseKind::TransposedConvolution;
    const at::Tensor& fixed = isTransposed ? use.input : use.outputGradient;
    const at::Tensor& seen = isTransposed ? use.outputGradient : use.input;
    return rows * (gradient +
                   seen.size(1) * product(weightShape.slice(2)) * product(fixed.sizes().slice(2)));
}

/// With one input per sample the square of the product is the product of the squares.
bool isOuterProduct(const std::vector<UseGradient>& uses, std::int64_t samples) {
    const UseGradient& use = uses.front();
    const bool isMatrix = use.kind == UseKind::Linear || use.kind == UseKind::Product;
    return uses.size() == 1 && isMatrix && use.input.dim() == 2 && use.input.size(0) == samples;
}

/// Rows that a sample does not look up have no gradient: only the others are made.
at::Tensor embeddingSquares(const UseGradient& use, at::IntArrayRef weightShape,
                            std::int64_t samples) {
    const std::int64_t entries = weightShape[0];
    const std::int64_t width = weightShape[1];
    const at::Tensor entry = use.input.reshape({samples, -1}).to(at::kLong);
    const at::Tensor sample = at::arange(samples, entry.options()).unsqueeze(1);
    at::Tensor gradient = use.outputGradient.reshape({-1, width});
    if (use.paddingIndex >= 0)
        gradient = gradient.masked_fill(entry.reshape({-1, 1}).eq(use.paddingIndex), 0);
    const auto [pairs, pairOf, counts] =
        at::_unique2((sample * entries + entry).flatten(), true, true);
    const at::Tensor sums =
        at::zeros({pairs.size(0), width}, gradient.options()).index_add_(0, pairOf, gradient);
    return at::zeros(weightShape, gradient.options())
        .index_add_(0, pairs.remainder(entries), sums.square());
}

}  // namespace

at::Tensor sumOfSquares(const std::vector<UseGradient>& uses, at::IntArrayRef weightShape,
                        std::int64_t samples) {
    const UseGradient& first = uses.front();
    if (first.kind == UseKind::Embedding) return embeddingSquares(first, weightShape, samples);
    if (isOuterProduct(uses, samples)) {
        const at::Tensor inputs = first.input.square();
        const at::Tensor gradients = first.outputGradient.square();
        return first.kind == UseKind::Linear ? at::mm(gradients.t(), inputs)
                                             : at::mm(inputs.t(), gradients);
    }
    std::int64_t largest = 1;
    for (const UseGradient& use : uses)
        largest = std::max(largest, numbersPerSample(use, weightShape, samples));
    const std::int64_t step = std::clamp<std::int64_t>(kMostNumbers / largest, 1, samples);
    at::Tensor sum = at::zeros(weightShape, first.outputGradient.options());
    for (std::int64_t begin = 0; begin < samples; begin += step) {
        const std::int64_t end = std::min(begin + step, samples);
        at::Tensor gradients;
        for (const UseGradient& use : uses) {
            const at::Tensor own =
                sampleGradients(partOf(use, begin, end, samples), weightShape, end - begin);
            gradients = gradients.defined() ? gradients + own : own;
        }
        sum += gradients.square().sum(0);
    }
    return sum;
}

}  // namespace espalier::measure
