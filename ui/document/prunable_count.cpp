// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/prunable_count.h"

namespace espalier::ui {

bool isNorm(const model::Layer& layer) {
    return !layer.prunable.weights && layer.op.ends_with("_norm");
}

PrunableCount countPrunable(const model::Snapshot& snapshot) {
    PrunableCount count;
    for (const model::Layer& layer : snapshot.layers()) {
        ++(isNorm(layer) ? count.norms : count.layers);
        if (layer.prunable.weights) ++count.prunable;
    }
    return count;
}

}  // namespace espalier::ui
