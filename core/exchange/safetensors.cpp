// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/safetensors.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/exchange/export_module_torch.h"

namespace espalier::exchange {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kAlignment = 8;  // of the data, so that it can be mapped into memory

struct NamedTensor {
    std::string name;
    at::Tensor tensor;  ///< on the CPU, contiguous
};

/// The format's name for a type; none where it has none.
std::optional<std::string_view> typeName(at::ScalarType type) {
    switch (type) {
        case at::kDouble:
            return "F64";
        case at::kFloat:
            return "F32";
        case at::kHalf:
            return "F16";
        case at::kBFloat16:
            return "BF16";
        case at::kLong:
            return "I64";
        case at::kInt:
            return "I32";
        case at::kShort:
            return "I16";
        case at::kChar:
            return "I8";
        case at::kByte:
            return "U8";
        case at::kBool:
            return "BOOL";
        default:
            return std::nullopt;
    }
}

/// Parameters and buffers: wide types first, so that each begins at a multiple of its size; then by
/// name.
Result<std::vector<NamedTensor>> stateOf(const torch::jit::Module& module) {
    std::map<std::string, at::Tensor> state;
    for (const auto& slot : module.named_parameters()) state.emplace(slot.name, slot.value);
    for (const auto& slot : module.named_buffers()) state.emplace(slot.name, slot.value);
    std::vector<NamedTensor> tensors;
    for (const auto& [name, tensor] : state) {
        const bool isPlain = tensor.layout() == at::kStrided && !tensor.is_quantized();
        if (!isPlain || !typeName(tensor.scalar_type())) {
            const std::string type =
                isPlain ? c10::toString(tensor.scalar_type()) : "a quantized or sparse tensor";
            return Error{Error::Kind::Unsupported, "Cannot write safetensors",
                         cat(name, " is ", type, ", which the format has no name for"),
                         "Export TorchScript"};
        }
        tensors.push_back({name, tensor.detach().cpu().contiguous()});
    }
    std::ranges::stable_sort(tensors, std::ranges::greater{},
                             [](const auto& entry) { return entry.tensor.itemsize(); });
    return tensors;
}

/// The length of the header and the header, padded with blanks.
std::string headerOf(const std::vector<NamedTensor>& tensors) {
    nlohmann::ordered_json header;
    header["__metadata__"]["format"] = "pt";
    std::size_t offset = 0;
    for (const auto& [name, tensor] : tensors) {
        const std::size_t end = offset + tensor.nbytes();
        header[name] = {{"dtype", *typeName(tensor.scalar_type())},
                        {"shape", tensor.sizes().vec()},
                        {"data_offsets", {offset, end}}};
        offset = end;
    }
    std::string text = header.dump();
    text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
    std::string length;
    for (int i = 0; i < 8; ++i) length += static_cast<char>((text.size() >> (8 * i)) & 0xff);
    return length + text;
}

Error cancelled(const fs::path& target) {
    return {Error::Kind::Cancelled, cat("Cannot write ", target.string()), "it was cancelled", ""};
}

const char* dataOf(const at::Tensor& tensor) {
    return static_cast<const char*>(tensor.const_data_ptr());
}

}  // namespace

Result<std::vector<std::string>> writeSafetensors(const ExportSubject& subject,
                                                  const fs::path& target, const EventSink<>& events,
                                                  RunControl& control) {
    const std::string what = cat("Cannot write ", target.string());
    return guarded(what, [&]() -> Result<std::vector<std::string>> {
        const auto module = moduleOf(subject);
        if (!module) return module.error();
        const auto tensors = stateOf(*module);
        if (!tensors) return tensors.error();
        const std::string header = headerOf(*tensors);

        const auto write = [&](const fs::path& file) -> Result<void> {
            events.progress({"Writing the weights", 0, 2});
            std::ofstream stream(file, std::ios::binary);
            stream.write(header.data(), static_cast<std::streamsize>(header.size()));
            for (const auto& [name, tensor] : *tensors) {
                if (!control.keepGoing()) return cancelled(target);
                stream.write(dataOf(tensor), static_cast<std::streamsize>(tensor.nbytes()));
            }
            stream.close();
            if (stream) return {};
            return Error{Error::Kind::WriteFailed, what, "the disk took only a part of it",
                         "Make room or choose another folder"};
        };
        const auto check = [&](const fs::path& file) -> Result<void> {
            events.progress({"Reading them again and comparing", 1, 2});
            std::ifstream stream(file, std::ios::binary);
            std::string read;
            const auto isNext = [&](const char* data, std::size_t size) {
                read.resize(size);
                stream.read(read.data(), static_cast<std::streamsize>(size));
                return stream && std::memcmp(read.data(), data, size) == 0;
            };
            bool isSame = isNext(header.data(), header.size());
            for (const auto& [name, tensor] : *tensors) {
                if (!control.keepGoing()) return cancelled(target);
                isSame = isSame && isNext(dataOf(tensor), tensor.nbytes());
            }
            if (isSame && stream.peek() == std::ifstream::traits_type::eof()) return {};
            return Error{Error::Kind::Failed, what, "the file does not hold what was written",
                         "Nothing was kept. Try another folder"};
        };
        if (auto written = writeAtomically(target, write, check); !written) return written.error();
        return std::vector<std::string>{};
    });
}

}  // namespace espalier::exchange
