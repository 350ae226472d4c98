// SPDX-License-Identifier: GPL-3.0-or-later
// Optimizers against torch.optim, in Python (numbers written down here) and in C++.
#include <QTest>

#include <ATen/Functions.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include "core/train/optimizer_torch.h"

using namespace espalier;
using train::OptimizerOptions;

namespace {

OptimizerOptions sgd(double momentum, bool nesterov, double decay) {
    return {
        .name = "sgd", .lr = 0.1, .momentum = momentum, .nesterov = nesterov, .weightDecay = decay};
}

OptimizerOptions adam(const char* name, double lr, double decay) {
    OptimizerOptions options{.name = name, .lr = lr, .weightDecay = decay};
    if (decay > 0) {
        options.beta1 = 0.8;
        options.beta2 = 0.95;
        options.eps = 1e-6;
    }
    return options;
}

/// The same optimizer from torch's C++ library.
std::unique_ptr<torch::optim::Optimizer> reference(const at::Tensor& weight,
                                                   const OptimizerOptions& o) {
    const std::vector<at::Tensor> weights{weight};
    if (o.name == "sgd") {
        return std::make_unique<torch::optim::SGD>(weights, torch::optim::SGDOptions(o.lr)
                                                                .momentum(o.momentum)
                                                                .nesterov(o.nesterov)
                                                                .weight_decay(o.weightDecay));
    }
    const std::tuple betas(o.beta1, o.beta2);
    if (o.name == "adam") {
        return std::make_unique<torch::optim::Adam>(
            weights,
            torch::optim::AdamOptions(o.lr).betas(betas).eps(o.eps).weight_decay(o.weightDecay));
    }
    return std::make_unique<torch::optim::AdamW>(
        weights,
        torch::optim::AdamWOptions(o.lr).betas(betas).eps(o.eps).weight_decay(o.weightDecay));
}

at::Tensor leaf(const at::Tensor& value) {
    return value.clone().requires_grad_(true);
}

}  // namespace

Q_DECLARE_METATYPE(espalier::train::OptimizerOptions)

class TestTrainOptimizers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void fiveStepsAsInPython_data();
    void fiveStepsAsInPython();
    void manyStepsAsInCpp_data() { fiveStepsAsInPython_data(); }
    void manyStepsAsInCpp();
    void parametersWithoutGradientStay_data() { fiveStepsAsInPython_data(); }
    void parametersWithoutGradientStay();
    void zerosStayZero_data() { fiveStepsAsInPython_data(); }
    void zerosStayZero();
    void mixedTypes();
    void sparseGradients();
    void otherMemoryOrder();
};

void TestTrainOptimizers::fiveStepsAsInPython_data() {
    QTest::addColumn<OptimizerOptions>("options");
    QTest::addColumn<QList<float>>("expected");
    // torch 2.13, weight (i - 2.5) / 4, gradient ((7 i + 5 t) % 11 - 5) / 8 at step t,
    // foreach=False
    using F = QList<float>;
    QTest::newRow("sgd") << sgd(0, false, 0) << F{-0.662500024f, -0.299999982f, -0.075000003f,
                                                  0.0125000039f, 0.375f,        0.737500072f};
    QTest::newRow("sgd, momentum, decay")
        << sgd(0.9, false, 0.05) << F{-0.528302908f, -0.196387306f, -0.0403753854f,
                                      -0.215975732f, 0.406710148f,  0.823284566f};
    QTest::newRow("sgd, nesterov")
        << sgd(0.8, true, 0.01) << F{-0.630697429f, -0.178491011f, -0.0176429693f,
                                     -0.217629656f, 0.403161854f,  0.899064362f};
    QTest::newRow("adam") << adam("adam", 0.01, 0) << F{-0.611621559f, -0.370667815f, -0.112008058f,
                                                        0.0938847438f, 0.373854846f,  0.651081085f};
    QTest::newRow("adam, decay") << adam("adam", 0.02, 0.3)
                                 << F{-0.57851696f,  -0.346273452f, -0.0920907035f,
                                      0.0616560169f, 0.352358818f,  0.635907471f};
    QTest::newRow("adamw, decay") << adam("adamw", 0.02, 0.3)
                                  << F{-0.585969448f, -0.352122128f, -0.0961424485f,
                                       0.0623845719f, 0.360301793f,  0.657296777f};
}

void TestTrainOptimizers::fiveStepsAsInPython() {
    QFETCH(OptimizerOptions, options);
    QFETCH(QList<float>, expected);
    const at::Tensor places = at::arange(6);
    at::Tensor weight = leaf(((places - 2.5) / 4).to(at::kFloat).reshape({2, 3}));
    const auto optimizer = train::makeOptimizer({weight}, options);
    for (int t = 0; t < 5; ++t) {
        weight.mutable_grad() =
            (((places * 7 + t * 5).remainder(11) - 5).to(at::kFloat) / 8).reshape({2, 3});
        optimizer->step(options.lr);
    }
    for (int i = 0; i < 6; ++i) {
        const float got = weight.data_ptr<float>()[i];
        QVERIFY2(std::abs(got - expected[i]) < 2e-7f,
                 qPrintable(QString("%1: %2").arg(i).arg(got, 0, 'g', 9)));
    }
}

void TestTrainOptimizers::manyStepsAsInCpp() {
    QFETCH(OptimizerOptions, options);
    at::manual_seed(7);
    const at::Tensor start = at::randn({17, 33});  // no multiple of a vector register
    at::Tensor ours = leaf(start);
    at::Tensor theirs = leaf(start);
    const auto optimizer = train::makeOptimizer({ours}, options);
    const auto other = reference(theirs, options);
    for (int t = 0; t < 50; ++t) {
        ours.mutable_grad() = at::randn({17, 33});
        theirs.mutable_grad() = ours.grad().clone();
        optimizer->step(options.lr);
        other->step();
    }
    QVERIFY((ours - start).abs().max().item<double>() > 0.01);
    QVERIFY(at::allclose(ours, theirs, 1e-5, 1e-6));
}

void TestTrainOptimizers::parametersWithoutGradientStay() {
    QFETCH(OptimizerOptions, options);
    at::Tensor first = leaf(at::ones({3}));
    at::Tensor idle = leaf(at::ones({3}));
    at::Tensor last = leaf(at::ones({3}));
    const auto optimizer = train::makeOptimizer({first, idle, last}, options);
    for (int t = 0; t < 3; ++t) {
        first.mutable_grad() = at::ones({3});
        last.mutable_grad() = at::ones({3});
        optimizer->step(options.lr);
    }
    QVERIFY(idle.equal(at::ones({3})));
    QVERIFY(first.equal(last) && !first.equal(idle));
}

void TestTrainOptimizers::zerosStayZero() {
    QFETCH(OptimizerOptions, options);
    at::Tensor weight = leaf(at::tensor({1.f, 0.f, 2.f, 0.f}));
    const auto optimizer = train::makeOptimizer({weight}, options);
    for (int t = 0; t < 20; ++t) {
        weight.mutable_grad() = at::tensor({0.5f, 0.f, -0.5f, 0.f});
        optimizer->step(options.lr);
    }
    QCOMPARE(weight.data_ptr<float>()[1], 0.f);
    QCOMPARE(weight.data_ptr<float>()[3], 0.f);
    QVERIFY(weight.data_ptr<float>()[0] != 1.f);
}

void TestTrainOptimizers::mixedTypes() {
    at::Tensor single = leaf(at::ones({2}));
    at::Tensor twice = leaf(at::ones({2}, at::kDouble));
    const auto optimizer = train::makeOptimizer({single, twice}, adam("adamw", 0.02, 0.3));
    single.mutable_grad() = at::ones({2});
    twice.mutable_grad() = at::ones({2}, at::kDouble);
    optimizer->step(0.02);
    QVERIFY(at::allclose(single.to(at::kDouble), twice, 1e-6));
    QVERIFY(twice[0].item<double>() < 0.99);
}

void TestTrainOptimizers::sparseGradients() {
    at::Tensor table = leaf(at::ones({3, 2}));
    const auto optimizer = train::makeOptimizer({table}, sgd(0.9, false, 0));
    table.mutable_grad() =
        at::sparse_coo_tensor(at::tensor({1}, at::kLong).reshape({1, 1}), at::ones({1, 2}), {3, 2});
    optimizer->step(0.1);
    QVERIFY(at::allclose(table, at::tensor({1.f, 1.f, .9f, .9f, 1.f, 1.f}).reshape({3, 2})));
}

void TestTrainOptimizers::otherMemoryOrder() {
    at::Tensor weight =
        at::arange(6, at::kFloat).reshape({3, 2}).t().requires_grad_(true);  // columns first
    const auto optimizer = train::makeOptimizer({weight}, adam("adam", 0.1, 0));
    weight.square().sum().backward();
    optimizer->step(0.1);
    // Adam's first step is lr * sign(gradient), but nothing where the gradient is zero.
    QVERIFY(at::allclose(weight, at::tensor({0.f, 1.9f, 3.9f, .9f, 2.9f, 4.9f}).reshape({2, 3}),
                         1e-5, 1e-6));
}

QTEST_GUILESS_MAIN(TestTrainOptimizers)
#include "tst_train_optimizers.moc"
