// SPDX-License-Identifier: GPL-3.0-or-later
// A look at a few samples, for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/data/dataset.h"

namespace espalier::data {

struct SamplePreview {
    std::string label;  ///< the class's name, or the first of the targets; empty without targets
    std::int64_t height = 0;  ///< of the picture; 0 when the sample is no image
    std::int64_t width = 0;
    std::int64_t channels = 0;         ///< 1 or 3
    std::vector<std::uint8_t> pixels;  ///< [height, width, channels]
    std::string numbers;               ///< the first numbers of each input: "3, 17, 4, …"

    bool operator==(const SamplePreview&) const = default;
};

struct Preview {
    Split split = Split::Train;
    std::vector<SamplePreview> samples;
    double lowest = 0;  ///< of the first input's values in these samples, as the model gets them
    double highest = 0;
    std::vector<std::string> warnings;  ///< "values reach 255: …"

    bool operator==(const Preview&) const = default;
};

/// Up to `count` samples, evenly spread over the first split that has any, as the model gets them:
/// scaled, cropped, normalised. Pictures are stretched from the lowest to the highest value.
/// Errors: Damaged (all splits are empty, or no sample can be read); NotFound; Cancelled.
Result<Preview> previewSamples(const Dataset& dataset, int count, RunControl& control);

}  // namespace espalier::data
