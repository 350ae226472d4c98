// SPDX-License-Identifier: GPL-3.0-or-later
// What a model costs, before and after pruning.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/model/snapshot.h"
#include "core/prune/channel_costs.h"
#include "core/prune/masks.h"

namespace espalier::prune {

/// All figures are exact but `bytesCompressed` and, once channels are cut, `bytesDense`, which are
/// estimates.
struct Footprint {
    std::int64_t parameters = 0;   ///< of the whole module; only cut channels change it
    std::int64_t nonzeros = 0;     ///< parameters that are not removed by a mask
    std::int64_t weights = 0;      ///< prunable weights
    std::int64_t weightsKept = 0;  ///< of these, kept
    std::int64_t macs = 0;         ///< dense, at batch 1
    std::int64_t macsEffective =
        0;                        ///< each layer's MACs times the share of its weights that is kept
    std::int64_t bytesDense = 0;  ///< the file as TorchScript writes it
    std::int64_t bytesCompressed = 0;  ///< ≈ the same file after gzip -6

    bool operator==(const Footprint&) const = default;
};

/// `removedPerLayer` by LayerId, base masks included: what the impact bar asks for on every move of
/// a drag.
Footprint footprint(const model::Snapshot& snapshot, std::span<const std::int64_t> removedPerLayer);

/// Costs of the model with all its channels.
CutCosts uncut(const model::Snapshot& snapshot);

/// Channels that the masks' choice removes count as cut out.
Footprint footprint(const model::Snapshot& snapshot, const Masks& masks);

/// Of the masked model: it has its original shapes, with zeros in all that is removed.
Footprint maskedFootprint(const model::Snapshot& snapshot, const Masks& masks);

/// The same for a model whose channels are cut out. `removedPerLayer` is as Masks counts it: of the
/// original weight, what went with channels included. `cut` comes from ChannelCosts::after.
Footprint footprint(const model::Snapshot& snapshot, std::span<const std::int64_t> removedPerLayer,
                    const CutCosts& cut);

/// `removedPerLayer` without resolving masks: exact where nothing was removed before and rules are
/// sparsities; elsewhere the shares that `last` (may be null) has seen are taken to stay.
std::vector<std::int64_t> expectedRemoved(const model::Snapshot& snapshot, const Plan& plan,
                                          const CutCosts& cut, const MasksPtr& last);

/// The unpruned model: nothing removed, not even by base masks.
Footprint denseFootprint(const model::Snapshot& snapshot);

}  // namespace espalier::prune
