// SPDX-License-Identifier: GPL-3.0-or-later
// The main job by hand: a trained LeNet-300-100 cut twelve times smaller with the mouse on its
// histograms and with the keyboard, fine-tuned, exported, and judged on test images that nothing
// else has read.
#include <QAbstractItemView>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QSignalSpy>
#include <QUndoStack>

#include "core/measure/evaluate.h"
#include "tests/support/drag.h"
#include "tests/support/window_probe.h"

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

    void twelveTimesFewerWeightsByHand() {
        const std::filesystem::path dense = examples() / "lenet-300-100.script.pt";
        QVERIFY(m_probe->openModel(QString::fromStdString(dense.string())));
        attachMnist();
        dragTo(0, 0.936);
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

    /// Drags the cut to where at least that share of the layer's weights goes.
    void dragTo(int row, double sparsity) {
        selectRow(row);
        auto* view = m_probe->window.findChild<plots::HistogramView*>();
        QTRY_VERIFY_WITH_TIMEOUT(view->cut(), test::kPatienceMs);
        const model::LayerId layer = m_probe->document().selection();
        QVERIFY(m_probe->document().index(layer));
        test::dragCut(*view, m_probe->document().index(layer)->magnitudeQuantile(sparsity));
        QVERIFY(m_probe->rest());
        const double reached = m_probe->document().sparsity(layer);
        QVERIFY2(reached >= sparsity && reached < sparsity + 0.01,
                 qPrintable(QString::number(reached)));
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
