// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/tensor_part_torch.h"

#include <ATen/ops/index_select.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "core/base/format.h"
#include "core/data/tensor_file_torch.h"

namespace espalier::data {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostClasses = 1'000'000;

/// Every number must be one: a single NaN would spoil a whole measurement.
Result<void> checkFinite(const fs::path& file, const NamedTensor& tensor) {
    if (!tensor.value.is_floating_point() && !tensor.value.is_complex()) return {};
    const std::int64_t samples = tensor.value.size(0);
    if (samples == 0) return {};
    const at::Tensor isSound =
        at::isfinite(tensor.value).reshape({samples, tensor.value.numel() / samples}).all(1);
    const auto broken = samples - isSound.sum().item<std::int64_t>();
    if (broken == 0) return {};
    const auto first = isSound.to(at::kByte).argmin().item<std::int64_t>();
    return tensorFileError(Error::Kind::Damaged, file,
                           cat(tensor.name, " holds NaN or infinity in ", broken,
                               " sample(s), the first is number ", first, " (from 0)"),
                           "Remove those samples, or mend what computed them");
}

Result<void> checkLabels(const fs::path& file, const at::Tensor& labels) {
    if (labels.numel() == 0) return {};
    for (const bool isLowest : {true, false}) {
        const at::Tensor place = isLowest ? labels.argmin() : labels.argmax();
        const auto sample = place.item<std::int64_t>();
        const auto label = labels[sample].item<std::int64_t>();
        if (label >= 0 && label < kMostClasses) continue;
        return tensorFileError(
            Error::Kind::Damaged, file,
            cat("targets says class ", label, " of sample ", sample, " (from 0)"),
            cat("Number the classes from 0 to at most ", kMostClasses - 1,
                ", or save numbers to predict as float32"));
    }
    return {};
}

bool areClasses(const at::Tensor& targets) {
    return targets.dim() == 1 && c10::isIntegralType(targets.scalar_type(), false);
}

Result<void> take(const fs::path& file, NamedTensor& tensor, TensorPart& part) {
    const bool isInput = tensor.name.starts_with("inputs");
    if (!isInput && tensor.name != "targets") return {};
    if (tensor.value.dim() == 0)
        return tensorFileError(Error::Kind::Mismatch, file, cat(tensor.name, " is a single number"),
                               "Its first dimension must count the samples");
    if (auto finite = checkFinite(file, tensor); !finite) return finite;
    if (isInput) {
        part.inputs.push_back(std::move(tensor.value));
        return {};
    }
    part.targets = std::move(tensor.value);
    if (!areClasses(part.targets)) return {};
    part.targets = part.targets.to(at::kLong);
    return checkLabels(file, part.targets);
}

}  // namespace

Error tensorFileError(Error::Kind kind, const fs::path& file, std::string why, std::string hint) {
    return {kind, cat("Cannot open the data in ", file.filename().string()), std::move(why),
            std::move(hint)};
}

Targets TensorPart::kind() const {
    if (!targets.defined()) return Targets::None;
    return areClasses(targets) ? Targets::Classes : Targets::Numbers;
}

std::vector<std::int64_t> TensorPart::labels() const {
    std::vector<std::int64_t> labels(static_cast<std::size_t>(samples()));
    if (kind() == Targets::Classes)
        std::copy_n(targets.const_data_ptr<std::int64_t>(), labels.size(), labels.begin());
    return labels;
}

TensorPart TensorPart::chosen(const std::vector<std::int64_t>& places) const {
    const at::Tensor index = at::tensor(places, at::kLong);
    TensorPart result;
    for (const at::Tensor& input : inputs) result.inputs.push_back(input.index_select(0, index));
    if (targets.defined()) result.targets = targets.index_select(0, index);
    return result;
}

Result<TensorPart> readTensorPart(const fs::path& file, RunControl& control) {
    auto tensors = readTensorFile(file, control);
    if (!tensors) return tensors.error();
    TensorPart part;
    part.file = file.filename().string();
    std::string names;
    for (NamedTensor& tensor : *tensors) {
        names += cat(names.empty() ? "" : ", ", tensor.name);
        if (auto taken = take(file, tensor, part); !taken) return taken.error();
    }
    if (part.inputs.empty()) {
        return tensorFileError(
            Error::Kind::NotFound, file, cat("it holds ", names, " but no inputs"),
            "Name what the model takes inputs (or inputs0, inputs1, …) and what it should "
            "answer targets");
    }
    std::vector<at::Tensor> all = part.inputs;
    if (part.targets.defined()) all.push_back(part.targets);
    for (const at::Tensor& tensor : all) {
        if (tensor.size(0) == part.samples()) continue;
        return tensorFileError(Error::Kind::Mismatch, file,
                               cat("it holds ", part.samples(), " samples of the first input and ",
                                   tensor.size(0), " of another array"),
                               "The first dimension of all must count the same samples");
    }
    return part;
}

}  // namespace espalier::data
