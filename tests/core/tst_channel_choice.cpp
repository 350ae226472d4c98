// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "core/prune/channel_choice.h"
#include "tests/support/toy_channels_torch.h"

using namespace espalier;
using namespace espalier::test;
using prune::ChannelRule;
using prune::Plan;
using prune::Scope;
using Channels = std::vector<std::int64_t>;

namespace {

/// One group of this width whose channels count `each` outputs.
Plan inexactAllowed() {
    Plan plan;
    plan.channelDefaults.allowInexact = true;
    return plan;
}

channels::ChannelGroupsPtr oneGroup(std::int64_t width, std::int64_t each = 1) {
    const auto snapshot = toySnapshot({{"fc.weight", at::ones({width * each, 2})}});
    channels::Group group;
    group.key = "fc";
    group.width = width;
    group.members = {member("fc.weight", 0, channels::Role::Producer, width, each)};
    return toyGroups(snapshot, {group});
}

prune::ChannelScoresPtr scores(std::vector<std::vector<double>> groups) {
    return std::make_shared<const prune::ChannelScores>(
        prune::ChannelScores{{}, std::move(groups)});
}

/// Channel c scores c.
prune::ChannelScoresPtr rising(const channels::ChannelGroups& groups) {
    std::vector<std::vector<double>> all;
    for (const auto& group : groups.groups()) {
        auto& own = all.emplace_back();
        for (std::int64_t c = 0; c < group.width; ++c) own.push_back(static_cast<double>(c) + 1);
    }
    return scores(std::move(all));
}

prune::GroupChoice chosen(const channels::ChannelGroupsPtr& groups, const Plan& plan) {
    const auto choice = prune::chooseChannels(groups, plan, rising(*groups));
    if (!choice) qFatal("%s", choice.error().text().c_str());
    return (*choice)->choices.at(0);
}

ChannelRule multiple(ChannelRule rule, std::int64_t of) {
    rule.multipleOf = of;
    return rule;
}

}  // namespace

class tst_channel_choice : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void rules_data() {
        QTest::addColumn<int>("width");
        QTest::addColumn<ChannelRule>("rule");
        QTest::addColumn<int>("requested");
        QTest::addColumn<int>("reached");
        QTest::addColumn<QString>("constraint");
        const auto row = [](const char* name, int width, ChannelRule rule, int requested,
                            int reached, const char* constraint) {
            QTest::newRow(name) << width << rule << requested << reached << constraint;
        };
        row("keep", 20, ChannelRule::keepBest(12), 12, 12, "");
        row("keep may go below the floor", 20, ChannelRule::keepBest(1), 1, 1, "");
        row("ratio", 20, ChannelRule::ratio(0.5), 10, 10, "");
        row("ratio rounds", 5, ChannelRule::ratio(0.5), 2, 2, "");  // 2.5 goes to 3 removed
        row("ratio of nothing", 5, ChannelRule::ratio(0), 5, 5, "");
        row("ratio down to the floor", 64, ChannelRule::ratio(1), 0, 7, "floor 10");
        row("floor of a round share", 30, ChannelRule::ratio(0.95), 1, 3, "floor 10");
        row("never none", 4, ChannelRule::ratio(1), 0, 1, "at least 1");
        row("threshold", 20, ChannelRule::threshold(15), 6, 6, "");
        row("threshold above all", 20, ChannelRule::threshold(99), 0, 2, "floor 10");
        row("multiple, up", 20, multiple(ChannelRule::ratio(0.5), 4), 10, 12, "multiple of 4");
        row("multiple, met", 20, multiple(ChannelRule::keepBest(8), 4), 8, 8, "");
        row("multiple beyond the width", 10, multiple(ChannelRule::keepBest(9), 8), 9, 10,
            "multiple of 8 fits");
    }
    void rules() {
        QFETCH(int, width);
        QFETCH(ChannelRule, rule);
        QFETCH(int, requested);
        QFETCH(int, reached);
        QFETCH(QString, constraint);
        Plan plan;
        plan.channels["fc"] = rule;
        const auto choice = chosen(oneGroup(width), plan);
        QCOMPARE(choice.requested, std::int64_t(requested));
        QCOMPARE(choice.reached(), std::int64_t(reached));
        QVERIFY2(QString::fromStdString(choice.constraint).contains(constraint),
                 choice.constraint.c_str());
        QCOMPARE(choice.constraint.empty(), constraint.isEmpty());
        // The best stay: the last ones.
        QCOMPARE(choice.kept.front(), std::int64_t(width - reached));
    }

    void tiesGoByIndex() {
        const auto groups = oneGroup(4);
        Plan plan;
        plan.channels["fc"] = ChannelRule::keepBest(2);
        const auto choice = prune::chooseChannels(groups, plan, scores({{1, 1, 1, 1}}));
        QCOMPARE((*choice)->choices[0].kept, (Channels{2, 3}));
    }

    void marksOverrideTheRule() {
        Plan plan;
        plan.channels["fc"] = ChannelRule::keepBest(2);
        plan.marks["fc"] = {{0}, {3}};
        auto choice = chosen(oneGroup(4), plan);
        QCOMPARE(choice.kept, (Channels{0, 2}));
        plan.channels["fc"] = ChannelRule::keepBest(3);
        choice = chosen(oneGroup(4), plan);
        QCOMPARE(choice.kept, (Channels{0, 1, 2}));
        plan.channels.clear();
        choice = chosen(oneGroup(4), plan);
        QCOMPARE(choice.kept, (Channels{0, 1, 2}));
        QVERIFY(choice.constraint.find("marked to go") != std::string::npos);
    }

    void roundingUpSparesTheMarked() {
        Plan plan;
        plan.channels["fc"] = multiple(ChannelRule::keepBest(3), 4);
        plan.marks["fc"] = {{}, {2}};
        QCOMPARE(chosen(oneGroup(6), plan).kept, (Channels{1, 3, 4, 5}));
    }

    /// A mark on any output of a channel is a mark on the channel; the width counts outputs.
    void channelsOfSeveralOutputs() {
        Plan plan;
        plan.marks["fc"] = {{}, {5}};
        QCOMPARE(chosen(oneGroup(4, 4), plan).kept, (Channels{0, 2, 3}));
        plan.marks["fc"] = {{4}, {5}};
        const auto both = prune::chooseChannels(oneGroup(4, 4), plan, nullptr);
        QVERIFY(!both && both.error().kind == Error::Kind::BadArgument);
        plan.marks.clear();
        plan.channels["fc"] = multiple(ChannelRule::keepBest(3), 8);  // 3 · 4 outputs → 16
        QCOMPARE(chosen(oneGroup(6, 4), plan).reached(), std::int64_t(4));
    }

    void locksKeepAGroupWhole() {
        Plan plan;
        plan.channels["fc"] = ChannelRule::keepBest(1);
        plan.locked.insert("fc");
        const auto choice = chosen(oneGroup(4), plan);
        QCOMPARE(choice.reached(), std::int64_t(4));
        QCOMPARE(choice.requested, std::int64_t(1));
        QVERIFY(choice.constraint.find("locked") != std::string::npos);
    }

    void refuses_data() {
        QTest::addColumn<Plan>("plan");
        QTest::addColumn<QString>("word");
        QTest::addColumn<QString>("hint");
        const auto ruled = [](const char* key, ChannelRule rule) {
            Plan plan;
            plan.channels[key] = rule;
            return plan;
        };
        QTest::newRow("locked") << ruled("fc", ChannelRule::keepBest(1)) << "output"
                                << "leaves this group whole";
        QTest::newRow("inexact") << ruled("mix", ChannelRule::ratio(0.5)) << "layer_norm"
                                 << "--allow-inexact";
        QTest::newRow("more than there are")
            << ruled("conv1", ChannelRule::keepBest(5)) << "4 channels"
            << "keeps 4";
        QTest::newRow("none") << ruled("conv1", ChannelRule::keepBest(0)) << "no channel"
                              << "keep 1";
        QTest::newRow("unknown") << ruled("conv7", ChannelRule::ratio(0.5)) << "conv7"
                                 << "inspect";
        QTest::newRow("not the key")
            << ruled("skip", ChannelRule::ratio(0.5)) << "moves together with conv1"
            << "conv1";
        Plan twice = ruled("conv1", ChannelRule::ratio(0.5));
        twice.channels["skip"] = ChannelRule::ratio(0.25);
        QTest::newRow("two rules for one group") << twice << "two rules for one group"
                                                 << "conv1";
        Plan marked;
        marked.marks["conv1"] = {{}, {0, 1, 2, 3}};
        QTest::newRow("all marked") << marked << "all its channels"
                                    << "unmarked";
        marked.marks["conv1"] = {{7}, {}};
        QTest::newRow("mark outside") << marked << "7"
                                      << "marks.conv1";
        Plan lock;
        lock.locked.insert("conv7");
        QTest::newRow("unknown lock") << lock << "locked.conv7"
                                      << "inspect";
    }
    void refuses() {
        QFETCH(Plan, plan);
        QFETCH(QString, word);
        QFETCH(QString, hint);
        const auto groups = toyChannels();
        const auto choice = prune::chooseChannels(groups, plan, rising(*groups));
        QVERIFY(!choice);
        const QString text = QString::fromStdString(choice.error().text());
        QVERIFY2(text.contains(word) && text.contains(hint), qPrintable(text));
    }

    void inexactGroupsMayBeAllowed() {
        const auto groups = toyChannels();
        Plan plan;
        plan.channelDefaults.allowInexact = true;
        plan.channels["mix"] = ChannelRule::keepBest(1);
        const auto choice = prune::chooseChannels(groups, plan, rising(*groups));
        QVERIFY(choice.ok());
        QCOMPARE((*choice)->kept().groups[1], (Channels{2}));
        QVERIFY(!(*choice)->isWhole());
    }

    void aRuleNeedsScores() {
        const auto groups = toyChannels();
        Plan plan;
        plan.channels["conv1"] = ChannelRule::keepBest(1);
        const auto choice = prune::chooseChannels(groups, plan, scores({{}, {}, {}}));
        QVERIFY(!choice);
        QVERIFY(choice.error().text().find("conv1") != std::string::npos);
    }

    void everyGroupLosesItsShare() {
        const auto groups = toyChannels();
        const auto plan =
            prune::withChannelsEverywhere(*groups, {}, 0.5, Scope::Layer, rising(*groups), 2);
        QVERIFY(plan.ok());
        QCOMPARE(plan->channels.size(), std::size_t(1));
        QCOMPARE(plan->channels.at("conv1"), multiple(ChannelRule::ratio(0.5), 2));
        const auto all = prune::withChannelsEverywhere(*groups, inexactAllowed(), 0.5, Scope::Layer,
                                                       rising(*groups));
        QCOMPARE(all->channels.size(), std::size_t(2));
    }

    /// By hand: normalised by their means (2.5 and 2), the ranking is conv1 0.4, mix 0.5, conv1
    /// 0.8, mix 1, …; round(0.4 · 7) = 3 go.
    void globalRanksAllGroupsTogether() {
        const auto groups = toyChannels();
        const auto plan = prune::withChannelsEverywhere(*groups, inexactAllowed(), 0.4,
                                                        Scope::Global, rising(*groups));
        QCOMPARE(plan->channels.at("conv1"), ChannelRule::keepBest(2));
        QCOMPARE(plan->channels.at("mix"), ChannelRule::keepBest(2));
        const auto most = prune::withChannelsEverywhere(*groups, inexactAllowed(), 1, Scope::Global,
                                                        rising(*groups));
        QCOMPARE(most->channels.at("conv1"), ChannelRule::keepBest(1));
        QCOMPARE(most->channels.at("mix"), ChannelRule::keepBest(1));
        // Alone among its kind, each group loses its own share.
        const auto alike = prune::withChannelsEverywhere(*groups, inexactAllowed(), 0.34,
                                                         Scope::SameKind, rising(*groups));
        QCOMPARE(alike->channels.at("conv1"), ChannelRule::keepBest(3));
        QCOMPARE(alike->channels.at("mix"), ChannelRule::keepBest(2));
    }

    void saysWhyNothingCanGo() {
        const auto whole = toyChannels();
        const auto none = prune::withChannelsEverywhere(
            *toyGroups(whole->snapshot(), {whole->groups()[2]}), {}, 0.5, Scope::Layer, nullptr);
        QVERIFY(!none && none.error().kind == Error::Kind::Infeasible);
        QVERIFY(none.error().why.find("output") != std::string::npos);
        const auto inexact = prune::withChannelsEverywhere(
            *toyGroups(whole->snapshot(), {whole->groups()[1]}), {}, 0.5, Scope::Layer, nullptr);
        QVERIFY(!inexact && inexact.error().hint.find("--allow-inexact") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(tst_channel_choice)
#include "tst_channel_choice.moc"
