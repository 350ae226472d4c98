// SPDX-License-Identifier: GPL-3.0-or-later
// How a goal may be spread over layers or groups, in words.
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

}  // namespace espalier::ui
