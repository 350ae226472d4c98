// SPDX-License-Identifier: GPL-3.0-or-later
// A named part of a dataset, such as criteria look at: "train[0:1024]".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/data/dataset.h"

namespace espalier::data {

/// Samples [begin, end) of a split in an order that a seed shuffles, so that a slice of data sorted
/// by class holds all classes.
struct Slice {
    Split split = Split::Train;
    std::int64_t begin = 0;
    std::int64_t end = 0;

    bool operator==(const Slice&) const = default;
};

std::string toString(const Slice& slice);  ///< "train[0:1024]"
/// Errors: BadArgument, saying how a slice is written.
Result<Slice> parseSlice(std::string_view text);

/// Indices into the slice's split, at most `end - begin`: fewer where the split is shorter. The
/// same on every platform. Errors: BadArgument when no sample is in the slice, naming the splits
/// that have some.
Result<std::vector<std::int64_t>> indicesOf(const Dataset& dataset, const Slice& slice,
                                            std::uint64_t seed);

}  // namespace espalier::data
