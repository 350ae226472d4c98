// SPDX-License-Identifier: GPL-3.0-or-later
// The picture of a run before it starts, against the schedules' formulas.
#include <QTest>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/train/timeline.h"

using namespace espalier;
using train::Recipe;
using train::Timeline;
using train::timelineOf;
using train::TimelinePoint;

namespace {

constexpr double kTolerance = 1e-12;

Recipe recipeOf(const char* schedule, const char* scheduler) {
    Recipe recipe;
    recipe.epochs = 4;
    recipe.optimizer.lr = 0.5;
    recipe.schedule.name = schedule;
    recipe.scheduler.name = scheduler;
    return recipe;
}

const TimelinePoint& at(const Timeline& timeline, std::int64_t step) {
    return *std::ranges::find(timeline.points, step, &TimelinePoint::step);
}

}  // namespace

class TestTrainTimeline : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void oneShotHasAllRemovedFromTheStart() {
        const Timeline timeline = timelineOf(recipeOf("one_shot", "cosine"), 10, 0.9);
        QCOMPARE(timeline.steps, 40);
        QCOMPARE(timeline.points.size(), std::size_t(40));
        QVERIFY(timeline.rounds.empty());
        for (const TimelinePoint& point : timeline.points) {
            QCOMPARE(point.removed, 1.0);
            const double cosine =
                0.25 * (1 + std::cos(std::numbers::pi * static_cast<double>(point.step) / 40));
            QVERIFY(std::abs(point.lr - cosine) < kTolerance);
        }
    }

    void agpFollowsTheCubicCurve() {
        Recipe recipe = recipeOf("agp", "constant");
        recipe.schedule.begin = 0.25;
        recipe.schedule.end = 0.75;
        const Timeline timeline = timelineOf(recipe, 10, 0.9);
        QCOMPARE(at(timeline, 9).removed, 0.0);
        QCOMPARE(at(timeline, 30).removed, 1.0);
        const double t = (19.0 / 40 - 0.25) / 0.5;
        QVERIFY(std::abs(at(timeline, 19).removed - (1 - std::pow(1 - t, 3))) < kTolerance);
        QCOMPARE(at(timeline, 19).lr, 0.5);
    }

    // Half of what is left goes in each round: 1/2, 3/4, 7/8 of the weights, of 7/8 in the end.
    void roundsTakeTheSameShareOfWhatIsLeft() {
        Recipe recipe = recipeOf("iterative", "cosine");
        recipe.schedule.rounds = 3;
        recipe.schedule.epochsPerRound = 2;
        recipe.schedule.roundLr = 0.1;
        const Timeline timeline = timelineOf(recipe, 7, 7.0 / 8);
        QCOMPARE(timeline.steps, 42);
        QCOMPARE(timeline.rounds, (std::vector<std::int64_t>{0, 14, 28}));
        const auto isNear = [](double a, double b) { return std::abs(a - b) < kTolerance; };
        QVERIFY(isNear(at(timeline, 0).removed, 4.0 / 7));
        QVERIFY(isNear(at(timeline, 13).removed, 4.0 / 7));
        QVERIFY(isNear(at(timeline, 14).removed, 6.0 / 7));
        QCOMPARE(at(timeline, 28).removed, 1.0);
        // Each round's cosine starts anew, a tenth as high in all but the last.
        QVERIFY(isNear(at(timeline, 0).lr, 0.05));
        QVERIFY(isNear(at(timeline, 21).lr, 0.025));
        QVERIFY(isNear(at(timeline, 28).lr, 0.5));
    }

    void aLongRunIsThinnedAndKeepsItsEdges() {
        Recipe recipe = recipeOf("lottery", "constant");
        recipe.schedule.rounds = 7;
        recipe.schedule.epochsPerRound = 3;
        const Timeline timeline = timelineOf(recipe, 9973, 0.8);
        QVERIFY(timeline.points.size() <= 520);
        QCOMPARE(timeline.points.back().step, timeline.steps - 1);
        for (const std::int64_t start : timeline.rounds) {
            if (start == 0) continue;
            QVERIFY(at(timeline, start).removed > at(timeline, start - 1).removed);
            QCOMPARE(at(timeline, start).lr, 0.5);  // lottery has no lower rate between rounds
        }
        QVERIFY(std::ranges::is_sorted(timeline.points, std::less_equal<>(), &TimelinePoint::step));
    }

    void warmUpRisesInEachRound() {
        Recipe recipe = recipeOf("iterative", "constant");
        recipe.schedule.rounds = 2;
        recipe.schedule.epochsPerRound = 1;
        recipe.scheduler.warmupSteps = 4;
        const Timeline timeline = timelineOf(recipe, 10, 0.9);
        for (const std::int64_t start : {0, 10}) {
            QVERIFY(std::abs(at(timeline, start).lr - 0.5 / 5) < kTolerance);
            QCOMPARE(at(timeline, start + 4).lr, 0.5);
        }
    }

    // New batch-norm statistics alone.
    void noEpochsAreNoTimeline() {
        Recipe recipe = recipeOf("one_shot", "cosine");
        recipe.epochs = 0;
        recipe.batchNormBatches = 8;
        QVERIFY(train::check(recipe).ok());
        QVERIFY(timelineOf(recipe, 10, 0.5).points.empty());
    }

    void oneStepIsATimelineToo() {
        Recipe recipe = recipeOf("one_shot", "cosine");
        recipe.epochs = 1;
        QCOMPARE(timelineOf(recipe, 1, 0).points, (std::vector<TimelinePoint>{{0, 0.5, 1}}));
    }
};

QTEST_GUILESS_MAIN(TestTrainTimeline)
#include "tst_train_timeline.moc"
