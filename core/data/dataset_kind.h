// SPDX-License-Identifier: GPL-3.0-or-later
// What a kind of dataset has to offer to be opened.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/data/dataset.h"

namespace espalier::data {

struct DatasetKind {
    std::string_view looksLike;  ///< for people who gave a path of no known kind
    bool (*recognises)(const std::filesystem::path& path);  ///< looks at names only
    Result<DatasetPtr> (*open)(const DataSpec& spec, RunControl& control);
};

/// The folder itself, or that of the one file in it that was named.
std::filesystem::path folderOf(const std::filesystem::path& path);

extern const DatasetKind kIdxDataset;
extern const DatasetKind kCifarDataset;
extern const DatasetKind kTensorData;
extern const DatasetKind kImageFolder;

}  // namespace espalier::data
