// SPDX-License-Identifier: GPL-3.0-or-later
// The samples of one tensor file, checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/base/run_control.h"
#include "core/data/dataset.h"

namespace espalier::data {

/// What one file holds; all have the same number of samples, and every number is finite.
struct TensorPart {
    std::vector<at::Tensor> inputs;      ///< each [samples, …]
    at::Tensor targets;                  ///< [samples] int64 classes, [samples, …], or undefined
    std::string file{};                  ///< the name of what it was read from
    std::vector<std::int64_t> places{};  ///< of its samples in that file; empty: all, in order

    std::int64_t samples() const { return inputs.empty() ? 0 : inputs[0].size(0); }
    Targets kind() const;
    /// Classes to stratify by; all the same where there are none.
    std::vector<std::int64_t> labels() const;
    /// Samples of a part that holds all of its file.
    TensorPart chosen(const std::vector<std::int64_t>& places) const;
};

/// The arrays whose names begin with "inputs", in the order of the file, and "targets", if it is
/// there.
/// Errors: of readTensorFile; NotFound (no inputs); Mismatch (numbers of samples differ); Damaged
/// (NaN or infinity, a class below 0 or beyond a million), naming the array and the sample.
Result<TensorPart> readTensorPart(const std::filesystem::path& file, RunControl& control);

/// "Cannot open the data in data.npz".
Error tensorFileError(Error::Kind kind, const std::filesystem::path& file, std::string why,
                      std::string hint);

}  // namespace espalier::data
