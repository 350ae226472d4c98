// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/run_torch.h"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/passes/inliner.h>

#include "core/base/format.h"

namespace espalier::script {

namespace {

using c10::IValue;
using torch::jit::Function;
using torch::jit::Node;
using torch::jit::Stack;

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

/// The values of the step's inputs.
std::vector<IValue> inputsOf(const Step& step, const Environment& environment) {
    std::vector<IValue> inputs;
    inputs.reserve(step.inputs.size());
    for (const auto input : step.inputs) inputs.push_back(environment.registers[input]);
    return inputs;
}

void setOutputs(const Step& step, std::vector<IValue>& outputs, Environment& environment) {
    for (std::size_t i = 0; i < step.outputs.size(); ++i) {
        environment.registers[step.outputs[i]] = std::move(outputs[i]);
    }
}

}  // namespace

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

Run::Run(const Program& program, Observer* observer, RunMemory& memory, RunControl& control)
    : m_root(program.module._ivalue()),
      m_observer(observer),
      m_memory(memory),
      m_control(control) {}

std::vector<IValue> Run::call(const Code& code, const Node* caller, std::vector<IValue> arguments) {
    Environment environment{std::vector<IValue>(code.registers)};
    return runBlock(code.body, caller, std::move(arguments), environment);
}

void Run::setArguments(const StepBlock& block, std::vector<IValue> arguments,
                       Environment& environment) {
    for (std::size_t i = 0; i < block.parameters.size(); ++i) {
        // __exit__ is called without the exception that its last parameters are for.
        environment.registers[block.parameters[i]] =
            i < arguments.size() ? std::move(arguments[i]) : IValue();
    }
}

void Run::runSteps(const StepBlock& block, std::size_t first, std::size_t last,
                   Environment& environment) {
    for (auto i = first; i < last; ++i) {
        const auto& step = block.steps[i];
        runStep(step, environment);
        for (const auto dead : step.dead) environment.registers[dead] = IValue();
    }
}

std::vector<IValue> Run::resultsOf(const StepBlock& block, Environment& environment) {
    std::vector<IValue> results;
    results.reserve(block.results.size());
    for (const auto result : block.results) results.push_back(environment.registers[result]);
    for (const auto own : block.ownResults) environment.registers[own] = IValue();
    return results;
}

std::vector<IValue> Run::runBlock(const StepBlock& block, const Node* owner,
                                  std::vector<IValue> arguments, Environment& environment) {
    if (m_observer) m_observer->onEnter(owner, *block.block, arguments);
    setArguments(block, std::move(arguments), environment);
    runSteps(block, 0, block.steps.size(), environment);
    auto results = resultsOf(block, environment);
    if (m_observer) m_observer->onLeave(*block.block);
    return results;
}

void Run::runStep(const Step& step, Environment& environment) {
    checkStop();
    if (m_observer) return runObservedStep(step, environment);
    try {
        if (step.kind == Step::Kind::Operator) return runOperator(step, environment);
        auto outputs = execute(step, inputsOf(step, environment), environment);
        setOutputs(step, outputs, environment);
    } catch (const RunError&) {
        throw;
    } catch (const std::exception& exception) {
        throw RunError(failureOf(*step.node, exception));
    }
}

void Run::runOperator(const Step& step, Environment& environment) {
    m_stack.clear();
    for (const auto input : step.inputs) m_stack.push_back(environment.registers[input]);
    step.function(m_stack);
    setOutputs(step, m_stack, environment);
}

void Run::runObservedStep(const Step& step, Environment& environment) {
    auto inputs = inputsOf(step, environment);
    Stack outputs;
    try {
        auto given = m_observer->before(*step.node, inputs);
        outputs = given ? std::move(*given) : execute(step, inputs, environment);
    } catch (const RunError&) {
        throw;
    } catch (const std::exception& exception) {
        m_observer->onFailure({step.node, inputs, {}});
        throw RunError(failureOf(*step.node, exception));
    }
    m_observer->onNode({step.node, inputs, outputs});
    setOutputs(step, outputs, environment);
}

std::vector<IValue> Run::execute(const Step& step, const std::vector<IValue>& inputs,
                                 Environment& environment) {
    auto& overlay = m_memory.overlay;
    switch (step.kind) {
        case Step::Kind::Operator: {
            Stack stack = inputs;
            step.function(stack);
            return stack;
        }
        case Step::Kind::Constant:
            return {step.constant};
        case Step::Kind::WrittenConstant:
            return {overlay.constant(step.node, step.constant)};
        case Step::Kind::GetAttr:
            return {overlay.get(inputs[0].toObject(), step.slot)};
        case Step::Kind::SetAttr:
            overlay.set(inputs[0].toObject(), step.slot, inputs[1]);
            return {};
        case Step::Kind::If:
            return runBlock(step.blocks[inputs[0].toBool() ? 0 : 1], step.node, {}, environment);
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

std::vector<IValue> Run::runLoop(const Step& step, const std::vector<IValue>& inputs,
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

std::vector<IValue> Run::callFunction(Function& function, const Node* caller,
                                      std::vector<IValue> arguments) {
    auto* graphFunction = torch::jit::tryToGraphFunction(function);
    if (graphFunction == nullptr) {
        function.run(arguments);
        return arguments;
    }
    auto& code = m_memory.called[&function];
    if (!code) {
        auto graph = graphFunction->graph()->copy();
        torch::jit::Inline(*graph);
        code = compile(std::move(graph));
        m_memory.overlay.expectWrites(code->written, m_root);
    }
    return call(*code, caller, std::move(arguments));
}

void Run::checkStop() {
    if (!m_control.keepGoing()) {
        throw RunError({Error::Kind::Cancelled, kRunning, "it was stopped", ""});
    }
}

}  // namespace espalier::script
