// SPDX-License-Identifier: GPL-3.0-or-later
// How long the plots take to draw at their largest.
//
// QT_QPA_PLATFORM=offscreen [QT_SCALE_FACTOR=2] bench_plots
// One line of JSON, times in milliseconds, medians of 21.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <vector>

#include <QApplication>
#include <QElapsedTimer>

#include "ui/plots/curves_view.h"
#include "ui/plots/heatmap_view.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

using namespace espalier;

namespace {

constexpr QSize kSize(1200, 600);
constexpr int kTurns = 21;
constexpr int kPoints = 20'000;

double timeOf(const std::function<void()>& work) {
    QElapsedTimer clock;
    clock.start();
    work();
    return static_cast<double>(clock.nsecsElapsed()) / 1e6;
}

double medianOf(const std::function<void()>& work) {
    std::vector<double> times(kTurns);
    for (double& time : times) time = timeOf(work);
    std::ranges::nth_element(times, times.begin() + kTurns / 2);
    return times[kTurns / 2];
}

template <class View>
void show(View& view) {
    view.resize(kSize);
    view.show();
    QCoreApplication::processEvents();
}

plots::HeatmapData largestHeatmap() {
    plots::HeatmapData data;
    data.name = QStringLiteral("weight");
    data.rows = plots::kMaxCells;
    data.columns = plots::kMaxCells;
    for (int i = 0; i < data.rows * data.columns; ++i) {
        data.values.push_back(static_cast<float>(std::sin(i)));
        data.removed.push_back(i % 3 == 0 ? 1.0F : 0.0F);
    }
    return data;
}

}  // namespace

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    style::applyTheme(application, style::ThemeMode::Light);

    plots::HeatmapView heatmap;
    show(heatmap);
    const plots::HeatmapData data = largestHeatmap();
    const double heatmapSet = medianOf([&] {
        heatmap.setData({});
        heatmap.setData(data);
        heatmap.canvas()->replot();
    });
    const double heatmapReplot = medianOf([&] { heatmap.canvas()->replot(); });
    const double heatmapTable = medianOf([&] { (void)heatmap.csv(); });

    plots::CurvesView curves;
    for (int series = 0; series < 4; ++series) {
        curves.addSeries({.name = QString::number(series), .color = series});
        plots::Points points;
        for (int i = 0; i < kPoints; ++i) {
            points.x.push_back(i);
            points.y.push_back(std::sin(i / 500.0) + series);
        }
        curves.setPoints(series, std::move(points));
    }
    show(curves);
    const double curvesReplot = medianOf([&] { curves.canvas()->replot(); });
    std::printf(
        "{\"heatmap_set_and_draw_ms\": %.1f, \"heatmap_replot_ms\": %.1f, "
        "\"heatmap_csv_ms\": %.1f, \"curves_replot_ms\": %.1f}\n",
        heatmapSet, heatmapReplot, heatmapTable, curvesReplot);
    return 0;
}
