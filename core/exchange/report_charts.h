// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures of a report. Each is empty where there is nothing to show.
#pragma once

#include <string>

#include "core/exchange/reports.h"

namespace espalier::exchange {

std::string trainingCharts(const TrainingCurve& training);
/// A small plot for each layer or group: the metric by its sparsity, pruned alone.
std::string sensitivityCharts(const measure::Sensitivity& sensitivity);
/// Every measured state by what is left of it.
std::string tradeOffChart(const PruneReport& report);
/// A histogram for each layer, of what was and what stays; of many layers the largest.
std::string weightCharts(const PruneReport& report);

}  // namespace espalier::exchange
