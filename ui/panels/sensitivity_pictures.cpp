// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/sensitivity_pictures.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <QCoreApplication>

#include "core/base/format.h"
#include "ui/style/counted.h"
#include "ui/style/number_text.h"

namespace espalier::ui {

namespace {

constexpr double kPercent = 100;
constexpr double kHopeless = 10;  // times the drop that is allowed: more is all the same

QString tr(const char* text) {
    return QCoreApplication::translate("SensitivityPanel", text);
}

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

}  // namespace

QString describeScan(const measure::ScanOptions& options) {
    const QString what = options.structure == measure::Structure::Channels
                             ? tr("channels by %1 on %2")
                             : tr("weights by %1 on %2");
    const QString samples = options.samples > 0
                                ? style::counted(options.samples, tr("%1 sample"), tr("%1 samples"))
                                      .arg(text(exactCount(options.samples)))
                                : tr("all samples");
    return what.arg(text(options.criterionName()), samples);
}

plots::Points curvePoints(const SensitivityScan& scan, const measure::SensitivityCurve& curve) {
    plots::Points points;
    const auto& measured = curve.points;
    if (!scan.dense() || measured.empty()) return points;
    points.x.push_back(0);
    points.y.push_back(shownValue(scan.metric(), scan.dense()->score));
    for (const auto& point : measured) {
        points.x.push_back(kPercent * point.sparsity);
        points.y.push_back(shownValue(scan.metric(), point.figures.score));
    }
    return points;
}

namespace {

/// "−1.97 pt", or of a loss "+3.2 %".
QString changeText(const measure::Metric& metric, double drop) {
    const double worse = shownDrop(metric, drop);
    const double change = metric.kind == measure::Metric::Kind::Loss ? worse : 0 - worse;
    const QString unit = dropUnit(metric);
    return (change > 0 ? QStringLiteral("+") : QString()) +
           style::numberText(significant(change, 4)) +
           (unit.isEmpty() ? unit : QLatin1Char(' ') + unit);
}

QString lostTitle(const measure::Metric& metric) {
    const QString title = metricTitle(metric);
    if (metric.isShare()) return tr("points of %1 lost").arg(title);
    return metric.kind == measure::Metric::Kind::Loss ? tr("%1 risen, %").arg(title)
                                                      : tr("%1 lost").arg(title);
}

}  // namespace

plots::HeatmapData dropHeatmap(const SensitivityScan& scan, double limit) {
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
            const auto drop = static_cast<float>(shownDrop(scan.metric(), scan.dropOf(point)));
            data.values[static_cast<std::size_t>(row * data.columns + level)] = drop;
            most = std::max(most, drop);
        }
    }
    for (int level = 0; level < data.columns; ++level)
        data.columnLabels << style::numberText(percent(measure::sparsityOfLevel(level), 0));
    data.rowTitle = tr("layer");
    data.columnTitle = tr("sparsity");
    data.valueTitle = lostTitle(scan.metric());
    data.kind = plots::HeatmapKind::Sequential;
    const double enough = kHopeless * shownDrop(scan.metric(), limit);
    const bool isCut = enough > 0 && most > enough;
    data.range = plots::Range{0, isCut ? enough : most > 0 ? most : 1};
    if (isCut)
        data.valueTitle +=
            tr(" (%1 or more: one colour)").arg(style::numberText(significant(enough, 3)));
    data.csvValue = QStringLiteral("drop");
    return data;
}

QString cellText(const SensitivityScan& scan, int row, int level) {
    if (row < 0 || row >= std::ssize(scan.curves())) return {};
    const auto& curve = scan.curves()[static_cast<std::size_t>(row)];
    const double sparsity = measure::sparsityOfLevel(level);
    const auto point = std::ranges::find_if(curve.points, [sparsity](const auto& each) {
        return std::abs(each.sparsity - sparsity) < 1e-9;
    });
    QString said = tr("not measured");
    if (point != curve.points.end() && scan.dense()) {
        const measure::Metric& metric = scan.metric();
        said = tr("%1 %2 (%3)")
                   .arg(metricTitle(metric), style::numberText(metric.text(point->figures.score)),
                        changeText(metric, scan.dropOf(*point)));
    }
    return tr("%1 at %2: %3").arg(text(curve.name), style::numberText(percent(sparsity, 0)), said);
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
                    : tr("dense %1 %2")
                          .arg(title, style::numberText(scan.metric().text(scan.dense()->score)));
    if (known == 0) return dense;
    const QString unit = dropUnit(scan.metric());
    const QString amount = style::numberText(significant(shownDrop(scan.metric(), drop), 3));
    const auto all = std::ssize(scan.curves());
    const bool isOfChannels = scan.options().structure == measure::Structure::Channels;
    const QString kind = isOfChannels ? tr("groups") : tr("layers");
    const QString said =
        tr("%1  ·  within %2: %3 %6, %4 to %5 each")
            .arg(dense, unit.isEmpty() ? amount : amount + QLatin1Char(' ') + unit,
                 known == all ? QString::number(known) : tr("%1 of %2").arg(known).arg(all),
                 style::numberText(percent(least, 0)), style::numberText(percent(most, 0)), kind);
    return known == all ? said : said + tr("; the others are not measured and stay as they are");
}

}  // namespace espalier::ui
