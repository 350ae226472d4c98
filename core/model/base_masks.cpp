// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/base_masks_torch.h"

#include <ATen/Functions.h>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/model/parameter_table_torch.h"

namespace espalier::model {

namespace {

void hashTensor(Sha256& hash, const at::Tensor& tensor) {
    hash.add(cat(c10::toString(tensor.scalar_type()), tensor.sizes(), ";"));
    const auto dense = tensor.is_quantized() ? tensor.int_repr() : tensor.to_dense();
    const auto bytes = dense.contiguous();
    hash.add({static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()});
}

}  // namespace

at::Tensor maskOfNonzeros(const at::Tensor& weight) {
    if (at::count_nonzero(weight).item<std::int64_t>() == weight.numel()) return {};
    return weight.ne(0);
}

std::vector<std::int64_t> removedByMasks(const std::vector<at::Tensor>& masks) {
    std::vector<std::int64_t> removed;
    for (const auto& mask : masks) {
        removed.push_back(
            mask.defined() ? mask.numel() - at::count_nonzero(mask).item<std::int64_t>() : 0);
    }
    return removed;
}

std::string hashOfWeights(const torch::jit::Module& module, const std::vector<at::Tensor>& masks) {
    Sha256 hash;
    for (const auto& parameter : uniqueParameters(module)) {
        hash.add(parameter.name + ":");
        hashTensor(hash, parameter.tensor);
    }
    for (const auto& mask : masks) {
        hash.add("mask:");
        if (mask.defined()) hashTensor(hash, mask);
    }
    return hash.hex();
}

}  // namespace espalier::model
