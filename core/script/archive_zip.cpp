// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/archive_zip.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include <zlib.h>

#include "core/base/format.h"

namespace espalier::script {

namespace {

constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::uint32_t kEnd64Signature = 0x06064b50;
constexpr std::uint32_t kLocator64Signature = 0x07064b50;
constexpr std::uint32_t kEntrySignature = 0x02014b50;
constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::uint64_t kEndBytes = 22, kEnd64Bytes = 56, kLocatorBytes = 20, kEntryBytes = 46,
                        kLocalBytes = 30;
constexpr std::uint64_t kLongestComment = 0xFFFF;
constexpr std::uint64_t kMostEntries = 1'000'000;
constexpr std::uint64_t kLargestDirectory = 256u << 20;
/// The most that deflate can gain; a larger ratio is a lie.
constexpr std::uint64_t kBestRatio = 1032;

Error damaged(std::string why) {
    return {Error::Kind::Damaged,
            {},
            std::move(why),
            "Copy or download the file again, or save it anew."};
}

/// Little-endian numbers in bytes; reading past the end gives 0, callers check lengths first.
struct Bytes {
    std::string_view text;

    std::uint64_t number(std::size_t at, std::size_t size) const {
        std::uint64_t value = 0;
        for (std::size_t i = size; i-- > 0;) {
            value =
                value << 8 | (at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u);
        }
        return value;
    }
    std::uint16_t u16(std::size_t at) const { return static_cast<std::uint16_t>(number(at, 2)); }
    std::uint32_t u32(std::size_t at) const { return static_cast<std::uint32_t>(number(at, 4)); }
    std::uint64_t u64(std::size_t at) const { return number(at, 8); }
};

/// `size` bytes at `offset`, or fewer where the file ends.
std::string bytesAt(std::FILE* file, std::uint64_t offset, std::uint64_t size) {
    std::string bytes(size, '\0');
    if (fseeko(file, static_cast<off_t>(offset), SEEK_SET) != 0) return {};
    bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
    return bytes;
}

/// Where the directory lies.
struct Directory {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::uint64_t count = 0;
};

std::optional<Directory> zip64Directory(std::FILE* file, std::uint64_t endOffset) {
    if (endOffset < kLocatorBytes) return std::nullopt;
    const std::string locator = bytesAt(file, endOffset - kLocatorBytes, kLocatorBytes);
    if (Bytes{locator}.u32(0) != kLocator64Signature) return std::nullopt;
    const std::uint64_t offset = Bytes{locator}.u64(8);
    if (offset > endOffset - kLocatorBytes) return std::nullopt;
    const std::string record = bytesAt(file, offset, kEnd64Bytes);
    const Bytes end{record};
    if (record.size() < kEnd64Bytes || end.u32(0) != kEnd64Signature) return std::nullopt;
    return Directory{end.u64(48), end.u64(40), end.u64(32)};
}

Result<Directory> findDirectory(std::FILE* file, std::uint64_t fileBytes) {
    const std::uint64_t tailBytes = std::min(fileBytes, kEndBytes + kLongestComment);
    const std::string tail = bytesAt(file, fileBytes - tailBytes, tailBytes);
    constexpr std::string_view kSignature = "PK\x05\x06";
    const auto at = tail.rfind(kSignature);
    if (at == std::string::npos || at + kEndBytes > tail.size()) {
        return damaged("its end is missing, so it was not copied or saved to the end");
    }
    const Bytes end{std::string_view(tail).substr(at)};
    if (end.u32(0) != kEndSignature || end.u16(20) != end.text.size() - kEndBytes) {
        return damaged("its end is not that of an archive");
    }
    const std::uint64_t endOffset = fileBytes - tailBytes + at;
    Directory directory{end.u32(16), end.u32(12), end.u16(10)};
    if (const auto large = zip64Directory(file, endOffset)) directory = *large;
    const bool isInside =
        directory.offset <= endOffset && directory.bytes <= endOffset - directory.offset;
    if (!isInside || directory.bytes > kLargestDirectory || directory.count > kMostEntries ||
        directory.count * kEntryBytes > directory.bytes) {
        return damaged("its directory does not fit into the file");
    }
    return directory;
}

/// Replaces the numbers that did not fit into 32 bits by those of the zip64 extra field, in its
/// fixed order.
void applyZip64(const Bytes& extra, ZipEntry& entry) {
    constexpr std::uint64_t kInExtra = 0xFFFFFFFF;
    for (std::size_t at = 0; at + 4 <= extra.text.size(); at += 4u + extra.u16(at + 2)) {
        if (extra.u16(at) != 1) continue;
        std::size_t next = at + 4;
        for (std::uint64_t* number : {&entry.bytes, &entry.packedBytes, &entry.headerOffset}) {
            if (*number != kInExtra) continue;
            *number = extra.u64(next);
            next += 8;
        }
        return;
    }
}

std::optional<std::string> impossible(const ZipEntry& entry, const Bytes& header,
                                      std::uint64_t fileBytes) {
    const bool isEncrypted = header.u16(8) & 1;
    const unsigned method = header.u16(10);
    if (entry.name.empty() || entry.name.find('\0') != std::string::npos)
        return "a member has no proper name";
    if (isEncrypted) return "it is encrypted";
    if (method != 0 && method != 8)
        return cat(entry.name, " is packed in a way that PyTorch does not use");
    if (entry.packedBytes > fileBytes) {
        return cat(entry.name, " claims ", byteSize(static_cast<double>(entry.packedBytes)),
                   " in a file of ", byteSize(static_cast<double>(fileBytes)));
    }
    const bool isPossible = method == 0 ? entry.bytes == entry.packedBytes
                                        : entry.bytes / kBestRatio <= entry.packedBytes;
    if (!isPossible) return cat("the sizes of ", entry.name, " contradict each other");
    return std::nullopt;
}

/// Finds where the member's bytes begin, which only the header in front of them tells.
Result<void> locate(std::FILE* file, std::uint64_t end, ZipEntry& entry) {
    if (entry.headerOffset > end || end - entry.headerOffset < kLocalBytes) {
        return damaged(cat(entry.name, " lies outside the file"));
    }
    const std::string header = bytesAt(file, entry.headerOffset, kLocalBytes + entry.name.size());
    const Bytes local{header};
    if (local.u32(0) != kLocalSignature || local.u16(26) != entry.name.size() ||
        header.compare(kLocalBytes, std::string::npos, entry.name) != 0) {
        return damaged(cat(entry.name, " is not where the directory says"));
    }
    entry.dataOffset = entry.headerOffset + kLocalBytes + local.u16(26) + local.u16(28);
    if (entry.dataOffset > end || entry.packedBytes > end - entry.dataOffset) {
        return damaged(cat(entry.name, " lies outside the file"));
    }
    return {};
}

Result<std::vector<ZipEntry>> readEntries(std::FILE* file, const Directory& directory,
                                          std::uint64_t fileBytes) {
    const std::string text = bytesAt(file, directory.offset, directory.bytes);
    std::vector<ZipEntry> entries;
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < directory.count; ++i) {
        const Bytes header{std::string_view(text).substr(at)};
        const std::size_t nameBytes = header.u16(28), extraBytes = header.u16(30);
        const std::size_t all = kEntryBytes + nameBytes + extraBytes + header.u16(32);
        if (header.text.size() < all || header.u32(0) != kEntrySignature) {
            return damaged("its directory is broken");
        }
        ZipEntry entry;
        entry.name = header.text.substr(kEntryBytes, nameBytes);
        entry.checksum = header.u32(16);
        entry.packedBytes = header.u32(20);
        entry.bytes = header.u32(24);
        entry.isDeflated = header.u16(10) == 8;
        entry.headerOffset = header.u32(42);
        applyZip64({header.text.substr(kEntryBytes + nameBytes, extraBytes)}, entry);
        if (auto why = impossible(entry, header, fileBytes)) return damaged(std::move(*why));
        if (auto found = locate(file, directory.offset, entry); !found) return found.error();
        entries.push_back(std::move(entry));
        at += all;
    }
    return entries;
}

/// Members with bytes in common show different things to different readers.
Result<void> checkApart(const std::vector<ZipEntry>& entries) {
    std::vector<const ZipEntry*> sorted;
    for (const auto& entry : entries) sorted.push_back(&entry);
    std::sort(sorted.begin(), sorted.end(), [](const ZipEntry* a, const ZipEntry* b) {
        return a->headerOffset < b->headerOffset;
    });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        if (sorted[i - 1]->dataOffset + sorted[i - 1]->packedBytes > sorted[i]->headerOffset) {
            return damaged(cat(sorted[i - 1]->name, " and ", sorted[i]->name, " overlap"));
        }
    }
    return {};
}

using TakeBlock = std::function<bool(std::span<const unsigned char>)>;

/// Unpacks a member block by block; stops when `take` returns false. False when the bytes cannot be
/// unpacked.
class Unpacker {
public:
    Unpacker(std::FILE* file, const ZipEntry& entry) : m_file(file), m_entry(entry) {}

    bool run(const TakeBlock& take) {
        if (fseeko(m_file, static_cast<off_t>(m_entry.dataOffset), SEEK_SET) != 0) return false;
        return m_entry.isDeflated ? inflateAll(take) : copyAll(take);
    }

private:
    std::size_t readBlock() {
        const auto got =
            std::fread(m_in.data(), 1, std::min<std::uint64_t>(m_in.size(), m_left), m_file);
        m_left -= got;
        return got;
    }

    bool copyAll(const TakeBlock& take) {
        while (m_left > 0) {
            const auto got = readBlock();
            if (got == 0) return false;
            if (!take({m_in.data(), got})) return true;
        }
        return true;
    }

    bool inflateAll(const TakeBlock& take) {
        z_stream stream{};
        if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
        const std::unique_ptr<z_stream, int (*)(z_streamp)> closer(&stream, inflateEnd);
        std::vector<unsigned char> out(kBlock);
        for (int state = Z_OK; state != Z_STREAM_END;) {
            if (stream.avail_in == 0) {
                stream.avail_in = static_cast<uInt>(readBlock());
                stream.next_in =
                    m_in.data();  // none left: inflate gives what it still holds, or an error
            }
            stream.next_out = out.data();
            stream.avail_out = static_cast<uInt>(out.size());
            state = inflate(&stream, Z_NO_FLUSH);
            if (state != Z_OK && state != Z_STREAM_END) return false;
            if (!take({out.data(), out.size() - stream.avail_out})) return true;
        }
        return true;
    }

    static constexpr std::size_t kBlock = 256u << 10;
    std::FILE* m_file;
    const ZipEntry& m_entry;
    std::uint64_t m_left = m_entry.packedBytes;
    std::vector<unsigned char> m_in = std::vector<unsigned char>(kBlock);
};

Error wrongBytes(const ZipEntry& entry) {
    return damaged(cat("the bytes of ", entry.name, " are not those that were saved"));
}

}  // namespace

Result<ZipFile> ZipFile::open(const std::filesystem::path& path) {
    ZipFile zip;
    zip.m_file.reset(std::fopen(path.c_str(), "rbe"));
    if (!zip.m_file || fseeko(zip.m_file.get(), 0, SEEK_END) != 0)
        return damaged("it cannot be read");
    zip.m_fileBytes = static_cast<std::uint64_t>(ftello(zip.m_file.get()));
    const auto directory = findDirectory(zip.m_file.get(), zip.m_fileBytes);
    if (!directory) return directory.error();
    auto entries = readEntries(zip.m_file.get(), *directory, zip.m_fileBytes);
    if (!entries) return entries.error();
    zip.m_entries = *std::move(entries);
    for (const auto& entry : zip.m_entries) {
        if (!zip.m_byName.emplace(entry.name, &entry).second)
            return damaged(cat("it holds ", entry.name, " twice"));
    }
    if (auto apart = checkApart(zip.m_entries); !apart) return apart.error();
    return zip;
}

const ZipEntry* ZipFile::find(std::string_view name) const {
    const auto found = m_byName.find(name);
    return found == m_byName.end() ? nullptr : found->second;
}

Result<std::string> ZipFile::read(const ZipEntry& entry, std::uint64_t maxBytes) const {
    if (entry.bytes > maxBytes) {
        return damaged(cat(entry.name, " is larger than it ever is in a model: ",
                           byteSize(static_cast<double>(entry.bytes))));
    }
    std::string text;
    const auto take = [&](std::span<const unsigned char> block) {
        text.append(reinterpret_cast<const char*>(block.data()), block.size());
        return text.size() <= entry.bytes;
    };
    const bool isUnpacked = Unpacker(m_file.get(), entry).run(take);
    const auto checksum = crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size());
    if (!isUnpacked || text.size() != entry.bytes || checksum != entry.checksum)
        return wrongBytes(entry);
    return text;
}

Result<void> ZipFile::verify(RunControl& control) const {
    for (const auto& entry : m_entries) {
        std::uint64_t bytes = 0;
        uLong checksum = 0;
        const auto take = [&](std::span<const unsigned char> block) {
            bytes += block.size();
            checksum = crc32_z(checksum, block.data(), block.size());
            return bytes <= entry.bytes && !control.isStopRequested();
        };
        const bool isUnpacked = Unpacker(m_file.get(), entry).run(take);
        if (control.isStopRequested())
            return Error{Error::Kind::Cancelled, {}, "it was stopped", {}};
        if (!isUnpacked || bytes != entry.bytes || checksum != entry.checksum)
            return wrongBytes(entry);
    }
    return {};
}

}  // namespace espalier::script
