// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/sampling_error.h"

#include <algorithm>
#include <cmath>

#include "core/base/format.h"

namespace espalier::measure {

namespace {

/// "1 point", "0.5 points".
std::string pointsText(double share) {
    const std::string amount = significant(100 * share, 2);
    return cat(amount, amount == "1" ? " point" : " points");
}

std::string nameOf(const Metric& metric) {
    if (metric.kind == Metric::Kind::Agreement) return "an agreement";
    return metric.kind == Metric::Kind::Top5 ? "a top-5 accuracy" : "an accuracy";
}

/// Rounded up to two digits: more would be no more true.
std::int64_t roundedUp(std::int64_t count) {
    std::int64_t unit = 1;
    while (count / unit >= 100) unit *= 10;
    return (count + unit - 1) / unit * unit;
}

}  // namespace

double samplingError(double share, std::int64_t samples) {
    return std::sqrt(share * (1 - share) / static_cast<double>(samples));
}

std::optional<std::int64_t> samplesFor(double share, double limit) {
    if (!(limit > 0)) return {};
    auto samples = static_cast<std::int64_t>(share * (1 - share) / (limit * limit)) + 1;
    while (!(samplingError(share, samples) < limit)) ++samples;  // the quotient was rounded
    return samples;
}

std::int64_t samplesOf(const ScanOptions& options, const data::DatasetInfo& data) {
    const std::int64_t all = options.split == data::Split::Validation ? data.validation
                             : options.split == data::Split::Test     ? data.test
                                                                      : data.train;
    return options.samples > 0 ? std::min(options.samples, all) : all;
}

std::string samplingNote(const Metric& metric, double dense, std::int64_t samples, double limit) {
    if (!metric.isShare() || samples < 1 || !std::isfinite(dense)) return {};
    const double left = std::clamp(dense - limit, 0.0, 1.0);
    const double error = samplingError(left, samples);
    if (error == 0 || error < limit) return {};
    const std::string known = cat("On ", exactCount(samples), samples == 1 ? " sample " : " samples ",
                                  nameOf(metric), " is known to ± ", pointsText(error));
    const auto enough = samplesFor(left, limit);
    if (!enough) return known;
    return cat(known, "; for a limit of ", pointsText(limit), " use at least ",
               exactCount(roundedUp(*enough)));
}

}  // namespace espalier::measure
