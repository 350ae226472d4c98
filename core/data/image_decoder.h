// SPDX-License-Identifier: GPL-3.0-or-later
// JPEG and PNG files as bytes, one value a channel and pixel.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace espalier::data {

/// What an image says about itself before it is decoded.
struct ImageHeader {
    int width = 0;
    int height = 0;
    bool isGrey = false;

    bool operator==(const ImageHeader&) const = default;
};

/// Recognised by its first bytes, whatever the file is called. Thread-safe, as is `decodeImage`.
/// Errors, with the reason alone: Unsupported (another format), Damaged.
Result<ImageHeader> readImageHeader(std::string_view file);

/// Interleaved: [height, width, channels].
struct DecodedImage {
    std::vector<std::uint8_t> pixels;
    int width = 0;
    int height = 0;
    int channels = 0;
};

/// The pixels of an image, `channels` being 1 (grey) or 3 (red, green, blue): as Python's PIL
/// decodes them, alpha dropped, 16 bits cut to 8, colour to grey by 0.299, 0.587, 0.114.
/// Errors: as readImageHeader; an image that ends early is Damaged.
Result<DecodedImage> decode(std::string_view file, int channels);

/// The same as [channels, height, width].
Result<std::vector<std::uint8_t>> decodeImage(std::string_view file, int channels);

}  // namespace espalier::data
