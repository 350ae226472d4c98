// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include <QtTest>

#include "core/prune/criterion_torch.h"
#include "core/prune/masks.h"
#include "core/prune/masks_torch.h"
#include "core/prune/rule_masks_torch.h"
#include "tests/support/toy_snapshot_torch.h"

using namespace espalier;
using prune::Plan;
using prune::WeightRule;
using test::bools;
using test::floats;

namespace {

Plan planOf(const model::Snapshot& snapshot, const std::string& layer, WeightRule rule,
            const std::string& criterion = "magnitude", std::uint64_t seed = 0) {
    Plan plan = prune::emptyPlan(snapshot);
    plan.weights[layer] = rule;
    plan.weightCriterion = criterion;
    plan.seed = seed;
    return plan;
}

Result<prune::MasksPtr> resolved(const model::Snapshot& snapshot, const Plan& plan,
                                 const prune::MasksPtr& previous = {}) {
    RunControl control;
    return prune::resolve(snapshot, plan, previous, control);
}

/// The mask of the only layer as text: '1' = kept.
std::string kept(const at::Tensor& weight, WeightRule rule, const at::Tensor& baseMask = {},
                 const std::string& criterion = "magnitude", const std::string& op = "linear") {
    const auto snapshot = test::toySnapshot({{"fc1.weight", weight, baseMask, op}});
    const auto masks = resolved(*snapshot, planOf(*snapshot, "fc1.weight", rule, criterion));
    if (!masks) return masks.error().text();
    const at::Tensor& mask = prune::keptMask(**masks, {0});
    if (!mask.defined()) return "all";
    std::string text;
    for (std::int64_t i = 0; i < mask.numel(); ++i)
        text += mask.flatten()[i].item<bool>() ? '1' : '0';
    if ((*masks)->removed({0}) != std::count(text.begin(), text.end(), '0')) return "wrong count";
    return text;
}

at::Tensor randomWeight(std::vector<std::int64_t> shape, unsigned seed, at::ScalarType type,
                        bool hasTies) {
    std::mt19937 generator(seed);
    std::normal_distribution<double> distribution(0, 1);
    at::Tensor values = at::empty(shape, at::kDouble);
    for (std::int64_t i = 0; i < values.numel(); ++i) {
        const double value = distribution(generator);
        values.data_ptr<double>()[i] = hasTies ? std::round(value * 4) / 4 : value;
    }
    return values.to(type);
}

/// The independent judge: sort all weights by (base-removed first, score, index) and remove the
/// first `count`.
std::vector<bool> keptBySorting(const std::vector<double>& scores, const std::vector<bool>& base,
                                std::int64_t count) {
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return base[a] != base[b] ? !base[a] : base[a] && scores[a] < scores[b];
    });
    std::vector<bool> result = base;
    for (std::int64_t i = 0; i < count; ++i) result[order[static_cast<std::size_t>(i)]] = false;
    return result;
}

std::vector<double> toVector(const at::Tensor& tensor) {
    const at::Tensor flat = tensor.to(at::kDouble).flatten().contiguous();
    return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

std::vector<bool> toBools(const at::Tensor& mask, std::int64_t count) {
    std::vector<bool> result(static_cast<std::size_t>(count), true);
    if (!mask.defined()) return result;
    for (std::int64_t i = 0; i < count; ++i) {
        result[static_cast<std::size_t>(i)] = mask.flatten().contiguous().data_ptr<bool>()[i];
    }
    return result;
}

}  // namespace

class tst_masks : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void removesByHand_data() {
        QTest::addColumn<QString>("result");
        QTest::addColumn<QString>("expected");
        const at::Tensor w = floats({-1, 2, 3, -4, 0.5F, 2}, {2, 3});
        const auto row = [](const char* name, const std::string& result, const char* expected) {
            QTest::newRow(name) << QString::fromStdString(result) << QString(expected);
        };
        row("threshold is strict", kept(w, WeightRule::threshold(2)), "011101");
        row("threshold above a value", kept(w, WeightRule::threshold(2.0000001)), "001100");
        row("threshold 0 keeps zeros", kept(floats({0, 1}, {1, 2}), WeightRule::threshold(0)),
            "all");
        row("threshold takes zeros",
            kept(floats({0, 1, -0.0F}, {1, 3}), WeightRule::threshold(1e-300)), "010");
        row("sparsity 0", kept(w, WeightRule::sparsity(0)), "all");
        row("sparsity, ties: the first goes", kept(w, WeightRule::sparsity(0.5)), "001101");
        row("sparsity rounds half up", kept(w, WeightRule::sparsity(0.25)), "011101");  // 1.5 -> 2
        row("sparsity rounds down", kept(w, WeightRule::sparsity(0.24)), "111101");     // 1.44 -> 1
        row("all equal", kept(floats({1, 1, 1, 1}, {2, 2}), WeightRule::sparsity(0.5)), "0011");
        // mean of w is 2.5/6, sum of squares 34.25: sigma = sqrt(34.25/6 - (2.5/6)^2) = 2.353
        row("sigma under", kept(w, WeightRule::sigma(0.84)), "011101");  // 1.976
        row("sigma over", kept(w, WeightRule::sigma(0.86)), "001100");   // 2.023
        row("sigma 0", kept(w, WeightRule::sigma(0)), "all");
        // equal weights have no spread
        row("sigma of a constant", kept(floats({1, 1}, {1, 2}), WeightRule::sigma(9)), "all");
        const at::Tensor base = bools({1, 1, 0, 1, 1, 1}, {2, 3});
        row("base alone", kept(w, WeightRule::sparsity(0), base), "110111");
        row("base counts", kept(w, WeightRule::sparsity(0.5), base), "010101");
        row("base is enough", kept(w, WeightRule::sparsity(1.0 / 6), base), "110111");
        row("base and threshold", kept(w, WeightRule::threshold(2), base), "010101");
        // sigma of the kept {-1, 2, -4, .5, 2}: mean -0.1, squares 25.25: sqrt(5.05 - 0.01) = 2.245
        row("sigma of the kept", kept(w, WeightRule::sigma(0.88), base), "010101");       // 1.976
        row("sigma of the kept, over", kept(w, WeightRule::sigma(0.9), base), "000100");  // 2.02
        row("2:4", kept(floats({1, -3, 2, 0, 4, 4, 4, 4}, {2, 4}), WeightRule::pattern(2, 4)),
            "01100011");
        row("2:4 with base",
            kept(floats({1, -3, 2, 0, 4, 5, 6, 7}, {2, 4}), WeightRule::pattern(2, 4),
                 bools({1, 0, 1, 1, 1, 1, 1, 1}, {2, 4})),
            "10100011");
        row("base under a pattern stays away",
            kept(floats({1, -3, 2, 0}, {1, 4}), WeightRule::pattern(2, 4),
                 bools({1, 0, 0, 0}, {1, 4})),
            "1000");
        // run of 4 keeps 2, the rest of 2 keeps ceil(2 * 2 / 4) = 1, a rest of 1 keeps 1
        row("2:4 on 6 columns", kept(floats({1, 2, 3, 4, 6, 5}, {1, 6}), WeightRule::pattern(2, 4)),
            "001110");
        row("2:4 on 5 columns", kept(floats({1, 2, 3, 4, 0}, {1, 5}), WeightRule::pattern(2, 4)),
            "00111");
        row("4:4", kept(w, WeightRule::pattern(4, 4)), "all");
        // a convolution [1, 4, 1, 2]: runs go over the input channels, not over the kernel
        row("conv",
            kept(floats({1, 8, 2, 7, 3, 6, 4, 5}, {1, 4, 1, 2}), WeightRule::pattern(2, 4), {},
                 "magnitude", "conv2d"),
            "01011010");
        // a transposed convolution [4, 1, 1, 2]: the input channels are dimension 0
        row("transposed",
            kept(floats({1, 8, 2, 7, 3, 6, 4, 5}, {4, 1, 1, 2}), WeightRule::pattern(2, 4), {},
                 "magnitude", "conv_transpose2d"),
            "01011010");
    }
    void removesByHand() {
        QFETCH(QString, result);
        QTEST(result, "expected");
    }

    void refusesToLeaveNothing_data() {
        QTest::addColumn<QString>("message");
        const at::Tensor w = floats({1, 2, 3, 4}, {2, 2});
        const auto row = [](const char* name, const std::string& message) {
            QTest::newRow(name) << QString::fromStdString(message);
        };
        row("threshold", kept(w, WeightRule::threshold(5)));
        row("sparsity", kept(w, WeightRule::sparsity(1)));
        row("sparsity that rounds to all", kept(w, WeightRule::sparsity(0.875)));
        row("sigma", kept(w, WeightRule::sigma(100)));
        row("with base", kept(w, WeightRule::threshold(4), bools({1, 1, 1, 0}, {2, 2})));
    }
    void refusesToLeaveNothing() {
        QFETCH(QString, message);
        QVERIFY2(message.contains("all 4 weights") && message.contains("fc1.weight"),
                 qPrintable(message));
    }

    void saysInfeasible() {
        const auto snapshot = test::toySnapshot({{"fc1.weight", at::ones({1, 1})}});
        const auto masks =
            resolved(*snapshot, planOf(*snapshot, "fc1.weight", WeightRule::sparsity(0.5)));
        QVERIFY(!masks);
        QVERIFY(masks.error().kind == Error::Kind::Infeasible);  // round(0.5) = 1 is all there is
        const auto fine =
            resolved(*snapshot, planOf(*snapshot, "fc1.weight", WeightRule::sparsity(0.49)));
        QVERIFY(fine.ok());
        QCOMPARE((*fine)->removed(), 0);
    }

    void letsAnEmptyLayerBe() {
        const auto snapshot =
            test::toySnapshot({{"fc1.weight", at::ones({1, 2}), at::zeros({1, 2}, at::kBool)}});
        const auto masks =
            resolved(*snapshot, planOf(*snapshot, "fc1.weight", WeightRule::sparsity(0.5)));
        QVERIFY(masks.ok());
        QCOMPARE((*masks)->removed(), 2);
        QCOMPARE((*masks)->sparsity({0}), 1.0);
    }

    void agreesWithSorting_data() {
        QTest::addColumn<int>("type");
        QTest::addColumn<QString>("criterion");
        QTest::addColumn<bool>("hasTies");
        QTest::addColumn<bool>("hasBase");
        for (const auto type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16}) {
            for (const char* criterion : {"magnitude", "lamp", "random"}) {
                for (const bool hasTies : {false, true}) {
                    for (const bool hasBase : {false, true}) {
                        QTest::addRow("%s %s%s%s", c10::toString(type), criterion,
                                      hasTies ? " ties" : "", hasBase ? " base" : "")
                            << static_cast<int>(type) << QString(criterion) << hasTies << hasBase;
                    }
                }
            }
        }
    }
    void agreesWithSorting() {
        QFETCH(int, type);
        QFETCH(QString, criterion);
        QFETCH(bool, hasTies);
        QFETCH(bool, hasBase);
        RunControl control;
        for (const unsigned seed : {1U, 2U, 3U}) {
            const std::int64_t rows = 3 + 29 * seed;
            const at::Tensor weight =
                randomWeight({rows, 53}, seed, static_cast<at::ScalarType>(type), hasTies);
            const at::Tensor base =
                hasBase ? (at::arange(rows * 53) % 5 != 2).reshape({rows, 53}) : at::Tensor();
            const auto snapshot = test::toySnapshot({{"fc1.weight", weight, base}});
            const std::vector<double> scores =
                criterion == "random"
                    ? toVector(*prune::weightScores(*snapshot, {0}, "random", seed))
                    : toVector(weight.abs());  // lamp ranks as magnitude does
            for (const double sparsity : {0.01, 0.2, 0.5, 0.777, 0.99}) {
                const auto plan = planOf(*snapshot, "fc1.weight", WeightRule::sparsity(sparsity),
                                         criterion.toStdString(), seed);
                const auto masks = resolved(*snapshot, plan);
                QVERIFY2(masks.ok(), masks ? "" : masks.error().text().c_str());
                const auto wanted = std::llround(sparsity * static_cast<double>(weight.numel()));
                const auto expected = keptBySorting(scores, toBools(base, weight.numel()), wanted);
                QVERIFY(toBools(prune::keptMask(**masks, {0}), weight.numel()) == expected);
                QCOMPARE((*masks)->removed({0}),
                         std::count(expected.begin(), expected.end(), false));
            }
        }
    }

    void thresholdsAgreeWithScores_data() {
        QTest::addColumn<QString>("criterion");
        QTest::newRow("magnitude") << "magnitude";
        QTest::newRow("lamp") << "lamp";
        QTest::newRow("random") << "random";
    }
    void thresholdsAgreeWithScores() {
        QFETCH(QString, criterion);
        const at::Tensor weight = randomWeight({40, 50}, 5, at::kFloat, false);
        const auto snapshot = test::toySnapshot({{"fc1.weight", weight}});
        const at::Tensor scores = *prune::weightScores(*snapshot, {0}, criterion.toStdString(), 9);
        const double threshold = std::get<0>(scores.flatten().sort())[700].item<double>();
        const auto masks =
            resolved(*snapshot, planOf(*snapshot, "fc1.weight", WeightRule::threshold(threshold),
                                       criterion.toStdString(), 9));
        QVERIFY(masks.ok());
        QVERIFY(at::equal(prune::keptMask(**masks, {0}), scores >= threshold));
    }

    void patternsAgreeWithTrying_data() {
        QTest::addColumn<int>("n");
        QTest::addColumn<int>("m");
        QTest::addColumn<QString>("criterion");
        for (const auto& [n, m] : {std::pair(2, 4), std::pair(1, 4), std::pair(4, 8),
                                   std::pair(1, 2), std::pair(3, 5)}) {
            for (const char* criterion : {"magnitude", "random"}) {
                QTest::addRow("%d:%d %s", n, m, criterion) << n << m << QString(criterion);
            }
        }
    }
    void patternsAgreeWithTrying() {
        QFETCH(int, n);
        QFETCH(int, m);
        QFETCH(QString, criterion);
        const at::Tensor weight = randomWeight({6, 11, 3, 2}, 8, at::kFloat, true);
        const auto snapshot = test::toySnapshot({{"conv1.weight", weight, {}, "conv2d"}});
        const at::Tensor scores = *prune::weightScores(*snapshot, {0}, criterion.toStdString(), 0);
        const auto masks = resolved(
            *snapshot,
            planOf(*snapshot, "conv1.weight", WeightRule::pattern(n, m), criterion.toStdString()));
        QVERIFY(masks.ok());
        const at::Tensor mask = prune::keptMask(**masks, {0});
        // O(n²): a weight stays if fewer than `keep` of its run beat it; equal ones beat it when
        // they come later.
        for (int o = 0; o < 6; ++o) {
            for (int i = 0; i < 11; ++i) {
                for (int y = 0; y < 3; ++y) {
                    for (int x = 0; x < 2; ++x) {
                        const auto score = [&](int channel) {
                            return scores[o][channel][y][x].item<double>();
                        };
                        const int first = i / m * m;
                        const int last = std::min(first + m, 11);
                        const double share = static_cast<double>(last - first) * n / m;
                        int better = 0;
                        for (int j = first; j < last; ++j)
                            better += score(j) > score(i) || (score(j) == score(i) && j > i);
                        QCOMPARE(mask[o][i][y][x].item<bool>(),
                                 better < static_cast<int>(std::ceil(share)));
                    }
                }
            }
        }
    }

    void findsTheAxisOfPatterns() {
        model::Layer layer;
        layer.shape = {8, 4, 3, 3};
        layer.op = "conv2d";
        QCOMPARE(prune::patternAxis(layer), 1);
        layer.op = "conv_transpose2d";
        QCOMPARE(prune::patternAxis(layer), 0);
        layer.shape = {10, 20};
        layer.inputShape = {1, 10};
        layer.op = "matmul";
        QCOMPARE(prune::patternAxis(layer), 0);  // x [1, 10] times w [10, 20]
        layer.inputShape = {1, 20};
        QCOMPARE(prune::patternAxis(layer), 1);  // x [1, 20] times w [10, 20] transposed
        layer.shape = {20, 20};
        QCOMPARE(prune::patternAxis(layer), 1);
        layer.op = "embedding";
        QCOMPARE(prune::patternAxis(layer), 1);
    }

    void leavesLockedLayersAndOthersAlone() {
        const auto snapshot = test::toySnapshot(
            {{"a.weight", floats({1, 2, 3, 4}, {2, 2})},
             {"b.weight", floats({1, 2, 3, 4}, {2, 2}), bools({0, 1, 1, 1}, {2, 2})},
             {"c.weight", floats({1, 2, 3, 4}, {2, 2})}});
        Plan plan = planOf(*snapshot, "a.weight", WeightRule::sparsity(0.5));
        plan.weights["b.weight"] = WeightRule::sparsity(0.75);
        plan.locked.insert("b.weight");
        const auto masks = resolved(*snapshot, plan);
        QVERIFY(masks.ok());
        QCOMPARE((*masks)->removed({0}), 2);
        QCOMPARE((*masks)->removed({1}), 1);
        QCOMPARE((*masks)->removed({2}), 0);
        QCOMPARE((*masks)->removed(), 3);
        QCOMPARE((*masks)->sparsity({0}), 0.5);
        QVERIFY(!prune::keptMask(**masks, {2}).defined());
    }

    void sharesMasksThatDidNotChange() {
        const auto snapshot =
            test::toySnapshot({{"a.weight", at::randn({4, 4})}, {"b.weight", at::randn({4, 4})}});
        Plan plan = planOf(*snapshot, "a.weight", WeightRule::sparsity(0.5));
        plan.weights["b.weight"] = WeightRule::threshold(0.1);
        const auto first = *resolved(*snapshot, plan);
        plan.weights["b.weight"] = WeightRule::threshold(std::nextafter(0.1, 1.0));
        plan.seed = 4;  // chance decides nothing here
        const auto second = *resolved(*snapshot, plan, first);
        QVERIFY(second->state().layers[0] == first->state().layers[0]);
        QVERIFY(second->state().layers[1] != first->state().layers[1]);
        plan.weightCriterion = "random";
        const auto third = *resolved(*snapshot, plan, second);
        QVERIFY(third->state().layers[0] != second->state().layers[0]);
        plan.seed = 5;
        const auto fourth = *resolved(*snapshot, plan, third);
        QVERIFY(fourth->state().layers[0] != third->state().layers[0]);
        const auto trained = test::toySnapshot(
            {{"a.weight", at::randn({4, 4})}, {"b.weight", at::randn({4, 4})}}, "trained");
        QVERIFY((*resolved(*trained, plan, fourth))->state().layers[0] !=
                fourth->state().layers[0]);
    }

    void isDeterministic() {
        const auto snapshot = test::toySnapshot({{"a.weight", at::ones({50, 50})}});
        const Plan plan = planOf(*snapshot, "a.weight", WeightRule::sparsity(0.3), "random", 12);
        const auto first = *resolved(*snapshot, plan);
        const auto second = *resolved(*snapshot, plan);
        QVERIFY(at::equal(prune::keptMask(*first, {0}), prune::keptMask(*second, {0})));
    }

    void refusesWhatIsNotFinite() {
        const auto snapshot = test::toySnapshot(
            {{"a.weight", floats({1, NAN}, {1, 2})}, {"b.weight", at::ones({2, 2})}});
        const auto masks =
            resolved(*snapshot, planOf(*snapshot, "a.weight", WeightRule::threshold(0.5)));
        QVERIFY(!masks);
        QVERIFY(masks.error().what.find("a.weight") != std::string::npos);
        QVERIFY(
            resolved(*snapshot, planOf(*snapshot, "b.weight", WeightRule::threshold(0.5))).ok());
    }

    void stops() {
        const auto snapshot = test::toySnapshot({{"a.weight", at::ones({2, 2})}});
        RunControl control;
        control.requestStop();
        const auto masks = prune::resolve(*snapshot, prune::emptyPlan(*snapshot), nullptr, control);
        QVERIFY(!masks);
        QVERIFY(masks.error().kind == Error::Kind::Cancelled);
    }

    void masksAModuleAndLeavesTheOriginal() {
        const at::Tensor weight = floats({-1, 2, 3, 4}, {2, 2});
        const auto snapshot = test::toySnapshot({{"a.weight", weight.clone()}});
        const auto masks =
            *resolved(*snapshot, planOf(*snapshot, "a.weight", WeightRule::sparsity(0.5)));
        const auto module = prune::maskedModule(*snapshot, *masks);
        const at::Tensor masked = model::parameterAt(module, "a.weight");
        QVERIFY(at::equal(masked, floats({0, 0, 3, 4}, {2, 2})));
        QVERIFY(!std::signbit(masked[0][0].item<float>()));
        QVERIFY(at::equal(model::weight(*snapshot, {0}), weight));
    }

    void masksWeightsThatAskForGradients() {
        const auto snapshot =
            test::toySnapshot({{"a.weight", at::ones({2, 2}).set_requires_grad(true)}});
        const auto masks =
            *resolved(*snapshot, planOf(*snapshot, "a.weight", WeightRule::sparsity(0.5)));
        const at::Tensor masked =
            model::parameterAt(prune::maskedModule(*snapshot, *masks), "a.weight");
        QCOMPARE(masked.sum().item<double>(), 2.0);
    }
};

QTEST_GUILESS_MAIN(tst_masks)
#include "tst_masks.moc"
