// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/partial_run_torch.h"

#include <unordered_map>
#include <unordered_set>

#include <c10/core/GradMode.h>

namespace espalier::script {

namespace {

using c10::IValue;
using Storages = std::unordered_set<const c10::StorageImpl*>;

const c10::StorageImpl* storageOf(const at::Tensor& tensor) {
    return tensor.defined() && tensor.has_storage() ? tensor.storage().unsafeGetStorageImpl()
                                                    : nullptr;
}

/// Copies what a continued run may write to, and shares the rest with what was captured. Tensors
/// that shared memory do so after; a list or dict in two registers stays one.
class StateCopier {
public:
    StateCopier(const Environment& environment, const Overlay& overlay,
                const std::set<Register>& written) {
        for (const auto& tensor : overlay.tensors()) m_storages.insert(storageOf(tensor));
        for (const auto each : written) {
            for (const auto& tensor : tensorsIn(environment.registers[each])) {
                m_storages.insert(storageOf(tensor));
            }
        }
    }

    IValue copy(const IValue& value) {
        if (value.isTensor()) {
            const auto& tensor = value.toTensor();
            const auto* storage = storageOf(tensor);
            const bool isShared = storage && !m_storages.contains(storage);
            return isShared ? tensor : m_tensors.copy(tensor);
        }
        if (value.isTuple()) return mapped(value);
        if (!value.isList() && !value.isGenericDict()) return value;
        auto& known = m_containers[value.internalToPointer()];
        if (known.isNone()) known = mapped(value);
        return known;
    }

private:
    IValue mapped(const IValue& value) {
        return mapTensors(
            value, [this](const at::Tensor& tensor) { return copy(IValue(tensor)).toTensor(); });
    }

    Storages m_storages;  // to be copied; tensors without storage always are
    TensorCopier m_tensors;
    std::unordered_map<const void*, IValue> m_containers;
};

/// Runs `body` with the caller's grad mode, and tells how it ended.
template <class Body>
auto running(Body&& body) -> std::invoke_result_t<Body> {
    return guarded(kRunning, [&]() -> std::invoke_result_t<Body> {
        const c10::AutoGradMode restoreGradMode(c10::GradMode::is_enabled());
        try {
            return body();
        } catch (const RunError& stopped) {
            return stopped.error;
        }
    });
}

}  // namespace

StopPoint stopPointAt(const Program& program, std::size_t step) {
    StopPoint point{step, {}};
    const auto values = findWrittenAfter(*program.graph, step);
    const auto& body = program.code->body;
    const auto inputs = program.graph->inputs();
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (values.contains(inputs[i])) point.written.insert(body.parameters[i]);
    }
    for (std::size_t i = 0; i < step; ++i) {
        const auto outputs = body.steps[i].node->outputs();
        for (std::size_t j = 0; j < outputs.size(); ++j) {
            if (values.contains(outputs[j])) point.written.insert(body.steps[i].outputs[j]);
        }
    }
    return point;
}

Result<PartialRun> PartialRun::begin(const Program& program, std::vector<IValue> inputs) {
    return running([&]() -> Result<PartialRun> {
        auto arguments = argumentsOf(program, std::move(inputs));
        if (!arguments) return arguments.error();
        PartialRun run(program);
        run.m_point = stopPointAt(program, 0);
        run.m_memory.overlay.expectWrites(program.code->written, program.module._ivalue());
        run.m_environment.registers.resize(program.code->registers);
        Run::setArguments(program.code->body, std::move(*arguments), run.m_environment);
        return run;
    });
}

std::int64_t PartialRun::bytes() const {
    Storages counted;
    std::int64_t bytes = 0;
    const auto add = [&](const at::Tensor& tensor) {
        const auto* storage = storageOf(tensor);
        if (storage && counted.insert(storage).second) {
            bytes += static_cast<std::int64_t>(storage->nbytes());
        }
    };
    for (const auto& parameter : m_program->module.parameters()) {
        counted.insert(storageOf(parameter));
    }
    for (const auto& buffer : m_program->module.buffers()) counted.insert(storageOf(buffer));
    for (const auto& value : m_environment.registers) {
        for (const auto& tensor : tensorsIn(value)) add(tensor);
    }
    for (const auto& tensor : m_memory.overlay.tensors()) add(tensor);
    return bytes;
}

Result<void> PartialRun::advance(const StopPoint& point, RunControl& control) {
    return running([&]() -> Result<void> {
        Run run(*m_program, nullptr, m_memory, control);
        run.runSteps(m_program->code->body, m_point.step, point.step, m_environment);
        m_point = point;
        return {};
    });
}

Result<IValue> PartialRun::finish(RunControl& control) const {
    return running([&]() -> Result<IValue> {
        StateCopier copier(m_environment, m_memory.overlay, m_point.written);
        const auto copy = [&copier](const IValue& value) { return copier.copy(value); };
        RunMemory memory{m_memory.overlay.withValues(copy), m_memory.called};
        Environment environment;
        environment.registers.reserve(m_environment.registers.size());
        for (const auto& value : m_environment.registers) {
            environment.registers.push_back(copy(value));
        }
        const auto& body = m_program->code->body;
        Run run(*m_program, nullptr, memory, control);
        run.runSteps(body, m_point.step, body.steps.size(), environment);
        return std::move(Run::resultsOf(body, environment).at(0));
    });
}

}  // namespace espalier::script
