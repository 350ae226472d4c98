// SPDX-License-Identifier: GPL-3.0-or-later
// Leaving a model or the window, with work in it that is in no file yet.
#include <atomic>
#include <thread>

#include <QDialog>
#include <QLineEdit>
#include <QPushButton>
#include <QScopeGuard>
#include <QSignalSpy>
#include <QTimer>

#include "tests/support/window_probe.h"
#include "ui/document/run_folder.h"
#include "ui/document/session_keeper.h"

using namespace espalier;
using test::WindowProbe;

class TestClosing : public QObject {
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
    }
    void cleanup() { QCOMPARE(QApplication::topLevelWidgets().size(), 0); }

    void leavingUnsavedWorkAsks_data() {
        QTest::addColumn<int>("answer");
        QTest::addColumn<bool>("closes");
        QTest::newRow("discard") << 2 << true;
        QTest::newRow("cancel") << 3 << false;
    }
    void leavingUnsavedWorkAsks() {
        QFETCH(int, answer);
        QFETCH(bool, closes);
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        probe.dialogs.nextAnswer(answer);
        probe.trigger("file.close");
        QCOMPARE(probe.document().hasModel(), !closes);
        QCOMPARE(probe.page(), closes ? QString("startPage") : QString("workspace"));
    }

    void closingExportsFirstWhenAsked() {
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        probe.dialogs.nextAnswer(1);
        probe.dialogs.nextFile(m_folder->filePath("plan.json"));
        probe.window.close();
        QTRY_VERIFY_WITH_TIMEOUT(!probe.window.isVisible(), test::kPatienceMs);
        QVERIFY(QFile::exists(m_folder->filePath("plan.json")));
    }

    void statesThatNoExportHoldsAreAskedAbout() {
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        probe.dialogs.nextText(QStringLiteral("half"));
        probe.trigger("tools.pin");
        probe.dialogs.nextFile(m_folder->filePath("plan.json"));
        probe.trigger("file.export_plan");
        QVERIFY(probe.rest());
        QVERIFY(!probe.document().hasUnsavedWork());
        QVERIFY(probe.window.isWindowModified());
        probe.dialogs.nextAnswer(3);
        probe.trigger("file.close");
        QVERIFY(probe.document().hasModel());
        probe.dialogs.nextAnswer(2);
        probe.trigger("file.close");
        QVERIFY(!probe.document().hasModel());
    }

    void anExportThatIsCancelledClosesNothingLater() {
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        QVERIFY(probe.rest());
        std::atomic_bool mayEnd = false;
        ui::JobRunner& jobs = *probe.window.workbench()->jobs();
        jobs.run<void>(
            {ui::Lane::Interactive, "hold", {}, false}, &probe.window,
            [&mayEnd](const EventSink<>&, RunControl&) -> Result<void> {
                while (!mayEnd) std::this_thread::yield();
                return {};
            },
            [](const Result<void>&) {});
        probe.dialogs.nextAnswer(1);
        probe.dialogs.nextFile(m_folder->filePath("first.json"));
        probe.window.close();
        QCOMPARE(jobs.jobs().size(), 2);
        jobs.cancel(jobs.jobs().last().id);
        mayEnd = true;
        QVERIFY(probe.rest());
        QVERIFY(!QFile::exists(m_folder->filePath("first.json")));
        probe.dialogs.nextFile(m_folder->filePath("second.json"));
        probe.trigger("file.export_plan");
        QVERIFY(probe.rest());
        QCoreApplication::processEvents();
        QVERIFY(QFile::exists(m_folder->filePath("second.json")));
        QVERIFY(probe.window.isVisible());
    }

    void closingDuringTrainingKeepsTheBest() {
        const QString model = WindowProbe::copyModel(m_folder->path());
        {
            WindowProbe probe;
            QVERIFY(probe.openModel(model));
            QVERIFY(probe.attachTinyData(m_folder->path()));
            QVERIFY(probe.action("train.start")->isEnabled());
            probe.child<QSpinBox>("recipeEpochs")->setValue(500);
            QSignalSpy sampled(probe.window.workbench(), &ui::Workbench::trainingSampled);
            probe.trigger("train.start");
            QVERIFY(!probe.action("train.start")->isEnabled());
            QVERIFY(probe.action("train.stop")->isEnabled());
            QVERIFY(!probe.action("edit.reset_layer")->isEnabled());
            QTRY_VERIFY_WITH_TIMEOUT(sampled.count() > 200, test::kPatienceMs);
            probe.dialogs.nextAnswer(1);  // go on
            probe.window.close();
            QVERIFY(probe.window.isVisible() && probe.window.workbench()->isTraining());
            probe.dialogs.nextAnswer(0);  // stop and quit
            probe.window.close();
            QTRY_VERIFY_WITH_TIMEOUT(!probe.window.isVisible(), test::kPatienceMs);
        }
        QVERIFY(QFile::exists(m_folder->filePath("lenet5-best.pt")));
        WindowProbe next;  // offers to go on, and only when that is declined tells of the file
        QVERIFY(next.child<QWidget>("startBrokenRun")->isVisible());
        QVERIFY2(next.messageText().isEmpty(), qPrintable(next.messageText()));
        next.child<QPushButton>("startDiscard")->click();
        QVERIFY(next.child<QWidget>("startLostSessions")->isVisible());
        QVERIFY2(next.messageText().isEmpty(), qPrintable(next.messageText()));
        next.child<QPushButton>("startDiscardSession0")->click();
        QVERIFY(next.messageText().contains("lenet5-best.pt"));
        QVERIFY(next.openModel(m_folder->filePath("lenet5-best.pt")));
    }

    void quittingWhilePausedAsksOnce() {
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(probe.attachTinyData(m_folder->path()));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.9));
        QVERIFY(probe.rest());
        probe.child<QSpinBox>("recipeEpochs")->setValue(500);
        probe.child<QLineEdit>("recipeLr")->setText("1e-12");  // no epoch will be better
        QSignalSpy sampled(probe.window.workbench(), &ui::Workbench::trainingSampled);
        probe.trigger("train.start");
        QTRY_VERIFY_WITH_TIMEOUT(sampled.count() > 20, test::kPatienceMs);
        probe.trigger("train.pause");
        probe.dialogs.nextAnswer(0);  // stop and quit
        probe.window.close();
        QTRY_VERIFY_WITH_TIMEOUT(!probe.window.isVisible(), test::kPatienceMs);
        QCOMPARE(probe.dialogs.shown(), QStringList{"Fine-tuning is running"});
        QVERIFY(!QFile::exists(m_folder->filePath("lenet5-best.pt")));
        const auto run = ui::latestBrokenRun();
        QVERIFY(run && !run->session.empty());
        ui::RunFolder::take(run->folder)->remove();
        ui::SessionKeeper::discard(run->session);
    }

    void closingBeforeTheFirstValidationKeepsThePlan() {
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(probe.attachTinyData(m_folder->path()));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        QVERIFY(probe.rest());
        ui::Workbench& workbench = *probe.window.workbench();
        // Something else trains first, so that this training is stopped before it has begun.
        std::atomic_bool mayEnd = false;
        const auto release = qScopeGuard([&mayEnd] { mayEnd = true; });
        workbench.jobs()->run<void>(
            {ui::Lane::Trainer, "other"}, &probe.window,
            [&mayEnd](const EventSink<>&, RunControl&) -> Result<void> {
                while (!mayEnd) std::this_thread::yield();
                return {};
            },
            [](const Result<void>&) {});
        probe.trigger("train.start");
        probe.dialogs.nextAnswer(0);  // stop and quit
        probe.dialogs.nextAnswer(3);  // the plan is in no file: cancel
        probe.window.close();
        QTRY_VERIFY_WITH_TIMEOUT(probe.dialogs.isUsedUp(), test::kPatienceMs);
        QVERIFY(probe.window.isVisible() && !workbench.isTraining());
        QCOMPARE(probe.dialogs.shown().last(), QString("Unsaved work"));
        QCOMPARE(probe.document().plan().weights.size(), std::size_t(1));
        mayEnd = true;
        QVERIFY(probe.rest());
    }

    void bestWeightsThatFindNoRoomStayInTheWindow() {
        const QByteArray state = qgetenv("XDG_STATE_HOME");
        const QTemporaryDir elsewhere;
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(probe.attachTinyData(elsewhere.path()));
        probe.child<QSpinBox>("recipeEpochs")->setValue(500);
        QSignalSpy sampled(probe.window.workbench(), &ui::Workbench::trainingSampled);
        probe.trigger("train.start");
        QTRY_VERIFY_WITH_TIMEOUT(sampled.count() > 200, test::kPatienceMs);
        QVERIFY(m_folder->remove());
        const QString file = elsewhere.filePath("file");  // where a folder should be
        QVERIFY(QFile(file).open(QIODevice::WriteOnly));
        qputenv("XDG_STATE_HOME", (file + "/state").toUtf8());
        probe.dialogs.nextAnswer(0);  // stop and quit
        probe.dialogs.nextAnswer(2);  // cannot be saved: stay
        probe.window.close();
        QTRY_VERIFY_WITH_TIMEOUT(probe.dialogs.isUsedUp(), test::kPatienceMs);
        qputenv("XDG_STATE_HOME", state);
        QCOMPARE(probe.dialogs.shown().last(), QString("Best weights not saved"));
        QVERIFY(probe.window.isVisible() && probe.document().hasOwnWeights());
        probe.dialogs.nextAnswer(1);  // export the model first
        probe.dialogs.nextDialog([](QDialog&) { return true; });
        probe.dialogs.nextFile(elsewhere.filePath("rescued.pt"));
        probe.window.close();
        QTRY_VERIFY_WITH_TIMEOUT(!probe.window.isVisible(), test::kPatienceMs);
        QVERIFY(QFile::exists(elsewhere.filePath("rescued.pt")));
    }

    void stoppingATrainingKeepsItsBestAsAState() {
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(probe.attachTinyData(m_folder->path()));
        probe.child<QSpinBox>("recipeEpochs")->setValue(500);
        QSignalSpy sampled(probe.window.workbench(), &ui::Workbench::trainingSampled);
        QSignalSpy ended(probe.window.workbench(), &ui::Workbench::trainingEnded);
        probe.trigger("train.start");
        QTRY_VERIFY_WITH_TIMEOUT(sampled.count() > 200, test::kPatienceMs);
        probe.trigger("train.stop");
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, test::kPatienceMs);
        QCOMPARE(probe.document().history().nodes().size(), std::size_t(2));
        QVERIFY(probe.action("train.start")->isEnabled());
    }

    // As when the desktop session ends: there is nobody to answer a dialog.
    void terminationKeepsTrainedWeightsAndAsksNothing() {
        const QString model = WindowProbe::copyModel(m_folder->path());
        WindowProbe probe;
        QVERIFY(probe.openModel(model));
        QVERIFY(probe.attachTinyData(m_folder->path()));
        probe.child<QSpinBox>("recipeEpochs")->setValue(500);
        QSignalSpy sampled(probe.window.workbench(), &ui::Workbench::trainingSampled);
        QSignalSpy ended(probe.window.workbench(), &ui::Workbench::trainingEnded);
        probe.trigger("train.start");
        QTRY_VERIFY_WITH_TIMEOUT(sampled.count() > 200, test::kPatienceMs);
        probe.trigger("train.stop");
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, test::kPatienceMs);
        QVERIFY(probe.document().hasUnsavedWork());
        QDialog question(&probe.window);
        QTimer::singleShot(100, &probe.window, [&] {
            QCOMPARE(QApplication::activeModalWidget(), &question);
            probe.window.terminate();
        });
        QCOMPARE(question.exec(), int(QDialog::Rejected));
        QTRY_VERIFY_WITH_TIMEOUT(!probe.window.isVisible(), test::kPatienceMs);
        QVERIFY(QFile::exists(m_folder->filePath("lenet5-best.pt")));
    }

private:
    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_MAIN(TestClosing)
#include "tst_closing.moc"
