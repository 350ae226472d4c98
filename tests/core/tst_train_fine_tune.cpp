// SPDX-License-Identifier: GPL-3.0-or-later
// What a fine-tuning run does and gives back, on models small enough to follow.
#include <QTest>

#include <algorithm>
#include <cmath>

#include "core/measure/runtime.h"
#include "core/train/fine_tune.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;
using train::Recipe;
using train::TrainSample;

namespace {

/// Plain gradient descent, so that single steps can be computed by hand.
Recipe plain(int epochs, double lr) {
    Recipe recipe{.epochs = epochs, .batchSize = 32, .device = "cpu"};
    recipe.optimizer = {.name = "sgd", .lr = lr, .momentum = 0, .weightDecay = 0};
    recipe.scheduler.name = "constant";
    return recipe;
}

model::SnapshotPtr untrained() {
    at::manual_seed(5);
    return linearModel(at::randn({3, 6}) * 0.1, at::zeros({3}));
}

ToyData withoutSplit(data::Split split) {
    const ToyData whole = blobData();
    const auto part = [&](data::Split wanted) {
        const ToyData::Part all = blobs(30, 6, 3, 1);
        return wanted == split
                   ? ToyData::Part{all.inputs.slice(0, 0, 0), all.targets.slice(0, 0, 0)}
                   : all;
    };
    return {part(data::Split::Train), part(data::Split::Validation), part(data::Split::Test), 3};
}

at::Tensor weightOf(const model::SnapshotPtr& snapshot, const char* name = "w") {
    return snapshot->state().module.attr(name).toTensor().detach();
}

}  // namespace

class TestTrainFineTune : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { measure::setUpTorchThread(1); }
    void init() { m_control = std::make_unique<RunControl>(); }
    void oneStepByHand();
    void labelSmoothingByHand();
    void learns();
    void samplesTellTheWholeStory();
    void learningRateFollowsTheSchedule();
    void plateauDropsTheRate();
    void bestIsReallyTheBest();
    void beforeTrainingCanBeTheBest();
    void sameSeedSameNumbers();
    void dropoutIsSeeded();
    void batchNormTrains();
    void tiedWeightsTrainAsOne();
    void listedWeightsTrain();
    void leavesTheSnapshotAlone();
    void resultIsAtRest();
    void stoppingGivesTheBestSoFar();
    void stoppingInTheFirstEpochTellsWhatItWasWorth();
    void stoppingBeforeTheFirstValidation();
    void pausing();
    void explodingLossIsNamed();
    void brokenModelIsNamed();
    void modelsWithoutGradients_data();
    void modelsWithoutGradients();
    void refusesBadInput();
    void withoutLabelsThereIsNothingToLearn();
    void theMetricChoosesTheBest();
    void emptySplits();
    void heldOutShareIsTheRecipes();
    void tellsProgress();

private:
    Result<train::TrainResult> run(const model::SnapshotPtr& snapshot, const Recipe& recipe,
                                   const data::Dataset& dataset,
                                   const prune::MasksPtr& masks = nullptr) {
        return train::fineTune(*snapshot, masks, dataset, recipe, m_events, *m_control);
    }
    Result<train::TrainResult> run(const model::SnapshotPtr& snapshot, const Recipe& recipe) {
        return run(snapshot, recipe, m_data);
    }
    measure::Evaluation validate(const model::SnapshotPtr& snapshot) {
        RunControl control;
        return *measure::evaluate(*snapshot, nullptr, m_data, {.device = "cpu"}, {}, control);
    }

    const ToyData m_data = blobData();
    std::unique_ptr<RunControl> m_control;
    EventSink<TrainSample> m_events;
};

void TestTrainFineTune::oneStepByHand() {
    // Two samples (1, 0) of class 0 and (0, 2) of class 1, weights and biases zero: both softmaxes
    // are (1/2, 1/2), so dL/dz is (-1/4, 1/4) and (1/4, -1/4), dL/dw = [[-1/4, 1/2], [1/4, -1/2]],
    // dL/db = 0.
    const ToyData::Part two{at::tensor({1.f, 0.f, 0.f, 2.f}).reshape({2, 1, 1, 2}),
                            at::tensor({0L, 1L})};
    const ToyData dataset(two, two, two, 2);
    const auto result = run(linearModel(at::zeros({2, 2}), at::zeros({2})), plain(1, 0.1), dataset);
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    const at::Tensor expected = at::tensor({0.025f, -0.05f, -0.025f, 0.05f}).reshape({2, 2});
    QVERIFY(at::allclose(weightOf(result->best), expected, 1e-6, 1e-8));
    QVERIFY(at::allclose(weightOf(result->best, "b"), at::zeros({2}), 0, 1e-8));
    QVERIFY(std::abs(result->samples[1].loss - std::log(2.)) < 1e-6);
    QCOMPARE(result->before.top1, 0.5);  // both tie, the first class wins
    QCOMPARE(result->after.top1, 1.0);
    // z = (0.025, -0.025) and (-0.1, 0.1): losses ln(1 + e^-0.05), ln(1 + e^-0.2)
    QVERIFY(std::abs(result->after.loss -
                     (std::log1p(std::exp(-.05)) + std::log1p(std::exp(-.2))) / 2) < 1e-6);
}

void TestTrainFineTune::labelSmoothingByHand() {
    // One more sample of probability (0.7, 0.3) and target 0 smoothed by 0.2: 0.9 ln(1/0.7) + 0.1
    // ln(1/0.3).
    const at::Tensor scores = at::tensor({0.7, 0.3}).log().to(at::kFloat).reshape({1, 1, 1, 2});
    const ToyData::Part one{scores, at::zeros({1}, at::kLong)};
    const ToyData dataset(one, one, one, 2);
    Recipe recipe = plain(1, 0.1);
    recipe.labelSmoothing = 0.2;
    const auto result = run(linearModel(at::eye(2, at::kFloat), at::zeros({2})), recipe, dataset);
    QVERIFY(result.ok());
    QVERIFY(std::abs(result->samples[1].loss - (-0.9 * std::log(0.7) - 0.1 * std::log(0.3))) <
            1e-6);
    QVERIFY(std::abs(result->before.loss + std::log(0.7)) < 1e-6);  // validation is never smoothed
}

void TestTrainFineTune::learns() {
    for (const std::string& optimizer : train::optimizerNames()) {
        Recipe recipe{.epochs = 8, .batchSize = 16, .device = "cpu"};
        recipe.optimizer.name = optimizer;
        recipe.optimizer.lr = optimizer == "sgd" ? 0.05 : 0.02;
        const auto result = run(untrained(), recipe);
        QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
        QVERIFY2(result->after.top1 > 0.85, optimizer.c_str());
        QVERIFY(result->after.loss < 0.5 * result->before.loss);
        QVERIFY(!result->stopped);
        QCOMPARE(result->epochs, 8);
    }
}

void TestTrainFineTune::samplesTellTheWholeStory() {
    std::vector<TrainSample> published;
    m_events.onPartial = [&](const TrainSample& sample) { published.push_back(sample); };
    const auto result = run(untrained(), plain(2, 0.1));
    m_events = {};
    QVERIFY(result.ok());
    // 90 samples in batches of 32: three steps an epoch, and validation before and after each.
    QCOMPARE(result->samples.size(), std::size_t{1 + 2 * (3 + 1)});
    QCOMPARE(published.size(), result->samples.size());
    const std::vector<int> validations{0, 4, 8};
    double sum = 0;
    for (std::size_t i = 0; i < published.size(); ++i) {
        const TrainSample& sample = published[i];
        const bool isValidation = std::ranges::find(validations, int(i)) != validations.end();
        QCOMPARE(!std::isnan(sample.valLoss), isValidation);
        QCOMPARE(!std::isnan(sample.top1), isValidation);
        QCOMPARE(sample.epoch, i == 0 ? 0 : i <= 4 ? 1 : 2);
        QCOMPARE(sample.round, 0);
        QCOMPARE(sample.lr, 0.1);
        if (i > 0) QVERIFY(sample.seconds >= published[i - 1].seconds);
        if (i >= 1 && i <= 3) sum += sample.loss * (i == 3 ? 26 : 32);
    }
    const std::vector<std::int64_t> steps{0, 1, 2, 3, 3, 4, 5, 6, 6};
    for (std::size_t i = 0; i < steps.size(); ++i) QCOMPARE(published[i].step, steps[i]);
    QVERIFY(std::isnan(published[0].loss));
    QVERIFY(std::abs(published[4].loss - sum / 90) < 1e-12);
    QCOMPARE(published[0].valLoss, result->before.loss);
    QCOMPARE(published[8].top1, validate(result->best).top1);
}

void TestTrainFineTune::learningRateFollowsTheSchedule() {
    Recipe recipe = plain(3, 0.1);
    recipe.scheduler = {.name = "step", .stepEpochs = 1, .gamma = 0.5};
    const auto steps = run(untrained(), recipe);
    QVERIFY(steps.ok());
    recipe.scheduler.name = "cosine";
    const auto cosine = run(untrained(), recipe);
    QVERIFY(cosine.ok());
    int seen = 0;
    for (std::size_t i = 0; i < steps->samples.size(); ++i) {
        if (!std::isnan(steps->samples[i].valLoss)) continue;
        QCOMPARE(steps->samples[i].lr, 0.1 * std::pow(0.5, seen / 3));
        const double expected = 0.05 * (1 + std::cos(M_PI * seen / 9));
        QVERIFY(std::abs(cosine->samples[i].lr - expected) < 1e-12);
        ++seen;
    }
    QCOMPARE(seen, 9);
}

void TestTrainFineTune::plateauDropsTheRate() {
    Recipe recipe = plain(4, 1e-12);  // nothing changes, so nothing improves
    recipe.scheduler = {.name = "plateau", .patience = 1, .factor = 0.1};
    const auto result = run(untrained(), recipe);
    QVERIFY(result.ok());
    std::vector<double> rates;
    for (const TrainSample& sample : result->samples) {
        if (std::isnan(sample.valLoss) && sample.step % 3 == 1) rates.push_back(sample.lr);
    }
    QCOMPARE(rates.size(), std::size_t{4});
    QCOMPARE(rates[2], 1e-12);
    QVERIFY(std::abs(rates[3] - 1e-13) < 1e-20);
}

void TestTrainFineTune::bestIsReallyTheBest() {
    Recipe recipe = plain(12, 3);  // large steps: validation goes up and down
    recipe.batchSize = 8;
    const auto result = run(untrained(), recipe);
    QVERIFY(result.ok());
    double top1 = 0;
    double loss = 0;
    int epoch = -1;
    std::vector<double> seen;
    for (const TrainSample& sample : result->samples) {
        if (std::isnan(sample.top1)) continue;
        seen.push_back(sample.top1);
        if (sample.top1 < top1 || (sample.top1 == top1 && sample.valLoss >= loss && epoch >= 0))
            continue;
        top1 = sample.top1;
        loss = sample.valLoss;
        epoch = sample.epoch;
    }
    QVERIFY2(!std::ranges::is_sorted(seen),
             "choose a learning rate that makes this test say something");
    QVERIFY(epoch < 12);
    QCOMPARE(result->bestEpoch, epoch);
    QCOMPARE(result->after.top1, top1);
    QCOMPARE(result->after.loss, loss);
    const measure::Evaluation again = validate(result->best);
    QCOMPARE(again.top1, top1);
    QVERIFY(std::abs(again.loss - loss) < 1e-9);
}

void TestTrainFineTune::beforeTrainingCanBeTheBest() {
    const auto trained = run(untrained(), plain(20, 0.1));
    QVERIFY(trained.ok());
    Recipe harmful = plain(1, 100);
    const auto result = run(trained->best, harmful);
    QVERIFY(result.ok());
    QCOMPARE(result->bestEpoch, 0);
    QVERIFY(result->after == result->before);
    QVERIFY(weightOf(result->best).equal(weightOf(trained->best)));
}

void TestTrainFineTune::sameSeedSameNumbers() {
    Recipe recipe = plain(2, 0.1);
    recipe.optimizer.momentum = 0.9;
    const auto first = run(untrained(), recipe);
    const auto second = run(untrained(), recipe);
    recipe.seed = 1;
    const auto other = run(untrained(), recipe);
    QVERIFY(first.ok() && second.ok() && other.ok());
    QVERIFY(weightOf(first->best).equal(weightOf(second->best)));
    QVERIFY(!weightOf(first->best).equal(weightOf(other->best)));
    for (std::size_t i = 1; i < first->samples.size(); ++i)
        QCOMPARE(first->samples[i].loss, second->samples[i].loss);
}

void TestTrainFineTune::dropoutIsSeeded() {
    at::manual_seed(8);
    const at::Tensor weight = at::randn({3, 6});
    const auto snapshot = snapshotOf(
        toyModule(
            {{"w", weight}},
            "return torch.linear(torch.dropout(torch.flatten(x, 1), 0.5, self.training), self.w)"),
        {1, 1, 1, 6});
    const auto first = run(snapshot, plain(1, 0.1));
    at::rand({5});
    const auto second = run(snapshot, plain(1, 0.1));
    Recipe recipe = plain(1, 0.1);
    recipe.seed = 1;
    QVERIFY(first.ok() && second.ok());
    QVERIFY(weightOf(first->best).equal(weightOf(second->best)));
    const auto plainModel =
        snapshotOf(toyModule({{"w", weight}}, "return torch.linear(torch.flatten(x, 1), self.w)"),
                   {1, 1, 1, 6});
    const auto dry = run(plainModel, plain(1, 0.1));
    QVERIFY2(first->samples[1].loss != dry->samples[1].loss, "dropout was off");
    QCOMPARE(first->before.loss, dry->before.loss);
}

void TestTrainFineTune::batchNormTrains() {
    const auto snapshot =
        snapshotOf(toyModule({{"w", at::eye(3, 6)}, {"g", at::ones({6})}, {"h", at::zeros({6})}},
                             "x = torch.batch_norm(torch.flatten(x, 1), self.g, self.h, self.mean, "
                             "self.var, self.training, 0.5, "
                             "1e-5, False)\n    return torch.linear(x, self.w)",
                             {{"mean", at::zeros({6})}, {"var", at::ones({6})}}),
                   {1, 1, 1, 6});
    const ToyData::Part odd =
        blobs(33, 6, 3, 1);  // batches of 32 would leave one, on which batch norm cannot train
    const auto result = run(snapshot, plain(1, 0.1), ToyData(odd, odd, odd, 3));
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QCOMPARE(result->samples.size(), std::size_t{3});
    QCOMPARE(result->bestEpoch, 1);
    const at::Tensor mean = odd.inputs.reshape({33, 6}).mean(0);
    QVERIFY(at::allclose(weightOf(result->best, "mean"), 0.5 * mean, 1e-5, 1e-6));
    QVERIFY(!weightOf(result->best, "g").equal(at::ones({6})));
}

void TestTrainFineTune::tiedWeightsTrainAsOne() {
    at::manual_seed(8);
    const at::Tensor weight = at::randn({3, 6});
    const auto model = [&](const char* body, const char* other) {
        torch::jit::Module module("toy");
        const at::Tensor own = weight.clone();
        module.register_parameter("w", own, false);
        if (other) module.register_parameter(other, own.view({3, 6}), false);
        module.define(std::string("def forward(self, x):\n    x = torch.flatten(x, 1)\n    ") +
                      body + "\n");
        return snapshotOf(module, {1, 1, 1, 6});
    };
    const auto tied = run(
        model("return torch.linear(x, self.w) + torch.linear(2 * x, self.v)", "v"), plain(1, 0.1));
    const auto once = run(model("return torch.linear(3 * x, self.w)", nullptr), plain(1, 0.1));
    QVERIFY2(tied.ok(), tied.ok() ? "" : tied.error().text().c_str());
    QVERIFY(weightOf(tied->best).equal(weightOf(tied->best, "v")));
    QVERIFY(at::allclose(weightOf(tied->best), weightOf(once->best), 1e-4, 1e-6));
    QVERIFY(!at::allclose(weightOf(tied->best), weight, 1e-2, 1e-2));
}

void TestTrainFineTune::listedWeightsTrain() {
    // As a saved LSTM: forward reads a list of tensors that share memory with the parameters.
    torch::jit::Module module("toy");
    const at::Tensor own = at::eye(3, 6);
    module.register_parameter("w", own, false);
    module.register_attribute("flat", c10::ListType::ofTensors(),
                              c10::List<at::Tensor>({own.view({3, 6})}));
    module.define(
        "def forward(self, x):\n    return torch.linear(torch.flatten(x, 1), self.flat[0])\n");
    const auto result = run(snapshotOf(module, {1, 1, 1, 6}), plain(1, 0.1));
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    const at::Tensor trained = weightOf(result->best);
    QVERIFY(!at::allclose(trained, own, 1e-2, 1e-2));
    QVERIFY(result->best->state().module.attr("flat").toTensorVector()[0].equal(trained));
}

void TestTrainFineTune::leavesTheSnapshotAlone() {
    const auto snapshot = untrained();
    const at::Tensor before = weightOf(snapshot).clone();
    QVERIFY(run(snapshot, plain(1, 0.5)).ok());
    QVERIFY(weightOf(snapshot).equal(before));
    QVERIFY(!snapshot->state().module.is_training());
}

void TestTrainFineTune::resultIsAtRest() {
    const auto result = run(untrained(), plain(1, 0.5));
    QVERIFY(result.ok());
    const torch::jit::Module& module = result->best->state().module;
    QVERIFY(!module.is_training());
    for (const at::Tensor& parameter : module.parameters()) {
        QVERIFY(!parameter.requires_grad());
        QVERIFY(!parameter.grad().defined());
        QVERIFY(parameter.device().is_cpu());
    }
    QCOMPARE(result->best->file().name(), std::string("toy.pt"));
}

void TestTrainFineTune::stoppingGivesTheBestSoFar() {
    m_events.onPartial = [this](const TrainSample& sample) {
        if (sample.step == 8) m_control->requestStop();
    };
    const auto result = run(untrained(), plain(50, 0.1));
    m_events = {};
    QVERIFY(result.ok());
    QVERIFY(result->stopped);
    QCOMPARE(result->epochs, 2);  // three steps each; the third was under way
    QCOMPARE(result->samples.back().step, 8);
    QCOMPARE(result->bestEpoch, 2);
    QCOMPARE(validate(result->best).top1, result->after.top1);

    m_control = std::make_unique<RunControl>();
    const auto two = run(untrained(), plain(2, 0.1));
    QVERIFY(weightOf(result->best).equal(weightOf(two->best)));
}

void TestTrainFineTune::stoppingInTheFirstEpochTellsWhatItWasWorth() {
    for (const auto& [lr, isBetter] : {std::pair(0.1, true), std::pair(1e-30, false)}) {
        m_control = std::make_unique<RunControl>();
        m_events.onPartial = [this](const TrainSample& sample) {
            if (sample.step == 2) m_control->requestStop();
        };
        const auto result = run(untrained(), plain(50, lr));
        m_events = {};
        QVERIFY(result.ok());
        QVERIFY(result->stopped);
        QCOMPARE(result->epochs, 0);
        QCOMPARE(result->bestEpoch, isBetter ? 1 : 0);
        QCOMPARE(validate(result->best).top1, result->after.top1);
        QCOMPARE(result->after.loss < result->before.loss, isBetter);
    }
}

void TestTrainFineTune::stoppingBeforeTheFirstValidation() {
    m_control->requestStop();
    const auto result = run(untrained(), plain(1, 0.1));
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Cancelled);
}

void TestTrainFineTune::pausing() {
    // Paused and stopped at once: a paused run must still end when it is stopped.
    m_events.onPartial = [this](const TrainSample& sample) {
        if (sample.step != 4) return;
        m_control->setPaused(true);
        m_control->requestStop();
    };
    const auto result = run(untrained(), plain(5, 0.1));
    m_events = {};
    QVERIFY(result.ok());
    QVERIFY(result->stopped);
    QCOMPARE(result->epochs, 1);
}

void TestTrainFineTune::explodingLossIsNamed() {
    const auto result = run(untrained(), plain(5, 1e38));
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Failed);
    const std::string text = result.error().text();
    QVERIFY2(text.find("loss") != std::string::npos &&
                 text.find("learning rate 1e+38") != std::string::npos,
             text.c_str());
    QVERIFY(result.error().hint.find("a tenth of the learning rate") != std::string::npos);
}

void TestTrainFineTune::brokenModelIsNamed() {
    const auto result = run(linearModel(at::full({3, 6}, NAN), at::zeros({3})), plain(1, 0.1));
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Failed);
    QVERIFY2(
        result.error().text().find(
            "validation loss is not a finite number before the first step") != std::string::npos,
        result.error().text().c_str());
}

void TestTrainFineTune::modelsWithoutGradients_data() {
    QTest::addColumn<QString>("body");
    QTest::newRow("no parameter used") << "return torch.flatten(x, 1)[:, :3]";
    QTest::newRow("detached") << "return torch.linear(torch.flatten(x, 1), self.w).detach()";
}

void TestTrainFineTune::modelsWithoutGradients() {
    QFETCH(QString, body);
    const auto result =
        run(snapshotOf(toyModule({{"w", at::zeros({3, 6})}}, body.toStdString()), {1, 1, 1, 6}),
            plain(1, 0.1));
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Failed);
    QVERIFY2(result.error().text().find("gradient") != std::string::npos,
             result.error().text().c_str());
}

void TestTrainFineTune::refusesBadInput() {
    const auto range = run(untrained(), plain(0, 0.1));
    QVERIFY(!range);
    QCOMPARE(range.error().kind, Error::Kind::BadArgument);
    Recipe recipe = plain(1, 0.1);
    recipe.device = "abacus";
    QCOMPARE(run(untrained(), recipe).error().kind, Error::Kind::BadArgument);
    const auto classes = run(linearModel(at::zeros({2, 6}), at::zeros({2})), plain(1, 0.1));
    QCOMPARE(classes.error().kind, Error::Kind::Mismatch);
    const auto shape = run(linearModel(at::zeros({3, 7}), at::zeros({3})), plain(1, 0.1));
    QCOMPARE(shape.error().kind, Error::Kind::Mismatch);
    QVERIFY(shape.error().text().find("the model takes 1x1x1x7, the images of toys are 1x1x1x6") !=
            std::string::npos);
}

void TestTrainFineTune::withoutLabelsThereIsNothingToLearn() {
    const auto result = run(untrained(), plain(1, 0.1), m_data.withoutLabels());
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Unsupported);
    QVERIFY(result.error().why == "it has no labels to learn from");
    QVERIFY(!result.error().hint.empty());
}

void TestTrainFineTune::theMetricChoosesTheBest() {
    // Falling loss is better, rising agreement with the start as well: the two disagree.
    Recipe byLoss = plain(3, 0.5);
    byLoss.metrics.metric = "loss";
    const auto learnt = run(untrained(), byLoss);
    QVERIFY(learnt);
    QVERIFY(learnt->bestEpoch > 0);
    QCOMPARE(learnt->after.score, learnt->after.loss);
    QVERIFY(learnt->after.loss < learnt->before.loss);
    Recipe byAgreement = plain(3, 0.5);
    byAgreement.metrics.metric = "agreement";
    const auto same = run(untrained(), byAgreement);
    QVERIFY(same);
    QCOMPARE(same->bestEpoch, 0);
    QCOMPARE(same->after.score, 1.0);
}

void TestTrainFineTune::emptySplits() {
    for (const auto split : {data::Split::Train, data::Split::Validation}) {
        const ToyData dataset = withoutSplit(split);
        const auto result = run(untrained(), plain(1, 0.1), dataset);
        QVERIFY(!result);
        QCOMPARE(result.error().kind, Error::Kind::Mismatch);
        const std::string wanted = std::string(data::name(split)) + " split is empty";
        QVERIFY2(result.error().text().find(wanted) != std::string::npos,
                 result.error().text().c_str());
    }
    QVERIFY(run(untrained(), plain(1, 0.1), withoutSplit(data::Split::Test)).ok());
}

void TestTrainFineTune::heldOutShareIsTheRecipes() {
    Recipe recipe = plain(1, 0.1);
    QCOMPARE(run(untrained(), recipe)->samples[3].step, 3);  // 90 samples, as opened
    recipe.validation = 0.4;
    const auto result = run(untrained(), recipe);
    QVERIFY(result.ok());
    QCOMPARE(result->samples.back().step, 2);  // 54 samples in batches of 32
}

void TestTrainFineTune::tellsProgress() {
    std::vector<Progress> seen;
    m_events.onProgress = [&](const Progress& progress) { seen.push_back(progress); };
    QVERIFY(run(untrained(), plain(2, 0.1)).ok());
    m_events = {};
    QCOMPARE(seen.size(), std::size_t{6});
    QCOMPARE(seen[3].step, std::string("Epoch 2 of 2"));
    QCOMPARE(seen[3].done, 4);
    QCOMPARE(seen[3].total, 6);
    QVERIFY(seen[3].secondsLeft > 0);
    QCOMPARE(seen[5].secondsLeft, 0.0);
}

QTEST_GUILESS_MAIN(TestTrainFineTune)
#include "tst_train_fine_tune.moc"
