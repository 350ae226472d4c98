// SPDX-License-Identifier: GPL-3.0-or-later
// Writes small PNG and JPEG files for tests.
#pragma once

#include <png.h>
#include <turbojpeg.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace espalier::test {

using Bytes = std::vector<std::uint8_t>;

inline void writeFile(const std::filesystem::path& path, const std::string& bytes) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
}

/// A PNG of libpng's colour type (PNG_COLOR_TYPE_RGB, …); `rows` are its packed rows.
inline std::string pngBytes(std::uint32_t width, std::uint32_t height, int colourType, int depth,
                            Bytes rows, int interlace = PNG_INTERLACE_NONE) {
    std::string file;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(
        png, &file,
        [](png_structp writer, png_bytep data, std::size_t count) {
            static_cast<std::string*>(png_get_io_ptr(writer))
                ->append(reinterpret_cast<const char*>(data), count);
        },
        nullptr);
    png_set_IHDR(png, info, width, height, depth, colourType, interlace, PNG_COMPRESSION_TYPE_BASE,
                 PNG_FILTER_TYPE_BASE);
    if (colourType == PNG_COLOR_TYPE_PALETTE) {
        const png_color palette[2] = {{10, 20, 30}, {200, 100, 50}};
        png_set_PLTE(png, info, palette, 2);
    }
    std::vector<png_bytep> pointers;
    for (std::uint32_t y = 0; y < height; ++y)
        pointers.push_back(rows.data() + y * (rows.size() / height));
    png_set_rows(png, info, pointers.data());
    png_write_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
    png_destroy_write_struct(&png, &info);
    return file;
}

/// A PNG of one colour.
inline std::string solidPng(std::uint32_t width, std::uint32_t height, std::uint8_t red,
                            std::uint8_t green, std::uint8_t blue) {
    Bytes pixels;
    for (std::uint32_t i = 0; i < width * height; ++i)
        pixels.insert(pixels.end(), {red, green, blue});
    return pngBytes(width, height, PNG_COLOR_TYPE_RGB, 8, pixels);
}

/// A JPEG of nearly those colours; `format` is TJPF_RGB or TJPF_GRAY, `pixels` are packed.
inline std::string jpegBytes(int width, int height, int format, const Bytes& pixels) {
    tjhandle encoder = tjInitCompress();
    unsigned char* target = nullptr;
    unsigned long size = 0;
    tjCompress2(encoder, pixels.data(), width, 0, height, format, &target, &size,
                format == TJPF_GRAY ? TJSAMP_GRAY : TJSAMP_444, 100, TJFLAG_ACCURATEDCT);
    const std::string file(reinterpret_cast<const char*>(target), size);
    tjFree(target);
    tjDestroy(encoder);
    return file;
}

}  // namespace espalier::test
