// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <chrono>
#include <map>
#include <thread>

#include "core/data/dataset_torch.h"
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

/// A dataset that takes its time: for its first batch, and for each sample.
class SlowStart final : public data::Dataset {
public:
    SlowStart(data::DatasetPtr dataset, double firstSeconds, double sampleSeconds = 0)
        : m_dataset(std::move(dataset)), m_first(firstSeconds), m_each(sampleSeconds) {}

    const data::DatasetInfo& info() const override { return m_dataset->info(); }
    const data::DataSpec& spec() const override { return m_dataset->spec(); }
    data::Batch batch(data::Split split, std::span<const std::int64_t> indices) const override {
        const bool isFirst = !m_hasSlept && indices.size() > 2;  // two are for trying the model
        const double seconds =
            (isFirst ? m_first : 0) + m_each * static_cast<double>(indices.size());
        m_hasSlept = m_hasSlept || isFirst;
        std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
        return m_dataset->batch(split, indices);
    }
    void addContent(Sha256& hash, data::Split split, std::int64_t samples) const override {
        m_dataset->addContent(hash, split, samples);
    }
    std::vector<std::int64_t> labels(data::Split split) const override {
        return m_dataset->labels(split);
    }
    data::DatasetPtr withValidation(double share) const override {
        return m_dataset->withValidation(share);
    }
    bool hasSlept() const { return m_hasSlept; }

private:
    data::DatasetPtr m_dataset;
    double m_first;
    double m_each;
    mutable bool m_hasSlept = false;
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
    void anotherCriterionIsNotRemembered();
    void aSlowStartIsNoMeasure();
    void readingCountsBySamples();
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
    QVERIFY(given->scored.starts_with("taylor on "));
    const auto words = measure::describe(*given);
    QVERIFY2(words.find(given->scored + ", then some 29 evaluations") != std::string::npos,
             words.c_str());
    QVERIFY(estimate({.samples = 200})->scored.empty());
}

/// What is remembered of magnitude says nothing of another criterion.
void TestScanEstimate::anotherCriterionIsNotRemembered() {
    m_memory = {};
    QVERIFY(scan({.samples = 200}));
    QCOMPARE(estimate({.criterion = "wanda", .samples = 200})->evaluations, 4 * 7 + 1);
}

/// Reading the first batch takes long, as do files that are not in the memory yet: that is no
/// measure for 600 samples.
void TestScanEstimate::aSlowStartIsNoMeasure() {
    const SlowStart dataset(m_mnist, 0.5);
    const auto slow =
        measure::estimateScan(*m_lenet, nullptr, dataset, {.samples = 600}, m_memory, m_control);
    QVERIFY2(slow, slow ? "" : slow.error().text().c_str());
    QVERIFY(dataset.hasSlept());
    // 0.5 s for eight samples would be 37 s for all of them.
    m_memory = {};
    const double usual = estimate({.samples = 600})->seconds;
    QVERIFY2(slow->seconds < usual + 15,
             qPrintable(QString("%1 s, %2 s").arg(slow->seconds).arg(usual)));
}

/// Each sample takes 2 ms to read, whatever the machine does otherwise.
void TestScanEstimate::readingCountsBySamples() {
    const SlowStart dataset(m_mnist, 0, 0.002);
    const auto of = [&](std::int64_t samples) {
        return measure::estimateScan(*m_lenet, nullptr, dataset,
                                     {.samples = samples, .only = {"fc2.weight"}}, m_memory,
                                     m_control)
            ->seconds;
    };
    QVERIFY(of(3000) - of(100) > 0.9 * 2900 * 0.002);
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
    QTest::newRow("over a minute") << 75.2 << "1 min 15 s";
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
