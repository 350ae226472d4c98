// SPDX-License-Identifier: GPL-3.0-or-later
// JPEG and PNG files in a folder for each class, or without labels in one.
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <span>

#include "core/base/format.h"
#include "core/data/batch_stream_torch.h"
#include "core/data/broken_files.h"
#include "core/data/dataset_kind.h"
#include "core/data/image_folder_survey.h"
#include "core/data/memory_images_torch.h"
#include "core/data/parallel.h"
#include "core/data/partition.h"
#include "core/data/streamed_images_torch.h"

namespace espalier::data {
namespace {

namespace fs = std::filesystem;

/// One image as it should be, or why it is left out or why nothing can be opened.
struct Outcome {
    std::string broken;  // the reason to leave it out; empty: it was read
    std::optional<Error> fatal;
};

Outcome readInto(const ImageFile& image, const FolderSample& sample, const fs::path& root,
                 std::uint8_t* target) {
    const auto file = readImageFile(image.path);
    if (!file) return {file.error().why, goneError(root, image.path, file.error())};
    const auto header = readImageHeader(*file);
    if (!header) return {header.error().why, {}};
    if (header->width != sample.first.width || header->height != sample.first.height) {
        return {{},
                twoSizes(root, image.path, {header->height, header->width}, sample.firstPath,
                         {sample.first.height, sample.first.width})};
    }
    const auto pixels = decodeImage(*file, static_cast<int>(sample.channels));
    if (!pixels) return {pixels.error().why, {}};
    std::ranges::copy(*pixels, target);
    return {};
}

std::size_t bytesOf(const FolderSample& sample) {
    return static_cast<std::size_t>(sample.channels * sample.first.width * sample.first.height);
}

/// The images of one size, in the order of `files`, less the broken ones. Errors: Mismatch,
/// Cancelled.
Result<LabelledImages> readFiles(std::span<const ImageFile> files, const FolderSample& sample,
                                 const fs::path& root, int threads, BrokenFiles& broken,
                                 RunControl& control) {
    const std::size_t size = bytesOf(sample);
    LabelledImages images;
    images.pixels.resize(files.size() * size);
    std::vector<Outcome> outcomes(files.size());
    inParallel(files.size(), threads, control, [&](std::size_t i) {
        outcomes[i] = readInto(files[i], sample, root, images.pixels.data() + i * size);
        return !outcomes[i].fatal;
    });
    if (control.isStopRequested())
        return folderError(Error::Kind::Cancelled, root, "it was cancelled", "");
    for (const Outcome& outcome : outcomes) {
        if (outcome.fatal) return *outcome.fatal;
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (!outcomes[i].broken.empty()) {
            broken.add(files[i].path, outcomes[i].broken);
            continue;
        }
        if (kept != i)
            std::copy_n(images.pixels.data() + i * size, size, images.pixels.data() + kept * size);
        images.labels.push_back(files[i].label);
        ++kept;
    }
    images.pixels.resize(kept * size);
    return images;
}

/// Takes the test split out of `layout.train`.
void takeTest(ImageFolderLayout& layout) {
    std::vector<std::int64_t> labels;
    for (const ImageFile& file : layout.train) labels.push_back(file.label);
    const HeldOut split = holdOutTest(labels);
    std::vector<ImageFile> train;
    for (const std::int64_t i : split.train)
        train.push_back(layout.train[static_cast<std::size_t>(i)]);
    for (const std::int64_t i : split.test)
        layout.test.push_back(layout.train[static_cast<std::size_t>(i)]);
    layout.train = std::move(train);
}

/// "cifar10", also for "data/cifar10/".
fs::path rootOf(const DataSpec& spec) {
    std::error_code failed;
    const fs::path whole = fs::weakly_canonical(spec.path, failed);
    return failed ? spec.path : whole;
}

/// What samples may take of the memory: a quarter of it, as bytes of pixels.
double memoryForPixels() {
    return 0.25 * static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
           static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// A folder on its way to a dataset.
struct Folder {
    fs::path root;
    ImageFolderLayout layout;
    FolderSample sample;
    DataSpec spec;
    Geometry geometry;
    std::vector<std::string> notes{};

    std::size_t files() const {
        return layout.train.size() + layout.validation.size() + layout.test.size();
    }
    DatasetInfo info(ImageSize size, const BrokenFiles& broken) const {
        DatasetInfo info;
        info.name = root.filename().string();
        info.kind = "image folder";
        info.sampleShape = {sample.channels, size.height, size.width};
        info.classes = layout.classes;
        if (layout.classes.empty()) info.targets = Targets::None;
        info.notes = notes;
        if (std::string note = broken.note(); !note.empty()) info.notes.push_back(note);
        return info;
    }
};

/// Images of many sizes are brought to one the way the ImageNet preset says, when that is asked
/// for.
void applyPreset(Folder& folder) {
    const bool isLeftOpen = folder.spec.resize.empty() && folder.spec.crop.empty();
    if (folder.sample.hasOneSize || !isLeftOpen || folder.spec.preset != "imagenet") return;
    folder.spec.resize = {256};
    folder.spec.crop = {224};
    folder.notes.emplace_back(
        "the shorter side is scaled to 256 pixels and 224x224 are cut out of the middle, as preset "
        "imagenet says");
}

Result<Folder> lookAt(const DataSpec& spec, RunControl& control) {
    Folder folder{.root = rootOf(spec), .layout = {}, .sample = {}, .spec = spec, .geometry = {}};
    auto layout = readImageFolderLayout(folder.root, control);
    if (!layout) return layout.error();
    folder.layout = std::move(*layout);
    for (const std::string& name : folder.layout.empty) {
        folder.notes.push_back(cat("the folder ", name,
                                   " has no images and is no class: the classes after it have "
                                   "lower numbers than where it has some"));
    }
    if (folder.layout.isOneLevel) {
        takeTest(folder.layout);
        folder.notes.push_back(cat("a tenth of ",
                                   folder.layout.classes.empty() ? "all" : "each class",
                                   ", drawn with seed 0, is the test split"));
    }
    if (folder.layout.classes.empty()) {
        folder.notes.emplace_back(
            "it has no labels, as its images lie in no folders of classes: what can be measured is "
            "agreement with the dense model");
    }
    const auto& files = folder.layout.train.empty() ? folder.layout.test : folder.layout.train;
    auto sample = sampleFolder(folder.root, files, spec);
    if (!sample) return sample.error();
    folder.sample = std::move(*sample);
    if (spec.preset.empty() && spec.mean.empty() && spec.deviation.empty()) {
        folder.notes.push_back(
            cat("normalised as ", usualPreset(folder.sample), ": no preset was given"));
    }
    if (folder.sample.isGreyAsColour)
        folder.notes.emplace_back("its grey images are read as colour, with three equal channels");
    applyPreset(folder);
    auto geometry = Geometry::from(folder.spec);
    if (!geometry) return geometry.error();
    folder.geometry = *geometry;
    return folder;
}

/// Decodes everything at once: images that are used as they are and fit into the memory.
Result<DatasetPtr> openInMemory(const Folder& folder, const Normalisation& normalisation,
                                RunControl& control) {
    BrokenFiles broken(folder.root);
    const auto read = [&](std::span<const ImageFile> files) {
        return readFiles(files, folder.sample, folder.root, workersFor(folder.spec), broken,
                         control);
    };
    auto train = read(folder.layout.train);
    if (!train) return train.error();
    auto validation = read(folder.layout.validation);
    if (!validation) return validation.error();
    auto test = read(folder.layout.test);
    if (!test) return test.error();
    const ImageSize size{folder.sample.first.height, folder.sample.first.width};
    return makeMemoryImages({folder.info(size, broken), folder.spec, normalisation,
                             std::move(*train), std::move(*test), std::move(*validation)});
}

Result<DatasetPtr> openStreamed(Folder folder, const Normalisation& normalisation,
                                RunControl& control) {
    BrokenFiles broken(folder.root);
    const auto size = surveyFolder(folder.root, folder.layout, folder.geometry,
                                   workersFor(folder.spec), broken, control);
    if (!size) return size.error();
    DatasetInfo info = folder.info(*size, broken);
    return makeStreamedImages({std::move(info), folder.spec, normalisation, folder.geometry,
                               folder.root, std::move(folder.layout), memoryForPixels()});
}

bool recognises(const fs::path& path) {
    return looksLikeImageFolder(path);
}

Result<DatasetPtr> open(const DataSpec& spec, RunControl& control) {
    auto folder = lookAt(spec, control);
    if (!folder) return folder.error();
    const auto normalisation =
        normalisationFor(spec, usualPreset(folder->sample), folder->sample.channels);
    if (!normalisation) return normalisation.error();
    const double bytes =
        static_cast<double>(folder->files()) * static_cast<double>(bytesOf(folder->sample));
    if (folder->geometry.isIdentity() && bytes <= memoryForPixels())
        return openInMemory(*folder, *normalisation, control);
    return openStreamed(std::move(*folder), *normalisation, control);
}

}  // namespace

const DatasetKind kImageFolder{
    "JPEG or PNG images in a folder for each class (train/CLASS/…, test/CLASS/… or val/CLASS/…, or "
    "CLASS/… alone), or, without labels, all in one folder",
    recognises, open};

}  // namespace espalier::data
