// SPDX-License-Identifier: GPL-3.0-or-later
// Images made larger or smaller: bilinear with antialiasing, byte for byte as Python's PIL does it.
#pragma once

#include <cstdint>
#include <vector>

#include "core/data/augmentation.h"
#include "core/data/geometry.h"

namespace espalier::data {

/// Pixels that lie elsewhere, interleaved: [height, width, channels]. A part of an image has the
/// `stride` of the whole.
struct Raster {
    const std::uint8_t* pixels = nullptr;
    ImageSize size;
    std::int64_t channels = 1;
    std::int64_t stride = 0;  ///< bytes from one row to the next

    Raster part(const Region& region) const {
        return {pixels + region.top * stride + region.left * channels,
                {region.height, region.width},
                channels,
                stride};
    }
};

/// The window of the scaled image, planar: [channels, height, width]. Only what is kept is
/// computed.
std::vector<std::uint8_t> scaled(const Raster& image, const Window& window);

/// The same for planar pixels [channels, height, width] of the size `from`.
std::vector<std::uint8_t> scaledPlanes(const std::uint8_t* pixels, std::int64_t channels,
                                       ImageSize from, const Region& region, const Window& window);

}  // namespace espalier::data
