// SPDX-License-Identifier: GPL-3.0-or-later
// A batch of images in the making: bytes in, normalised numbers out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/data/augmentation.h"
#include "core/data/dataset_torch.h"
#include "core/data/normalisation.h"

namespace espalier::data {

/// What a byte becomes in each channel, [channels][256].
using ByteTables = std::vector<std::vector<float>>;
ByteTables byteTables(const Normalisation& normalisation);

/// Room for [samples, channels, height, width] and their classes; samples are added one by one.
class ImageBatch {
public:
    /// `shape` and `tables` must outlive it.
    ImageBatch(std::span<const std::int64_t> shape, const ByteTables& tables, std::size_t samples);

    /// `pixels` [channels, height, width], moved and mirrored as `change` says; its region is not
    /// looked at.
    void add(const std::uint8_t* pixels, std::int64_t label, const ImageChange& change = {});
    /// What was added.
    Batch take() &&;

private:
    void copy(const std::uint8_t* pixels, float* target) const;
    void copyChanged(const std::uint8_t* pixels, const ImageChange& change, float* target) const;

    std::span<const std::int64_t> m_shape;
    const ByteTables& m_tables;
    at::Tensor m_pixels;
    at::Tensor m_targets;
    std::int64_t m_added = 0;
};

}  // namespace espalier::data
