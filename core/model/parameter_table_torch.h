// SPDX-License-Identifier: GPL-3.0-or-later
// The parameters of a module, and which of them a tensor seen in a run comes from.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/script/interpreter_torch.h"

namespace espalier::model {

/// Keeps a tensor's address from being used again, but not its memory.
using WeakTensor = c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>;

/// One parameter tensor; a tensor registered under several paths has the first of them.
struct Parameter {
    std::string name;
    at::Tensor tensor;
};

/// Every parameter once, in the order of the module's state_dict. Identity is the memory that a
/// tensor occupies.
std::vector<Parameter> uniqueParameters(const torch::jit::Module& module);

/// What a tensor was made from.
struct Origin {
    std::vector<int> parameters;  ///< indices, ascending; empty: from buffers and constants alone
    bool isExact =
        true;  ///< the parameter's own elements, at most re-ordered, repeated or converted
    std::string computedBy;  ///< the operator that made it inexact: "aten::_weight_norm"
};

/// Follows parameters through a run.
class ParameterTracker {
public:
    ParameterTracker(const torch::jit::Module& module, const std::vector<Parameter>& parameters);

    /// None for tensors that depend on the model's input.
    std::optional<Origin> originOf(const at::Tensor& tensor) const;

    /// To be called for every executed node that is no known operator: keeps track of what it makes
    /// from parameters. True when all that went in is independent of the model's input.
    bool follow(const script::NodeEvent& event);

private:
    struct Known {
        WeakTensor tensor;
        Origin origin;
    };
    struct Span {
        std::size_t begin = 0;  // bytes from the start of the storage
        std::size_t end = 0;
        int parameter = 0;
    };

    static std::vector<at::Tensor> relevantInputs(const script::NodeEvent& event);
    void addStorage(const at::Tensor& tensor);
    void followGetAttr(const script::NodeEvent& event);
    void remember(const at::Tensor& tensor, Origin origin);
    void markDynamic(const at::Tensor& tensor);
    Origin merged(const script::NodeEvent& event, const std::vector<at::Tensor>& inputs) const;

    std::unordered_map<const c10::StorageImpl*, std::vector<Span>>
        m_storages;  // of the module; no spans: a buffer
    std::unordered_map<const c10::TensorImpl*, Known> m_made;
    std::unordered_set<const c10::StorageImpl*>
        m_dynamic;  // written to with values that depend on the input
    std::vector<c10::weak_intrusive_ptr<c10::StorageImpl>> m_keptAddresses;
};

}  // namespace espalier::model
