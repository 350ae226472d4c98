// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/measured_drops.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>

#include "core/base/format.h"
#include "ui/document/metric_words.h"
#include "ui/style/number_text.h"

namespace espalier::ui {

namespace {

using Kind = measure::Metric::Kind;

constexpr double kMostPoints = 20;
constexpr double kMostPercent = 100;
constexpr double kFirstShare = 0.05;  // of the scale: one point of twenty

QString tr(const char* text) {
    return QCoreApplication::translate("GoalDialog", text);
}

/// 1, 2 or 5 times a power of ten.
double roundedUp(double value) {
    const double power = std::pow(10, std::floor(std::log10(value)));
    for (const double step : {1.0, 2.0, 5.0}) {
        if (value <= step * power) return step * power;
    }
    return 10 * power;
}

}  // namespace

prune::DropUnit dropUnitOf(const measure::Metric& metric) {
    const QString name = metric.isShare() ? tr("points") : dropUnit(metric);
    return {name.toStdString(), shownDrop(metric, 1)};
}

DropScale dropScaleOf(const MeasuredDrops& drops) {
    if (drops.metric.isShare()) return {kMostPoints, kFirstShare * kMostPoints};
    double most = 0;
    for (const auto& [name, curve] : drops.curves) {
        for (const prune::DropPoint& point : curve) {
            if (std::isfinite(point.drop)) most = std::max(most, point.drop);
        }
    }
    const double shown = shownDrop(drops.metric, most);
    double end = shown > 0 ? roundedUp(shown) : 1;
    if (drops.metric.kind == Kind::Loss) end = std::min(end, kMostPercent);
    return {end, kFirstShare * end};
}

int decimalsUpTo(double end) {
    return std::clamp(3 - static_cast<int>(std::floor(std::log10(end))), 0, 6);
}

QString dropText(const measure::Metric& metric, double shown) {
    const QString amount = style::numberText(significant(shown, 3));
    if (metric.isShare())
        return (amount == QLatin1String("1") ? tr("a loss of %1 point") : tr("a loss of %1 points"))
            .arg(amount);
    return metric.kind == Kind::Loss ? tr("%1 higher by %2 %").arg(metricTitle(metric), amount)
                                     : tr("%1 lower by %2").arg(metricTitle(metric), amount);
}

}  // namespace espalier::ui
