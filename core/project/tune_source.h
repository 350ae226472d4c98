// SPDX-License-Identifier: GPL-3.0-or-later
// A tuning in the words of its checkpoint: where model, data and plan come from, where results go.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.h"
#include "core/exchange/checkpoint_file.h"
#include "core/project/specs.h"

namespace espalier::project {

/// JSON of all of `spec` but the recipe and the folders of checkpoints; paths become absolute.
std::string sourceOf(const TuneSpec& spec);

/// What the checkpoint in `folder` was made of, recipe included. Errors: of
/// exchange::readCheckpointAbout; Damaged.
Result<TuneSpec> specOfRun(const std::filesystem::path& folder);

/// The same of a checkpoint that has been read. Errors: Damaged.
Result<TuneSpec> specOf(const std::string& source, const train::Recipe& recipe);

/// `given`, and what it leaves open (model, data, choice, teacher, outputs, threads) as in `run`.
/// The recipe stays that of `given`.
TuneSpec withRun(TuneSpec given, const TuneSpec& run);

/// Which key of a recipe file differs first: "optimizer.lr is 0.01, and was 0.1"; empty: none that
/// matters to a run that is continued.
std::string recipeDifference(const train::Recipe& now, const train::Recipe& before);

}  // namespace espalier::project
