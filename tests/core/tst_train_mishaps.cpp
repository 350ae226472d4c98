// SPDX-License-Identifier: GPL-3.0-or-later
// What goes wrong while a model trains: what was gained before stays.
#include <QTest>

#include <atomic>
#include <functional>

#include "core/measure/runtime.h"
#include "core/train/broken_off.h"
#include "core/train/fine_tune.h"
#include "core/train/run_state_torch.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;
using train::Checkpoint;
using train::CheckpointPtr;
using train::Recipe;
using train::TrainSample;

namespace {

constexpr int kEpochs = 4;
constexpr int kSteps = 3;  // in each

Recipe recipeOf(const ToyData& data) {
    Recipe recipe{.epochs = kEpochs, .batchSize = 32, .device = "cpu"};
    recipe.optimizer = {.name = "sgd", .lr = 0.05};
    recipe.validation = data.spec().validation;
    return recipe;
}

model::SnapshotPtr modelOf(const std::string& body) {
    at::manual_seed(5);
    return snapshotOf(toyModule({{"w", at::randn({3, 6})}, {"b", at::zeros({3})}}, body,
                                {{"mean", at::zeros({6})}, {"var", at::ones({6})}}),
                      {1, 1, 1, 6});
}

const char* const kLinear = "return torch.linear(torch.flatten(x, 1), self.w, self.b)";
const char* const kNormed =
    "return torch.linear(torch.batch_norm(torch.flatten(x, 1), None, None, self.mean, self.var, "
    "self.training, 0.1, 1e-5, False), self.w, self.b)";
// As LibTorch says it from inside a model's code: the kind of the exception is lost there.
const char* const kTooLarge =
    "assert not self.training or x.size(0) <= 10, 'CUDA out of memory. Tried to allocate 20 MiB'\n"
    "    return torch.linear(torch.flatten(x, 1), self.w, self.b)";

at::Tensor weightOf(const model::SnapshotPtr& snapshot) {
    return snapshot->state().module.attr("w").toTensor().detach();
}

/// Toys of which one batch, the `spoiled`-th of training, is as `spoil` makes it.
class SpoiledData final : public data::Dataset {
public:
    using Spoil = std::function<data::Batch(data::Batch)>;
    SpoiledData(const ToyData& data, int spoiled, Spoil spoil)
        : m_data(data), m_left(spoiled), m_spoil(std::move(spoil)) {}
    const data::DatasetInfo& info() const override { return m_data.info(); }
    const data::DataSpec& spec() const override { return m_data.spec(); }
    data::Batch batch(data::Split split, std::span<const std::int64_t> indices) const override {
        const bool isStep = split == data::Split::Train && indices.size() > 2;
        const bool isSpoiled = isStep && --m_left == 0;
        return isSpoiled ? m_spoil(m_data.batch(split, indices)) : m_data.batch(split, indices);
    }
    data::DatasetPtr withValidation(double) const override { return nullptr; }

private:
    ToyData m_data;
    mutable int m_left;
    Spoil m_spoil;
};

data::Batch lost(data::Batch) {
    throw std::runtime_error("CUDA error: device was lost");
}

data::Batch exploded(data::Batch batch) {
    batch.inputs[0] = batch.inputs[0] * std::numeric_limits<float>::infinity();
    return batch;
}

/// A run whose last checkpoint stays at hand.
struct KeptRun {
    model::SnapshotPtr snapshot;
    prune::MasksPtr masks;
    Recipe recipe;
    prune::PlanPtr plan;
    CheckpointPtr kept{};
    std::function<void()> afterKeeping = [] {};

    Result<train::TrainResult> go(const data::Dataset& data, RunControl& control,
                                  const EventSink<TrainSample>& events = {},
                                  const CheckpointPtr& from = nullptr) {
        train::RunLife life;
        life.keep = [this](const Checkpoint& checkpoint) -> Result<void> {
            kept = std::make_shared<const Checkpoint>(checkpoint);
            afterKeeping();
            return {};
        };
        life.resumed = from;
        return train::fineTune(*snapshot, masks, data, recipe, events, control, life,
                               {.plan = plan});
    }
};

/// Toys during whose validation after the first epoch somebody pauses the run.
class PausingData final : public data::Dataset {
public:
    PausingData(const ToyData& data, RunControl& control) : m_data(data), m_control(control) {}
    const data::DatasetInfo& info() const override { return m_data.info(); }
    const data::DataSpec& spec() const override { return m_data.spec(); }
    data::Batch batch(data::Split split, std::span<const std::int64_t> indices) const override {
        if (split == data::Split::Train && indices.size() > 2) ++m_steps;
        const bool isNow = split == data::Split::Validation && m_steps >= kSteps;
        if (isNow && !m_hasPaused.exchange(true)) m_control.setPaused(true);
        return m_data.batch(split, indices);
    }
    data::DatasetPtr withValidation(double) const override { return nullptr; }

private:
    ToyData m_data;
    mutable std::atomic<int> m_steps{0};  // batches are read ahead by another thread
    mutable std::atomic<bool> m_hasPaused{false};
    RunControl& m_control;
};

}  // namespace

class TestTrainMishaps : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { measure::setUpTorchThread(1); }
    void whatWentWrongKeepsTheBest_data();
    void whatWentWrongKeepsTheBest();
    void beforeTheFirstEpochThereIsNothingToKeep();
    void beforeThePlanIsInForceTheLastEpochIsKept_data();
    void beforeThePlanIsInForceTheLastEpochIsKept();
    void aLossThatGrowsWithoutEndEndsTheRun();
    void statisticsThatFailKeepTheTrainedWeights();
    void memoryThatTheModelsCodeLacks();
    void stoppedWhileARoundBegins();
    void pausedWhileItValidates();

private:
    Result<train::TrainResult> run(const model::SnapshotPtr& snapshot, const data::Dataset& data,
                                   const Recipe& recipe) {
        RunControl control;
        return train::fineTune(*snapshot, nullptr, data, recipe, {}, control);
    }

    const ToyData m_data = blobData();
};

void TestTrainMishaps::whatWentWrongKeepsTheBest_data() {
    QTest::addColumn<bool>("isLost");
    QTest::addColumn<QString>("word");
    QTest::newRow("the device is lost") << true << "device was lost";
    QTest::newRow("the loss explodes") << false << "no longer a finite number";
}

void TestTrainMishaps::whatWentWrongKeepsTheBest() {
    QFETCH(bool, isLost);
    QFETCH(QString, word);
    const model::SnapshotPtr snapshot = modelOf(kLinear);
    const prune::MasksPtr masks =
        masksOf(*snapshot, {{"w", at::arange(18).reshape({3, 6}).remainder(3) != 0}});
    const Recipe recipe = recipeOf(m_data);
    const SpoiledData data(m_data, 2 * kSteps + 2, isLost ? lost : exploded);
    std::vector<int> keptAfter;
    train::RunLife life;
    life.keep = [&](const Checkpoint& checkpoint) -> Result<void> {
        keptAfter.push_back(checkpoint.epochs);
        return {};
    };
    RunControl control;
    const auto result = train::fineTune(*snapshot, masks, data, recipe, {}, control, life);
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QVERIFY(result->interruption.has_value());
    QVERIFY2(result->interruption->text().find(word.toStdString()) != std::string::npos,
             result->interruption->text().c_str());
    QCOMPARE(result->epochs, 2);
    QCOMPARE(keptAfter.back(), 2);
    Recipe two = recipe;  // a constant rate: two epochs are the first two of four
    two.epochs = 2;
    two.scheduler.name = "constant";
    Recipe four = recipe;
    four.scheduler.name = "constant";
    const SpoiledData again(m_data, 2 * kSteps + 2, isLost ? lost : exploded);
    const auto broken = train::fineTune(*snapshot, masks, again, four, {}, control);
    const auto expected = train::fineTune(*snapshot, masks, m_data, two, {}, control);
    QVERIFY(broken.ok() && expected.ok());
    QVERIFY(weightOf(broken->best).equal(weightOf(expected->best)));
    QCOMPARE(broken->best->baseRemoved(model::LayerId{0}), std::int64_t{6});
}

void TestTrainMishaps::beforeTheFirstEpochThereIsNothingToKeep() {
    for (const bool isLost : {true, false}) {
        const SpoiledData data(m_data, 2, isLost ? lost : exploded);
        const auto result = run(modelOf(kLinear), data, recipeOf(m_data));
        QVERIFY(!result.ok());
        QVERIFY(result.error().text().find(isLost ? "device was lost" : "finite") !=
                std::string::npos);
    }
}

void TestTrainMishaps::beforeThePlanIsInForceTheLastEpochIsKept_data() {
    QTest::addColumn<QString>("schedule");
    QTest::addColumn<bool>("isLost");
    QTest::addColumn<bool>("isResumed");
    for (const char* schedule : {"agp", "movement", "iterative", "lottery"}) {
        for (const bool isLost : {false, true}) {
            const char* what = isLost ? "lost" : "exploded";
            QTest::addRow("%s, %s", schedule, what) << QString(schedule) << isLost << false;
            QTest::addRow("%s, %s, resumed", schedule, what) << QString(schedule) << isLost << true;
        }
    }
}

void TestTrainMishaps::beforeThePlanIsInForceTheLastEpochIsKept() {
    QFETCH(QString, schedule);
    QFETCH(bool, isLost);
    QFETCH(bool, isResumed);
    const model::SnapshotPtr snapshot = modelOf(kLinear);
    auto plan = std::make_shared<prune::Plan>();
    plan->weights["w"] = prune::WeightRule::sparsity(0.5);
    RunControl free;
    const auto masks = prune::resolve(*snapshot, *plan, nullptr, free);
    QVERIFY(masks.ok());
    Recipe recipe = recipeOf(m_data);
    recipe.scheduler.name = "constant";
    recipe.schedule = {.name = schedule.toStdString(),
                       .rounds = 4,
                       .epochsPerRound = 1,
                       .everySteps = 2,
                       .end = 1};
    KeptRun run{snapshot, *masks, recipe, plan};
    // What a person who stops it after two epochs is given.
    RunControl control;
    EventSink<TrainSample> events;
    events.onPartial = [&](const TrainSample& sample) {
        if (sample.epoch == 2 && !std::isnan(sample.valLoss)) control.requestStop();
    };
    const auto stopped = run.go(m_data, control, events);
    QVERIFY2(stopped.ok(), stopped.ok() ? "" : stopped.error().text().c_str());
    const SpoiledData data(m_data, isResumed ? 2 : 2 * kSteps + 2, isLost ? lost : exploded);
    const auto broken = run.go(data, free, {}, isResumed ? run.kept : nullptr);
    QVERIFY2(broken.ok(), broken.ok() ? "" : broken.error().text().c_str());
    QVERIFY(broken->interruption.has_value());
    QCOMPARE(train::isBrokenOff(*broken->interruption), isLost);
    QCOMPARE(broken->epochs, 2);
    QCOMPARE(broken->bestEpoch, 2);
    QVERIFY(weightOf(broken->best).equal(weightOf(stopped->best)));
    QCOMPARE(broken->best->baseRemoved(model::LayerId{0}), std::int64_t{9});
}

void TestTrainMishaps::aLossThatGrowsWithoutEndEndsTheRun() {
    Recipe recipe = recipeOf(m_data);
    recipe.optimizer = {.name = "adam", .lr = 1e10};
    const auto result = run(modelOf(kLinear), m_data, recipe);
    QVERIFY(!result.ok());
    QVERIFY2(result.error().text().find("has grown from") != std::string::npos,
             result.error().text().c_str());
    QVERIFY(result.error().text().find("tenth of the learning rate") != std::string::npos);
}

void TestTrainMishaps::statisticsThatFailKeepTheTrainedWeights() {
    Recipe recipe = recipeOf(m_data);
    const model::SnapshotPtr snapshot = modelOf(kNormed);
    const auto trained = run(snapshot, m_data, recipe);
    QVERIFY2(trained.ok(), trained.ok() ? "" : trained.error().text().c_str());
    recipe.batchNormBatches = 2;
    const auto better = run(snapshot, m_data, recipe);
    QVERIFY(better.ok());
    const SpoiledData nan(m_data, kEpochs * kSteps + 2, exploded);
    const auto kept = run(snapshot, nan, recipe);
    QVERIFY2(kept.ok(), kept.ok() ? "" : kept.error().text().c_str());
    QVERIFY(!kept->hasNewStatistics);
    QVERIFY(weightOf(kept->best).equal(weightOf(trained->best)));
    const auto mean = [](const train::TrainResult& result) {
        return result.best->state().module.attr("mean").toTensor();
    };
    QVERIFY(mean(*kept).equal(mean(*trained)));
    const SpoiledData gone(m_data, kEpochs * kSteps + 2, lost);
    const auto interrupted = run(snapshot, gone, recipe);
    QVERIFY2(interrupted.ok(), interrupted.ok() ? "" : interrupted.error().text().c_str());
    QVERIFY(interrupted->interruption.has_value());
    QVERIFY(weightOf(interrupted->best).equal(weightOf(trained->best)));
    QVERIFY(mean(*interrupted).equal(mean(*trained)));
}

void TestTrainMishaps::memoryThatTheModelsCodeLacks() {
    Recipe recipe = recipeOf(m_data);
    const auto whole = run(modelOf(kLinear), m_data, recipe);
    const auto inParts = run(modelOf(kTooLarge), m_data, recipe);
    QVERIFY2(inParts.ok(), inParts.ok() ? "" : inParts.error().text().c_str());
    QVERIFY(at::allclose(weightOf(inParts->best), weightOf(whole->best), 1e-5, 1e-6));
    recipe.halveBatchToFit = false;
    const auto refused = run(modelOf(kTooLarge), m_data, recipe);
    QVERIFY(!refused.ok());
    QVERIFY2(refused.error().text().find("halve_batch_to_fit") != std::string::npos,
             refused.error().text().c_str());
}

void TestTrainMishaps::stoppedWhileARoundBegins() {
    const model::SnapshotPtr snapshot = modelOf(kLinear);
    auto plan = std::make_shared<prune::Plan>();
    plan->weights["w"] = prune::WeightRule::sparsity(0.5);
    RunControl free;
    const auto masks = prune::resolve(*snapshot, *plan, nullptr, free);
    QVERIFY(masks.ok());
    Recipe recipe = recipeOf(m_data);
    recipe.schedule = {.name = "iterative", .rounds = 2, .epochsPerRound = 2};
    KeptRun run{snapshot, *masks, recipe, plan};
    const auto whole = run.go(m_data, free);
    QVERIFY2(whole.ok(), whole.ok() ? "" : whole.error().text().c_str());
    RunControl control;
    EventSink<TrainSample> events;
    events.onPartial = [&](const TrainSample& sample) {
        if (sample.epoch == 2 && !std::isnan(sample.valLoss)) control.requestStop();
    };
    const auto stopped = run.go(m_data, control, events);
    QVERIFY2(stopped.ok(), stopped.ok() ? "" : stopped.error().text().c_str());
    QVERIFY(stopped->stopped);
    QCOMPARE(run.kept->epochs, 2);
    const auto resumed = run.go(m_data, free, {}, run.kept);
    QVERIFY2(resumed.ok(), resumed.ok() ? "" : resumed.error().text().c_str());
    QCOMPARE(resumed->epochs, 4);
    QVERIFY(weightOf(resumed->best).equal(weightOf(whole->best)));
}

void TestTrainMishaps::pausedWhileItValidates() {
    KeptRun run{modelOf(kLinear), nullptr, recipeOf(m_data), nullptr};
    RunControl free;
    const auto whole = run.go(m_data, free);
    QVERIFY2(whole.ok(), whole.ok() ? "" : whole.error().text().c_str());
    RunControl control;
    const PausingData data(m_data, control);
    int keptWhilePaused = 0;
    CheckpointPtr early;
    run.afterKeeping = [&] {
        if (!control.isPaused()) return;
        ++keptWhilePaused;
        early = run.kept;
        control.setPaused(false);
    };
    const auto paused = run.go(data, control);
    QVERIFY2(paused.ok(), paused.ok() ? "" : paused.error().text().c_str());
    QCOMPARE(keptWhilePaused, 1);
    QCOMPARE(early->epochs, 0);  // its first epoch is trained, and not yet judged
    QCOMPARE(early->state->get("loop.batches").toInt(), std::int64_t{kSteps});
    QVERIFY(weightOf(paused->best).equal(weightOf(whole->best)));
    run.afterKeeping = [] {};
    const auto resumed = run.go(m_data, free, {}, early);
    QVERIFY2(resumed.ok(), resumed.ok() ? "" : resumed.error().text().c_str());
    QVERIFY(weightOf(resumed->best).equal(weightOf(whole->best)));
}

QTEST_GUILESS_MAIN(TestTrainMishaps)
#include "tst_train_mishaps.moc"
