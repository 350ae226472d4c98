// SPDX-License-Identifier: GPL-3.0-or-later
// How exactly a share of samples, such as an accuracy, is known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/measure/sensitivity.h"

namespace espalier::measure {

/// The standard error of a share, 0..1, that was found on so many samples: √(p(1 − p)/n).
double samplingError(double share, std::int64_t samples);

/// The fewest samples on which a share is known better than to ± `limit`; none for a limit of 0.
std::optional<std::int64_t> samplesFor(double share, double limit);

/// How many samples a scan looks at.
std::int64_t samplesOf(const ScanOptions& options, const data::DatasetInfo& data);

/// "On 200 samples an accuracy is known to ± 2.3 points; for a limit of 1 point use at least 1 060":
/// for people who choose by a limit (as Metric::drop counts) that is no larger than that. Of the
/// share that the limit leaves of `dense`. Empty where the limit is larger, and for metrics that
/// are no share.
std::string samplingNote(const Metric& metric, double dense, std::int64_t samples, double limit);

}  // namespace espalier::measure
