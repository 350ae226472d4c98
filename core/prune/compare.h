// SPDX-License-Identifier: GPL-3.0-or-later
// Two pruned models side by side: what each layer keeps, how far its weights have moved, and both
// histograms. Layers are matched by name, so a cut model may be compared with a whole one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/model/snapshot.h"
#include "core/prune/masks.h"

namespace espalier::prune {

/// A model and what is removed from it; `masks` may be null: nothing is.
struct Pruned {
    model::SnapshotPtr snapshot;
    MasksPtr masks;
};

/// One layer of one model. Channels that the masks' choice removes count as cut out.
struct LayerFigures {
    std::vector<std::int64_t> shape;  ///< of the weight as the snapshot has it
    std::int64_t weights = 0;         ///< elements once channels are cut out
    std::int64_t nonzeros = 0;        ///< of these, kept by the masks
    std::int64_t channels = 0;        ///< output channels with a weight left
    std::int64_t macs = 0;            ///< at batch 1, of what is left after channels are cut out

    double sparsity() const;  ///< zeros / `weights`, 0..1
    bool operator==(const LayerFigures&) const = default;
};

/// One layer, by name, in both models or in one of them.
struct LayerComparison {
    std::string name;
    std::optional<LayerFigures> left;
    std::optional<LayerFigures> right;
    /// ‖right − left‖ / ‖left‖ over all weights, removed ones being 0. None where shapes differ,
    /// where the left weights are all 0 and where they are no floating-point numbers.
    std::optional<double> change;

    bool operator==(const LayerComparison&) const = default;
};

/// Of all layers: those of `left` in its order, then those that `right` alone has. About 10 ms per
/// million weights. Errors: Cancelled.
Result<std::vector<LayerComparison>> compareLayers(const Pruned& left, const Pruned& right,
                                                   RunControl& control);

/// Non-zero weights of a layer per bin of equal width over [low, high), which both models share;
/// the last bin includes `high`. A model without the layer has no counts.
struct HistogramPair {
    double low = 0;
    double high = 0;
    std::vector<std::int64_t> left;
    std::vector<std::int64_t> right;
    std::int64_t leftZeros = 0;  ///< removed or exactly 0
    std::int64_t rightZeros = 0;

    bool operator==(const HistogramPair&) const = default;
};

/// Over ± the largest magnitude of both, of the layer of that name; `bins` is even, so that 0 is an
/// edge. Errors: NotFound (neither has the layer), Damaged (a weight is not finite), Unsupported
/// (no floating-point numbers), Cancelled.
Result<HistogramPair> compareHistograms(const Pruned& left, const Pruned& right,
                                        const std::string& layer, int bins, RunControl& control);

}  // namespace espalier::prune
