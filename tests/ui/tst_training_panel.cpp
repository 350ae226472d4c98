// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/training_panel.h"

#include <cmath>

#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QSignalSpy>
#include <QSpinBox>
#include <QToolButton>

#include "tests/support/gui_test.h"
#include "tests/support/open_model.h"
#include "ui/dialogs/dialogs.h"
#include "ui/plots/curves_view.h"

using namespace espalier;
using ui::TrainingPanel;
using ui::TrainingProgress;

namespace {

train::TrainSample step(std::int64_t number, int epoch, double seconds) {
    train::TrainSample sample;
    sample.step = number;
    sample.epoch = epoch;
    sample.loss = 1;
    sample.lr = 0.01;
    sample.seconds = seconds;
    return sample;
}

train::TrainSample epochEnd(std::int64_t number, int epoch, double top1) {
    train::TrainSample sample = step(number, epoch, 1);
    sample.top1 = sample.score = top1;
    sample.valLoss = 0.5;
    return sample;
}

train::Recipe unusualRecipe() {
    train::Recipe recipe;
    recipe.epochs = 7;
    recipe.batchSize = 33;
    recipe.seed = 0xFFFFFFFFFFFFFFF1;  // more than an int or a double holds
    recipe.device = "cpu";
    recipe.optimizer.name = "adam";
    recipe.optimizer.lr = 0.000123456789;
    recipe.optimizer.momentum = 0.5;
    recipe.optimizer.weightDecay = 0;
    recipe.optimizer.beta1 = 0.8;  // has no field: must come back as it was
    recipe.scheduler.name = "step";
    recipe.scheduler.stepEpochs = 4;
    recipe.labelSmoothing = 0.1;
    return recipe;
}

}  // namespace

class TestTrainingPanel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_settings = std::make_unique<test::OwnSettings>(); }
    void init() { test::failOnAnyWarning(); }

    // What samples add up to

    void progressCountsBestSpeedAndTimeLeft() {
        train::Recipe recipe;
        recipe.epochs = 2;
        recipe.batchSize = 50;
        TrainingProgress progress(recipe, 110);  // 3 steps an epoch, the last one smaller
        QVERIFY(!progress.secondsLeft());
        progress.add(step(3, 1, 1.5));
        QCOMPARE(progress.position(), 1.0);
        QCOMPARE(progress.samplesPerSecond(), 110 / 1.5);
        QCOMPARE(*progress.secondsLeft(), 1.5);  // as long again
        QVERIFY(progress.bestText().isEmpty());
        progress.add(epochEnd(3, 1, 0.9));
        progress.add(epochEnd(6, 2, 0.8));
        QCOMPARE(*progress.bestScore(), 0.9);
        QCOMPARE(progress.bestEpoch(), 1);
    }

    void equalAccuracyKeepsTheEarlierEpoch() {
        TrainingProgress progress({}, 100);
        progress.add(epochEnd(1, 1, 0.9));
        progress.add(epochEnd(2, 2, 0.9));
        QCOMPARE(progress.bestEpoch(), 1);
    }

    void summarySaysWhatWasGained_data() {
        QTest::addColumn<int>("bestEpoch");
        QTest::addColumn<bool>("stopped");
        QTest::addColumn<QString>("expected");
        // U+2009 stands before %
        QTest::newRow("better")
            << 4 << false
            << QString::fromUtf8(
                   "Best epoch 4: 98.90\u2009% (was 97.20\u2009%) on validation, "
                   "after 5 epochs.");
        QTest::newRow("stopped")
            << 4 << true
            << QString::fromUtf8(
                   "Best epoch 4: 98.90\u2009% (was 97.20\u2009%) on validation, "
                   "stopped after 5 epochs.");
        QTest::newRow("no better")
            << 0 << false
            << QString::fromUtf8(
                   "No epoch was better than the start (97.20\u2009% on "
                   "validation), after 5 epochs: the weights are unchanged.");
    }
    void summarySaysWhatWasGained() {
        QFETCH(int, bestEpoch);
        QFETCH(bool, stopped);
        QFETCH(QString, expected);
        train::TrainResult result;
        result.bestEpoch = bestEpoch;
        result.epochs = 5;
        result.stopped = stopped;
        result.before.top1 = result.before.score = 0.972;
        result.after.top1 = result.after.score = 0.989;
        QCOMPARE(ui::summaryOf(result), expected);
    }

    // The form

    void startsWithTheDefaults() {
        test::OpenModel model;
        const TrainingPanel panel(&model.workbench);
        QCOMPARE(panel.recipe(), train::Recipe{});
    }

    void keepsEveryFieldOfARecipe() {
        test::OpenModel model;
        TrainingPanel panel(&model.workbench);
        panel.setRecipe(unusualRecipe());
        QCOMPARE(panel.recipe(), unusualRecipe());
        QVERIFY(!test::find<QLineEdit>(panel, "recipeMomentum")->isEnabled());  // Adam has none
    }

    void fieldsAreRead() {
        test::OpenModel model;
        const TrainingPanel panel(&model.workbench);
        test::find<QSpinBox>(panel, "recipeEpochs")->setValue(9);
        test::find<QLineEdit>(panel, "recipeLr")->setText("1e-3");
        test::find<QComboBox>(panel, "recipeOptimizer")->setCurrentText("adamw");
        QCOMPARE(panel.recipe().epochs, 9);
        QCOMPARE(panel.recipe().optimizer.lr, 0.001);
        QCOMPARE(panel.recipe().optimizer.name, std::string("adamw"));
    }

    void savesAndLoadsARecipe() {
        QTemporaryDir folder;
        const QString path = folder.filePath("mine.json");
        ui::DialogScript script;
        test::OpenModel model;
        TrainingPanel panel(&model.workbench);
        panel.setRecipe(unusualRecipe());
        QSignalSpy saved(&panel, &TrainingPanel::saved);
        script.nextFile(path);
        test::find<QToolButton>(panel, "recipeSave")->click();
        QCOMPARE(saved.count(), 1);
        panel.setRecipe({});
        script.nextFile(path);
        test::find<QToolButton>(panel, "recipeLoad")->click();
        QCOMPARE(panel.recipe(), unusualRecipe());
    }

    void aBadRecipeIsNamedAndChangesNothing() {
        QTemporaryDir folder;
        const QString path = folder.filePath("bad.json");
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(R"({"format": "espalier-recipe", "version": 1, "epochs": "many"})");
        file.close();
        test::OpenModel model;
        TrainingPanel panel(&model.workbench);
        panel.setRecipe(unusualRecipe());
        QSignalSpy failed(&panel, &TrainingPanel::failed);
        panel.loadRecipe(path);
        QCOMPARE(failed.count(), 1);
        QVERIFY(failed.first().first().value<Error>().text().find("epochs") != std::string::npos);
        QCOMPARE(panel.recipe(), unusualRecipe());
    }

    void devicesAreOfferedAndAnUnknownOneKept() {
        test::OpenModel model;
        TrainingPanel panel(&model.workbench);
        panel.setDevices({"auto", "cpu", "cuda:0"});
        QCOMPARE(panel.recipe().device, std::string("auto"));
        QSignalSpy changed(&panel, &TrainingPanel::deviceChanged);
        test::find<QComboBox>(panel, "recipeDevice")->setCurrentText("cuda:0");
        QCOMPARE(changed.count(), 1);
        panel.setDevice("xpu:3");
        QCOMPARE(panel.recipe().device, std::string("xpu:3"));
    }

    // Curves

    void withoutDataTheOneActionIsOffered() {
        test::OpenModel model;
        const TrainingPanel panel(&model.workbench);
        auto* view = test::find<plots::CurvesView>(panel, "lossCurves");
        QVERIFY(view->isEmptyStateShown());
        QSignalSpy requested(&panel, &TrainingPanel::attachDataRequested);
        Q_EMIT view->emptyActionTriggered();
        QCOMPARE(requested.count(), 1);
    }

    void curvesGrowAndMetricsAreExported() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        QTemporaryDir folder;
        test::OpenModel model;
        QVERIFY(model.open());
        QVERIFY(model.attach(folder.path().toStdString()));
        TrainingPanel panel(&model.workbench);
        train::Recipe recipe;
        recipe.epochs = 2;
        recipe.batchSize = 54;  // 540 training samples: ten steps an epoch
        QSignalSpy ended(&model.workbench, &ui::Workbench::trainingEnded);
        model.workbench.fineTune(recipe);
        QVERIFY(!test::find<QSpinBox>(panel, "recipeEpochs")->isEnabled());
        QVERIFY(ended.wait(test::kPatienceMs));
        QVERIFY(test::find<QSpinBox>(panel, "recipeEpochs")->isEnabled());
        QCOMPARE(test::find<plots::CurvesView>(panel, "lossCurves")->points(0).size(),
                 std::size_t(20));
        const plots::Points& accuracy =
            test::find<plots::CurvesView>(panel, "accuracyCurves")->points(0);
        QVERIFY(accuracy.size() >= 2);
        QCOMPARE(accuracy.x.back(), 2.0);
        QVERIFY(test::find<QLabel>(panel, "trainingStatus")->text().contains("on validation"));

        ui::DialogScript script;
        script.nextFile(folder.filePath("metrics.csv"));
        test::find<QToolButton>(panel, "metricsExport")->click();
        QFile csv(folder.filePath("metrics.csv"));
        QVERIFY(csv.open(QIODevice::ReadOnly));
        QCOMPARE(csv.readLine().trimmed(),
                 QByteArray("step,epoch,round,loss,val_loss,top1,lr,sparsity,seconds,metric"));

        QSignalSpy opened(&model.workbench, &ui::Workbench::opened);
        QVERIFY(model.open());  // another model: those were not its curves
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, test::kPatienceMs);
        QCOMPARE(test::find<plots::CurvesView>(panel, "lossCurves")->points(0).size(),
                 std::size_t(0));
        QVERIFY(test::find<plots::CurvesView>(panel, "lossCurves")->isEmptyStateShown());
        QVERIFY(test::find<QLabel>(panel, "trainingStatus")->text().isEmpty());
    }

    void everyFieldHasAName() {
        test::OpenModel model;
        TrainingPanel panel(&model.workbench);
        QAction start("Start fine-tuning");
        QAction stop("Stop");
        panel.setActions(&start, &stop);
        panel.show();
        QCOMPARE(test::focusableWithoutName(panel).join("; "), QString());
    }

private:
    std::unique_ptr<test::OwnSettings> m_settings;
};

QTEST_MAIN(TestTrainingPanel)
#include "tst_training_panel.moc"
