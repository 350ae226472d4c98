// SPDX-License-Identifier: GPL-3.0-or-later
// The built-in example from opening to the exported files, in two programs one after the other: one
// button, watch the sparsity rise, pause, close; start again, continue, export. What was written is
// judged by a third program. Fewer epochs than the example's own recipe has.
#include <QDialog>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QProcess>
#include <QPushButton>
#include <QSignalSpy>
#include <QToolButton>

#include "tests/support/window_probe.h"
#include "ui/document/channels.h"

using namespace espalier;
using test::WindowProbe;

namespace {

constexpr int kEpochs = 2;
constexpr int kTrainingMs = 900'000;  // on a machine that is busy with other things
constexpr int kHidden = 480;          // of 500 channels
constexpr double kSeenSparsity = 30;  // per cent, when the run is paused
const char* const kFolder = "ESPALIER_TEST_STORY_FOLDER";
const char* const kChapter = "ESPALIER_TEST_STORY_CHAPTER";

bool waitFor(const std::function<bool()>& condition, int patienceMs = test::kPatienceMs) {
    return QTest::qWaitFor(condition, patienceMs);
}

/// Says on standard error what did not happen.
int failed(const char* what) {
    qWarning("the program: %s", what);
    return 1;
}

bool acceptWhenReady(QDialog& dialog, const char* button) {
    const auto* accept = test::find<QPushButton>(dialog, button);
    return waitFor([accept] { return accept->isEnabled(); });
}

/// The sparsity that the curve shows last, in per cent; the dashed one under it is of the plan.
double shownSparsity(const WindowProbe& probe) {
    const QString status = probe.child<QLabel>("trainingStatus")->text();
    const auto at = status.indexOf(QStringLiteral("sparsity "));
    if (at < 0) return 0;
    const QString number = status.mid(at + 9).section(QChar(0x2009), 0, 0);
    return number.toDouble();
}

/// Opens the example, presses the button, pauses when weights have gone, and closes the window.
int begin() {
    WindowProbe probe;
    probe.child<QPushButton>("startExample")->click();
    const auto isOpen = [&] { return probe.document().dataset() && probe.document().evaluation(); };
    if (!waitFor(isOpen) || !probe.rest()) return failed("the example did not open");
    probe.child<QSpinBox>("recipeEpochs")->setValue(kEpochs);
    probe.dialogs.nextDialog(
        [](QDialog& dialog) { return acceptWhenReady(dialog, "pruneAccept"); });
    probe.child<QToolButton>("trainingPruneAndTune")->click();
    if (!waitFor([&] { return shownSparsity(probe) > kSeenSparsity; }, kTrainingMs))
        return failed("the sparsity did not rise");
    probe.trigger("train.pause");
    const auto* job = probe.child<QLabel>("jobTitle");
    if (!waitFor([&] { return job->text().endsWith(QStringLiteral("paused")); }))
        return failed("it did not pause");
    probe.dialogs.nextAnswer(0);  // stop and quit
    probe.window.close();
    return waitFor([&] { return !probe.window.isVisible(); }) ? 0 : failed("it did not close");
}

/// Continues what the start page offers, and exports both files.
int finish(const QString& folder) {
    WindowProbe probe;
    auto* offer = probe.child<QPushButton>("startContinue");
    if (!offer->isVisible()) return failed("nothing is offered to be continued");
    const QSignalSpy finished(probe.window.workbench(), &ui::Workbench::trainingFinished);
    offer->click();
    if (!waitFor([&] { return finished.count() > 0; }, kTrainingMs) || !probe.rest())
        return failed("it did not come to its end");
    const auto write = [&](const char* action, const char* button, const char* name) {
        const QString file = folder + QLatin1Char('/') + QLatin1String(name);
        probe.dialogs.nextDialog(
            [button](QDialog& dialog) { return acceptWhenReady(dialog, button); });
        probe.dialogs.nextFile(file);
        probe.trigger(action);
        return waitFor([&] { return QFile::exists(file); }) && probe.rest();
    };
    if (!write("file.export_masked", "exportAccept", "masked.pt")) return failed("no masked model");
    // Weights alone leave no channel empty: a few of the hidden layer's go.
    const ui::FoundGroups* found = probe.document().channels()->found();
    const auto hidden = found ? found->groups->find("fc1") : std::nullopt;
    if (!hidden) return failed("there are no groups");
    probe.document().channels()->setRule(*hidden, prune::ChannelRule::keepBest(kHidden));
    if (!probe.rest()) return failed("no channels were chosen");
    if (!write("file.export_cut", "cutAccept", "cut.pt")) return failed("no cut model");
    return 0;
}

/// The program that this one starts.
int play(const QString& chapter, const QString& folder) {
    const test::OwnSettings settings;
    qputenv("XDG_STATE_HOME", folder.toUtf8());  // what both chapters share
    return chapter == QLatin1String("begin") ? begin() : finish(folder);
}

/// What espalier-cli says with these arguments and --json.
QJsonObject ask(QStringList arguments) {
    QProcess cli;
    cli.start(qEnvironmentVariable("ESPALIER_BIN") + QStringLiteral("/espalier-cli"),
              arguments << QStringLiteral("--json"));
    const bool isDone = cli.waitForFinished(kTrainingMs) && cli.exitCode() == 0;
    if (!isDone) qWarning("%s", cli.readAllStandardError().constData());
    return QJsonDocument::fromJson(cli.readAllStandardOutput()).object();
}

}  // namespace

class TestWholeStory : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
        if (!QFile::exists(qEnvironmentVariable("ESPALIER_BIN") + "/espalier-cli"))
            QSKIP("SKIPPED ALL: ESPALIER_BIN names no folder with espalier-cli");
    }

    void fromTheExampleToTwoFiles() {
        const QTemporaryDir folder;
        QVERIFY(hasPlayed("begin", folder.path()));
        QVERIFY(!QFile::exists(folder.filePath("masked.pt")));
        QVERIFY(hasPlayed("finish", folder.path()));

        const QString dense = QString::fromStdString(project::lenet5Example().model.string());
        const double before = top1(dense);
        const double masked = top1(folder.filePath("masked.pt"));
        const double cut = top1(folder.filePath("cut.pt"));
        const std::int64_t weights = nonzeros(dense);
        const std::int64_t left = nonzeros(folder.filePath("masked.pt"));
        qInfo("test accuracy %.2f %% dense, %.2f %% masked, %.2f %% cut; %lld of %lld non-zero",
              100 * before, 100 * masked, 100 * cut, static_cast<long long>(left),
              static_cast<long long>(weights));
        QVERIFY(before > 0.98);
        QVERIFY2(left > 0 && weights >= 12 * left, qPrintable(QString::number(left)));
        QVERIFY(masked >= before - 0.003);
        QVERIFY(cut >= before - 0.003);
        const std::int64_t leftCut = nonzeros(folder.filePath("cut.pt"));
        QVERIFY2(leftCut > 0 && leftCut <= left, qPrintable(QString::number(leftCut)));
    }

private:
    static bool hasPlayed(const char* chapter, const QString& folder) {
        QProcess program;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(kFolder, folder);
        environment.insert(kChapter, chapter);
        program.setProcessEnvironment(environment);
        program.setProcessChannelMode(QProcess::ForwardedChannels);
        program.start(QCoreApplication::applicationFilePath(), {});
        return program.waitForFinished(2 * kTrainingMs) &&
               program.exitStatus() == QProcess::NormalExit && program.exitCode() == 0;
    }

    static double top1(const QString& model) {
        const auto data = QString::fromStdString(project::lenet5Example().data.string());
        return ask({"evaluate", model, "--data", data})["top1"].toDouble();
    }

    /// Parameters that are no zeros of a layer's weight; -1 when the file does not open.
    static std::int64_t nonzeros(const QString& model) {
        RunControl control;
        const auto snapshot = model::openSnapshot(model.toStdString(), {}, {}, control);
        if (!snapshot) return -1;
        std::int64_t left = (*snapshot)->parameters();
        for (const model::Layer& layer : (*snapshot)->layers())
            left -= (*snapshot)->baseRemoved(layer.id);
        return left;
    }
};

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    const QString folder = qEnvironmentVariable(kFolder);
    if (!folder.isEmpty()) return play(qEnvironmentVariable(kChapter), folder);
    qputenv("QTEST_FUNCTION_TIMEOUT", QByteArray::number(4 * kTrainingMs));  // else five minutes
    TestWholeStory test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_whole_story.moc"
