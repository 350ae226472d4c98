// SPDX-License-Identifier: GPL-3.0-or-later
// A zip's directory, read with distrust: every number in it is held against the file.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/run_control.h"

namespace espalier::script {

/// One member of a zip.
struct ZipEntry {
    std::string name;
    std::uint64_t bytes = 0;         ///< unpacked
    std::uint64_t packedBytes = 0;   ///< in the file
    std::uint64_t headerOffset = 0;  ///< of the small header in front of the packed bytes
    std::uint64_t dataOffset = 0;    ///< of the packed bytes
    std::uint32_t checksum = 0;      ///< CRC-32 of the unpacked bytes
    bool isDeflated = false;
};

/// A zip whose directory is whole: names are unique, members lie inside the file and do not
/// overlap, sizes are possible.
///
/// Stored and deflated members and zip64 are known, which is all that PyTorch writes. Not
/// thread-safe. The errors of all members have an empty `what`: the caller knows what the file was
/// opened for.
class ZipFile {
public:
    /// Errors: Damaged.
    static Result<ZipFile> open(const std::filesystem::path& path);

    const std::vector<ZipEntry>& entries() const { return m_entries; }
    std::uint64_t fileBytes() const { return m_fileBytes; }
    /// Null when there is none.
    const ZipEntry* find(std::string_view name) const;

    /// The unpacked bytes, whose checksum is right. Errors: Damaged, also when larger than
    /// `maxBytes`.
    Result<std::string> read(const ZipEntry& entry, std::uint64_t maxBytes) const;

    /// Reads every member and compares its checksum. Errors: Damaged, naming the member; Cancelled.
    Result<void> verify(RunControl& control) const;

private:
    struct Closer {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    ZipFile() = default;

    std::unique_ptr<std::FILE, Closer> m_file;
    std::uint64_t m_fileBytes = 0;
    std::vector<ZipEntry> m_entries;
    std::map<std::string_view, const ZipEntry*>
        m_byName;  // into m_entries, whose elements never move again
};

}  // namespace espalier::script
