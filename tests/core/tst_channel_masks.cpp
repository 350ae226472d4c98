// SPDX-License-Identifier: GPL-3.0-or-later
// Masks and costs of channels, on a toy that is counted by hand.
#include <QtTest>

#include "core/prune/channel_costs.h"
#include "core/prune/footprint.h"
#include "core/prune/masks_torch.h"
#include "tests/support/toy_channels_torch.h"

using namespace espalier;
using namespace espalier::test;
using prune::ChannelRule;
using prune::Plan;
using prune::WeightRule;

namespace {

/// Keeps the channels 0 and 3 of conv1, the ones that l2 puts first.
Plan halfOfConv1() {
    Plan plan;
    plan.channels["conv1"] = ChannelRule::keepBest(2);
    return plan;
}

Result<prune::MasksPtr> resolve(const channels::ChannelGroupsPtr& groups, const Plan& plan,
                                const prune::MasksPtr& previous = nullptr) {
    RunControl control;
    const auto scores = prune::channelScores(*groups, prune::scoreOptions(plan), control);
    if (!scores) return scores.error();
    const auto choice = prune::chooseChannels(groups, plan, *scores);
    if (!choice) return choice.error();
    return prune::resolve(*groups->snapshot(), plan, *choice, previous, control);
}

prune::MasksPtr mustResolve(const channels::ChannelGroupsPtr& groups, const Plan& plan,
                            const prune::MasksPtr& previous = nullptr) {
    const auto masks = resolve(groups, plan, previous);
    if (!masks) qFatal("%s", masks.error().text().c_str());
    return *masks;
}

at::Tensor maskOf(const prune::Masks& masks, int layer) {
    return prune::keptMask(masks, model::LayerId{layer});
}

}  // namespace

class tst_channel_masks : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aChannelTakesAllItsMembers() {
        const auto groups = toyChannels();
        const auto masks = mustResolve(groups, halfOfConv1());
        QVERIFY(at::equal(maskOf(*masks, 0), bools({1, 1, 0, 0, 0, 0, 1, 1}, {4, 2})));
        QVERIFY(at::equal(maskOf(*masks, 1), bools({1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1}, {4, 3})));
        QVERIFY(at::equal(maskOf(*masks, 2), bools({1, 0, 0, 1}, {4})));
        QVERIFY(at::equal(maskOf(*masks, 3), bools({1, 0, 0, 1}, {4})));
        QVERIFY(!maskOf(*masks, 4).defined());
        QVERIFY(at::equal(maskOf(*masks, 5), bools({1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1}, {3, 4})));
        QCOMPARE(masks->removed(model::LayerId{5}), std::int64_t(6));
        QCOMPARE(masks->sparsityOfLeft(model::LayerId{5}), 0.0);
        const auto module = prune::maskedModule(*groups->snapshot(), *masks);
        QVERIFY(at::equal(model::parameterAt(module, "shift.bias"), floats({1, 0, 0, 4}, {4})));
        QVERIFY(at::equal(model::parameterAt(groups->snapshot()->state().module, "shift.bias"),
                          floats({1, 2, 3, 4}, {4})));
    }

    /// conv1.weight keeps the rows (3 −4) and (−1 0): half of these four weights go, the smallest.
    void weightRulesActOnWhatIsLeft_data() {
        QTest::addColumn<WeightRule>("rule");
        QTest::addColumn<std::vector<int>>("kept");
        QTest::newRow("sparsity") << WeightRule::sparsity(0.5)
                                  << std::vector{1, 1, 0, 0, 0, 0, 0, 0};
        QTest::newRow("threshold")
            << WeightRule::threshold(0.5) << std::vector{1, 1, 0, 0, 0, 0, 1, 0};
        // σ of (3 −4 −1 0) is 2.5; of all eight weights it would be 2.06
        QTest::newRow("sigma") << WeightRule::sigma(1.3) << std::vector{0, 1, 0, 0, 0, 0, 0, 0};
        QTest::newRow("pattern") << WeightRule::pattern(1, 2)
                                 << std::vector{0, 1, 0, 0, 0, 0, 1, 0};
    }
    void weightRulesActOnWhatIsLeft() {
        QFETCH(WeightRule, rule);
        QFETCH(std::vector<int>, kept);
        Plan plan = halfOfConv1();
        plan.weights["conv1.weight"] = rule;
        const auto masks = mustResolve(toyChannels(), plan);
        QVERIFY(at::equal(maskOf(*masks, 0), bools(kept, {4, 2})));
    }

    void patternsRunAlongWhatIsLeft() {
        Plan plan = halfOfConv1();
        plan.weights["fc.weight"] =
            WeightRule::pattern(1, 2);  // columns 0 and 3 are neighbours now
        const auto masks = mustResolve(toyChannels(), plan);
        QVERIFY(at::equal(maskOf(*masks, 5), bools({0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, {3, 4})));
        QCOMPARE(masks->sparsityOfLeft(model::LayerId{5}), 0.5);
    }

    /// What was removed before counts, as far as it is left: of channel 0 one weight is gone.
    void baseMasksCountInWhatIsLeft() {
        const auto snapshot = toyChannelsSnapshot(bools({0, 1, 0, 0, 1, 1, 1, 1}, {4, 2}));
        Plan plan = halfOfConv1();
        plan.weights["conv1.weight"] = WeightRule::sparsity(0.5);
        const auto masks = mustResolve(toyChannels(snapshot), plan);
        QVERIFY(at::equal(maskOf(*masks, 0), bools({0, 1, 0, 0, 0, 0, 1, 0}, {4, 2})));
        QCOMPARE(masks->removed(model::LayerId{0}), std::int64_t(6));
    }

    void aRuleMustLeaveSomethingOfWhatIsLeft() {
        Plan plan = halfOfConv1();
        plan.weights["conv1.weight"] = WeightRule::threshold(4.5);
        const auto masks = resolve(toyChannels(), plan);
        QVERIFY(!masks && masks.error().kind == Error::Kind::Infeasible);
        QVERIFY(masks.error().why.find("all 4 weights") != std::string::npos);
    }

    void groupsAreNeeded() {
        RunControl control;
        const auto masks = prune::resolve(*toyChannelsSnapshot(), halfOfConv1(), nullptr, control);
        QVERIFY(!masks && masks.error().kind == Error::Kind::BadArgument);
    }

    void unchangedLayersShareTheirMasks() {
        const auto groups = toyChannels();
        const auto first = mustResolve(groups, halfOfConv1());
        Plan plan = halfOfConv1();
        plan.weights["mix.weight"] = WeightRule::sparsity(0.5);
        const auto second = mustResolve(groups, plan, first);
        QVERIFY(maskOf(*second, 0).is_same(maskOf(*first, 0)));
        QVERIFY(second->state().costs == first->state().costs);
        plan.channels["conv1"] = ChannelRule::keepBest(3);
        QVERIFY(!maskOf(*mustResolve(groups, plan, second), 0).is_same(maskOf(*first, 0)));
    }

    void nothingToGoIsNoChoice() {
        Plan plan;
        plan.channels["conv1"] = ChannelRule::ratio(0);
        QVERIFY(!mustResolve(toyChannels(), plan)->channels());
    }

    /// Weights 8 + 12 + 4 + 4 + 12 + 12 = 52; without two channels 4 + 6 + 2 + 2 + 12 + 6 = 32.
    void costsAreCounted() {
        const auto groups = toyChannels();
        const auto costs = prune::channelCosts(groups);
        QVERIFY(costs.ok());
        const auto whole = (*costs)->after(channels::allChannels(*groups));
        QCOMPARE(whole.parameters, std::int64_t(52));
        QCOMPARE(whole.macs, (std::vector<std::int64_t>{80, 120, 0, 0, 12, 12}));
        const auto cut = (*costs)->after({{{0, 3}, {0, 1, 2}, {0, 1, 2}}});
        QCOMPARE(cut.parameters, std::int64_t(32));
        QCOMPARE(cut.weights, (std::vector<std::int64_t>{4, 6, 2, 2, 12, 6}));
        QCOMPARE(cut.macs, (std::vector<std::int64_t>{40, 60, 0, 0, 12, 6}));
        QCOMPARE(cut.bytes, whole.bytes - 20 * 4);
    }

    void footprintsCountWhatIsLeft() {
        const auto groups = toyChannels();
        Plan plan = halfOfConv1();
        plan.weights["conv1.weight"] = WeightRule::sparsity(0.5);
        const auto masks = mustResolve(groups, plan);
        const auto cost = prune::footprint(*groups->snapshot(), *masks);
        QCOMPARE(cost.parameters, std::int64_t(32));
        QCOMPARE(cost.nonzeros, std::int64_t(30));
        QCOMPARE(cost.macs, std::int64_t(118));
        QCOMPARE(cost.macsEffective, std::int64_t(98));
        QCOMPARE(cost.weights, std::int64_t(28));  // all but norm's
        QCOMPARE(cost.weightsKept, std::int64_t(26));
        const auto expected =
            prune::expectedRemoved(*groups->snapshot(), plan, masks->state().cut, nullptr);
        for (const auto& layer : groups->snapshot()->layers())
            QCOMPARE(expected[layer.id.index()], masks->removed(layer.id));
    }
};

QTEST_GUILESS_MAIN(tst_channel_masks)
#include "tst_channel_masks.moc"
