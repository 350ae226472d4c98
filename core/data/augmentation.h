// SPDX-License-Identifier: GPL-3.0-or-later
// Random changes to training images that keep what they show. A new one is one function and one
// line in augmentation.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/data/dataset.h"
#include "core/data/random.h"

namespace espalier::data {

/// Part of an image, in its pixels.
struct Region {
    std::int64_t top = 0;
    std::int64_t left = 0;
    std::int64_t height = 0;
    std::int64_t width = 0;

    bool operator==(const Region&) const = default;
};

/// What becomes of one image: a part of it, scaled to the sample's size; then moved by whole
/// pixels, black coming in at the edges; then mirrored.
struct ImageChange {
    std::optional<Region> region{};
    std::int64_t down = 0;
    std::int64_t right = 0;
    bool isMirrored = false;

    bool operator==(const ImageChange&) const = default;
};

/// How images are changed. Thread-safe.
struct Augmentation {
    std::string_view name;
    bool takesRegions = false;  ///< and so wants the image as it is in its file
    /// For an image of `height` x `width` pixels.
    ImageChange (*draw)(SplitMix64& random, std::int64_t height, std::int64_t width);
};

/// Null for an empty name. Errors: BadArgument, listing the names.
Result<const Augmentation*> findAugmentation(std::string_view name);

/// The numbers of one sample in one epoch.
SplitMix64 randomOf(std::uint64_t seed, std::int64_t sample);

}  // namespace espalier::data
