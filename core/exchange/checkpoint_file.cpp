// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/checkpoint_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <ATen/ops/empty.h>
#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/exchange/checkpoint_values_torch.h"
#include "core/exchange/json_text.h"
#include "core/exchange/recipe_file.h"

namespace espalier::exchange {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "espalier-checkpoint ";
constexpr int kVersion = 1;
constexpr std::uint64_t kLargestHeader = 64u << 20;
constexpr std::size_t kHashLength = 64;

struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Closer>;

/// Why a file cannot be continued from; caught where it is read.
struct Refusal {
    Error::Kind kind;
    std::string why;
    std::string hint;
};

Refusal damaged(std::string why) {
    return {Error::Kind::Damaged, std::move(why), "Start the run anew"};
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

Json headerOf(const train::Checkpoint& checkpoint, const std::string& source,
              const std::vector<StoredValue>& values) {
    Json layout = Json::array();
    for (const StoredValue& value : values) layout.push_back(layoutOf(value));
    return {{"source", source},
            {"epochs", checkpoint.epochs},
            {"identity",
             {{"model", checkpoint.identity.model},
              {"masks", checkpoint.identity.masks},
              {"data", checkpoint.identity.data}}},
            {"recipe", Json::parse(recipeToJson(checkpoint.recipe))},
            {"values", std::move(layout)}};
}

void writeTo(const fs::path& path, const train::Checkpoint& checkpoint, const std::string& source) {
    const std::vector<StoredValue> values = valuesOf(checkpoint);
    const std::string header = jsonText(headerOf(checkpoint, source, values), -1);
    const std::uint64_t size = header.size();
    Writer file(path);
    file.write(cat(kFormat, kVersion, "\n"));
    file.write({reinterpret_cast<const char*>(&size), sizeof size});
    file.write(header);
    for (const StoredValue& value : values) {
        for (const at::Tensor& tensor : value.tensors) {
            const at::Tensor bytes = tensor.cpu().contiguous();
            file.write({static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()});
        }
    }
    file.finish();
}

void checkFormat(const std::string& line) {
    if (!line.starts_with(kFormat)) {
        throw Refusal{Error::Kind::Unsupported, "it is no checkpoint of a fine-tuning",
                      "Give the folder that --checkpoints was given"};
    }
    if (line == cat(kFormat, kVersion, "\n")) return;
    throw Refusal{Error::Kind::Unsupported, "it was written by a later version of the program",
                  "Use that version"};
}

Json readHeader(Reader& file) {
    constexpr std::size_t kLongestLine = 64;
    checkFormat(file.line(kLongestLine));
    std::uint64_t size = 0;
    file.read(reinterpret_cast<char*>(&size), sizeof size);
    if (size > kLargestHeader) throw damaged("its description is impossibly long");
    return Json::parse(file.read(size));
}

CheckpointAbout aboutOf(const Json& header) {
    CheckpointAbout about;
    header.at("source").get_to(about.source);
    header.at("epochs").get_to(about.epochs);
    const Json& identity = header.at("identity");
    identity.at("model").get_to(about.identity.model);
    identity.at("masks").get_to(about.identity.masks);
    identity.at("data").get_to(about.identity.data);
    auto recipe = recipeFromJson(header.at("recipe").dump());
    if (!recipe) throw damaged(recipe.error().why);
    about.recipe = *recipe;
    return about;
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

/// Runs `read(file)`, what goes wrong as an Error that names `path`.
template <class Out, class Read>
Result<Out> readFrom(const fs::path& path, Read&& read) {
    const std::string what = cat("Cannot continue from ", path.string());
    std::error_code failed;
    const auto bytes = fs::file_size(path, failed);
    if (failed)
        return Error{Error::Kind::NotFound, what, "there is no checkpoint",
                     "Check the path, or start the run anew"};
    return guarded(what, [&]() -> Result<Out> {
        try {
            Reader file(path, bytes);
            return read(file);
        } catch (const Refusal& refusal) {
            return Error{refusal.kind, what, refusal.why, refusal.hint};
        } catch (const Json::exception&) {
            return Error{Error::Kind::Damaged, what, "its description cannot be read",
                         "Start the run anew"};
        } catch (const std::runtime_error& problem) {
            return Error{Error::Kind::Damaged, what, problem.what(), "Start the run anew"};
        }
    });
}

}  // namespace

fs::path checkpointIn(const fs::path& folder) {
    return folder / "run.espalier-checkpoint";
}

Result<void> writeCheckpoint(const train::Checkpoint& checkpoint, const std::string& source,
                             const fs::path& file) {
    return writeAtomically(file, [&](const fs::path& temporary) -> Result<void> {
        writeTo(temporary, checkpoint, source);
        return {};
    });
}

Result<SavedRun> readCheckpoint(const fs::path& file) {
    return readFrom<SavedRun>(file, [](Reader& reader) -> Result<SavedRun> {
        const Json header = readHeader(reader);
        const CheckpointAbout about = aboutOf(header);
        auto checkpoint = std::make_shared<train::Checkpoint>(
            train::Checkpoint{about.identity, about.recipe, about.epochs, {}, {}});
        setValues(*checkpoint, readValues(reader, header));
        return SavedRun{about.source, std::move(checkpoint)};
    });
}

Result<CheckpointAbout> readCheckpointAbout(const fs::path& file) {
    return readFrom<CheckpointAbout>(file, [](Reader& reader) -> Result<CheckpointAbout> {
        return aboutOf(readHeader(reader));
    });
}

}  // namespace espalier::exchange
