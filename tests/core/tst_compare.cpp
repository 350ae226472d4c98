// SPDX-License-Identifier: GPL-3.0-or-later
// Two pruned models side by side, against figures counted by hand.
#include <cmath>
#include <limits>

#include <QTest>

#include "core/channels/analysis_torch.h"
#include "core/prune/compare.h"
#include "core/prune/footprint.h"
#include "tests/support/fixtures_torch.h"
#include "tests/support/toy_snapshot_torch.h"

using namespace espalier;
using namespace espalier::prune;
using test::floats;
using test::toySnapshot;

namespace {

Pruned pruned(const model::SnapshotPtr& snapshot, double sparsity = 0) {
    Plan plan = emptyPlan(*snapshot);
    if (sparsity > 0) plan.weights["fc.weight"] = WeightRule::sparsity(sparsity);
    RunControl control;
    return {snapshot, resolve(*snapshot, plan, nullptr, control).value()};
}

std::vector<LayerComparison> compared(const Pruned& left, const Pruned& right) {
    RunControl control;
    return compareLayers(left, right, control).value();
}

/// [[3, 0], [-4, 1]] with 40 MACs.
model::SnapshotPtr toy() {
    return toySnapshot({{"fc.weight", floats({3, 0, -4, 1}, {2, 2}), {}, "linear", 40}});
}

}  // namespace

class TestCompare : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aModelIsLikeItself() {
        const auto rows = compared(pruned(toy()), pruned(toy()));
        QCOMPARE(rows.size(), std::size_t{1});
        QCOMPARE(rows[0].name, std::string("fc.weight"));
        QVERIFY(rows[0].left == rows[0].right);
        QCOMPARE(*rows[0].change, 0.0);
        QCOMPARE(rows[0].left->macs, std::int64_t{40});
        QCOMPARE(rows[0].left->channels, std::int64_t{2});
    }

    void countsWhatMasksRemoveAndHowFarWeightsMoved() {
        // Half of four: 0 and 1 go. ‖(0, 0, 0, −1)‖ / ‖(3, 0, −4, 1)‖ = 1 / √26.
        const auto rows = compared(pruned(toy()), pruned(toy(), 0.5));
        QCOMPARE(rows[0].right->nonzeros, std::int64_t{2});
        QCOMPARE(rows[0].right->weights, std::int64_t{4});
        QCOMPARE(rows[0].right->sparsity(), 0.5);
        QVERIFY(std::abs(*rows[0].change - 1 / std::sqrt(26.0)) < 1e-12);
        // Three of four: only −4 stays, in the second row.
        QCOMPARE(compared(pruned(toy()), pruned(toy(), 0.75))[0].right->channels, std::int64_t{1});
    }

    void otherShapesAreNoChangeInWeights() {
        const auto small = toySnapshot({{"fc.weight", floats({3, -4}, {1, 2})}});
        const auto rows = compared(pruned(toy()), pruned(small));
        QVERIFY(!rows[0].change);
        QCOMPARE(rows[0].right->shape, (std::vector<std::int64_t>{1, 2}));
        QCOMPARE(rows[0].right->channels, std::int64_t{1});
    }

    void layersOfOneModelAloneAreThere() {
        const auto other = toySnapshot({{"head.weight", floats({1, 2}, {1, 2})}});
        const auto rows = compared(pruned(toy()), pruned(other));
        QCOMPARE(rows.size(), std::size_t{2});
        QVERIFY(rows[0].left && !rows[0].right && !rows[0].change);
        QCOMPARE(rows[1].name, std::string("head.weight"));
        QVERIFY(!rows[1].left && rows[1].right);
    }

    void zeroWeightsHaveNoRelativeChange() {
        const auto zeros = toySnapshot({{"fc.weight", floats({0, 0, 0, 0}, {2, 2})}});
        QVERIFY(!compared({zeros, nullptr}, pruned(toy()))[0].change);
    }

    void figuresOfCutChannelsAreThoseOfTheFootprint() {
        RunControl control;
        const auto snapshot =
            model::openSnapshot(test::fixture("cnn_bn.script.pt"), {}, {}, control).value();
        const auto groups = channels::analyse(snapshot, control).value();
        Plan plan = emptyPlan(*snapshot);
        plan.channels.emplace(groups->groups().front().key, ChannelRule::ratio(0.5));
        const auto scores = channelScores(*groups, scoreOptions(plan), control).value();
        const auto choice = chooseChannels(groups, plan, scores).value();
        const auto masks = resolve(*snapshot, plan, choice, nullptr, control).value();
        const auto rows = compared({snapshot, nullptr}, {snapshot, masks});
        const Footprint cost = footprint(*snapshot, *masks);
        std::int64_t macs = snapshot->otherMacs();
        for (const auto& row : rows) macs += row.right->macs;
        QCOMPARE(macs, cost.macs);
        const auto first = choice->of(groups->groups().front().id);
        QCOMPARE(rows[0].right->channels, first.reached());
        QVERIFY(rows[0].right->weights < rows[0].left->weights);
        QCOMPARE(rows[0].right->sparsity(), 0.0);
    }

    void histogramsShareTheirBins() {
        RunControl control;
        const auto other = toySnapshot({{"fc.weight", floats({-1, 1, 2, 2}, {2, 2})}});
        const auto pair =
            compareHistograms(pruned(toy(), 0.5), pruned(other), "fc.weight", 4, control).value();
        QCOMPARE(pair.low, -4.0);
        QCOMPARE(pair.high, 4.0);
        // Left: 3 and −4, edges −4, −2, 0, 2, 4. Right: −1, 1, 2, 2.
        QCOMPARE(pair.left, (std::vector<std::int64_t>{1, 0, 0, 1}));
        QCOMPARE(pair.leftZeros, std::int64_t{2});
        QCOMPARE(pair.right, (std::vector<std::int64_t>{0, 1, 1, 2}));
        QCOMPARE(pair.rightZeros, std::int64_t{0});
    }

    void histogramsOfWhatCannotBeDrawn() {
        RunControl control;
        const auto other = toySnapshot({{"head.weight", floats({1, 2}, {1, 2})}});
        const auto oneSide =
            compareHistograms(pruned(toy()), pruned(other), "fc.weight", 4, control).value();
        QVERIFY(!oneSide.left.empty() && oneSide.right.empty());
        const auto unknown = compareHistograms(pruned(toy()), pruned(other), "gone", 4, control);
        QCOMPARE(unknown.error().kind, Error::Kind::NotFound);
        QVERIFY(unknown.error().text().find("gone") != std::string::npos);
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const auto broken = toySnapshot({{"fc.weight", floats({1, nan}, {1, 2})}});
        const auto damaged =
            compareHistograms({broken, nullptr}, pruned(toy()), "fc.weight", 4, control);
        QCOMPARE(damaged.error().kind, Error::Kind::Damaged);
        const auto zeros = toySnapshot({{"fc.weight", floats({0, 0}, {1, 2})}});
        const auto flat =
            compareHistograms({zeros, nullptr}, {zeros, nullptr}, "fc.weight", 4, control).value();
        QCOMPARE(flat.leftZeros, std::int64_t{2});
    }

    void stopsWhenAsked() {
        RunControl control;
        control.requestStop();
        QCOMPARE(compareLayers(pruned(toy()), pruned(toy()), control).error().kind,
                 Error::Kind::Cancelled);
    }
};

QTEST_GUILESS_MAIN(TestCompare)
#include "tst_compare.moc"
