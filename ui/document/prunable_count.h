// SPDX-License-Identifier: GPL-3.0-or-later
// How many layers can lose weights, of those that one would expect it of.
#pragma once

#include "core/model/snapshot.h"

namespace espalier::ui {

struct PrunableCount {
    int prunable = 0;
    int layers = 0;  ///< without norms, which scale what others compute
    int norms = 0;
};

/// A layer that scales what another computes, and goes with that one's channels.
bool isNorm(const model::Layer& layer);

PrunableCount countPrunable(const model::Snapshot& snapshot);

}  // namespace espalier::ui
