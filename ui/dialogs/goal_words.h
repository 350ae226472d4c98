// SPDX-License-Identifier: GPL-3.0-or-later
// What a goal counts and how it may be spread over layers or groups, in words.
#pragma once

#include <QString>

#include "core/prune/goal.h"

namespace espalier::ui {

/// An allocation in a list and in a legend.
struct AllocationWords {
    QString text;
    QString name;
    QString tip;
};

AllocationWords wordsFor(prune::Allocation allocation, prune::Structure structure);
/// Of its curve in every chart, whichever others are drawn beside it: see style::seriesColor.
int colorOf(prune::Allocation allocation);

struct QuantityWords {
    QString text;
    QString tip;
};

/// Of all but Drop, whose words are the metric's.
QuantityWords wordsFor(prune::Quantity quantity, prune::Structure structure);

/// In what an amount is typed: 1.72 MB are 1.72 of {"MB", 1e6}.
struct AmountUnit {
    QString name;  ///< "MB", "k"; empty: one by one
    double size = 1;
};

/// The unit in which `dense`, the amount of the dense model, has one to three digits before the
/// point.
AmountUnit amountUnit(prune::Quantity quantity, double dense);

}  // namespace espalier::ui
