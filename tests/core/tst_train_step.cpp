// SPDX-License-Identifier: GPL-3.0-or-later
// What happens in one step beside the optimizer: clipping, loss scaling, autocast, distillation.
#include <QTest>

#include <cmath>

#include <ATen/autocast_mode.h>

#include "core/measure/runtime.h"
#include "core/train/fine_tune.h"
#include "core/train/gradients_torch.h"
#include "core/train/training_step_torch.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;
using train::Recipe;

namespace {

at::Tensor withGradient(const at::Tensor& gradient) {
    at::Tensor parameter = at::zeros_like(gradient).requires_grad_(true);
    parameter.mutable_grad() = gradient;
    return parameter;
}

Recipe plain(double lr) {
    Recipe recipe{.epochs = 1, .batchSize = 128, .device = "cpu"};
    recipe.optimizer = {.name = "sgd", .lr = lr, .momentum = 0, .weightDecay = 0};
    recipe.scheduler.name = "constant";
    return recipe;
}

model::SnapshotPtr someModel(std::uint64_t seed) {
    at::manual_seed(seed);
    return linearModel(at::randn({3, 6}), at::randn({3}));
}

at::Tensor weightOf(const torch::jit::Module& module) {
    return module.attr("w").toTensor().detach();
}

}  // namespace

class TestTrainStep : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { measure::setUpTorchThread(1); }
    void clipsTheNormOfAll();
    void leavesShortGradientsAlone();
    void clipsDoublesAndSparseOnes();
    void removedWeightsDoNotCountInTheNorm();
    void lossScalerUnscales();
    void lossScalerHalvesOnOverflow();
    void lossScalerGrows();
    void lossScalerOffDoesNothing();
    void overflownStepsAreLeftOut();
    void fp16NeedsAnAccelerator();
    void autocastEndsWithItself();
    void distillationFromItselfAddsNothing();
    void distillationFromAnotherModel();
    void earlyStoppingEndsTheRun();
    void lossesThatFailOnlyInTrainingAreNamedBefore();

private:
    Result<train::TrainResult> run(const model::SnapshotPtr& snapshot, const Recipe& recipe,
                                   const train::Companions& companions = {}) {
        RunControl control;
        return train::fineTune(*snapshot, nullptr, m_data, recipe, {}, control, {}, companions);
    }
    const ToyData m_data = blobData();
};

void TestTrainStep::clipsTheNormOfAll() {
    const std::vector<at::Tensor> parameters{withGradient(at::tensor({3.f, 0.f})),
                                             withGradient(at::tensor({0.f, 4.f}).reshape({2, 1})),
                                             at::zeros({2}).requires_grad_(true)};
    train::clipGradients(parameters, 1);
    // torch.nn.utils.clip_grad_norm_ multiplies by 1 / (5 + 1e-6)
    QVERIFY(at::allclose(parameters[0].grad(), at::tensor({0.6f, 0.f}), 1e-6, 0));
    QVERIFY(at::allclose(parameters[1].grad(), at::tensor({0.f, 0.8f}).reshape({2, 1}), 1e-6, 0));
    QVERIFY(!parameters[2].grad().defined());
}

void TestTrainStep::leavesShortGradientsAlone() {
    const at::Tensor parameter = withGradient(at::tensor({3.f, 4.f}));
    train::clipGradients({parameter}, 5.1);
    QVERIFY(parameter.grad().equal(at::tensor({3.f, 4.f})));
    train::clipGradients({at::zeros({1}).requires_grad_(true)}, 1);
}

void TestTrainStep::clipsDoublesAndSparseOnes() {
    const at::Tensor sparse =
        at::sparse_coo_tensor(at::ones({1, 1}, at::kLong), at::tensor({4.0}), {3});
    const std::vector<at::Tensor> parameters{withGradient(at::tensor({3.f})),
                                             at::zeros({3}, at::kDouble).requires_grad_(true)};
    parameters[1].mutable_grad() = sparse;
    train::clipGradients(parameters, 2.5);
    QVERIFY(at::allclose(parameters[0].grad(), at::tensor({1.5f})));
    QVERIFY(at::allclose(parameters[1].grad(), at::tensor({0., 2., 0.}), 1e-5, 1e-6));
}

void TestTrainStep::removedWeightsDoNotCountInTheNorm() {
    const auto snapshot = someModel(5);
    const at::Tensor kept = at::zeros({3, 6}, at::kBool);
    kept[0][0] = true;
    torch::jit::Module module = model::cloneModule(snapshot->state().module);
    Recipe recipe = plain(1);
    recipe.clipNorm = 1e-2;
    train::TrainingStep step(module, {measure::crossEntropyLoss()}, {}, recipe);
    step.setMasks(std::make_unique<train::MaskEnforcer>(*snapshot, std::vector{kept}, module,
                                                        step.parameters()));
    const at::Tensor weight = weightOf(module).clone();
    const at::Tensor bias = module.attr("b").toTensor().detach().clone();
    const ToyData::Part part = blobs(30, 6, 3, 1);
    QVERIFY(step.run({{part.inputs}, part.targets}, 1).ok());
    const at::Tensor moved = at::cat(
        {(weightOf(module) - weight).flatten(), module.attr("b").toTensor().detach() - bias});
    // With those of the 17 removed weights in the norm, the step would be shorter than 0.01.
    QVERIFY(std::abs(moved.norm().item<double>() - 1e-2) < 1e-6);
    QCOMPARE(moved.ne(0).sum().item<std::int64_t>(), 4);
}

void TestTrainStep::lossScalerUnscales() {
    train::LossScaler scaler(true);
    QCOMPARE(scaler.scaled(at::ones({})).item<double>(), 65536.);
    const at::Tensor parameter = withGradient(at::tensor({65536.f, -131072.f}));
    QVERIFY(scaler.unscale({parameter}));
    QVERIFY(parameter.grad().equal(at::tensor({1.f, -2.f})));
    QCOMPARE(scaler.scale(), 65536.);
}

void TestTrainStep::lossScalerHalvesOnOverflow() {
    train::LossScaler scaler(true);
    for (const float bad : {INFINITY, NAN}) {
        QVERIFY(!scaler.unscale(
            {withGradient(at::tensor({1.f})), withGradient(at::tensor({1.f, bad}))}));
    }
    QCOMPARE(scaler.scale(), 16384.);
}

void TestTrainStep::lossScalerGrows() {
    train::LossScaler scaler(true);
    const at::Tensor parameter = withGradient(at::tensor({1.f}));
    for (int step = 0; step < 1500; ++step) QVERIFY(scaler.unscale({parameter}));
    train::RunState state;
    scaler.save(state);
    train::LossScaler resumed(true);
    resumed.load(state);
    for (int step = 1500; step < 1999; ++step) QVERIFY(resumed.unscale({parameter}));
    QCOMPARE(resumed.scale(), 65536.);
    QVERIFY(resumed.unscale({parameter}));
    QCOMPARE(resumed.scale(), 131072.);
}

void TestTrainStep::lossScalerOffDoesNothing() {
    train::LossScaler scaler(false);
    const at::Tensor parameter = withGradient(at::tensor({INFINITY}));
    QVERIFY(scaler.unscale({parameter}));
    QVERIFY(parameter.grad().equal(at::tensor({INFINITY})));
    QCOMPARE(scaler.scaled(at::ones({})).item<double>(), 1.);
}

void TestTrainStep::overflownStepsAreLeftOut() {
    // A loss whose gradient overflows when it is scaled: 65536 * 1e35 is no float.
    const auto snapshot = linearModel(at::zeros({1, 2}), at::zeros({1}));
    torch::jit::Module module = model::cloneModule(snapshot->state().module);
    measure::Loss steep{"steep", {}, [](const at::Tensor& output, const at::Tensor&) {
                            return output.sum() * 1e35;
                        }};
    train::TrainingStep step(module, {steep}, {}, plain(1e-36), {c10::kCPU, at::kHalf});
    const data::Batch batch{{at::ones({1, 1, 1, 2})}, at::zeros({1}, at::kLong)};
    QVERIFY(step.run(batch, 1e-36).ok());
    QVERIFY(weightOf(module).equal(at::zeros({1, 2})));
    QCOMPARE(step.lossScaler().scale(), 32768.);
}

void TestTrainStep::fp16NeedsAnAccelerator() {
    const auto precision = train::findPrecision("fp16", c10::kCPU);
    QVERIFY(!precision);
    QCOMPARE(precision.error().kind, Error::Kind::Unsupported);
    QVERIFY(precision.error().hint.find("bf16") != std::string::npos);
    QVERIFY(train::findPrecision("fp16", c10::Device(c10::kCUDA, 0))->reduced == at::kHalf);
    QVERIFY(train::findPrecision("bf16", c10::kCPU)->reduced == at::kBFloat16);
    QVERIFY(!train::findPrecision("fp32", c10::kCPU)->reduced);
}

void TestTrainStep::autocastEndsWithItself() {
    const at::Tensor a = at::ones({2, 2});
    {
        const train::Autocast outer({c10::kCPU, at::kBFloat16});
        {
            const train::Autocast nothing({c10::kCPU, std::nullopt});
            QCOMPARE(at::matmul(a, a).scalar_type(), at::kBFloat16);
        }
        QCOMPARE(at::matmul(a, a).scalar_type(), at::kBFloat16);
    }
    QCOMPARE(at::matmul(a, a).scalar_type(), at::kFloat);
    QVERIFY(!at::autocast::is_autocast_enabled(at::kCPU));
}

void TestTrainStep::distillationFromItselfAddsNothing() {
    Recipe recipe = plain(0.1);
    recipe.distillation = {.weight = 1, .temperature = 4};
    const auto result = run(someModel(5), recipe);
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QVERIFY(std::abs(result->samples[1].loss) < 1e-6);
}

void TestTrainStep::distillationFromAnotherModel() {
    // Student 0, so uniform over two classes; teacher's scores (ln 9, 0) / T with T = 1: 0.9, 0.1.
    // KL = 0.9 ln 1.8 + 0.1 ln 0.2; with T = 2 the teacher says 3/4, 1/4, and T² = 4.
    const ToyData::Part one{at::ones({2, 1, 1, 1}), at::zeros({2}, at::kLong)};
    const ToyData dataset(one, one, one, 2);
    const auto student = linearModel(at::zeros({2, 1}), at::zeros({2}));
    const auto dense =
        linearModel(at::tensor({float(std::log(9)), 0.f}).reshape({2, 1}), at::zeros({2}));
    const std::vector<std::pair<double, double>> expected{
        {1, 0.9 * std::log(1.8) + 0.1 * std::log(0.2)},
        {2, 4 * (0.75 * std::log(1.5) + 0.25 * std::log(0.5))}};
    for (const auto& [temperature, divergence] : expected) {
        Recipe recipe = plain(0.1);
        recipe.distillation = {.weight = 0.25, .temperature = temperature};
        RunControl control;
        const auto result =
            train::fineTune(*student, nullptr, dataset, recipe, {}, control, {}, {.dense = dense});
        QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
        const double loss = 0.75 * std::log(2) + 0.25 * divergence;
        QVERIFY(std::abs(result->samples[1].loss - loss) < 1e-6);
    }
}

void TestTrainStep::earlyStoppingEndsTheRun() {
    Recipe recipe = plain(1e-12);  // nothing changes, so nothing improves
    recipe.epochs = 20;
    recipe.earlyStopping = 3;
    const auto result = run(someModel(5), recipe);
    QVERIFY(result.ok());
    QCOMPARE(result->epochs, 3);
    QVERIFY(result->endedEarly && !result->stopped);
    recipe.earlyStopping.reset();
    QVERIFY(!run(someModel(5), recipe)->endedEarly);
}

void TestTrainStep::lossesThatFailOnlyInTrainingAreNamedBefore() {
    Recipe recipe = plain(0.1);
    recipe.metrics.loss = "mse";
    recipe.metrics.metric = "agreement";  // validation alone would not meet the loss
    const auto result = run(someModel(5), recipe);
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Mismatch);
    QVERIFY2(
        result.error().text().find("mse takes as many targets as outputs") != std::string::npos,
        result.error().text().c_str());
}

QTEST_GUILESS_MAIN(TestTrainStep)
#include "tst_train_step.moc"
