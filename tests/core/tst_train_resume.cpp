// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that are interrupted and go on: checkpoints, and memory that does not suffice.
#include <QTemporaryDir>
#include <QTest>

#include <c10/util/Exception.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "core/base/log.h"
#include "core/exchange/checkpoint_file.h"
#include "core/measure/runtime.h"
#include "core/train/fine_tune.h"
#include "core/train/run_meter.h"
#include "core/train/run_state_torch.h"
#include "core/train/training_step_torch.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;
using train::Checkpoint;
using train::CheckpointPtr;
using train::Recipe;
using train::TrainSample;

namespace {

constexpr int kEpochs = 4;  // of three steps each

Recipe recipeOf(const std::string& optimizer, const std::string& scheduler) {
    Recipe recipe{.epochs = kEpochs, .batchSize = 32, .device = "cpu"};
    recipe.optimizer.name = optimizer;
    recipe.optimizer.lr = 0.05;
    recipe.scheduler.name = scheduler;
    recipe.scheduler.patience = 0;
    return recipe;
}

model::SnapshotPtr withDropout() {
    at::manual_seed(5);
    return snapshotOf(
        toyModule({{"w", at::randn({3, 6})}, {"b", at::zeros({3})}},
                  "return torch.linear(torch.dropout(torch.flatten(x, 1), 0.4, self.training), "
                  "self.w, self.b)"),
        {1, 1, 1, 6});
}

at::Tensor weightOf(const model::SnapshotPtr& snapshot) {
    return snapshot->state().module.attr("w").toTensor().detach();
}

/// What a metrics file would hold, without the time.
std::vector<std::vector<double>> table(const std::vector<TrainSample>& samples) {
    std::vector<std::vector<double>> rows;
    for (const TrainSample& s : samples) {
        std::vector<double> row{double(s.step), double(s.epoch), s.loss, s.valLoss, s.top1,
                                s.lr,           s.sparsity,      s.score};
        for (double& value : row) value = std::isnan(value) ? -1 : value;
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

class TestTrainResume : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { measure::setUpTorchThread(1); }
    void goesOnWhereItWas_data();
    void goesOnWhereItWas();
    void stoppedInTheMiddleOfAnEpoch();
    void keepsWithinLongEpochs();
    void pausedForLong();
    void filesGiveBackWhatWasWritten();
    void whatIsAnotherRunIsRefused();
    void aCheckpointThatCannotBeKeptIsTold();
    void halvesGiveTheSameGradient_data();
    void halvesGiveTheSameGradient();
    void memoryThatNeverSuffices();
    void tellsFigures();

private:
    Result<train::TrainResult> run(const Recipe& recipe, const train::RunLife& life = {}) {
        RunControl control;
        return train::fineTune(*m_snapshot, m_masks, m_data, recipe, m_events, control, life);
    }
    /// The checkpoints of a whole run.
    std::vector<CheckpointPtr> checkpointsOf(const Recipe& recipe) {
        std::vector<CheckpointPtr> kept;
        const auto result = run(recipe, keepingIn(kept));
        return result ? kept : std::vector<CheckpointPtr>();
    }
    static train::RunLife keepingIn(std::vector<CheckpointPtr>& kept) {
        return {[&kept](const Checkpoint& checkpoint) -> Result<void> {
                    kept.push_back(std::make_shared<const Checkpoint>(checkpoint));
                    return {};
                },
                {}};
    }

    const ToyData m_data = blobData();
    const model::SnapshotPtr m_snapshot = withDropout();
    const prune::MasksPtr m_masks =
        masksOf(*m_snapshot, {{"w", at::arange(18).reshape({3, 6}).remainder(3) != 0}});
    EventSink<TrainSample> m_events;
};

void TestTrainResume::goesOnWhereItWas_data() {
    QTest::addColumn<QString>("optimizer");
    QTest::addColumn<QString>("scheduler");
    for (const char* optimizer : {"sgd", "adam", "adamw"}) {
        for (const char* scheduler : {"cosine", "plateau", "step"})
            QTest::addRow("%s %s", optimizer, scheduler) << optimizer << scheduler;
    }
}

void TestTrainResume::goesOnWhereItWas() {
    QFETCH(QString, optimizer);
    QFETCH(QString, scheduler);
    const Recipe recipe = recipeOf(optimizer.toStdString(), scheduler.toStdString());
    const auto whole = run(recipe);
    QVERIFY2(whole.ok(), whole.ok() ? "" : whole.error().text().c_str());
    const auto kept = checkpointsOf(recipe);
    QCOMPARE(kept.size(), std::size_t{kEpochs});
    for (int i = 0; i < kEpochs; ++i) {
        const CheckpointPtr& checkpoint = kept[static_cast<std::size_t>(i)];
        QCOMPARE(checkpoint->epochs, i + 1);
        const auto resumed = run(recipe, {{}, checkpoint});
        QVERIFY2(resumed.ok(), resumed.ok() ? "" : resumed.error().text().c_str());
        QCOMPARE(table(resumed->samples), table(whole->samples));
        QVERIFY(weightOf(resumed->best).equal(weightOf(whole->best)));
        QCOMPARE(resumed->bestEpoch, whole->bestEpoch);
        QCOMPARE(resumed->epochs, kEpochs);
        QCOMPARE(resumed->before.score, whole->before.score);
        QCOMPARE(resumed->before.classes, whole->before.classes);
        QCOMPARE(resumed->after.loss, whole->after.loss);
    }
}

void TestTrainResume::stoppedInTheMiddleOfAnEpoch() {
    const Recipe recipe = recipeOf("adam", "plateau");
    const auto whole = run(recipe);
    for (const int step : {1, 5, 6}) {  // three a epoch: 6 is the last of the second
        RunControl control;
        std::vector<CheckpointPtr> kept;
        EventSink<TrainSample> events;
        events.onPartial = [&](const TrainSample& sample) {
            if (sample.step == step) control.requestStop();
        };
        const auto stopped =
            train::fineTune(*m_snapshot, m_masks, m_data, recipe, events, control, keepingIn(kept));
        QVERIFY(stopped.ok() && stopped->stopped);
        const auto resumed = run(recipe, {{}, kept.back()});
        QVERIFY2(resumed.ok(), resumed.ok() ? "" : resumed.error().text().c_str());
        QCOMPARE(table(resumed->samples), table(whole->samples));
        QVERIFY(weightOf(resumed->best).equal(weightOf(whole->best)));
    }
}

void TestTrainResume::keepsWithinLongEpochs() {
    const Recipe recipe = recipeOf("adam", "plateau");
    const auto whole = run(recipe);
    std::vector<CheckpointPtr> kept;
    train::RunLife life = keepingIn(kept);
    life.keepEvery = {};
    QVERIFY(run(recipe, life).ok());
    std::erase_if(kept, [](const CheckpointPtr& checkpoint) {  // those at the end of an epoch
        return !std::isnan(checkpoint->samples.back().valLoss);
    });
    QVERIFY(!kept.empty());  // not before each step: keeping takes a twentieth of the time at most
    for (const CheckpointPtr& within : kept) {
        const auto resumed = run(recipe, {{}, within});
        QVERIFY2(resumed.ok(), resumed.ok() ? "" : resumed.error().text().c_str());
        QCOMPARE(table(resumed->samples), table(whole->samples));
        QVERIFY(weightOf(resumed->best).equal(weightOf(whole->best)));
    }
    kept.clear();
    QVERIFY(run(recipe, keepingIn(kept)).ok());
    QCOMPARE(kept.size(), std::size_t{kEpochs});  // which are short
}

void TestTrainResume::pausedForLong() {
    RunControl control;
    std::vector<int> keptAt;
    EventSink<TrainSample> events;
    events.onPartial = [&](const TrainSample& sample) {
        if (sample.step == 4 && std::isnan(sample.valLoss)) control.setPaused(true);
    };
    train::RunLife life;
    life.keep = [&](const Checkpoint& checkpoint) -> Result<void> {
        keptAt.push_back(static_cast<int>(checkpoint.samples.back().step));
        control.setPaused(false);  // as soon as it is safe
        return {};
    };
    const Recipe recipe = recipeOf("sgd", "cosine");
    const auto result =
        train::fineTune(*m_snapshot, m_masks, m_data, recipe, events, control, life);
    QVERIFY(result.ok());
    QCOMPARE(keptAt, std::vector<int>({3, 4, 6, 9, 12}));
    QCOMPARE(table(result->samples), table(run(recipe)->samples));
}

void TestTrainResume::filesGiveBackWhatWasWritten() {
    QTemporaryDir folder;
    const auto file = exchange::checkpointIn(folder.path().toStdString());
    const Recipe recipe = recipeOf("adamw", "plateau");
    const auto kept = checkpointsOf(recipe);
    for (const CheckpointPtr& checkpoint : kept) {
        const auto written = exchange::writeCheckpoint(*checkpoint, "where it is from", file);
        QVERIFY2(written.ok(), written.ok() ? "" : written.error().text().c_str());
    }
    const auto about = exchange::readCheckpointAbout(file);
    QVERIFY2(about.ok(), about.ok() ? "" : about.error().text().c_str());
    QCOMPARE(about->source, std::string("where it is from"));
    QVERIFY(about->recipe == recipe);
    QCOMPARE(about->epochs, kEpochs);
    QVERIFY(about->identity == kept.back()->identity);
    QVERIFY(exchange::writeCheckpoint(*kept[1], "", file).ok());
    const auto read = exchange::readCheckpoint(file);
    QVERIFY2(read.ok(), read.ok() ? "" : read.error().text().c_str());
    QCOMPARE(table(read->checkpoint->samples), table(kept[1]->samples));
    QCOMPARE(read->checkpoint->state->values().size(), kept[1]->state->values().size());
    const auto resumed = run(recipe, {{}, read->checkpoint});
    QVERIFY2(resumed.ok(), resumed.ok() ? "" : resumed.error().text().c_str());
    QCOMPARE(table(resumed->samples), table(run(recipe)->samples));
}

void TestTrainResume::whatIsAnotherRunIsRefused() {
    const Recipe recipe = recipeOf("sgd", "cosine");
    const CheckpointPtr kept = checkpointsOf(recipe).at(1);
    RunControl control;
    const auto refusal = [&](const model::SnapshotPtr& snapshot, const prune::MasksPtr& masks,
                             const data::Dataset& data, const Recipe& other) {
        const auto result =
            train::fineTune(*snapshot, masks, data, other, m_events, control, {{}, kept});
        return result ? std::string() : result.error().text();
    };
    const auto says = [](const std::string& text, const char* word) {
        return text.find(word) != std::string::npos;
    };
    Recipe longer = recipe;
    longer.epochs = 9;
    QVERIFY(says(refusal(m_snapshot, m_masks, m_data, longer), "another recipe"));
    QVERIFY(says(refusal(m_snapshot, nullptr, m_data, recipe), "another plan"));
    const ToyData::Part part = blobs(90, 6, 3, 7);
    QVERIFY(says(refusal(m_snapshot, m_masks, ToyData(part, part, part, 3), recipe),
                 "another dataset"));
    const auto other = linearModel(at::ones({3, 6}), at::zeros({3}));
    QVERIFY(says(refusal(other, nullptr, m_data, recipe), "another model"));
    Recipe elsewhere = recipe;
    elsewhere.halveBatchToFit = false;
    QCOMPARE(refusal(m_snapshot, m_masks, m_data, elsewhere), std::string());

    auto lacking = std::make_shared<Checkpoint>(*kept);
    lacking->state = std::make_shared<const train::RunState>();
    const auto result = run(recipe, {{}, lacking});
    QVERIFY(!result.ok());
    QCOMPARE(result.error().kind, Error::Kind::Damaged);
}

void TestTrainResume::aCheckpointThatCannotBeKeptIsTold() {
    std::vector<std::string> warnings;
    setLogListener([&](LogLevel level, const std::string& text) {
        if (level == LogLevel::Warning) warnings.push_back(text);
    });
    int calls = 0;
    train::RunLife life;
    life.keep = [&](const Checkpoint&) -> Result<void> {
        if (++calls == 1) return {};
        return Error{Error::Kind::WriteFailed, "Cannot write it", "the disk is full", {}};
    };
    const auto result = run(recipeOf("sgd", "cosine"), life);
    setLogListener({});
    QVERIFY(result.ok());
    QCOMPARE(result->epochs, kEpochs);
    QCOMPARE(warnings.size(), std::size_t{1});
    QVERIFY2(warnings[0].find("the last checkpoint, after epoch 1, stays") != std::string::npos,
             warnings[0].c_str());
}

void TestTrainResume::halvesGiveTheSameGradient_data() {
    QTest::addColumn<int>("fits");
    QTest::addColumn<int>("parts");
    QTest::newRow("whole") << 10 << 1;
    QTest::newRow("half") << 5 << 2;
    QTest::newRow("third of four") << 3 << 4;  // 3 + 3 + 3 + 1
    QTest::newRow("one by one") << 1 << 16;
}

void TestTrainResume::halvesGiveTheSameGradient() {
    QFETCH(int, fits);
    const auto snapshot = linearModel(at::ones({3, 6}) * 0.1, at::zeros({3}));
    const ToyData::Part ten = blobs(10, 6, 3, 4);
    const data::Batch batch{{ten.inputs}, ten.targets};
    Recipe recipe = recipeOf("sgd", "constant");
    recipe.optimizer.momentum = 0;
    const auto stepOf = [&](int limit, double& loss) {
        const auto module = model::cloneModule(snapshot->state().module);
        measure::Loss limited = measure::crossEntropyLoss();
        limited.mean = [mean = limited.mean, limit](const at::Tensor& output,
                                                    const at::Tensor& targets) {
            if (output.size(0) > limit) TORCH_CHECK_WITH(OutOfMemoryError, false, "out of memory");
            return mean(output, targets);
        };
        train::TrainingStep step(module, {limited}, {}, recipe);
        const auto result = step.run(batch, 0.5);
        loss = result ? *result : NAN;
        return module.attr("w").toTensor().detach();
    };
    double whole = 0;
    double inParts = 0;
    const at::Tensor expected = stepOf(10, whole);
    const at::Tensor found = stepOf(fits, inParts);
    QVERIFY(!expected.equal(weightOf(snapshot)));
    QVERIFY(at::allclose(found, expected, 1e-6, 1e-7));
    QVERIFY(std::abs(inParts - whole) < 1e-6);

    QFETCH(int, parts);
    train::BatchParts halving(true);
    const auto loss = halving.run(batch, {}, [&](const data::Batch& part, double) {
        if (part.samples() > fits) TORCH_CHECK_WITH(OutOfMemoryError, false, "out of memory");
        return Result<double>(1.0);
    });
    QVERIFY(loss.ok());
    QCOMPARE(halving.parts(), std::int64_t{parts});
}

void TestTrainResume::memoryThatNeverSuffices() {
    const ToyData::Part ten = blobs(10, 6, 3, 4);
    const auto refuse = [](const data::Batch&, double) -> Result<double> {
        TORCH_CHECK_WITH(OutOfMemoryError, false, "out of memory");
        return 0.0;
    };
    train::BatchParts halving(true);
    const auto never = halving.run({{ten.inputs}, ten.targets}, {}, refuse);
    QVERIFY(!never.ok());
    QCOMPARE(never.error().kind, Error::Kind::Failed);
    QVERIFY(never.error().why.find("for 1 sample at once") != std::string::npos);
    train::BatchParts whole(false);
    const auto refused = whole.run({{ten.inputs}, ten.targets}, {}, refuse);
    QVERIFY(!refused.ok());
    QVERIFY(refused.error().why.find("for 10 samples at once") != std::string::npos);
    QVERIFY(refused.error().hint.find("halve_batch_to_fit") != std::string::npos);
    QCOMPARE(whole.parts(), std::int64_t{1});
}

void TestTrainResume::tellsFigures() {
    const auto result = run(recipeOf("sgd", "cosine"));
    QVERIFY(result.ok());
    QVERIFY(std::isnan(result->samples.front().figures.samplesPerSecond));
    const train::RunFigures& figures = result->samples.back().figures;
    QVERIFY(figures.samplesPerSecond > 0);
    QCOMPARE(figures.secondsLeft, 0.0);
    QVERIFY(figures.memoryBytes > 50'000'000);
    QCOMPARE(figures.deviceBytes, std::int64_t{0});
    QVERIFY(result->samples[2].figures.secondsLeft > 0);

    train::RunMeter meter;
    meter.stepDone(1, 1);
    QVERIFY(std::isnan(meter.figures().processorLoad));  // too early to say
    const auto start = std::chrono::steady_clock::now();
    double work = 0;
    while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(2'200)) work += 1;
    QVERIFY(work > 0);
    meter.stepDone(1, 1);
    const double oneCore = 1.0 / std::max(1u, std::thread::hardware_concurrency());
    QVERIFY(meter.figures().processorLoad > 0);
    QVERIFY2(meter.figures().processorLoad <= 1.1 * oneCore,
             std::to_string(meter.figures().processorLoad).c_str());
}

QTEST_GUILESS_MAIN(TestTrainResume)
#include "tst_train_resume.moc"
