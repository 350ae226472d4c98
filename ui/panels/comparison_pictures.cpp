// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/comparison_pictures.h"

#include <algorithm>

#include <QCoreApplication>

#include "core/base/format.h"
#include "ui/style/counted.h"
#include "ui/style/number_text.h"

namespace espalier::ui {

namespace {

constexpr double kPercent = 100;

QString tr(const char* text) {
    return QCoreApplication::translate("ComparePanel", text);
}

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

plots::HistogramData sideOf(const prune::HistogramPair& pair,
                            const std::vector<std::int64_t>& counts, std::int64_t zeros,
                            const QString& name) {
    plots::HistogramData data;
    data.name = name;
    data.edges = {pair.low, pair.high};
    data.counts = counts;
    data.zeros = zeros;
    data.minimum = pair.low;
    data.maximum = pair.high;
    return data;
}

QString accuracyText(const Comparison& comparison) {
    const auto left = comparison.evaluation(Comparison::Left);
    const auto right = comparison.evaluation(Comparison::Right);
    const auto figure = [](const std::optional<measure::Evaluation>& of) {
        return of ? style::numberText(of->metric.text(of->score)) : QStringLiteral("–");
    };
    if (!left && !right) return tr("Accuracy not measured");
    const measure::Evaluation& any = left ? *left : *right;
    return style::counted(any.samples, tr("%1 %2 → %3 (%4, %5 sample)"),
                          tr("%1 %2 → %3 (%4, %5 samples)"))
        .arg(text(any.metric.title()), figure(left), figure(right),
             text(std::string(data::name(any.split))), text(exactCount(any.samples)));
}

/// Both with as many decimals: "0.250 → 0.243 ms", "12.4 → 9.8 ms".
QString latencyText(const std::array<measure::Latency, 2>& of) {
    const double least = std::min(of[0].median, of[1].median);
    const int decimals = least >= 100 ? 0 : least >= 10 ? 1 : least >= 1 ? 2 : 3;
    const auto figure = [decimals](const measure::Latency& latency) {
        return style::numberText(QString::number(latency.median, 'f', decimals).toStdString());
    };
    return tr("%1 → %2 ms").arg(figure(of[0]), figure(of[1]));
}

}  // namespace

plots::OverlayData overlayOf(const Comparison& comparison) {
    const prune::HistogramPair& pair = *comparison.histograms();
    return {sideOf(pair, pair.left, pair.leftZeros,
                   tr("A: %1").arg(comparison.nameOf(Comparison::Left))),
            sideOf(pair, pair.right, pair.rightZeros,
                   tr("B: %1").arg(comparison.nameOf(Comparison::Right)))};
}

std::vector<plots::DifferenceBar> barsOf(const Comparison& comparison) {
    std::vector<plots::DifferenceBar> bars;
    for (const ClassDifference& of : comparison.classes())
        bars.push_back({of.name, kPercent * of.left, kPercent * of.right, of.samples});
    return bars;
}

QString measurementText(const Comparison& comparison) {
    QStringList parts{accuracyText(comparison)};
    if (const auto latencies = comparison.latencies()) parts << latencyText(*latencies);
    return parts.join(QStringLiteral("  ·  "));
}

QString changeText(const Comparison& comparison) {
    const prune::LayerComparison* layer = comparison.layer(comparison.histogramLayer());
    if (!layer || !layer->left || !layer->right) return tr("Only one side has this layer");
    if (layer->left->shape != layer->right->shape)
        return tr("The shapes of the two sides differ: one is cut narrower");
    if (!layer->change) return tr("The weights of side A are all 0");
    return tr("‖ΔW‖ / ‖W‖ = %1").arg(style::numberText(significant(*layer->change)));
}

}  // namespace espalier::ui
