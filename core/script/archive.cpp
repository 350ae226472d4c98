// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/archive.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <caffe2/serialize/versions.h>

#include "core/base/format.h"
#include "core/script/archive_code.h"
#include "core/script/archive_kind.h"
#include "core/script/archive_pickle.h"
#include "core/script/archive_zip.h"

namespace espalier::script {

namespace {

using Kind = Error::Kind;

constexpr std::uint64_t kLargestPickle = 64u << 20;
constexpr std::uint64_t kLargestCode = 64u << 20;
/// Compressed tensors are allowed, but no file that swells to many times its size.
constexpr std::uint64_t kMostSwelling = 10;
constexpr std::uint64_t kAlwaysAllowed = 100'000'000;
constexpr std::string_view kDistrust =
    "Do not open it, unless you know why it does so; a model for pruning needs nothing of that "
    "kind.";

Error damaged(std::string why) {
    return {Kind::Damaged, {}, std::move(why), "Copy or download the file again, or save it anew."};
}

/// The folder that all members of a PyTorch archive lie in, with its slash: it is named after the
/// file.
std::string rootOf(const ZipFile& zip) {
    if (zip.entries().empty()) return {};
    const std::string& first = zip.entries().front().name;
    const auto slash = first.find('/');
    return slash == std::string::npos ? std::string() : first.substr(0, slash + 1);
}

/// Whether a path would lead out of the folder that it is unpacked into.
bool leadsOut(std::string name) {
    std::ranges::replace(name, '\\', '/');
    return name.starts_with('/') || cat('/', name, '/').find("/../") != std::string::npos;
}

/// Nothing here unpacks an archive, but whoever does with one that was made of it would.
Result<void> checkNames(const ZipFile& zip) {
    for (const auto& entry : zip.entries()) {
        if (!leadsOut(entry.name)) continue;
        return Error{
            Kind::Untrusted,
            {},
            cat("one of its members is called ", entry.name, ", which leads out of the archive"),
            std::string(kDistrust)};
    }
    return {};
}

Result<void> checkTotalSize(const ZipFile& zip) {
    std::uint64_t unpacked = 0;
    for (const auto& entry : zip.entries())
        unpacked += entry.bytes;  // each at most 1032 times the file
    if (unpacked <= kAlwaysAllowed || unpacked / kMostSwelling <= zip.fileBytes()) return {};
    return Error{
        Kind::Untrusted,
        {},
        cat("it would unpack to ", byteSize(static_cast<double>(unpacked)), " from ",
            byteSize(static_cast<double>(zip.fileBytes()))),
        "Save it anew with torch.jit.save, and do not open files from sources you do not trust."};
}

Result<void> checkVersion(const ZipFile& zip, const std::string& root) {
    const auto* plain = zip.find(root + "version");  // PyTorch writes one or the other
    const auto text = zip.read(plain ? *plain : *zip.find(root + ".data/version"), 64);
    if (!text) return text.error();
    std::uint64_t version = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), version);
    if (failed != std::errc() || version < caffe2::serialize::kMinSupportedFileFormatVersion) {
        return damaged("its format version makes no sense");
    }
    if (version <= caffe2::serialize::kMaxSupportedFileFormatVersion) return {};
    return Error{Kind::Unsupported,
                 {},
                 "it was saved by a newer PyTorch than the one in use here",
                 "Build Espalier with a newer LibTorch, or save the model with an older PyTorch."};
}

/// Every tensor has to lie inside the bytes that are stored for it: LibTorch would read past their
/// end.
Result<void> checkPickle(const ZipFile& zip, const std::string& root, std::string_view name,
                         CodeNames& names) {
    const std::string member = root + std::string(name) + ".pkl";
    const auto bytes = zip.read(*zip.find(member), kLargestPickle);
    if (!bytes) return bytes.error();
    const auto report = scanPickle(*bytes);
    if (!report.problem.empty()) return damaged(cat(member, " is broken: ", report.problem));
    for (const auto& storage : report.storages) {
        const auto* record = zip.find(cat(root, name, '/', storage.key));
        if (!record) return damaged(cat(root, name, '/', storage.key, " is missing"));
        if (record->bytes < storage.bytes) {
            return damaged(cat(record->name, " holds ", record->bytes, " bytes where ",
                               storage.bytes, " are needed"));
        }
    }
    for (const auto& global : report.globals) findNames(global, names);
    return {};
}

Result<void> readCode(const ZipFile& zip, const std::string& root, CodeNames& names) {
    std::uint64_t total = 0;
    for (const auto& entry : zip.entries()) {
        if (!entry.name.starts_with(root + "code/") || !entry.name.ends_with(".py")) continue;
        const auto source = zip.read(entry, kLargestCode - total);
        if (!source) return source.error();
        total += source->size();
        findNames(*source, names);
    }
    return {};
}

Result<void> judge(const CodeNames& names) {
    for (const auto& call : names.calls) {
        const auto verdict = judgeOperator(call);
        if (verdict == OperatorVerdict::Forbidden) {
            return Error{Kind::Untrusted,
                         {},
                         cat("its code calls ", call,
                             ", which reaches beyond the model to files or other processes"),
                         std::string(kDistrust)};
        }
        if (verdict == OperatorVerdict::Unknown) {
            return Error{
                Kind::Unsupported,
                {},
                cat("its code calls ", call, ", an operator that LibTorch does not have"),
                "Save the model without that operator, for example only the part before it."};
        }
    }
    for (const auto& space : names.classSpaces) {
        if (isAllowedClassSpace(space)) continue;
        return Error{Kind::Untrusted,
                     {},
                     cat("it uses a class of torch.classes.", space,
                         ", which reaches beyond the model to devices, files or other processes"),
                     std::string(kDistrust)};
    }
    return {};
}

Result<ArchiveReport> check(const std::filesystem::path& path) {
    if (auto refusal = refuseByFirstBytes(path)) return std::move(*refusal);
    const auto zip = ZipFile::open(path);
    if (!zip) return zip.error();
    if (auto checked = checkNames(*zip); !checked) return checked.error();
    const std::string root = rootOf(*zip);
    if (auto refusal = refuseByMembers(*zip, root)) return std::move(*refusal);
    if (auto checked = checkTotalSize(*zip); !checked) return checked.error();
    if (auto checked = checkVersion(*zip, root); !checked) return checked.error();
    CodeNames names;
    for (const char* pickle : {"data", "constants"}) {
        if (auto checked = checkPickle(*zip, root, pickle, names); !checked) return checked.error();
    }
    if (auto read = readCode(*zip, root, names); !read) return read.error();
    if (auto judged = judge(names); !judged) return judged.error();
    ArchiveReport report{zip->fileBytes(), 0, std::move(names.calls)};
    for (const auto& entry : zip->entries()) {
        const bool isTensor =
            entry.name.starts_with(root + "data/") || entry.name.starts_with(root + "constants/");
        if (isTensor) report.tensorBytes += entry.bytes;
    }
    return report;
}

}  // namespace

Result<ArchiveReport> checkArchive(const std::filesystem::path& path) {
    const std::string what = "Cannot open " + path.filename().string();
    return guarded(what, [&]() -> Result<ArchiveReport> {
        auto checked = check(path);
        if (checked) return checked;
        Error error = checked.error();
        error.what = what;
        return error;
    });
}

}  // namespace espalier::script
