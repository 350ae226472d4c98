// SPDX-License-Identifier: GPL-3.0-or-later
// Fine-tuning that is paused, closed or killed in the real window, and goes on.

#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTreeWidget>
#include <QUndoStack>

#include "core/base/files.h"
#include "core/exchange/checkpoint_file.h"
#include "tests/support/grab.h"
#include "tests/support/killed_self.h"
#include "tests/support/window_probe.h"
#include "ui/document/run_folder.h"
#include "ui/panels/training_panel.h"

using namespace espalier;
using test::WindowProbe;

namespace {

constexpr int kEpochs = 60;
const char* const kFolder = "ESPALIER_TEST_RESUME_FOLDER";
const char* const kTwice = "ESPALIER_TEST_RESUME_TWICE";

/// Opens model and data in `folder`, removes weights and begins to train.
bool startTraining(WindowProbe& probe, const QString& folder) {
    if (!probe.openModel(WindowProbe::copyModel(folder)) || !probe.attachTinyData(folder))
        return false;
    probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
    probe.child<QSpinBox>("recipeEpochs")->setValue(kEpochs);
    if (!probe.rest()) return false;
    probe.trigger("train.start");
    return true;
}

/// Measures the dense model and fine-tunes it once, under a plan.
bool trainBefore(WindowProbe& probe, const QString& folder) {
    if (!probe.openModel(WindowProbe::copyModel(folder)) || !probe.attachTinyData(folder))
        return false;
    probe.window.workbench()->evaluate(data::Split::Validation);
    if (!probe.rest()) return false;
    probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.25));
    probe.child<QSpinBox>("recipeEpochs")->setValue(2);
    if (!probe.rest()) return false;
    const QSignalSpy ended(probe.window.workbench(), &ui::Workbench::trainingEnded);
    probe.trigger("train.start");
    return QTest::qWaitFor([&] { return ended.count() > 0; }, test::kPatienceMs) && probe.rest();
}

bool startSecondTraining(WindowProbe& probe, const QString& folder) {
    if (!trainBefore(probe, folder)) return false;
    probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
    probe.child<QSpinBox>("recipeEpochs")->setValue(kEpochs);
    if (!probe.rest()) return false;
    probe.trigger("train.start");
    return true;
}

/// The program that will be killed.
int trainUntilKilled(const QString& folder) {
    const test::OwnSettings settings;
    qputenv("XDG_STATE_HOME", folder.toUtf8());  // where the other process looks
    WindowProbe probe;
    if (qEnvironmentVariableIsSet(kTwice))
        return startSecondTraining(probe, folder) ? QApplication::exec() : 1;
    return startTraining(probe, folder) ? QApplication::exec() : 1;
}

int epochsKept() {
    const auto run = ui::latestBrokenRun();
    return run ? run->epochs : 0;
}

/// Finished epochs of the longest run in the state folder, whoever works on it.
int epochsWritten(const QString& state) {
    std::error_code none;
    for (const auto& entry :
         std::filesystem::directory_iterator((state + "/espalier/runs").toStdString(), none)) {
        const auto about = exchange::readCheckpointAbout(exchange::checkpointIn(entry.path()));
        if (about && about->recipe.epochs == kEpochs) return about->epochs;
    }
    return 0;
}

}  // namespace

class TestResume : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
        m_settings = std::make_unique<test::OwnSettings>();
    }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
        m_folder = std::make_unique<QTemporaryDir>();
        qputenv("XDG_STATE_HOME", m_folder->path().toUtf8());
    }

    void aKilledTrainingGoesOn() {
        killATraining();
        QVERIFY(epochsKept() >= 3 && epochsKept() < kEpochs);
        WindowProbe probe;
        QCOMPARE(probe.page(), QString("startPage"));
        const auto* offer = probe.child<QLabel>("startBrokenRunText");
        QVERIFY(offer->isVisible());
        QVERIFY2(offer->text().contains("lenet5.pt") &&
                     offer->text().contains(" of 60 epochs done, today"),
                 qPrintable(offer->text()));
        test::grab(probe.window, "start_continue");
        QSignalSpy sampled(probe.window.workbench(), &ui::Workbench::trainingSampled);
        QSignalSpy finished(probe.window.workbench(), &ui::Workbench::trainingFinished);
        probe.child<QPushButton>("startContinue")->click();
        QTRY_VERIFY_WITH_TIMEOUT(sampled.count() > 0, 4 * test::kPatienceMs);
        QCOMPARE(probe.child<QSpinBox>("recipeEpochs")->value(), kEpochs);  // the run's own recipe
        QTRY_VERIFY_WITH_TIMEOUT(finished.count() == 1, 4 * test::kPatienceMs);
        QVERIFY2(!probe.isError(), qPrintable(probe.messageText()));
        // The curve is whole: every epoch once, steps in a row.
        int epoch = -1;
        std::int64_t step = 0;
        for (const auto& arguments : sampled) {
            const auto sample = arguments.first().value<train::TrainSample>();
            if (std::isnan(sample.valLoss)) {
                QCOMPARE(sample.step, ++step);
            } else {
                QCOMPARE(sample.epoch, ++epoch);
            }
        }
        QCOMPARE(epoch, kEpochs);
        const auto result = finished.first().first().value<train::TrainResult>();
        QCOMPARE(result.epochs, kEpochs);
        QVERIFY(probe.document().history().nodes().size() == 2);
        QVERIFY(!ui::latestBrokenRun());
    }

    void itsWholeSessionGoesOnWithIt() {
        killASecondTraining();
        WindowProbe probe;
        QVERIFY(probe.child<QWidget>("startBrokenRun")->isVisible());
        QVERIFY(probe.child<QWidget>("startRecoverRun")->isVisible());
        QVERIFY(!probe.child<QWidget>("startLostSessions")->isVisible());  // one offer for one work
        test::grab(probe.window, "start_continue_session");
        probe.window.resize(1024, 700);
        test::grab(probe.window, "start_continue_session_small");
        QSignalSpy started(probe.window.workbench(), &ui::Workbench::trainingStarted);
        QSignalSpy finished(probe.window.workbench(), &ui::Workbench::trainingFinished);
        probe.child<QPushButton>("startContinue")->click();
        QTRY_COMPARE_WITH_TIMEOUT(started.count(), 1, 4 * test::kPatienceMs);
        checkSession(probe.document());
        QVERIFY2(probe.messageText().startsWith("Recovered"), qPrintable(probe.messageText()));
        QVERIFY(probe.messages().message().actionText.isEmpty());
        QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, 4 * test::kPatienceMs);
        QVERIFY(!probe.isError());
        QCOMPARE(finished.first().first().value<train::TrainResult>().epochs, kEpochs);
        QCOMPARE(probe.document().history().nodes().size(), std::size_t(3));
        QVERIFY(!ui::latestBrokenRun());
        QVERIFY(probe.rest());
    }

    void itGoesOnAfterItsSessionWasRecoveredAlone() {
        killASecondTraining();
        WindowProbe probe;
        probe.child<QPushButton>("startRecoverRun")->click();
        QTRY_VERIFY_WITH_TIMEOUT(probe.document().hasModel() && probe.document().masks(),
                                 test::kPatienceMs);
        QTRY_COMPARE(probe.messages().message().actionText, QString("Continue the fine-tuning"));
        QVERIFY(!probe.window.workbench()->isTraining());
        checkSession(probe.document());
        test::grab(probe.window, "session_of_a_training");
        // Gone elsewhere meanwhile: the training goes on from where it began.
        probe.document().goTo(probe.document().history().root());
        QVERIFY(probe.rest());
        QSignalSpy finished(probe.window.workbench(), &ui::Workbench::trainingFinished);
        probe.messages().message().action();
        QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, 4 * test::kPatienceMs);
        const auto nodes = probe.document().history().nodes();
        QCOMPARE(nodes.size(), std::size_t(3));
        QCOMPARE(nodes[2]->parent, nodes[1]->id);
        QVERIFY(probe.rest());
    }

    // As when the desktop session ends: history and training are one offer, and nothing else.
    void terminationLeavesOneOffer() {
        {
            WindowProbe probe;
            QVERIFY(startSecondTraining(probe, m_folder->path()));
            QTRY_VERIFY_WITH_TIMEOUT(epochsWritten(m_folder->path()) >= 2, test::kPatienceMs);
            probe.window.terminate();
            QTRY_VERIFY_WITH_TIMEOUT(!probe.window.isVisible(), test::kPatienceMs);
        }
        WindowProbe probe;
        QVERIFY(probe.child<QWidget>("startRecoverRun")->isVisible());
        QVERIFY(!probe.child<QWidget>("startLostSessions")->isVisible());
        QVERIFY2(probe.messageText().isEmpty(), qPrintable(probe.messageText()));
        QSignalSpy started(probe.window.workbench(), &ui::Workbench::trainingStarted);
        probe.child<QPushButton>("startContinue")->click();
        QTRY_COMPARE_WITH_TIMEOUT(started.count(), 1, 4 * test::kPatienceMs);
        checkSession(probe.document());
        probe.trigger("train.stop");
        QTRY_VERIFY_WITH_TIMEOUT(!probe.window.workbench()->isTraining(), test::kPatienceMs);
        QVERIFY(probe.rest());
    }

    void aDamagedSessionDoesNotStandInTheWay() {
        killASecondTraining();
        const auto run = ui::latestBrokenRun();
        QVERIFY(run && !run->session.empty());
        QFile session(QString::fromStdString((run->session / "session.espalier").string()));
        QVERIFY(session.resize(session.size() / 2));
        WindowProbe probe;
        probe.child<QPushButton>("startContinue")->click();
        QTRY_VERIFY_WITH_TIMEOUT(probe.isError(), test::kPatienceMs);
        QCOMPARE(probe.messages().message().actionText, QString("Continue without its session"));
        QSignalSpy started(probe.window.workbench(), &ui::Workbench::trainingStarted);
        probe.messages().message().action();
        QTRY_COMPARE_WITH_TIMEOUT(started.count(), 1, 4 * test::kPatienceMs);
        probe.trigger("train.stop");
        QTRY_VERIFY_WITH_TIMEOUT(!probe.window.workbench()->isTraining(), test::kPatienceMs);
        QVERIFY(probe.rest());
    }

    void discardingDeletesIt() {
        killATraining();
        WindowProbe probe;
        probe.child<QPushButton>("startDiscard")->click();
        QVERIFY(!probe.child<QWidget>("startBrokenRun")->isVisible());
        QVERIFY(!ui::latestBrokenRun());
        QVERIFY(QDir(m_folder->path() + "/espalier/runs").isEmpty());
        QVERIFY(QFile::exists(m_folder->filePath("lenet5.pt")));
    }

    void closingInTheMiddleKeepsItForTheNextStart() {
        {
            WindowProbe probe;
            QVERIFY(startTraining(probe, m_folder->path()));
            QTRY_VERIFY_WITH_TIMEOUT(epochsWritten(m_folder->path()) >= 2, test::kPatienceMs);
            QCOMPARE(epochsKept(), 0);    // it is being worked on
            probe.dialogs.nextAnswer(0);  // stop and quit
            probe.window.close();
            QTRY_VERIFY_WITH_TIMEOUT(!probe.window.isVisible(), test::kPatienceMs);
        }
        QVERIFY(epochsKept() >= 2);
        WindowProbe probe;
        QVERIFY(probe.child<QWidget>("startBrokenRun")->isVisible());
    }

    void pausingStopsTheStepsAndResumingGoesOn() {
        WindowProbe probe;
        QVERIFY(!probe.action("train.pause")->isEnabled());
        QVERIFY(startTraining(probe, m_folder->path()));
        QSignalSpy sampled(probe.window.workbench(), &ui::Workbench::trainingSampled);
        QTRY_VERIFY_WITH_TIMEOUT(sampled.count() > 3, test::kPatienceMs);
        QVERIFY(probe.action("train.pause")->isEnabled());
        QVERIFY(probe.child<QLabel>("trainingFigures")->text().startsWith("peak memory "));
        probe.trigger("train.pause");
        QVERIFY(probe.action("train.pause")->isChecked());
        QVERIFY(probe.window.workbench()->isTrainingPaused());
        QTRY_VERIFY(probe.child<QLabel>("jobTitle")->text().endsWith("paused"));
        QTest::qWait(300);  // the step under way
        const auto before = sampled.count();
        QTest::qWait(300);
        QCOMPARE(sampled.count(), before);
        test::grab(probe.window, "training_paused");
        probe.trigger("train.pause");
        QTRY_VERIFY_WITH_TIMEOUT(sampled.count() > before, test::kPatienceMs);
        QVERIFY(!probe.action("train.pause")->isChecked());
        probe.trigger("train.pause");
        probe.trigger("train.stop");  // a paused training ends as well
        QTRY_VERIFY_WITH_TIMEOUT(!probe.window.workbench()->isTraining(), test::kPatienceMs);
        QVERIFY(!probe.action("train.pause")->isChecked());
        QVERIFY(!ui::latestBrokenRun());  // who stops it is done with it
    }

    // While a schedule still removes weights: the last whole epoch, and a way to go on.
    void aLostDeviceLeavesItsLastEpochAndOneOffer() {
        const auto model = qEnvironmentVariable("ESPALIER_FIXTURES") + "/lost_device.script.pt";
        if (!QFile::exists(model)) QSKIP(qPrintable("needs " + model));
        const QString copy = m_folder->filePath("lost.pt");
        QVERIFY(QFile::copy(model, copy));
        WindowProbe probe;
        QVERIFY(probe.openModel(copy) && probe.attachTinyData(m_folder->path()));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        train::Recipe recipe{.epochs = 20, .batchSize = 54, .device = "cpu"};  // of ten steps each
        recipe.schedule = {.name = "agp", .everySteps = 5, .end = 1};
        probe.child<ui::TrainingPanel>("trainingPanel")->setRecipe(recipe);
        QVERIFY(probe.rest());
        QSignalSpy started(probe.window.workbench(), &ui::Workbench::trainingStarted);
        QSignalSpy finished(probe.window.workbench(), &ui::Workbench::trainingFinished);
        QSignalSpy ended(probe.window.workbench(), &ui::Workbench::trainingEnded);
        probe.trigger("train.start");
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, test::kPatienceMs);
        QVERIFY(probe.rest());
        const QString text = probe.messageText();
        QVERIFY2(
            probe.isError() && text.contains("the device was lost. Its last checkpoint is kept"),
            qPrintable(text));
        QVERIFY(probe.messages().message().actionText.startsWith("Continue "));
        QCOMPARE(finished.count(), 1);
        QCOMPARE(finished.first().first().value<train::TrainResult>().bestEpoch, 3);
        const ui::Document& document = probe.document();
        QCOMPARE(document.node().operation, project::Operation::FineTune);
        QCOMPARE(document.snapshot()->baseRemoved(document.selection()), std::int64_t{784 * 16});
        test::grab(probe.window, "device_lost");

        const int steps = document.undoStack()->index();
        const auto nodeBefore = document.node().id;
        const auto* runs = probe.child<QTreeWidget>("trainingRuns");
        QCOMPARE(runs->topLevelItemCount(), 1);
        QSignalSpy sampled(probe.window.workbench(), &ui::Workbench::trainingSampled);
        probe.messages().message().action();
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 2, test::kPatienceMs);
        QCOMPARE(runs->topLevelItemCount(), 1);  // it is the same run
        QVERIFY(runs->topLevelItem(0)->text(0).startsWith("run 1"));
        QCOMPARE(document.undoStack()->index(), steps + 1);
        QVERIFY(document.node().id != nodeBefore);
        document.undoStack()->undo();
        QCOMPARE(document.node().id, nodeBefore);
        document.undoStack()->redo();
        QCOMPARE(started.count(), 2);
        QCOMPARE(started.last().first().value<train::Recipe>(), recipe);
        QCOMPARE(sampled.last().first().value<train::TrainSample>().step, std::int64_t{34});
        QVERIFY(probe.rest());
    }

    void aDamagedCheckpointIsNamed() {
        killATraining();
        const auto run = ui::latestBrokenRun();
        QFile file(QString::fromStdString(exchange::checkpointIn(run->folder).string()));
        QVERIFY(file.resize(file.size() - 100));
        WindowProbe probe;
        probe.child<QPushButton>("startContinue")->click();
        QTRY_VERIFY_WITH_TIMEOUT(probe.isError(), test::kPatienceMs);
        QVERIFY2(probe.messageText().contains("Cannot continue"), qPrintable(probe.messageText()));
        QCOMPARE(probe.page(), QString("workspace"));  // its session is whole
        QVERIFY(!probe.window.workbench()->isTraining());
    }

private:
    void killATraining() {
        const auto isTime = [this] { return epochsWritten(m_folder->path()) >= 3; };
        QVERIFY(test::startAndKillSelf(kFolder, m_folder->path(), isTime, test::kPatienceMs));
    }

    void killASecondTraining() {
        qputenv(kTwice, "1");
        killATraining();
        qunsetenv(kTwice);
    }

    /// Dense model with its accuracy, first run with its curves, and the plan of the second.
    static void checkSession(const ui::Document& document) {
        const auto nodes = document.history().nodes();
        QCOMPARE(nodes.size(), std::size_t(2));
        QCOMPARE(nodes[0]->operation, project::Operation::Open);
        QVERIFY(nodes[0]->metrics.evaluation.has_value());
        QVERIFY(document.denseEvaluation(data::Split::Validation).has_value());
        QCOMPARE(document.denseFootprint().weightsKept, document.denseFootprint().weights);
        QCOMPARE(nodes[1]->operation, project::Operation::FineTune);
        QVERIFY(nodes[1]->training.size() > 2);
        QCOMPARE(document.state().node, nodes[1]->id);
        const prune::WeightRule* rule = document.rule(document.selection());
        QVERIFY(rule && *rule == prune::WeightRule::sparsity(0.5));
    }

    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<QTemporaryDir> m_folder;
};

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    const QString folder = qEnvironmentVariable(kFolder);
    if (!folder.isEmpty()) return trainUntilKilled(folder);
    TestResume test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_resume.moc"
