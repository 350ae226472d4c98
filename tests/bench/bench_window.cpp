// SPDX-License-Identifier: GPL-3.0-or-later
// How the window answers on a large model: opening it, dragging a cut through its largest layer.
//
// QT_QPA_PLATFORM=offscreen bench_window MODEL.pt [INPUT, as 1x3x224x224]
// One line of JSON, times in milliseconds. tests/bench/make_vgg16.py writes a model of 138 M
// parameters.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include <QApplication>
#include <QElapsedTimer>
#include <QHBoxLayout>
#include <QTest>
#include <QTimer>
#include <QVBoxLayout>

#include "core/base/process.h"
#include "ui/document/workbench.h"
#include "ui/panels/impact_bar.h"
#include "ui/panels/layer_list_panel.h"
#include "ui/panels/layer_settings_panel.h"
#include "ui/panels/weights_panel.h"
#include "ui/plots/histogram_view.h"
#include "ui/style/theme.h"

using namespace espalier;

namespace {

constexpr int kMoves = 60;

struct Window {
    ui::Document document;
    ui::JobRunner jobs;
    ui::Workbench workbench{&document, &jobs};
    QWidget widget;

    Window() {
        auto* rows = new QVBoxLayout(&widget);
        rows->addWidget(new ui::ImpactBar(&workbench));
        auto* columns = new QHBoxLayout;
        columns->addWidget(new ui::LayerListPanel(&workbench));
        columns->addWidget(new ui::WeightsPanel(&workbench), 1);
        columns->addWidget(new ui::LayerSettingsPanel(&workbench));
        rows->addLayout(columns, 1);
        widget.resize(1440, 800);
        widget.show();
    }
    bool settle() {
        return QTest::qWaitFor([this] { return jobs.jobs().isEmpty(); }, 600'000);
    }
};

/// The longest time the event loop was not reached since the last `take`.
class Heartbeat {
public:
    Heartbeat() {
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer,
                         [this] { m_longest = std::max(m_longest, m_clock.restart()); });
        m_clock.start();
        m_timer.start(5);
    }
    qint64 take() { return std::exchange(m_longest, 0); }

private:
    QTimer m_timer;
    QElapsedTimer m_clock;
    qint64 m_longest = 0;
};

model::LayerId largestLayer(const model::Snapshot& snapshot) {
    const auto layers = snapshot.layers();
    return std::ranges::max_element(layers, {}, &model::Layer::weightCount)->id;
}

/// Milliseconds of each move of the mouse, painting included.
std::vector<double> drag(Window& window) {
    auto* view = window.widget.findChild<plots::HistogramView*>();
    auto* canvas = view->findChild<QWidget*>(QStringLiteral("canvas"));
    QPoint at(0, canvas->height() / 2);
    while (at.x() < canvas->width() && canvas->cursor().shape() != Qt::SizeHorCursor) {
        at.rx() += 2;
        QTest::mouseMove(canvas, at);
    }
    std::vector<double> times;
    QTest::mousePress(canvas, Qt::LeftButton, {}, at);
    for (int move = 1; move <= kMoves; ++move) {
        QElapsedTimer clock;
        clock.start();
        QTest::mouseMove(canvas, at + QPoint(move * 5, 0));
        QCoreApplication::processEvents();
        QCoreApplication::processEvents();
        times.push_back(static_cast<double>(clock.nsecsElapsed()) / 1e6);
    }
    QTest::mouseRelease(canvas, Qt::LeftButton, {}, at + QPoint(kMoves * 5, 0));
    std::ranges::sort(times);
    return times;
}

/// Of this process, or of the largest that it has waited for: models are first loaded in one.
double peakMegabytes() {
    long kilobytes = 0;
    for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage usage{};
        if (getrusage(who, &usage) == 0) kilobytes = std::max(kilobytes, usage.ru_maxrss);
    }
    return static_cast<double>(kilobytes) * 1024 / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
    ensurePassiveOpenMp(argv);
    QApplication application(argc, argv);
    style::applyTheme(application, style::ThemeMode::Light);
    if (argc < 2) {
        std::fprintf(stderr, "bench_window MODEL.pt [INPUT]\n");
        return 2;
    }
    std::vector<script::InputSpec> inputs;
    if (argc > 2) inputs.push_back(*script::parseInputSpec(argv[2]));

    Window window;
    Heartbeat heartbeat;
    QElapsedTimer clock;
    double listSeconds = 0;
    QObject::connect(&window.workbench, &ui::Workbench::opened, &window.workbench,
                     [&] { listSeconds = static_cast<double>(clock.elapsed()) / 1000; });
    clock.start();
    window.workbench.openModel(argv[1], inputs);
    if (!window.settle() || !window.document.hasModel()) return 1;
    const double openSeconds = static_cast<double>(clock.elapsed()) / 1000;
    const qint64 openGap = heartbeat.take();
    window.document.select(largestLayer(*window.document.snapshot()));
    QTest::qWait(100);
    const qint64 selectGap = heartbeat.take();
    const std::vector<double> moves = drag(window);
    heartbeat.take();
    clock.restart();
    if (!window.settle()) return 1;
    const double masksSeconds = static_cast<double>(clock.elapsed()) / 1000;
    std::printf(
        "{\"parameters\": %lld, \"layer_list_seconds\": %.1f, \"open_seconds\": %.1f, "
        "\"open_longest_gap_ms\": %lld, "
        "\"select_longest_gap_ms\": %lld, \"drag_median_ms\": %.2f, \"drag_longest_ms\": %.2f, "
        "\"masks_seconds\": %.2f, \"masks_longest_gap_ms\": %lld, "
        "\"peak_megabytes\": %.0f}\n",
        static_cast<long long>(window.document.snapshot()->parameters()), listSeconds, openSeconds,
        static_cast<long long>(openGap), static_cast<long long>(selectGap), moves[moves.size() / 2],
        moves.back(), masksSeconds, static_cast<long long>(heartbeat.take()), peakMegabytes());
    return 0;
}
