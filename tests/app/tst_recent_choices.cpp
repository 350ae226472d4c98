// SPDX-License-Identifier: GPL-3.0-or-later
// A model that is opened again has its data and its input once more.
#include "app/gui/recent_choices.h"

#include <QDir>
#include <QSettings>

#include "app/gui/recent_files.h"
#include "tests/support/window_probe.h"

using namespace espalier;
using gui::RecentChoices;
using test::WindowProbe;

namespace {

RecentChoices someChoices() {
    RecentChoices choices;
    choices.data = project::SessionData{{"/data/cifar10"}, {"1", "mse", "mae"}};
    choices.data->spec.preset = "cifar10";
    choices.data->spec.resize = {32, 32};
    choices.inputs = {*script::parseInputSpec("1x1x28x28"), *script::parseInputSpec("2x7:int64")};
    return choices;
}

}  // namespace

class TestRecentChoices : public QObject {
    Q_OBJECT

    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<QTemporaryDir> m_folder;

    QString folder(const char* name) const {
        const QString path = m_folder->filePath(QString::fromLatin1(name));
        (void)QDir().mkpath(path);
        return path;
    }

private Q_SLOTS:
    void initTestCase() { m_settings = std::make_unique<test::OwnSettings>(); }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
        m_folder = std::make_unique<QTemporaryDir>();
    }

    void eachModelHasItsOwn() {
        const RecentChoices choices = someChoices();
        gui::rememberChoices("/models/a.pt", choices);
        gui::rememberChoices("/models/b.pt", {});
        QCOMPARE(gui::recentChoices("/models/a.pt"), choices);
        QCOMPARE(gui::recentChoices("/models/b.pt"), RecentChoices());
        QCOMPARE(gui::recentChoices("/models/c.pt"), RecentChoices());
        RecentChoices other = choices;
        other.data->spec.path = "/data/else";
        gui::rememberChoices("/models/a.pt", other);
        QCOMPARE(gui::recentChoices("/models/a.pt"), other);
    }

    void onlyTheNewestAreKept() {
        for (int i = 0; i <= gui::RecentFiles::kMax; ++i)
            gui::rememberChoices(QString("/models/%1.pt").arg(i), someChoices());
        QVERIFY(!gui::recentChoices("/models/0.pt").data);
        QVERIFY(gui::recentChoices("/models/1.pt").data);
    }

    void anotherFileHasItsOwnInput() {
        const QString model = m_folder->filePath("a.pt");
        const auto write = [&](const char* content) {
            QFile file(model);
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write(content);
        };
        write("one");
        gui::rememberChoices(model, someChoices());
        QCOMPARE(gui::recentChoices(model), someChoices());
        write("another");
        QVERIFY(gui::recentChoices(model).inputs.empty());
        QVERIFY(gui::recentChoices(model).data);
    }

    void settingsThatAreDamagedAreNone() {
        gui::rememberChoices("/models/a.pt", someChoices());
        QSettings settings;
        QStringList entries = settings.value("recent/choices").toStringList();
        entries.first().replace("cifar10", "\\");
        entries.append("{");
        settings.setValue("recent/choices", entries);
        QVERIFY(!gui::recentChoices("/models/a.pt").data);
    }

    void reopeningAttachesTheDataAndMeasuresNothing() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        const QString model = WindowProbe::copyModel(m_folder->path());
        {
            WindowProbe probe;
            QVERIFY(probe.openModel(model));
            QVERIFY(!probe.document().dataset());  // there is nothing to remember yet
            QVERIFY(probe.rest());
            test::writeTinyMnist(folder("data").toStdString());
            data::DataSpec spec{folder("data").toStdString(), "mnist"};
            spec.validation = 0.25;
            probe.window.workbench()->attachData(spec, {"", "", "top5"});
            QTRY_VERIFY_WITH_TIMEOUT(probe.document().dataset(), test::kPatienceMs);
            QVERIFY(probe.rest());
        }
        WindowProbe probe;
        QVERIFY(probe.openModel(model));
        QTRY_VERIFY_WITH_TIMEOUT(probe.document().dataset(), test::kPatienceMs);
        QVERIFY(probe.rest());
        QCOMPARE(data::spec(*probe.document().dataset()).validation, 0.25);
        QCOMPARE(probe.document().metricOptions().metric, std::string("top5"));
        QVERIFY(!probe.document().evaluation());
        QVERIFY2(!probe.isError(), qPrintable(probe.messageText()));
    }

    void dataThatIsGoneIsOneNote() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        const QString model = WindowProbe::copyModel(m_folder->path());
        {
            WindowProbe probe;
            QVERIFY(probe.openModel(model));
            QVERIFY(probe.attachTinyData(folder("data")));
            QVERIFY(probe.rest());
        }
        QVERIFY(QFile::rename(folder("data"), m_folder->filePath("moved")));
        for (int i = 0; i < 2; ++i) {
            WindowProbe probe;
            QVERIFY(probe.openModel(model));
            QVERIFY(probe.rest());
            QVERIFY(!probe.document().dataset());
            QVERIFY(!probe.isError());
            QVERIFY2(probe.messageText().contains(m_folder->filePath("data") + ", is not there"),
                     qPrintable(probe.messageText()));
        }
        QVERIFY(QFile::rename(m_folder->filePath("moved"), m_folder->filePath("data")));
        WindowProbe probe;  // the disk is back
        QVERIFY(probe.openModel(model));
        QTRY_VERIFY_WITH_TIMEOUT(probe.document().dataset(), test::kPatienceMs);
        QVERIFY(probe.rest());
    }

    void theInputThatWasTypedComesAgain() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        const QString model = WindowProbe::copyModel(m_folder->path());
        const auto input = script::parseInputSpec("3x1x28x28");
        {
            WindowProbe probe;
            probe.window.workbench()->openModel(model.toStdString(), {*input});
            QTRY_VERIFY_WITH_TIMEOUT(probe.document().masks(), test::kPatienceMs);
            QVERIFY(probe.rest());
        }
        WindowProbe probe;
        QVERIFY(probe.openModel(model));
        QVERIFY(probe.rest());
        QVERIFY(!probe.document().snapshot()->inputsAreGuessed());
        QVERIFY(probe.document().snapshot()->inputs().front() == *input);
    }
};

QTEST_MAIN(TestRecentChoices)
#include "tst_recent_choices.moc"
