// SPDX-License-Identifier: GPL-3.0-or-later
// The uniform plan of another plan's size.
#include <QTest>

#include "core/channels/analysis_torch.h"
#include "core/prune/baseline.h"
#include "tests/support/fixtures_torch.h"
#include "tests/support/noise_torch.h"
#include "tests/support/toy_snapshot_torch.h"

using namespace espalier;
using namespace espalier::prune;

namespace {

Footprint footprintOf(const model::SnapshotPtr& snapshot, const Plan& plan,
                      const ChannelChoicePtr& choice = nullptr) {
    RunControl control;
    return footprint(*snapshot, *resolve(*snapshot, plan, choice, nullptr, control).value());
}

}  // namespace

class TestBaseline : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void takesTheSameShareOfEachLayer() {
        const auto snapshot = test::toySnapshot({{"small.weight", test::noise({10, 10}, 1)},
                                                 {"large.weight", test::noise({100, 100}, 2)},
                                                 {"locked.weight", test::noise({10, 10}, 3)}});
        Plan plan = emptyPlan(*snapshot);
        plan.weights["large.weight"] = WeightRule::sparsity(0.9);
        plan.locked.insert("locked.weight");
        plan.weightCriterion = "random";
        plan.seed = 7;
        const Footprint left = footprintOf(snapshot, plan);
        RunControl control;
        const auto made = uniformBaseline(*snapshot, plan, left, {}, {}, control);
        QVERIFY2(made.ok(), made ? "" : made.error().text().c_str());
        // 9 000 of the 10 100 that are not locked.
        QVERIFY(std::abs(made->weights.at("small.weight").value - 9000.0 / 10100) < 2e-3);
        QVERIFY(std::abs(made->weights.at("large.weight").value - 9000.0 / 10100) < 2e-3);
        QVERIFY(!made->weights.contains("locked.weight"));
        QCOMPARE(made->locked, plan.locked);
        QCOMPARE(made->weightCriterion, plan.weightCriterion);
        QCOMPARE(made->seed, plan.seed);
        const Footprint uniform = footprintOf(snapshot, *made);
        QCOMPARE(uniform.nonzeros, left.nonzeros);
    }

    void ofChannelsReachesTheSameParameters() {
        RunControl control;
        const auto snapshot =
            model::openSnapshot(test::fixture("cnn_bn.script.pt"), {}, {}, control).value();
        ChannelFacts facts;
        facts.groups = channels::analyse(snapshot, control).value();
        facts.costs = channelCosts(facts.groups).value();
        facts.scores = channelScores(*facts.groups, ChannelScoreOptions{}, control).value();
        Plan plan = emptyPlan(*snapshot);
        const std::string first = facts.groups->groups().front().key;
        plan.channels.emplace(first, ChannelRule::ratio(0.75));
        const auto choice = chooseChannels(facts.groups, plan, facts.scores).value();
        const Footprint left = footprintOf(snapshot, plan, choice);
        const auto made = uniformBaseline(*snapshot, plan, left, facts, {}, control);
        QVERIFY2(made.ok(), made ? "" : made.error().text().c_str());
        QVERIFY(made->channels.size() > 1);
        const auto uniform = chooseChannels(facts.groups, *made, facts.scores).value();
        const Footprint reached = footprintOf(snapshot, *made, uniform);
        QVERIFY(reached.parameters <= left.parameters);
        QVERIFY(2 * reached.parameters > left.parameters);  // whole channels, few of them
    }

    void nothingPrunedHasNoBaseline() {
        const auto snapshot = test::toySnapshot({{"fc.weight", test::noise({4, 4}, 1)}});
        RunControl control;
        const auto made = uniformBaseline(*snapshot, emptyPlan(*snapshot),
                                          denseFootprint(*snapshot), {}, {}, control);
        QCOMPARE(made.error().kind, Error::Kind::BadArgument);
        QVERIFY(made.error().text().find("Prune first") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestBaseline)
#include "tst_baseline.moc"
