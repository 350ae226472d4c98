// SPDX-License-Identifier: GPL-3.0-or-later
// JPEG, by libjpeg-turbo's TurboJPEG interface.
#include <turbojpeg.h>

#include <memory>
#include <string>

#include "core/data/image_codec.h"

namespace espalier::data {
namespace {

struct Destroy {
    void operator()(void* handle) const { tjDestroy(handle); }
};
using Decoder = std::unique_ptr<void, Destroy>;

/// One for each thread: making it takes as long as decoding a small image.
Decoder& decoderOfThread() {
    thread_local Decoder decoder(tjInitDecompress());
    return decoder;
}

const unsigned char* bytes(std::string_view file) {
    return reinterpret_cast<const unsigned char*>(file.data());
}

/// The next file gets another decoder: this one may keep tables of the broken file.
Error failure(Decoder& decoder) {
    Error error = imageError(Error::Kind::Damaged, tjGetErrorStr2(decoder.get()));
    decoder.reset(tjInitDecompress());
    return error;
}

struct Opened {
    ImageHeader header;
    int colours = 0;
};

Result<Opened> open(Decoder& decoder, std::string_view file) {
    Opened opened;
    int sampling = 0;
    if (tjDecompressHeader3(decoder.get(), bytes(file), file.size(), &opened.header.width,
                            &opened.header.height, &sampling, &opened.colours) != 0) {
        return failure(decoder);
    }
    opened.header.isGrey = opened.colours == TJCS_GRAY;
    if (opened.colours == TJCS_CMYK || opened.colours == TJCS_YCCK) {
        return imageError(Error::Kind::Unsupported, "its colours are CMYK");
    }
    return opened;
}

Result<ImageHeader> header(std::string_view file) {
    Decoder& decoder = decoderOfThread();
    auto opened = open(decoder, file);
    if (!opened) return opened.error();
    return opened->header;
}

/// A warning of the library that leaves part of the image grey; others are harmless.
bool endsEarly(const Decoder& decoder) {
    const std::string_view message = tjGetErrorStr2(decoder.get());
    return message.find("Premature end") != std::string_view::npos;
}

Result<std::vector<std::uint8_t>> pixels(std::string_view file, const ImageHeader& header,
                                         int channels) {
    Decoder& decoder = decoderOfThread();
    std::vector<std::uint8_t> result(static_cast<std::size_t>(header.width) *
                                     static_cast<std::size_t>(header.height) *
                                     static_cast<std::size_t>(channels));
    const int format = channels == 1 ? TJPF_GRAY : TJPF_RGB;
    const int flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;
    const int status = tjDecompress2(decoder.get(), bytes(file), file.size(), result.data(),
                                     header.width, 0, header.height, format, flags);
    if (status != 0 && (tjGetErrorCode(decoder.get()) == TJERR_FATAL || endsEarly(decoder))) {
        return failure(decoder);
    }
    return result;
}

}  // namespace

const ImageCodec kJpegCodec{"\xff\xd8\xff", header, pixels};

}  // namespace espalier::data
