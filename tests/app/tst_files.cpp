// SPDX-License-Identifier: GPL-3.0-or-later
// Files named to the program: on the command line, dropped, opened lately; and the files it brings
// for the desktop.
#include <QFile>
#include <QMenu>
#include <QProcess>
#include <QSignalSpy>
#include <QStandardPaths>

#include "app/gui/application.h"
#include "app/gui/file_kind.h"
#include "app/gui/recent_files.h"
#include "core/base/process.h"
#include "tests/support/gui_test.h"

using namespace espalier;
using gui::FileKind;
using gui::RecentFiles;

namespace {

QString program() {
    return qEnvironmentVariable("ESPALIER_BIN") + QStringLiteral("/espalier");
}

QString linuxFile(const char* name) {
    return QStringLiteral(ESPALIER_SOURCE_DIR "/resources/linux/") + QString::fromLatin1(name);
}

}  // namespace

class TestFiles : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_settings = std::make_unique<test::OwnSettings>(); }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
    }

    void kindsAreTold_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<FileKind>("kind");
        QTest::newRow("model") << "a.pt" << QByteArray("any") << FileKind::Model;
        QTest::newRow("model in capitals") << "A.PT" << QByteArray("any") << FileKind::Model;
        QTest::newRow("plan") << "a.espalier-plan.json"
                              << QByteArray(R"({"format": "espalier-plan"})") << FileKind::Plan;
        QTest::newRow("recipe") << "r.json" << QByteArray(R"({"format": "espalier-recipe"})")
                                << FileKind::Recipe;
        QTest::newRow("other JSON")
            << "package.json" << QByteArray(R"({"name": "x"})") << FileKind::Other;
        QTest::newRow("broken JSON") << "broken.json" << QByteArray("{") << FileKind::Other;
        QTest::newRow("IDX") << "train-images-idx3-ubyte.gz" << QByteArray("any") << FileKind::Data;
        QTest::newRow("picture") << "cat.png" << QByteArray("any") << FileKind::Other;
        QTest::newRow("no ending") << "README" << QByteArray("any") << FileKind::Other;
    }
    void kindsAreTold() {
        QFETCH(QString, name);
        QFETCH(QByteArray, content);
        QFETCH(FileKind, kind);
        const QTemporaryDir folder;
        QFile file(folder.filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(content);
        file.close();
        QCOMPARE(gui::fileKind(file.fileName()), kind);
    }

    void foldersAreDataAndNothingIsMissing() {
        const QTemporaryDir folder;
        QCOMPARE(gui::fileKind(folder.path()), FileKind::Data);
        QCOMPARE(gui::fileKind(folder.filePath("gone.pt")), FileKind::Missing);
    }

    void recentFilesKeepTenNewestFirst() {
        {
            RecentFiles recent;
            for (int i = 0; i < 12; ++i) recent.add(QString("/models/%1.pt").arg(i));
            recent.add("/models/5.pt");  // again: moves to the front
        }
        const RecentFiles again;  // from the settings
        QCOMPARE(again.paths().size(), RecentFiles::kMax);
        QCOMPARE(again.paths().mid(0, 3),
                 (QStringList{"/models/5.pt", "/models/11.pt", "/models/10.pt"}));
        QCOMPARE(again.paths().count("/models/5.pt"), 1);
    }

    void recentMenuGreysWhatIsGoneAndClears() {
        const QTemporaryDir folder;
        QFile there(folder.filePath("th&re.pt"));
        QVERIFY(there.open(QIODevice::WriteOnly));
        RecentFiles recent;
        recent.add(there.fileName());
        recent.add(folder.filePath("gone.pt"));
        QMenu menu;
        recent.attachTo(&menu);
        QCOMPARE(menu.actions().at(0)->text(), QString("&1 gone.pt"));
        QCOMPARE(menu.actions().at(1)->text(), QString("&2 th&&re.pt"));
        QCOMPARE(test::withoutOwnLetter("Open recent", menu.actions()), QStringList());
        QVERIFY(!menu.actions().at(0)->isEnabled());
        QSignalSpy chosen(&recent, &RecentFiles::chosen);
        menu.actions().at(1)->trigger();
        QCOMPARE(chosen.takeFirst(), QVariantList{there.fileName()});
        menu.findChild<QAction*>("file.recent_clear")->trigger();
        QVERIFY(recent.paths().isEmpty());
        QVERIFY(!menu.actions().first()->isEnabled());  // "No models yet"
    }

    void commandLineIsRead_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("exitCode");  // -1: opens the window
        QTest::addColumn<QString>("file");
        QTest::addColumn<bool>("example");
        QTest::newRow("nothing") << QStringList{} << -1 << QString() << false;
        QTest::newRow("a file") << QStringList{"/m/a.pt"} << -1 << "/m/a.pt" << false;
        QTest::newRow("example") << QStringList{"--example"} << -1 << QString() << true;
        QTest::newRow("version") << QStringList{"--version"} << 0 << QString() << false;
        QTest::newRow("help") << QStringList{"--help"} << 0 << QString() << false;
        QTest::newRow("unknown option") << QStringList{"--faster"} << 2 << QString() << false;
        QTest::newRow("two files") << QStringList{"a.pt", "b.pt"} << 2 << QString() << false;
    }
    void commandLineIsRead() {
        QFETCH(QStringList, arguments);
        const auto line = gui::parseCommandLine(QStringList{"espalier"} + arguments);
        QTEST(line.exitCode.value_or(-1), "exitCode");
        QTEST(line.file, "file");
        QTEST(line.example, "example");
        QCOMPARE(line.message.isEmpty(), !line.exitCode.has_value());
    }

    void programAnswersWithoutADisplay() {
        if (!QFile::exists(program())) QSKIP("the program is not built");
        QProcess process;
        auto environment = QProcessEnvironment::systemEnvironment();
        environment.insert("QT_QPA_PLATFORM", "no-such-platform");
        process.setProcessEnvironment(environment);
        process.start(program(), {"--version"});
        QVERIFY(process.waitForFinished());
        QCOMPARE(process.exitCode(), 0);
        QCOMPARE(QString::fromUtf8(process.readAllStandardOutput()).trimmed(),
                 "espalier " + QString::fromStdString(version()));
        process.setProcessEnvironment(QProcessEnvironment::systemEnvironment());
        process.start(program(), {"--nonsense"});
        QVERIFY(process.waitForFinished());
        QCOMPARE(process.exitCode(), 2);
        QVERIFY(process.readAllStandardError().contains("nonsense"));
    }

    void programClosesOnSigterm() {
        if (!QFile::exists(program())) QSKIP("the program is not built");
        QTemporaryDir folder;
        QProcess process;
        auto environment = QProcessEnvironment::systemEnvironment();
        for (const char* home : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"}) {
            environment.insert(home, folder.path());
        }
        process.setProcessEnvironment(environment);
        process.start(program(), {});
        QVERIFY(process.waitForStarted());
        // The window writes its first log line once it listens to signals.
        const QString log = folder.filePath("espalier/espalier.log");
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(log), 30'000);
        process.terminate();
        QVERIFY(process.waitForFinished());
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), 0);
        QVERIFY(QFile::exists(folder.filePath("Espalier/Espalier.conf")));  // the layout was saved
    }

    void metainfoIsValid() {
        const QString tool = QStandardPaths::findExecutable("appstreamcli");
        if (tool.isEmpty()) QSKIP("appstreamcli is not installed");
        QProcess process;
        process.start(tool,
                      {"validate", "--no-net", linuxFile("org.espalier.Espalier.metainfo.xml")});
        QVERIFY(process.waitForFinished());
        QVERIFY2(process.exitCode() == 0, process.readAllStandardOutput());
    }

    void desktopEntryIsValid() {
        const QString tool = QStandardPaths::findExecutable("desktop-file-validate");
        if (tool.isEmpty()) QSKIP("desktop-file-validate is not installed");
        QProcess process;
        process.start(tool, {linuxFile("org.espalier.Espalier.desktop")});
        QVERIFY(process.waitForFinished());
        QVERIFY2(process.exitCode() == 0, process.readAllStandardOutput());
    }

private:
    std::unique_ptr<test::OwnSettings> m_settings;
};

QTEST_MAIN(TestFiles)
#include "tst_files.moc"
