// SPDX-License-Identifier: GPL-3.0-or-later
// The states of the history as points: what each costs against how good it was measured to be.
#pragma once

#include <optional>
#include <vector>

#include <QString>

#include "core/project/history.h"

namespace espalier::ui {

class Document;
class NodeFigures;

/// What a state costs; less is better.
enum class Cost { NonZeros, Parameters, Macs, EffectiveMacs, FileBytes, ZippedBytes, Latency };

struct ParetoEntry {
    project::NodeId node;  ///< invalid: what is shown, which the history does not have
    QString name;
    double cost = 0;
    double quality = 0;  ///< of `metric`
    measure::Metric metric{};
    QString sample;  ///< what that was measured on: "validation, 5 000 samples of cifar10"
    bool isComparable = false;  ///< measured on what most are measured on: may be on the front
    bool isOnFront = false;
    bool isCurrent = false;
    bool isDense = false;  ///< the model as it was opened
    bool isPinned = false;
    bool isTrial = false;

    bool operator==(const ParetoEntry&) const = default;
};

/// What can be compared stands on the data that is attached and the split that choices are made on,
/// or where nothing does, on what the most states were measured on; of latencies, on one run.
/// States that were not measured are left out.
std::vector<ParetoEntry> paretoEntries(const Document& document, const NodeFigures& figures,
                                       Cost cost);

}  // namespace espalier::ui
