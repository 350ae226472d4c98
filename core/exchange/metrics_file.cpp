// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/metrics_file.h"

#include <cmath>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string_view>

#include "core/base/files.h"
#include "core/base/format.h"

namespace espalier::exchange {
namespace {

/// Nothing for what was not measured.
std::string cell(double value) {
    if (std::isnan(value)) return {};
    std::ostringstream text;
    text.imbue(std::locale::classic());  // a decimal point whatever the user's language
    text << std::setprecision(9) << value;
    return text.str();
}

constexpr std::string_view kHeader =
    "step,epoch,round,loss,val_loss,top1,lr,sparsity,seconds,metric";

std::string row(const train::TrainSample& sample) {
    return cat(sample.step, ",", sample.epoch, ",", sample.round, ",", cell(sample.loss), ",",
               cell(sample.valLoss), ",", cell(sample.top1), ",", cell(sample.lr), ",",
               cell(sample.sparsity), ",", cell(sample.seconds), ",", cell(sample.score));
}

/// Quoted where it would end the cell or the row.
std::string textCell(const std::string& text) {
    if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

}  // namespace

MetricsWriter::MetricsWriter(std::ofstream file, std::filesystem::path path)
    : m_file(std::move(file)), m_path(std::move(path)) {}

Result<MetricsWriter> MetricsWriter::create(const std::filesystem::path& path) {
    std::ofstream file(path, std::ios::trunc);
    file << kHeader << std::endl;
    MetricsWriter writer(std::move(file), path);
    if (auto written = writer.check(); !written) return written.error();
    return writer;
}

Result<void> MetricsWriter::check() const {
    if (m_file) return {};
    return Error{Error::Kind::WriteFailed, cat("Cannot write the metrics to ", m_path.string()),
                 "the file cannot be made or the disk is full", "Choose another place"};
}

void MetricsWriter::append(const train::TrainSample& sample) {
    m_file << row(sample) << std::endl;
}

Result<void> writeMetrics(std::span<const train::TrainSample> samples,
                          const std::filesystem::path& path) {
    std::string text = cat(kHeader, "\n");
    for (const train::TrainSample& sample : samples) text += row(sample) + "\n";
    return writeTextAtomically(path, text);
}

Result<void> writeRuns(std::span<const NamedRun> runs, const std::filesystem::path& path) {
    std::string text = cat("run,", kHeader, "\n");
    for (const NamedRun& run : runs) {
        const std::string name = textCell(run.name);
        for (const train::TrainSample& sample : run.samples)
            text += cat(name, ",", row(sample), "\n");
    }
    return writeTextAtomically(path, text);
}

}  // namespace espalier::exchange
