// SPDX-License-Identifier: GPL-3.0-or-later
// Fine-tuning that is paused, closed or killed in the real window, and goes on.

#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>

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

/// The program that will be killed.
int trainUntilKilled(const QString& folder) {
    const test::OwnSettings settings;
    qputenv("XDG_STATE_HOME", folder.toUtf8());  // where the other process looks
    WindowProbe probe;
    return startTraining(probe, folder) ? QApplication::exec() : 1;
}

int epochsKept() {
    const auto run = ui::latestBrokenRun();
    return run ? run->epochs : 0;
}

/// Finished epochs of the only run in the state folder, whoever works on it.
int epochsWritten(const QString& state) {
    std::error_code none;
    for (const auto& entry :
         std::filesystem::directory_iterator((state + "/espalier/runs").toStdString(), none)) {
        const auto about = exchange::readCheckpointAbout(exchange::checkpointIn(entry.path()));
        if (about) return about->epochs;
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
        QVERIFY2(offer->text().contains("lenet5.pt") && offer->text().contains("of 60, today"),
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
        QVERIFY(probe.child<QLabel>("trainingFigures")->text().startsWith("memory "));
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

    void aDamagedCheckpointIsNamed() {
        killATraining();
        const auto run = ui::latestBrokenRun();
        QFile file(QString::fromStdString(exchange::checkpointIn(run->folder).string()));
        QVERIFY(file.resize(file.size() - 100));
        WindowProbe probe;
        probe.child<QPushButton>("startContinue")->click();
        QTRY_VERIFY_WITH_TIMEOUT(probe.isError(), test::kPatienceMs);
        QVERIFY2(probe.messageText().contains("Cannot continue"), qPrintable(probe.messageText()));
        QCOMPARE(probe.page(), QString("startPage"));
    }

private:
    void killATraining() {
        const auto isTime = [this] { return epochsWritten(m_folder->path()) >= 3; };
        QVERIFY(test::startAndKillSelf(kFolder, m_folder->path(), isTime, test::kPatienceMs));
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
