// SPDX-License-Identifier: GPL-3.0-or-later
// Executing compiled steps: what the observed run and the run in parts have in common.
#pragma once

#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

#include "core/script/interpreter_torch.h"
#include "core/script/overlay_torch.h"
#include "core/script/steps_torch.h"

namespace espalier::script {

inline constexpr auto kRunning = "Cannot run the model";

/// Carries a finished Error through the blocks; the step that failed has named itself.
struct RunError : std::runtime_error {
    explicit RunError(Error e) : std::runtime_error(e.why), error(std::move(e)) {}
    Error error;
};

/// The values of one function while it runs, by register.
struct Environment {
    std::vector<c10::IValue> registers;
};

/// What a run has written and compiled so far, apart from the values of its functions. Its overlay
/// must expect the program's writes before the run.
struct RunMemory {
    Overlay overlay;
    std::map<const torch::jit::Function*, std::shared_ptr<const Code>> called;  // via interfaces
};

/// Self, the inputs, and the defaults of what was left out. Errors: BadArgument (too few or too
/// many inputs).
Result<std::vector<c10::IValue>> argumentsOf(const Program& program,
                                             std::vector<c10::IValue> inputs);

/// Runs steps on an environment. Throws RunError when a step fails or the run is stopped.
class Run {
public:
    /// `observer` may be null: then steps run without telling, and faster. All arguments outlive
    /// the run.
    Run(const Program& program, Observer* observer, RunMemory& memory, RunControl& control);

    /// All of a function.
    std::vector<c10::IValue> call(const Code& code, const torch::jit::Node* caller,
                                  std::vector<c10::IValue> arguments);

    /// Parts of a function: its arguments, steps [first, last) of its body, and what it returns.
    static void setArguments(const StepBlock& block, std::vector<c10::IValue> arguments,
                             Environment& environment);
    void runSteps(const StepBlock& block, std::size_t first, std::size_t last,
                  Environment& environment);
    static std::vector<c10::IValue> resultsOf(const StepBlock& block, Environment& environment);

private:
    using Values = std::vector<c10::IValue>;

    Values runBlock(const StepBlock& block, const torch::jit::Node* owner, Values arguments,
                    Environment& environment);
    void runStep(const Step& step, Environment& environment);
    void runOperator(const Step& step, Environment& environment);
    void runObservedStep(const Step& step, Environment& environment);
    Values execute(const Step& step, const Values& inputs, Environment& environment);
    Values runLoop(const Step& step, const Values& inputs, Environment& environment);
    Values callFunction(torch::jit::Function& function, const torch::jit::Node* caller,
                        Values arguments);
    void checkStop();

    Overlay::ObjectPtr m_root;
    Observer* m_observer;
    RunMemory& m_memory;
    RunControl& m_control;
    Values m_stack;  // of runOperator, kept for its memory
};

}  // namespace espalier::script
