// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/prunable_count.h"

namespace espalier::ui {

PrunableCount countPrunable(const model::Snapshot& snapshot) {
    PrunableCount count;
    for (const model::Layer& layer : snapshot.layers()) {
        const bool isNorm = !layer.prunable.weights && layer.op.ends_with("_norm");
        if (isNorm) ++count.norms;
        if (!isNorm) ++count.layers;
        if (layer.prunable.weights) ++count.prunable;
    }
    return count;
}

}  // namespace espalier::ui
