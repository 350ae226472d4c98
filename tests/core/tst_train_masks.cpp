// SPDX-License-Identifier: GPL-3.0-or-later
// Removed weights stay removed, under every optimizer, and nothing else is held back.
#include <QTest>

#include "core/measure/runtime.h"
#include "core/train/fine_tune.h"
#include "core/train/mask_enforcer_torch.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;
using train::OptimizerOptions;
using train::Recipe;

Q_DECLARE_METATYPE(espalier::train::OptimizerOptions)

namespace {

at::Tensor kept() {
    at::manual_seed(11);
    return at::rand({3, 6}) < 0.5;
}

model::SnapshotPtr trainedModel() {
    at::manual_seed(5);
    return linearModel(at::randn({3, 6}), at::randn({3}));
}

Recipe recipeWith(const OptimizerOptions& options) {
    Recipe recipe{.epochs = 3, .batchSize = 16, .device = "cpu"};
    recipe.optimizer = options;
    return recipe;
}

at::Tensor weightOf(const model::SnapshotPtr& snapshot) {
    return snapshot->state().module.attr("w").toTensor().detach();
}

double zerosIn(const at::Tensor& tensor) {
    return tensor.eq(0).to(at::kDouble).mean().item<double>();
}

}  // namespace

class TestTrainMasks : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { measure::setUpTorchThread(1); }
    void removedWeightsStayZero_data();
    void removedWeightsStayZero();
    void masksOffLetsThemGrowBack();
    void keptWeightsTrainAsIfAlone();
    void baseMasksHoldWithoutAPlan();
    void enforcerMasksAllThree();
    void enforcerSkipsWhatDoesNotTrain();

private:
    Result<train::TrainResult> run(const model::SnapshotPtr& snapshot, const prune::MasksPtr& masks,
                                   const Recipe& recipe) {
        return train::fineTune(*snapshot, masks, m_data, recipe, {}, m_control);
    }
    const ToyData m_data = blobData();
    RunControl m_control;
};

void TestTrainMasks::removedWeightsStayZero_data() {
    QTest::addColumn<OptimizerOptions>("options");
    QTest::newRow("sgd") << OptimizerOptions{.lr = 0.1, .momentum = 0, .weightDecay = 0};
    QTest::newRow("sgd, momentum, decay")
        << OptimizerOptions{.lr = 0.1, .momentum = 0.9, .weightDecay = 0.1};
    QTest::newRow("sgd, nesterov")
        << OptimizerOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true, .weightDecay = 0.1};
    QTest::newRow("adam, decay") << OptimizerOptions{
        .name = "adam", .lr = 0.05, .weightDecay = 0.1};
    QTest::newRow("adamw, decay") << OptimizerOptions{
        .name = "adamw", .lr = 0.05, .weightDecay = 0.1};
}

void TestTrainMasks::removedWeightsStayZero() {
    QFETCH(OptimizerOptions, options);
    const auto snapshot = trainedModel();
    const auto result = run(snapshot, masksOf(*snapshot, {{"w", kept()}}), recipeWith(options));
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QVERIFY(result->bestEpoch > 0);
    const at::Tensor weight = weightOf(result->best);
    QVERIFY(weight.masked_select(kept().logical_not()).eq(0).all().item<bool>());
    const at::Tensor moved = (weight - weightOf(snapshot)).masked_select(kept());
    QVERIFY(moved.ne(0).all().item<bool>());
    QVERIFY(result->best->state().baseMasks[0].equal(kept()));
    const double sparsity = 1 - kept().to(at::kDouble).mean().item<double>();
    for (const train::TrainSample& sample : result->samples)
        QVERIFY(std::abs(sample.sparsity - sparsity) < 1e-12);
}

void TestTrainMasks::masksOffLetsThemGrowBack() {
    const auto snapshot = trainedModel();
    Recipe recipe = recipeWith({.lr = 0.1});
    recipe.masks = train::MaskMode::Off;
    const auto result = run(snapshot, masksOf(*snapshot, {{"w", kept()}}), recipe);
    QVERIFY(result.ok());
    QVERIFY(result->bestEpoch > 0);
    const double removed = 1 - kept().to(at::kDouble).mean().item<double>();
    QVERIFY(std::abs(result->samples.front().sparsity - removed) < 1e-12);  // they do start at zero
    QCOMPARE(result->samples[1].sparsity, 0.0);
    QCOMPARE(result->samples.back().sparsity, 0.0);
    QCOMPARE(zerosIn(weightOf(result->best)), 0.0);
    QVERIFY(!result->best->state().baseMasks[0].defined());
    // What cannot grow back, its inputs being zero, is counted as the zeros that it is.
    const auto half =
        snapshotOf(toyModule({{"w", at::randn({3, 6})}, {"b", at::zeros({3})}},
                             "return torch.linear(torch.flatten(x, 1) * torch.tensor([1., 1., 1., "
                             "0., 0., 0.]), self.w, self.b)"),
                   {1, 1, 1, 6});
    at::Tensor firstFive = at::ones({3, 6}, at::kBool);
    firstFive.select(1, 5).fill_(false);
    firstFive.select(1, 0).fill_(false);
    recipe.optimizer.weightDecay = 0;
    const auto partly = run(half, masksOf(*half, {{"w", firstFive}}), recipe);
    QVERIFY2(partly.ok(), partly.ok() ? "" : partly.error().text().c_str());
    QVERIFY(partly->bestEpoch > 0);
    QCOMPARE(zerosIn(weightOf(partly->best)), 3. / 18);
    QCOMPARE(partly->best->baseRemoved(model::LayerId{0}), std::int64_t{3});
}

void TestTrainMasks::keptWeightsTrainAsIfAlone() {
    // A model whose inputs 3, 4, 5 are masked trains exactly as one that has only inputs 0, 1, 2.
    at::manual_seed(5);
    const at::Tensor weight = at::randn({3, 6});
    const auto wide = linearModel(weight, at::zeros({3}));
    const auto narrow =
        snapshotOf(toyModule({{"w", weight.slice(1, 0, 3).contiguous()}, {"b", at::zeros({3})}},
                             "return torch.linear(torch.flatten(x, 1)[:, :3], self.w, self.b)"),
                   {1, 1, 1, 6});
    at::Tensor firstThree = at::zeros({3, 6}, at::kBool);
    firstThree.slice(1, 0, 3).fill_(true);
    const Recipe recipe = recipeWith({.name = "adamw", .lr = 0.05, .weightDecay = 0.1});
    const auto masked = run(wide, masksOf(*wide, {{"w", firstThree}}), recipe);
    const auto alone = run(narrow, nullptr, recipe);
    QVERIFY(masked.ok() && alone.ok());
    QCOMPARE(masked->bestEpoch, alone->bestEpoch);
    QVERIFY(at::allclose(weightOf(masked->best).slice(1, 0, 3), weightOf(alone->best), 1e-4, 1e-6));
}

void TestTrainMasks::baseMasksHoldWithoutAPlan() {
    model::SnapshotState state =
        linearModel(at::randn({3, 6}) * kept().to(at::kFloat), at::zeros({3}))->state();
    state.baseMasks[0] = kept();
    const auto snapshot =
        std::make_shared<const model::Snapshot>(std::make_shared<model::SnapshotState>(state));
    const auto result = run(snapshot, nullptr, recipeWith({.lr = 0.1}));
    QVERIFY(result.ok());
    QVERIFY(weightOf(result->best).masked_select(kept().logical_not()).eq(0).all().item<bool>());
    QVERIFY(result->best->state().baseMasks[0].equal(kept()));
}

void TestTrainMasks::enforcerMasksAllThree() {
    const auto snapshot = trainedModel();
    torch::jit::Module module = model::cloneModule(snapshot->state().module);
    std::vector<at::Tensor> parameters;
    for (at::Tensor parameter : module.parameters())
        parameters.push_back(parameter.requires_grad_(true));
    const train::MaskEnforcer enforcer(*snapshot, {kept()}, module, parameters);
    const auto optimizer = train::makeOptimizer(parameters, {.name = "adam"});
    at::Tensor weight = module.attr("w").toTensor();

    weight.mutable_grad() = at::ones({3, 6});
    enforcer.maskGradients();
    QVERIFY(weight.grad().equal(kept().to(at::kFloat)));
    enforcer.maskWeights();
    QVERIFY(weight.detach().ne(0).equal(kept()));

    const auto states = optimizer->states();
    QCOMPARE(states.size(), std::size_t{2});
    for (train::OptimizerState* state : states) {
        for (at::Tensor& each : *state) each.fill_(1);
    }
    enforcer.maskState(*optimizer);
    int masked = 0;
    for (train::OptimizerState* state : states) {
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            const bool isWeight = parameters[i].is_same(weight);
            masked += isWeight ? 1 : 0;
            QVERIFY((*state)[i].equal(isWeight ? kept().to(at::kFloat) : at::ones({3})));
        }
    }
    QCOMPARE(masked, 2);
}

void TestTrainMasks::enforcerSkipsWhatDoesNotTrain() {
    const auto snapshot = trainedModel();
    const torch::jit::Module module = model::cloneModule(snapshot->state().module);
    const train::MaskEnforcer nothing(*snapshot, {kept()}, module, {});
    nothing.maskGradients();
    nothing.maskWeights();
    QVERIFY(module.attr("w").toTensor().detach().ne(0).all().item<bool>());
    // A weight that got no gradient in this step is passed over.
    const train::MaskEnforcer enforcer(*snapshot, {kept()}, module, {module.attr("w").toTensor()});
    enforcer.maskGradients();
}

QTEST_GUILESS_MAIN(TestTrainMasks)
#include "tst_train_masks.moc"
