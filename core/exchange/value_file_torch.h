// SPDX-License-Identifier: GPL-3.0-or-later
// Files of tensors: a line that says what they are, a header of JSON, the numbers as they lie in
// memory, and the SHA-256 of all that. Reading one runs no code.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

#include "core/base/result.h"

namespace espalier::exchange {

/// Numbers as tensors, which keep their bits; `texts` for text alone.
struct StoredValue {
    std::string name;
    std::string kind;  ///< tensor, tensors, int, ints, double, text, texts
    std::vector<at::Tensor> tensors{};
    std::vector<std::string> texts{};
};

/// What a file is, and what to tell a person who gives another one.
struct ValueFormat {
    std::string_view name;  ///< the first line is "NAME VERSION"
    int version = 1;
    std::string_view noun;       ///< "checkpoint of a fine-tuning"
    std::string_view ifOther{};  ///< what to do when it is another kind of file
    std::string_view ifMissing{};
    std::string_view ifDamaged{};
};

/// `header` is an object; its key "values" is written here. Throws std::runtime_error with the
/// system's reason.
void writeValueFile(const std::filesystem::path& path, const ValueFormat& format,
                    nlohmann::ordered_json header, const std::vector<StoredValue>& values);

struct ValueFile {
    nlohmann::ordered_json header;
    std::vector<StoredValue> values;
};
enum class ValueFilePart { Header, All };

/// Reads no more than the file holds, whatever its header says. Errors, with an empty `what`:
/// NotFound; Unreadable; Unsupported (another kind of file, a later version); Damaged (also when
/// the hash is another; of a header alone that is not known).
Result<ValueFile> readValueFile(const std::filesystem::path& path, const ValueFormat& format,
                                ValueFilePart part = ValueFilePart::All);

}  // namespace espalier::exchange
