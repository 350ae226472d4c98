// SPDX-License-Identifier: GPL-3.0-or-later
// JPEG and PNG files of one size in a folder for each class.
#include <algorithm>
#include <atomic>
#include <optional>
#include <span>
#include <thread>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/base/log.h"
#include "core/data/dataset_kind.h"
#include "core/data/image_decoder.h"
#include "core/data/image_folder_layout.h"
#include "core/data/memory_images_torch.h"

namespace espalier::data {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFileBytes = 256u << 20;
constexpr double kMostMemory = 16e9;        // bytes of all pixels
constexpr double kTestShare = 0.1;          // of one level of classes
constexpr std::size_t kFilesForShape = 32;  // looked at to tell grey from colour
constexpr std::size_t kNamed = 3;           // broken images named in a note

/// What all images of a dataset are.
struct Shape {
    std::int64_t channels = 3;
    ImageHeader first;
    fs::path firstPath;

    std::size_t bytes() const {
        return static_cast<std::size_t>(channels * first.width * first.height);
    }
};

Error wrong(Error::Kind kind, const fs::path& root, std::string why, std::string hint) {
    return {kind, cat("Cannot open the data in ", root.string()), std::move(why), std::move(hint)};
}

std::string shortName(const fs::path& path, const fs::path& root) {
    return path.lexically_relative(root).string();
}

/// One for grey, three for colour, when the options say so.
std::optional<std::int64_t> askedChannels(const DataSpec& spec) {
    if (!spec.mean.empty()) return std::ssize(spec.mean);
    if (!spec.deviation.empty()) return std::ssize(spec.deviation);
    if (spec.preset == "mnist") return 1;
    if (!spec.preset.empty()) return 3;
    return {};
}

/// Size and channels, from images spread over all files. Errors: Damaged, when none can be read.
Result<Shape> shapeOf(const fs::path& root, std::span<const ImageFile> files,
                      const DataSpec& spec) {
    std::optional<Shape> shape;
    bool isGrey = true;
    std::size_t seen = 0;
    const std::size_t step = std::max<std::size_t>(1, files.size() / kFilesForShape);
    // Evenly spread first; if all of those are broken, every other one in turn.
    for (const std::size_t stride : {step, std::size_t{1}}) {
        for (std::size_t i = 0; i < files.size() && seen < kFilesForShape; i += stride) {
            const auto file = readText(files[i].path, kMostFileBytes);
            if (!file) continue;
            const auto header = readImageHeader(*file);
            if (!header) continue;
            ++seen;
            isGrey = isGrey && header->isGrey;
            if (!shape) shape = Shape{3, *header, files[i].path};
        }
        if (shape) break;
    }
    if (!shape) {
        return wrong(Error::Kind::Damaged, root,
                     cat("none of its ", files.size(), " images can be read"),
                     "Look at the files: are they JPEG or PNG images?");
    }
    shape->channels = askedChannels(spec).value_or(isGrey ? 1 : 3);
    if (shape->channels != 1 && shape->channels != 3) {
        return wrong(Error::Kind::BadArgument, root,
                     cat("images have 1 or 3 channels, not ", shape->channels),
                     "Give --mean and --std with one number or three");
    }
    return *shape;
}

/// One image as it should be, or why it is left out or why nothing can be opened.
struct Outcome {
    std::string broken;  // the reason to leave it out; empty: it was read
    std::optional<Error> fatal;
};

Outcome readInto(const ImageFile& image, const Shape& shape, const fs::path& root,
                 std::uint8_t* target) {
    const auto file = readText(image.path, kMostFileBytes);
    if (!file) return {file.error().why, {}};
    const auto header = readImageHeader(*file);
    if (!header) return {header.error().why, {}};
    if (header->width != shape.first.width || header->height != shape.first.height) {
        return {{},
                wrong(Error::Kind::Mismatch, root,
                      cat(shortName(image.path, root), " is ", header->width, "x", header->height,
                          ", ", shortName(shape.firstPath, root), " is ", shape.first.width, "x",
                          shape.first.height, " pixels"),
                      "Scale all images to one size")};
    }
    const auto pixels = decodeImage(*file, static_cast<int>(shape.channels));
    if (!pixels) return {pixels.error().why, {}};
    std::ranges::copy(*pixels, target);
    return {};
}

/// Reads files on all cores; each thread takes the next file that nobody has taken.
class FolderReader {
public:
    FolderReader(const fs::path& root, const Shape& shape, RunControl& control)
        : m_root(root), m_shape(shape), m_control(control) {}

    /// In the order of `files`, less the broken ones. Errors: Mismatch, Cancelled.
    Result<LabelledImages> read(std::span<const ImageFile> files);
    std::size_t broken() const { return m_brokenCount; }
    const std::vector<std::string>& firstBroken() const { return m_firstBroken; }

private:
    std::vector<Outcome> readAll(std::span<const ImageFile> files, std::uint8_t* pixels);
    void noteBroken(const ImageFile& file, const std::string& why);

    const fs::path& m_root;
    const Shape& m_shape;
    RunControl& m_control;
    std::size_t m_brokenCount = 0;
    std::vector<std::string> m_firstBroken;
};

std::vector<Outcome> FolderReader::readAll(std::span<const ImageFile> files, std::uint8_t* pixels) {
    std::vector<Outcome> outcomes(files.size());
    std::atomic<std::size_t> next{0};
    std::atomic<bool> stop{false};
    const auto work = [&] {
        for (std::size_t i = next++; i < files.size() && !stop; i = next++) {
            if (!m_control.keepGoing()) {
                stop = true;
                return;
            }
            outcomes[i] = readInto(files[i], m_shape, m_root, pixels + i * m_shape.bytes());
            if (outcomes[i].fatal) stop = true;
        }
    };
    const std::size_t threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 16);
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
    work();
    helpers.clear();  // joins them
    return outcomes;
}

void FolderReader::noteBroken(const ImageFile& file, const std::string& why) {
    const std::string line = cat(shortName(file.path, m_root), " (", why, ")");
    log(LogLevel::Warning, cat("Left out: ", line));
    if (++m_brokenCount <= kNamed) m_firstBroken.push_back(line);
}

Result<LabelledImages> FolderReader::read(std::span<const ImageFile> files) {
    LabelledImages images;
    const std::size_t size = m_shape.bytes();
    images.pixels.resize(files.size() * size);
    const std::vector<Outcome> outcomes = readAll(files, images.pixels.data());
    if (m_control.isStopRequested())
        return wrong(Error::Kind::Cancelled, m_root, "it was cancelled", "");
    for (const Outcome& outcome : outcomes) {
        if (outcome.fatal) return *outcome.fatal;
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (!outcomes[i].broken.empty()) {
            noteBroken(files[i], outcomes[i].broken);
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

/// Takes a tenth of each class out of `layout.train` for testing, the same at every opening.
void holdOutTest(ImageFolderLayout& layout) {
    std::vector<std::int64_t> labels;
    for (const ImageFile& file : layout.train) labels.push_back(file.label);
    const TrainValidation split = stratifiedSplit(labels, kTestShare);
    std::vector<ImageFile> train;
    for (const std::int64_t i : split.train)
        train.push_back(layout.train[static_cast<std::size_t>(i)]);
    for (const std::int64_t i : split.validation)
        layout.test.push_back(layout.train[static_cast<std::size_t>(i)]);
    layout.train = std::move(train);
}

/// The preset that usually goes with such images.
std::string_view usualPreset(const Shape& shape) {
    if (shape.channels == 1) return "mnist";
    return shape.first.width == 32 && shape.first.height == 32 ? "cifar10" : "imagenet";
}

std::vector<std::string> notesOn(const ImageFolderLayout& layout, const FolderReader& reader,
                                 const DataSpec& spec, const Shape& shape) {
    std::vector<std::string> notes;
    if (layout.isOneLevel)
        notes.emplace_back("a tenth of each class, drawn with seed 0, is the test split");
    if (spec.preset.empty() && spec.mean.empty() && spec.deviation.empty())
        notes.push_back(cat("normalised as ", usualPreset(shape), ": no preset was given"));
    if (reader.broken() > 0) {
        std::string text = cat(reader.broken(), " broken image(s) left out: ");
        for (const std::string& name : reader.firstBroken())
            text += (name == reader.firstBroken().front() ? "" : ", ") + name;
        if (reader.broken() > kNamed) text += ", …";
        notes.push_back(text);
    }
    return notes;
}

Result<void> checkMemory(const fs::path& root, std::size_t files, const Shape& shape) {
    const double bytes = static_cast<double>(files) * static_cast<double>(shape.bytes());
    if (bytes <= kMostMemory) return {};
    return wrong(Error::Kind::Unsupported, root,
                 cat(files, " images of ", shape.first.width, "x", shape.first.height,
                     " pixels take ", byteSize(bytes), " of memory"),
                 "Use fewer or smaller images");
}

/// "cifar10", also for "data/cifar10/".
fs::path rootOf(const DataSpec& spec) {
    std::error_code failed;
    const fs::path whole = fs::weakly_canonical(spec.path, failed);
    return failed ? spec.path : whole;
}

bool recognises(const fs::path& path) {
    return looksLikeImageFolder(path);
}

Result<DatasetPtr> open(const DataSpec& spec, RunControl& control) {
    const fs::path root = rootOf(spec);
    auto layout = readImageFolderLayout(root, control);
    if (!layout) return layout.error();
    if (layout->isOneLevel) holdOutTest(*layout);
    const auto shape = shapeOf(root, layout->train.empty() ? layout->test : layout->train, spec);
    if (!shape) return shape.error();
    const auto normalisation = normalisationFor(spec, usualPreset(*shape), shape->channels);
    if (!normalisation) return normalisation.error();
    const std::size_t files =
        layout->train.size() + layout->validation.size() + layout->test.size();
    if (auto fits = checkMemory(root, files, *shape); !fits) return fits.error();

    FolderReader reader(root, *shape, control);
    auto train = reader.read(layout->train);
    if (!train) return train.error();
    auto validation = reader.read(layout->validation);
    if (!validation) return validation.error();
    auto test = reader.read(layout->test);
    if (!test) return test.error();
    DatasetInfo info;
    info.name = root.filename().string();
    info.kind = "image folder";
    info.sampleShape = {shape->channels, shape->first.height, shape->first.width};
    info.classes = layout->classes;
    info.notes = notesOn(*layout, reader, spec, *shape);
    return makeMemoryImages(
        {info, spec, *normalisation, std::move(*train), std::move(*test), std::move(*validation)});
}

}  // namespace

const DatasetKind kImageFolder{
    "JPEG or PNG images in a folder for each class (train/CLASS/…, test/CLASS/… or val/CLASS/…, or "
    "CLASS/… alone)",
    recognises, open};

}  // namespace espalier::data
