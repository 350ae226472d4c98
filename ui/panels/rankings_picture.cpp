// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/rankings_picture.h"

#include <algorithm>

#include <QCoreApplication>

#include "core/base/format.h"
#include "ui/style/number_text.h"

namespace espalier::ui {

namespace {

using prune::kRankParts;

QString tr(const char* text) {
    return QCoreApplication::translate("RankingsPicture", text);
}

QString percentOf(int part) {
    return style::numberText(percent(double(part) / kRankParts, 0));
}

std::int64_t countAt(const LayerRankings& rankings, int row, int column) {
    return rankings.compared.together[static_cast<std::size_t>(row * kRankParts + column)];
}

std::int64_t countOf(const LayerRankings& rankings, int column) {
    std::int64_t count = 0;
    for (int row = 0; row < kRankParts; ++row) count += countAt(rankings, row, column);
    return count;
}

double shareAt(const LayerRankings& rankings, int row, int column) {
    const auto all = static_cast<double>(std::max<std::int64_t>(1, countOf(rankings, column)));
    return static_cast<double>(countAt(rankings, row, column)) / all;
}

}  // namespace

plots::HeatmapData ranksTogether(const LayerRankings& rankings) {
    plots::HeatmapData data;
    data.name = tr("%1 and %2").arg(rankings.mine, rankings.other);
    data.rows = data.columns = kRankParts;
    for (int row = 0; row < kRankParts; ++row) {
        data.rowLabels << percentOf(row);
        for (int column = 0; column < kRankParts; ++column)
            data.values.push_back(static_cast<float>(100 * shareAt(rankings, row, column)));
    }
    data.columnScale = plots::Range{0, 100};
    data.columnTitle = tr("rank by %1, %").arg(rankings.mine);
    data.rowTitle = tr("rank by %1").arg(rankings.other);
    data.valueTitle = tr("% of the column");
    data.kind = plots::HeatmapKind::Sequential;
    const float most = std::ranges::max(data.values);
    data.range = plots::Range{0, most > 0 ? static_cast<double>(most) : 1};
    data.csvValue = QStringLiteral("percent_of_column");
    return data;
}

QString describeCell(const LayerRankings& rankings, int row, int column) {
    const auto span = [](int part) {
        return tr("%1 to %2").arg(percentOf(part), percentOf(part + 1));
    };
    return tr("%1 %2, %3 %4: %5 of the %6 weights that %1 has there")
        .arg(rankings.mine, span(column), rankings.other, span(row),
             QString::fromStdString(exactCount(countAt(rankings, row, column))),
             QString::fromStdString(exactCount(countOf(rankings, column))));
}

}  // namespace espalier::ui
