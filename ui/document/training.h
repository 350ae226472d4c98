// SPDX-License-Identifier: GPL-3.0-or-later
// The fine-tuning that is under way, as the Workbench keeps track of it.
#pragma once

#include <future>

#include "ui/document/workbench.h"

namespace espalier::ui {

struct Workbench::Training {
    int job = 0;
    /// The best weights, set by the worker the moment it ends: for a window that closes and runs no events any more.
    std::shared_future<Result<model::SnapshotPtr>> best;
};

}  // namespace espalier::ui
