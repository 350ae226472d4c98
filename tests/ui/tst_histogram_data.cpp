// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <cmath>
#include <limits>

#include "tests/ui/plots_testing.h"
#include "ui/plots/histogram_data.h"

using namespace espalier::plots;

namespace {

using Counts = std::vector<std::int64_t>;

/// One tensor with a single value 0.5.
TensorHistogram oneValue() {
    HistogramData one;
    one.edges = {0.5, 0.5};
    one.counts = {7};
    one.minimum = one.maximum = 0.5;
    return {one, one};
}

TensorHistogram onlyZeros() {
    HistogramData zeros;
    zeros.zeros = 1000;
    return {zeros, zeros};
}

}  // namespace

class TestHistogramData : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { testing::failOnWarnings(); }

    void foldsSignedBins() {
        const HistogramData folded = testing::smallHistogram().magnitude;
        QCOMPARE(folded.counts, (Counts{80, 60, 40, 20}));
        QCOMPARE(folded.edges, (Range{0, 0.4}));
        QCOMPARE(folded.zeros, std::int64_t{50});
        QCOMPARE(folded.total(), std::int64_t{250});
        QCOMPARE(folded.maximum, 0.4);
        HistogramData lopsided = testing::smallHistogram().signedValues;
        lopsided.edges = {-0.3, 0.5};
        QCOMPARE(foldedToMagnitude(lopsided), HistogramData());
    }

    void findsBins_data() {
        QTest::addColumn<double>("value");
        QTest::addColumn<int>("bin");
        QTest::newRow("first edge") << 0.0 << 0;
        QTest::newRow("inside") << 0.25 << 2;
        QTest::newRow("last edge belongs to the last bin") << 0.4 << 3;
        QTest::newRow("outside") << 0.41 << -1;
        QTest::newRow("NaN") << std::nan("") << -1;
    }
    void findsBins() {
        QFETCH(double, value);
        QTEST(testing::smallHistogram().magnitude.binOf(value), "bin");
    }

    void emptyDataHasNoBins() {
        const HistogramData empty;
        QCOMPARE(empty.binOf(0), -1);
        QCOMPARE(empty.total(), std::int64_t{0});
        QCOMPARE(empty.binWidth(), 0.0);
        QVERIFY(shownRange(empty, ValueRange::Robust).size() > 0);
        QVERIFY(countRange(empty, CountScale::Linear).size() > 0);
        QVERIFY(countRange(empty, CountScale::Log).lower > 0);
        QCOMPARE(stepsOf(empty, empty.counts).size(), std::size_t{0});
        QCOMPARE(clippedSteps({}, 0, 1).size(), std::size_t{0});
        QCOMPARE(estimatedCut(empty, 1), CutReadout());
        QCOMPARE(estimatedThreshold(empty, 0.5), 0.0);
    }

    void robustRangeDropsTails() {
        HistogramData data;
        data.edges = {-10, 10};
        data.counts = Counts(200, 0);
        data.counts[0] = 1;
        data.counts[199] = 1;
        for (std::size_t i = 90; i < 110; ++i) data.counts[i] = 1000;
        const Range robust = robustRange(data);  // 20 of 20 002 may go on each side
        QVERIFY(std::abs(robust.lower + 1.0) < 1e-9);
        QVERIFY(std::abs(robust.upper - 1.0) < 1e-9);
        QCOMPARE(shownRange(data, ValueRange::Full), (Range{-10, 10}));
        data.robust = {-0.5, 0.75};
        QCOMPARE(robustRange(data), data.robust);
    }

    void robustRangeOfMagnitudesStartsAtZero() {
        HistogramData data;
        data.edges = {0, 10};
        data.counts = {0, 0, 5000, 5000, 1};
        QCOMPARE(robustRange(data), (Range{0, 8}));
    }

    void stepsEndAtTheLastEdge() {
        const HistogramData data = testing::smallHistogram().magnitude;
        const Points steps = stepsOf(data, data.counts);
        QCOMPARE(steps.size(), std::size_t{5});
        QCOMPARE(steps.x.back(), 0.4);
        QCOMPARE(steps.y, (std::vector<double>{80, 60, 40, 20, 0}));
    }

    void stepsAreCutExactly() {
        const HistogramData data = testing::smallHistogram().magnitude;
        const Points steps = stepsOf(data, data.counts);
        const Points cut = clippedSteps(steps, 0, 0.15);
        QCOMPARE(cut.x, (std::vector<double>{0, 0.1, 0.15}));
        QCOMPARE(cut.y, (std::vector<double>{80, 60, 0}));
        QCOMPARE(clippedSteps(steps, 0, 0).size(), std::size_t{0});
        QCOMPARE(clippedSteps(steps, 5, 6).size(), std::size_t{0});
        const double infinity = std::numeric_limits<double>::infinity();
        QCOMPARE(clippedSteps(steps, -infinity, infinity), steps);
    }

    void cutsAreClamped_data() {
        const float above = std::nextafter(0.4F, 1.0F);
        QTest::addColumn<double>("threshold");
        QTest::addColumn<double>("expected");
        QTest::newRow("inside") << 0.2 << 0.2;
        QTest::newRow("negative") << -1.0 << 0.0;
        QTest::newRow("NaN") << std::nan("") << 0.0;
        QTest::newRow("infinite") << double(INFINITY) << double(above);
        QTest::newRow("beyond") << 3.0 << double(above);
    }
    void cutsAreClamped() {
        QFETCH(double, threshold);
        QTEST(clampedCut(testing::smallHistogram(), threshold), "expected");
    }

    void theLargestCutRemovesAll() {
        // Strictly below the threshold, also in single precision.
        QVERIFY(static_cast<float>(0.4) <
                static_cast<float>(largestCut(testing::smallHistogram())));
        QVERIFY(0.5F < static_cast<float>(largestCut(oneValue())));
        QCOMPARE(estimatedCut(oneValue().magnitude, largestCut(oneValue())).sparsity, 1.0);
        QVERIFY(largestCut(onlyZeros()) > 0);
        QCOMPARE(estimatedCut(onlyZeros().magnitude, largestCut(onlyZeros())).removed,
                 std::int64_t{1000});
    }

    void stepsByBins() {
        const TensorHistogram data = testing::smallHistogram();
        QCOMPARE(steppedCut(data, 0.1, 1), 0.2);
        QCOMPARE(steppedCut(data, 0.1, -5), 0.0);
        QCOMPARE(steppedCut(data, 0.1, 50), largestCut(data));
        QCOMPARE(steppedCut(data, INFINITY, 0), largestCut(data));
        QCOMPARE(steppedCut(onlyZeros(), 0, 1), 0.0);
    }

    void snapsToTenths_data() {
        QTest::addColumn<double>("sparsity");
        QTest::addColumn<double>("expected");
        QTest::newRow("down") << 0.64 << 0.6;
        QTest::newRow("up") << 0.66 << 0.7;
        QTest::newRow("none") << 0.01 << 0.0;
        QTest::newRow("all") << 0.99 << 1.0;
        QTest::newRow("over") << 1.7 << 1.0;
        QTest::newRow("under") << -0.4 << 0.0;
    }
    void snapsToTenths() {
        QFETCH(double, sparsity);
        QFETCH(double, expected);
        QVERIFY(std::abs(snappedSparsity(sparsity) - expected) < 1e-12);
    }

    void estimatesFromBins_data() {
        QTest::addColumn<double>("threshold");
        QTest::addColumn<qint64>("removed");
        // 50 zeros, then 80, 60, 40, 20 weights per tenth; half a bin counts half.
        QTest::newRow("nothing") << 0.0 << qint64{0};
        QTest::newRow("first bin") << 0.1 << qint64{130};
        QTest::newRow("half a bin") << 0.15 << qint64{160};
        QTest::newRow("all") << 0.4 << qint64{250};
        QTest::newRow("infinite") << double(INFINITY) << qint64{250};
    }
    void estimatesFromBins() {
        QFETCH(double, threshold);
        const CutReadout readout = estimatedCut(testing::smallHistogram().magnitude, threshold);
        QTEST(qint64{readout.removed}, "removed");
        QVERIFY(std::abs(readout.sparsity - readout.removed / 250.0) < 1e-9);
    }

    void estimatedThresholdIsTheInverse() {
        const HistogramData data = testing::smallHistogram().magnitude;
        for (const double sparsity : {0.3, 0.52, 0.7, 0.9, 1.0}) {
            const double threshold = estimatedThreshold(data, sparsity);
            QVERIFY(std::abs(estimatedCut(data, threshold).sparsity - sparsity) < 1e-9);
        }
        QCOMPARE(estimatedThreshold(data, 0), 0.0);
        QCOMPARE(estimatedThreshold(data, 0.1), 0.0);  // fewer than the exact zeros
    }
};

QTEST_GUILESS_MAIN(TestHistogramData)
#include "tst_histogram_data.moc"
