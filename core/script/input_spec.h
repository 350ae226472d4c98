// SPDX-License-Identifier: GPL-3.0-or-later
// What one forward argument looks like: "1x3x224x224", "1x128:int64:0..30522", "list:3x320x320".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace espalier::script {

enum class DType { Float32, Float64, Float16, BFloat16, Int64, Int32, UInt8, Bool };

/// "float32", "int64", … as PyTorch spells them.
std::string_view name(DType dtype);

/// Half-open range of values an example is drawn from.
struct ValueRange {
    double low = 0;
    double high = 1;
    bool operator==(const ValueRange&) const = default;
};

/// Shape, type and value range of one argument of `forward`.
struct InputSpec {
    std::vector<std::int64_t> shape;  ///< all dimensions >= 1, the batch first
    DType dtype = DType::Float32;
    std::optional<ValueRange> range;  ///< none: standard normal for floats, 0..2 for
                                      ///< integers, 0..256 for uint8
    bool isList = false;              ///< a list that holds one such tensor

    bool operator==(const InputSpec&) const = default;
};

/// Reads the written form. Errors: BadArgument, quoting `text` and an example of the right form.
Result<InputSpec> parseInputSpec(std::string_view text);

/// The written form; `parseInputSpec` gives the same spec back.
std::string toString(const InputSpec& spec);

}  // namespace espalier::script
