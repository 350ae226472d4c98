// SPDX-License-Identifier: GPL-3.0-or-later
// Which images a folder of classes holds, by names alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/run_control.h"

namespace espalier::data {

struct ImageFile {
    std::filesystem::path path;
    std::int64_t label = 0;

    bool operator==(const ImageFile&) const = default;
};

struct ImageFolderLayout {
    std::vector<std::string> classes;  ///< names of the class folders, ascending; none: no labels
    std::vector<ImageFile> train;      ///< by class, then by path
    std::vector<ImageFile> validation;
    std::vector<ImageFile> test;
    bool isOneLevel = false;        ///< no split folders: all images are in `train`
    std::set<std::string> empty{};  ///< names of folders beside the classes without an image
};

/// Whether there is an image in it, in a folder of it, or further down. Looks at 20 000 names at
/// most.
bool looksLikeImageFolder(const std::filesystem::path& folder);

/// ROOT/{train,val,test}/CLASS/…/IMAGE, or ROOT/CLASS/…/IMAGE. Without any folder of classes the
/// images have no labels: ROOT/{train,val,test}/IMAGE, or ROOT/IMAGE.
///
/// `val` may be called `valid` or `validation`; without a `test` it is the test split, as in
/// ImageNet. One level of classes in a folder called like a split is that split. Names that begin
/// with a dot are passed over. Errors: Unreadable; Cancelled.
Result<ImageFolderLayout> readImageFolderLayout(const std::filesystem::path& root,
                                                RunControl& control);

}  // namespace espalier::data
