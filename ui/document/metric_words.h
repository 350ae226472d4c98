// SPDX-License-Identifier: GPL-3.0-or-later
// What a model is judged by, in the words and units in which people read and type it.
#pragma once

#include <QString>

#include "core/measure/metric.h"

namespace espalier::ui {

/// A value of the metric as it is drawn: shares in percent.
double shownValue(const measure::Metric& metric, double value);

/// "pt" of shares, "%" of a loss; a module's metric has a unit of its own, which is not known.
QString dropUnit(const measure::Metric& metric);

/// How much of dropUnit a drop is, as Metric::drop counts.
double shownDrop(const measure::Metric& metric, double drop);
double dropOfShown(const measure::Metric& metric, double shown);

/// "top-1", "agreement with dense", "loss (mse)".
QString metricTitle(const measure::Metric& metric);

}  // namespace espalier::ui
