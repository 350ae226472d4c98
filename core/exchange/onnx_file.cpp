// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled without torch: see onnx_model.h.
#include <fstream>

#include <espalier_onnx.pb.h>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/base/process.h"
#include "core/exchange/onnx_model.h"

namespace espalier::exchange {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kOpset = 17;
constexpr std::int64_t kIrVersion = 8;
constexpr std::size_t kLargestFile = (std::size_t{1} << 31) - 1;  // protobuf's own limit

void fill(onnx::AttributeProto& proto, const OnnxAttribute& attribute) {
    proto.set_name(attribute.name);
    if (const auto* number = std::get_if<std::int64_t>(&attribute.value)) {
        proto.set_type(onnx::AttributeProto::INT);
        proto.set_i(*number);
    } else if (const auto* real = std::get_if<double>(&attribute.value)) {
        proto.set_type(onnx::AttributeProto::FLOAT);
        proto.set_f(static_cast<float>(*real));
    } else if (const auto* text = std::get_if<std::string>(&attribute.value)) {
        proto.set_type(onnx::AttributeProto::STRING);
        proto.set_s(*text);
    } else if (const auto* numbers = std::get_if<Integers>(&attribute.value)) {
        proto.set_type(onnx::AttributeProto::INTS);
        for (const auto value : *numbers) proto.add_ints(value);
    } else {
        proto.set_type(onnx::AttributeProto::STRINGS);
        for (const auto& value : std::get<std::vector<std::string>>(attribute.value))
            proto.add_strings(value);
    }
}

void fill(onnx::NodeProto& proto, const OnnxNode& node) {
    proto.set_op_type(node.op);
    proto.set_name(node.name);
    for (const auto& input : node.inputs) proto.add_input(input);
    for (const auto& output : node.outputs) proto.add_output(output);
    for (const auto& attribute : node.attributes) fill(*proto.add_attribute(), attribute);
}

void fill(onnx::TensorProto& proto, const OnnxTensor& tensor) {
    proto.set_name(tensor.name);
    proto.set_data_type(static_cast<int>(tensor.type));
    for (const auto size : tensor.shape) proto.add_dims(size);
    proto.set_raw_data(tensor.bytes);
}

void fill(onnx::ValueInfoProto& proto, const OnnxValue& value) {
    proto.set_name(value.name);
    auto& type = *proto.mutable_type()->mutable_tensor_type();
    type.set_elem_type(static_cast<int>(value.type));
    auto& shape = *type.mutable_shape();
    for (const auto& size : value.shape) {
        auto& dim = *shape.add_dim();
        if (const auto* number = std::get_if<std::int64_t>(&size)) {
            dim.set_dim_value(*number);
        } else {
            dim.set_dim_param(std::get<std::string>(size));
        }
    }
}

onnx::ModelProto protoOf(const OnnxModel& model) {
    onnx::ModelProto proto;
    proto.set_ir_version(kIrVersion);
    proto.set_producer_name("Espalier");
    proto.set_producer_version(version());
    proto.add_opset_import()->set_version(kOpset);
    auto& graph = *proto.mutable_graph();
    graph.set_name(model.name);
    for (const auto& node : model.nodes) fill(*graph.add_node(), node);
    for (const auto& tensor : model.tensors) fill(*graph.add_initializer(), tensor);
    for (const auto& input : model.inputs) fill(*graph.add_input(), input);
    for (const auto& output : model.outputs) fill(*graph.add_output(), output);
    return proto;
}

std::size_t bytesOfTensors(const OnnxModel& model) {
    std::size_t bytes = 0;
    for (const auto& tensor : model.tensors) bytes += tensor.bytes.size();
    return bytes;
}

}  // namespace

Result<void> writeOnnxFile(const OnnxModel& model, const fs::path& target,
                           const EventSink<>& events) {
    const std::string what = cat("Cannot write ", target.string());
    const Error tooLarge{Error::Kind::Unsupported, what, "an ONNX file holds at most 2 GB",
                         "Export TorchScript or safetensors"};
    if (bytesOfTensors(model) > kLargestFile) return tooLarge;
    const onnx::ModelProto proto = protoOf(model);
    if (proto.ByteSizeLong() > kLargestFile) return tooLarge;
    const std::string bytes = proto.SerializeAsString();
    const auto put = [&](const fs::path& file) -> Result<void> {
        events.progress({"Writing the model", 0, 2});
        std::ofstream stream(file, std::ios::binary);
        stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        stream.close();
        if (stream) return {};
        return Error{Error::Kind::WriteFailed, what, "the disk took only a part of it",
                     "Make room or choose another folder"};
    };
    const auto check = [&](const fs::path& file) -> Result<void> {
        events.progress({"Reading it again and comparing", 1, 2});
        const auto read = readText(file, kLargestFile);
        if (!read) return read.error();
        onnx::ModelProto again;
        if (*read == bytes && again.ParseFromString(*read)) return {};
        return Error{Error::Kind::Failed, what, "the file does not hold what was written",
                     "Nothing was kept. Try another folder"};
    };
    return writeAtomically(target, put, check);
}

}  // namespace espalier::exchange
