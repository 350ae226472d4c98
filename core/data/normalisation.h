// SPDX-License-Identifier: GPL-3.0-or-later
// From bytes to the numbers a model was trained on: (value / 255 - mean) / deviation, per channel.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/data/dataset.h"

namespace espalier::data {

/// One entry per channel.
struct Normalisation {
    std::vector<float> mean;
    std::vector<float> deviation;

    /// What each of the 256 byte values becomes in `channel`; bit for bit torchvision's ToTensor
    /// and Normalize.
    std::vector<float> table(std::int64_t channel) const;
};

/// What `spec` asks for, its preset (or `usual`, when it names none) filling in what it leaves
/// open. Errors: BadArgument for an unknown preset, another number of channels, a deviation that is
/// not positive.
Result<Normalisation> normalisationFor(const DataSpec& spec, std::string_view usual,
                                       std::int64_t channels);

}  // namespace espalier::data
