// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "core/base/log.h"
#include "core/exchange/scan_cache.h"
#include "core/exchange/scan_files.h"

using namespace espalier;
using exchange::ScanCache;
using measure::ScanFigures;

namespace fs = std::filesystem;

class TestScanFiles : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void cleanup() { setLogListener({}); }
    void cacheGivesBackWhatItKept();
    void cacheLeavesOutDamagedFiles_data();
    void cacheLeavesOutDamagedFiles();
    void earlierCachesAreMeasuredAnew();
    void moduleMetricsHaveAColumn();
    void cacheGoesOnWhereItCannotWrite();
    void writesDistillersColumns();
    void writesJson();
    void logsWhatIsReallyMeasured();

private:
    fs::path path(const char* name) const {
        return fs::path(m_folder->path().toStdString()) / name;
    }
    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestScanFiles::cacheGivesBackWhatItKept() {
    const fs::path file = path("deep") / "cache.json";
    const ScanFigures figures{0.1 + 0.2, 1.0 / 3.0, 2.7182818284590451};
    {
        ScanCache cache(file);
        QVERIFY(!cache.find("a"));
        cache.keep("a", figures);
        cache.keep("b", {0, 0, NAN});
        QCOMPARE(ScanCache(file).find("a"), figures);  // before the first one ends
    }
    const ScanCache again(file);
    QCOMPARE(again.find("a"), figures);
    QVERIFY(std::isnan(again.find("b")->loss));
    QVERIFY(!again.find("c"));
}

void TestScanFiles::cacheLeavesOutDamagedFiles_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("cut short") << QByteArray(R"({"format": "espalier-sensitivity-cache", "ver)");
    QTest::newRow("other format") << QByteArray(R"({"format": "x", "version": 1, "points": {}})");
    QTest::newRow("later version")
        << QByteArray(R"({"format": "espalier-sensitivity-cache", "version": 3, "points": {}})");
    QTest::newRow("bad point") << QByteArray(
        R"({"format": "espalier-sensitivity-cache", "version": 2, "points": {"a": [1, "b"]}})");
    QTest::newRow("binary") << QByteArray("\x00\xff\xfe", 3);
}

void TestScanFiles::cacheLeavesOutDamagedFiles() {
    QFETCH(QByteArray, bytes);
    std::ofstream(path("c.json"), std::ios::binary).write(bytes.data(), bytes.size());
    QString said;
    setLogListener(
        [&](LogLevel, const std::string& text) { said += QString::fromStdString(text); });
    ScanCache cache(path("c.json"));
    QVERIFY2(said.contains("c.json") && said.contains("damaged"), qPrintable(said));
    QVERIFY(!cache.find("a"));
    cache.keep("a", {1, 1, 0});
    QVERIFY(ScanCache(path("c.json")).find("a"));
}

void TestScanFiles::earlierCachesAreMeasuredAnew() {
    std::ofstream(path("old.json"))
        << R"({"format": "espalier-sensitivity-cache", "version": 1, "points": {"a": [1, 1, 0]}})";
    QString said;
    setLogListener(
        [&](LogLevel, const std::string& text) { said += QString::fromStdString(text); });
    const ScanCache cache(path("old.json"));
    QVERIFY(!cache.find("a"));
    QCOMPARE(said, QString());
    setLogListener({});
}

void TestScanFiles::moduleMetricsHaveAColumn() {
    const measure::SensitivityCurve curve{
        "conv.weight",
        {{"conv.weight", 0.05, {.top1 = NAN, .top5 = NAN, .loss = 0.5, .score = 2}}},
        {}};
    const std::vector curves{curve};
    const measure::Metric module{.kind = measure::Metric::Kind::Module, .name = "ssim.pt"};
    QCOMPARE(QString::fromStdString(exchange::sensitivityToCsv(curves, module)),
             QString("parameter,sparsity,top1,top5,loss,metric\nconv.weight,0.05,,,0.5,2\n"));
    QCOMPARE(QString::fromStdString(exchange::sensitivityToCsv(curves)),
             QString("parameter,sparsity,top1,top5,loss\nconv.weight,0.05,,,0.5\n"));
}

void TestScanFiles::cacheGoesOnWhereItCannotWrite() {
    fs::create_directories(path("c.json"));  // a folder where the file should be
    int said = 0;
    setLogListener([&](LogLevel, const std::string&) { ++said; });
    ScanCache cache(path("c.json"));
    cache.keep("a", {1, 1, 0});
    cache.keep("b", {1, 1, 0});
    QVERIFY(cache.find("a"));
    QCOMPARE(said, 2);  // that it cannot be read; once, that it cannot be written
}

void TestScanFiles::writesDistillersColumns() {
    const measure::SensitivityCurve curve{
        "conv1.weight",
        {{"conv1.weight", 0.05, {0.9912, 1, 0.03125}}, {"conv1.weight", 0.1, {1 / 3.0, 0.5, NAN}}},
        0.1};
    QCOMPARE(QString::fromStdString(exchange::sensitivityToCsv({&curve, 1})),
             QString("parameter,sparsity,top1,top5,loss\n"
                     "conv1.weight,0.05,99.12,100,0.03125\n"
                     "conv1.weight,0.1,33.3333333,50,nan\n"));
}

void TestScanFiles::writesJson() {
    measure::Sensitivity found;
    found.dense = {0.99, 1, 0.03};
    found.samples = 6000;
    found.curves = {{"a", {{"a", 0.05, {0.98, 1, NAN}}}, 0.05}, {"b", {}, std::nullopt}};
    const auto json = nlohmann::json::parse(exchange::sensitivityToJson(found, {}));
    QCOMPARE(json["format"].get<std::string>(), std::string("espalier-sensitivity"));
    QCOMPARE(json["criterion"].get<std::string>(), std::string("magnitude"));
    QCOMPARE(json["dense"]["top1"].get<double>(), 0.99);
    QCOMPARE(json["layers"][0]["largest"].get<double>(), 0.05);
    QVERIFY(json["layers"][0]["points"][0]["loss"].is_null());
    QVERIFY(json["layers"][1]["largest"].is_null());
}

void TestScanFiles::logsWhatIsReallyMeasured() {
    auto log = exchange::ScanLog::create(path("scan.log"));
    QVERIFY(log);
    log->append({"", 0, {0.5, 1, 0.25}, false, 1.5});
    log->append({"a", 0.25, {0.5, 1, 0.25}, true, 0});
    log->append({"a", 0.5, {0.5, 1, 0.25}, false, 0.5});
    QCOMPARE(*readText(path("scan.log")), std::string("dense,0,50,100,0.25,1.5\n"
                                                      "a,0.5,50,100,0.25,0.5\n"));
    QVERIFY(log->check());
    QCOMPARE(exchange::ScanLog::create(path("no") / "such.log").error().kind,
             Error::Kind::WriteFailed);
}

QTEST_GUILESS_MAIN(TestScanFiles)
#include "tst_scan_files.moc"
