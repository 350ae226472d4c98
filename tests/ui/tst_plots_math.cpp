// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <cmath>
#include <limits>

#include "tests/ui/plots_testing.h"
#include "ui/plots/plot_math.h"

using namespace espalier::plots;

namespace {
const double kNan = std::nan("");
const double kInf = std::numeric_limits<double>::infinity();
}  // namespace

class TestPlotsMath : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { testing::failOnWarnings(); }

    void axisMapGoesThereAndBack_data() {
        QTest::addColumn<double>("value");
        QTest::addColumn<double>("pixel");
        QTest::newRow("lower end") << -2.0 << 50.0;
        QTest::newRow("upper end") << 6.0 << 450.0;
        QTest::newRow("middle") << 2.0 << 250.0;
        QTest::newRow("outside") << 8.0 << 550.0;
    }
    void axisMapGoesThereAndBack() {
        QFETCH(double, value);
        QFETCH(double, pixel);
        const AxisMap map{{-2, 6}, 50, 450};
        QCOMPARE(map.toPixel(value), pixel);
        QCOMPARE(map.toValue(pixel), value);
    }

    void axisMapOfNothingStaysFinite() {
        QCOMPARE((AxisMap{{3, 3}, 10, 20}).toPixel(7), 10.0);
        QCOMPARE((AxisMap{{3, 4}, 10, 10}).toValue(7), 3.0);
    }

    void zoomKeepsThePointUnderTheHand() {
        const Range range = zoomed({0, 10}, 0.5, 2);
        QCOMPARE(range.lower, 1.0);
        QCOMPARE(range.upper, 6.0);
    }

    void clampMovesBeforeItShrinks() {
        QCOMPARE(clampedTo({-3, 1}, {0, 10}), (Range{0, 4}));
        QCOMPARE(clampedTo({8, 12}, {0, 10}), (Range{6, 10}));
        QCOMPARE(clampedTo({-5, 20}, {0, 10}), (Range{0, 10}));
        QCOMPARE(clampedTo({2, 3}, {0, 10}), (Range{2, 3}));
    }

    void rangeOfSkipsWhatIsNotFinite() {
        const std::vector<double> values{kNan, 1, kInf, 3, -kInf};
        QCOMPARE(rangeOf(values, 0.5), (Range{0, 4}));
        QCOMPARE(rangeOf({}, 0.5), (Range{0, 1}));
        QCOMPARE(rangeOf(std::vector<double>{kNan}, 0.5), (Range{0, 1}));
        QVERIFY(rangeOf(std::vector<double>{7.0}).size() > 0);
        QVERIFY(rangeOf(std::vector<double>{0.0}).size() > 0);
        QVERIFY(rangeOf(std::vector<double>{7.0}).contains(7));
    }

    void labelStaysInside_data() {
        QTest::addColumn<double>("x");
        QTest::addColumn<double>("y");
        for (const double x : {-500.0, 0.0, 10.0, 120.0, 200.0, 390.0, 400.0, 2000.0}) {
            for (const double y : {-10.0, 20.0, 100.0, 300.0}) {
                QTest::addRow("%g %g", x, y) << x << y;
            }
        }
    }
    void labelStaysInside() {
        QFETCH(double, x);
        QFETCH(double, y);
        const QRectF area(10, 20, 390, 200);
        const QSizeF size(150, 24);
        const QRectF label(placeLabel(area, x, y, size), size);
        QVERIFY(area.contains(label));
        if (area.left() <= x && x <= area.right()) QVERIFY(label.left() > x || label.right() < x);
    }

    void labelTooLargeStartsAtTopLeft() {
        QCOMPARE(placeLabel({10, 20, 100, 30}, 50, 25, {300, 60}), QPointF(10, 20));
    }

    void fewPointsComeBackUnchanged() {
        const Points points{{0, 1, 2}, {5, 6, 7}};
        QCOMPARE(decimated(points, {0, 2}, 500), points);
        QCOMPARE(decimated({}, {0, 2}, 500).size(), std::size_t{0});
    }

    void manyPointsKeepTheirExtremes() {
        Points points;
        for (int i = 0; i < 10000; ++i) {
            points.x.push_back(i);
            points.y.push_back(i == 4321 ? 99 : i == 7777 ? -99 : std::sin(i * 0.01));
        }
        const Points drawn = decimated(points, {0, 9999}, 500);
        QVERIFY(drawn.size() <= 500);
        QVERIFY(drawn.size() >= 250);
        QVERIFY(std::is_sorted(drawn.x.begin(), drawn.x.end()));
        QCOMPARE(*std::max_element(drawn.y.begin(), drawn.y.end()), 99.0);
        QCOMPARE(*std::min_element(drawn.y.begin(), drawn.y.end()), -99.0);
        QCOMPARE(drawn.x.front(), 0.0);
        QCOMPARE(drawn.x.back(), 9999.0);
    }

    void decimationLooksAtTheVisiblePartOnly() {
        Points points;
        for (int i = 0; i < 10000; ++i) {
            points.x.push_back(i);
            points.y.push_back(i);
        }
        const Points drawn = decimated(points, {100, 110}, 500);
        QCOMPARE(drawn.x.front(), 99.0);  // one neighbour, so that the line reaches the edge
        QCOMPARE(drawn.x.back(), 111.0);
        QCOMPARE(drawn.size(), std::size_t{13});
    }

    void gapsSurviveDecimation() {
        Points points;
        for (int i = 0; i < 2000; ++i) {
            points.x.push_back(i);
            points.y.push_back(i == 1000 ? kNan : 1.0);
        }
        points.y[1001] = 5;
        const Points drawn = decimated(points, {0, 1999}, 100);
        QVERIFY(
            std::any_of(drawn.y.begin(), drawn.y.end(), [](double y) { return std::isnan(y); }));
        QVERIFY(std::find(drawn.y.begin(), drawn.y.end(), 5.0) != drawn.y.end());
    }

    void runningMeanLooksBack() {
        const std::vector<double> means = runningMean(std::vector<double>{2, 4, kNan, 6, 100}, 3);
        const std::vector<double> expected{2, 3, 3, 5, 53};  // NaN is passed over
        QCOMPARE(means, expected);
        QVERIFY(std::isnan(runningMean(std::vector<double>{kNan}, 3)[0]));
        QVERIFY(runningMean({}, 3).empty());
    }
};

QTEST_GUILESS_MAIN(TestPlotsMath)
#include "tst_plots_math.moc"
