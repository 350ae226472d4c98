// SPDX-License-Identifier: GPL-3.0-or-later
// The bytes of a file, unpacked on the way when it is a gzip file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "core/base/result.h"

namespace espalier::data {

class ByteSource {
public:
    /// Errors: NotFound, Unreadable, each naming the file.
    static Result<ByteSource> open(const std::filesystem::path& path);

    /// Fills `buffer` from the front; fewer bytes than it holds mean the end.
    /// Errors: Damaged, when the gzip data is broken, incomplete or followed by something else;
    /// Unreadable.
    Result<std::size_t> read(std::span<std::uint8_t> buffer);

    /// No file of this size unpacks to more (a gzip file grows at most 1032-fold).
    std::uint64_t mostBytes() const;

    ByteSource(ByteSource&&) noexcept;
    ByteSource& operator=(ByteSource&&) noexcept;
    ~ByteSource();

private:
    struct State;
    explicit ByteSource(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

}  // namespace espalier::data
