// SPDX-License-Identifier: GPL-3.0-or-later
// A small dataset in MNIST's format that a network learns in one epoch: each class has its own
// bright square.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace espalier::test {

inline void writeIdx(const std::filesystem::path& path, std::uint8_t dimensions,
                     std::initializer_list<int> shape, const std::string& bytes) {
    std::ofstream file(path, std::ios::binary);
    const char magic[] = {0, 0, 8, static_cast<char>(dimensions)};
    file.write(magic, 4);
    for (const int size : shape) {
        for (int shift = 24; shift >= 0; shift -= 8) file.put(static_cast<char>(size >> shift));
    }
    file << bytes;
}

/// Writes the four IDX files into `folder`: 28 x 28 pixels, 10 classes in turn.
inline void writeTinyMnist(const std::filesystem::path& folder, int train = 600, int test = 100) {
    const auto write = [&folder](const std::string& name, int samples) {
        std::string images;
        std::string labels;
        for (int i = 0; i < samples; ++i) {
            const int label = i % 10;
            std::string image(28 * 28, '\0');
            for (int pixel = 0; pixel < 36; ++pixel) {
                const int row = 2 + 12 * (label / 5) + pixel / 6 + i % 3;
                const int column = 1 + 5 * (label % 5) + pixel % 6;
                image[static_cast<std::size_t>(row * 28 + column)] =
                    static_cast<char>(200 + i % 50);
            }
            images += image;
            labels += static_cast<char>(label);
        }
        writeIdx(folder / (name + "-images-idx3-ubyte"), 3, {samples, 28, 28}, images);
        writeIdx(folder / (name + "-labels-idx1-ubyte"), 1, {samples}, labels);
    };
    write("train", train);
    write("t10k", test);
}

}  // namespace espalier::test
