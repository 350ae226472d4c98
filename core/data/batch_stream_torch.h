// SPDX-License-Identifier: GPL-3.0-or-later
// Batches in a given order, made ahead by threads of their own where that pays.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/run_control.h"
#include "core/data/dataset_torch.h"

namespace espalier::data {

struct StreamOptions {
    std::int64_t batchSize = 256;
    /// Gives each sample its random changes (Dataset::augmented); none: as they are.
    std::optional<std::uint64_t> seed{};
    /// Whether a single sample left over joins the batch before it.
    bool joinsLastSample = false;
};

/// Deals samples in batches: what comes, and in what order, is the same with any number of threads.
///
/// The last batch holds what is left. Datasets that read files are read ahead by
/// DataSpec::workers threads, which hold at most two finished batches each; of others a batch is
/// made on the calling thread, since copying costs less than handing over: for MNIST 0.1 % of a
/// training step of LeNet-5. Not thread-safe.
class BatchStream {
public:
    /// `dataset` must outlive the stream. Threads start with the first batch that is asked for.
    BatchStream(const Dataset& dataset, Split split, std::vector<std::int64_t> order,
                const StreamOptions& options);
    ~BatchStream();  ///< stops and joins the threads; waits for at most one batch each
    BatchStream(BatchStream&&) noexcept;
    BatchStream& operator=(BatchStream&&) noexcept;

    std::int64_t batches() const;
    bool hasNext() const;
    /// Leaves out the first `batches`, which must be before the first is asked for.
    void skip(std::int64_t batches) { m_dealt = static_cast<std::size_t>(batches); }
    /// Errors: Cancelled, also while it waits; what the dataset's ReadError says.
    Result<Batch> next(RunControl& control);

private:
    struct Plan;
    class Workers;
    std::shared_ptr<const Plan> m_plan;
    std::unique_ptr<Workers> m_workers;
    std::size_t m_dealt = 0;  // batches
};

/// How many threads decode for `spec`.
int workersFor(const DataSpec& spec);

}  // namespace espalier::data
