// SPDX-License-Identifier: GPL-3.0-or-later
// What an image format has to offer. A new format is one file and one line in image_decoder.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/image_decoder.h"

namespace espalier::data {

struct ImageCodec {
    std::string_view firstBytes;
    Result<ImageHeader> (*header)(std::string_view file);
    /// Interleaved: [height, width, channels].
    Result<std::vector<std::uint8_t>> (*pixels)(std::string_view file, const ImageHeader& header,
                                                int channels);
};

extern const ImageCodec kJpegCodec;
extern const ImageCodec kPngCodec;

/// `kind` and the reason; who knows the file adds the rest.
inline Error imageError(Error::Kind kind, std::string why) {
    return {kind, "Cannot read an image", std::move(why), "Save it again as PNG or JPEG"};
}

}  // namespace espalier::data
