// SPDX-License-Identifier: GPL-3.0-or-later
// The IDX format of MNIST and its relatives: two zero bytes, an element type, the number of
// dimensions, the dimensions as big-endian 32-bit numbers, the elements.
// http://yann.lecun.com/exdb/mnist
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/base/result.h"
#include "core/base/run_control.h"

namespace espalier::data {

/// An array of bytes; the last dimension varies fastest.
struct IdxArray {
    std::vector<std::int64_t> shape;
    std::vector<std::uint8_t> values;
};

/// Reads an IDX file of unsigned bytes, plain or gzip, with `dimensions` dimensions, none of them
/// 0.
///
/// Memory grows with what the file really holds, whatever its header claims.
/// Errors: NotFound, Unreadable; Damaged, naming the file, when header and contents disagree;
/// Cancelled.
Result<IdxArray> readIdx(const std::filesystem::path& path, std::size_t dimensions,
                         RunControl& control);

}  // namespace espalier::data
