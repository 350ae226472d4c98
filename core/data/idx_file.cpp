// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/idx_file.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/base/format.h"
#include "core/data/byte_source.h"

namespace espalier::data {
namespace {

constexpr std::uint8_t kUnsignedByte = 0x08;
constexpr std::size_t kChunk = 1 << 20;

Error damaged(const std::filesystem::path& path, std::string why) {
    return {Error::Kind::Damaged, cat("Cannot read ", path.filename().string()), std::move(why),
            "Download or copy the file again"};
}

/// The dimensions in the header, checked against what a file of this size can hold.
Result<std::vector<std::int64_t>> readHeader(const std::filesystem::path& path, ByteSource& source,
                                             std::size_t dimensions) {
    std::vector<std::uint8_t> header(4 + 4 * dimensions);
    const auto got = source.read(header);
    if (!got) return got.error();
    if (*got < header.size()) return damaged(path, "it ends within its header");
    if (header[0] != 0 || header[1] != 0)
        return damaged(path, "it is no IDX file: it does not start with two zeros");
    if (header[2] != kUnsignedByte) return damaged(path, "its elements are not unsigned bytes");
    if (header[3] != dimensions) {
        return damaged(path,
                       cat("it has ", int{header[3]}, " dimension(s) instead of ", dimensions));
    }
    std::vector<std::int64_t> shape;
    std::uint64_t left = source.mostBytes();
    for (std::size_t at = 4; at < header.size(); at += 4) {
        const std::uint64_t size =
            std::uint64_t{header[at]} << 24 | std::uint64_t{header[at + 1]} << 16 |
            std::uint64_t{header[at + 2]} << 8 | std::uint64_t{header[at + 3]};
        if (size == 0) return damaged(path, "a dimension is 0");
        left /= size;  // stays above 0 as long as the product fits
        shape.push_back(static_cast<std::int64_t>(size));
    }
    if (left == 0) return damaged(path, "its header claims more data than the file can hold");
    return shape;
}

}  // namespace

Result<IdxArray> readIdx(const std::filesystem::path& path, std::size_t dimensions,
                         RunControl& control) {
    auto source = ByteSource::open(path);
    if (!source) return source.error();
    auto shape = readHeader(path, *source, dimensions);
    if (!shape) return shape.error();

    IdxArray array{*shape, {}};
    std::size_t wanted = 1;
    for (const std::int64_t size : array.shape) wanted *= static_cast<std::size_t>(size);
    while (array.values.size() < wanted) {
        if (!control.keepGoing())
            return Error{Error::Kind::Cancelled, "Reading the data was stopped", {}, {}};
        const std::size_t before = array.values.size();
        array.values.resize(before + std::min(kChunk, wanted - before));
        const auto got = source->read(std::span(array.values).subspan(before));
        if (!got) return got.error();
        if (before + *got < array.values.size()) {
            return damaged(path, cat("its header claims ", wanted,
                                     " bytes of data, but it ends after ", before + *got));
        }
    }
    std::array<std::uint8_t, 1> extra{};
    const auto tail = source->read(extra);
    if (!tail) return tail.error();
    if (*tail > 0)
        return damaged(path,
                       cat("there is more data than the ", wanted, " bytes its header claims"));
    return array;
}

}  // namespace espalier::data
