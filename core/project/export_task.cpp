// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>

#include "core/exchange/model_format.h"
#include "core/project/task_support.h"

namespace espalier::project {

namespace fs = std::filesystem;

Result<exchange::PruneReport> runExport(const ExportSpec& spec, const EventSink<>& events,
                                        RunControl& control) {
    const auto format = exchange::findModelFormat(spec.format);
    if (!format) return format.error();
    if (auto sound =
            checkTargets({spec.model, spec.choice.planFile, spec.data.path}, {spec.output});
        !sound) {
        return sound.error();
    }
    StageClock clock(events);
    auto masked = openAndApply({spec.model, spec.inputs, spec.choice, spec.data, spec.metrics},
                               clock, events, control);
    if (!masked) return masked.error();
    auto outcome = cutOut(std::move(*masked), {}, clock, events, control);
    if (!outcome) return outcome.error();
    const MaskedModel& applied = outcome->masked;
    auto report = reportOf(*outcome, *applied.snapshot);
    if (spec.isMasked) report.after = prune::maskedFootprint(*applied.snapshot, *applied.masks);

    clock.start("save", "Writing and checking " + spec.output.filename().string());
    StagedOutputs outputs;
    const fs::path staged = outputs.stage(spec.output);
    auto notes = format->write(
        {outcome->masked.snapshot, outcome->masked.masks, outcome->model, spec.isMasked}, staged,
        events, control);
    if (!notes) return outputs.named(notes.error());
    report.notes.insert(report.notes.end(), notes->begin(), notes->end());
    report.fileBytesAfter = static_cast<std::int64_t>(fs::file_size(staged));
    report.seconds = clock.finish();
    if (auto done = outputs.commit(); !done) return done.error();
    return report;
}

}  // namespace espalier::project
