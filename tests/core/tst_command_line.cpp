// SPDX-License-Identifier: GPL-3.0-or-later
// Specs as commands, and as what a checkpoint says of them.
#include <QProcess>
#include <QtTest>

#include "core/project/command_line.h"
#include "core/project/tune_source.h"

using namespace espalier;
using project::TuneSpec;

namespace {

std::string lineOf(const std::vector<std::string>& arguments) {
    return project::commandLine(arguments);
}

/// What a POSIX shell makes of the words.
std::vector<std::string> shellSplit(const std::string& words) {
    QProcess shell;
    shell.start("/bin/sh", {"-c", QString::fromStdString("printf '%s\\0' " + words)});
    shell.waitForFinished();
    QList<QByteArray> parts = shell.readAllStandardOutput().split('\0');
    parts.removeLast();
    std::vector<std::string> split;
    for (const QByteArray& part : parts) split.push_back(part.toStdString());
    return split;
}

/// Every member other than its default.
TuneSpec everything() {
    TuneSpec spec;
    spec.model = "/a/net.pt";
    spec.inputs = {*script::parseInputSpec("1x3x8x8"),
                   *script::parseInputSpec("1x128:int64:0..30522")};
    spec.data = {"/a/data", "mnist", {0.5, -0.25}, {0.3}, 0.2, {8, 9}, {7}, "cifar10", 3};
    spec.choice.weights = 0.1 + 0.2;  // 0.30000000000000004
    spec.choice.channels = 0.5;
    spec.choice.criterion = "random";
    spec.choice.scope = prune::Scope::SameKind;
    spec.choice.multipleOf = 8;
    spec.choice.heads = channels::HeadUnit::Positions;
    spec.choice.allowInexact = true;
    spec.choice.ignoreZeros = true;
    spec.choice.seed = 7;
    spec.choice.samples = 12;
    spec.choice.planFile = "/a/p.json";
    spec.recipeFile = "/a/r.json";
    spec.teacher = "/a/t.pt";
    spec.output = "/a/o.pt";
    spec.metrics = "/a/m.csv";
    spec.report = "/a/r.html";
    spec.threads = 2;
    return spec;
}

}  // namespace

class TestCommandLine : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void onlyWhatIsNotTheDefaultIsSaid() {
        TuneSpec spec;
        spec.model = "/a/net.pt";
        spec.data.path = "/a/data";
        spec.choice.weights = 0.5;
        QCOMPARE(lineOf(project::argumentsOf(spec)),
                 std::string("espalier-cli tune /a/net.pt --data /a/data --weights 0.5"));
        project::PruneSpec prune;
        prune.model = "m.pt";
        prune.output = "o.pt";
        prune.compensateBias = true;
        QCOMPARE(lineOf(project::argumentsOf(prune)),
                 std::string("espalier-cli prune m.pt --compensate-bias --output o.pt"));
        project::ExportSpec exported;
        exported.model = "m.pt";
        exported.format = "onnx";
        exported.isMasked = true;
        exported.output = "o.onnx";
        QCOMPARE(lineOf(project::argumentsOf(exported)),
                 std::string("espalier-cli export m.pt --masked --format onnx --output o.onnx"));
    }

    void valuesAreWrittenAsTheyAreRead() {
        const std::string line = lineOf(project::argumentsOf(everything()));
        for (const char* part :
             {"--input 1x3x8x8 --input 1x128:int64:0..30522", "--mean 0.5,-0.25", "--std 0.3",
              "--resize 8x9", "--crop 7", "--weights 0.30000000000000004", "--scope same-kind",
              "--heads positions", "--allow-inexact --ignore-zeros --seed 7", "--teacher /a/t.pt",
              "--threads 2"}) {
            QVERIFY2(line.find(part) != std::string::npos, line.c_str());
        }
        TuneSpec spec;
        spec.data.validation = 0.3;  // the recipe has a word of its own
        QCOMPARE(lineOf(project::argumentsOf(spec)), std::string("espalier-cli tune"));
        spec.edits.validation = 0.2;
        QCOMPARE(lineOf(project::argumentsOf(spec)),
                 std::string("espalier-cli tune --validation-share 0.2"));
        project::ExportSpec exported;
        exported.data.validation = 0.3;
        QCOMPARE(lineOf(project::argumentsOf(exported)),
                 std::string("espalier-cli export --validation-share 0.3"));
        spec.data.mean = {-0.5};
        const auto said = project::argumentsOf(spec);
        QVERIFY(std::ranges::find(said, "--mean=-0.5") != said.end());
    }

    void aShellReadsEveryWordBack_data() {
        QTest::addColumn<QString>("word");
        for (const char* word : {"plain", "", "two words", "it's", "'", "a\"b", "$HOME", "`ls`",
                                 "back\\slash", "*", "~", "a;b", "a\nb", "#x", "é ü", "-x", "!h"})
            QTest::newRow(word) << QString::fromUtf8(word);
    }
    void aShellReadsEveryWordBack() {
        QFETCH(QString, word);
        const std::string text = word.toStdString();
        const auto split = shellSplit(project::shellWord(text) + " " + project::shellWord("end"));
        QCOMPARE(split, (std::vector<std::string>{text, "end"}));
    }

    void aCheckpointHoldsTheSpec() {
        const TuneSpec spec = everything();
        const auto read = project::specOf(project::sourceOf(spec), spec.recipe);
        QVERIFY(read.ok());
        QVERIFY(*read == spec);
        QVERIFY(!project::specOf("{}", {}).ok());
    }

    void whatARunIsGivenGoesBeforeWhatItWas() {
        const TuneSpec run = everything();
        TuneSpec given;
        given.threads = 1;
        given.output = "other.pt";
        const TuneSpec whole = project::withRun(given, run);
        QCOMPARE(whole.threads, 1);
        QCOMPARE(whole.output, std::filesystem::path("other.pt"));
        QCOMPARE(whole.teacher, run.teacher);
        QVERIFY(whole.choice == run.choice && whole.data == run.data && whole.model == run.model);
        QCOMPARE(project::withRun({}, run).threads, 2);
    }
};

QTEST_GUILESS_MAIN(TestCommandLine)
#include "tst_command_line.moc"
