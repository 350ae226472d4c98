// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/metric.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "core/base/format.h"

namespace espalier::measure {

namespace {

using Kind = Metric::Kind;

constexpr std::array<std::string_view, 3> kLosses{"cross_entropy", "mse", "bce"};
constexpr std::array<std::pair<std::string_view, Kind>, 4> kMetrics{
    {{"top1", Kind::Top1},
     {"top5", Kind::Top5},
     {"loss", Kind::Loss},
     {"agreement", Kind::Agreement}}};

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += cat(text.empty() ? "" : ", ", name);
    return text;
}

bool isFile(const std::string& name) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(name, ignored);
}

std::string fileName(const std::string& path) {
    return std::filesystem::path(path).filename().string();
}

Error unknown(std::string_view which, const std::string& name,
              const std::vector<std::string>& known) {
    const std::filesystem::path path(name);
    if (path.has_extension() || path.has_parent_path()) {
        return {Error::Kind::NotFound, cat("Cannot measure the ", which, " ", fileName(name)),
                cat("there is no file ", name), "Check the path of the TorchScript file"};
    }
    return {Error::Kind::BadArgument, cat("Cannot measure the ", which, " ", name),
            "it is neither a known name nor a file",
            cat("Use ", joined(known),
                ", or a TorchScript file whose forward(output, target) "
                "returns one number")};
}

Error unfit(const data::DatasetInfo& data, std::string why, std::string hint) {
    return {Error::Kind::Mismatch, cat("Cannot measure this on ", data.name), std::move(why),
            std::move(hint)};
}

Kind kindOf(const std::string& name, const std::string& loss, const data::DatasetInfo& data) {
    const auto* known =
        std::ranges::find(kMetrics, name, &std::pair<std::string_view, Kind>::first);
    if (known != kMetrics.end()) return known->second;
    if (!name.empty()) return Kind::Module;
    if (data.targets == data::Targets::None) return Kind::Agreement;
    const bool isOfClasses = data.targets == data::Targets::Classes;
    return isOfClasses && loss != "mse" && loss != "bce" ? Kind::Top1 : Kind::Loss;
}

Result<void> checkTargets(const MetricOptions& options, Kind kind, const data::DatasetInfo& data) {
    if (data.targets == data::Targets::None && (kind != Kind::Agreement || !options.loss.empty())) {
        return unfit(data, "it has no labels to compare with",
                     "Leave the loss out and measure agreement with the dense model, or attach "
                     "data with labels");
    }
    const bool isTop = kind == Kind::Top1 || kind == Kind::Top5;
    if (isTop && data.targets != data::Targets::Classes) {
        return unfit(data,
                     cat(options.metric, " needs one class a sample, and its targets are numbers"),
                     "Measure the loss, or save the targets as one int64 class number a sample");
    }
    return {};
}

}  // namespace

std::vector<std::string> lossNames() {
    return {kLosses.begin(), kLosses.end()};
}

std::vector<std::string> metricNames() {
    std::vector<std::string> names;
    for (const auto& [name, kind] : kMetrics) names.emplace_back(name);
    return names;
}

double Metric::drop(double dense, double value) const {
    if (kind != Kind::Loss) return dense - value;
    return dense != 0 ? (value - dense) / std::abs(dense) : value;
}

double Metric::after(double dense, double drop) const {
    if (kind != Kind::Loss) return dense - drop;
    return dense != 0 ? dense + drop * std::abs(dense) : drop;
}

std::string Metric::title() const {
    switch (kind) {
        case Kind::Top1:
            return "top-1";
        case Kind::Top5:
            return "top-5";
        case Kind::Loss:
            return cat("loss (", loss, ")");
        case Kind::Agreement:
            return "agreement with the dense model";
        case Kind::Module:
            break;
    }
    return name;
}

std::string Metric::text(double value) const {
    return isShare() ? percent(value, 2) : significant(value);
}

std::string lossFor(const MetricOptions& options, const data::DatasetInfo& data) {
    if (data.targets == data::Targets::None) return {};
    if (!options.loss.empty()) return options.loss;
    const bool areWhole = data.targets == data::Targets::Classes || data.areTargetsWhole;
    return areWhole ? "cross_entropy" : "mse";
}

Result<Metric> metricFor(const MetricOptions& options, const data::DatasetInfo& data) {
    const std::string loss = lossFor(options, data);
    const bool isKnownLoss = loss.empty() || std::ranges::find(kLosses, loss) != kLosses.end();
    if (!isKnownLoss && !isFile(loss)) return unknown("loss", loss, lossNames());
    const Kind kind = kindOf(options.metric, loss, data);
    if (kind == Kind::Module && !isFile(options.metric))
        return unknown("metric", options.metric, metricNames());
    if (auto fits = checkTargets(options, kind, data); !fits) return fits.error();

    Metric metric;
    metric.kind = kind;
    metric.name = kind == Kind::Module ? fileName(options.metric) : "";
    for (const auto& [name, of] : kMetrics) {
        if (of == kind) metric.name = name;
    }
    metric.loss = isKnownLoss ? loss : fileName(loss);
    if (kind == Kind::Agreement) metric.loss = "kl";
    const bool isTop = kind == Kind::Top1 || kind == Kind::Top5 || kind == Kind::Agreement;
    metric.hasShares = isTop || (data.targets == data::Targets::Classes && loss == "cross_entropy");
    return metric;
}

}  // namespace espalier::measure
