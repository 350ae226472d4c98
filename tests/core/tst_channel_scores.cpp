// SPDX-License-Identifier: GPL-3.0-or-later
// Expected figures are PyTorch's: norms and torch.cdist of the toy's weights in float64.
#include <QtTest>

#include <cmath>
#include <limits>

#include "core/prune/channel_criterion.h"
#include "core/prune/channel_scores.h"
#include "tests/support/toy_channels_torch.h"

using namespace espalier;
using namespace espalier::test;
using prune::ChannelScoreOptions;
using prune::Normalisation;
using prune::Reduction;

namespace {

std::vector<double> scoresOf(const channels::ChannelGroupsPtr& groups, int group,
                             const ChannelScoreOptions& options) {
    RunControl control;
    const auto scores = prune::channelScores(*groups, channels::GroupId{group}, options, control);
    if (!scores) qFatal("%s", scores.error().text().c_str());
    return *scores;
}

bool areClose(const std::vector<double>& a, const std::vector<double>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (std::abs(a[i] - b[i]) > 1e-6 * std::max(1.0, std::abs(b[i]))) return false;
    }
    return true;
}

}  // namespace

class tst_channel_scores : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void criteria_data() {
        QTest::addColumn<QString>("criterion");
        QTest::addColumn<int>("group");
        QTest::addColumn<std::vector<double>>("expected");
        using Values = std::vector<double>;
        QTest::newRow("l1, two producers") << "l1" << 0 << Values{5, 1.5, 2, 4};
        QTest::newRow("l2, two producers")
            << "l2" << 0 << Values{(5 + std::sqrt(3)) / 2, 1.5, std::sqrt(2), 3};
        QTest::newRow("bn_scale") << "bn_scale" << 0 << Values{0.5, 2, 1, 0};
        QTest::newRow("fpgm, two producers")
            << "fpgm" << 0 << Values{12.38816384, 9.29922452, 10.32821630, 12.40172064};
        QTest::newRow("l2, channels of two outputs")
            << "l2" << 1 << Values{std::sqrt(30), std::sqrt(174), std::sqrt(446)};
        QTest::newRow("fpgm, channels of two outputs") << "fpgm" << 1 << Values{24, 16, 24};
        QTest::newRow("bn_scale without a batch norm") << "bn_scale" << 1 << Values{};
    }
    void criteria() {
        QFETCH(QString, criterion);
        QFETCH(int, group);
        QFETCH(std::vector<double>, expected);
        const auto scores = scoresOf(toyChannels(), group, {criterion.toStdString()});
        QVERIFY(areClose(scores, expected));
    }

    void reductions() {
        const auto groups = toyChannels();
        using Values = std::vector<double>;
        QVERIFY(areClose(scoresOf(groups, 0, {"l1", Reduction::Sum}), Values{10, 3, 4, 8}));
        QVERIFY(areClose(scoresOf(groups, 0, {"l1", Reduction::Max}), Values{7, 2, 4, 7}));
        QVERIFY(areClose(scoresOf(groups, 0, {"l1", Reduction::Prod}), Values{21, 2, 0, 7}));
    }

    /// By hand: the producers' l1 sums add up to 10, 3, 4, 8; the columns of fc that read the
    /// channels to 15, 18, 21, 24.
    void consumersMayBeLookedAt() {
        const auto groups = toyChannels();
        using Values = std::vector<double>;
        ChannelScoreOptions options{"l1", Reduction::Sum};
        options.withConsumers = true;
        QVERIFY(areClose(scoresOf(groups, 0, options), Values{25, 21, 25, 32}));
        options.reduce = Reduction::Mean;
        QVERIFY(areClose(scoresOf(groups, 0, options), Values{25.0 / 3, 7, 25.0 / 3, 32.0 / 3}));
        prune::Plan plan;
        plan.channelDefaults.withConsumers = true;
        QVERIFY(prune::scoreOptions(plan).withConsumers);
        plan.channelDefaults.criterion = "fpgm";  // looks at producers alone
        QVERIFY(!prune::scoreOptions(plan).withConsumers);
    }

    void chanceIsSeededByKey() {
        const auto groups = toyChannels();
        const auto one = scoresOf(groups, 0, {"random", Reduction::Mean, 1});
        QCOMPARE(one, scoresOf(groups, 0, {"random", Reduction::Mean, 1}));
        QVERIFY(one != scoresOf(groups, 0, {"random", Reduction::Mean, 2}));
        QVERIFY(one.at(0) != scoresOf(groups, 1, {"random", Reduction::Mean, 1}).at(0));
        for (const double score : one) QVERIFY(score >= 0 && score < 1);
    }

    /// A channel that is gone already goes first, whatever the criterion thinks of it.
    void removedChannelsScoreNothing() {
        const auto state = toyChannelsSnapshot(bools({1, 1, 1, 1, 0, 0, 1, 1}, {4, 2}));
        auto group = toyChannels(state)->groups()[0];
        std::erase_if(group.members, [](const auto& m) { return m.parameter == "skip.weight"; });
        const auto groups = toyGroups(state, {group});
        for (const char* criterion : {"random", "bn_scale", "fpgm"}) {
            const auto scores = scoresOf(groups, 0, {criterion});
            QCOMPARE(scores.at(2), 0.0);
            QVERIFY(scores.at(1) > 0);
        }
    }

    void normalises() {
        using Values = std::vector<double>;
        const double lowest = -std::numeric_limits<double>::infinity();
        const Values scores{7, 1, 4, 0};
        QVERIFY(prune::normalised(scores, Normalisation::None) == (Values{7, 1, 4, lowest}));
        const auto mean = prune::normalised(scores, Normalisation::Mean);
        QVERIFY(areClose({mean.begin(), mean.end() - 1}, {7.0 / 3, 1.0 / 3, 4.0 / 3}));
        const auto max = prune::normalised(scores, Normalisation::Max);
        QVERIFY(areClose({max.begin(), max.end() - 1}, {1, 1.0 / 7, 4.0 / 7}));
        const auto gaussian = prune::normalised(scores, Normalisation::Gaussian);
        QVERIFY(areClose({gaussian.begin(), gaussian.end() - 1}, {1.460593, -0.730297, 0.365148}));
        QCOMPARE(mean.back(), lowest);
        QCOMPARE(prune::normalised({2, 2}, Normalisation::Gaussian), (Values{0, 0}));
    }

    void ranksTiesByIndex() {
        QCOMPARE(prune::rankedChannels({3, 1, 2, 1}), (std::vector<std::int64_t>{1, 3, 2, 0}));
    }

    void namesUnknownCriteria() {
        RunControl control;
        const auto scores = prune::channelScores(*toyChannels(), {"magnitude"}, control);
        QVERIFY(!scores);
        QVERIFY(scores.error().hint.find("bn_scale") != std::string::npos);
    }

    void stops() {
        RunControl control;
        control.requestStop();
        const auto scores = prune::channelScores(*toyChannels(), {"l2"}, control);
        QVERIFY(!scores && scores.error().kind == Error::Kind::Cancelled);
    }

    void refusesWeightsThatAreNoNumbers() {
        const auto snapshot = toySnapshot({{"fc.weight", floats({1, NAN, 3, 4}, {2, 2})}});
        channels::Group group;
        group.key = "fc";
        group.width = 2;
        group.members = {member("fc.weight", 0, channels::Role::Producer, 2)};
        RunControl control;
        const auto scores = prune::channelScores(*toyGroups(snapshot, {group}), {"l2"}, control);
        QVERIFY(!scores && scores.error().kind == Error::Kind::Damaged);
        QVERIFY(scores.error().why.find("fc.weight") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(tst_channel_scores)
#include "tst_channel_scores.moc"
