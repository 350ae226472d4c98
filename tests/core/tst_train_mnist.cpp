// SPDX-License-Identifier: GPL-3.0-or-later
// LeNet-5 under a mask on real MNIST: a few hundred steps, end to end.
#include <QDir>
#include <QTest>

#include <numeric>

#include "core/measure/runtime.h"
#include "core/train/fine_tune.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;

namespace {

/// Small uniform weights, as a fresh layer has.
at::Tensor fresh(const std::vector<std::int64_t>& shape) {
    std::int64_t inputs = 1;
    for (std::size_t i = 1; i < shape.size(); ++i) inputs *= shape[i];
    return (at::rand(shape) * 2 - 1) / std::sqrt(static_cast<double>(inputs));
}

model::SnapshotPtr lenet5() {
    at::manual_seed(0);
    return snapshotOf(toyModule({{"conv1", fresh({20, 1, 5, 5})},
                                 {"conv2", fresh({50, 20, 5, 5})},
                                 {"fc1", fresh({500, 800})},
                                 {"fc2", fresh({10, 500})}},
                                "x = torch.max_pool2d(torch.conv2d(x, self.conv1), [2, 2])\n"
                                "    x = torch.max_pool2d(torch.conv2d(x, self.conv2), [2, 2])\n"
                                "    x = torch.relu(torch.linear(torch.flatten(x, 1), self.fc1))\n"
                                "    return torch.linear(x, self.fc2)"),
                      {1, 1, 28, 28});
}

}  // namespace

class TestTrainMnist : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void lenetLearnsUnderAMask();
};

void TestTrainMnist::lenetLearnsUnderAMask() {
    const QString path = ESPALIER_SOURCE_DIR "/resources/examples/mnist";
    measure::setUpTorchThread(1);
    RunControl control;
    const auto dataset = data::openDataset({.path = path.toStdString()}, control);
    QVERIFY(dataset.ok());
    const auto snapshot = lenet5();
    const at::Tensor kept = at::rand({500, 800}) < 0.1;

    const auto first = [&](data::Split split, std::int64_t count) {
        std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
        std::iota(indices.begin(), indices.end(), 0);
        const data::Batch batch = (*dataset)->batch(split, indices);
        return ToyData::Part{batch.inputs[0], batch.targets};
    };
    const ToyData part(first(data::Split::Train, 8000), first(data::Split::Validation, 1000),
                       first(data::Split::Test, 2000), 10);

    train::Recipe recipe{.epochs = 2, .batchSize = 64, .device = "cpu"};
    recipe.optimizer.lr = 0.02;
    std::int64_t steps = 0;
    EventSink<train::TrainSample> events;
    events.onPartial = [&](const train::TrainSample& sample) { steps = sample.step; };
    const auto result = train::fineTune(*snapshot, masksOf(*snapshot, {{"fc1", kept}}), part,
                                        recipe, events, control);
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QCOMPARE(steps, 250);
    QVERIFY(result->before.top1 < 0.3);
    QVERIFY2(result->after.top1 > 0.95, qPrintable(QString::number(result->after.top1)));
    const at::Tensor weight = result->best->state().module.attr("fc1").toTensor();
    QCOMPARE(weight.ne(0).sum().item<std::int64_t>(), kept.sum().item<std::int64_t>());

    const auto test = measure::evaluate(*result->best, nullptr, part,
                                        {.split = data::Split::Test, .device = "cpu"}, {}, control);
    QVERIFY(test.ok());
    QVERIFY2(test->top1 > 0.9, qPrintable(QString::number(test->top1)));
}

QTEST_GUILESS_MAIN(TestTrainMnist)
#include "tst_train_mnist.moc"
