// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/image_decoder.h"

#include <array>

#include "core/base/format.h"
#include "core/data/image_codec.h"

namespace espalier::data {
namespace {

const std::array kCodecs{&kJpegCodec, &kPngCodec};

/// No image of a dataset is larger; what claims to be is not decoded.
constexpr std::int64_t kMostPixels = 1 << 28;

Result<const ImageCodec*> codecFor(std::string_view file) {
    for (const ImageCodec* codec : kCodecs) {
        if (file.starts_with(codec->firstBytes)) return codec;
    }
    return imageError(file.empty() ? Error::Kind::Damaged : Error::Kind::Unsupported,
                      file.empty() ? "the file is empty" : "it is neither a JPEG nor a PNG file");
}

/// [height, width, channels] to [channels, height, width].
std::vector<std::uint8_t> planar(const std::vector<std::uint8_t>& pixels, std::size_t channels) {
    std::vector<std::uint8_t> planes(pixels.size());
    const std::size_t area = pixels.size() / channels;
    for (std::size_t place = 0; place < area; ++place) {
        for (std::size_t channel = 0; channel < channels; ++channel)
            planes[channel * area + place] = pixels[place * channels + channel];
    }
    return planes;
}

Result<ImageHeader> checkedHeader(const ImageCodec& codec, std::string_view file) {
    auto header = codec.header(file);
    if (!header) return header;
    const std::int64_t pixels = std::int64_t{header->width} * header->height;
    if (pixels < 1) return imageError(Error::Kind::Damaged, "it holds no pixels");
    if (pixels > kMostPixels) {
        return imageError(Error::Kind::Unsupported,
                          cat("it claims ", header->width, "x", header->height, " pixels"));
    }
    return header;
}

}  // namespace

Result<ImageHeader> readImageHeader(std::string_view file) {
    const auto codec = codecFor(file);
    if (!codec) return codec.error();
    return checkedHeader(**codec, file);
}

Result<DecodedImage> decode(std::string_view file, int channels) {
    const auto codec = codecFor(file);
    if (!codec) return codec.error();
    const auto header = checkedHeader(**codec, file);
    if (!header) return header.error();
    auto pixels = (*codec)->pixels(file, *header, channels);
    if (!pixels) return pixels.error();
    return DecodedImage{std::move(*pixels), header->width, header->height, channels};
}

Result<std::vector<std::uint8_t>> decodeImage(std::string_view file, int channels) {
    auto image = decode(file, channels);
    if (!image) return image.error();
    if (channels == 1) return std::move(image->pixels);
    return planar(image->pixels, static_cast<std::size_t>(channels));
}

}  // namespace espalier::data
