// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/image_batch_torch.h"

#include <ATen/ops/empty.h>

#include <algorithm>

namespace espalier::data {

ByteTables byteTables(const Normalisation& normalisation) {
    ByteTables tables;
    for (std::size_t channel = 0; channel < normalisation.mean.size(); ++channel)
        tables.push_back(normalisation.table(static_cast<std::int64_t>(channel)));
    return tables;
}

ImageBatch::ImageBatch(std::span<const std::int64_t> shape, const ByteTables& tables,
                       std::size_t samples)
    : m_shape(shape), m_tables(tables) {
    const auto count = static_cast<std::int64_t>(samples);
    m_pixels = at::empty({count, shape[0], shape[1], shape[2]}, at::kFloat);
    m_targets = at::empty({count}, at::kLong);
}

void ImageBatch::add(const std::uint8_t* pixels, std::int64_t label, const ImageChange& change) {
    float* target = m_pixels.mutable_data_ptr<float>() + m_added * m_pixels.stride(0);
    const bool isMoved = change.down != 0 || change.right != 0 || change.isMirrored;
    if (isMoved) {
        copyChanged(pixels, change, target);
    } else {
        copy(pixels, target);
    }
    m_targets.mutable_data_ptr<std::int64_t>()[m_added++] = label;
}

Batch ImageBatch::take() && {
    if (m_added == m_pixels.size(0)) return {{m_pixels}, m_targets};
    return {{m_pixels.narrow(0, 0, m_added)}, m_targets.narrow(0, 0, m_added)};
}

void ImageBatch::copy(const std::uint8_t* pixels, float* target) const {
    const std::int64_t area = m_shape[1] * m_shape[2];
    for (const std::vector<float>& table : m_tables) {
        target = std::transform(pixels, pixels + area, target,
                                [&table](std::uint8_t byte) { return table[byte]; });
        pixels += area;
    }
}

void ImageBatch::copyChanged(const std::uint8_t* pixels, const ImageChange& change,
                             float* target) const {
    const std::int64_t height = m_shape[1];
    const std::int64_t width = m_shape[2];
    for (const std::vector<float>& table : m_tables) {
        for (std::int64_t y = 0; y < height; ++y) {
            const std::int64_t row = y - change.down;
            const bool isInside = row >= 0 && row < height;
            for (std::int64_t x = 0; x < width; ++x) {
                const std::int64_t moved = change.isMirrored ? width - 1 - x : x;
                const std::int64_t column = moved - change.right;
                const bool isPixel = isInside && column >= 0 && column < width;
                *target++ = table[isPixel ? pixels[row * width + column] : 0];
            }
        }
        pixels += height * width;
    }
}

}  // namespace espalier::data
