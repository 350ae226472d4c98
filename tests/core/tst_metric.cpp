// SPDX-License-Identifier: GPL-3.0-or-later
// Which metric and loss data is judged by, and what counts as a loss of it.
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

#include "core/measure/metric.h"
#include "core/measure/sampling_error.h"

using namespace espalier;
using data::Targets;
using measure::Metric;
using Kind = measure::Metric::Kind;

namespace {

data::DatasetInfo dataOf(Targets targets, bool areWhole = true) {
    data::DatasetInfo info;
    info.name = "toys";
    info.targets = targets;
    info.areTargetsWhole = areWhole;
    return info;
}

}  // namespace

class TestMetric : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void followsFromTheData_data();
    void followsFromTheData();
    void modulesAreNamedByTheirFiles();
    void refuses_data();
    void refuses();
    void dropsByHand();
    void words();
    void fewSamplesAreTold_data();
    void fewSamplesAreTold();
    void samplesOfAScan();
};

void TestMetric::followsFromTheData_data() {
    QTest::addColumn<Targets>("targets");
    QTest::addColumn<bool>("areWhole");
    QTest::addColumn<QString>("loss");
    QTest::addColumn<QString>("metric");
    QTest::addColumn<QString>("isLoss");
    QTest::addColumn<QString>("isMetric");
    QTest::addColumn<bool>("hasShares");
    const auto row = [](const char* name, Targets targets, bool areWhole, const char* loss,
                        const char* metric, const char* isLoss, const char* isMetric, bool shares) {
        QTest::newRow(name) << targets << areWhole << loss << metric << isLoss << isMetric
                            << shares;
    };
    row("classes", Targets::Classes, true, "", "", "cross_entropy", "top1", true);
    row("classes, top5", Targets::Classes, true, "", "top5", "cross_entropy", "top5", true);
    row("classes, loss", Targets::Classes, true, "", "loss", "cross_entropy", "loss", true);
    row("classes, bce", Targets::Classes, true, "bce", "", "bce", "loss", false);
    row("classes, agreement", Targets::Classes, true, "", "agreement", "kl", "agreement", true);
    row("numbers", Targets::Numbers, false, "", "", "mse", "loss", false);
    row("numbers, bce", Targets::Numbers, false, "bce", "", "bce", "loss", false);
    row("tokens", Targets::Numbers, true, "", "", "cross_entropy", "loss", false);
    row("nothing", Targets::None, true, "", "", "kl", "agreement", true);
}

void TestMetric::followsFromTheData() {
    QFETCH(Targets, targets);
    QFETCH(bool, areWhole);
    QFETCH(QString, loss);
    QFETCH(QString, metric);
    QFETCH(QString, isLoss);
    QFETCH(QString, isMetric);
    QFETCH(bool, hasShares);
    const auto found = measure::metricFor(
        {.loss = loss.toStdString(), .metric = metric.toStdString()}, dataOf(targets, areWhole));
    QVERIFY2(found.ok(), found.ok() ? "" : found.error().text().c_str());
    QCOMPARE(found->loss, isLoss.toStdString());
    QCOMPARE(found->name, isMetric.toStdString());
    QCOMPARE(found->hasShares, hasShares);
}

void TestMetric::modulesAreNamedByTheirFiles() {
    const QTemporaryDir folder;
    const std::string file = folder.filePath("ssim.pt").toStdString();
    QFile(QString::fromStdString(file)).open(QIODevice::WriteOnly);
    const auto found =
        measure::metricFor({.loss = file, .metric = file}, dataOf(Targets::Numbers, false));
    QVERIFY(found);
    QCOMPARE(found->kind, Kind::Module);
    QCOMPARE(found->name, std::string("ssim.pt"));
    QCOMPARE(found->loss, std::string("ssim.pt"));
    QVERIFY(!found->isShare());
    QVERIFY(found->isBetter(2, 1));
}

void TestMetric::refuses_data() {
    QTest::addColumn<Targets>("targets");
    QTest::addColumn<QString>("loss");
    QTest::addColumn<QString>("metric");
    QTest::addColumn<QString>("says");
    QTest::newRow("loss") << Targets::Classes << "hinge"
                          << ""
                          << "Cannot measure the loss hinge: it is neither a known name nor a file";
    QTest::newRow("metric") << Targets::Classes << ""
                            << "f1"
                            << "Use top1, top5, loss, agreement, or a TorchScript file";
    QTest::newRow("top1 of numbers") << Targets::Numbers << ""
                                     << "top1"
                                     << "top1 needs one class a sample";
    QTest::newRow("top1 of nothing") << Targets::None << ""
                                     << "top1"
                                     << "it has no labels";
    QTest::newRow("loss of nothing") << Targets::None << "mse"
                                     << ""
                                     << "it has no labels";
}

void TestMetric::refuses() {
    QFETCH(Targets, targets);
    QFETCH(QString, loss);
    QFETCH(QString, metric);
    QFETCH(QString, says);
    const auto found = measure::metricFor(
        {.loss = loss.toStdString(), .metric = metric.toStdString()}, dataOf(targets));
    QVERIFY(!found);
    QVERIFY2(found.error().text().find(says.toStdString()) != std::string::npos,
             found.error().text().c_str());
    QVERIFY(!found.error().hint.empty());
}

void TestMetric::dropsByHand() {
    const Metric top1;
    QCOMPARE(top1.drop(0.75, 0.5), 0.25);
    QCOMPARE(top1.after(0.75, 0.25), 0.5);
    const Metric loss{.kind = Kind::Loss};
    QCOMPARE(loss.drop(0.5, 0.75), 0.5);  // half as much again
    QCOMPARE(loss.after(0.5, 0.5), 0.75);
    QCOMPARE(loss.drop(-2, -1), 0.5);  // of a module's loss
    QCOMPARE(loss.drop(0, 0.25), 0.25);
    QCOMPARE(loss.after(0, 0.25), 0.25);
    QVERIFY(loss.isBetter(0.25, 0.5));
    const Metric module{.kind = Kind::Module};
    QCOMPARE(module.drop(40, 38), 2.0);
    QCOMPARE(module.after(40, 2), 38.0);
}

void TestMetric::words() {
    QCOMPARE(Metric{}.text(0.973), std::string("97.30\u2009%"));
    QCOMPARE(Metric{}.title(), std::string("top-1"));
    const Metric mse{.kind = Kind::Loss, .name = "loss", .loss = "mse"};
    QCOMPARE(mse.title(), std::string("loss (mse)"));
    QCOMPARE(mse.text(0.03125), std::string("0.03125"));
    QCOMPARE(Metric{.kind = Kind::Agreement}.title(),
             std::string("agreement with the dense model"));
}

void TestMetric::fewSamplesAreTold_data() {
    QTest::addColumn<Kind>("kind");
    QTest::addColumn<double>("dense");
    QTest::addColumn<int>("samples");
    QTest::addColumn<double>("limit");
    QTest::addColumn<QString>("note");
    // √(0.88 · 0.12 / 200) = 0.02298; 0.88 · 0.12 / 0.01² = 1056.
    QTest::newRow("a point of 200")
        << Kind::Top1 << 0.89 << 200 << 0.01
        << "On 200 samples an accuracy is known to ± 2.3 points; for a limit of 1 point use at "
           "least 1\u2009100";
    QTest::newRow("a point of 1100") << Kind::Top1 << 0.89 << 1100 << 0.01 << "";
    QTest::newRow("five points of 200") << Kind::Top1 << 0.89 << 200 << 0.05 << "";
    // √(0.5 · 0.5 / 100) = 0.05, as large as the limit; one sample more tells.
    QTest::newRow("as large")
        << Kind::Top1 << 0.55 << 100 << 0.05
        << "On 100 samples an accuracy is known to ± 5 points; for a limit of "
           "5 points use at least 110";
    QTest::newRow("no limit") << Kind::Top5 << 0.5 << 1 << 0.0
                              << "On 1 sample a top-5 accuracy is known to ± 50 points";
    // A model agrees with itself in all: what counts is where the limit is.
    QTest::newRow("agreement") << Kind::Agreement << 1.0 << 50 << 0.01
                               << "On 50 samples an agreement is known to ± 1.4 points; for a "
                                  "limit of 1 point use at least 100";
    QTest::newRow("a loss has no share") << Kind::Loss << 0.5 << 2 << 0.01 << "";
    QTest::newRow("a module neither") << Kind::Module << 0.5 << 2 << 0.01 << "";
    QTest::newRow("not measured") << Kind::Top1 << double{NAN} << 2 << 0.01 << "";
}

void TestMetric::fewSamplesAreTold() {
    QFETCH(Kind, kind);
    QFETCH(double, dense);
    QFETCH(int, samples);
    QFETCH(double, limit);
    QFETCH(QString, note);
    Metric metric;
    metric.kind = kind;
    QCOMPARE(QString::fromStdString(measure::samplingNote(metric, dense, samples, limit)), note);
}

void TestMetric::samplesOfAScan() {
    data::DatasetInfo info;
    info.train = 90;
    info.validation = 10;
    QCOMPARE(measure::samplesOf({}, info), 10);
    QCOMPARE(measure::samplesOf({.samples = 4}, info), 4);
    QCOMPARE(measure::samplesOf({.samples = 40}, info), 10);
    QCOMPARE(measure::samplesOf({.split = data::Split::Train}, info), 90);
}

QTEST_GUILESS_MAIN(TestMetric)
#include "tst_metric.moc"
