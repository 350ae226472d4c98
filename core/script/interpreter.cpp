// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/interpreter_torch.h"

#include <c10/core/GradMode.h>

#include "core/script/run_torch.h"

namespace espalier::script {

Result<c10::IValue> runObserved(const Program& program, std::vector<c10::IValue> inputs,
                                Observer& observer, RunControl& control) {
    return guarded(kRunning, [&]() -> Result<c10::IValue> {
        const c10::AutoGradMode restoreGradMode(c10::GradMode::is_enabled());
        auto arguments = argumentsOf(program, std::move(inputs));
        if (!arguments) return arguments.error();
        try {
            RunMemory memory;
            memory.overlay.expectWrites(program.code->written, program.module._ivalue());
            Run run(program, &observer, memory, control);
            auto results = run.call(*program.code, nullptr, std::move(*arguments));
            return std::move(results.at(0));
        } catch (const RunError& stopped) {
            return stopped.error;
        }
    });
}

}  // namespace espalier::script
