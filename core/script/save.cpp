// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/save_torch.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/nan_to_num.h>
#include <torch/csrc/jit/serialization/export.h>
#include <torch/csrc/jit/serialization/import.h>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/script/interpreter_torch.h"
#include "core/script/seeded_random_torch.h"

namespace espalier::script {

namespace fs = std::filesystem;
using torch::jit::Module;

namespace {

constexpr std::uint64_t kSeed = 0;

/// The saved file as torch writes it, piece by piece. Never tells torch of a failure: its writer
/// would throw from a destructor and end the program. What failed is kept, and what comes after it,
/// or after a stop, is dropped.
class ModelFile {
public:
    ModelFile(const fs::path& path, const RunControl& control)
        : m_file(std::fopen(path.c_str(), "wbxe")), m_control(control) {
        if (!m_file) m_error = errno;
    }
    ~ModelFile() { close(); }
    ModelFile(const ModelFile&) = delete;
    ModelFile& operator=(const ModelFile&) = delete;

    std::size_t write(const void* data, std::size_t size) {
        if (m_error == 0 && m_control.isStopRequested()) m_error = ECANCELED;
        if (m_error == 0 && std::fwrite(data, 1, size, m_file) < size) m_error = errno;
        return size;
    }
    /// 0, or the error number of the first thing that failed.
    int close() {
        if (m_file && std::fclose(m_file) != 0 && m_error == 0) m_error = errno;
        m_file = nullptr;
        return m_error;
    }

private:
    std::FILE* m_file;
    const RunControl& m_control;
    int m_error = 0;
};

Error cancelled(const std::string& what) {
    return {Error::Kind::Cancelled, what, "it was cancelled", ""};
}

Result<void> writeModule(const Module& module, const fs::path& file, const ExtraFiles& extraFiles,
                         const std::string& what, const RunControl& control) {
    ModelFile output(file, control);
    torch::jit::ExportModule(
        module, [&](const void* data, std::size_t size) { return output.write(data, size); },
        extraFiles);
    const int code = output.close();
    if (code == 0) return {};
    if (code == ECANCELED) return cancelled(what);
    Error error =
        detail::errorFromException(what, std::system_error(code, std::generic_category()));
    error.kind = Error::Kind::WriteFailed;
    if (error.hint.empty()) error.hint = "Choose another folder.";
    return error;
}

Error differs(const std::string& part) {
    return {
        Error::Kind::Failed, "Cannot save the model",
        part + " of the saved file is not what the model in memory has",
        "Nothing was written. Try another folder; if it happens again, report it with the log."};
}

/// Bit for bit, a NaN equal to a NaN.
bool sameValues(const at::Tensor& a, const at::Tensor& b) {
    if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type()) return false;
    if (at::equal(a, b)) return true;
    if (!a.is_floating_point() && !a.is_complex()) return false;
    return at::equal(at::isnan(a), at::isnan(b)) && at::equal(at::nan_to_num(a), at::nan_to_num(b));
}

bool sameOutputs(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), sameValues);
}

bool closeOutputs(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.sizes() == y.sizes() && x.scalar_type() == y.scalar_type() &&
               at::allclose(x, y, 1e-4, 1e-5, true);
    });
}

template <class Slots>
std::map<std::string, at::Tensor> byName(const Slots& slots) {
    std::map<std::string, at::Tensor> tensors;
    for (const auto& slot : slots) tensors.emplace(slot.name, slot.value);
    return tensors;
}

template <class Slots>
Result<void> compareNamed(const Slots& savedSlots, const Slots& memorySlots) {
    const auto saved = byName(savedSlots);
    const auto memory = byName(memorySlots);
    if (saved.size() != memory.size()) return differs("the number of parameters and buffers");
    for (const auto& [name, value] : memory) {
        const auto found = saved.find(name);
        if (found == saved.end() || !sameValues(found->second, value)) return differs(name);
    }
    return {};
}

c10::IValue movedTo(const c10::IValue& value, c10::Device device) {
    if (value.isTensor()) return value.toTensor().to(device);
    if (!value.isTensorList()) return value;
    c10::List<at::Tensor> moved;
    for (const at::Tensor& tensor : value.toTensorVector()) moved.push_back(tensor.to(device));
    return moved;
}

c10::Device deviceOf(const Module& module) {
    for (const auto& tensor : module.parameters()) return tensor.device();
    for (const auto& tensor : module.buffers()) return tensor.device();
    return c10::kCPU;
}

/// What forward gives. Runs on a copy, since a forward may write to its own buffers.
std::vector<at::Tensor> outputs(const Module& module, std::span<const InputSpec> inputs) {
    const at::NoGradGuard noGradients;
    const SeededRandom seeded(kSeed);
    auto arguments = exampleInputs(inputs, kSeed);
    for (auto& argument : arguments) argument = movedTo(argument, deviceOf(module));
    return tensorsIn(module.deepcopy().forward(std::move(arguments)));
}

Result<void> compareOutputs(const Module& saved, const Module& memory,
                            std::span<const InputSpec> inputs) {
    const auto expected = outputs(memory, inputs);
    const auto actual = outputs(saved, inputs);
    if (sameOutputs(expected, actual)) return {};
    // Some operators add up in whatever order their threads arrive: then the model does not even
    // equal itself.
    const bool isRepeatable = sameOutputs(expected, outputs(memory, inputs));
    if (!isRepeatable && closeOutputs(expected, actual)) return {};
    return differs("the output");
}

Result<void> compare(const fs::path& file, const Module& module,
                     std::span<const InputSpec> inputs) {
    const auto saved = torch::jit::load(file.string(), deviceOf(module));
    auto same = compareNamed(saved.named_parameters(), module.named_parameters());
    if (same) same = compareNamed(saved.named_buffers(), module.named_buffers());
    if (!same || inputs.empty()) return same;
    return compareOutputs(saved, module, inputs);
}

}  // namespace

Result<void> saveChecked(const Module& module, std::span<const InputSpec> inputs,
                         const fs::path& target, const EventSink<>& events, RunControl& control,
                         const ExtraFiles& extraFiles) {
    const std::string what = "Cannot write " + target.string();
    return writeAtomically(
        target,
        [&](const fs::path& file) {
            events.progress({"Writing the model", 0, 2});
            return guarded(what,
                           [&] { return writeModule(module, file, extraFiles, what, control); });
        },
        [&](const fs::path& file) -> Result<void> {
            events.progress({"Loading it again and comparing", 1, 2});
            auto same = guarded(what, [&] { return compare(file, module, inputs); });
            return same && !control.keepGoing() ? cancelled(what) : same;
        });
}

}  // namespace espalier::script
