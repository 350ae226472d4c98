// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/archive_kind.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/script/archive_pickle.h"

namespace espalier::script {

namespace {

using Kind = Error::Kind;

constexpr std::string_view kSaveScripted =
    "Build the model in Python and save it with torch.jit.save(torch.jit.script(model), "
    "\"model.pt\").";
constexpr std::string_view kConvert = "Save the model from PyTorch with torch.jit.save.";
constexpr std::string_view kUnpack = "Unpack it, and open the TorchScript file that is inside.";
constexpr std::uint64_t kLargestPickle = 64u << 20;
constexpr std::size_t kHeadBytes = 1024;

Error isA(std::string_view thing, std::string_view hint) {
    return {Kind::NotTorchScript,
            {},
            "it is " + std::string(thing) + ", not a TorchScript archive",
            std::string(hint)};
}

/// A format that its bytes at a fixed place give away.
struct Signature {
    std::size_t at;
    std::string_view bytes;
    std::string_view thing;
    std::string_view hint;
};

using namespace std::string_view_literals;
constexpr std::array kSignatures = {
    Signature{0, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv,
              "a pickle in the format of PyTorch before 1.6, a state_dict or a whole module",
              "Load it in Python with torch.load, build the model and save it with "
              "torch.jit.save(torch.jit.script(model), "
              "\"model.pt\")."},
    Signature{0, "\x1f\x8b"sv, "compressed with gzip", kUnpack},
    Signature{0, "\xfd\x37zXZ\0"sv, "compressed with xz", kUnpack},
    Signature{0, "\x28\xb5\x2f\xfd"sv, "compressed with zstd", kUnpack},
    Signature{0, "BZh"sv, "compressed with bzip2", kUnpack},
    Signature{0, "7z\xbc\xaf\x27\x1c"sv, "a 7-Zip archive", kUnpack},
    Signature{0, "Rar!"sv, "a RAR archive", kUnpack},
    Signature{257, "ustar"sv, "a tar archive", kUnpack},
    Signature{0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file, as Keras writes", kConvert},
    Signature{0, "\x93NUMPY"sv, "a NumPy array", kConvert},
    Signature{0, "GGUF"sv, "a GGUF file, as llama.cpp uses", kConvert},
    Signature{4, "TFL3"sv, "a TensorFlow Lite model", kConvert},
    Signature{4, "PTMF"sv, "a PyTorch Mobile flatbuffer, which holds no TorchScript code",
              "Use the file that it was made from, saved with torch.jit.save."},
    Signature{0, "\x89PNG"sv, "a picture", "Open the model's own file."},
    Signature{0, "\xff\xd8\xff"sv, "a picture", "Open the model's own file."},
    Signature{0, "%PDF"sv, "a PDF", "Open the model's own file."},
    Signature{0,
              "\x7f"
              "ELF"sv,
              "a program or library", "Open the model's own file."},
    Signature{0, "version https://git-lfs"sv,
              "a Git LFS pointer: the model itself was not downloaded",
              "Run \"git lfs pull\" where it came from."},
};

bool isText(std::string_view head) {
    return std::all_of(head.begin(), head.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 || (byte >= '\t' && byte <= '\r');
    });
}

bool isWebPage(std::string_view head) {
    const auto start = head.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return false;
    std::string opening(head.substr(start, 14));
    std::transform(opening.begin(), opening.end(), opening.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return opening.starts_with("<!doctype html") || opening.starts_with("<html");
}

/// The length of a JSON header in 8 bytes, then the header.
bool isSafetensors(std::string_view head, std::uint64_t fileBytes) {
    if (head.size() < 10 || head[8] != '{') return false;
    std::uint64_t header = 0;
    for (std::size_t i = 8; i-- > 0;) header = header << 8 | static_cast<unsigned char>(head[i]);
    return header >= 2 && header <= fileBytes - 8;
}

/// A protobuf that begins with a small ir_version (field 1) and goes on with another field of
/// ONNX's ModelProto.
bool isOnnx(std::string_view head) {
    if (head.size() < 4 || head[0] != 0x08 || head[1] < 1 || head[1] > 32) return false;
    constexpr std::string_view kNextFields = "\x12\x1a\x22\x28\x32\x3a\x42\x72";
    return kNextFields.find(head[2]) != std::string_view::npos;
}

bool isPickle(std::string_view head) {
    return head.size() >= 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5;
}

Error refuseByHead(std::string_view head, std::uint64_t fileBytes) {
    for (const auto& signature : kSignatures) {
        if (head.size() > signature.at && head.substr(signature.at).starts_with(signature.bytes)) {
            return isA(signature.thing, signature.hint);
        }
    }
    if (isPickle(head)) return isA("a Python pickle", kSaveScripted);
    if (isOnnx(head)) return isA("an ONNX model", kConvert);
    if (isSafetensors(head, fileBytes)) {
        return isA("a safetensors file, which holds weights without the model's code",
                   kSaveScripted);
    }
    if (isWebPage(head)) return isA("a web page", "Download the model's own file.");
    if (isText(head)) return isA("a text", "Open the file that torch.jit.save wrote.");
    return {Kind::NotTorchScript,
            {},
            "it is of no kind that is known here, not a TorchScript archive",
            std::string(kConvert)};
}

Error unreadable(int code) {
    if (code == ENOENT || code == ENOTDIR)
        return {Kind::NotFound, {}, "there is no such file", "Check the path."};
    if (code == EACCES || code == EPERM) {
        return {Kind::Unreadable,
                {},
                "there is no permission to read it",
                "Ask its owner for permission, or copy it to a folder of yours."};
    }
    return {Kind::Unreadable, {}, std::strerror(code), "Check the disk and the path."};
}

/// What torch.save puts around tensors; every other class in a pickle is somebody's own.
bool isPlainData(std::string_view global) {
    constexpr std::array<std::string_view, 9> kPrefixes = {
        "torch._utils.", "torch._tensor.", "torch.storage.", "torch.serialization.",
        "collections.",  "builtins.",      "numpy.",         "_codecs.",
        "copyreg."};
    const bool isTorchValue =
        global.starts_with("torch.") && global.find('.', 6) == std::string_view::npos;
    return isTorchValue ||
           std::any_of(kPrefixes.begin(), kPrefixes.end(),
                       [global](std::string_view prefix) { return global.starts_with(prefix); });
}

Error refusePickledZip(const ZipFile& zip, const ZipEntry& pickle) {
    const auto bytes = zip.read(pickle, kLargestPickle);
    if (!bytes) return bytes.error();
    const auto globals = scanPickle(*bytes).globals;
    const auto own = std::find_if_not(globals.begin(), globals.end(), isPlainData);
    if (own == globals.end()) {
        return isA(
            "a pickled state_dict or other tensors, which hold weights without the model's code",
            "Build the model in Python, load the weights into it, and save it with "
            "torch.jit.save(torch.jit.script(model), \"model.pt\").");
    }
    return isA("a pickled Python module (" + *own + "), saved with torch.save",
               "Load it in Python and save it with torch.jit.save(torch.jit.script(model), "
               "\"model.pt\").");
}

/// Whether any member's name, without the archive's own folder, satisfies `test`.
template <class Test>
bool anyMember(const ZipFile& zip, std::string_view root, Test&& test) {
    const auto& entries = zip.entries();
    return std::any_of(entries.begin(), entries.end(), [&](const ZipEntry& entry) {
        const std::string_view name = entry.name;
        return test(name.starts_with(root) ? name.substr(root.size()) : name);
    });
}

}  // namespace

std::optional<Error> refuseByFirstBytes(const std::filesystem::path& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return unreadable(errno);
    if (S_ISDIR(info.st_mode))
        return Error{Kind::Unreadable, {}, "it is a folder", "Open a file that is in it."};
    // Opening a pipe or a device could wait for ever.
    if (!S_ISREG(info.st_mode))
        return Error{Kind::Unreadable, {}, "it is no ordinary file", "Open a .pt file."};
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return unreadable(errno);
    std::string head(kHeadBytes, '\0');
    const auto got = ::read(fd, head.data(), head.size());
    const int code = errno;
    ::close(fd);
    if (got < 0) return unreadable(code);
    head.resize(static_cast<std::size_t>(got));
    if (head.empty()) {
        return Error{
            Kind::Damaged, {}, "it is empty", "Copy or download the file again, or save it anew."};
    }
    if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06")) return std::nullopt;
    return refuseByHead(head, static_cast<std::uint64_t>(info.st_size));
}

std::optional<Error> refuseByMembers(const ZipFile& zip, std::string_view root) {
    const auto member = [&](std::string_view name) {
        return zip.find(std::string(root) + std::string(name));
    };
    const auto has = [&](auto&& test) { return anyMember(zip, root, test); };
    const bool isWhole = member("constants.pkl") && member("data.pkl") &&
                         (member("version") || member(".data/version"));
    if (isWhole && !member("model.json")) return std::nullopt;
    if (member("archive_format") ||
        has([](auto name) { return name == "serialized_exported_program.json"; })) {
        return isA("a torch.export archive (.pt2)",
                   "Save the model itself instead: torch.jit.save(torch.jit.trace(model, example), "
                   "\"model.pt\").");
    }
    if (has([](auto name) { return name == ".data/extern_modules"; })) {
        return isA("a torch.package archive", kSaveScripted);
    }
    if (member("bytecode.pkl") && !member("constants.pkl")) {
        return isA("a PyTorch Mobile archive without its code",
                   "Use the file that it was made from, saved with torch.jit.save.");
    }
    if (member("model.json")) {
        return isA("a TorchScript archive of PyTorch before 1.3",
                   "Load it with PyTorch 1.3 to 1.13 and save it again with torch.jit.save.");
    }
    if (const auto* pickle = member("data.pkl");
        pickle && !has([](auto name) { return name.starts_with("code/"); })) {
        return refusePickledZip(zip, *pickle);
    }
    if (member("data.pkl")) {
        return Error{Kind::Damaged,
                     {},
                     "it is a TorchScript archive of which a part is missing",
                     "Copy or download the file again, or save it anew."};
    }
    if (has([](auto name) { return name.ends_with(".npy"); }))
        return isA("an archive of NumPy arrays", kConvert);
    if (has([](auto name) { return name == "model.weights.h5"; }))
        return isA("a Keras model", kConvert);
    if (has([](auto name) { return name.ends_with("saved_model.pb"); }))
        return isA("a TensorFlow model", kConvert);
    return isA("a zip without a model", "If the model is inside, unpack it and open that file.");
}

}  // namespace espalier::script
