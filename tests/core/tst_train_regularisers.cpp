// SPDX-License-Identifier: GPL-3.0-or-later
// Regularisers: their values and gradients by hand, and what they act on.
#include <QTest>

#include <cmath>

#include "core/train/parameters_torch.h"
#include "core/train/regularisers_torch.h"
#include "tests/support/toy_channels_torch.h"

using namespace espalier;
using namespace espalier::test;

class TestTrainRegularisers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void l1();
    void l2();
    void batchNormScales();
    void groupLassoOverChannels();
    void groupLassoWithoutGroups();
    void zeroChannelsHaveNoGradient();
    void onlyWhatTrains();
    void termsAddUp();
    void nothingToActOn();

private:
    train::Regularised regularised(const channels::ChannelGroups* groups = nullptr) const {
        return {*m_snapshot, m_module, m_parameters, groups};
    }
    at::Tensor gradientOf(const train::Penalty& penalty, const char* name) const {
        for (const at::Tensor& parameter : m_parameters) parameter.mutable_grad() = at::Tensor();
        penalty().backward();
        return model::parameterAt(m_module, name).grad();
    }

    model::SnapshotPtr m_snapshot;
    torch::jit::Module m_module;
    std::vector<at::Tensor> m_parameters;
};

void TestTrainRegularisers::init() {
    m_snapshot = toyChannelsSnapshot();
    m_module = model::cloneModule(m_snapshot->state().module);
    m_parameters = train::trainableParameters(m_module);
}

void TestTrainRegularisers::l1() {
    const train::Penalty penalty = train::makeL1(regularised());
    // conv1 13, skip 12, mix 78, fc 78; norm and bias are no prunable weights.
    QCOMPARE(penalty().item<double>(), 181.);
    QVERIFY(gradientOf(penalty, "conv1.weight").equal(floats({1, -1, 0, 1, 1, 1, -1, 0}, {4, 2})));
    QVERIFY(!gradientOf(penalty, "norm.weight").defined());
}

void TestTrainRegularisers::l2() {
    const train::Penalty penalty = train::makeL2(regularised());
    // (35 + 32 + 650 + 650) / 2
    QCOMPARE(penalty().item<double>(), 683.5);
    QVERIFY(gradientOf(penalty, "conv1.weight").equal(floats({3, -4, 0, 1, 2, 2, -1, 0}, {4, 2})));
}

void TestTrainRegularisers::batchNormScales() {
    const train::Penalty penalty = train::makeBatchNormL1(regularised());
    QCOMPARE(penalty().item<double>(), 3.5);
    QVERIFY(gradientOf(penalty, "norm.weight").equal(floats({1, -1, 1, 0}, {4})));
    QVERIFY(!gradientOf(penalty, "conv1.weight").defined());
}

void TestTrainRegularisers::groupLassoOverChannels() {
    const auto groups = toyChannels(m_snapshot);
    const train::Penalty penalty = train::makeGroupLasso(regularised(groups.get()));
    // Channel c of conv1: its rows of conv1 and skip; of mix: two rows. fc is locked.
    const double conv =
        std::sqrt(25. + 3) + std::sqrt(1. + 4) + std::sqrt(8. + 0) + std::sqrt(1. + 25);
    const double mix = std::sqrt(1. + 4 + 9 + 16) + std::sqrt(25. + 36 + 49 + 64) +
                       std::sqrt(81. + 100 + 121 + 144);
    QVERIFY(std::abs(penalty().item<double>() - (conv + mix)) < 1e-4);
    const at::Tensor gradient = gradientOf(penalty, "skip.weight");
    QVERIFY(std::abs(gradient[0][0].item<double>() - 1 / std::sqrt(28.)) < 1e-6);
    QVERIFY(!gradientOf(penalty, "fc.weight").defined());
}

void TestTrainRegularisers::groupLassoWithoutGroups() {
    const train::Penalty penalty = train::makeGroupLasso(regularised());
    double expected = 0;
    for (const char* name : {"conv1.weight", "skip.weight", "mix.weight", "fc.weight"})
        expected += model::parameterAt(m_module, name).norm(2, 1).sum().item<double>();
    QVERIFY(std::abs(penalty().item<double>() - expected) < 1e-4);
}

void TestTrainRegularisers::zeroChannelsHaveNoGradient() {
    const at::Tensor gradient =
        gradientOf(train::makeGroupLasso(regularised()), "skip.weight");  // row 2 is zero
    QVERIFY(gradient[2].equal(at::zeros({3})));
    QVERIFY(gradient.isfinite().all().item<bool>());
}

void TestTrainRegularisers::onlyWhatTrains() {
    m_parameters.erase(m_parameters.begin());  // conv1.weight is frozen
    QCOMPARE(train::makeL1(regularised())().item<double>(), 168.);
}

void TestTrainRegularisers::termsAddUp() {
    const train::Penalty penalty =
        train::makePenalty({{"l1", 0.5}, {"bn_l1", 2}, {"l2", 0}}, regularised());
    QCOMPARE(penalty().item<double>(), 0.5 * 181 + 2 * 3.5);
}

void TestTrainRegularisers::nothingToActOn() {
    QVERIFY(!train::makePenalty({}, regularised()));
    m_parameters.clear();
    QVERIFY(!train::makePenalty({{"l1", 1}, {"bn_l1", 1}, {"group_lasso", 1}, {"l2", 1}},
                                regularised()));
}

QTEST_GUILESS_MAIN(TestTrainRegularisers)
#include "tst_train_regularisers.moc"
