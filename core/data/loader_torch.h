// SPDX-License-Identifier: GPL-3.0-or-later
// Batches for training, in another order each epoch.
#pragma once

#include <cstdint>
#include <optional>

#include "core/data/batch_stream_torch.h"

namespace espalier::data {

/// Deals the samples of a split in batches, changed at random as DataSpec::augment says. The order
/// and the changes depend on the seed and the epoch alone, on every platform and with any number of
/// threads.
///
/// The last batch holds what is left; a single sample left over joins the batch before, because
/// batch norm cannot train on one.
class Loader {
public:
    /// `dataset` must outlive the loader.
    Loader(const Dataset& dataset, Split split, std::int64_t batchSize, std::uint64_t seed);

    std::int64_t batchesPerEpoch() const { return m_stream->batches(); }
    /// Begins epoch `epoch`, whatever was dealt before, after its first `batches`.
    void startEpoch(int epoch, std::int64_t batches = 0);
    bool hasNext() const { return m_stream->hasNext(); }
    /// Errors: of BatchStream::next.
    Result<Batch> next(RunControl& control) { return m_stream->next(control); }

private:
    const Dataset& m_dataset;
    Split m_split;
    std::int64_t m_batchSize;
    std::uint64_t m_seed;
    std::optional<BatchStream> m_stream;  // always there: of the current epoch
};

}  // namespace espalier::data
