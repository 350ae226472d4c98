// SPDX-License-Identifier: GPL-3.0-or-later
// Writes small IDX files, plain and gzip, for tests.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

namespace espalier::test {

/// The bytes of an IDX file with this header and these elements, whether they agree or not.
inline std::string idxBytes(const std::vector<std::uint32_t>& shape,
                            const std::vector<std::uint8_t>& values) {
    std::string bytes{'\0', '\0', '\x08', static_cast<char>(shape.size())};
    for (const std::uint32_t size : shape) {
        for (const int shift : {24, 16, 8, 0})
            bytes.push_back(static_cast<char>(size >> shift & 0xff));
    }
    bytes.append(values.begin(), values.end());
    return bytes;
}

inline void writeBytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string readBytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void writeGzip(const std::string& path, const std::string& bytes) {
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
}

/// Images of `height` x `width`: image i holds the values i, i + 1, … (modulo 256); its label is i
/// % classes.
inline void writeIdxPair(const std::string& folder, const std::string& part, std::uint32_t samples,
                         std::uint32_t height, std::uint32_t width, std::uint32_t classes) {
    std::vector<std::uint8_t> pixels;
    std::vector<std::uint8_t> labels;
    for (std::uint32_t i = 0; i < samples; ++i) {
        for (std::uint32_t k = 0; k < height * width; ++k)
            pixels.push_back(static_cast<std::uint8_t>(i + k));
        labels.push_back(static_cast<std::uint8_t>(i % classes));
    }
    writeBytes(folder + "/" + part + "-images-idx3-ubyte",
               idxBytes({samples, height, width}, pixels));
    writeBytes(folder + "/" + part + "-labels-idx1-ubyte", idxBytes({samples}, labels));
}

}  // namespace espalier::test
