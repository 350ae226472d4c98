// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <map>

#include "core/measure/runtime.h"
#include "core/measure/scan_estimate.h"
#include "core/project/examples.h"

using namespace espalier;
using measure::ScanEstimate;
using measure::ScanFigures;
using measure::ScanOptions;

namespace {

struct MapMemory final : measure::ScanMemory {
    std::optional<ScanFigures> find(const std::string& key) const override {
        const auto found = figures.find(key);
        return found == figures.end() ? std::nullopt : std::optional(found->second);
    }
    void keep(const std::string& key, const ScanFigures& value) override { figures[key] = value; }
    std::map<std::string, ScanFigures> figures;
};

}  // namespace

class TestScanEstimate : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void countsWhatIsToBeMade();
    void whatIsRememberedTakesNoTime();
    void aStoppedScanHasLessLeft();
    void scoresThatAreNotAtHandAreNoHindrance();
    void refusesWhatTheScanRefuses();
    void wordsAreAsExactAsAnEstimate_data();
    void wordsAreAsExactAsAnEstimate();

private:
    Result<ScanEstimate> estimate(const ScanOptions& options) {
        return measure::estimateScan(*m_lenet, nullptr, *m_mnist, options, m_memory, m_control);
    }
    Result<measure::Sensitivity> scan(const ScanOptions& options, int stopAfter = -1) {
        RunControl control;
        int points = 0;
        const EventSink<measure::ScanPoint> events{{}, [&](const measure::ScanPoint&) {
                                                       if (++points == stopAfter)
                                                           control.requestStop();
                                                   }};
        return measure::scanSensitivity(*m_lenet, nullptr, *m_mnist, options, m_memory, events,
                                        control);
    }

    MapMemory m_memory;
    RunControl m_control;
    model::SnapshotPtr m_lenet;
    data::DatasetPtr m_mnist;
};

void TestScanEstimate::initTestCase() {
    measure::setUpTorchThread(1);
    const auto example = project::lenet5Example();
    if (!std::filesystem::exists(example.model)) QSKIP("the example is missing");
    data::DataSpec spec;
    spec.path = example.data;
    m_lenet = *model::openSnapshot(example.model, {.inputs = {example.input}}, {}, m_control);
    m_mnist = *data::openDataset(spec, m_control);
}

/// Four tensors, seven levels to a knee, nineteen of all, and the dense model.
void TestScanEstimate::countsWhatIsToBeMade() {
    const auto toKnee = estimate({.samples = 200});
    QVERIFY2(toKnee, toKnee ? "" : toKnee.error().text().c_str());
    QCOMPARE(toKnee->targets, 4);
    QCOMPARE(toKnee->samples, 200);
    QCOMPARE(toKnee->evaluations, 4 * 7 + 1);
    QVERIFY(toKnee->seconds > 0 && toKnee->seconds < 600);
    const auto all = estimate({.levels = measure::KneeSearch::Levels::All, .samples = 200});
    QCOMPARE(all->evaluations, 4 * 19 + 1);
    const auto one = estimate({.samples = 200, .only = {"fc1.weight"}});
    QCOMPARE(one->targets, 1);
}

void TestScanEstimate::whatIsRememberedTakesNoTime() {
    const ScanOptions options{.samples = 200};
    QVERIFY(scan(options));
    const auto again = estimate(options);
    QCOMPARE(again->evaluations, 0);
    QCOMPARE(again->seconds, 0.0);
    QVERIFY(measure::describe(*again).starts_with("All is measured already"));
    QVERIFY(estimate({.samples = 250})->evaluations > 0);
    QVERIFY(estimate({.criterion = "random", .samples = 200})->evaluations > 0);
}

void TestScanEstimate::aStoppedScanHasLessLeft() {
    m_memory = {};
    const ScanOptions options{.levels = measure::KneeSearch::Levels::All, .samples = 200};
    QVERIFY(!scan(options, 11));  // the dense model and ten levels
    QCOMPARE(estimate(options)->evaluations, 4 * 19 - 10);
}

void TestScanEstimate::scoresThatAreNotAtHandAreNoHindrance() {
    const auto given = estimate({.criterion = "taylor", .samples = 200});
    QVERIFY2(given, given ? "" : given.error().text().c_str());
    QCOMPARE(given->targets, 4);
}

void TestScanEstimate::refusesWhatTheScanRefuses() {
    const auto unknown = estimate({.only = {"nothing.weight"}});
    QVERIFY(!unknown);
    QVERIFY(unknown.error().text().find("nothing.weight") != std::string::npos);
    QVERIFY(!estimate({.samples = -1}));
}

void TestScanEstimate::wordsAreAsExactAsAnEstimate_data() {
    QTest::addColumn<double>("seconds");
    QTest::addColumn<QString>("words");
    QTest::newRow("nothing") << 0.3 << "under a second";
    QTest::newRow("seconds") << 37.4 << "37 s";
    QTest::newRow("minutes") << 700.0 << "12 min";
    QTest::newRow("hours") << 7500.0 << "2 h 5 min";
    QTest::newRow("whole hours") << 7200.0 << "2 h";
}

void TestScanEstimate::wordsAreAsExactAsAnEstimate() {
    QFETCH(double, seconds);
    QFETCH(QString, words);
    QCOMPARE(QString::fromStdString(measure::roughTime(seconds)), words);
    const ScanEstimate estimate{
        .seconds = seconds, .evaluations = 35, .targets = 1, .samples = 5000};
    QCOMPARE(QString::fromStdString(measure::describe(estimate)),
             (seconds < 1 ? "Takes " : "About ") + words +
                 ": some 35 evaluations of 5\u2009000 samples for 1 weight tensor");
}

QTEST_GUILESS_MAIN(TestScanEstimate)
#include "tst_scan_estimate.moc"
