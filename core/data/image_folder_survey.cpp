// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/image_folder_survey.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/data/parallel.h"

namespace espalier::data {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFileBytes = 256u << 20;
constexpr std::size_t kHeaderBytes = 16 << 10;  // few headers are longer
constexpr std::size_t kFilesInSample = 32;

ImageSize sizeOf(const ImageHeader& header) {
    return {header.height, header.width};
}

/// One for grey, three for colour, when the options say so.
std::optional<std::int64_t> askedChannels(const DataSpec& spec) {
    if (!spec.mean.empty()) return std::ssize(spec.mean);
    if (!spec.deviation.empty()) return std::ssize(spec.deviation);
    if (spec.preset == "mnist") return 1;
    if (!spec.preset.empty()) return 3;
    return {};
}

/// What one file turned out to be.
struct Finding {
    ImageSize size;      // of the sample it becomes
    std::string broken;  // the reason to leave it out
    std::optional<Error> fatal;
};

Finding findingOf(const fs::path& root, const ImageFile& file, const Geometry& geometry) {
    const auto header = headerOf(file.path);
    if (!header) return {{}, header.error().why, goneError(root, file.path, header.error())};
    const auto window = geometry.windowFor(sizeOf(*header));
    if (window) return {window->size(), {}, {}};
    return {{},
            {},
            folderError(Error::Kind::Mismatch, root,
                        cat(shortName(file.path, root), ": ", window.error().why),
                        window.error().hint)};
}

}  // namespace

std::optional<Error> goneError(const fs::path& root, const fs::path& file, const Error& error) {
    if (error.kind != Error::Kind::NotFound) return {};
    return folderError(Error::Kind::Unreadable, root,
                       cat(shortName(file, root), " was there a moment ago and is gone"),
                       "Bring the data back, and open it again");
}

Result<std::string> readImageFile(const fs::path& file) {
    return readText(file, kMostFileBytes);
}

Result<ImageHeader> headerOf(const fs::path& file) {
    std::string start(kHeaderBytes, '\0');
    std::ifstream stream(file, std::ios::binary);
    stream.read(start.data(), static_cast<std::streamsize>(start.size()));
    start.resize(static_cast<std::size_t>(stream.gcount()));
    if (start.size() == kHeaderBytes) {
        if (auto header = readImageHeader(start)) return header;
    }
    const auto whole = readImageFile(file);
    if (!whole) return whole.error();
    return readImageHeader(*whole);
}

Error twoSizes(const fs::path& root, const fs::path& one, ImageSize size, const fs::path& other,
               ImageSize otherSize) {
    return folderError(
        Error::Kind::Mismatch, root,
        cat(shortName(one, root), " is ", size.width, "x", size.height, ", ",
            shortName(other, root), " is ", otherSize.width, "x", otherSize.height, " pixels"),
        "Bring them to one size: scale them to 256 and cut out 224, for example (--resize 256 "
        "--crop 224)");
}

Result<FolderSample> sampleFolder(const fs::path& root, std::span<const ImageFile> files,
                                  const DataSpec& spec) {
    std::optional<FolderSample> sample;
    bool isGrey = true;
    std::size_t seen = 0;
    const std::size_t step = std::max<std::size_t>(1, files.size() / kFilesInSample);
    // Evenly spread first; if all of those are broken, every other one in turn.
    for (const std::size_t stride : {step, std::size_t{1}}) {
        for (std::size_t i = 0; i < files.size() && seen < kFilesInSample; i += stride) {
            const auto header = headerOf(files[i].path);
            if (!header) continue;
            ++seen;
            isGrey = isGrey && header->isGrey;
            if (!sample) sample = FolderSample{3, *header, files[i].path};
            if (sizeOf(*header) != sizeOf(sample->first)) sample->hasOneSize = false;
        }
        if (sample) break;
    }
    if (!sample) {
        return folderError(Error::Kind::Damaged, root,
                           cat("none of its ", files.size(), " images can be read"),
                           "Look at the files: are they JPEG or PNG images?");
    }
    sample->channels = askedChannels(spec).value_or(isGrey ? 1 : 3);
    sample->isGreyAsColour = isGrey && sample->channels == 3;
    if (sample->channels == 1 || sample->channels == 3) return *sample;
    return folderError(Error::Kind::BadArgument, root,
                       cat("images have 1 or 3 channels, not ", sample->channels),
                       "Give one number or three as mean and standard deviation (--mean, --std)");
}

std::string_view usualPreset(const FolderSample& sample) {
    if (sample.channels == 1) return "mnist";
    return sizeOf(sample.first) == ImageSize{32, 32} ? "cifar10" : "imagenet";
}

Result<ImageSize> surveyFolder(const fs::path& root, ImageFolderLayout& layout,
                               const Geometry& geometry, int threads, BrokenFiles& broken,
                               RunControl& control) {
    std::optional<ImageSize> size;
    fs::path sized;
    for (std::vector<ImageFile>* files : {&layout.train, &layout.validation, &layout.test}) {
        std::vector<Finding> findings(files->size());
        inParallel(files->size(), threads, control, [&](std::size_t i) {
            findings[i] = findingOf(root, (*files)[i], geometry);
            return !findings[i].fatal;
        });
        if (control.isStopRequested())
            return folderError(Error::Kind::Cancelled, root, "it was cancelled", "");
        std::vector<ImageFile> whole;
        for (std::size_t i = 0; i < files->size(); ++i) {
            ImageFile& file = (*files)[i];
            if (findings[i].fatal) return *findings[i].fatal;
            if (!findings[i].broken.empty()) {
                broken.add(file.path, findings[i].broken);
                continue;
            }
            if (!size) sized = file.path;
            if (!size) size = findings[i].size;
            if (*size != findings[i].size)
                return twoSizes(root, file.path, findings[i].size, sized, *size);
            whole.push_back(std::move(file));
        }
        *files = std::move(whole);
    }
    if (size) return *size;
    return folderError(Error::Kind::Damaged, root, "none of its images can be read",
                       "Look at the files: are they JPEG or PNG images?");
}

}  // namespace espalier::data
