// SPDX-License-Identifier: GPL-3.0-or-later
// The command that the window hands over: read by the program's own parser it is the window's spec,
// and run by a shell it writes the window's bytes.
#include <QClipboard>
#include <QDialog>
#include <QLabel>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QSignalSpy>
#include <QToolButton>

#include "app/cli/verb_options.h"
#include "core/base/files.h"
#include "core/project/command_line.h"
#include "core/train/presets.h"
#include "tests/support/window_probe.h"
#include "ui/document/channels.h"
#include "ui/document/command_draft.h"

using namespace espalier;
using test::WindowProbe;

namespace {

constexpr int kProgramMs = 240'000;

/// A folder whose name a shell would take apart.
QString oddFolder(const QTemporaryDir& folder) {
    const QString odd = folder.filePath(QStringLiteral("it's a \"$HOME\" folder"));
    QDir().mkpath(odd);
    return odd;
}

QByteArray contentsOf(const QString& file) {
    QFile read(file);
    return read.open(QIODevice::ReadOnly) ? read.readAll() : QByteArray();
}

/// The command as a person runs it who has espalier-cli on the path.
QString runInShell(const QString& command) {
    QProcess shell;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    const QString programs = qEnvironmentVariable("ESPALIER_BIN");
    environment.insert("PATH", programs + ":" + environment.value("PATH"));
    shell.setProcessEnvironment(environment);
    shell.start("/bin/sh", {"-c", command});
    const bool hasEnded = shell.waitForFinished(kProgramMs);
    if (hasEnded && shell.exitCode() == 0) return {};
    return command + "\n" + QString::fromUtf8(shell.readAllStandardError());
}

/// What the program's own parser makes of the arguments; the verb is the first.
template <class Target, class Add>
void parse(const std::vector<std::string>& arguments, Target& target, Add add) {
    CLI::App app;
    add(app, target);
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend() - 1);
    app.parse(reversed);
}

}  // namespace

class TestCommandCopy : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
        m_settings = std::make_unique<test::OwnSettings>();
    }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
        m_home = std::make_unique<QTemporaryDir>();
        m_folder = oddFolder(*m_home);
        m_probe = std::make_unique<WindowProbe>();
        QVERIFY(m_probe->openModel(WindowProbe::copyModel(m_folder)));
        QVERIFY(m_probe->attachTinyData(m_folder));
        m_probe->child<QSpinBox>("recipeEpochs")->setValue(2);
        QVERIFY(m_probe->rest());
    }
    void cleanup() { m_probe.reset(); }

    void theParserReadsTheWindowsSpec() {
        pruneWeights();
        pruneChannels();
        const train::Recipe recipe{.epochs = 3, .seed = 5, .distillation = train::Distillation{}};
        const auto [spec, draft] = ui::tuneDraft(m_probe->document(), recipe);
        write(draft);
        cli::TuneOptions options;
        parse(project::argumentsOf(spec), options, cli::addTune);
        auto read = cli::specOf(options);
        QVERIFY2(read.ok(), read.ok() ? "" : read.error().text().c_str());
        QVERIFY(read->recipe == spec.recipe);
        // What the recipe says and what the run's own default is, no option says.
        read->data.validation = spec.data.validation;
        QVERIFY(*read == spec);

        const auto [exported, files] = ui::exportDraft(m_probe->document(), "onnx", false);
        QVERIFY(files.texts.empty());  // the plan is there already
        project::ExportSpec target;
        parse(project::argumentsOf(exported), target, cli::addExport);
        QVERIFY(target == exported);
    }

    void aGoalIsUnderstood() {
        project::PruneSpec spec;
        spec.model = "net.pt";
        spec.choice.goal = prune::GoalText{prune::Quantity::Macs, "50%"};
        spec.choice.structure = prune::Structure::Channels;
        spec.output = "o.pt";
        project::PruneSpec read;
        parse(project::argumentsOf(spec), read, cli::addPrune);
        QVERIFY(read == spec);
    }

    void everyOptionIsUnderstood() {
        project::TuneSpec spec;
        spec.model = "/a b/net.pt";
        spec.inputs = {*script::parseInputSpec("1x3x8x8"),
                       *script::parseInputSpec("2x4:int64:0..9")};
        spec.data = {"/a b/data", "mnist", {-0.5, 0.25}, {0.3, 1}, 0.1, {8, 9}, {7}, "cifar10", 3};
        spec.choice = {{},
                       {},
                       {},
                       0.1 + 0.2,
                       0.5,
                       "random",
                       prune::Scope::SameKind,
                       8,
                       channels::HeadUnit::Positions,
                       true,
                       true,
                       7,
                       12};
        spec.edits = {12, 1e-7, 0.25, "agp", "cpu", {"0", "mse", "top5"}};
        spec.teacher = "/a b/t.pt";
        spec.output = "/o.pt";
        spec.metrics = "/m.csv";
        spec.report = "/r.html";
        spec.checkpoints = "/c";
        spec.threads = 2;
        spec.preset = train::presets().front().name;
        cli::TuneOptions options;
        parse(project::argumentsOf(spec), options, cli::addTune);
        QVERIFY(options.spec == spec);
        project::PruneSpec pruned;
        pruned.model = spec.model;
        pruned.inputs = spec.inputs;
        pruned.choice = spec.choice;
        pruned.data = spec.data;
        pruned.metrics = {"0", "mse"};
        pruned.compensateBias = true;
        pruned.output = "/o.pt";
        pruned.maskedOutput = "/masked.pt";
        pruned.savePlan = "/p.json";
        pruned.report = "/r.html";
        project::PruneSpec read;
        parse(project::argumentsOf(pruned), read, cli::addPrune);
        QVERIFY(read == pruned);
    }

    void aRunInTheWindowAndItsCommandWriteTheSameBytes_data() {
        QTest::addColumn<bool>("hasChannels");
        QTest::newRow("weights") << false;
        QTest::newRow("weights and channels") << true;
    }
    void aRunInTheWindowAndItsCommandWriteTheSameBytes() {
        QFETCH(bool, hasChannels);
        pruneWeights();
        if (hasChannels) pruneChannels();
        const QString command = copied("train.copy_command");
        QVERIFY(command.startsWith("espalier-cli tune '"));

        QSignalSpy ended(m_probe->window.workbench(), &ui::Workbench::trainingEnded);
        m_probe->trigger("train.start");
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, 4 * test::kPatienceMs);
        QVERIFY(m_probe->rest());
        const QString own = m_folder + "/window.pt";
        exportTo(hasChannels ? "file.export_cut" : "file.export_masked",
                 hasChannels ? "cutAccept" : "exportAccept", own);

        const QString problem = runInShell(command);
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        const QByteArray theirs = contentsOf(m_folder + "/lenet5-pruned.pt");
        QVERIFY(theirs.size() > 10'000);
        QVERIFY(contentsOf(own) == theirs);
    }

    void anExportAndItsCommandWriteTheSameBytes_data() {
        QTest::addColumn<QString>("action");
        QTest::addColumn<QString>("accept");
        QTest::addColumn<QString>("name");
        QTest::newRow("masked") << "file.export_masked"
                                << "exportAccept"
                                << "lenet5-masked.pt";
        QTest::newRow("cut") << "file.export_cut"
                             << "cutAccept"
                             << "lenet5-cut.pt";
        QTest::newRow("onnx") << "file.export_onnx"
                              << "formatAccept"
                              << "lenet5-cut.onnx";
        QTest::newRow("safetensors") << "file.export_safetensors"
                                     << "formatAccept"
                                     << "lenet5-cut.safetensors";
    }
    void anExportAndItsCommandWriteTheSameBytes() {
        QFETCH(QString, action);
        QFETCH(QString, accept);
        QFETCH(QString, name);
        pruneWeights();
        pruneChannels();
        const QString own = m_folder + "/window." + QFileInfo(name).suffix();
        // The dialog's button first, then the export itself.
        m_probe->dialogs.nextDialog([&](QDialog& dialog) {
            m_probe->dialogs.nextDialog([](QDialog&) { return true; });
            test::find<QPushButton>(dialog, "copyCommand")->click();
            return waitFor(dialog, accept);
        });
        m_probe->dialogs.nextFile(own);
        m_probe->trigger(action.toLatin1().constData());
        QVERIFY(m_probe->rest());
        QVERIFY2(!m_probe->isError(), qPrintable(m_probe->messageText()));
        const QString command = QGuiApplication::clipboard()->text();
        QVERIFY2(command.startsWith("espalier-cli export '"), qPrintable(command));
        const QString problem = runInShell(command);
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        const QByteArray theirs = contentsOf(m_folder + "/" + name);
        QVERIFY(theirs.size() > 1'000);
        QVERIFY(contentsOf(own) == theirs);
    }

    void weightsThatNoFileHasAreWrittenToo() {
        pruneWeights();
        QSignalSpy ended(m_probe->window.workbench(), &ui::Workbench::trainingEnded);
        m_probe->trigger("train.start");
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, 4 * test::kPatienceMs);
        QVERIFY(m_probe->rest());
        const QString command = copied("train.copy_command");
        QVERIFY2(command.contains("lenet5-start.pt"), qPrintable(command));
        QVERIFY(QFile::exists(m_folder + "/lenet5-start.pt"));
        const QString problem = runInShell(command);
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
    }

    void nothingIsWrittenOrCopiedWhenDeclined() {
        QGuiApplication::clipboard()->setText("before");
        m_probe->dialogs.nextDialog([](QDialog&) { return false; });
        m_probe->trigger("train.copy_command");
        QVERIFY(m_probe->rest());
        QCOMPARE(QGuiApplication::clipboard()->text(), QString("before"));
        QVERIFY(!QFile::exists(m_folder + "/lenet5.espalier-plan.json"));
    }

    void aFileOfThatNameIsLeftAlone() {
        const QString taken = m_folder + "/lenet5.espalier-plan.json";
        QFile file(taken);
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write("mine") == 4);
        file.close();
        const QString command = copied("train.copy_command");
        QCOMPARE(contentsOf(taken), QByteArray("mine"));
        QVERIFY2(command.contains("lenet5.espalier-plan-2.json"), qPrintable(command));
    }

private:
    void pruneWeights() {
        m_probe->document().setRule(*m_probe->document().snapshot()->find("fc1.weight"),
                                    prune::WeightRule::sparsity(0.7));
        QVERIFY(m_probe->rest());
    }
    void pruneChannels() {
        ui::Channels& channels = *m_probe->document().channels();
        QTRY_VERIFY_WITH_TIMEOUT(channels.found(), test::kPatienceMs);
        const auto group = channels.found()->groups->find("conv2");
        QVERIFY(group);
        channels.setRule(*group, prune::ChannelRule::keepBest(9));
        QVERIFY(m_probe->rest());
    }
    void write(const ui::CommandDraft& draft) {
        ui::writeFiles(*m_probe->window.workbench(), draft);
        QVERIFY(m_probe->rest());
    }
    QString copied(const char* action) {
        QString shown;
        m_probe->dialogs.nextDialog([&](QDialog& dialog) {
            shown = test::find<QPlainTextEdit>(dialog, "commandText")->toPlainText();
            return true;
        });
        m_probe->trigger(action);
        (void)m_probe->rest();
        const QString command = QGuiApplication::clipboard()->text();
        return command == shown ? command : "not what was shown: " + command;
    }
    static bool waitFor(QDialog& dialog, const QString& accept) {
        auto* button = test::find<QPushButton>(dialog, accept.toLatin1().constData());
        return QTest::qWaitFor([button] { return button->isEnabled(); }, test::kPatienceMs);
    }
    void exportTo(const char* action, const char* accept, const QString& file) {
        m_probe->dialogs.nextDialog([accept](QDialog& dialog) { return waitFor(dialog, accept); });
        m_probe->dialogs.nextFile(file);
        m_probe->trigger(action);
        QVERIFY(m_probe->rest());
        QVERIFY2(!m_probe->isError(), qPrintable(m_probe->messageText()));
    }

    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<QTemporaryDir> m_home;
    QString m_folder;
    std::unique_ptr<WindowProbe> m_probe;
};

QTEST_MAIN(TestCommandCopy)
#include "tst_command_copy.moc"
