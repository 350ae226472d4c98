// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/heatmap_picture.h"

#include <algorithm>

#include <QObject>

namespace espalier::ui {

namespace {

plots::Block blockOf(const prune::HeatmapWindow& window) {
    return {static_cast<int>(window.rowBegin), static_cast<int>(window.rowEnd),
            static_cast<int>(window.columnBegin), static_cast<int>(window.columnEnd)};
}

struct ValueWords {
    QString title;
    QString csv;  // heads the column of values
};

ValueWords wordsFor(const prune::HeatmapOptions& options, bool isReduced) {
    const auto words = [isReduced](const QString& title, const char* csv, const char* reducedCsv) {
        return ValueWords{title, QString::fromLatin1(isReduced ? reducedCsv : csv)};
    };
    if (options.value == prune::HeatmapValue::Mask)
        return words(QObject::tr("share removed"), "removed", "removed_share");
    if (options.kernels == prune::Kernels::Folded)
        return words(QObject::tr("mean |w|"), "mean_magnitude", "largest_mean_magnitude");
    if (options.value == prune::HeatmapValue::Magnitude)
        return words(QObject::tr("|w|"), "magnitude", "largest_magnitude");
    return words(QObject::tr("weight w"), "weight", "weight_of_largest_magnitude");
}

// From 0: a finer picture may show less than the least of the coarse one.
plots::Range magnitudeRange(const std::vector<float>& values) {
    const auto largest = std::ranges::max_element(values);
    return {0, largest == values.end() ? 1 : static_cast<double>(*largest)};
}

}  // namespace

bool hasKernels(const model::Layer& layer) {
    return layer.shape.size() > 2;
}

plots::HeatmapData pictureOf(const model::Layer& layer, const prune::HeatmapOptions& options,
                             const prune::Heatmap& heatmap) {
    const bool isFolded = options.kernels == prune::Kernels::Folded;
    const bool isMask = options.value == prune::HeatmapValue::Mask;
    const bool isSigned = options.value == prune::HeatmapValue::Weight && !isFolded;
    plots::HeatmapData data;
    data.name = QString::fromStdString(layer.name);
    data.rows = heatmap.rows;
    data.columns = heatmap.columns;
    data.values = heatmap.values;
    data.removed = heatmap.removed;
    data.rowTitle = QObject::tr("output channel");
    data.columnTitle = hasKernels(layer) && !isFolded ? QObject::tr("input channel × kernel")
                                                      : QObject::tr("input channel");
    data.kind = isMask     ? plots::HeatmapKind::Sparsity
                : isSigned ? plots::HeatmapKind::Diverging
                           : plots::HeatmapKind::Sequential;
    if (data.kind == plots::HeatmapKind::Sequential) data.range = magnitudeRange(data.values);
    data.rowStride = static_cast<int>(heatmap.rowStep);
    data.columnStride = static_cast<int>(heatmap.columnStep);
    data.part = blockOf(heatmap.window);
    const ValueWords words = wordsFor(options, data.isReduced());
    data.valueTitle = words.title;
    data.csvValue = words.csv;
    return data;
}

}  // namespace espalier::ui
