// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/training_panel.h"

#include <cmath>

#include <QAction>
#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>
#include <QToolButton>
#include <QTreeWidget>

#include "tests/support/gui_test.h"
#include "tests/support/open_model.h"
#include "ui/dialogs/dialogs.h"
#include "ui/panels/training_runs.h"
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
        QCOMPARE(progress.samplesPerSecond(), 110 / 1.5);
        QCOMPARE(*progress.secondsLeft(), 1.5);  // as long again
        QVERIFY(progress.statusText().contains("left"));
        QVERIFY(!progress.statusText(true).contains("left"));
        QVERIFY(progress.statusText(true).contains("paused"));
        QVERIFY(progress.bestText().isEmpty());
        progress.add(epochEnd(3, 1, 0.9));
        progress.add(epochEnd(6, 2, 0.8));
        QCOMPARE(*progress.bestScore(), 0.9);
        QCOMPARE(progress.bestEpoch(), 1);
    }

    // While a schedule removes weights, no epoch can be the result.
    void noEpochIsBestBeforeAllIsRemoved() {
        train::Recipe recipe;
        recipe.epochs = 4;
        recipe.batchSize = 10;
        recipe.schedule.name = "agp";
        recipe.schedule.end = 0.5;
        TrainingProgress progress(recipe, 100);  // ten steps an epoch: all is gone after 20
        const auto seen = [&](train::TrainSample sample, double sparsity) {
            sample.sparsity = sparsity;
            progress.add(sample);
            return progress.bestText();
        };
        QVERIFY(seen(epochEnd(0, 0, 0.99), 0).contains("before training"));
        QVERIFY(seen(step(5, 1, 1), 0.5).contains("once all is removed"));
        QVERIFY(seen(epochEnd(10, 1, 0.98), 0.7).contains("once all is removed"));
        QVERIFY(!progress.bestScore());
        QVERIFY(seen(epochEnd(20, 2, 0.9), 0.92).contains("epoch 2"));
        QVERIFY(seen(epochEnd(30, 3, 0.95), 0.92).contains("epoch 3"));

        ui::TrainingRun run;  // the table of runs says the same
        run.recipe = recipe;
        run.stepsPerEpoch = 10;
        for (const auto& [at, sparsity] : {std::pair(0, 0.0), std::pair(10, 0.7)}) {
            run.samples.push_back(epochEnd(at, at / 10, 0.98));
            run.samples.back().sparsity = sparsity;
        }
        QVERIFY(!run.best());
        run.samples.push_back(epochEnd(20, 2, 0.9));
        run.samples.back().sparsity = 0.92;
        QCOMPARE(run.best()->epoch, 2);
    }

    void batchNormsAloneHaveNoEpochs() {
        const TrainingProgress progress({.epochs = 0, .batchNormBatches = 5}, 100);
        QCOMPARE(progress.statusText(), QString("Taking batch-norm statistics anew"));
    }

    void memoryAndLoadAreShownWhereTheyAreKnown() {
        TrainingProgress progress({}, 100);
        train::TrainSample sample = step(1, 1, 1);
        progress.add(sample);
        QCOMPARE(progress.memoryText(), QString());
        sample.figures.memoryBytes = 512 << 20;
        progress.add(sample);
        QVERIFY(progress.memoryText().startsWith("peak memory "));
        sample.figures.deviceBytes = 3 << 20;
        sample.figures.processorLoad = 0.5;
        progress.add(sample);
        QVERIFY2(
            progress.memoryText().contains("device ") && !progress.memoryText().contains(" of "),
            qPrintable(progress.memoryText()));
        sample.figures.deviceTotal = 80LL << 30;
        progress.add(sample);
        QVERIFY2(progress.memoryText().contains(" of ") &&
                     progress.memoryText().contains(QString::fromUtf8("CPU 50.0\u2009%")),
                 qPrintable(progress.memoryText()));
        QVERIFY(!progress.memoryText().contains("GPU"));
        sample.figures.deviceLoad = 0.75;
        progress.add(sample);
        QVERIFY2(progress.memoryText().endsWith(QString::fromUtf8("GPU 75.0\u2009%")),
                 qPrintable(progress.memoryText()));
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
        QTest::newRow("stopped in the next")
            << 6 << true
            << QString::fromUtf8(
                   "Stopped in epoch 6: 98.90\u2009% (was 97.20\u2009%) on validation.");
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

    // An example's own recipe suits one sparsity; a person's suits what they say.
    void theRecipeOfAnExampleGivesWayAtOtherSparsities() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        const QTemporaryDir folder;
        test::OpenModel model;
        TrainingPanel panel(&model.workbench);
        QVERIFY(model.open());
        QVERIFY(model.attach(folder.path().toStdString()));
        const auto file = QString::fromStdString(project::lenet5Example().recipe.string());
        panel.loadRecipe(file, 0.92);
        panel.setDevice("cpu");
        const train::Recipe own = panel.recipe();
        QCOMPARE(panel.recipeFor(0.92), own);
        const train::Recipe much = panel.recipeFor(0.975);
        QCOMPARE(much.schedule.name, std::string("agp"));
        QVERIFY(much != own);
        QCOMPARE(much.device, std::string("cpu"));
        test::find<QSpinBox>(panel, "recipeEpochs")->setValue(9);  // now it is a person's
        QCOMPARE(panel.recipeFor(0.975), panel.recipe());
        panel.loadRecipe(file);
        QCOMPARE(panel.recipeFor(0.975), panel.recipe());
    }

    void statesOfTheHistoryCanBeGoneBackTo() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        TrainingPanel panel(&model.workbench);
        QVERIFY(model.open());
        auto* rewind = test::find<QComboBox>(panel, "recipeRewindTo");
        QVERIFY(rewind->findText(QString::fromStdString(model.document.node().name)) > 0);
        model.workbench.pinCurrent("a good one");
        QVERIFY(rewind->findText("a good one") > 0);
        model.document.closeModel();
        QCOMPARE(rewind->findText("a good one"), -1);
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

    void aRunWithoutAResultSaysSo() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        QTemporaryDir folder;
        test::OpenModel model;
        QVERIFY(model.open());
        QVERIFY(model.attach(folder.path().toStdString()));
        TrainingPanel panel(&model.workbench);
        train::Recipe recipe;
        recipe.epochs = 1;
        recipe.batchSize = 1000;  // of 540
        recipe.optimizer.lr = 1e30;
        QSignalSpy ended(&model.workbench, &ui::Workbench::trainingEnded);
        QSignalSpy warned(&model.workbench, &ui::Workbench::warned);
        model.workbench.fineTune(recipe);
        QVERIFY(warned.at(0).at(0).toString().contains("every epoch is one step"));
        QVERIFY(ended.wait(test::kPatienceMs));
        QCOMPARE(test::find<QLabel>(panel, "trainingStatus")->text(),
                 QString("Ended in epoch 1 without a result: the model is as it was before."));
    }

    void withDataTheOneActionStartsATraining() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        QTemporaryDir folder;
        test::OpenModel model;
        TrainingPanel panel(&model.workbench);
        QAction prune, start, stop, copy;
        panel.setActions(&prune, &start, &stop, &copy);
        QVERIFY(model.open());
        QVERIFY(model.attach(folder.path().toStdString()));
        auto* view = test::find<plots::CurvesView>(panel, "lossCurves");
        QCOMPARE(test::find<QPushButton>(*view, "emptyAction")->text(), QString("Fine-tune"));
        QSignalSpy started(&start, &QAction::triggered);
        Q_EMIT view->emptyActionTriggered();
        QCOMPARE(started.count(), 1);
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
        QAction prune("Prune and fine-tune");
        QAction start("Start fine-tuning");
        QAction stop("Stop");
        QAction copy("Copy as command line…");
        panel.setActions(&prune, &start, &stop, &copy);
        panel.show();
        QCOMPARE(test::focusableWithoutName(panel).join("; "), QString());
    }

    void suitsModelAndDataUntilAPersonChooses() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        QTemporaryDir folder;
        test::OpenModel model;
        const TrainingPanel panel(&model.workbench);
        QVERIFY(model.open());
        QVERIFY(model.attach(folder.path().toStdString()));
        // 540 samples: batches of 16, 34 steps an epoch, as many epochs as there may be.
        QCOMPARE(panel.recipe().batchSize, std::int64_t{16});
        QCOMPARE(panel.recipe().epochs, 20);
        test::find<QSpinBox>(panel, "recipeEpochs")->setValue(3);
        QVERIFY(model.attach(folder.path().toStdString()));
        QVERIFY(model.rest());
        QCOMPARE(panel.recipe().epochs, 3);
        test::find<QToolButton>(panel, "recipeReset")->click();
        QCOMPARE(panel.recipe().epochs, 20);
    }

    void theScheduleIsDrawnBeforeItStarts() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        QTemporaryDir folder;
        test::OpenModel model;
        TrainingPanel panel(&model.workbench);
        auto* rates = test::find<plots::CurvesView>(panel, "rateCurves");
        QVERIFY(!rates->isVisibleTo(&panel));  // there is nothing to foresee without a model
        QVERIFY(model.open());
        QVERIFY(model.attach(folder.path().toStdString()));
        QVERIFY(rates->isVisibleTo(&panel));
        model.document.setRule(*model.document.snapshot()->find("fc1.weight"),
                               prune::WeightRule::sparsity(0.5));
        QVERIFY(model.rest());
        const model::Snapshot& snapshot = *model.document.snapshot();
        std::int64_t weights = 0;
        for (const model::Layer& layer : snapshot.layers())
            if (layer.prunable.weights) weights += layer.weightCount;
        const auto half = snapshot.layer(*snapshot.find("fc1.weight")).weightCount / 2;
        const double target = 100.0 * static_cast<double>(half) / static_cast<double>(weights);
        train::Recipe recipe;
        recipe.epochs = 4;
        recipe.batchSize = 54;  // ten steps an epoch
        recipe.schedule.name = "agp";
        recipe.schedule.end = 0.5;
        panel.setRecipe(recipe);
        const plots::Points& rate = rates->points(0);
        const plots::Points& sparsity = rates->points(1);
        QCOMPARE(rate.size(), std::size_t(40));
        QCOMPARE(rate.y.front(), recipe.optimizer.lr);
        QCOMPARE(sparsity.x.back(), 4.0);
        QVERIFY(sparsity.y.front() < target / 2);
        QVERIFY(std::abs(sparsity.y.back() - target) < 1e-9);
        test::find<QLineEdit>(panel, "recipeLr")->clear();  // no recipe: nothing to foresee
        QVERIFY(!rates->isVisibleTo(&panel));
    }

    void earlierRunsAreDrawnUnderTheLiveOne() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        QTemporaryDir folder;
        test::OpenModel model;
        TrainingPanel panel(&model.workbench);
        QVERIFY(model.open());
        QVERIFY(model.attach(folder.path().toStdString()));
        train::Recipe recipe;
        recipe.epochs = 1;
        recipe.batchSize = 54;
        for (int run = 0; run < 2; ++run) {
            QSignalSpy ended(&model.workbench, &ui::Workbench::trainingEnded);
            model.workbench.fineTune(recipe);
            QVERIFY(ended.wait(test::kPatienceMs));
        }
        auto* table = test::find<QTreeWidget>(panel, "trainingRuns");
        QCOMPARE(table->topLevelItemCount(), 2);
        QVERIFY(table->topLevelItem(0)->toolTip(0).contains("Batch size: 54"));
        QCOMPARE(table->topLevelItem(0)->text(1), QString("1"));
        auto* losses = test::find<plots::CurvesView>(panel, "lossCurves");
        QCOMPARE(losses->seriesCount(), 2);
        test::find<QTabWidget>(panel, "trainingTabs")->setCurrentIndex(1);
        panel.resize(1000, 260);
        panel.show();
        table->setCurrentItem(table->topLevelItem(0));
        QTest::keyClick(table, Qt::Key_Space);
        QCOMPARE(table->topLevelItem(0)->checkState(0), Qt::Checked);
        QCOMPARE(losses->seriesCount(), 3);
        QCOMPARE(losses->points(0).size(), std::size_t(2));   // validation, before and after
        QCOMPARE(losses->points(1).size(), std::size_t(10));  // steps of the live one
        QTest::keyClick(table, Qt::Key_Space);
        QCOMPARE(losses->seriesCount(), 2);

        ui::DialogScript script;
        script.nextFile(folder.filePath("runs.csv"));
        test::find<QToolButton>(panel, "runsExport")->click();
        QFile csv(folder.filePath("runs.csv"));
        QVERIFY(csv.open(QIODevice::ReadOnly));
        QVERIFY(csv.readLine().startsWith("run,step,epoch,"));
        QCOMPARE(csv.readAll().count('\n'), 2 * (10 + 2));
    }

    // At 1024 pixels and the least height of a dock, everything is inside and nothing is clipped.
    void fitsIntoASmallDock() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        QTemporaryDir folder;
        test::OpenModel model;
        TrainingPanel panel(&model.workbench);
        QAction prune("Prune and fine-tune");
        QAction start("Fine-tune");
        QAction stop("Stop");
        QAction copy("Copy as command line…");
        panel.setActions(&prune, &start, &stop, &copy);
        QVERIFY(model.open());
        QVERIFY(model.attach(folder.path().toStdString()));
        train::Recipe recipe;
        recipe.epochs = 1;
        QSignalSpy ended(&model.workbench, &ui::Workbench::trainingEnded);
        model.workbench.fineTune(recipe);
        QVERIFY(ended.wait(test::kPatienceMs));
        panel.show();
        panel.resize(1024, 260);
        QCOMPARE(panel.size(), QSize(1024, 260));
        for (const char* name : {"lossCurves", "accuracyCurves", "rateCurves"}) {
            auto* view = test::find<plots::CurvesView>(panel, name);
            QVERIFY2(view->isVisible(), name);
            const QRect place(view->mapTo(&panel, QPoint()), view->size());
            QVERIFY2(panel.rect().contains(place), name);
        }
        QCOMPARE(test::clippedTexts(panel).join("; "), QString());
        train::TrainSample last = epochEnd(1234, 2, 0.9927);
        last.sparsity = 0.92;
        last.figures.samplesPerSecond = 12'345;
        last.figures.secondsLeft = 166;
        last.figures.memoryBytes = 349'000'000;
        last.figures.processorLoad = 0.139;
        Q_EMIT model.workbench.trainingSampled(last);
        for (const char* name : {"trainingStatus", "trainingBest", "trainingFigures"}) {
            const auto* label = test::find<QLabel>(panel, name);
            QTRY_VERIFY2(label->width() >= label->sizeHint().width(), qPrintable(label->text()));
            QVERIFY2(!label->text().isEmpty(), name);
        }
        QVERIFY(test::find<QLabel>(panel, "trainingFigures")->text().startsWith("peak memory "));
        auto* form = test::find<QWidget>(panel, "recipeForm");
        test::find<QToolButton>(panel, "trainingControls")->click();
        QVERIFY(!form->isVisible());
        QTRY_VERIFY(test::find<plots::CurvesView>(panel, "lossCurves")->width() > 300);
    }

private:
    std::unique_ptr<test::OwnSettings> m_settings;
};

QTEST_MAIN(TestTrainingPanel)
#include "tst_training_panel.moc"
