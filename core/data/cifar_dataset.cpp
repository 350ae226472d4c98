// SPDX-License-Identifier: GPL-3.0-or-later
// The binary versions of CIFAR-10 and CIFAR-100: records of one or two label bytes and an image of
// 3 x 32 x 32 bytes, channel by channel.
// A. Krizhevsky, Learning multiple layers of features from tiny images, 2009
#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/data/dataset_kind.h"
#include "core/data/memory_images_torch.h"

namespace espalier::data {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::int64_t, 3> kShape{3, 32, 32};
constexpr std::size_t kPixels = 3 * 32 * 32;
constexpr std::size_t kMostFileBytes = 1u << 30;

/// One of the two. The label that counts is the last of `labels` bytes.
struct Version {
    std::string_view name;
    std::string_view preset;
    std::size_t labels;
    std::size_t classes;
    std::string_view namesFile;
    std::vector<std::string_view> train;
    std::string_view test;
};

const std::array<Version, 2>& versions() {
    static const std::array<Version, 2> table{{
        {"CIFAR-10",
         "cifar10",
         1,
         10,
         "batches.meta.txt",
         {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
          "data_batch_5.bin"},
         "test_batch.bin"},
        {"CIFAR-100", "cifar100", 2, 100, "fine_label_names.txt", {"train.bin"}, "test.bin"},
    }};
    return table;
}

bool isThere(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

/// CIFAR-100's batches have names that anything may have: its list of classes must lie beside them.
const Version* versionIn(const fs::path& folder) {
    const auto [ten, hundred] = std::array{&versions()[0], &versions()[1]};
    const auto has = [&folder](std::string_view name) { return isThere(folder / name); };
    if (has(ten->test) || std::ranges::any_of(ten->train, has)) return ten;
    const bool isHundred = has(hundred->namesFile) && (has("train.bin") || has(hundred->test));
    return isHundred ? hundred : nullptr;
}

bool recognises(const fs::path& path) {
    return versionIn(folderOf(path)) != nullptr;
}

Error damaged(const fs::path& file, std::string why) {
    return {Error::Kind::Damaged, cat("Cannot open the data in ", file.parent_path().string()),
            cat(file.filename().string(), " ", std::move(why)), "Unpack or download it again"};
}

/// Appends the records of one file. Errors: Damaged, Unreadable; Cancelled.
Result<void> readBatch(const fs::path& file, const Version& version, LabelledImages& images,
                       RunControl& control) {
    const auto bytes = readText(file, kMostFileBytes);
    if (!bytes) return bytes.error();
    const std::size_t record = version.labels + kPixels;
    if (bytes->empty() || bytes->size() % record != 0) {
        return damaged(file, cat("has ", bytes->size(), " bytes, no multiple of the ", record,
                                 " that an image of ", version.name, " takes"));
    }
    images.pixels.reserve(images.pixels.size() + bytes->size());
    for (std::size_t at = 0; at < bytes->size(); at += record) {
        if (!control.keepGoing())
            return Error{Error::Kind::Cancelled, "Cannot open the data", "it was cancelled", ""};
        const auto label = static_cast<std::uint8_t>((*bytes)[at + version.labels - 1]);
        if (label >= version.classes) {
            return damaged(file, cat("says class ", int{label}, " of image ", at / record + 1,
                                     "; there are ", version.classes));
        }
        images.labels.push_back(label);
        const auto pixels = bytes->begin() + static_cast<std::ptrdiff_t>(at + version.labels);
        images.pixels.insert(images.pixels.end(), pixels, pixels + kPixels);
    }
    return {};
}

/// Numbers where the file with the names is missing or is not as long as it should be.
std::vector<std::string> classNames(const fs::path& folder, const Version& version) {
    std::vector<std::string> names;
    const auto text = readText(folder / version.namesFile);
    std::istringstream lines(text ? *text : std::string());
    for (std::string line; std::getline(lines, line);) {
        if (line.ends_with('\r')) line.pop_back();
        if (!line.empty()) names.push_back(line);
    }
    if (names.size() == version.classes) return names;
    names.clear();
    for (std::size_t label = 0; label < version.classes; ++label)
        names.push_back(std::to_string(label));
    return names;
}

Result<LabelledImages> readAll(const fs::path& folder, const std::vector<std::string_view>& files,
                               const Version& version, std::vector<std::string>& notes,
                               RunControl& control) {
    LabelledImages images;
    for (const std::string_view name : files) {
        if (!isThere(folder / name)) {
            notes.push_back(cat(name, " is not there"));
            continue;
        }
        if (auto read = readBatch(folder / name, version, images, control); !read)
            return read.error();
    }
    return images;
}

Result<DatasetPtr> open(const DataSpec& spec, RunControl& control) {
    const fs::path folder = folderOf(spec.path);
    const Version& version = *versionIn(folder);
    const auto normalisation = normalisationFor(spec, version.preset, kShape[0]);
    if (!normalisation) return normalisation.error();
    DatasetInfo info;
    auto train = readAll(folder, version.train, version, info.notes, control);
    if (!train) return train.error();
    auto test = readAll(folder, {version.test}, version, info.notes, control);
    if (!test) return test.error();
    info.name = folder.filename().string();
    info.kind = cat(version.name, " binary files");
    info.sampleShape = {kShape.begin(), kShape.end()};
    info.classes = classNames(folder, version);
    return makeMemoryImages({info, spec, *normalisation, std::move(*train), std::move(*test)});
}

}  // namespace

const DatasetKind kCifarDataset{
    "the binary files of CIFAR-10 (data_batch_1.bin, …, test_batch.bin) or CIFAR-100 (train.bin, "
    "test.bin, fine_label_names.txt)",
    recognises, open};

}  // namespace espalier::data
