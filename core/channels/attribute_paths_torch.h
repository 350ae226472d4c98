// SPDX-License-Identifier: GPL-3.0-or-later
// The one path under which a module's tensor is known, whatever attribute it is reached by.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include <torch/csrc/jit/api/module.h>

namespace espalier::channels {

/// Paths of a module's tensors and submodules. Tensors that are the same memory seen the same way
/// share the first path: parameters before buffers before other attributes. A tensor in a list
/// attribute that is nowhere else has the list's path and its index: "lstm._flat_weights.3".
class AttributePaths {
public:
    explicit AttributePaths(const torch::jit::Module& module);

    /// Empty for a tensor that the module does not hold.
    std::string of(const at::Tensor& tensor) const;
    /// Empty for the module itself and for unknown objects.
    std::string of(const c10::ivalue::Object& object) const;

private:
    using Memory =
        std::tuple<const void*, std::int64_t, std::vector<std::int64_t>, std::vector<std::int64_t>>;
    static Memory memoryOf(const at::Tensor& tensor);
    void addTensors(const std::string& path, const c10::IValue& value);
    void addObjects(const std::string& path, const c10::ivalue::Object& object);

    std::map<Memory, std::string> m_tensors;
    std::unordered_map<const c10::ivalue::Object*, std::string> m_objects;
};

}  // namespace espalier::channels
