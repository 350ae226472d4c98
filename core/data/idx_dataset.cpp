// SPDX-License-Identifier: GPL-3.0-or-later
// MNIST and its relatives: four IDX files in one folder.
#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "core/base/format.h"
#include "core/data/dataset_kind.h"
#include "core/data/idx_file.h"
#include "core/data/memory_images_torch.h"

namespace espalier::data {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 2> kParts{"train", "t10k"};

/// How the file of images ("images", 3) or labels ("labels", 1) may be called.
std::array<std::string, 4> spellings(std::string_view part, std::string_view content,
                                     int dimensions) {
    const std::string dashed = cat(part, "-", content, "-idx", dimensions, "-ubyte");
    const std::string dotted = cat(part, "-", content, ".idx", dimensions, "-ubyte");
    return {dashed, dashed + ".gz", dotted, dotted + ".gz"};
}

std::optional<fs::path> findFile(const fs::path& folder, std::string_view part,
                                 std::string_view content, int dimensions) {
    std::error_code ignored;
    for (const std::string& name : spellings(part, content, dimensions)) {
        if (fs::is_regular_file(folder / name, ignored)) return folder / name;
    }
    return {};
}

bool isIdxName(const fs::path& path) {
    const std::string name = path.filename().string();
    return std::ranges::any_of(kParts, [&name](std::string_view part) {
        const auto images = spellings(part, "images", 3);
        const auto labels = spellings(part, "labels", 1);
        return std::ranges::find(images, name) != images.end() ||
               std::ranges::find(labels, name) != labels.end();
    });
}

bool recognises(const fs::path& path) {
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) return isIdxName(path);
    return std::ranges::any_of(kParts, [&path](std::string_view part) {
        return findFile(path, part, "images", 3) || findFile(path, part, "labels", 1);
    });
}

struct Part {
    std::vector<std::int64_t> shape;  // of one image; empty when the part is not there
    LabelledImages images;
};

Result<Part> readPart(const fs::path& folder, std::string_view part, RunControl& control) {
    const auto imageFile = findFile(folder, part, "images", 3);
    const auto labelFile = findFile(folder, part, "labels", 1);
    if (!imageFile && !labelFile) return Part{};
    if (!imageFile || !labelFile) {
        const auto names = imageFile ? spellings(part, "labels", 1) : spellings(part, "images", 3);
        return Error{Error::Kind::NotFound, cat("Cannot open the data in ", folder.string()),
                     cat((imageFile ? *imageFile : *labelFile).filename().string(),
                         " is there, but ", names[0], " (or with .gz) is not"),
                     "Put both files into one folder"};
    }
    auto images = readIdx(*imageFile, 3, control);
    if (!images) return images.error();
    auto labels = readIdx(*labelFile, 1, control);
    if (!labels) return labels.error();
    if (images->shape[0] != labels->shape[0]) {
        return Error{Error::Kind::Mismatch, cat("Cannot open the data in ", folder.string()),
                     cat(imageFile->filename().string(), " holds ", images->shape[0], " images, ",
                         labelFile->filename().string(), " ", labels->shape[0], " labels"),
                     "Use two files that belong together"};
    }
    return Part{{images->shape[1], images->shape[2]},
                {std::move(images->values), {labels->values.begin(), labels->values.end()}}};
}

std::vector<std::string> classNames(const Part& train, const Part& test) {
    std::int64_t most = 0;
    for (const Part* part : {&train, &test}) {
        for (const std::int64_t label : part->images.labels) most = std::max(most, label);
    }
    std::vector<std::string> names;
    for (std::int64_t label = 0; label <= most; ++label) names.push_back(std::to_string(label));
    return names;
}

Result<DatasetPtr> open(const DataSpec& spec, RunControl& control) {
    const fs::path folder = folderOf(spec.path);
    const auto normalisation = normalisationFor(spec, "mnist", 1);
    if (!normalisation) return normalisation.error();
    auto train = readPart(folder, kParts[0], control);
    if (!train) return train.error();
    auto test = readPart(folder, kParts[1], control);
    if (!test) return test.error();
    const Part& known = train->shape.empty() ? *test : *train;
    if (!train->shape.empty() && !test->shape.empty() && train->shape != test->shape) {
        return Error{Error::Kind::Mismatch, cat("Cannot open the data in ", folder.string()),
                     cat("training images are ", train->shape[0], "x", train->shape[1],
                         ", test images ", test->shape[0], "x", test->shape[1]),
                     "Use files that belong together"};
    }
    DatasetInfo info;
    info.name = folder.filename().string();
    info.kind = "IDX files";
    info.sampleShape = {1, known.shape[0], known.shape[1]};
    info.classes = classNames(*train, *test);
    return makeMemoryImages(
        {info, spec, *normalisation, std::move(train->images), std::move(test->images)});
}

}  // namespace

const DatasetKind kIdxDataset{
    "the IDX files of MNIST and its relatives (train-images-idx3-ubyte, train-labels-idx1-ubyte, "
    "t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, each plain or .gz)",
    recognises, open};

}  // namespace espalier::data
