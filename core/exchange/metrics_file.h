// SPDX-License-Identifier: GPL-3.0-or-later
// Training metrics as CSV: step,epoch,round,loss,val_loss,top1,lr,sparsity,seconds,metric.
#pragma once

#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/train/fine_tune.h"

namespace espalier::exchange {

/// Appends rows as they come, each flushed, so that a crash loses none. Empty cells for what was
/// not measured.
class MetricsWriter {
public:
    /// Errors: WriteFailed.
    static Result<MetricsWriter> create(const std::filesystem::path& path);
    void append(const train::TrainSample& sample);
    /// Errors: WriteFailed when a row did not reach the file: training goes on without.
    Result<void> check() const;

private:
    MetricsWriter(std::ofstream file, std::filesystem::path path);
    std::ofstream m_file;
    std::filesystem::path m_path;
};

/// All rows at once, atomically. Errors: WriteFailed.
Result<void> writeMetrics(std::span<const train::TrainSample> samples,
                          const std::filesystem::path& path);

/// One of several runs in a file.
struct NamedRun {
    std::string name;
    std::span<const train::TrainSample> samples;
};

/// Runs one below the other, with their names in a first column `run`. Errors: WriteFailed.
Result<void> writeRuns(std::span<const NamedRun> runs, const std::filesystem::path& path);

}  // namespace espalier::exchange
