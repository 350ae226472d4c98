// SPDX-License-Identifier: GPL-3.0-or-later
// Zips written by hand.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <zlib.h>

namespace espalier::test {

/// Little-endian, over what is there.
template <class Number>
void put(std::string& bytes, std::size_t at, Number value) {
    std::memcpy(bytes.data() + at, &value, sizeof(value));
}

/// A zip of stored members, also such as no writer would write.
inline std::string storedZip(const std::vector<std::pair<std::string, std::string>>& members) {
    std::string file, directory;
    for (const auto& [name, data] : members) {
        std::string local(30, '\0'), entry(46, '\0');
        put(local, 0, 0x04034b50u);
        put(local, 26, static_cast<std::uint16_t>(name.size()));
        put(entry, 0, 0x02014b50u);
        const auto checksum = crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size());
        put(entry, 16, static_cast<std::uint32_t>(checksum));
        put(entry, 20, static_cast<std::uint32_t>(data.size()));
        put(entry, 24, static_cast<std::uint32_t>(data.size()));
        put(entry, 28, static_cast<std::uint16_t>(name.size()));
        put(entry, 42, static_cast<std::uint32_t>(file.size()));
        file += local + name + data;
        directory += entry + name;
    }
    std::string end(22, '\0');
    put(end, 0, 0x06054b50u);
    put(end, 10, static_cast<std::uint16_t>(members.size()));
    put(end, 12, static_cast<std::uint32_t>(directory.size()));
    put(end, 16, static_cast<std::uint32_t>(file.size()));
    return file + directory + end;
}

}  // namespace espalier::test
