// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "core/base/format.h"
#include "core/measure/sensitivity.h"
#include "core/model/snapshot_torch.h"
#include "core/model/weight_values_torch.h"

namespace espalier::measure {

Result<std::vector<double>> removedMagnitude(const model::Snapshot& snapshot, model::LayerId layer,
                                             RunControl& control) {
    const auto values = model::weightValues(snapshot, layer);
    if (!values) return values.error();
    // What the base mask removed has no magnitude, ranks lowest, and counts towards a sparsity.
    std::vector<double> magnitudes(static_cast<std::size_t>(snapshot.baseRemoved(layer)), 0.0);
    const bool finished = model::forEachKeptRun<double>(*values, control, [&](auto run) {
        for (const double value : run) magnitudes.push_back(std::abs(value));
    });
    if (!finished) return Error{Error::Kind::Cancelled, "Stopped", {}, {}};
    double total = 0;
    for (const double value : magnitudes) total += value;
    if (!std::isfinite(total)) {
        return Error{Error::Kind::Damaged, cat("Cannot rank ", snapshot.layer(layer).name),
                     "it holds NaN or infinite weights", "Look at how the model was trained"};
    }
    std::ranges::sort(magnitudes);
    std::vector<double> shares;
    double removed = 0;
    std::size_t next = 0;
    for (int level = 0; level < kLevelCount; ++level) {
        const auto count = static_cast<std::size_t>(
            std::llround(sparsityOfLevel(level) * static_cast<double>(magnitudes.size())));
        for (; next < count; ++next) removed += magnitudes[next];
        shares.push_back(total > 0 ? removed / total : 0);
    }
    return shares;
}

}  // namespace espalier::measure
