// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/scan_files.h"

#include <charconv>
#include <cmath>
#include <iterator>

#include <nlohmann/json.hpp>

#include "core/base/format.h"

namespace espalier::exchange {

namespace {

using json = nlohmann::ordered_json;

Error notWritten(const std::filesystem::path& path, const char* why) {
    return {Error::Kind::WriteFailed, "Cannot write " + path.string(), why,
            "Choose a folder you may write to, with space left"};
}

/// Nine significant digits, as machines read them.
std::string digitsOf(double value) {
    char text[32];
    const auto end =
        std::to_chars(std::begin(text), std::end(text), value, std::chars_format::general, 9).ptr;
    return {text, end};
}

/// Of a ratio; empty when it was not measured.
std::string percentOf(double share) {
    return std::isnan(share) ? std::string() : digitsOf(100 * share);
}

/// "conv1.weight,0.05,99.12,100,0.0312"
std::string rowOf(const measure::ScanPoint& point) {
    const auto& figures = point.figures;
    return cat(point.name.empty() ? "dense" : point.name, ",", digitsOf(point.sparsity), ",",
               percentOf(figures.top1), ",", percentOf(figures.top5), ",", digitsOf(figures.loss));
}

/// JSON has no NaN: null stands for it.
json numberOf(double value) {
    return std::isfinite(value) ? json(value) : json(nullptr);
}

json jsonOf(const measure::ScanFigures& figures) {
    return {{"top1", numberOf(figures.top1)},
            {"top5", numberOf(figures.top5)},
            {"loss", numberOf(figures.loss)},
            {"score", numberOf(figures.score)}};
}

json jsonOf(const measure::SensitivityCurve& curve) {
    json points = json::array();
    for (const auto& point : curve.points) {
        json entry{{"sparsity", point.sparsity}};
        entry.update(jsonOf(point.figures));
        points.push_back(entry);
    }
    return {{"name", curve.name},
            {"largest", curve.largest ? json(*curve.largest) : json(nullptr)},
            {"points", points}};
}

}  // namespace

std::string sensitivityToCsv(std::span<const measure::SensitivityCurve> curves,
                             const measure::Metric& metric) {
    const bool isModule = metric.kind == measure::Metric::Kind::Module;
    std::string text = cat("parameter,sparsity,top1,top5,loss", isModule ? ",metric\n" : "\n");
    for (const auto& curve : curves) {
        for (const auto& point : curve.points) {
            text += rowOf(point);
            text += isModule ? cat(",", digitsOf(point.figures.score), "\n") : "\n";
        }
    }
    return text;
}

std::string sensitivityToJson(const measure::Sensitivity& sensitivity,
                              const measure::ScanOptions& options) {
    json layers = json::array();
    for (const auto& curve : sensitivity.curves) layers.push_back(jsonOf(curve));
    return json{{"format", "espalier-sensitivity"},
                {"version", 1},
                {"structure", measure::nameOf(options.structure)},
                {"criterion", options.criterionName()},
                {"split", data::name(options.split)},
                {"samples", sensitivity.samples},
                {"metric", sensitivity.metric.name},
                {"loss_name", sensitivity.metric.loss},
                {"max_drop", options.maxDrop},
                {"dense", jsonOf(sensitivity.dense)},
                {"layers", layers},
                {"evaluations", sensitivity.evaluations},
                {"seconds", sensitivity.seconds},
                {"notes", sensitivity.notes}}
        .dump(2);
}

Result<ScanLog> ScanLog::create(const std::filesystem::path& path) {
    std::ofstream file(path, std::ios::trunc);
    if (!file) return notWritten(path, "the file cannot be created");
    return ScanLog(std::move(file), path);
}

void ScanLog::append(const measure::ScanPoint& point) {
    if (point.isRemembered) return;
    m_file << rowOf(point) << ',' << digitsOf(point.seconds) << std::endl;
}

Result<void> ScanLog::check() const {
    if (m_file) return {};
    return notWritten(m_path, "some lines did not reach the file");
}

}  // namespace espalier::exchange
