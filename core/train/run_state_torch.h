// SPDX-License-Identifier: GPL-3.0-or-later
// What a run remembers between two steps, part by part: checkpoints are made of it.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include "core/base/format.h"

namespace espalier::train {

/// Values by name. Every part of a run writes its own in save() and finds them in load(), under
/// names that begin with the part's ("optimizer.", "schedule.").
class RunState {
public:
    void set(const std::string& name, c10::IValue value) { m_values[name] = std::move(value); }
    bool has(const std::string& name) const { return m_values.contains(name); }
    /// Throws std::runtime_error when it is not there.
    const c10::IValue& get(const std::string& name) const {
        const auto found = m_values.find(name);
        if (found == m_values.end()) throw std::runtime_error(cat("there is no ", name));
        return found->second;
    }
    const std::map<std::string, c10::IValue>& values() const { return m_values; }

private:
    std::map<std::string, c10::IValue> m_values;
};

/// A list of copies on the CPU, which no later step changes.
c10::IValue stored(const std::vector<at::Tensor>& tensors);
/// Writes what stored() gave into `tensors`, wherever they lie. Throws std::runtime_error naming
/// `what` when their number, shapes or types differ.
void restore(const std::vector<at::Tensor>& tensors, const c10::IValue& values,
             std::string_view what);

}  // namespace espalier::train
