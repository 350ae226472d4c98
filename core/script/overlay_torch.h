// SPDX-License-Identifier: GPL-3.0-or-later
// What one run writes to a module, kept apart from the module.
#pragma once

#include <functional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <ATen/core/ivalue.h>

#include "core/script/deep_copy_torch.h"
#include "core/script/written_values_torch.h"

namespace espalier::script {

/// Reads see what was set or written in this run, else what the module holds.
class Overlay {
public:
    using ObjectPtr = c10::intrusive_ptr<c10::ivalue::Object>;

    /// Prepares for a graph that may write to the values in `written`, run on `root`.
    void expectWrites(const WrittenValues& written, const ObjectPtr& root);

    c10::IValue get(const ObjectPtr& object, std::size_t slot);
    void set(const ObjectPtr& object, std::size_t slot, c10::IValue value);
    /// A copy of a constant that may be written to; the same one each time.
    c10::IValue constant(const torch::jit::Node* node, const c10::IValue& value);

    /// Every tensor that was set or copied so far.
    std::vector<at::Tensor> tensors() const;
    /// The same with every value replaced. Tensors that shared memory before must do so after.
    Overlay withValues(const std::function<c10::IValue(const c10::IValue&)>& replace) const;

private:
    void collect(const ObjectPtr& object, const WrittenValues& written);
    c10::IValue copied(const c10::IValue& value);
    bool isWritten(const c10::IValue& value) const;

    struct Key {
        ObjectPtr object;  // alive, so that its address names it for the whole run
        std::size_t slot;
        bool operator==(const Key& other) const {
            return object.get() == other.object.get() && slot == other.slot;
        }
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const {
            return std::hash<const void*>{}(key.object.get()) * 31 + key.slot;
        }
    };

    std::unordered_map<Key, c10::IValue, KeyHash> m_slots;
    std::unordered_map<const torch::jit::Node*, c10::IValue> m_constants;
    std::unordered_set<const c10::StorageImpl*> m_writtenStorages;
    std::set<std::pair<const c10::ivalue::Object*, std::size_t>> m_writtenContainers;
    std::unordered_set<const c10::ivalue::Object*> m_collected;
    TensorCopier m_tensors;
};

}  // namespace espalier::script
