// SPDX-License-Identifier: GPL-3.0-or-later
// The window never keeps a person waiting: what its thread works between two turns of the event
// loop stays small.
#include <algorithm>
#include <vector>

#include <QSignalSpy>
#include <QUndoStack>

#include "tests/support/heartbeat.h"
#include "tests/support/window_probe.h"
#include "ui/document/probe.h"
#include "ui/document/sensitivity_scan.h"
#include "ui/plots/histogram_view.h"
#include "ui/plots/qcp.h"
#include "ui/style/theme.h"

using namespace espalier;
using test::WindowProbe;

namespace {

constexpr double kFrameMs = 16;

}  // namespace

class TestResponsiveness : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
        m_settings = std::make_unique<test::OwnSettings>();
        style::applyTheme(*qApp, style::ThemeMode::Light);
        m_probe = std::make_unique<WindowProbe>();
        QVERIFY(m_probe->openModel(WindowProbe::copyModel(m_folder.path())));
        QVERIFY(m_probe->rest());
    }
    void init() { test::failOnAnyWarning(); }
    void cleanupTestCase() { m_probe.reset(); }

    void openingAndAttaching() {
        test::Heartbeat heartbeat;
        QVERIFY(m_probe->openModel(m_folder.filePath("lenet5.pt")));
        QVERIFY(m_probe->attachTinyData(m_folder.path()));
        QVERIFY(m_probe->rest());
        QCOMPARE(heartbeat.problem(), QString());
    }

    void draggingTheCut() {
        selectLargest();
        auto* view = m_probe->window.findChild<plots::HistogramView*>();
        QTRY_VERIFY_WITH_TIMEOUT(view->cut(), test::kPatienceMs);
        QVERIFY(m_probe->rest());
        QCustomPlot* canvas = view->canvas();
        QPoint at(static_cast<int>(canvas->xAxis->coordToPixel(*view->cut())),
                  canvas->height() / 2);
        QTest::mousePress(canvas, Qt::LeftButton, {}, at);
        std::vector<double> frames;
        for (int move = 0; move < 60; ++move) {
            at += QPoint(5, 0);
            const double before = test::threadMs();
            QTest::mouseMove(canvas, at);
            QCoreApplication::processEvents();
            frames.push_back(test::threadMs() - before);
        }
        QTest::mouseRelease(canvas, Qt::LeftButton, {}, at);
        QCOMPARE(m_probe->document().undoStack()->count(), 1);
        std::nth_element(frames.begin(), frames.begin() + 30, frames.end());
        const double median = frames[30];
        qInfo("a move of the drag: %.1f ms in the median", median);
        QVERIFY2(median < kFrameMs, qPrintable(QString::number(median)));
    }

    /// Data is attached: the live probe measures while the cut moves and while it rests.
    void scanningAndDraggingMeanwhile() {
        auto* scan = m_probe->window.workbench()->sensitivity();
        test::Heartbeat heartbeat;
        scan->start({});
        m_probe->child<QDoubleSpinBox>("cutSparsity")->setValue(30);
        QTRY_VERIFY_WITH_TIMEOUT(!scan->isRunning(), test::kPatienceMs);
        QVERIFY(m_probe->rest());
        QVERIFY(m_probe->window.workbench()->probe()->reading());
        QCOMPARE(heartbeat.problem(), QString());
        m_probe->trigger("edit.undo");
        QVERIFY(m_probe->rest());
    }

    void switchingViews() {
        test::Heartbeat heartbeat;
        for (const char* id : {"view.heatmap", "view.channels", "view.overview", "view.weights"}) {
            m_probe->trigger(id);
            QVERIFY(m_probe->rest());
        }
        QCOMPARE(heartbeat.problem(), QString());
    }

    void training() {
        m_probe->child<QSpinBox>("recipeEpochs")->setValue(10);
        QSignalSpy ended(m_probe->window.workbench(), &ui::Workbench::trainingEnded);
        test::Heartbeat heartbeat;
        m_probe->trigger("train.start");
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, test::kPatienceMs);
        QVERIFY(m_probe->rest());
        QCOMPARE(heartbeat.problem(), QString());
    }

private:
    void selectLargest() {
        const auto layers = m_probe->document().snapshot()->layers();
        const auto largest = std::ranges::max_element(layers, {}, &model::Layer::weightCount);
        m_probe->document().select(largest->id);
    }

    QTemporaryDir m_folder;
    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<WindowProbe> m_probe;
};

QTEST_MAIN(TestResponsiveness)
#include "tst_responsiveness.moc"
