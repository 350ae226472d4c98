// SPDX-License-Identifier: GPL-3.0-or-later
// Named tensors in a file: a dict that torch.save wrote, or NumPy's npz. Neither is trusted: no
// code in them is run, and every size is held against the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/base/result.h"
#include "core/base/run_control.h"

namespace espalier::data {

struct NamedTensor {
    std::string name;
    at::Tensor value;  ///< contiguous, on the CPU
};

/// All tensors of a .pt or .npz file, in the order they were written.
///
/// Errors: NotFound, Unreadable; Damaged; Untrusted (the pickle names anything but tensors);
/// Unsupported (an element type that torch lacks, Python objects, big-endian numbers, another
/// format), each naming the array; Cancelled.
Result<std::vector<NamedTensor>> readTensorFile(const std::filesystem::path& path,
                                                RunControl& control);

/// One array in NumPy's own format, versions 1 to 3: a header in words, then the elements.
/// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
/// Errors, with the reason alone: Damaged, Unsupported.
Result<at::Tensor> parseNpy(std::string_view bytes);

/// A tensor of its own [elements] from bytes; any byte but 0 is true where `type` is bool.
at::Tensor tensorOf(const char* bytes, std::int64_t elements, at::ScalarType type);

}  // namespace espalier::data
