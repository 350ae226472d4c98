// SPDX-License-Identifier: GPL-3.0-or-later
// What a sensitivity scan found, as CSV, as JSON, and evaluation by evaluation.
#pragma once

#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/measure/sensitivity.h"

namespace espalier::exchange {

/// "parameter,sparsity,top1,top5,loss", a row per point, as Distiller writes it: sparsity 0..1,
/// top1 and top5 in percent. What is not measured is left empty; a module's metric has a column
/// `metric` of its own, at the end.
std::string sensitivityToCsv(std::span<const measure::SensitivityCurve> curves,
                             const measure::Metric& metric = {});

/// {"format": "espalier-sensitivity", …}; ratios 0..1.
std::string sensitivityToJson(const measure::Sensitivity& sensitivity,
                              const measure::ScanOptions& options);

/// A line for each evaluation that is really made, flushed:
/// "parameter,sparsity,top1,top5,loss,seconds" as above; the dense model has sparsity 0.
class ScanLog {
public:
    /// Errors: WriteFailed.
    static Result<ScanLog> create(const std::filesystem::path& path);
    /// Points that were remembered are left out.
    void append(const measure::ScanPoint& point);
    /// Errors: WriteFailed when a line did not reach the file.
    Result<void> check() const;

private:
    ScanLog(std::ofstream file, std::filesystem::path path)
        : m_file(std::move(file)), m_path(std::move(path)) {}
    std::ofstream m_file;
    std::filesystem::path m_path;
};

}  // namespace espalier::exchange
