// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/byte_source.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <new>
#include <string>

#include "core/base/format.h"

namespace espalier::data {
namespace {

constexpr std::size_t kChunk = 256 << 10;
constexpr std::uint64_t kDeflateLimit = 1032;  // the largest ratio that deflate can reach
constexpr int kGzipOnly = 15 + 16;  // zlib's window bits: the largest window, gzip headers

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

struct ByteSource::State {
    std::filesystem::path path;
    std::unique_ptr<std::FILE, CloseFile> file;
    std::uint64_t fileBytes = 0;
    bool isPacked = false;
    bool isBetweenMembers = true;  // a gzip file may hold several, one after the other
    z_stream stream{};
    std::array<std::uint8_t, kChunk> chunk{};

    ~State() {
        if (isPacked) inflateEnd(&stream);
    }
    Error error(Error::Kind kind, std::string why, std::string hint) const {
        return {kind, cat("Cannot read ", path.filename().string()), std::move(why),
                std::move(hint)};
    }
    Error damaged(std::string why) const {
        return error(Error::Kind::Damaged, std::move(why), "Download or copy the file again");
    }
    /// Whether there are packed bytes to go on with.
    Result<bool> refill();
    Result<std::size_t> unpack(std::span<std::uint8_t> buffer);
    Result<std::size_t> copy(std::span<std::uint8_t> buffer);
};

Result<bool> ByteSource::State::refill() {
    if (stream.avail_in > 0) return true;
    const std::size_t got = std::fread(chunk.data(), 1, chunk.size(), file.get());
    if (std::ferror(file.get())) {
        return error(Error::Kind::Unreadable, "the disk returned an error", "Check the disk");
    }
    stream.next_in = chunk.data();
    stream.avail_in = static_cast<uInt>(got);
    return got > 0;
}

Result<std::size_t> ByteSource::State::unpack(std::span<std::uint8_t> buffer) {
    stream.next_out = buffer.data();
    stream.avail_out = static_cast<uInt>(buffer.size());
    while (stream.avail_out > 0) {
        const auto more = refill();
        if (!more) return more.error();
        if (!*more && !isBetweenMembers) return damaged("the gzip data ends too early");
        if (!*more) break;
        if (isBetweenMembers) inflateReset(&stream);
        isBetweenMembers = false;
        const int status = inflate(&stream, Z_NO_FLUSH);
        if (status == Z_MEM_ERROR) throw std::bad_alloc();
        if (status != Z_OK && status != Z_STREAM_END) return damaged("the gzip data is broken");
        isBetweenMembers = status == Z_STREAM_END;
    }
    return buffer.size() - stream.avail_out;
}

Result<std::size_t> ByteSource::State::copy(std::span<std::uint8_t> buffer) {
    std::size_t done = 0;
    while (done < buffer.size()) {
        const auto more = refill();
        if (!more) return more.error();
        if (!*more) break;
        const std::size_t part = std::min<std::size_t>(buffer.size() - done, stream.avail_in);
        std::copy_n(stream.next_in, part, buffer.data() + done);
        stream.next_in += part;
        stream.avail_in -= static_cast<uInt>(part);
        done += part;
    }
    return done;
}

ByteSource::ByteSource(std::unique_ptr<State> state) : m_state(std::move(state)) {}
ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource& ByteSource::operator=(ByteSource&&) noexcept = default;
ByteSource::~ByteSource() = default;

Result<ByteSource> ByteSource::open(const std::filesystem::path& path) {
    auto state = std::make_unique<State>();
    state->path = path;
    std::error_code failed;
    if (!std::filesystem::exists(path, failed)) {
        return state->error(Error::Kind::NotFound, cat("there is no file ", path.string()),
                            "Check the path");
    }
    const std::uintmax_t size = std::filesystem::file_size(path, failed);
    if (!failed) state->file.reset(std::fopen(path.c_str(), "rb"));
    if (!state->file) {
        return state->error(Error::Kind::Unreadable, "it is no file or may not be read",
                            "Check its permissions");
    }
    state->fileBytes = size;
    const auto first = state->refill();
    if (!first) return first.error();
    const z_stream& head = state->stream;
    if (head.avail_in >= 2 && head.next_in[0] == 0x1f && head.next_in[1] == 0x8b) {
        if (inflateInit2(&state->stream, kGzipOnly) != Z_OK) throw std::bad_alloc();
        state->isPacked = true;
    }
    return ByteSource(std::move(state));
}

Result<std::size_t> ByteSource::read(std::span<std::uint8_t> buffer) {
    std::size_t done = 0;
    while (done < buffer.size()) {
        const auto part =
            buffer.subspan(done, std::min(kChunk, buffer.size() - done));  // zlib counts in 32 bits
        const auto got = m_state->isPacked ? m_state->unpack(part) : m_state->copy(part);
        if (!got) return got.error();
        done += *got;
        if (*got < part.size()) break;
    }
    return done;
}

std::uint64_t ByteSource::mostBytes() const {
    return m_state->isPacked ? m_state->fileBytes * kDeflateLimit : m_state->fileBytes;
}

}  // namespace espalier::data
