// SPDX-License-Identifier: GPL-3.0-or-later
// What the images of a folder are, found without decoding them.
#pragma once

#include <span>
#include <vector>

#include "core/base/run_control.h"
#include "core/data/broken_files.h"
#include "core/data/geometry.h"
#include "core/data/image_decoder.h"
#include "core/data/image_folder_layout.h"

namespace espalier::data {

/// A few images, spread over all.
struct FolderSample {
    std::int64_t channels = 3;  ///< that all are read with: 1 when all are grey, or when asked for
    ImageHeader first;
    std::filesystem::path firstPath;
    bool hasOneSize = true;
    bool isGreyAsColour = false;  ///< grey images, and three channels were asked for
};

/// Errors: Damaged, when none can be read; BadArgument, when the options ask for neither one
/// channel nor three.
Result<FolderSample> sampleFolder(const std::filesystem::path& root,
                                  std::span<const ImageFile> files, const DataSpec& spec);

/// The preset that usually goes with such images.
std::string_view usualPreset(const FolderSample& sample);

/// Looks at the header of every file with `threads` threads: drops the broken ones, and finds the
/// one size that `geometry` makes of all.
/// Errors: Mismatch, naming two files whose sizes differ; Cancelled.
Result<ImageSize> surveyFolder(const std::filesystem::path& root, ImageFolderLayout& layout,
                               const Geometry& geometry, int threads, BrokenFiles& broken,
                               RunControl& control);

/// The header of a file whose other bytes may be broken. Errors: of readImageHeader, readText.
Result<ImageHeader> headerOf(const std::filesystem::path& file);

/// When a file that was listed is not there any more, the data is going away: Unreadable. None for
/// other errors, which a broken file has.
std::optional<Error> goneError(const std::filesystem::path& root, const std::filesystem::path& file,
                               const Error& error);

/// The whole file. Errors: of readText.
Result<std::string> readImageFile(const std::filesystem::path& file);

/// Two files whose samples would have different sizes.
Error twoSizes(const std::filesystem::path& root, const std::filesystem::path& one, ImageSize size,
               const std::filesystem::path& other, ImageSize otherSize);

}  // namespace espalier::data
