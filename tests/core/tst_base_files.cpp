// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <sys/stat.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QTest>

#include "core/base/files.h"
#include "core/base/log.h"
#include "core/base/process.h"
#include "core/base/run_control.h"
#include "tests/support/file_size_limit.h"

using namespace espalier;
namespace fs = std::filesystem;
using Kind = Error::Kind;

namespace {

std::size_t entries(const fs::path& dir) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(dir), fs::directory_iterator()));
}

}  // namespace

class TestBaseFiles : public QObject {
    Q_OBJECT
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path dir() const { return m_folder->path().toStdString(); }

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void writesAndReadsBack() {
        const auto target = dir() / "a.json";
        QVERIFY(writeTextAtomically(target, "one"));
        QVERIFY(writeTextAtomically(target, "two\n"));
        const auto text = readText(target);
        QVERIFY(text);
        QCOMPARE(*text, std::string("two\n"));
        QCOMPARE(entries(dir()), 1u);
    }
    void keepsExtensionPermissionsAndLinks() {
        const auto real = dir() / "real.pt";
        const auto link = dir() / "link.pt";
        QVERIFY(writeTextAtomically(real, "old"));
        fs::permissions(real, fs::perms::owner_read | fs::perms::owner_write);
        fs::create_symlink(real, link);
        fs::path seen;
        const auto write = [&](const fs::path& temporary) {
            seen = temporary;
            std::ofstream(temporary) << "new";
            return Result<void>();
        };
        QVERIFY(writeAtomically(link, write));
        QCOMPARE(seen.extension(), fs::path(".pt"));
        QCOMPARE(seen.parent_path(), dir());
        QVERIFY(fs::is_symlink(link));
        QCOMPARE(*readText(real), std::string("new"));
        QCOMPARE(fs::status(real).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    }
    void aFailureLeavesEverythingAsItWas_data() {
        QTest::addColumn<int>("how");
        QTest::newRow("write returns an error") << 0;
        QTest::newRow("write throws") << 1;
        QTest::newRow("write throws what is no std::exception") << 2;
        QTest::newRow("check refuses") << 3;
        QTest::newRow("write makes no file") << 4;
    }
    void aFailureLeavesEverythingAsItWas() {
        QFETCH(int, how);
        const auto target = dir() / "a.txt";
        QVERIFY(writeTextAtomically(target, "old"));
        const auto write = [how](const fs::path& temporary) -> Result<void> {
            if (how == 4) return {};
            std::ofstream(temporary) << "half";
            if (how == 0) return Error{Kind::Mismatch, "no", {}, {}};
            if (how == 1) throw std::runtime_error("boom");
            if (how == 2) throw 5;
            return {};
        };
        const auto check = [](const fs::path&) -> Result<void> {
            return Error{Kind::Failed, "bad", {}, {}};
        };
        bool failed = true;
        try {
            failed = !writeAtomically(target, write, check);
        } catch (int) {
        }
        QVERIFY(failed);
        QCOMPARE(*readText(target), std::string("old"));
        QCOMPARE(entries(dir()), 1u);
    }
    void aFullDiskLeavesNoPart() {
        const auto target = dir() / "a.txt";
        QVERIFY(writeTextAtomically(target, "old"));
        const test::FileSizeLimit full(1000);
        const auto written = writeTextAtomically(target, std::string(5000, 'x'));
        QVERIFY(!written);
        QCOMPARE(written.error().kind, Kind::WriteFailed);
        QVERIFY(!written.error().hint.empty());
        QCOMPARE(*readText(target), std::string("old"));
        QCOMPARE(entries(dir()), 1u);
    }
    void refusesImpossibleTargets() {
        const auto noFolder = writeTextAtomically(dir() / "none" / "a.txt", "x");
        QCOMPARE(noFolder.error().kind, Kind::WriteFailed);
        QVERIFY(noFolder.error().text().find("folder does not exist") != std::string::npos);
        QCOMPARE(writeTextAtomically(dir(), "x").error().why, std::string("it is a folder"));
        QVERIFY(!writeTextAtomically("", "x"));
        QVERIFY(!writeTextAtomically(dir() / "", "x"));
        QVERIFY(!writeTextAtomically(dir() / std::string(300, 'n'), "x"));
        QCOMPARE(entries(dir()), 0u);
    }
    void refusesAFolderWithoutPermission() {
        if (::geteuid() == 0) QSKIP("permissions do not bind the superuser");
        fs::permissions(dir(), fs::perms::owner_read | fs::perms::owner_exec);
        const auto written = writeTextAtomically(dir() / "a.txt", "x");
        fs::permissions(dir(), fs::perms::owner_all);
        QVERIFY(written.error().text().find("permission") != std::string::npos);
    }
    void saysWhyAFileCannotBeRead() {
        QCOMPARE(readText(dir() / "none").error().kind, Kind::NotFound);
        QCOMPARE(readText(dir()).error().kind, Kind::Unreadable);
        QVERIFY(readText(dir()).error().text().find("it is a folder") != std::string::npos);
        QVERIFY(writeTextAtomically(dir() / "a", "123456"));
        QCOMPARE(readText(dir() / "a", 5).error().kind, Kind::Unreadable);
        QCOMPARE(*readText(dir() / "a", 6), std::string("123456"));
        QCOMPARE(sha256OfFile(dir() / "none").error().kind, Kind::NotFound);
    }
    void hashes() {
        // The standard's own examples (FIPS 180-2).
        const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        const std::string empty =
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        const std::string million =
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
        QCOMPARE(sha256("abc"), abc);
        QCOMPARE(sha256(""), empty);
        QVERIFY(writeTextAtomically(dir() / "a", std::string(1'000'000, 'a')));
        QCOMPARE(*sha256OfFile(dir() / "a"), million);
    }
    void knowsItsFolders() {
        qputenv("XDG_CACHE_HOME", (m_folder->path() + "/c").toUtf8());
        QCOMPARE(cacheDir(), dir() / "c" / "espalier");
        QVERIFY(fs::is_directory(cacheDir()));
        qputenv("XDG_CACHE_HOME", "not/absolute");  // such a value is to be ignored
        qputenv("HOME", m_folder->path().toUtf8());
        QCOMPARE(cacheDir(), dir() / ".cache" / "espalier");
        qputenv("ESPALIER_RESOURCES", "/elsewhere");
        QCOMPARE(resourcesDir(), fs::path("/elsewhere"));
        qunsetenv("ESPALIER_RESOURCES");
        QCOMPARE(resourcesDir(), fs::path(ESPALIER_SOURCE_DIR) / "resources");
        QVERIFY(fs::exists(programDir() / "tst_base_files"));
    }
    void logsToFileAndListener() {
        QVERIFY(fs::path(logFilePath()).is_absolute());
        std::vector<std::string> heard;
        setLogListener([&](LogLevel level, const std::string& text) {
            if (level == LogLevel::Warning) heard.push_back(text);
        });
        log(LogLevel::Debug, "only in the file {} %s");
        log(LogLevel::Warning, "heard {} %s");
        setLogListener({});
        log(LogLevel::Warning, "too late");
        QCOMPARE(heard, std::vector<std::string>{"heard {} %s"});
        const auto text = readText(logFilePath());
        QVERIFY(text);
        QVERIFY(text->find("only in the file {} %s") != std::string::npos);
    }
    void runControlPausesAndStops() {
        RunControl control;
        QVERIFY(control.keepGoing());
        control.setPaused(true);
        QVERIFY(control.isPaused());
        control.requestStop();
        QVERIFY(!control.keepGoing());  // a stop ends a pause
        QVERIFY(control.isStopRequested());
        QCOMPARE(version(), std::string("0.1.0"));
    }
};

QTEST_GUILESS_MAIN(TestBaseFiles)
#include "tst_base_files.moc"
