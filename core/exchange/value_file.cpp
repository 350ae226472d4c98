// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/value_file_torch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

#include <ATen/ops/empty.h>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/exchange/json_text.h"

namespace espalier::exchange {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kLargestHeader = 64u << 20;
constexpr std::size_t kHashLength = 64;

struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Closer>;

/// Why a file cannot be read; caught in readValueFile.
struct Refusal {
    Error::Kind kind;
    std::string why;
    std::string hint{};
};

Refusal damaged(std::string why) {
    return {Error::Kind::Damaged, std::move(why)};
}

/// Writes and hashes. Throws std::runtime_error with the system's reason.
class Writer {
public:
    explicit Writer(const fs::path& path) : m_file(std::fopen(path.c_str(), "wb")) {
        if (!m_file) fail();
    }
    void write(std::string_view bytes) {
        if (bytes.empty()) return;
        m_hash.add(bytes);
        put(bytes);
    }
    void finish() {
        put(m_hash.hex());
        if (std::fflush(m_file.get()) != 0) fail();
    }

private:
    void put(std::string_view bytes) {
        if (std::fwrite(bytes.data(), 1, bytes.size(), m_file.get()) != bytes.size()) fail();
    }
    [[noreturn]] static void fail() {
        const bool isTooLarge = errno == EFBIG;  // of a limit, which is a full disk to people
        throw std::runtime_error(isTooLarge ? std::strerror(ENOSPC) : std::strerror(errno));
    }

    File m_file;
    Sha256 m_hash;
};

/// Reads and hashes; what lies behind the end of the file is Damaged.
class Reader {
public:
    Reader(const fs::path& path, std::uint64_t bytes)
        : m_file(std::fopen(path.c_str(), "rb")), m_left(bytes) {
        if (!m_file) throw Refusal{Error::Kind::Unreadable, std::strerror(errno), ""};
    }
    void read(char* bytes, std::uint64_t count) {
        if (count == 0) return;
        if (count > m_left || std::fread(bytes, 1, count, m_file.get()) != count)
            throw damaged("it ends before its values do");
        m_left -= count;
        m_hash.add({bytes, count});
    }
    std::string read(std::uint64_t count) {
        if (count > m_left) throw damaged("it ends before its values do");
        std::string bytes(count, '\0');
        read(bytes.data(), count);
        return bytes;
    }
    /// Shorter where the file ends before.
    std::string line(std::size_t longest) {
        std::string text;
        while (m_left > 0 && text.size() <= longest && !text.ends_with('\n')) text += read(1);
        return text;
    }
    void checkHash() {
        const std::string expected = m_hash.hex();
        std::string found(kHashLength, '\0');
        const bool isWhole = m_left == kHashLength &&
                             std::fread(found.data(), 1, kHashLength, m_file.get()) == kHashLength;
        if (!isWhole || found != expected) throw damaged("its content is not what was written");
    }
    std::uint64_t left() const { return m_left; }

private:
    File m_file;
    std::uint64_t m_left;
    Sha256 m_hash;
};

Json layoutOf(const StoredValue& value) {
    Json json{{"name", value.name}, {"kind", value.kind}};
    if (!value.texts.empty() || value.kind == "texts") json["texts"] = value.texts;
    Json tensors = Json::array();
    for (const at::Tensor& tensor : value.tensors)
        tensors.push_back(
            {{"type", c10::toString(tensor.scalar_type())}, {"shape", tensor.sizes().vec()}});
    json["tensors"] = std::move(tensors);
    return json;
}

std::string firstLine(const ValueFormat& format) {
    return cat(format.name, " ", format.version, "\n");
}

void checkFormat(const std::string& line, const ValueFormat& format) {
    if (!line.starts_with(cat(format.name, " "))) {
        throw Refusal{Error::Kind::Unsupported, cat("it is no ", format.noun),
                      std::string(format.ifOther)};
    }
    if (line == firstLine(format)) return;
    throw Refusal{Error::Kind::Unsupported, "it was written by a later version of the program",
                  "Use that version"};
}

Json readHeader(Reader& file, const ValueFormat& format) {
    constexpr std::size_t kLongestLine = 64;
    checkFormat(file.line(kLongestLine), format);
    std::uint64_t size = 0;
    file.read(reinterpret_cast<char*>(&size), sizeof size);
    if (size > kLargestHeader) throw damaged("its description is impossibly long");
    return Json::parse(file.read(size));
}

/// "Float", "Long" … as c10 spells them.
at::ScalarType scalarTypeOf(const std::string& name) {
    constexpr std::array kTypes{at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong,
                                at::kInt,   at::kShort,  at::kChar, at::kByte,     at::kBool};
    const auto* found = std::ranges::find_if(
        kTypes, [&name](at::ScalarType type) { return name == c10::toString(type); });
    if (found == kTypes.end()) throw std::runtime_error(cat("it has numbers of type ", name));
    return *found;
}

at::Tensor readTensor(Reader& file, const Json& layout) {
    const at::ScalarType type = scalarTypeOf(layout.at("type").get<std::string>());
    const auto shape = layout.at("shape").get<std::vector<std::int64_t>>();
    std::uint64_t bytes = c10::elementSize(type);
    for (const std::int64_t side : shape) {
        if (side < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(side), &bytes))
            throw damaged("a value has an impossible shape");
    }
    if (bytes > file.left()) throw damaged("it ends before its values do");
    at::Tensor tensor = at::empty(shape, type);
    file.read(static_cast<char*>(tensor.data_ptr()), bytes);
    return tensor;
}

std::vector<StoredValue> readValues(Reader& file, const Json& header) {
    std::vector<StoredValue> values;
    for (const Json& layout : header.at("values")) {
        StoredValue& value = values.emplace_back();
        layout.at("name").get_to(value.name);
        layout.at("kind").get_to(value.kind);
        if (layout.contains("texts")) layout.at("texts").get_to(value.texts);
        for (const Json& each : layout.at("tensors"))
            value.tensors.push_back(readTensor(file, each));
    }
    file.checkHash();
    return values;
}

ValueFile readFrom(const fs::path& path, std::uint64_t bytes, const ValueFormat& format,
                   ValueFilePart part) {
    Reader reader(path, bytes);
    ValueFile file{readHeader(reader, format), {}};
    if (part == ValueFilePart::All) file.values = readValues(reader, file.header);
    return file;
}

}  // namespace

void writeValueFile(const fs::path& path, const ValueFormat& format, Json header,
                    const std::vector<StoredValue>& values) {
    Json layout = Json::array();
    for (const StoredValue& value : values) layout.push_back(layoutOf(value));
    header["values"] = std::move(layout);
    const std::string text = jsonText(header, -1);
    const std::uint64_t size = text.size();
    Writer file(path);
    file.write(firstLine(format));
    file.write({reinterpret_cast<const char*>(&size), sizeof size});
    file.write(text);
    for (const StoredValue& value : values) {
        for (const at::Tensor& tensor : value.tensors) {
            const at::Tensor bytes = tensor.cpu().contiguous();
            file.write({static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()});
        }
    }
    file.finish();
}

Result<ValueFile> readValueFile(const fs::path& path, const ValueFormat& format,
                                ValueFilePart part) {
    std::error_code failed;
    const auto bytes = fs::file_size(path, failed);
    if (failed)
        return Error{Error::Kind::NotFound, "", cat("there is no ", format.noun),
                     std::string(format.ifMissing)};
    const std::string hint(format.ifDamaged);
    return guarded("", [&]() -> Result<ValueFile> {
        try {
            return readFrom(path, bytes, format, part);
        } catch (const Refusal& refusal) {
            return Error{refusal.kind, "", refusal.why,
                         refusal.kind == Error::Kind::Damaged ? hint : refusal.hint};
        } catch (const Json::exception&) {
            return Error{Error::Kind::Damaged, "", "its description cannot be read", hint};
        } catch (const std::runtime_error& problem) {
            return Error{Error::Kind::Damaged, "", problem.what(), hint};
        }
    });
}

}  // namespace espalier::exchange
