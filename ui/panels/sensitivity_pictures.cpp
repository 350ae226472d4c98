// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/sensitivity_pictures.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <QCoreApplication>

#include "core/base/format.h"

namespace espalier::ui {

namespace {

constexpr double kPercent = 100;

QString tr(const char* text) {
    return QCoreApplication::translate("SensitivityPanel", text);
}

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

}  // namespace

double shownValue(const measure::Metric& metric, double value) {
    return metric.isShare() ? kPercent * value : value;
}

QString dropUnit(const measure::Metric& metric) {
    return metric.isShare() ? tr("pt") : QStringLiteral("%");
}

QString metricTitle(const measure::Metric& metric) {
    const bool isAgreement = metric.kind == measure::Metric::Kind::Agreement;
    return isAgreement ? tr("agreement with dense") : text(metric.title());
}

plots::Points curvePoints(const SensitivityScan& scan, int curve) {
    plots::Points points;
    if (!scan.dense()) return points;
    const auto& measured = scan.curves()[static_cast<std::size_t>(curve)].points;
    if (measured.empty()) return points;
    points.x.push_back(0);
    points.y.push_back(shownValue(scan.metric(), scan.dense()->score));
    for (const auto& point : measured) {
        points.x.push_back(kPercent * point.sparsity);
        points.y.push_back(shownValue(scan.metric(), point.figures.score));
    }
    return points;
}

plots::HeatmapData dropHeatmap(const SensitivityScan& scan) {
    plots::HeatmapData data;
    data.name = tr("sensitivity");
    data.rows = static_cast<int>(scan.curves().size());
    data.columns = measure::kLevelCount;
    data.values.assign(static_cast<std::size_t>(data.rows * data.columns),
                       std::numeric_limits<float>::quiet_NaN());
    float most = 0;
    for (int row = 0; row < data.rows; ++row) {
        const auto& curve = scan.curves()[static_cast<std::size_t>(row)];
        data.rowLabels << text(curve.name);
        for (const auto& point : curve.points) {
            if (!scan.dense()) continue;
            const auto level = static_cast<int>(std::lround(point.sparsity * 20)) - 1;
            const auto drop = static_cast<float>(kPercent * scan.dropOf(point));
            data.values[static_cast<std::size_t>(row * data.columns + level)] = drop;
            most = std::max(most, drop);
        }
    }
    for (int level = 0; level < data.columns; ++level)
        data.columnLabels << text(percent(measure::sparsityOfLevel(level), 0));
    data.rowTitle = tr("layer");
    data.columnTitle = tr("sparsity");
    data.valueTitle = scan.metric().isShare()
                          ? tr("points of %1 lost").arg(metricTitle(scan.metric()))
                          : tr("%1 risen, %").arg(metricTitle(scan.metric()));
    data.kind = plots::HeatmapKind::Sequential;
    data.range = plots::Range{0, std::max(1.0, static_cast<double>(most))};
    data.csvValue = QStringLiteral("drop");
    return data;
}

QString limitSummary(const SensitivityScan& scan, double drop) {
    if (!scan.dense()) return {};
    int known = 0;
    double least = 1;
    double most = 0;
    for (int curve = 0; curve < std::ssize(scan.curves()); ++curve) {
        const auto largest = scan.largest(curve, drop);
        if (!largest) continue;
        ++known;
        least = std::min(least, *largest);
        most = std::max(most, *largest);
    }
    const bool isAgreement = scan.metric().kind == measure::Metric::Kind::Agreement;
    const QString title = metricTitle(scan.metric());
    const QString dense =
        isAgreement ? title
                    : tr("dense %1 %2").arg(title, text(scan.metric().text(scan.dense()->score)));
    if (known == 0) return dense;
    return tr("%1  ·  within %2 %3: %4 layers, %5 to %6 each")
        .arg(dense, text(significant(kPercent * drop, 3)), dropUnit(scan.metric()),
             QString::number(known), text(percent(least, 0)), text(percent(most, 0)));
}

}  // namespace espalier::ui
