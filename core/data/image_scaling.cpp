// SPDX-License-Identifier: GPL-3.0-or-later
// Two passes, rows first, with the weights as whole multiples of 2^-22 and a rounding to bytes
// between the passes: this is what PIL does, so that the numbers are those a model was trained on.
#include "core/data/image_scaling.h"

#include <algorithm>
#include <cmath>

namespace espalier::data {
namespace {

constexpr int kBits = 22;
constexpr std::int32_t kHalf = 1 << (kBits - 1);

/// Which pixels of one axis make up an output pixel, and with what weights.
struct Taps {
    std::int64_t first = 0;
    std::int64_t count = 0;
    std::size_t weights = 0;  // where they start in Axis::weights
};

struct Axis {
    std::vector<Taps> taps;  // per output pixel kept
    std::vector<std::int32_t> weights;

    std::int64_t first() const { return taps.front().first; }
    std::int64_t end() const { return taps.back().first + taps.back().count; }
};

/// The kept output pixels `start` .. `start + kept` of `from` pixels scaled to `to`.
Axis axisOf(std::int64_t from, std::int64_t to, std::int64_t start, std::int64_t kept) {
    const double scale = static_cast<double>(from) / static_cast<double>(to);
    const double support = std::max(scale, 1.0);  // the triangle widens when it shrinks an image
    Axis axis;
    std::vector<double> exact;
    for (std::int64_t i = start; i < start + kept; ++i) {
        const double centre = (static_cast<double>(i) + 0.5) * scale;
        const auto first =
            std::max<std::int64_t>(0, static_cast<std::int64_t>(centre - support + 0.5));
        const auto end = std::min(from, static_cast<std::int64_t>(centre + support + 0.5));
        exact.clear();
        double sum = 0;
        for (std::int64_t x = first; x < end; ++x) {
            const double distance = (static_cast<double>(x) - centre + 0.5) / support;
            exact.push_back(std::max(0.0, 1 - std::abs(distance)));
            sum += exact.back();
        }
        axis.taps.push_back({first, end - first, axis.weights.size()});
        for (const double weight : exact)
            axis.weights.push_back(static_cast<std::int32_t>(0.5 + weight / sum * (1 << kBits)));
    }
    return axis;
}

std::uint8_t byteOf(std::int32_t sum) {
    return static_cast<std::uint8_t>(std::clamp(sum >> kBits, 0, 255));
}

/// One row of `Channels` interleaved values; `out` receives planes that lie `plane` bytes apart.
template <std::int64_t Channels>
void scaleRow(const std::uint8_t* row, const Axis& axis, std::uint8_t* out, std::int64_t plane) {
    for (const Taps& taps : axis.taps) {
        std::int32_t sums[Channels];
        std::fill_n(sums, Channels, kHalf);
        const std::uint8_t* pixel = row + taps.first * Channels;
        const std::int32_t* weight = axis.weights.data() + taps.weights;
        for (std::int64_t k = 0; k < taps.count; ++k, pixel += Channels) {
            for (std::int64_t channel = 0; channel < Channels; ++channel)
                sums[channel] += pixel[channel] * weight[k];
        }
        for (std::int64_t channel = 0; channel < Channels; ++channel)
            out[channel * plane] = byteOf(sums[channel]);
        ++out;
    }
}

/// Sums rows of one plane, [rows, width], to the rows of `axis`, whose pixels count from its first.
void scaleColumns(const std::uint8_t* plane, std::int64_t width, const Axis& axis,
                  std::uint8_t* out) {
    std::vector<std::int32_t> sums(static_cast<std::size_t>(width));
    for (const Taps& taps : axis.taps) {
        std::ranges::fill(sums, kHalf);
        const std::uint8_t* row = plane + (taps.first - axis.first()) * width;
        for (std::int64_t k = 0; k < taps.count; ++k, row += width) {
            const std::int32_t weight = axis.weights[taps.weights + static_cast<std::size_t>(k)];
            for (std::int64_t x = 0; x < width; ++x)
                sums[static_cast<std::size_t>(x)] += row[x] * weight;
        }
        out = std::ranges::transform(sums, out, byteOf).out;
    }
}

std::size_t countOf(const Window& window) {
    return static_cast<std::size_t>(window.part.height * window.part.width);
}

}  // namespace

std::vector<std::uint8_t> scaled(const Raster& image, const Window& window) {
    const Region& part = window.part;
    const Axis across = axisOf(image.size.width, window.whole.width, part.left, part.width);
    const Axis down = axisOf(image.size.height, window.whole.height, part.top, part.height);
    const std::int64_t rows = down.end() - down.first();
    const std::int64_t plane = rows * part.width;
    std::vector<std::uint8_t> narrow(static_cast<std::size_t>(image.channels * plane));
    for (std::int64_t y = 0; y < rows; ++y) {
        const std::uint8_t* row = image.pixels + (down.first() + y) * image.stride;
        std::uint8_t* out = narrow.data() + y * part.width;
        if (image.channels == 3) {
            scaleRow<3>(row, across, out, plane);
        } else {
            scaleRow<1>(row, across, out, plane);
        }
    }
    std::vector<std::uint8_t> result(static_cast<std::size_t>(image.channels) * countOf(window));
    for (std::int64_t channel = 0; channel < image.channels; ++channel) {
        scaleColumns(narrow.data() + channel * plane, part.width, down,
                     result.data() + static_cast<std::size_t>(channel) * countOf(window));
    }
    return result;
}

std::vector<std::uint8_t> scaledPlanes(const std::uint8_t* pixels, std::int64_t channels,
                                       ImageSize from, const Region& region, const Window& window) {
    std::vector<std::uint8_t> result;
    for (std::int64_t channel = 0; channel < channels; ++channel) {
        const Raster plane{pixels + channel * from.height * from.width, from, 1, from.width};
        const std::vector<std::uint8_t> one = scaled(plane.part(region), window);
        result.insert(result.end(), one.begin(), one.end());
    }
    return result;
}

}  // namespace espalier::data
