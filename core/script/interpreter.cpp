// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/interpreter_torch.h"

#include <map>
#include <stdexcept>

#include <c10/core/GradMode.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/passes/inliner.h>

#include "core/base/format.h"
#include "core/script/overlay_torch.h"
#include "core/script/steps_torch.h"

namespace espalier::script {

namespace {

using c10::IValue;
using torch::jit::Function;
using torch::jit::Node;
using torch::jit::Stack;

/// Carries a finished Error through the blocks; the step that failed has named itself.
struct RunError : std::runtime_error {
    explicit RunError(Error e) : std::runtime_error(e.why), error(std::move(e)) {}
    Error error;
};

constexpr auto kRunning = "Cannot run the model";

/// ` in "x = self.conv(x)" (model.py:12)`: the author's own line where the file still has it.
std::string placeOf(const Node& node) {
    auto range = node.sourceRange();
    if (const auto original = range.findSourceRangeThatGenerated()) range = *original;
    if (!range.source()) return {};
    const auto number = range.source()->lineno_for_offset(range.start());
    std::string line = range.source()->get_line(number).str();
    line.erase(0, line.find_first_not_of(" \t"));
    line.erase(line.find_last_not_of(" \t\r\n") + 1);
    std::string place = line.empty() ? "" : cat(" in \"", line, "\"");
    if (const auto position = range.file_line_col()) {
        const auto& file = std::get<0>(*position);
        place += cat(" (", file.substr(file.rfind('/') + 1), ":", std::get<1>(*position), ")");
    }
    return place;
}

Error failureOf(const Node& node, const std::exception& exception) {
    auto error = detail::errorFromException(kRunning, exception);
    const bool isRaise = node.kind() == c10::prim::RaiseException;
    const std::string who =
        isRaise ? "the model raised an exception" : cat(node.kind().toQualString(), " failed");
    error.why = cat(who, placeOf(node), ": ", error.why);
    return error;
}

/// The values of one function while it runs. With the overlay and the step to go on from, it is all
/// that a run is.
struct Environment {
    std::vector<IValue> registers;
};

class Run {
public:
    Run(const Program& program, Observer& observer, RunControl& control)
        : m_root(program.module._ivalue()), m_observer(observer), m_control(control) {
        m_overlay.expectWrites(program.code->written, m_root);
    }

    std::vector<IValue> call(const Code& code, const Node* caller, std::vector<IValue> arguments) {
        Environment environment{std::vector<IValue>(code.registers)};
        return runBlock(code.body, caller, std::move(arguments), environment);
    }

private:
    std::vector<IValue> runBlock(const StepBlock& block, const Node* owner,
                                 std::vector<IValue> arguments, Environment& environment) {
        m_observer.onEnter(owner, *block.block, arguments);
        auto& registers = environment.registers;
        for (std::size_t i = 0; i < block.parameters.size(); ++i) {
            // __exit__ is called without the exception that its last parameters are for.
            registers[block.parameters[i]] =
                i < arguments.size() ? std::move(arguments[i]) : IValue();
        }
        for (const auto& step : block.steps) {
            runStep(step, environment);
            for (const auto dead : step.dead) registers[dead] = IValue();
        }
        std::vector<IValue> results;
        results.reserve(block.results.size());
        for (const auto result : block.results) results.push_back(registers[result]);
        for (const auto own : block.ownResults) registers[own] = IValue();
        m_observer.onLeave(*block.block);
        return results;
    }

    void runStep(const Step& step, Environment& environment) {
        checkStop();
        auto& registers = environment.registers;
        std::vector<IValue> inputs;
        inputs.reserve(step.inputs.size());
        for (const auto input : step.inputs) inputs.push_back(registers[input]);
        Stack outputs;
        try {
            auto given = m_observer.before(*step.node, inputs);
            outputs = given ? std::move(*given) : execute(step, inputs, environment);
        } catch (const RunError&) {
            throw;
        } catch (const std::exception& exception) {
            m_observer.onFailure({step.node, inputs, {}});
            throw RunError(failureOf(*step.node, exception));
        }
        m_observer.onNode({step.node, inputs, outputs});
        for (std::size_t i = 0; i < step.outputs.size(); ++i) {
            registers[step.outputs[i]] = std::move(outputs[i]);
        }
    }

    Stack execute(const Step& step, const std::vector<IValue>& inputs, Environment& environment) {
        switch (step.kind) {
            case Step::Kind::Operator: {
                Stack stack = inputs;
                step.function(stack);
                return stack;
            }
            case Step::Kind::Constant:
                return {step.constant};
            case Step::Kind::WrittenConstant:
                return {m_overlay.constant(step.node, step.constant)};
            case Step::Kind::GetAttr:
                return {m_overlay.get(inputs[0].toObject(), step.slot)};
            case Step::Kind::SetAttr:
                m_overlay.set(inputs[0].toObject(), step.slot, inputs[1]);
                return {};
            case Step::Kind::If:
                return runBlock(step.blocks[inputs[0].toBool() ? 0 : 1], step.node, {},
                                environment);
            case Step::Kind::Loop:
                return runLoop(step, inputs, environment);
            case Step::Kind::Call:
                return callFunction(*step.callee, step.node, inputs);
            case Step::Kind::CallMethod:
                return callFunction(inputs[0].toObject()->type()->getMethod(step.method), step.node,
                                    inputs);
        }
        throw std::logic_error("a step of an unknown kind");
    }

    std::vector<IValue> runLoop(const Step& step, const std::vector<IValue>& inputs,
                                Environment& environment) {
        const auto trips = inputs[0].toInt();
        bool goOn = inputs[1].toBool();
        std::vector<IValue> carried(inputs.begin() + 2, inputs.end());
        for (std::int64_t trip = 0; trip < trips && goOn; ++trip) {
            checkStop();
            carried.insert(carried.begin(), trip);
            carried = runBlock(step.blocks[0], step.node, std::move(carried), environment);
            goOn = carried.front().toBool();
            carried.erase(carried.begin());
        }
        return carried;
    }

    std::vector<IValue> callFunction(Function& function, const Node* caller,
                                     std::vector<IValue> arguments) {
        auto* graphFunction = torch::jit::tryToGraphFunction(function);
        if (graphFunction == nullptr) {
            function.run(arguments);
            return arguments;
        }
        auto& code = m_called[&function];
        if (!code) {
            auto graph = graphFunction->graph()->copy();
            torch::jit::Inline(*graph);
            code = compile(std::move(graph));
            m_overlay.expectWrites(code->written, m_root);
        }
        return call(*code, caller, std::move(arguments));
    }

    void checkStop() {
        if (!m_control.keepGoing()) {
            throw RunError({Error::Kind::Cancelled, kRunning, "it was stopped", ""});
        }
    }

    Overlay::ObjectPtr m_root;
    Observer& m_observer;
    RunControl& m_control;
    Overlay m_overlay;
    std::map<const Function*, std::shared_ptr<const Code>> m_called;  // through interfaces
};

/// Self, the inputs, and the defaults of what was left out.
Result<std::vector<IValue>> argumentsOf(const Program& program, std::vector<IValue> inputs) {
    const auto schema = program.schema
                            ? *program.schema
                            : program.module.get_method("forward").function().getSchema();
    std::vector<IValue> arguments{program.module._ivalue()};
    for (auto& input : inputs) arguments.push_back(std::move(input));
    const auto& expected = schema.arguments();
    if (arguments.size() > expected.size()) {
        return Error{
            Error::Kind::BadArgument, kRunning,
            cat(arguments.size() - 1, " inputs were given, forward takes ", expected.size() - 1),
            "Give one input per argument of forward."};
    }
    for (auto i = arguments.size(); i < expected.size(); ++i) {
        if (!expected[i].default_value()) {
            return Error{Error::Kind::BadArgument, kRunning,
                         cat("forward's argument \"", expected[i].name(), "\" was not given"),
                         "Give one input per argument of forward."};
        }
        arguments.push_back(*expected[i].default_value());
    }
    return arguments;
}

}  // namespace

Result<IValue> runObserved(const Program& program, std::vector<IValue> inputs, Observer& observer,
                           RunControl& control) {
    return guarded(kRunning, [&]() -> Result<IValue> {
        const c10::AutoGradMode restoreGradMode(c10::GradMode::is_enabled());
        auto arguments = argumentsOf(program, std::move(inputs));
        if (!arguments) return arguments.error();
        try {
            auto results =
                Run(program, observer, control).call(*program.code, nullptr, std::move(*arguments));
            return std::move(results.at(0));
        } catch (const RunError& stopped) {
            return stopped.error;
        }
    });
}

}  // namespace espalier::script
