// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <set>

#include <QtTest>

#include "core/prune/criterion.h"
#include "core/prune/criterion_torch.h"
#include "tests/support/toy_snapshot_torch.h"

using namespace espalier;
using test::bools;
using test::floats;

namespace {

at::Tensor scores(const at::Tensor& weight, std::string_view criterion, std::uint64_t seed = 0,
                  const std::string& name = "fc1.weight", const at::Tensor& base = {}) {
    const auto result =
        prune::weightScores(*test::toySnapshot({{name, weight, base}}), {0}, criterion, seed);
    if (!result) qFatal("%s", result.error().text().c_str());
    return *result;
}

/// The formula as it is written, for weights that all differ: O(n²).
at::Tensor lampByFormula(const at::Tensor& weight) {
    const at::Tensor squares = weight.to(at::kDouble).flatten().square();
    at::Tensor result = at::empty_like(squares);
    for (std::int64_t i = 0; i < squares.numel(); ++i) {
        result[i] = squares[i] / squares.masked_select(squares >= squares[i]).sum();
    }
    return result.reshape(weight.sizes());
}

}  // namespace

class tst_criteria : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void listsEachOnce() {
        std::set<std::string> names;
        for (const auto& info : prune::weightCriteria()) {
            names.insert(info.name);
            QVERIFY(!info.formula.empty() && !info.summary.empty());
            QCOMPARE(prune::findWeightCriterion(info.name)->name, info.name);
        }
        QCOMPARE(names, (std::set<std::string>{"fisher", "gradient", "lamp", "magnitude", "random",
                                               "taylor", "wanda"}));
        QVERIFY(prune::findWeightCriterion("magnitude")->followsMagnitude);
        QVERIFY(prune::findWeightCriterion("lamp")->followsMagnitude);
        QVERIFY(!prune::findWeightCriterion("random")->followsMagnitude);
    }

    void namesTheKnownOnes() {
        const auto info = prune::findWeightCriterion("l1");
        QVERIFY(!info);
        QVERIFY(info.error().kind == Error::Kind::BadArgument);
        QVERIFY(info.error().text().find("\"l1\"") != std::string::npos);
        QVERIFY(info.error().hint.find("magnitude") != std::string::npos);
        const auto snapshot = test::toySnapshot({{"a.weight", at::ones({1, 1})}});
        QVERIFY(!prune::weightScores(*snapshot, {0}, "l1", 0));
        const auto measured = prune::weightScores(*snapshot, {0}, "taylor", 0);
        QVERIFY(!measured);
        QVERIFY(measured.error().text().find("needs data") != std::string::npos);
    }

    void scoresAreFloatsOfTheWeightsShape_data() {
        QTest::addColumn<int>("type");
        QTest::addColumn<int>("scoreType");
        const auto row = [](at::ScalarType type, at::ScalarType expected) {
            QTest::newRow(c10::toString(type))
                << static_cast<int>(type) << static_cast<int>(expected);
        };
        row(at::kFloat, at::kFloat);
        row(at::kDouble, at::kDouble);
        row(at::kHalf, at::kFloat);
        row(at::kBFloat16, at::kFloat);
    }
    void scoresAreFloatsOfTheWeightsShape() {
        QFETCH(int, type);
        QFETCH(int, scoreType);
        for (const auto& info : prune::weightCriteria()) {
            if (info.isMeasured()) continue;
            const at::Tensor result =
                scores(at::rand({2, 3, 1}).to(static_cast<at::ScalarType>(type)), info.name);
            QCOMPARE(static_cast<int>(result.scalar_type()), scoreType);
            QVERIFY(result.sizes() == at::IntArrayRef({2, 3, 1}));
        }
    }

    void magnitudeIsTheMagnitude() {
        QVERIFY(
            at::equal(scores(floats({-2, 0, 3}, {1, 3}), "magnitude"), floats({2, 0, 3}, {1, 3})));
    }

    void whatIsGoneScoresZero() {
        const at::Tensor base = bools({1, 0, 1}, {1, 3});
        QVERIFY(at::equal(scores(floats({-2, 9, 3}, {1, 3}), "magnitude", 0, "fc1.weight", base),
                          floats({2, 0, 3}, {1, 3})));
        const at::Tensor random = scores(at::ones({1, 3}), "random", 0, "fc1.weight", base);
        QCOMPARE(random[0][1].item<float>(), 0.0F);
        QVERIFY(random[0][0].item<float>() > 0);
    }

    void lampByHand() {
        // squares 1, 4, 9, 16: 1/30, 4/29, 9/25, 16/16
        const at::Tensor result = scores(floats({3, -1, -4, 2}, {2, 2}), "lamp");
        const at::Tensor expected = floats({9.0F / 25, 1.0F / 30, 1, 4.0F / 29}, {2, 2});
        QVERIFY(at::allclose(result, expected, 1e-7, 0));
    }

    void lampRanksEqualWeightsByIndex() {
        // sorted 1, 2, 2 (index 0 before index 2): 1/9, 4/8, 4/4
        const at::Tensor result = scores(floats({2, 1, -2}, {1, 3}), "lamp");
        QVERIFY(at::allclose(result, floats({0.5F, 1.0F / 9, 1}, {1, 3}), 1e-7, 0));
    }

    void lampOfZeros() {
        QVERIFY(at::equal(scores(at::zeros({2, 2}), "lamp"), at::zeros({2, 2})));
        QVERIFY(at::equal(scores(floats({0, 2}, {1, 2}), "lamp"), floats({0, 1}, {1, 2})));
    }

    void lampLeavesOutWhatIsGone() {
        // without the 4: squares 1, 4, 9
        const at::Tensor result = scores(floats({3, -1, -4, 2}, {2, 2}), "lamp", 0, "fc1.weight",
                                         bools({1, 1, 0, 1}, {2, 2}));
        QVERIFY(at::allclose(result, floats({1, 1.0F / 14, 0, 4.0F / 13}, {2, 2}), 1e-7, 0));
    }

    void lampAgreesWithItsFormula() {
        at::manual_seed(3);
        const at::Tensor weight = at::randn({30, 20}, at::kDouble);
        QVERIFY(at::allclose(scores(weight, "lamp"), lampByFormula(weight), 1e-12, 0));
        const at::Tensor narrow = weight.to(at::kFloat);
        QVERIFY(
            at::allclose(scores(narrow, "lamp").to(at::kDouble), lampByFormula(narrow), 1e-7, 0));
    }

    void randomIsUniform() {
        const at::Tensor result = scores(at::ones({1000, 1000}), "random", 1).to(at::kDouble);
        QVERIFY(result.min().item<double>() >= 0);
        QVERIFY(result.max().item<double>() < 1);
        // a million draws: the mean's standard error is 0.0003, each decile's 300
        QVERIFY(std::abs(result.mean().item<double>() - 0.5) < 0.0015);
        QVERIFY((at::histc(result, 10, 0, 1) - 100000).abs().max().item<double>() < 1500);
        // neighbours do not know one another: the correlation's standard error is 0.001
        const at::Tensor flat = result.flatten() - 0.5;
        const double product = (flat.slice(0, 1) * flat.slice(0, 0, -1)).mean().item<double>();
        QVERIFY(std::abs(product * 12) < 0.005);
    }

    void randomDependsOnSeedAndNameAlone() {
        const at::Tensor ones = at::ones({4, 4});
        const at::Tensor first = scores(ones, "random", 7);
        QVERIFY(at::equal(first, scores(at::randn({4, 4}), "random", 7)));
        QVERIFY(!at::equal(first, scores(ones, "random", 8)));
        QVERIFY(!at::equal(first, scores(ones, "random", 7, "fc2.weight")));
        const auto two = test::toySnapshot({{"other.weight", ones}, {"fc1.weight", ones}});
        QVERIFY(at::equal(first, *prune::weightScores(*two, {1}, "random", 7)));
        QVERIFY(at::equal(first.flatten().slice(0, 0, 6),
                          scores(at::ones({2, 3}), "random", 7).flatten()));
    }

    void randomStaysTheSameOnEveryMachine() {
        // Computed by a separate program from the published SplitMix64 and FNV-1a.
        const at::Tensor result = scores(at::ones({1, 3}), "random", 42);
        const std::vector<float> expected{0.13514047861099243F, 0.0701020359992981F,
                                          0.2879799008369446F};
        for (int i = 0; i < 3; ++i)
            QCOMPARE(result[0][i].item<float>(), expected[static_cast<std::size_t>(i)]);
    }
};

QTEST_GUILESS_MAIN(tst_criteria)
#include "tst_criteria.moc"
