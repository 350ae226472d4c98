// SPDX-License-Identifier: GPL-3.0-or-later
// What a scan has measured, as a goal takes it: curves, and how drops of their metric are typed.
#pragma once

#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>

#include <QString>

#include "core/measure/metric.h"
#include "core/prune/goal.h"

namespace espalier::ui {

/// Curves that a scan has measured, of weights or of channel groups; may be empty.
struct MeasuredDrops {
    prune::Structure structure = prune::Structure::Weights;
    std::map<std::string, prune::DropCurve> curves{};
    int wanted = 0;          ///< layers or groups that a whole scan measures
    bool isRunning = false;  ///< the scan was under way when they were taken
    measure::Metric metric{};
    std::optional<double> dense{};  ///< the metric of the dense model
    std::string criterion{};        ///< that ranked what was removed; empty: the plan's
    std::int64_t samples = 0;       ///< that were looked at; 0: not known
    double limit = 0;               ///< the drop that was looked for, as Metric::drop counts

    bool arePartial() const { return std::ssize(curves) < wanted; }
};

/// "points" of shares, "%" of a loss, nothing of a module's metric, whose unit is not known.
prune::DropUnit dropUnitOf(const measure::Metric& metric);

/// How far a number goes that bounds a drop, in units of dropUnitOf.
struct DropScale {
    double end = 0;    ///< a round number
    double first = 0;  ///< to begin with
};
/// As far as the curves go: 20 points of a share, 100 % of a loss at most.
DropScale dropScaleOf(const MeasuredDrops& drops);

/// So many that a thousandth of `end` can be typed.
int decimalsUpTo(double end);

/// "a loss of 2 points", "loss (mse) higher by 5 %", "psnr lower by 0.2".
QString dropText(const measure::Metric& metric, double shown);

}  // namespace espalier::ui
