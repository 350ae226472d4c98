// SPDX-License-Identifier: GPL-3.0-or-later
// Sensitivity: what each layer, or each channel group, alone costs when it is pruned, without
// retraining.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/channels/groups.h"
#include "core/data/dataset.h"
#include "core/measure/knee_search.h"
#include "core/measure/metric.h"
#include "core/measure/scan_wish.h"
#include "core/model/snapshot.h"
#include "core/prune/goal.h"
#include "core/prune/scores.h"

namespace espalier::measure {

using prune::Structure;
std::string_view nameOf(Structure structure);  ///< "weights", "channels"
/// Errors: BadArgument, listing the known names.
Result<Structure> parseStructure(std::string_view name);

struct ScanOptions {
    Structure structure = Structure::Weights;
    std::string criterion{};  ///< empty: magnitude, or l2 for channels
    std::uint64_t seed = 0;   ///< looked at by "random" alone
    double maxDrop = 0.01;    ///< what "largest" allows, as Metric::drop counts: 0.01 is a point
    KneeSearch::Levels levels = KneeSearch::Levels::ToKnee;
    data::Split split = data::Split::Validation;
    std::int64_t samples = 0;  ///< of the split, each class by its share; 0: all
    std::int64_t batchSize = 256;
    std::string device = "auto";
    std::string first{};              ///< parameter path or group key to begin with; may be empty
    std::vector<std::string> only{};  ///< parameter paths or group keys; empty: all
    /// Memory for the values in front of a layer, kept per batch so that what is before the layer
    /// is computed once. Batches that do not fit are computed from their inputs each time.
    std::int64_t prefixBytes = std::int64_t{1} << 30;
    MetricOptions metrics{};  ///< agreement is that with the dense model
    // For a criterion that needs data: what it looked at, as "train[0:1024]", and what it found.
    std::string rankedOn{};
    prune::ScoreCache scores{};

    std::string criterionName() const;
    bool operator==(const ScanOptions&) const = default;
};

/// Means over the samples, as in Evaluation; ratios 0..1.
struct ScanFigures {
    double top1 = 0;
    double top5 = 0;
    double loss = 0;
    double score = 0;  ///< of the metric: one of the above, or what a module gives

    ScanFigures& operator+=(const ScanFigures& other);
    ScanFigures operator/(double samples) const;
    bool operator==(const ScanFigures&) const = default;
};

struct ScanPoint {
    std::string name{};   ///< parameter path or group key; empty: the dense model
    double sparsity = 0;  ///< 0.05 … 0.95; of channels: the share of them that goes
    ScanFigures figures{};
    bool isRemembered = false;  ///< not measured now
    double seconds = 0;         ///< that measuring took
    bool operator==(const ScanPoint&) const = default;
};

/// Points of one parameter or group, by ascending sparsity.
struct SensitivityCurve {
    std::string name;
    std::vector<ScanPoint> points;
    std::optional<double> largest;  ///< sparsity within the allowed drop; none: not even the least

    bool operator==(const SensitivityCurve&) const = default;
};

struct Sensitivity {
    Metric metric;
    ScanFigures dense;
    std::vector<SensitivityCurve> curves;  ///< in the model's order
    std::int64_t samples = 0;
    std::int64_t evaluations = 0;  ///< really made, the dense one included
    double seconds = 0;
    std::vector<std::string> notes;  ///< for people
};

/// Results of earlier scans by key. Called on the scan's thread.
class ScanMemory {
public:
    virtual ~ScanMemory() = default;
    virtual std::optional<ScanFigures> find(const std::string& key) const = 0;
    virtual void keep(const std::string& key, const ScanFigures& figures) = 0;
};

/// Prunes one parameter or group at a time (on top of the base masks) and measures the rest of the
/// model on `options.split`; points are published as soon as they are known. What is in front of
/// the pruned layer is computed once per batch. `groups` may be null for weights. A group is
/// masked as a masked export has it, not cut; ranked by its channel criterion.
///
/// Curves hold the levels that finding `largest` took, or all. A level at which a layer would lose
/// its last weight has no point and counts as too much. After Cancelled, what was published is in
/// `memory`. `wish` may be null; what it prefers is measured after the curve under way. Errors:
/// Mismatch (checkFit, an empty split), BadArgument (unknown names), Infeasible (nothing can be
/// pruned), Damaged (outputs that are no numbers), Unreadable (the data cannot be read any more),
/// Cancelled.
Result<Sensitivity> scanSensitivity(const model::Snapshot& snapshot,
                                    const channels::ChannelGroupsPtr& groups,
                                    const data::Dataset& dataset, const ScanOptions& options,
                                    ScanMemory& memory, const EventSink<ScanPoint>& events,
                                    RunControl& control, const ScanWish* wish = nullptr);

/// Without measuring: the share of the summed |w| of a weight tensor that each level removes by
/// magnitude, 0..1. Sorts the weights once. Errors: Damaged (NaN weights), Cancelled.
Result<std::vector<double>> removedMagnitude(const model::Snapshot& snapshot, model::LayerId layer,
                                             RunControl& control);

}  // namespace espalier::measure
