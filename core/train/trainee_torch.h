// SPDX-License-Identifier: GPL-3.0-or-later
// The module that trains in the place of a file's own.
#pragma once

#include <optional>

#include <torch/csrc/jit/api/module.h>

#include "core/base/result.h"
#include "core/model/snapshot.h"

namespace espalier::train {

/// A module, and what trains instead of it: code that follows the training mode where tracing has
/// taken that away, with the recipe's dropout. Both share their parameters and buffers; the
/// module's own code stays as it is in the file.
class Trainee {
public:
    /// The module itself where nothing needs a change. Says in the log what was changed.
    /// Errors: Unsupported when the code cannot be changed and `dropout` asks for it; BadArgument
    /// when there is no dropout to change.
    static Result<Trainee> make(torch::jit::Module module, std::optional<double> dropout);

    const torch::jit::Module& module() const { return m_training; }  ///< that trains
    /// Puts what was trained into the module of the file, where it is not shared already.
    void bringBack();
    /// Operators that follow the training mode again.
    int switches() const { return m_switches; }

private:
    explicit Trainee(torch::jit::Module module)
        : m_original(module), m_training(std::move(module)) {}

    torch::jit::Module m_original;
    torch::jit::Module m_training;
    int m_switches = 0;
};

}  // namespace espalier::train
