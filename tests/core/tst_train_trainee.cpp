// SPDX-License-Identifier: GPL-3.0-or-later
// The code that trains in place of the file's: switches that tracing baked in, dropout, and batch
// norm statistics.
#include <QTest>

#include <numeric>

#include "core/measure/runtime.h"
#include "core/script/interpreter_torch.h"
#include "core/train/batch_norm_statistics_torch.h"
#include "core/train/fine_tune.h"
#include "core/train/trainee_torch.h"
#include "core/train/training_switches.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;
using train::Trainee;

namespace {

const std::string kBatchNorm =
    "torch.batch_norm(torch.flatten(x, 1), self.g, self.h, self.mean, self.var, MODE, 0.5, 1e-5, "
    "False)";

/// A batch norm and a linear layer; `mode`: what the batch norm is told of training.
torch::jit::Module normed(const std::string& mode, const std::string& more = {}) {
    std::string body = kBatchNorm;
    body.replace(body.find("MODE"), 4, mode);
    at::manual_seed(2);
    return toyModule({{"w", at::randn({3, 6})}, {"g", at::ones({6})}, {"h", at::zeros({6})}},
                     "x = " + body + "\n    " + more + "return torch.linear(x, self.w)",
                     {{"mean", at::zeros({6})}, {"var", at::ones({6})}});
}

at::Tensor forward(torch::jit::Module module, const at::Tensor& input) {
    const at::NoGradGuard noGradients;
    return module.forward({input}).toTensor();
}

at::Tensor samples(std::int64_t count) {
    at::manual_seed(4);
    return at::randn({count, 1, 1, 6}) * 2 + 1;
}

at::Tensor tensorOf(const torch::jit::Module& module, const char* name) {
    return module.attr(name).toTensor().detach();
}

/// The module that trains, in training or evaluation mode.
torch::jit::Module training(const Trainee& trainee, bool isOn = true) {
    torch::jit::Module module = trainee.module();
    module.train(isOn);
    return module;
}

}  // namespace

class TestTrainTrainee : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { measure::setUpTorchThread(1); }
    void bakedSwitchesFollowTheMode();
    void chosenConstantsStay();
    void filesWithoutSwitchesTrainThemselves();
    void theFilesOwnCodeStays();
    void dropoutOfEveryKind_data();
    void dropoutOfEveryKind();
    void noDropoutIsRefused();
    void broughtBackIsWhatTrained();
    void statisticsAreTheMeanOfTheBatches();
    void statisticsWithoutBatchNorm();
    void worseStatisticsAreNotKept();
    void statisticsAlone();
};

void TestTrainTrainee::bakedSwitchesFollowTheMode() {
    const torch::jit::Module original = normed("False");
    const auto trainee = Trainee::make(original, std::nullopt);
    QVERIFY2(trainee.ok(), trainee.ok() ? "" : trainee.error().text().c_str());
    QCOMPARE(trainee->switches(), 1);
    const at::Tensor input = samples(20);
    QVERIFY(forward(training(*trainee, false), input).equal(forward(original, input)));
    QVERIFY(tensorOf(original, "mean").equal(at::zeros({6})));
    const at::Tensor trained = forward(training(*trainee), input);
    const auto scripted = normed("self.training");
    QVERIFY(trained.equal(forward(scripted, input)));
    QVERIFY(tensorOf(original, "mean").equal(tensorOf(scripted, "mean")));  // they are shared
    QCOMPARE(train::switchesRestored(*snapshotOf(original, {1, 1, 1, 6})), 1);
}

void TestTrainTrainee::chosenConstantsStay() {
    // The code asks for the mode elsewhere, so that this batch norm does not is its author's wish.
    const auto module = normed("False", "x = torch.dropout(x, 0.5, self.training)\n    ");
    const auto trainee = Trainee::make(module, std::nullopt);
    QVERIFY(trainee.ok());
    QCOMPARE(trainee->switches(), 0);
    QVERIFY(trainee->module()._ivalue() == module._ivalue());
    QCOMPARE(train::switchesRestored(*snapshotOf(module, {1, 1, 1, 6})), 0);
}

void TestTrainTrainee::filesWithoutSwitchesTrainThemselves() {
    const auto module = normed("self.training");
    const auto trainee = Trainee::make(module, std::nullopt);
    QVERIFY(trainee.ok());
    QVERIFY(trainee->module()._ivalue() == module._ivalue());
}

void TestTrainTrainee::theFilesOwnCodeStays() {
    const auto snapshot = snapshotOf(normed("False"), {1, 1, 1, 6});
    const auto before = snapshot->state().module.get_method("forward").graph()->toString();
    RunControl control;
    train::Recipe recipe{.epochs = 2, .batchSize = 32, .device = "cpu"};
    const auto result = train::fineTune(*snapshot, nullptr, blobData(), recipe, {}, control);
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QVERIFY(result->bestEpoch > 0);
    torch::jit::Module after = result->best->state().module;
    QCOMPARE(after.get_method("forward").graph()->toString(), before);
    QVERIFY(!tensorOf(after, "mean").equal(at::zeros({6})));
    QVERIFY(!tensorOf(after, "g").equal(at::ones({6})));
    QVERIFY(!after.hasattr("batch_norm_share"));
    RunControl again;
    const auto measured =
        measure::evaluate(*result->best, nullptr, blobData(), {.device = "cpu"}, {}, again);
    QVERIFY(measured.ok());
}

void TestTrainTrainee::dropoutOfEveryKind_data() {
    QTest::addColumn<QString>("body");
    QTest::newRow("dropout") << "return torch.dropout(x, 0.5, self.training)";
    QTest::newRow("in place") << "return torch.dropout_(x.clone(), 0.5, self.training)";
    QTest::newRow("of channels") << "return torch.feature_dropout(x, 0.5, self.training)";
    QTest::newRow("alpha") << "return torch.alpha_dropout(x, 0.5, self.training)";
    QTest::newRow("traced") << "return torch.dropout(x, 0.5, False)";
    QTest::newRow("in a branch") << "if x.dim() > 1:\n        x = torch.dropout(x, 0.5, "
                                    "self.training)\n    return x";
    QTest::newRow("attention") << "p = 0.0\n    if self.training:\n        p = 0.5\n    return "
                                  "torch.scaled_dot_product_attention(x, x, x, None, p, False)";
}

void TestTrainTrainee::dropoutOfEveryKind() {
    QFETCH(QString, body);
    const auto module = toyModule({{"w", at::zeros({3, 6})}}, body.toStdString());
    const at::Tensor input = samples(20).reshape({2, 1, 10, 6});
    const at::Tensor dry = forward(training(*Trainee::make(module, 0.5), false), input);
    const auto none = Trainee::make(module, 0.0);
    QVERIFY2(none.ok(), none.ok() ? "" : none.error().text().c_str());
    QVERIFY(at::allclose(forward(training(*none), input), dry, 1e-5, 1e-6));
    const auto strong = Trainee::make(module, 0.9);
    QVERIFY(at::allclose(forward(training(*strong, false), input), dry, 1e-5, 1e-6));
    at::manual_seed(1);
    const at::Tensor wet = forward(training(*strong), input);
    QVERIFY(!at::allclose(wet, dry, 0.1, 0.1));
    at::manual_seed(1);
    QVERIFY(wet.equal(forward(training(*strong), input)));
}

void TestTrainTrainee::noDropoutIsRefused() {
    const auto trainee = Trainee::make(normed("self.training"), 0.1);
    QVERIFY(!trainee);
    QCOMPARE(trainee.error().kind, Error::Kind::BadArgument);
}

void TestTrainTrainee::broughtBackIsWhatTrained() {
    // A counter that forward replaces instead of writing to it.
    auto module = toyModule({{"w", at::zeros({3, 6})}},
                            "x = torch.dropout(x, 0.5, self.training)\n    if self.training:\n"
                            "        self.count = self.count + 1\n    return x",
                            {{"count", at::zeros({1})}});
    auto trainee = Trainee::make(module, 0.1);
    QVERIFY(trainee.ok());
    forward(training(*trainee), samples(4));
    forward(training(*trainee), samples(4));
    trainee->bringBack();
    QCOMPARE(tensorOf(module, "count").item<float>(), 2.f);
}

void TestTrainTrainee::statisticsAreTheMeanOfTheBatches() {
    const ToyData data = blobData();
    const auto module = normed("self.training");
    data::Loader loader(data, data::Split::Train, 32, 7);
    RunControl control;
    loader.startEpoch(1);
    const auto found = train::reestimateBatchNorm(module, {}, loader, 2, control);
    QVERIFY2(found.ok(), found.ok() ? "" : found.error().text().c_str());
    QCOMPARE(*found, 1);
    loader.startEpoch(1);
    at::Tensor mean = at::zeros({6});
    at::Tensor variance = at::zeros({6});
    for (int i = 0; i < 2; ++i) {
        const at::Tensor batch = loader.next(control)->inputs[0].flatten(1);
        mean += batch.mean(0) / 2;
        variance += batch.var(0, /*unbiased=*/true) / 2;
    }
    QVERIFY(at::allclose(tensorOf(module, "mean"), mean, 1e-5, 1e-6));
    QVERIFY(at::allclose(tensorOf(module, "var"), variance, 1e-5, 1e-6));
    QVERIFY(tensorOf(module, "g").equal(at::ones({6})));
}

void TestTrainTrainee::statisticsWithoutBatchNorm() {
    const ToyData data = blobData();
    data::Loader loader(data, data::Split::Train, 32, 7);
    RunControl control;
    const auto module = linearModel(at::zeros({3, 6}), at::zeros({3}))->state().module;
    QCOMPARE(*train::reestimateBatchNorm(module, {}, loader, 2, control), 0);
}

void TestTrainTrainee::worseStatisticsAreNotKept() {
    // Training data far away from the validation data: its statistics do harm.
    const ToyData::Part near = blobs(60, 6, 3, 1);
    const ToyData::Part far{near.inputs * 30 + 100, near.targets};
    const auto snapshot = snapshotOf(normed("self.training"), {1, 1, 1, 6});
    train::Recipe recipe{.epochs = 1, .batchSize = 64, .device = "cpu"};
    recipe.metrics.metric = "loss";
    recipe.batchNormBatches = 1;
    RunControl control;
    const auto result =
        train::fineTune(*snapshot, nullptr, ToyData(far, near, near, 3), recipe, {}, control);
    QVERIFY(result.ok());
    QCOMPARE(result->samples.size(), std::size_t{4});  // before, a step, its epoch, new statistics
    QVERIFY(result->samples[3].valLoss > result->after.loss);
    QCOMPARE(result->bestEpoch, 0);
    QVERIFY(!result->hasNewStatistics);
    QVERIFY(tensorOf(result->best->state().module, "mean").equal(at::zeros({6})));
}

void TestTrainTrainee::statisticsAlone() {
    const auto module = normed("self.training");
    module.attr("var").toTensor().fill_(1e-6);
    const auto snapshot = snapshotOf(module, {1, 1, 1, 6});
    train::Recipe recipe{.epochs = 0, .batchSize = 90, .device = "cpu", .batchNormBatches = 5};
    recipe.metrics.metric = "loss";
    QVERIFY(train::check(recipe).ok());
    RunControl control;
    const auto result = train::fineTune(*snapshot, nullptr, blobData(), recipe, {}, control);
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QVERIFY(result->hasNewStatistics && result->bestEpoch == 0 && result->epochs == 0);
    QVERIFY(result->after.loss < result->before.loss);
    QCOMPARE(result->samples.size(), std::size_t{2});
    QVERIFY(result->samples.back().lr > 0);
    const torch::jit::Module& after = result->best->state().module;
    const at::Tensor inputs = blobData()
                                  .batch(data::Split::Train,
                                         [] {
                                             std::vector<std::int64_t> all(90);
                                             std::iota(all.begin(), all.end(), 0);
                                             return all;
                                         }())
                                  .inputs[0]
                                  .flatten(1);
    QVERIFY(at::allclose(tensorOf(after, "var"), inputs.var(0, true), 1e-4, 1e-5));
    QVERIFY(tensorOf(after, "w").equal(tensorOf(module, "w")));
    recipe.batchNormBatches = 0;
    QVERIFY(!train::check(recipe));
}

QTEST_GUILESS_MAIN(TestTrainTrainee)
#include "tst_train_trainee.moc"
