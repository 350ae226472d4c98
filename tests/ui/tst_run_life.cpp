// SPDX-License-Identifier: GPL-3.0-or-later
// Workbench: trainings that are paused, stopped or killed, and go on.
#include <cmath>
#include <fstream>

#include <QApplication>
#include <QTemporaryDir>

#include "core/exchange/checkpoint_file.h"
#include "core/project/examples.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/killed_self.h"
#include "tests/support/session.h"
#include "tests/support/tiny_data.h"
#include "ui/document/run_folder.h"

using namespace espalier;
using namespace espalier::ui;
using test::Session;

namespace {

constexpr int kPatienceMs = 240'000;
constexpr int kEpochs = 40;
const char* const kFolder = "ESPALIER_TEST_RUN_FOLDER";
const char* const kTwice = "ESPALIER_TEST_RUN_TWICE";
const char* const kTicket = "ESPALIER_TEST_RUN_TICKET";
const char* const kSchedule = "ESPALIER_TEST_RUN_SCHEDULE";

train::Recipe recipeOf(int epochs) {
    train::Recipe recipe{.epochs = epochs, .batchSize = 64, .device = "cpu"};
    recipe.schedule.name = qEnvironmentVariable(kSchedule, "one_shot").toStdString();
    recipe.schedule.everySteps = 3;
    recipe.optimizer.name = "adam";
    recipe.optimizer.lr = 1e-4;
    return recipe;
}

/// A model with a plan, and data, from `folder`.
bool prepare(Session& session, const QString& folder) {
    const auto model = test::path(folder) / "net.pt";
    if (!std::filesystem::exists(model)) {
        std::filesystem::copy_file(project::lenet300100Example().model, model);
        test::writeTinyMnist(test::path(folder));
    }
    if (!session.open(model)) return false;
    data::DataSpec spec;
    spec.path = test::path(folder);
    spec.preset = "mnist";
    session.workbench.attachData(spec);
    if (!session.settle() || !session.document.dataset()) return false;
    session.document.setRule(session.document.selection(), prune::WeightRule::sparsity(0.5));
    return session.settle();
}

/// A lottery ticket that goes back to the opened weights and learns from the opened model.
train::Recipe ticketOf(const Session& session) {
    train::Recipe recipe = recipeOf(1);
    recipe.distillation = train::Distillation{};
    recipe.schedule.name = "lottery";
    recipe.schedule.rounds = 4;
    recipe.schedule.epochsPerRound = kEpochs / 4;
    recipe.schedule.rewindTo = session.document.history().nodes().front()->name;
    return recipe;
}

bool train(Session& session, const train::Recipe& recipe) {
    const QSignalSpy ended(&session.workbench, &Workbench::trainingEnded);
    session.workbench.fineTune(recipe);
    return QTest::qWaitFor([&] { return ended.count() > 0; }, kPatienceMs) && session.settle();
}

bool trainOnce(Session& session, int epochs) {
    return train(session, recipeOf(epochs));
}

bool trainTicket(Session& session) {
    session.document.setRule(session.document.selection(), prune::WeightRule::sparsity(0.8));
    return session.settle() && train(session, ticketOf(session));
}

/// The program that will be killed.
int trainUntilKilled(const QString& folder) {
    Session session;
    if (!prepare(session, folder)) return 1;
    if (qEnvironmentVariableIsSet(kTwice) && !trainOnce(session, 2)) return 1;
    if (qEnvironmentVariableIsSet(kTicket)) return trainTicket(session) ? 0 : 1;
    session.workbench.fineTune(recipeOf(kEpochs));
    return QCoreApplication::exec();
}

/// Finished epochs of the longest run in the state folder, whoever works on it.
int epochsWritten(const QString& state) {
    int most = 0;
    std::error_code none;
    const auto runs = test::path(state) / "espalier" / "runs";
    for (const auto& entry : std::filesystem::directory_iterator(runs, none)) {
        const auto about = exchange::readCheckpointAbout(exchange::checkpointIn(entry.path()));
        if (about && train::totalEpochs(about->recipe) == kEpochs)
            most = std::max(most, about->epochs);
    }
    return most;
}

std::vector<train::TrainSample> samplesIn(const QSignalSpy& sampled) {
    std::vector<train::TrainSample> samples;
    for (const auto& arguments : sampled)
        samples.push_back(arguments.first().value<train::TrainSample>());
    return samples;
}

/// Step, epoch, losses and accuracy of each, without the time.
std::vector<std::vector<double>> table(const std::vector<train::TrainSample>& samples) {
    std::vector<std::vector<double>> rows;
    for (const train::TrainSample& s : samples) {
        std::vector<double> row{double(s.step), double(s.epoch), s.loss, s.valLoss, s.top1, s.lr};
        for (double& value : row) value = std::isnan(value) ? -1 : value;
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

class TestRunLife : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() {
        const auto model = project::lenet300100Example().model;
        NEED_FILE(model);
        m_folder = std::make_unique<QTemporaryDir>();
        qputenv("XDG_STATE_HOME", m_folder->path().toUtf8());
    }

    void aKilledTrainingGoesOnAsIfNothingHadHappened_data() {
        QTest::addColumn<QByteArray>("schedule");
        QTest::newRow("one_shot") << QByteArray("one_shot");
        QTest::newRow("agp") << QByteArray("agp");
    }
    void aKilledTrainingGoesOnAsIfNothingHadHappened() {
        QFETCH(QByteArray, schedule);
        qputenv(kSchedule, schedule);
        const auto later = qScopeGuard([] { qunsetenv(kSchedule); });
        killATraining();
        const auto run = latestBrokenRun();
        QVERIFY(run && run->epochs >= 3 && run->epochs < kEpochs);
        // What a program that is killed while it writes leaves behind.
        std::ofstream(run->folder / "run.espalier-checkpoint.part") << "half";
        QVERIFY2(describe(*run).startsWith("the fine-tuning of net.pt (") &&
                     describe(*run).contains(" of 40 epochs done, today"),
                 qPrintable(describe(*run)));

        Session resumed;
        QSignalSpy sampled(&resumed.workbench, &Workbench::trainingSampled);
        QVERIFY(proceed(resumed, run->folder));
        QVERIFY(!latestBrokenRun());
        QVERIFY(!std::filesystem::exists(run->folder));
        QCOMPARE(resumed.document.history().nodes().size(), std::size_t{2});

        Session whole;
        QVERIFY(prepare(whole, m_folder->path()));
        QSignalSpy expected(&whole.workbench, &Workbench::trainingSampled);
        QVERIFY(trainOnce(whole, kEpochs));
        QCOMPARE(table(samplesIn(sampled)), table(samplesIn(expected)));
        QCOMPARE(resumed.document.snapshot()->weightsHash(),
                 whole.document.snapshot()->weightsHash());
        QVERIFY(resumed.document.plan().weights == whole.document.plan().weights);
    }

    void weightsThatAreInNoFileAreKeptToo() {
        qputenv(kTwice, "1");
        killATraining();
        qunsetenv(kTwice);
        const auto run = latestBrokenRun();
        QVERIFY(run.has_value());
        QCOMPARE(run->model, QString("net.pt"));
        QVERIFY(std::filesystem::exists(run->folder / "net.pt"));
        Session session;
        QVERIFY(proceed(session, run->folder));
        QVERIFY(!latestBrokenRun());
        QVERIFY(std::filesystem::exists(run->folder / "net.pt"));  // what is open stays
    }

    void teacherAndWeightsToGoBackToAreKept() {
        qputenv(kTwice, "1");
        qputenv(kTicket, "1");
        killATraining();
        qunsetenv(kTwice);
        qunsetenv(kTicket);
        const auto run = latestBrokenRun();
        QVERIFY(run.has_value());
        Session resumed;
        QVERIFY(proceed(resumed, run->folder));

        Session whole;
        QVERIFY(prepare(whole, m_folder->path()));
        QVERIFY(trainOnce(whole, 2));
        QVERIFY(trainTicket(whole));
        QCOMPARE(resumed.document.snapshot()->weightsHash(),
                 whole.document.snapshot()->weightsHash());
        QVERIFY(!std::filesystem::exists(run->folder / "dense-teacher.pt"));
        QVERIFY(!std::filesystem::exists(run->folder / "rewind-to.pt"));
    }

    void stoppingEndsIt() {
        Session session;
        QVERIFY(prepare(session, m_folder->path()));
        QSignalSpy sampled(&session.workbench, &Workbench::trainingSampled);
        session.workbench.fineTune(recipeOf(kEpochs));
        QTRY_VERIFY_WITH_TIMEOUT(epochsWritten(m_folder->path()) >= 1, kPatienceMs);
        QVERIFY(!latestBrokenRun());  // it is being worked on
        session.workbench.stopTraining();
        QVERIFY(session.settle());
        QVERIFY(!latestBrokenRun());
        QCOMPARE(epochsWritten(m_folder->path()), 0);
    }

    void closingKeepsIt() {
        {
            Session session;
            QVERIFY(prepare(session, m_folder->path()));
            session.workbench.fineTune(recipeOf(kEpochs));
            QTRY_VERIFY_WITH_TIMEOUT(epochsWritten(m_folder->path()) >= 1, kPatienceMs);
            const auto best = session.workbench.shutDown();
            QVERIFY(best.ok() && !best->empty());
        }
        const auto run = latestBrokenRun();
        QVERIFY(run.has_value());
        const auto folder = RunFolder::take(run->folder);
        QVERIFY(folder);
        QVERIFY(!RunFolder::take(run->folder));  // once at a time
        folder->remove();
        QVERIFY(!latestBrokenRun());
    }

    void pausing() {
        Session session;
        QVERIFY(prepare(session, m_folder->path()));
        QSignalSpy sampled(&session.workbench, &Workbench::trainingSampled);
        QSignalSpy paused(&session.workbench, &Workbench::trainingPaused);
        session.workbench.setTrainingPaused(true);  // nothing to pause
        QCOMPARE(paused.count(), 0);
        session.workbench.fineTune(recipeOf(kEpochs));
        QTRY_VERIFY_WITH_TIMEOUT(sampled.count() > 3, kPatienceMs);
        session.workbench.setTrainingPaused(true);
        QVERIFY(session.workbench.isTrainingPaused());
        QTest::qWait(500);  // the step under way
        const auto before = sampled.count();
        QTest::qWait(500);
        QCOMPARE(sampled.count(), before);
        session.workbench.setTrainingPaused(false);
        QTRY_VERIFY_WITH_TIMEOUT(sampled.count() > before, kPatienceMs);
        session.workbench.setTrainingPaused(true);
        session.workbench.stopTraining();  // a paused training ends as well
        QVERIFY(session.settle());
        QVERIFY(!session.workbench.isTrainingPaused());
        QCOMPARE(paused.count(), 3);
    }

    void whatCannotBeContinuedIsNamed() {
        killATraining();
        const auto run = latestBrokenRun();
        Session session;
        QSignalSpy failed(&session.workbench, &Workbench::failed);
        const auto model = test::path(m_folder->path()) / "net.pt";
        std::filesystem::rename(model, model.string() + ".away");
        session.workbench.continueRun(run->folder);
        QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 1, kPatienceMs);
        std::filesystem::rename(model.string() + ".away", model);
        std::filesystem::resize_file(exchange::checkpointIn(run->folder), 5000);
        QVERIFY(session.settle());
        session.workbench.continueRun(run->folder);
        QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 2, kPatienceMs);
        const std::string text = failed.last().first().value<Error>().text();
        QVERIFY2(text.find("Cannot continue") != std::string::npos, text.c_str());
        QVERIFY(!session.workbench.isTraining());
    }

    void aFullDiskIsToldOnceAndTrainingGoesOn() {
        Session session;
        QVERIFY(prepare(session, m_folder->path()));
        QSignalSpy failed(&session.workbench, &Workbench::failed);
        QSignalSpy finished(&session.workbench, &Workbench::trainingFinished);
        const test::FileSizeLimit full(200'000);
        QVERIFY(trainOnce(session, 3));
        QCOMPARE(finished.count(), 1);
        QCOMPARE(failed.count(), 1);
        const std::string text = failed.first().first().value<Error>().text();
        QVERIFY2(text.find("the disk is full") != std::string::npos, text.c_str());
    }

private:
    void killATraining() {
        const auto isTime = [this] { return epochsWritten(m_folder->path()) >= 3; };
        QVERIFY(test::startAndKillSelf(kFolder, m_folder->path(), isTime, kPatienceMs));
    }

    static bool proceed(Session& session, const std::filesystem::path& folder) {
        const QSignalSpy finished(&session.workbench, &Workbench::trainingFinished);
        const QSignalSpy failed(&session.workbench, &Workbench::failed);
        session.workbench.continueRun(folder);
        return QTest::qWaitFor([&] { return finished.count() + failed.count() > 0; },
                               kPatienceMs) &&
               failed.count() == 0 && session.settle();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    const QString folder = qEnvironmentVariable(kFolder);
    if (!folder.isEmpty()) return trainUntilKilled(folder);
    TestRunLife test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_run_life.moc"
