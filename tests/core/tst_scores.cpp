// SPDX-License-Identifier: GPL-3.0-or-later
// Rules that rank by measured scores.
#include <QtTest>

#include "core/prune/channel_scores.h"
#include "core/prune/masks_torch.h"
#include "core/prune/scores_torch.h"
#include "tests/support/toy_channels_torch.h"

using namespace espalier;
using test::bools;
using test::floats;

namespace {

prune::Plan planBy(const std::string& criterion, prune::WeightRule rule) {
    prune::Plan plan;
    plan.weightCriterion = criterion;
    plan.weights["a.weight"] = rule;
    return plan;
}

prune::ScoreCache cacheOf(const model::Snapshot& snapshot, const prune::Plan& plan,
                          const std::string& criterion, prune::ParameterScores scores,
                          const std::string& parameter = "a.weight") {
    auto state = std::make_shared<prune::ScoreState>();
    state->key = prune::scoreKey(snapshot, plan, criterion);
    state->parameters[parameter] = std::move(scores);
    state->whyNot["b.weight"] = "a toy reason";
    prune::ScoreCache cache;
    cache.add(std::make_shared<const prune::Scores>(std::move(state)));
    return cache;
}

at::Tensor rowsOf(const at::Tensor& values) {
    return at::arange(values.size(0)).unsqueeze(1).expand(values.sizes());
}

const at::Tensor& toyScores() {
    static const at::Tensor scores = floats({9, 8, 7, 6, 1, 2, 3, 4}, {2, 4});
    return scores;
}

model::SnapshotPtr toy(const at::Tensor& baseMask = {}) {
    return test::toySnapshot(
        {{"a.weight", at::ones({2, 4}), baseMask}, {"b.weight", at::ones({2, 2})}});
}

}  // namespace

class TestScores : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void rulesRankByScores_data() {
        QTest::addColumn<QString>("criterion");
        QTest::addColumn<double>("sparsity");
        QTest::addColumn<QList<int>>("kept");
        QTest::newRow("lowest of all") << "taylor" << 0.5 << QList<int>{1, 1, 1, 1, 0, 0, 0, 0};
        QTest::newRow("lowest of each row") << "wanda" << 0.5 << QList<int>{1, 1, 0, 0, 0, 0, 1, 1};
        QTest::newRow("exactly as many, the first row one more")
            << "wanda" << 0.375 << QList<int>{1, 1, 0, 0, 0, 1, 1, 1};
    }
    void rulesRankByScores() {
        QFETCH(QString, criterion);
        QFETCH(double, sparsity);
        QFETCH(QList<int>, kept);
        const auto snapshot = toy();
        const auto plan = planBy(criterion.toStdString(), prune::WeightRule::sparsity(sparsity));
        prune::ParameterScores scores{{toyScores(), {}}, {}};
        if (criterion == "wanda") scores.weights.rows = rowsOf(toyScores());
        RunControl control;
        const auto masks =
            prune::resolve(*snapshot, plan, nullptr, control,
                           cacheOf(*snapshot, plan, criterion.toStdString(), scores));
        QVERIFY(masks);
        const std::vector<int> expected(kept.begin(), kept.end());
        QVERIFY(at::equal(prune::keptMask(**masks, {0}), bools(expected, {2, 4})));
    }

    void rowsLoseAlikeWithWhatIsGoneAlready() {
        const auto snapshot = toy(bools({0, 0, 1, 1, 1, 1, 1, 1}, {2, 4}));
        const auto plan = planBy("wanda", prune::WeightRule::sparsity(0.5));
        RunControl control;
        const auto masks = prune::resolve(
            *snapshot, plan, nullptr, control,
            cacheOf(*snapshot, plan, "wanda", {{toyScores(), rowsOf(toyScores())}, {}}));
        QVERIFY(masks);
        QVERIFY(at::equal(prune::keptMask(**masks, {0}), bools({0, 0, 1, 1, 0, 0, 1, 1}, {2, 4})));
    }

    void thresholdsAndPatternsLookAtScores() {
        const auto snapshot = toy();
        RunControl control;
        auto plan = planBy("wanda", prune::WeightRule::threshold(6.5));
        const prune::ParameterScores scores{{toyScores(), rowsOf(toyScores())}, {}};
        auto masks = prune::resolve(*snapshot, plan, nullptr, control,
                                    cacheOf(*snapshot, plan, "wanda", scores));
        QVERIFY(at::equal(prune::keptMask(**masks, {0}), bools({1, 1, 1, 0, 0, 0, 0, 0}, {2, 4})));
        plan.weights["a.weight"] = prune::WeightRule::pattern(1, 2);
        masks = prune::resolve(*snapshot, plan, nullptr, control,
                               cacheOf(*snapshot, plan, "wanda", scores));
        QVERIFY(at::equal(prune::keptMask(**masks, {0}), bools({1, 0, 1, 0, 0, 1, 0, 1}, {2, 4})));
    }

    void whatIsNotRankedIsLeftAlone() {
        const auto snapshot = toy();
        auto plan = planBy("taylor", prune::WeightRule::sparsity(0.5));
        plan.weights["b.weight"] = prune::WeightRule::sparsity(0.5);
        const auto cache = cacheOf(*snapshot, plan, "taylor", {{toyScores(), {}}, {}});
        RunControl control;
        const auto masks = prune::resolve(*snapshot, plan, nullptr, control, cache);
        QVERIFY(masks);
        QCOMPARE((*masks)->removed({0}), 4);
        QCOMPARE((*masks)->removed({1}), 0);
        plan.weights.clear();
        const auto everywhere = prune::withSparsityEverywhere(*snapshot, plan, 0.5,
                                                              prune::Scope::Global, control, cache);
        QVERIFY(everywhere);
        QVERIFY(!everywhere->weights.contains("b.weight"));
        QCOMPARE(everywhere->weights.at("a.weight").value, 0.5);
    }

    void missingScoresAreNamed() {
        const auto snapshot = toy();
        RunControl control;
        const auto plan = planBy("taylor", prune::WeightRule::sparsity(0.5));
        const auto masks = prune::resolve(*snapshot, plan, nullptr, control);
        QVERIFY(!masks);
        QVERIFY(masks.error().text().find("the criterion taylor needs data") != std::string::npos);
        QCOMPARE(prune::scoresNeeded(*snapshot, plan).size(), std::size_t(1));
        // Another slice is another answer.
        const auto cache = cacheOf(*snapshot, plan, "taylor", {{toyScores(), {}}, {}});
        auto other = plan;
        other.data = "train[0:7]";
        QVERIFY(!prune::resolve(*snapshot, other, nullptr, control, cache));
        // σ is of the weights alone, and a locked rule asks for nothing.
        const auto sigma = planBy("taylor", prune::WeightRule::sigma(0));
        QVERIFY(prune::resolve(*snapshot, sigma, nullptr, control));
        QVERIFY(prune::scoresNeeded(*snapshot, sigma).empty());
        auto locked = plan;
        locked.locked.insert("a.weight");
        QVERIFY(prune::resolve(*snapshot, locked, nullptr, control));
        QVERIFY(prune::scoresNeeded(*snapshot, locked).empty());
    }

    void channelsRankByWhatIsAlongTheirAxis_data() {
        QTest::addColumn<QString>("criterion");
        QTest::addColumn<QList<double>>("expected");
        // "mix" has channels of two positions: (1, 2), (3, 4), (5, −5) in one round, (1, 1), (0,
        // 2), (3, 3) in another, which only taylor has.
        QTest::newRow("taylor") << "taylor" << QList<double>{9 + 4, 49 + 4, 0 + 36};
        QTest::newRow("gradient") << "gradient" << QList<double>{std::sqrt(3.0), std::sqrt(7.0), 0};
        QTest::newRow("fisher") << "fisher" << QList<double>{3, 7, 0};
        QTest::newRow("wanda") << "wanda" << QList<double>{3, 7, 0};
        QTest::newRow("activation") << "activation" << QList<double>{1.5, 3.5, 0};
        QTest::newRow("apoz") << "apoz" << QList<double>{1.5, 3.5, 0};
    }
    void channelsRankByWhatIsAlongTheirAxis() {
        QFETCH(QString, criterion);
        QFETCH(QList<double>, expected);
        at::Tensor rounds = floats({1, 2, 3, 4, 5, -5, 1, 1, 0, 2, 3, 3}, {2, 6}).to(at::kDouble);
        if (criterion != "taylor") rounds = rounds.slice(0, 0, 1);
        const auto groups = test::toyChannels();
        prune::Plan plan;
        plan.channelDefaults.criterion = criterion.toStdString();
        const auto cache = cacheOf(*groups->snapshot(), plan, criterion.toStdString(),
                                   {{}, {rounds.contiguous()}}, "mix.weight");
        RunControl control;
        const auto options = prune::scoreOptions(plan);
        const auto scores =
            prune::channelScores(*groups, channels::GroupId{1}, options, control, cache);
        QVERIFY(scores);
        QCOMPARE(QList<double>(scores->begin(), scores->end()), expected);
        const auto none =
            prune::channelScores(*groups, channels::GroupId{0}, options, control, cache);
        QVERIFY(none && none->empty());  // nothing was measured of its members
        const auto missing = prune::channelScores(*groups, options, control);
        QVERIFY(!missing);
        QVERIFY(missing.error().text().find("needs data") != std::string::npos);
    }

    void theCacheForgetsTheOldest() {
        const auto snapshot = toy();
        prune::Plan plan;
        prune::ScoreCache cache;
        for (int i = 0; i < 9; ++i) {
            auto state = std::make_shared<prune::ScoreState>();
            plan.seed = static_cast<std::uint64_t>(i);
            state->key = prune::scoreKey(*snapshot, plan, "taylor");
            cache.add(std::make_shared<const prune::Scores>(std::move(state)));
        }
        QVERIFY(cache.find(prune::scoreKey(*snapshot, plan, "taylor")));
        plan.seed = 0;
        QVERIFY(!cache.find(prune::scoreKey(*snapshot, plan, "taylor")));
        plan.seed = 1;
        QVERIFY(cache.find(prune::scoreKey(*snapshot, plan, "taylor")));
    }
};

QTEST_GUILESS_MAIN(TestScores)
#include "tst_scores.moc"
