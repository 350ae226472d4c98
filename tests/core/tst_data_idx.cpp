// SPDX-License-Identifier: GPL-3.0-or-later
// Reading IDX files, whole and broken.
#include <QTemporaryDir>
#include <QTest>

#include <sys/resource.h>

#include "core/data/idx_file.h"
#include "tests/support/idx_files.h"

using namespace espalier;
using namespace espalier::test;

class TestDataIdx : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void readsPlainAndPacked_data();
    void readsPlainAndPacked();
    void readsSeveralGzipMembers();
    void readsFilesLargerThanAChunk();
    void refusesBrokenFiles_data();
    void refusesBrokenFiles();
    void everyCutOfAPackedFileIsRefused();
    void aLyingHeaderCostsNoMemory();
    void missingFileIsNamed();
    void stops();

private:
    std::string path(const std::string& name) const {
        return m_folder->path().toStdString() + "/" + name;
    }
    std::unique_ptr<QTemporaryDir> m_folder;
    RunControl m_control;
};

void TestDataIdx::init() {
    m_folder = std::make_unique<QTemporaryDir>();
}

void TestDataIdx::readsPlainAndPacked_data() {
    QTest::addColumn<bool>("isPacked");
    QTest::newRow("plain") << false;
    QTest::newRow("gzip") << true;
}

void TestDataIdx::readsPlainAndPacked() {
    QFETCH(bool, isPacked);
    const std::string bytes = idxBytes({2, 1, 3}, {1, 2, 3, 250, 251, 0});
    isPacked ? writeGzip(path("a"), bytes) : writeBytes(path("a"), bytes);
    const auto array = data::readIdx(path("a"), 3, m_control);
    QVERIFY2(array.ok(), array.ok() ? "" : array.error().text().c_str());
    QCOMPARE(array->shape, (std::vector<std::int64_t>{2, 1, 3}));
    QCOMPARE(array->values, (std::vector<std::uint8_t>{1, 2, 3, 250, 251, 0}));
}

void TestDataIdx::readsSeveralGzipMembers() {
    const std::string bytes = idxBytes({3}, {7, 8, 9});
    writeGzip(path("a"), bytes.substr(0, 5));
    writeGzip(path("b"), bytes.substr(5));
    writeBytes(path("both"), readBytes(path("a")) + readBytes(path("b")));
    const auto array = data::readIdx(path("both"), 1, m_control);
    QVERIFY(array.ok());
    QCOMPARE(array->values, (std::vector<std::uint8_t>{7, 8, 9}));
}

void TestDataIdx::readsFilesLargerThanAChunk() {
    std::vector<std::uint8_t> values(3'000'017);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<std::uint8_t>(i * i >> 3);
    writeGzip(path("a"), idxBytes({3'000'017}, values));
    writeBytes(path("b"), idxBytes({3'000'017}, values));
    for (const char* name : {"a", "b"}) {
        const auto array = data::readIdx(path(name), 1, m_control);
        QVERIFY(array.ok());
        QVERIFY(array->values == values);
    }
}

void TestDataIdx::refusesBrokenFiles_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, const std::string& bytes, const char* says) {
        QTest::newRow(name) << QByteArray::fromStdString(bytes) << says;
    };
    const std::string good = idxBytes({2, 2}, {1, 2, 3, 4});
    row("empty", "", "within its header");
    row("half a header", good.substr(0, 9), "within its header");
    row("not IDX", "GIF89a and so on", "two zeros");
    row("floats", std::string{'\0', '\0', '\x0d'} + good.substr(3), "unsigned bytes");
    row("other dimensions", idxBytes({4}, {1, 2, 3, 4, 5, 6, 7, 8}), "1 dimension(s) instead of 2");
    row("no samples", idxBytes({0, 4}, {}), "a dimension is 0");
    row("too short", good.substr(0, good.size() - 1), "it ends after 3");
    row("too long", good + "x", "more data than the 4 bytes");
    row("huge", idxBytes({0xffffffff, 0xffffffff}, {1}), "more data than the file can hold");
}

void TestDataIdx::refusesBrokenFiles() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, says);
    writeBytes(path("broken-idx"), bytes.toStdString());
    const auto array = data::readIdx(path("broken-idx"), 2, m_control);
    QVERIFY(!array);
    QCOMPARE(array.error().kind, Error::Kind::Damaged);
    const QString text = QString::fromStdString(array.error().text());
    QVERIFY2(text.contains("broken-idx") && text.contains(says), qPrintable(text));
}

void TestDataIdx::everyCutOfAPackedFileIsRefused() {
    writeGzip(path("whole"), idxBytes({40}, std::vector<std::uint8_t>(40, 5)));
    const std::string whole = readBytes(path("whole"));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        writeBytes(path("cut.gz"), whole.substr(0, size));
        const auto array = data::readIdx(path("cut.gz"), 1, m_control);
        QVERIFY2(!array, qPrintable(QString::number(size)));
        QCOMPARE(array.error().kind, Error::Kind::Damaged);
    }
    std::string flipped = whole;
    flipped[flipped.size() - 6] ^= 1;  // in the checksum
    writeBytes(path("cut.gz"), flipped);
    QCOMPARE(data::readIdx(path("cut.gz"), 1, m_control).error().kind, Error::Kind::Damaged);
    writeBytes(path("cut.gz"), whole + "trailing");
    QCOMPARE(data::readIdx(path("cut.gz"), 1, m_control).error().kind, Error::Kind::Damaged);
}

void TestDataIdx::aLyingHeaderCostsNoMemory() {
    // 1.5 GB claimed by a file that deflate could just unpack to that size, but that holds a
    // thousandth of it.
    std::vector<std::uint8_t> noise(1'500'000);
    std::uint32_t state = 1;
    for (auto& byte : noise)
        byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
    writeGzip(path("lie.gz"), idxBytes({1'500'000'000}, noise));
    rusage before{};
    getrusage(RUSAGE_SELF, &before);
    const auto array = data::readIdx(path("lie.gz"), 1, m_control);
    rusage after{};
    getrusage(RUSAGE_SELF, &after);
    QVERIFY(!array);
    QVERIFY(array.error().why.find("ends after 1500000") != std::string::npos);
    QVERIFY(after.ru_maxrss - before.ru_maxrss < 20'000);  // kB
}

void TestDataIdx::missingFileIsNamed() {
    const auto array = data::readIdx(path("nowhere"), 1, m_control);
    QVERIFY(!array);
    QCOMPARE(array.error().kind, Error::Kind::NotFound);
    QVERIFY(array.error().text().find("nowhere") != std::string::npos);
    QCOMPARE(data::readIdx(path(""), 1, m_control).error().kind, Error::Kind::Unreadable);
}

void TestDataIdx::stops() {
    writeBytes(path("a"), idxBytes({3}, {7, 8, 9}));
    RunControl control;
    control.requestStop();
    QCOMPARE(data::readIdx(path("a"), 1, control).error().kind, Error::Kind::Cancelled);
}

QTEST_GUILESS_MAIN(TestDataIdx)
#include "tst_data_idx.moc"
