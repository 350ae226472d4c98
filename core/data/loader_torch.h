// SPDX-License-Identifier: GPL-3.0-or-later
// Batches for training, in another order each epoch.
#pragma once

#include <cstdint>
#include <vector>

#include "core/data/dataset_torch.h"

namespace espalier::data {

/// Deals the samples of a split in batches. The order depends on the seed and the epoch alone, on
/// every platform.
///
/// The last batch holds what is left; a single sample left over joins the batch before, because
/// batch norm cannot train on one. Batches are made on the calling thread: for MNIST that costs 0.1
/// % of a training step of LeNet-5.
class Loader {
public:
    /// `dataset` must outlive the loader.
    Loader(const Dataset& dataset, Split split, std::int64_t batchSize, std::uint64_t seed);

    std::int64_t batchesPerEpoch() const;
    /// Begins epoch `epoch`, whatever was dealt before.
    void startEpoch(int epoch);
    bool hasNext() const;
    Batch next();

private:
    const Dataset& m_dataset;
    Split m_split;
    std::size_t m_batchSize;
    std::uint64_t m_seed;
    std::vector<std::int64_t> m_order;
    std::size_t m_dealt = 0;
};

}  // namespace espalier::data
