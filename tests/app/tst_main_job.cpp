// SPDX-License-Identifier: GPL-3.0-or-later
// The main job by hand: a trained LeNet-300-100 cut twelve times smaller with the mouse on its
// histograms and with the keyboard, fine-tuned, exported, and judged on test images that nothing
// else has read. On the way, the three pictures of Han et al. 2015 ("Learning both Weights and
// Connections for Efficient Neural Networks", figures 4, 6 and 8): what each layer loses alone, the
// two humps that retraining leaves, and the bands of the first layer.
#include <QAbstractItemView>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QToolButton>
#include <QUndoStack>

#include "core/measure/evaluate.h"
#include "tests/support/drag.h"
#include "tests/support/grab.h"
#include "tests/support/window_probe.h"
#include "ui/document/sensitivity_scan.h"
#include "ui/plots/curves_view.h"
#include "ui/plots/heatmap_view.h"
#include "ui/plots/histogram_view.h"

using namespace espalier;
using test::WindowProbe;

namespace {

constexpr int kTrainingMs = 240'000;  // below what the test as a whole is given

std::filesystem::path examples() {
    return project::lenet5Example().model.parent_path();
}

double testAccuracy(const std::filesystem::path& file, const data::Dataset& dataset) {
    RunControl control;
    const auto snapshot = model::openSnapshot(file, {}, {}, control);
    if (!snapshot) return 0;
    const auto result =
        measure::evaluate(**snapshot, nullptr, dataset, {.split = data::Split::Test}, {}, control);
    return result ? result->top1 : 0;
}

}  // namespace

class TestMainJob : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
        test::failOnAnyWarning();
        m_settings = std::make_unique<test::OwnSettings>();
        m_probe = std::make_unique<WindowProbe>();
    }
    void cleanupTestCase() { m_probe.reset(); }

    void whatEachLayerLosesAlone() {
        const std::filesystem::path dense = examples() / "lenet-300-100.script.pt";
        QVERIFY(m_probe->openModel(QString::fromStdString(dense.string())));
        attachMnist();
        m_probe->trigger("view.sensitivity");
        m_probe->child<QSpinBox>("sensitivitySamples")->setValue(1000);
        m_probe->child<QCheckBox>("sensitivityAll")->setChecked(true);
        QTest::mouseClick(m_probe->child<QToolButton>("sensitivityStart"), Qt::LeftButton);
        const ui::SensitivityScan& scan = *m_probe->window.workbench()->sensitivity();
        QVERIFY(scan.isRunning());
        QTRY_VERIFY_WITH_TIMEOUT(!scan.isRunning(), 2 * test::kPatienceMs);
        QCOMPARE(scan.curves().size(), std::size_t(3));
        for (const auto& curve : scan.curves()) QCOMPARE(curve.points.size(), std::size_t(19));
        // Half of each alone costs nothing; nearly all of one costs much, of the last one most.
        const auto lost = [&scan](std::size_t layer, std::size_t level) {
            return scan.dense()->top1 - scan.curves()[layer].points[level].figures.top1;
        };
        for (const std::size_t layer : {0, 1, 2}) QVERIFY(lost(layer, 9) < 0.005);
        QVERIFY2(lost(0, 18) > 0.02 && lost(2, 18) > 0.1, qPrintable(QString::number(lost(0, 18))));
        test::picture(m_probe->window, "sensitivity");
        auto* picture = m_probe->child<QComboBox>("sensitivityPicture");
        picture->setCurrentIndex(1);
        Q_EMIT picture->activated(1);
        test::picture(m_probe->window, "sensitivity-heatmap");
        picture->setCurrentIndex(0);
        Q_EMIT picture->activated(0);
        m_probe->dialogs.nextDialog([](QDialog& dialog) {
            auto* spread = test::find<QComboBox>(dialog, "goalAllocation");
            spread->setCurrentIndex(spread->findText("by sensitivity", Qt::MatchStartsWith));
            test::find<QDoubleSpinBox>(dialog, "goalPercent")->setValue(20);
            auto* accept = test::find<QPushButton>(dialog, "goalAccept");
            auto* front = test::find<plots::CurvesView>(dialog, "goalFront");
            const bool isReady =
                QTest::qWaitFor([&] { return accept->isEnabled() && front->seriesCount() == 5; },
                                test::kPatienceMs);
            dialog.resize(900, dialog.height());  // as on a screen that has the room
            test::picture(dialog, "goal");
            return isReady;
        });
        m_probe->trigger("prune.goal");
        QVERIFY(m_probe->rest());
        const prune::Footprint& cost = m_probe->document().footprint();
        QVERIFY(5 * cost.nonzeros <= cost.parameters);
        m_probe->trigger("edit.undo");
        m_probe->document().undoStack()->clear();
        m_probe->trigger("view.weights");
    }

    void twelveTimesFewerWeightsByHand() {
        const std::filesystem::path dense = examples() / "lenet-300-100.script.pt";
        dragTo(0, 0.938);
        dragTo(1, 0.80);
        typeSparsity(2, "50");
        QCOMPARE(m_probe->document().undoStack()->count(), 3);
        train();
        const auto small = exportMasked();

        const prune::Footprint& cost = m_probe->document().footprint();
        QVERIFY(cost.parameters >= 12 * cost.nonzeros);
        const data::Dataset& mnist = *m_probe->document().dataset();
        const double before = testAccuracy(dense, mnist);
        const double after = testAccuracy(small, mnist);
        qInfo("test accuracy %.2f %% dense, %.2f %% with %lld of %lld parameters", 100 * before,
              100 * after, static_cast<long long>(cost.nonzeros),
              static_cast<long long>(cost.parameters));
        m_probe->trigger("tools.measure_test");
        QTRY_VERIFY_WITH_TIMEOUT(m_probe->document().evaluation() &&
                                     m_probe->document().evaluation()->split == data::Split::Test,
                                 test::kPatienceMs);
        QCOMPARE(m_probe->document().evaluation()->top1, after);
        QVERIFY(before > 0.98);
        // Two standard deviations of the difference of two accuracies near 98 % on 10 000 images;
        // what three seeds give in the mean is in the documentation.
        QVERIFY2(after >= before - 0.0025, qPrintable(QString::number(100 * (before - after))));
    }

    void retrainingLeavesTwoHumps() {
        m_probe->trigger("view.layout_explore");
        m_probe->trigger("view.weights");
        selectRow(0);
        const auto* view = m_probe->window.findChild<plots::HistogramView*>();
        const std::vector<std::int64_t>& counts = view->data().signedValues.counts;
        auto* value = m_probe->child<QComboBox>("weightsValue");
        value->setCurrentIndex(value->findText("Weight w"));
        Q_EMIT value->activated(value->currentIndex());
        test::picture(m_probe->window, "two-humps");
        const auto most = [&counts](double from, double to) {
            const auto at = [&counts](double share) {
                return counts.begin() + std::ptrdiff_t(share * double(counts.size()));
            };
            return *std::max_element(at(from), at(to));
        };
        const std::int64_t middle = most(0.495, 0.505);
        QVERIFY2(2 * most(0, 0.495) > 3 * middle && 2 * most(0.505, 1) > 3 * middle,
                 qPrintable(QString::number(middle)));
    }

    void theFirstLayerShowsTheBordersOfTheImages() {
        m_probe->trigger("view.heatmap");
        auto* value = m_probe->child<QComboBox>("heatmapValue");
        value->setCurrentIndex(value->findText("Mask"));
        QVERIFY(m_probe->rest());
        auto* view = m_probe->child<plots::HeatmapView>("weightHeatmap");
        test::picture(m_probe->window, "bands");
        const plots::HeatmapData& mask = view->data();
        QCOMPARE(mask.columns, 28 * 28);
        double border = 0;  // the outermost two pixels left and right, and what is in the middle
        double middle = 0;
        for (int row = 0; row < mask.rows; ++row) {
            for (int column = 0; column < mask.columns; ++column) {
                const int x = column % 28;
                if (x < 2 || x >= 26) border += double(mask.at(row, column)) / (4 * 28 * 300.0);
                if (x >= 12 && x < 16) middle += double(mask.at(row, column)) / (4 * 28 * 300.0);
            }
        }
        QVERIFY2(border > 0.99 && middle < 0.93,
                 qPrintable(QString("%1 %2").arg(border).arg(middle)));
    }

private:
    void attachMnist() {
        data::DataSpec spec;
        spec.path = examples() / "mnist";
        m_probe->window.workbench()->attachData(spec);
        QTRY_VERIFY_WITH_TIMEOUT(m_probe->document().dataset(), test::kPatienceMs);
    }

    void selectRow(int row) {
        auto* list = m_probe->child<QAbstractItemView>("layerTable");
        const QRect cell = list->visualRect(list->model()->index(row, 0));
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, cell.center());
        QVERIFY(m_probe->rest());
    }

    /// Drags the cut to where about that share of the layer's weights goes: to the nearest pixel.
    void dragTo(int row, double sparsity) {
        selectRow(row);
        auto* view = m_probe->window.findChild<plots::HistogramView*>();
        QTRY_VERIFY_WITH_TIMEOUT(view->cut(), test::kPatienceMs);
        const model::LayerId layer = m_probe->document().selection();
        QVERIFY(m_probe->document().index(layer));
        test::dragCut(*view, m_probe->document().index(layer)->magnitudeQuantile(sparsity));
        QVERIFY(m_probe->rest());
        const double reached = m_probe->document().sparsity(layer);
        QVERIFY2(std::abs(reached - sparsity) < 0.005, qPrintable(QString::number(reached)));
    }

    void typeSparsity(int row, const char* percent) {
        selectRow(row);
        type(*m_probe->child<QDoubleSpinBox>("cutSparsity"), percent);
        QVERIFY(m_probe->rest());
    }

    static void type(QWidget& field, const char* text) {
        field.setFocus();
        QTest::keyClick(&field, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(&field, QString::fromLatin1(text));
        QTest::keyClick(&field, Qt::Key_Return);
    }

    void train() {
        m_probe->trigger("view.layout_tune");
        type(*m_probe->child<QSpinBox>("recipeEpochs"), "12");
        type(*m_probe->child<QLineEdit>("recipeLr"), "0.2");
        m_probe->child<QToolButton>("recipeSectionOptimizer")->click();
        type(*m_probe->child<QLineEdit>("recipeWeightDecay"), "0.0005");
        auto* schedule = m_probe->child<QComboBox>("recipeScheduler");
        schedule->setFocus();
        QTest::keyClicks(schedule, QStringLiteral("cosine"));
        QCOMPARE(schedule->currentText(), QStringLiteral("cosine"));
        QSignalSpy ended(m_probe->window.workbench(), &ui::Workbench::trainingEnded);
        m_probe->trigger("train.start");
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, kTrainingMs);
        QVERIFY(m_probe->rest());
    }

    std::filesystem::path exportMasked() {
        const QString path = m_folder.filePath(QStringLiteral("small.pt"));
        m_probe->dialogs.nextDialog([](QDialog&) { return true; });
        m_probe->dialogs.nextFile(path);
        m_probe->trigger("file.export_masked");
        (void)QTest::qWaitFor([&] { return QFile::exists(path); }, test::kPatienceMs);
        return path.toStdString();
    }

    QTemporaryDir m_folder;
    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<WindowProbe> m_probe;
};

QTEST_MAIN(TestMainJob)
#include "tst_main_job.moc"
