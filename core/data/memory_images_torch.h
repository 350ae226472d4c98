// SPDX-License-Identifier: GPL-3.0-or-later
// Labelled images of one size, held in memory as bytes and normalised batch by batch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/data/dataset_torch.h"
#include "core/data/normalisation.h"

namespace espalier::data {

/// Images [samples, channels, height, width], one byte a value, and their classes; all 0 where
/// there are no labels.
struct LabelledImages {
    std::vector<std::uint8_t> pixels;
    std::vector<std::int64_t> labels;
};

/// What a reader of files hands over. Each of the three may be empty.
struct ImageCollection {
    DatasetInfo info;  ///< all but the sample counts and the notes on splits
    DataSpec spec;
    Normalisation normalisation;
    LabelledImages train;
    LabelledImages test;
    LabelledImages validation{};
};

/// Scaled and cropped as the options say, and split (Partition).
/// Errors: BadArgument (an option that makes no sense), Mismatch (a crop larger than the images).
Result<DatasetPtr> makeMemoryImages(ImageCollection collection);

}  // namespace espalier::data
