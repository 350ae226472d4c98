// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>

#include <QTemporaryDir>
#include <QtTest>

#include "core/project/staged_outputs.h"

using espalier::project::StagedOutputs;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, const std::string& text) {
    std::ofstream(path) << text;
}

std::string read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t fileCount(const fs::path& folder) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

class TestStagedOutputs : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    fs::path path(const char* name) const { return fs::path(m_folder.path().toStdString()) / name; }

private Q_SLOTS:
    void cleanup() {
        for (const auto& entry : fs::directory_iterator(path(""))) fs::remove_all(entry);
    }

    void nothingAppearsBeforeCommit() {
        write(path("a.pt"), "old");
        StagedOutputs outputs;
        write(outputs.stage(path("a.pt")), "new");
        write(outputs.stage(path("b.json")), "new");
        QCOMPARE(read(path("a.pt")), std::string("old"));
        QVERIFY(!fs::exists(path("b.json")));
        QVERIFY(outputs.commit().ok());
        QCOMPARE(read(path("a.pt")), std::string("new"));
        QCOMPARE(read(path("b.json")), std::string("new"));
        QCOMPARE(fileCount(path("")), std::size_t(2));
    }

    void whatIsNotCommittedIsRemoved() {
        {
            StagedOutputs outputs;
            write(outputs.stage(path("a.pt")), "new");
            QCOMPARE(fileCount(path("")), std::size_t(1));
        }
        QCOMPARE(fileCount(path("")), std::size_t(0));
    }

    void keepsTheExtension() {
        StagedOutputs outputs;
        QCOMPARE(outputs.stage(path("plan.json")).extension().string(), std::string(".json"));
        QCOMPARE(outputs.stage(path("plan.json")).parent_path(), path("plan.json").parent_path());
    }

    void aLinkStaysALinkAndPermissionsStay() {
        write(path("real.pt"), "old");
        fs::permissions(path("real.pt"), fs::perms::owner_read | fs::perms::owner_write);
        fs::create_symlink(path("real.pt"), path("link.pt"));
        StagedOutputs outputs;
        write(outputs.stage(path("link.pt")), "new");
        QVERIFY(outputs.commit().ok());
        QVERIFY(fs::is_symlink(path("link.pt")));
        QCOMPARE(read(path("real.pt")), std::string("new"));
        QVERIFY(fs::status(path("real.pt")).permissions() ==
                (fs::perms::owner_read | fs::perms::owner_write));
        QCOMPARE(fileCount(path("")), std::size_t(2));
    }

    void refusesWhatIsNoFile_data() {
        QTest::addColumn<QString>("target");
        QTest::newRow("device") << "/dev/null";
        QTest::newRow("folder") << "folder";
        QTest::newRow("no folder") << "missing/a.pt";
        QTest::newRow("twice") << "first.json";
    }
    void refusesWhatIsNoFile() {
        QFETCH(QString, target);
        fs::create_directories(path("folder"));
        StagedOutputs outputs;
        outputs.stage(path("first.json"));
        QVERIFY(outputs.check().ok());
        outputs.stage(path(target.toLocal8Bit().constData()));
        QVERIFY(!outputs.check().ok());
        QVERIFY(outputs.check().error().text().find(target.toStdString()) != std::string::npos);
        QVERIFY(!outputs.commit().ok());
        QVERIFY(fs::is_character_file("/dev/null"));
    }

    void whatWasThereComesBackWhenOneFails() {
        write(path("a.pt"), "old");
        StagedOutputs outputs;
        write(outputs.stage(path("a.pt")), "new");
        write(outputs.stage(path("b.pt")), "new");
        outputs.stage(path("c.json"));  // never written
        const auto done = outputs.commit();
        QVERIFY(!done.ok());
        QVERIFY(done.error().text().find("c.json") != std::string::npos);
        QCOMPARE(read(path("a.pt")), std::string("old"));
        QVERIFY(!fs::exists(path("b.pt")));
    }

    void aTargetThatIsAFolderIsNamed() {
        fs::create_directories(path("taken") / "inside");
        StagedOutputs outputs;
        write(outputs.stage(path("taken")), "new");
        const auto done = outputs.commit();
        QVERIFY(!done.ok());
        QVERIFY(done.error().kind == espalier::Error::Kind::WriteFailed);
        QVERIFY(done.error().text().find("taken") != std::string::npos);
        QVERIFY(fs::is_directory(path("taken") / "inside"));
    }
};

QTEST_GUILESS_MAIN(TestStagedOutputs)
#include "tst_staged_outputs.moc"
