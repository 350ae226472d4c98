// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "core/measure/knee_search.h"

using espalier::measure::Drops;
using espalier::measure::kLevelCount;
using espalier::measure::KneeSearch;
using espalier::measure::largestWithin;
using Levels = KneeSearch::Levels;

namespace {

constexpr double kAllowed = 0.01;

struct Outcome {
    std::optional<int> largest;
    int evaluations = 0;
};

Outcome searched(const Drops& curve, Levels levels = Levels::ToKnee, double allowed = kAllowed) {
    KneeSearch search(allowed, levels);
    Outcome outcome;
    while (const auto level = search.next()) {
        search.add(*level, *curve[static_cast<std::size_t>(*level)]);
        if (++outcome.evaluations > kLevelCount) break;
    }
    outcome.largest = largestWithin(search.drops(), allowed);
    return outcome;
}

Drops curveOf(const std::function<double(double)>& drop) {
    Drops drops;
    for (int level = 0; level < kLevelCount; ++level)
        drops[static_cast<std::size_t>(level)] = drop(espalier::measure::sparsityOfLevel(level));
    return drops;
}

/// What large networks show: nothing is lost up to a knee, then more and more.
Drops kneeAt(double knee, double steepness) {
    return curveOf([=](double s) { return s <= knee ? 0 : std::pow((s - knee) * steepness, 2); });
}

}  // namespace

class TestKneeSearch : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void levels();
    void theDefinition();
    void monotoneCurvesGiveTheAnswerOfAllLevels();
    void slightNoiseDoesNotMatter();
    void anyCurveGivesALevelBeforeOneThatExceeds();
    void passesAllLevelsWhenAskedTo();
    void stopsWhereNothingCanBeMeasured();
    void notANumberExceeds();
};

void TestKneeSearch::levels() {
    QCOMPARE(espalier::measure::sparsityOfLevel(0), 0.05);
    QCOMPARE(espalier::measure::sparsityOfLevel(10), 0.55);
    QCOMPARE(espalier::measure::sparsityOfLevel(18), 0.95);
}

void TestKneeSearch::theDefinition() {
    QCOMPARE(largestWithin(curveOf([](double) { return 0; }), kAllowed), 18);
    QCOMPARE(largestWithin(curveOf([](double) { return 1; }), kAllowed), std::nullopt);
    QCOMPARE(largestWithin(curveOf([](double s) { return s > 0.42 ? 0.02 : 0.01; }), kAllowed), 7);
    // One point of 98.75 % is one point.
    QCOMPARE(largestWithin(curveOf([](double s) { return s < 0.9 ? 0.9875 - 0.9775 : 1; }), 0.01),
             16);
    // A curve that comes back is left where it first exceeds.
    QCOMPARE(largestWithin(curveOf([](double s) { return std::abs(s - 0.3) < 0.01 ? 1 : 0; }), 0.1),
             4);
}

void TestKneeSearch::monotoneCurvesGiveTheAnswerOfAllLevels() {
    int evaluations = 0;
    int curves = 0;
    for (int knee = 0; knee <= 20; ++knee) {
        for (const double steepness : {0.1, 0.3, 1.0, 3.0, 20.0}) {
            const Drops curve = kneeAt(knee / 20.0 - 0.01, steepness);
            const Outcome outcome = searched(curve);
            QCOMPARE(outcome.largest, largestWithin(curve, kAllowed));
            evaluations += outcome.evaluations;
            ++curves;
        }
    }
    QVERIFY2(evaluations <= 0.4 * kLevelCount * curves,
             qPrintable(QString("%1 evaluations of %2").arg(evaluations).arg(19 * curves)));
}

/// Accuracy on a few thousand samples wavers by a tenth of a point or so.
void TestKneeSearch::slightNoiseDoesNotMatter() {
    std::mt19937 random(0);
    std::normal_distribution<double> noise(0, 0.0005);
    int same = 0;
    int all = 0;
    for (int time = 0; time < 50; ++time) {
        for (int knee = 1; knee < 20; ++knee) {
            Drops curve = kneeAt(knee / 20.0, 0.5 + 0.1 * time);
            for (auto& drop : curve) *drop += noise(random);
            same += searched(curve).largest == largestWithin(curve, kAllowed);
            ++all;
        }
    }
    QVERIFY2(same >= 0.99 * all, qPrintable(QString("%1 of %2").arg(same).arg(all)));
}

void TestKneeSearch::anyCurveGivesALevelBeforeOneThatExceeds() {
    std::mt19937 random(1);
    std::uniform_real_distribution<double> drop(-0.01, 0.03);
    for (int time = 0; time < 2000; ++time) {
        const Drops curve = curveOf([&](double) { return drop(random); });
        const Outcome outcome = searched(curve);
        QVERIFY(outcome.evaluations <= kLevelCount);
        const int largest = outcome.largest.value_or(-1);
        if (largest >= 0) QVERIFY(*curve[static_cast<std::size_t>(largest)] <= kAllowed);
        if (largest < kLevelCount - 1)
            QVERIFY(*curve[static_cast<std::size_t>(largest) + 1] > kAllowed);
    }
}

void TestKneeSearch::passesAllLevelsWhenAskedTo() {
    const Drops curve = kneeAt(0.3, 3);
    const Outcome outcome = searched(curve, Levels::All);
    QCOMPARE(outcome.evaluations, kLevelCount);
    QCOMPARE(outcome.largest, largestWithin(curve, kAllowed));
}

void TestKneeSearch::stopsWhereNothingCanBeMeasured() {
    const double never = std::numeric_limits<double>::infinity();
    const Drops curve = curveOf([=](double s) { return s > 0.62 ? never : 0; });
    const Outcome outcome = searched(curve);
    QCOMPARE(outcome.largest, 11);
    QVERIFY(outcome.evaluations <= 7);
    QCOMPARE(searched(curveOf([=](double) { return never; })).largest, std::nullopt);
}

void TestKneeSearch::notANumberExceeds() {
    const Drops curve = curveOf([](double s) { return s > 0.47 ? NAN : 0; });
    QCOMPARE(searched(curve).largest, 8);
}

QTEST_APPLESS_MAIN(TestKneeSearch)
#include "tst_knee_search.moc"
