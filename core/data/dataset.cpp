// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/base/format.h"
#include "core/data/dataset_kind.h"
#include "core/data/dataset_torch.h"

namespace espalier::data {
namespace {

/// Asked in this order.
const std::array kKinds{&kIdxDataset, &kCifarDataset, &kTensorData, &kImageFolder};

Error notFound(const DataSpec& spec) {
    const std::string what = cat("Cannot open the data at ", spec.path.string());
    std::error_code ignored;
    if (!std::filesystem::exists(spec.path, ignored)) {
        return {Error::Kind::NotFound, what, "there is no such file or folder", "Check the path"};
    }
    std::string looked;
    for (const DatasetKind* kind : kKinds)
        looked += cat(looked.empty() ? "" : "; ", kind->looksLike);
    return {Error::Kind::NotFound, what,
            cat("nothing of a known kind is there. Looked for: ", looked),
            "Give the folder that holds the files"};
}

}  // namespace

std::filesystem::path folderOf(const std::filesystem::path& path) {
    std::error_code failed;
    std::filesystem::path whole = std::filesystem::weakly_canonical(path, failed);
    if (failed) whole = path;
    return std::filesystem::is_directory(whole, failed) ? whole : whole.parent_path();
}

Result<DatasetPtr> openDataset(const DataSpec& spec, RunControl& control) {
    const std::string what = cat("Cannot open the data at ", spec.path.string());
    if (!std::isfinite(spec.validation) || spec.validation < 0 || spec.validation >= 1) {
        return Error{Error::Kind::BadArgument, what,
                     cat("the validation share is ", spec.validation),
                     "Give a number from 0 to below 1, such as 0.1"};
    }
    return guarded(what, [&]() -> Result<DatasetPtr> {
        for (const DatasetKind* kind : kKinds) {
            if (kind->recognises(spec.path)) return kind->open(spec, control);
        }
        return notFound(spec);
    });
}

Batch Dataset::augmented(Split split, std::span<const std::int64_t> indices,
                         std::uint64_t /*seed*/) const {
    return batch(split, indices);
}

void Dataset::addContent(Sha256& hash, Split split, std::int64_t samples) const {
    constexpr std::int64_t kBatch = 256;
    for (std::int64_t begin = 0; begin < samples; begin += kBatch) {
        std::vector<std::int64_t> indices(
            static_cast<std::size_t>(std::min(kBatch, samples - begin)));
        std::iota(indices.begin(), indices.end(), begin);
        addBatch(hash, batch(split, indices));
    }
}

void addBatch(Sha256& hash, const Batch& batch) {
    std::vector<at::Tensor> tensors = batch.inputs;
    if (batch.targets.defined()) tensors.push_back(batch.targets);
    for (const at::Tensor& tensor : tensors) {
        const at::Tensor flat = tensor.contiguous();
        hash.add(cat(flat.scalar_type(), flat.sizes()));
        hash.add({static_cast<const char*>(flat.const_data_ptr()), flat.nbytes()});
    }
}

std::vector<std::int64_t> Dataset::labels(Split split) const {
    if (info().targets != Targets::Classes) return {};
    std::vector<std::int64_t> indices(static_cast<std::size_t>(sampleCount(*this, split)));
    std::iota(indices.begin(), indices.end(), 0);
    if (indices.empty()) return {};
    const at::Tensor targets = batch(split, indices).targets.contiguous();
    const auto* first = targets.const_data_ptr<std::int64_t>();
    return {first, first + targets.numel()};
}

std::string Dataset::sampleName(Split split, std::int64_t index) const {
    return cat("sample ", index, " (from 0) of the ", name(split), " split");
}

const DatasetInfo& info(const Dataset& dataset) {
    return dataset.info();
}

const DataSpec& spec(const Dataset& dataset) {
    return dataset.spec();
}

}  // namespace espalier::data
