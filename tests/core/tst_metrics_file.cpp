// SPDX-License-Identifier: GPL-3.0-or-later
// Metrics as CSV.
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "core/exchange/metrics_file.h"

using namespace espalier;

namespace {

QByteArray contents(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

}  // namespace

class TestMetricsFile : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void rowsAreThereAtOnce();
    void replacesAnOldFile();
    void saysWhenItCannotWrite();
    void runsStandBelowEachOther();
};

void TestMetricsFile::rowsAreThereAtOnce() {
    const QTemporaryDir folder;
    const QString path = folder.filePath("m.csv");
    auto writer = exchange::MetricsWriter::create(path.toStdString());
    QVERIFY(writer.ok());
    const QByteArray header = "step,epoch,round,loss,val_loss,top1,lr,sparsity,seconds,metric\n";
    QCOMPARE(contents(path), header);
    writer->append(
        {.step = 1, .epoch = 1, .loss = 0.25, .lr = 0.01, .sparsity = 0.5, .seconds = 1.5});
    QCOMPARE(contents(path), header + "1,1,0,0.25,,,0.01,0.5,1.5,\n");
    auto moved = std::move(*writer);
    moved.append(
        {.step = 1234567, .epoch = 2, .round = 3, .loss = 1.0 / 3, .valLoss = 2e-10, .top1 = 1});
    QCOMPARE(contents(path),
             header + "1,1,0,0.25,,,0.01,0.5,1.5,\n1234567,2,3,0.333333333,2e-10,1,0,0,0,\n");
}

void TestMetricsFile::replacesAnOldFile() {
    const QTemporaryDir folder;
    const QString path = folder.filePath("m.csv");
    exchange::MetricsWriter::create(path.toStdString())->append({});
    QVERIFY(exchange::MetricsWriter::create(path.toStdString()).ok());
    QCOMPARE(contents(path).count('\n'), 1);
}

void TestMetricsFile::saysWhenItCannotWrite() {
    const auto writer = exchange::MetricsWriter::create("/no/such/folder/m.csv");
    QVERIFY(!writer);
    QCOMPARE(writer.error().kind, Error::Kind::WriteFailed);
    QVERIFY(writer.error().text().find("/no/such/folder/m.csv") != std::string::npos);
}

void TestMetricsFile::runsStandBelowEachOther() {
    const QTemporaryDir folder;
    const QString path = folder.filePath("runs.csv");
    const std::vector<train::TrainSample> first{{.step = 1, .epoch = 1, .loss = 0.5}};
    const std::vector<train::TrainSample> second{{.step = 2, .epoch = 1, .loss = 0.25},
                                                 {.step = 3, .epoch = 1, .loss = 0.125}};
    const std::vector<exchange::NamedRun> runs{{"run 1", first}, {"so, \"better\"", second}};
    QVERIFY(exchange::writeRuns(runs, path.toStdString()).ok());
    QCOMPARE(contents(path),
             QByteArray("run,step,epoch,round,loss,val_loss,top1,lr,sparsity,seconds,metric\n"
                        "run 1,1,1,0,0.5,,,0,0,0,\n"
                        "\"so, \"\"better\"\"\",2,1,0,0.25,,,0,0,0,\n"
                        "\"so, \"\"better\"\"\",3,1,0,0.125,,,0,0,0,\n"));
}

QTEST_GUILESS_MAIN(TestMetricsFile)
#include "tst_metrics_file.moc"
