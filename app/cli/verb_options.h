// SPDX-License-Identifier: GPL-3.0-or-later
// The options of the verbs that write models. Each verb's own file has its functions.
#pragma once

#include <CLI/CLI.hpp>

#include "core/base/result.h"
#include "core/project/specs.h"

namespace espalier::cli {

struct TuneOptions {
    project::TuneSpec spec;
    bool json = false;
};
void addTune(CLI::App& app, TuneOptions& options);
/// What is asked for, recipe file read; of a run that is continued, what was not said is as it was.
/// Errors: of exchange::readRecipe and project::specOfRun; BadArgument without model or data.
Result<project::TuneSpec> specOf(const TuneOptions& options);

void addPrune(CLI::App& app, project::PruneSpec& spec);

void addExport(CLI::App& app, project::ExportSpec& spec);

}  // namespace espalier::cli
