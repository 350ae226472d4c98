// SPDX-License-Identifier: GPL-3.0-or-later
// Labelled images that are read from their files when they are needed.
#pragma once

#include <filesystem>

#include "core/data/dataset_torch.h"
#include "core/data/geometry.h"
#include "core/data/image_folder_layout.h"
#include "core/data/normalisation.h"

namespace espalier::data {

struct StreamedCollection {
    DatasetInfo info;  ///< all but the sample counts and the notes on splits
    DataSpec spec;
    Normalisation normalisation;
    Geometry geometry;  ///< makes samples of DatasetInfo::sampleShape of all files
    std::filesystem::path root;
    ImageFolderLayout files;
    double memoryBytes = 0;  ///< samples of up to this many bytes are kept once they were read
};

/// Samples that are read a second time come from memory while that lasts: scans go over the same
/// ones again and again. A file that turns out to be broken is logged and left out of its batch;
/// one that has gone is a ReadError.
/// Errors: BadArgument (an unknown augmentation).
Result<DatasetPtr> makeStreamedImages(StreamedCollection collection);

}  // namespace espalier::data
