// SPDX-License-Identifier: GPL-3.0-or-later
// Under which keys the results of a sensitivity scan are remembered.
#pragma once

#include <string>

#include "core/data/dataset_torch.h"
#include "core/measure/scan_metric_torch.h"
#include "core/measure/sensitivity.h"

namespace espalier::measure {

/// Everything that all points of a scan depend on: weights, buffers and base masks; the samples
/// (data::Dataset::addContent); the metric, loss and output; structure, criterion and, where chance
/// decides, the seed.
std::string scanKey(const model::Snapshot& snapshot, const data::Dataset& dataset,
                    const ScanOptions& options, std::int64_t samples, const ScanMetric& metric,
                    const channels::ChannelGroups* groups);

/// Of one point, or of the dense model (empty name).
std::string pointKey(const std::string& scanKey, const std::string& name, int level);

}  // namespace espalier::measure
