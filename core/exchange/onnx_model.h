// SPDX-License-Identifier: GPL-3.0-or-later
// An ONNX model as plain values, and the file it becomes. Knows nothing of torch, whose headers
// bring a protobuf of their own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/events.h"
#include "core/base/result.h"

namespace espalier::exchange {

using Integers = std::vector<std::int64_t>;

/// Numbers as in TensorProto.DataType.
enum class OnnxType {
    Float = 1,
    UInt8 = 2,
    Int8 = 3,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    Bool = 9,
    Float16 = 10,
    Double = 11,
    BFloat16 = 16
};

struct OnnxAttribute {
    std::string name;
    std::variant<std::int64_t, double, std::string, Integers, std::vector<std::string>> value;
};
using OnnxAttributes = std::vector<OnnxAttribute>;

struct OnnxNode {
    std::string op;
    std::string name;
    std::vector<std::string> inputs;  ///< empty names: left out
    std::vector<std::string> outputs;
    OnnxAttributes attributes;
};

/// An initialiser.
struct OnnxTensor {
    std::string name;
    OnnxType type = OnnxType::Float;
    Integers shape;
    std::string bytes;  ///< little-endian, the last axis fastest
};

/// An input or output of the graph. A size is a number or a name.
struct OnnxValue {
    std::string name;
    OnnxType type = OnnxType::Float;
    std::vector<std::variant<std::int64_t, std::string>> shape;
};

struct OnnxModel {
    std::string name;
    std::vector<OnnxNode> nodes;  ///< each after those it reads from
    std::vector<OnnxTensor> tensors;
    std::vector<OnnxValue> inputs;
    std::vector<OnnxValue> outputs;
};

/// Writes the model as a file of opset 17. Atomic; read again and compared before the file takes
/// its name. Errors: Unsupported when it would be larger than 2 GB; WriteFailed; Failed.
Result<void> writeOnnxFile(const OnnxModel& model, const std::filesystem::path& target,
                           const EventSink<>& events);

}  // namespace espalier::exchange
