// SPDX-License-Identifier: GPL-3.0-or-later
// The live probe: how often it tells the accuracy, beside evaluating from the inputs; what a move
// of the mouse takes while it runs; and how long the window is kept waiting during a sensitivity
// scan.
//
// QT_QPA_PLATFORM=offscreen bench_probe MODEL.pt DATA SAMPLES [INPUT, as 1x3x32x32]
// One line of JSON, times in milliseconds: [on the clock, of the processor].
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include <QApplication>
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>
#include <QVBoxLayout>

#include "core/base/process.h"
#include "core/measure/evaluate.h"
#include "core/measure/live_probe.h"
#include "core/measure/runtime.h"
#include "tests/support/heartbeat.h"
#include "ui/document/probe.h"
#include "ui/document/sensitivity_scan.h"
#include "ui/document/workbench.h"
#include "ui/panels/impact_bar.h"
#include "ui/panels/weights_panel.h"
#include "ui/plots/histogram_view.h"
#include "ui/style/theme.h"

using namespace espalier;

namespace {

constexpr int kProbes = 9;
constexpr int kThreads = 2;
constexpr qint64 kDragMs = 8000;

double medianOf(std::vector<double> values) {
    std::ranges::sort(values);
    return values.empty() ? 0 : values[values.size() / 2];
}

double processorMs() {
    return static_cast<double>(std::clock()) * 1e3 / CLOCKS_PER_SEC;
}

/// Of all threads of this process.
struct Took {
    double clock = 0;
    double processor = 0;
};

template <class Work>
Took timed(Work work) {
    QElapsedTimer clock;
    clock.start();
    const double before = processorMs();
    work();
    return {static_cast<double>(clock.nsecsElapsed()) / 1e6, processorMs() - before};
}

Took medianOf(const std::vector<Took>& all) {
    std::vector<double> clock;
    std::vector<double> processor;
    for (const Took& each : all) {
        clock.push_back(each.clock);
        processor.push_back(each.processor);
    }
    return {medianOf(clock), medianOf(processor)};
}

[[noreturn]] void fail(const std::string& text) {
    std::fprintf(stderr, "%s\n", text.c_str());
    std::exit(1);
}

struct Times {
    Took first;  ///< with the values in front of the layer
    Took probe;
    Took whole;  ///< evaluating the same from the inputs
};

/// One layer dragged through its sparsities; probe and whole evaluation in turns.
Times drag(const model::SnapshotPtr& snapshot, const data::DatasetPtr& dataset,
           const model::Layer& layer, const measure::ProbeOptions& options) {
    RunControl control;
    measure::LiveProbe probe;
    const auto samples = *measure::probeSamples(dataset, options.samples);
    Times times;
    std::vector<Took> probes;
    std::vector<Took> wholes;
    prune::Plan plan = prune::emptyPlan(*snapshot);
    for (int i = 0; i <= kProbes; ++i) {
        plan.weights.insert_or_assign(layer.name, prune::WeightRule::sparsity(0.3 + 0.05 * i));
        const auto masks = *prune::resolve(*snapshot, plan, nullptr, control);
        double found = 0;
        const Took took = timed([&] {
            const auto figures =
                probe.measure({snapshot, dataset, masks, {layer.name}}, options, control);
            if (!figures) fail(figures.error().text());
            found = figures->top1;
        });
        double expected = 0;
        const Took whole = timed([&] {
            const auto evaluation = measure::evaluate(
                *snapshot, masks, *samples, {.batchSize = options.batchSize}, {}, control);
            if (!evaluation) fail(evaluation.error().text());
            expected = evaluation->top1;
        });
        if (found != expected) fail("the probe and the evaluation differ");
        if (i == 0) {
            times.first = took;
            continue;
        }
        probes.push_back(took);
        wholes.push_back(whole);
    }
    times.probe = medianOf(probes);
    times.whole = medianOf(wholes);
    return times;
}

std::string textOf(const char* name, const Times& times) {
    const auto pair = [](const char* what, const Took& took) {
        return QString::asprintf("\"%s\": [%.0f, %.0f]", what, took.clock, took.processor)
            .toStdString();
    };
    return std::string("\"") + name + "\": {" + pair("begin", times.first) + ", " +
           pair("probe", times.probe) + ", " + pair("whole", times.whole) + "}";
}

struct Window {
    ui::Document document;
    ui::JobRunner jobs;
    ui::Workbench workbench{&document, &jobs};
    QWidget widget;
    plots::HistogramView* view = nullptr;

    Window() {
        auto* rows = new QVBoxLayout(&widget);
        rows->addWidget(new ui::ImpactBar(&workbench));
        rows->addWidget(new ui::WeightsPanel(&workbench), 1);
        view = widget.findChild<plots::HistogramView*>();
        widget.resize(1200, 700);
        widget.show();
    }
    bool settle() {
        return QTest::qWaitFor([this] { return jobs.jobs().isEmpty(); }, 600'000);
    }
};

struct Frames {
    double median = 0;
    double longest = 0;
    double updatesPerSecond = 0;
    double processorShare = 0;  ///< of one core, all threads together
};

/// Moves the cut by a pixel 60 times a second, so that no plan comes twice, and counts the readings
/// that come.
Frames dragInWindow(Window& window, const model::Layer& layer) {
    window.document.select(layer.id);
    if (!window.settle()) fail("the window does not come to rest");
    auto* canvas = window.view->findChild<QWidget*>(QStringLiteral("canvas"));
    QPoint at(0, canvas->height() / 2);
    while (at.x() < canvas->width() && canvas->cursor().shape() != Qt::SizeHorCursor) {
        at.rx() += 2;
        QTest::mouseMove(canvas, at);
    }
    int updates = 0;
    std::optional<measure::ProbeFigures> last;
    QObject context;
    QObject::connect(window.workbench.probe(), &ui::Probe::changed, &context, [&] {
        const auto reading = window.workbench.probe()->reading();
        if (reading && last != reading->figures) ++updates;
        if (reading) last = reading->figures;
    });
    std::vector<double> frames;
    QElapsedTimer clock;
    clock.start();
    const double before = processorMs();
    QTest::mousePress(canvas, Qt::LeftButton, {}, at);
    for (int move = 1; clock.elapsed() < kDragMs; ++move) {
        frames.push_back(timed([&] {
                             QTest::mouseMove(canvas, at + QPoint(move, 0));
                             QCoreApplication::processEvents();
                             QCoreApplication::processEvents();
                         }).clock);
        QTest::qWait(16);
    }
    const double seconds = static_cast<double>(clock.elapsed()) / 1000;
    const double share = (processorMs() - before) / 1000 / seconds;
    QTest::mouseRelease(canvas, Qt::LeftButton, {}, at);
    window.settle();
    return {medianOf(frames), std::ranges::max(frames), updates / seconds, share};
}

/// The longest the event loop was not reached during a scan, on the clock and in processor time.
std::pair<double, double> stallDuringScan(Window& window, std::int64_t samples) {
    test::Heartbeat heartbeat;
    measure::ScanOptions options;
    options.samples = samples;
    window.workbench.sensitivity()->start(options);
    (void)QTest::qWaitFor([&] { return !window.workbench.sensitivity()->isRunning(); }, 120'000);
    window.workbench.sensitivity()->stop();
    window.settle();
    return {heartbeat.longestGapMs(), heartbeat.longestWorkMs()};
}

}  // namespace

int main(int argc, char** argv) {
    ensurePassiveOpenMp(argv);
    QApplication application(argc, argv);
    style::applyTheme(application, style::ThemeMode::Light);
    const QTemporaryDir cache;  // nothing is known of an earlier scan
    qputenv("XDG_CACHE_HOME", cache.path().toUtf8());
    if (argc < 4) fail("bench_probe MODEL.pt DATA SAMPLES [INPUT]");
    RunControl control;
    model::OpenOptions open;
    if (argc > 4) open.inputs.push_back(*script::parseInputSpec(argv[4]));
    const auto snapshot = model::openSnapshot(argv[1], open, {}, control);
    if (!snapshot) fail(snapshot.error().text());
    data::DataSpec spec;
    spec.path = argv[2];
    const auto dataset = data::openDataset(spec, control);
    if (!dataset) fail(dataset.error().text());
    measure::ProbeOptions options;
    options.samples = std::atoll(argv[3]);

    std::vector<model::Layer> layers;
    for (const auto& layer : (*snapshot)->layers()) {
        if (layer.prunable.weights) layers.push_back(layer);
    }
    measure::setUpTorchThread(kThreads);
    const Times first = drag(*snapshot, *dataset, layers.front(), options);
    const Times middle = drag(*snapshot, *dataset, layers[layers.size() / 2], options);

    Window window;
    window.workbench.openModel(argv[1], open.inputs);
    if (!window.settle() || !window.document.hasModel()) fail("the model does not open");
    window.document.setDataset(*dataset);
    window.workbench.probe()->setSamples(options.samples);
    const Frames frames = dragInWindow(window, layers.front());
    const auto [gap, work] = stallDuringScan(window, options.samples);
    std::printf("{\"samples\": %lld, %s, %s, ", static_cast<long long>(options.samples),
                textOf("first_layer", first).c_str(), textOf("median_layer", middle).c_str());
    std::printf(
        "\"window\": {\"updates_per_second\": %.1f, \"processor_share\": %.2f, "
        "\"move_median\": %.1f, \"move_longest\": %.1f}, "
        "\"scan\": {\"longest_gap\": %.0f, \"longest_work\": %.1f}}\n",
        frames.updatesPerSecond, frames.processorShare, frames.median, frames.longest, gap, work);
    return 0;
}
