// SPDX-License-Identifier: GPL-3.0-or-later
// The Pareto front, against fronts read off by hand.
#include <cmath>
#include <limits>

#include <QTest>

#include "core/project/pareto.h"

using namespace espalier::project;

using Indices = std::vector<std::size_t>;

class TestPareto : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsTheFront_data() {
        QTest::addColumn<std::vector<ParetoPoint>>("points");
        QTest::addColumn<Indices>("front");
        const double nan = std::numeric_limits<double>::quiet_NaN();
        using Points = std::vector<ParetoPoint>;
        QTest::newRow("none") << Points{} << Indices{};
        QTest::newRow("one") << Points{{5, 0.9}} << Indices{0};
        QTest::newRow("by ascending cost")
            << Points{{10, 0.99}, {1, 0.5}, {5, 0.9}} << Indices{1, 2, 0};
        QTest::newRow("beaten in both") << Points{{5, 0.9}, {6, 0.8}} << Indices{0};
        QTest::newRow("as cheap and worse") << Points{{5, 0.8}, {5, 0.9}} << Indices{1};
        QTest::newRow("as good and dearer") << Points{{7, 0.9}, {5, 0.9}} << Indices{1};
        QTest::newRow("equal points: the first") << Points{{5, 0.9}, {5, 0.9}} << Indices{0};
        QTest::newRow("a hollow in the front stays on it")
            << Points{{1, 0.1}, {9, 0.2}, {10, 0.9}} << Indices{0, 1, 2};
        QTest::newRow("what is not known is no point")
            << Points{{nan, 1}, {1, nan}, {2, 0.5}} << Indices{2};
        QTest::newRow("losses, as negative quality")
            << Points{{2, -0.5}, {1, -0.7}, {3, -0.6}} << Indices{1, 0};
    }
    void findsTheFront() {
        QFETCH(std::vector<ParetoPoint>, points);
        QFETCH(Indices, front);
        QCOMPARE(paretoFront(points), front);
    }

    void nobodyOnTheFrontIsBeatenAndEverybodyElseIs() {
        std::vector<ParetoPoint> points;
        for (int i = 0; i < 200; ++i)
            points.push_back({std::fmod(i * 37.0, 101), std::fmod(i * 53.0, 97) / 97});
        const auto beats = [](const ParetoPoint& a, const ParetoPoint& b) {
            return a.cost <= b.cost && a.quality >= b.quality && a != b;
        };
        const Indices front = paretoFront(points);
        for (std::size_t i = 0; i < points.size(); ++i) {
            const bool isBeaten = std::ranges::any_of(
                points, [&](const ParetoPoint& other) { return beats(other, points[i]); });
            const bool isOn = std::ranges::find(front, i) != front.end();
            const bool isTwin =
                std::ranges::any_of(front, [&](std::size_t on) { return points[on] == points[i]; });
            QCOMPARE(isOn || isTwin, !isBeaten);
        }
    }
};

QTEST_GUILESS_MAIN(TestPareto)
#include "tst_pareto.moc"
