// SPDX-License-Identifier: GPL-3.0-or-later
// When a plan's weights go: curves and rounds by hand, and runs that end early or go on later.
#include <QTest>

#include <algorithm>
#include <cmath>

#include "core/measure/runtime.h"
#include "core/train/fine_tune.h"
#include "core/train/pruner_torch.h"
#include "core/train/removal_curve.h"
#include "core/train/timetable.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;
using train::Recipe;
using train::ScheduleOptions;
using train::Timetable;
using train::TrainSample;

namespace {

Recipe recipeOf(const ScheduleOptions& schedule, int epochs = 4) {
    Recipe recipe{.epochs = epochs, .batchSize = 16, .device = "cpu"};
    recipe.optimizer = {.name = "sgd", .lr = 0.05, .momentum = 0.9, .weightDecay = 0};
    recipe.schedule = schedule;
    return recipe;
}

/// Half of the 18 weights go.
prune::Plan halfPlan() {
    prune::Plan plan;
    plan.weights["w"] = prune::WeightRule::sparsity(0.5);
    return plan;
}

at::Tensor weightOf(const model::SnapshotPtr& snapshot) {
    return snapshot->state().module.attr("w").toTensor().detach();
}

std::int64_t zerosIn(const model::SnapshotPtr& snapshot) {
    return weightOf(snapshot).eq(0).sum().item<std::int64_t>();
}

bool isNear(double a, double b) {
    return std::abs(a - b) < 1e-12;
}

}  // namespace

class TestTrainSchedules : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { measure::setUpTorchThread(1); }
    void init() {
        m_control = std::make_unique<RunControl>();
        m_events = {};
    }
    void curvesByHand();
    void roundsBeginWhereTheyShould();
    void stepsByHand();
    void roundsAreSeenFromTheirStart();
    void onlyWithThePlanInForceIsThereABest();
    void stoppingEarlyRemovesTheRest_data();
    void stoppingEarlyRemovesTheRest();
    void schedulesNeedThePlan();
    void withoutMasksNothingIsRemoved();
    void baseMasksNeverComeBack();
    void stateGoesOnWhereItWas_data();
    void stateGoesOnWhereItWas();

private:
    Result<train::TrainResult> run(const model::SnapshotPtr& snapshot, const Recipe& recipe,
                                   const prune::Plan& plan = halfPlan()) {
        RunControl control;
        const auto masks = prune::resolve(*snapshot, plan, nullptr, control);
        return train::fineTune(*snapshot, *masks, m_data, recipe, m_events, *m_control, {},
                               {.plan = std::make_shared<const prune::Plan>(plan)});
    }
    static model::SnapshotPtr dense() {
        at::manual_seed(5);
        return linearModel(at::randn({3, 6}), at::randn({3}));
    }

    const ToyData m_data = blobData();
    std::unique_ptr<RunControl> m_control;
    EventSink<TrainSample> m_events;
};

void TestTrainSchedules::curvesByHand() {
    QCOMPARE(train::removedShare({.name = "one_shot"}, 0, 0.9), 1.0);
    const ScheduleOptions rounds{.name = "iterative", .rounds = 2};
    // 1/2 of what is left goes twice: 0.5 of 0.75 first.
    QVERIFY(isNear(train::removedShare(rounds, 0, 0.75), 0.5 / 0.75));
    QVERIFY(isNear(train::removedShare(rounds, 0.49, 0.75), 0.5 / 0.75));
    QCOMPARE(train::removedShare(rounds, 0.5, 0.75), 1.0);
    QCOMPARE(train::removedShare(rounds, 0, 0), 0.5);
    QCOMPARE(train::removedShare(rounds, 0, 1), 1.0);
    const ScheduleOptions steps{.name = "agp", .begin = 0.2, .end = 0.6};
    QCOMPARE(train::removedShare(steps, 0.2, 0.9), 0.0);
    QVERIFY(isNear(train::removedShare(steps, 0.4, 0.9), 0.875));  // 1 - (1/2)^3
    QCOMPARE(train::removedShare(steps, 0.6, 0.9), 1.0);
    QCOMPARE(train::removedShare(steps, 1, 0.9), 1.0);
}

void TestTrainSchedules::roundsBeginWhereTheyShould() {
    for (int rounds = 1; rounds <= 60; ++rounds) {
        const ScheduleOptions options{.name = "lottery", .rounds = rounds, .epochsPerRound = 1};
        const Timetable table(recipeOf(options), 7);
        for (int r = 1; r <= rounds; ++r) {
            const double share = table.shareAt(table.stepsBefore(r), 0.75);
            QVERIFY(isNear(1 - 0.75 * share, std::pow(0.25, double(r) / rounds)));
        }
    }
}

void TestTrainSchedules::stepsByHand() {
    const ScheduleOptions options{.name = "agp", .everySteps = 3, .begin = 0.1, .end = 0.7};
    const Timetable table(recipeOf(options, 2), 10);  // 20 steps: from 2 to 14
    std::vector<std::int64_t> removals;
    for (std::int64_t step = 0; step <= 20; ++step) {
        if (table.removesAt(step)) removals.push_back(step);
    }
    QCOMPARE(removals, (std::vector<std::int64_t>{5, 8, 11, 14}));
    QVERIFY(!table.isReachedAt(13) && table.isReachedAt(14));
    const Timetable short_(recipeOf({.name = "movement", .everySteps = 100, .end = 1}, 1), 5);
    QVERIFY(short_.removesAt(5) && !short_.removesAt(4));  // at the end in any case
}

void TestTrainSchedules::roundsAreSeenFromTheirStart() {
    const ScheduleOptions options{
        .name = "iterative", .rounds = 3, .epochsPerRound = 2, .roundLr = 0.25};
    const Timetable table(recipeOf(options), 10);
    QCOMPARE(table.epochs(), 6);
    std::vector<int> rounds;
    for (int epoch = 0; epoch <= 6; ++epoch) rounds.push_back(table.roundOf(epoch));
    QCOMPARE(rounds, (std::vector<int>{1, 1, 1, 2, 2, 3, 3}));
    QVERIFY(table.beginsRound(1) && table.beginsRound(5) && !table.beginsRound(6));
    const train::Position position = table.inRound({3, 35, 60}, 2);
    QCOMPARE(position.epoch, 1);
    QCOMPARE(position.step, 15);
    QCOMPARE(position.totalSteps, 20);
    QCOMPARE(table.rateOf(2), 0.25);
    QCOMPARE(table.rateOf(3), 1.0);
}

void TestTrainSchedules::onlyWithThePlanInForceIsThereABest() {
    const auto result = run(dense(), recipeOf({.name = "agp", .everySteps = 1, .end = 0.9}, 5));
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QCOMPARE(result->bestEpoch, 5);
    QCOMPARE(zerosIn(result->best), 9);
    QCOMPARE(result->samples.front().sparsity, 0.0);
    QCOMPARE(result->samples.back().sparsity, 0.5);
    QVERIFY(result->best->state().baseMasks[0].equal(weightOf(result->best).ne(0)));
    QCOMPARE(result->masks->removed(), 9);
}

void TestTrainSchedules::stoppingEarlyRemovesTheRest_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("atStep");
    for (const char* name : {"iterative", "agp", "lottery", "movement"}) {
        for (const int step : {1, 7, 40})
            QTest::addRow("%s at %d", name, step) << QString(name) << step;
    }
}

void TestTrainSchedules::stoppingEarlyRemovesTheRest() {
    QFETCH(QString, name);
    QFETCH(int, atStep);
    m_events.onPartial = [&](const TrainSample& sample) {
        if (sample.step == atStep) m_control->requestStop();
    };
    const auto result = run(dense(), recipeOf({.name = name.toStdString(),
                                               .rounds = 4,
                                               .epochsPerRound = 2,
                                               .everySteps = 2,
                                               .end = 1},
                                              8));
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QVERIFY(result->stopped);
    QCOMPARE(zerosIn(result->best), 9);
    RunControl control;
    const auto measured =
        measure::evaluate(*result->best, nullptr, m_data, {.device = "cpu"}, {}, control);
    QVERIFY(isNear(measured->loss, result->after.loss));
}

void TestTrainSchedules::schedulesNeedThePlan() {
    const auto snapshot = dense();
    const auto masks = prune::resolve(*snapshot, halfPlan(), nullptr, *m_control);
    const auto result =
        train::fineTune(*snapshot, *masks, m_data, recipeOf({.name = "agp"}), {}, *m_control);
    QVERIFY(!result.ok());
    QVERIFY(result.error().text().find("no plan to choose anew by") != std::string::npos);
}

void TestTrainSchedules::withoutMasksNothingIsRemoved() {
    const auto snapshot = dense();
    const auto result =
        train::fineTune(*snapshot, nullptr, m_data, recipeOf({.name = "agp"}), {}, *m_control);
    QVERIFY(result.ok());
    QCOMPARE(zerosIn(result->best), 0);
}

void TestTrainSchedules::baseMasksNeverComeBack() {
    at::manual_seed(5);
    const at::Tensor kept = at::rand({3, 6}) > 0.2;
    for (const char* name : {"iterative", "agp", "lottery", "movement"}) {
        model::SnapshotState state =
            linearModel(at::randn({3, 6}) * kept.to(at::kFloat), at::zeros({3}))->state();
        state.baseMasks[0] = kept;
        const auto snapshot =
            std::make_shared<const model::Snapshot>(std::make_shared<model::SnapshotState>(state));
        const auto result =
            run(snapshot,
                recipeOf(
                    {.name = name, .rounds = 3, .epochsPerRound = 1, .everySteps = 2, .end = 0.8}));
        QVERIFY(result.ok());
        QCOMPARE(zerosIn(result->best), 9);
        QVERIFY(weightOf(result->best).masked_select(kept.logical_not()).eq(0).all().item<bool>());
    }
}

void TestTrainSchedules::stateGoesOnWhereItWas_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"one_shot", "iterative", "agp", "lottery", "movement"})
        QTest::newRow(name) << QString(name);
}

void TestTrainSchedules::stateGoesOnWhereItWas() {
    QFETCH(QString, name);
    const auto snapshot = dense();
    const prune::Plan plan = halfPlan();
    const Recipe recipe = recipeOf({.name = name.toStdString(), .rounds = 2, .everySteps = 2});
    const auto masks = prune::resolve(*snapshot, plan, nullptr, *m_control);
    const train::StagedPlan staged(*snapshot, plan, *masks, {m_data, "cpu", {}});
    // Two runs that take the same steps; the second gets the first one's state half way.
    struct Half {
        torch::jit::Module module;
        train::TrainingStep step;
        train::Pruner pruner;
        Half(const model::Snapshot& snapshot, const train::StagedPlan& staged, const Recipe& recipe,
             RunControl& control)
            : module(model::cloneModule(snapshot.state().module)),
              step(module, {*measure::findLoss("cross_entropy", 0, c10::kCPU, control)}, {},
                   recipe),
              pruner(snapshot, &staged, recipe, {}) {
            pruner.attach(module, step, Timetable(recipe, 10));
        }
        at::Tensor weight() const { return module.attr("w").toTensor().detach(); }
    };
    const data::Batch batch = m_data.batch(data::Split::Train, std::vector<std::int64_t>{0, 1, 2});
    const auto go = [&](Half& half, std::int64_t from, std::int64_t to) {
        for (std::int64_t step = from; step < to; ++step) {
            QVERIFY(half.step.run(batch, 0.1).ok());
            QVERIFY(half.pruner.stepDone(step + 1, *m_control).ok());
        }
    };
    Half whole(*snapshot, staged, recipe, *m_control);
    QVERIFY(whole.pruner.beginRound(1, *m_control).ok());
    go(whole, 0, 7);
    train::RunState state;
    whole.pruner.save(state);
    Half second(*snapshot, staged, recipe, *m_control);
    second.pruner.load(state);
    second.weight().copy_(whole.weight());
    second.module.attr("b").toTensor().detach().copy_(whole.module.attr("b").toTensor());
    // The optimizers' memory is not the pruner's: both start anew.
    whole.step.resetOptimizer();
    second.step.resetOptimizer();
    QCOMPARE(second.pruner.isInForce(), whole.pruner.isInForce());
    go(whole, 7, 30);
    go(second, 7, 30);
    QVERIFY(second.weight().equal(whole.weight()));
    QVERIFY(second.weight().eq(0).any().item<bool>());
}

QTEST_GUILESS_MAIN(TestTrainSchedules)
#include "tst_train_schedules.moc"
