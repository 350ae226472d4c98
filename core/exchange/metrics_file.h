// SPDX-License-Identifier: GPL-3.0-or-later
// Training metrics as CSV: step,epoch,round,loss,val_loss,top1,lr,sparsity,seconds.
#pragma once

#include <filesystem>
#include <fstream>
#include <span>

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

private:
    explicit MetricsWriter(std::ofstream file);
    std::ofstream m_file;
};

}  // namespace espalier::exchange
