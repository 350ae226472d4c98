// SPDX-License-Identifier: GPL-3.0-or-later
// Damages bytes at random, in the ways in which files are damaged or forged.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>

namespace espalier::test {

using Random = std::mt19937_64;

inline std::size_t below(Random& random, std::size_t end) {
    return end == 0 ? 0 : std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
}

/// A size, count or number at the edge of what its type holds, little or big end first.
inline void writeExtreme(std::string& bytes, Random& random) {
    constexpr std::array<std::uint64_t, 7> kExtremes{
        0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, 0xffffffffffffffff};
    const std::uint64_t value = kExtremes[below(random, kExtremes.size())];
    const std::size_t size = below(random, 2) == 0 ? 4 : 8;
    const std::size_t at = below(random, bytes.size());
    const bool isBig = below(random, 2) == 0;
    for (std::size_t i = 0; i < size && at + i < bytes.size(); ++i)
        bytes[at + i] = static_cast<char>(value >> 8 * (isBig ? size - 1 - i : i));
}

/// Puts another number in the place of one that is written in digits.
inline void writeOtherNumber(std::string& bytes, Random& random) {
    constexpr std::array kNumbers{"-1", "0", "1e999", "99999999999999999999", "0.5", "null", "[]"};
    const std::size_t first = bytes.find_first_of("0123456789", below(random, bytes.size()));
    if (first == std::string::npos) return;
    const std::size_t end = bytes.find_first_not_of("0123456789.e", first);
    bytes.replace(first, std::min(end, bytes.size()) - first,
                  kNumbers[below(random, kNumbers.size())]);
}

/// One change: a bit, a byte, a number, or a piece that is lost, doubled or cut off.
inline void changeOnce(std::string& bytes, Random& random) {
    if (bytes.empty()) return;
    const std::size_t at = below(random, bytes.size());
    const std::size_t length = 1 + below(random, std::min<std::size_t>(64, bytes.size() - at));
    switch (below(random, 8)) {
        case 0:
            bytes[at] = static_cast<char>(bytes[at] ^ 1 << below(random, 8));
            break;
        case 1:
            bytes[at] = static_cast<char>(below(random, 256));
            break;
        case 2:
            bytes.erase(at, length);
            break;
        case 3:
            bytes.insert(at, bytes.substr(at, length));
            break;
        case 4:
            bytes.resize(at);
            break;
        case 5:
            writeOtherNumber(bytes, random);
            break;
        default:
            writeExtreme(bytes, random);
    }
}

/// `bytes` with one to six changes.
inline std::string mutated(std::string bytes, Random& random) {
    for (std::size_t changes = 1 + below(random, 6); changes > 0; --changes)
        changeOnce(bytes, random);
    return bytes;
}

}  // namespace espalier::test
