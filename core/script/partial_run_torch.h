// SPDX-License-Identifier: GPL-3.0-or-later
// A run of forward in parts: stopped in front of a node, and gone on with from there any number of
// times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/script/interpreter_torch.h"
#include "core/script/run_torch.h"

namespace espalier::script {

/// A place between two nodes of the top level of a program's graph.
struct StopPoint {
    std::size_t step = 0;  ///< how many nodes run before it
    /// Registers whose values the nodes after it may write to in place.
    std::set<Register> written;
};

/// Follows what the nodes after `step` write to; about as long as making the program.
StopPoint stopPointAt(const Program& program, std::size_t step);

/// In front of the first node of the top level that computes from one of `tensors`, parameters or
/// buffers of the program's own module; the number of all nodes when none does. May be too early,
/// never too late.
///
/// Until there only the tensors themselves, their views by attribute, and lists of them are in use:
/// what is then written to their memory is what the rest of a run computes with.
std::size_t firstUse(const Program& program, std::span<const at::Tensor> tensors);

/// forward of a program, up to a place. Not thread-safe; the program outlives it.
///
/// Between calls the caller may write to the memory of parameters whose firstUse has not run.
/// The caller's grad mode holds.
class PartialRun {
public:
    /// Nothing has run yet. Errors: as runObserved.
    static Result<PartialRun> begin(const Program& program, std::vector<c10::IValue> inputs);

    std::size_t position() const { return m_point.step; }
    /// Of the tensors that are kept to go on from here; not of the module's own.
    std::int64_t bytes() const;

    /// Runs on to `point`, which lies here or further on. After an error this must not be used any
    /// more. Errors: as runObserved.
    Result<void> advance(const StopPoint& point, RunControl& control);

    /// What forward returns, bit for bit, from here; this stays where it is. Errors: as
    /// runObserved.
    Result<c10::IValue> finish(RunControl& control) const;

private:
    explicit PartialRun(const Program& program) : m_program(&program) {}

    const Program* m_program;
    StopPoint m_point;
    Environment m_environment;
    RunMemory m_memory;
};

}  // namespace espalier::script
