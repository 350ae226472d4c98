// SPDX-License-Identifier: GPL-3.0-or-later
// Copies of tensors and modules in which what shared memory before shares memory again.
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/api/module.h>

namespace espalier::script {

/// Copies tensors, each storage once: tensors that were views of one storage become views of its
/// one copy. The copies are leaves that require gradients where the originals do.
class TensorCopier {
public:
    at::Tensor copy(const at::Tensor& tensor);

    /// All copies made so far.
    std::vector<at::Tensor> copies() const;
    /// A copier that knows the same originals, and for each of them `replace(its copy)`: views of
    /// one storage must stay that.
    TensorCopier withCopies(const std::function<at::Tensor(const at::Tensor&)>& replace) const;

private:
    std::unordered_map<const c10::StorageImpl*, c10::Storage> m_copies;
    std::unordered_map<const c10::TensorImpl*, at::Tensor> m_tensors;
    std::vector<at::Tensor> m_originals;  // keeps the addresses above from being used again
};

/// `value` with every tensor in its lists, dicts and tuples replaced by `replace(tensor)`; objects
/// are left alone.
c10::IValue mapTensors(const c10::IValue& value,
                       const std::function<at::Tensor(const at::Tensor&)>& replace);

/// A deep copy of a module: parameters, buffers and all other attributes, submodules shared where
/// they were shared. Classes and code are those of the original.
torch::jit::Module copyModule(const torch::jit::Module& module);

}  // namespace espalier::script
