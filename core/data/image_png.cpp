// SPDX-License-Identifier: GPL-3.0-or-later
// PNG, by libpng. Its simplified interface would convert to linear light and back on the way to
// grey, which nobody trains with; so the full one, whose errors are long jumps.
#include <png.h>

#include <csetjmp>
#include <cstring>
#include <string>

#include "core/data/image_codec.h"

namespace espalier::data {
namespace {

constexpr double kRed = 0.299;
constexpr double kGreen = 0.587;  // and the rest is blue: ITU-R BT.601, as PIL

/// The reader and what it reads from. Nothing in it needs a destructor that a long jump could skip:
/// `close` is called on every way out.
struct Reader {
    std::string_view file;
    std::size_t position = 0;
    char message[128] = "";
    png_structp png = nullptr;
    png_infop info = nullptr;

    void close() { png_destroy_read_struct(&png, &info, nullptr); }
};

void onError(png_structp png, png_const_charp message) {
    auto* reader = static_cast<Reader*>(png_get_error_ptr(png));
    std::strncpy(reader->message, message, sizeof reader->message - 1);
    png_longjmp(png, 1);
}

void onWarning(png_structp, png_const_charp) {}

void onRead(png_structp png, png_bytep target, std::size_t count) {
    auto* reader = static_cast<Reader*>(png_get_io_ptr(png));
    if (count > reader->file.size() - reader->position) png_error(png, "it ends early");
    std::memcpy(target, reader->file.data() + reader->position, count);
    reader->position += count;
}

bool start(Reader& reader) {
    reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, onError, onWarning);
    reader.info = reader.png ? png_create_info_struct(reader.png) : nullptr;
    if (reader.info) png_set_read_fn(reader.png, &reader, onRead);
    return reader.info;
}

Error failure(const Reader& reader) {
    return imageError(Error::Kind::Damaged, reader.message[0] ? reader.message : "it is broken");
}

ImageHeader described(const Reader& reader) {
    return {static_cast<int>(png_get_image_width(reader.png, reader.info)),
            static_cast<int>(png_get_image_height(reader.png, reader.info)),
            !(png_get_color_type(reader.png, reader.info) & PNG_COLOR_MASK_COLOR)};
}

Result<ImageHeader> header(std::string_view file) {
    Reader reader{file};
    if (!start(reader) || setjmp(png_jmpbuf(reader.png))) {
        reader.close();
        return failure(reader);
    }
    png_read_info(reader.png, reader.info);
    const ImageHeader result = described(reader);
    reader.close();
    return result;
}

/// Eight bits a value, `channels` values a pixel, whatever the file holds.
void convert(Reader& reader, bool isGrey, int channels) {
    png_set_expand(reader.png);
    png_set_strip_16(reader.png);
    png_set_strip_alpha(reader.png);
    if (isGrey && channels == 3) png_set_gray_to_rgb(reader.png);
    if (!isGrey && channels == 1)
        png_set_rgb_to_gray(reader.png, PNG_ERROR_ACTION_NONE, kRed, kGreen);
}

/// False when the file is broken. `target` holds height · width · channels bytes.
bool read(Reader& reader, const ImageHeader& header, int channels, std::uint8_t* target) {
    if (!start(reader) || setjmp(png_jmpbuf(reader.png))) return false;
    png_read_info(reader.png, reader.info);
    convert(reader, header.isGrey, channels);
    const int passes = png_set_interlace_handling(reader.png);
    png_read_update_info(reader.png, reader.info);
    const std::size_t row =
        static_cast<std::size_t>(header.width) * static_cast<std::size_t>(channels);
    if (png_get_rowbytes(reader.png, reader.info) != row)
        png_error(reader.png, "its rows have an unexpected size");
    for (int pass = 0; pass < passes; ++pass) {
        for (int y = 0; y < header.height; ++y)
            png_read_row(reader.png, target + static_cast<std::size_t>(y) * row, nullptr);
    }
    png_read_end(reader.png, nullptr);
    return true;
}

Result<std::vector<std::uint8_t>> pixels(std::string_view file, const ImageHeader& header,
                                         int channels) {
    std::vector<std::uint8_t> result(static_cast<std::size_t>(header.width) *
                                     static_cast<std::size_t>(header.height) *
                                     static_cast<std::size_t>(channels));
    Reader reader{file};
    const bool isRead = read(reader, header, channels, result.data());
    reader.close();
    if (!isRead) return failure(reader);
    return result;
}

}  // namespace

const ImageCodec kPngCodec{"\x89PNG\r\n\x1a\n", header, pixels};

}  // namespace espalier::data
