// SPDX-License-Identifier: GPL-3.0-or-later
#include <numeric>

#include <QtTest>

#include <ATen/Parallel.h>

#include "core/channels/analysis_torch.h"
#include "core/measure/knee_search.h"
#include "core/prune/goal.h"
#include "tests/support/fixtures_torch.h"
#include "tests/support/noise_torch.h"
#include "tests/support/toy_snapshot_torch.h"

using namespace espalier;
using namespace espalier::prune;
using namespace espalier::test;

namespace {

/// 100 and 10000 weights, the first of them ten times as large.
model::SnapshotPtr twoLayers() {
    return toySnapshot({{"small.weight", noise({10, 10}, 1) * 10, {}, "linear", 100},
                        {"large.weight", noise({100, 100}, 2), {}, "linear", 10000}});
}

/// A convolution of 8, one of 12 and a linear layer of 20 channels in a row.
ChannelFacts chain() {
    RunControl control;
    const auto snapshot = model::openSnapshot(fixture("cnn_bn.script.pt"), {}, {}, control).value();
    ChannelFacts facts;
    facts.groups = channels::analyse(snapshot, control).value();
    facts.costs = channelCosts(facts.groups).value();
    facts.scores = channelScores(*facts.groups, ChannelScoreOptions{}, control).value();
    return facts;
}

Result<GoalPlan> planned(const model::SnapshotPtr& snapshot, const Goal& goal,
                         const GoalOptions& options, const ChannelFacts& facts = {}) {
    RunControl control;
    return planFor(goal, options, *snapshot, emptyPlan(*snapshot), facts, control);
}

double sparsityOf(const GoalPlan& made, const char* layer) {
    return made.plan.weights.at(layer).value;
}

const std::map<std::string, DropCurve> kCurves{
    {"small.weight", {{0.1, 0.00}, {0.5, 0.02}, {0.9, 0.30}}},
    {"large.weight", {{0.5, 0.00}, {0.9, 0.01}, {0.95, 0.20}}}};

}  // namespace

class TestGoal : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }
    void readsACurve_data();
    void readsACurve();
    void measuredLevelsAreThoseOfTheBrush();
    void lossesDoNotAddUpBeyondTheMost();
    void uniformTakesTheSameOfEach();
    void globalTakesTheLowest();
    void erdosRenyiKeepsSmallLayersDense();
    void sensitivityMakesDropsEqual();
    void reachesChannelGoals_data();
    void reachesChannelGoals();
    void lockedLayersStay();
    void latencyIsAskedForAndMet();
    void orderAgreesWithTheThreshold();
    void frontFollowsTheCurves();
    void whatCurvesDoNotReachHasNoEstimate();
    void refuses_data();
    void refuses();
};

void TestGoal::readsACurve_data() {
    QTest::addColumn<double>("drop");
    QTest::addColumn<double>("sparsity");
    QTest::newRow("on a point") << 0.02 << 0.5;
    QTest::newRow("between points") << 0.01 << 0.3;
    QTest::newRow("before the first") << -0.01 << 0.0;
    QTest::newRow("beyond the last") << 0.5 << 0.9;
    QTest::newRow("nothing may be lost") << 0.0 << 0.1;
}

void TestGoal::readsACurve() {
    QFETCH(double, drop);
    QFETCH(double, sparsity);
    QVERIFY(std::abs(largestSparsity(kCurves.at("small.weight"), drop) - sparsity) < 1e-12);
    QCOMPARE(largestSparsity({}, drop), 0.0);
    // What comes back after the first fall does not count.
    QCOMPARE(largestSparsity({{0.2, 0.0}, {0.4, 1.0}, {0.6, 0.0}}, 0.0), 0.2);
}

void TestGoal::measuredLevelsAreThoseOfTheBrush() {
    QCOMPARE(largestMeasured(kCurves.at("small.weight"), 0.01), 0.1);
    QCOMPARE(largestMeasured(kCurves.at("small.weight"), 0.02), 0.5);
    QCOMPARE(largestMeasured(kCurves.at("small.weight"), 0.5), 0.9);
    QCOMPARE(largestMeasured({{0.5, 0.9875 - 0.9775}}, 0.01), 0.5);  // a little more, by rounding
    QCOMPARE(largestMeasured({{0.5, std::numeric_limits<double>::quiet_NaN()}}, 0.01), 0.0);
    QCOMPARE(largestMeasured({}, 0.01), 0.0);
    const at::Tensor drops = noise({50, measure::kLevelCount}, 3).abs() * 0.02;
    for (int curve = 0; curve < 50; ++curve) {
        measure::Drops byLevel;
        DropCurve points;
        for (int level = curve % 3; level < measure::kLevelCount; level += 1 + curve % 4) {
            const double drop = drops[curve][level].item<double>();
            byLevel[static_cast<std::size_t>(level)] = drop;
            points.push_back({measure::sparsityOfLevel(level), drop});
        }
        const auto brushed = measure::largestWithin(byLevel, 0.01);
        QCOMPARE(largestMeasured(points, 0.01), brushed ? measure::sparsityOfLevel(*brushed) : 0.0);
    }
}

/// 0.30 and 0.01 at nine tenths of each: what is lost in all is told as 0.30.
void TestGoal::lossesDoNotAddUpBeyondTheMost() {
    const GoalOptions options{Structure::Weights, Allocation::Uniform, 1, kCurves};
    const auto much = planned(twoLayers(), {Quantity::NonZeros, 0.105}, options);
    QVERIFY2(much.ok(), much ? "" : much.error().text().c_str());
    QCOMPARE(*much->drop, 0.30);
    const auto less = planned(twoLayers(), {Quantity::NonZeros, 0.3}, options);
    const double small = *dropAt(kCurves.at("small.weight"), sparsityOf(*less, "small.weight"));
    const double large = *dropAt(kCurves.at("large.weight"), sparsityOf(*less, "large.weight"));
    QVERIFY(small > 0 && large > 0);
    QVERIFY(std::abs(*less->drop - small - large) < 1e-3);
}

void TestGoal::uniformTakesTheSameOfEach() {
    const auto made = planned(twoLayers(), {Quantity::NonZeros, 0.4}, {});
    QVERIFY2(made.ok(), made ? "" : made.error().text().c_str());
    QVERIFY(made->reached <= 0.4 && made->reached > 0.4 - 2e-4);
    QCOMPARE(sparsityOf(*made, "small.weight"), sparsityOf(*made, "large.weight"));
    QVERIFY(std::abs(sparsityOf(*made, "large.weight") - 0.6) < 1e-3);
    QCOMPARE(made->shares.size(), std::size_t(2));
    QCOMPARE(made->footprint.nonzeros, std::llround(made->reached * double(10100)));
}

void TestGoal::globalTakesTheLowest() {
    const auto made = planned(twoLayers(), {Quantity::NonZeros, 0.5},
                              {Structure::Weights, Allocation::Global, 1, {}});
    QVERIFY2(made.ok(), made ? "" : made.error().text().c_str());
    QVERIFY(made->reached <= 0.5 && made->reached > 0.5 - 2e-4);
    QVERIFY(sparsityOf(*made, "small.weight") < 0.15);
    QVERIFY(sparsityOf(*made, "large.weight") > 0.5);
}

void TestGoal::erdosRenyiKeepsSmallLayersDense() {
    // Sums over products: 20/100 and 200/10000. Of 1010 weights kept: factor 1010 / (20 + 200).
    const GoalOptions options{Structure::Weights, Allocation::ErdosRenyi, 1, {}};
    const auto tenth = planned(twoLayers(), {Quantity::NonZeros, 0.1}, options);
    QVERIFY2(tenth.ok(), tenth ? "" : tenth.error().text().c_str());
    QVERIFY(std::abs(1 - sparsityOf(*tenth, "small.weight") - 1010.0 / 220 * 0.2) < 2e-3);
    QVERIFY(std::abs(1 - sparsityOf(*tenth, "large.weight") - 1010.0 / 220 * 0.02) < 2e-3);
    // With twice as many the small layer would be denser than 1: it stays whole.
    const auto fifth = planned(twoLayers(), {Quantity::NonZeros, 0.2}, options);
    QVERIFY(fifth.ok());
    QCOMPARE(sparsityOf(*fifth, "small.weight"), 0.0);
    QVERIFY(std::abs(1 - sparsityOf(*fifth, "large.weight") - 1920.0 / 10000) < 2e-3);
    QCOMPARE(fifth->shares[0].name, std::string("small.weight"));  // in the model's order
    QVERIFY(QString::fromStdString(fifth->shares[1].why).contains("100×100"));
}

void TestGoal::sensitivityMakesDropsEqual() {
    const GoalOptions options{Structure::Weights, Allocation::Sensitivity, 1, kCurves};
    const auto point = planned(twoLayers(), {Quantity::Drop, 0.01}, options);
    QVERIFY2(point.ok(), point ? "" : point.error().text().c_str());
    QVERIFY(point->shares[1].why.find("at most 1 point up to 90.0") != std::string::npos);
    GoalOptions ofLoss = options;
    ofLoss.dropUnit = {"of the loss", 1};
    const auto loss = planned(twoLayers(), {Quantity::Drop, 0.01}, ofLoss);
    QVERIFY(loss.ok());
    QVERIFY(loss->shares[1].why.find("at most 0.01 of the loss") != std::string::npos);
    QCOMPARE(sparsityOf(*point, "small.weight"),
             0.1);  // at 0.5 it lost 0.02; between, nobody knows
    QCOMPARE(sparsityOf(*point, "large.weight"), 0.9);
    QCOMPARE(point->reached, 0.01);
    // A goal in weights is met at one drop for all.
    const auto fifth = planned(twoLayers(), {Quantity::NonZeros, 0.2}, options);
    QVERIFY(fifth.ok());
    QVERIFY(fifth->reached <= 0.2 && fifth->reached > 0.2 - 2e-4);
    const double drop = 0.01 * (sparsityOf(*fifth, "large.weight") - 0.5) / 0.4;
    QVERIFY(std::abs(largestSparsity(kCurves.at("small.weight"), drop) -
                     sparsityOf(*fifth, "small.weight")) < 1e-9);
    // A unit of its own may be larger than 1.
    GoalOptions ofModule = ofLoss;
    ofModule.dropUnit = {"", 1};
    ofModule.curves = {{"small.weight", {{0.5, 3.0}, {0.9, 8.0}}}, {"large.weight", {{0.5, 9.0}}}};
    const auto five = planned(twoLayers(), {Quantity::Drop, 5}, ofModule);
    QVERIFY2(five.ok(), five ? "" : five.error().text().c_str());
    QCOMPARE(sparsityOf(*five, "small.weight"), 0.5);
    QCOMPARE(QString::fromStdString(five->shares[1].why),
             QString("alone it loses more than 5 at the least that was tried"));
    // More than the curves were measured for cannot be asked.
    QCOMPARE(planned(twoLayers(), {Quantity::NonZeros, 0.01}, options).error().kind,
             Error::Kind::Infeasible);
}

void TestGoal::reachesChannelGoals_data() {
    QTest::addColumn<int>("allocation");
    QTest::addColumn<int>("quantity");
    for (const auto allocation :
         {Allocation::Uniform, Allocation::Global, Allocation::Sensitivity}) {
        for (const auto quantity : {Quantity::Parameters, Quantity::Macs, Quantity::Bytes}) {
            QTest::addRow("%s, %s", nameOf(allocation).data(), nameOf(quantity).data())
                << int(allocation) << int(quantity);
        }
    }
}

void TestGoal::reachesChannelGoals() {
    QFETCH(int, allocation);
    QFETCH(int, quantity);
    if (!haveFixtures()) QSKIP("the fixtures are not there");
    const ChannelFacts facts = chain();
    const GoalOptions options{Structure::Channels,
                              static_cast<Allocation>(allocation),
                              1,
                              {{"conv1", {{0.1, 0.0}, {0.9, 0.5}}},
                               {"conv2", {{0.1, 0.0}, {0.9, 0.9}}},
                               {"fc1", {{0.1, 0.0}, {0.9, 0.4}}}}};
    const Goal goal{static_cast<Quantity>(quantity), 0.7};  // the code alone is half of the file
    const auto& snapshot = facts.groups->snapshot();
    const auto made = planned(snapshot, goal, options, facts);
    QVERIFY2(made.ok(), made ? "" : made.error().text().c_str());
    QVERIFY(made->reached <= goal.target);
    const Footprint dense = denseFootprint(*snapshot);
    const auto left = [&](const CutCosts& cut) {
        const auto macs = std::accumulate(cut.macs.begin(), cut.macs.end(), cut.otherMacs);
        if (goal.quantity == Quantity::Macs) return double(macs) / double(dense.macs);
        if (goal.quantity == Quantity::Bytes) return double(cut.bytes) / double(dense.bytesDense);
        return double(cut.parameters) / double(dense.parameters);
    };
    const auto choice = chooseChannels(facts.groups, made->plan, facts.scores).value();
    QCOMPARE(made->reached, left(facts.costs->after(choice->kept())));
    // Somewhere one channel more would be too many left.
    double most = 0;
    for (const Share& share : made->shares) {
        const auto id = *facts.groups->find(share.name);
        auto kept = choice->kept();
        QCOMPARE(share.removed,
                 1 - double(choice->of(id).reached()) / double(choice->of(id).width));
        auto& channels = kept.groups[id.index()];
        std::int64_t missing = 0;
        while (std::ranges::find(channels, missing) != channels.end()) ++missing;
        if (missing == choice->of(id).width) continue;
        channels.insert(std::ranges::upper_bound(channels, missing), missing);
        most = std::max(most, left(facts.costs->after(kept)));
    }
    QVERIFY2(most > goal.target, qPrintable(QString::number(most)));
}

void TestGoal::lockedLayersStay() {
    const auto snapshot = twoLayers();
    Plan base = emptyPlan(*snapshot);
    base.locked.insert("large.weight");
    RunControl control;
    const auto made = planFor({Quantity::NonZeros, 0.995}, {}, *snapshot, base, {}, control);
    QVERIFY2(made.ok(), made ? "" : made.error().text().c_str());
    QVERIFY(!made->plan.weights.contains("large.weight"));
    const auto tooMuch = planFor({Quantity::NonZeros, 0.5}, {}, *snapshot, base, {}, control);
    QCOMPARE(tooMuch.error().kind, Error::Kind::Infeasible);
    QVERIFY(QString::fromStdString(tooMuch.error().why).contains("is as few as there can be"));
}

void TestGoal::latencyIsAskedForAndMet() {
    if (!haveFixtures()) QSKIP("the fixtures are not there");
    const ChannelFacts facts = chain();
    const auto& snapshot = facts.groups->snapshot();
    int asked = 0;
    GoalOptions options{Structure::Channels, Allocation::Uniform, 1, {}};
    // A clock that never says the same twice: a tenth is lost on the way in any case.
    options.latencyShare = [&](const Plan& plan, RunControl&) -> Result<double> {
        ++asked;
        return 0.1 + 0.9 * (1 - plan.channels.at("conv1").value) + 1e-4 * asked;
    };
    const auto made = planned(snapshot, {Quantity::Latency, 0.5}, options, facts);
    QVERIFY2(made.ok(), made ? "" : made.error().text().c_str());
    QVERIFY2(made->reached <= 0.5 && made->reached > 0.48,
             qPrintable(QString::number(made->reached)));
    QVERIFY2(asked <= 10, qPrintable(QString::number(asked)));
    QVERIFY(std::abs(made->plan.channels.at("conv2").value - 0.556) < 0.03);
    QCOMPARE(planned(snapshot, {Quantity::Latency, 0.05}, options, facts).error().kind,
             Error::Kind::Infeasible);
    // All may stay: nothing is cut, and nothing is timed.
    asked = 0;
    QCOMPARE(planned(snapshot, {Quantity::Latency, 1}, options, facts)->reached, 1.0);
    QVERIFY(asked <= 1);
    options.latencyShare = [](const Plan&, RunControl&) -> Result<double> {
        return Error{Error::Kind::Failed, "Cannot time it", "it is broken", ""};
    };
    QCOMPARE(planned(snapshot, {Quantity::Latency, 0.5}, options, facts).error().why,
             std::string("it is broken"));
}

void TestGoal::orderAgreesWithTheThreshold() {
    const auto snapshot = twoLayers();
    const Plan base = emptyPlan(*snapshot);
    RunControl control;
    for (const char* criterion : {"magnitude", "random", "lamp"}) {
        Plan plan = base;
        plan.weightCriterion = criterion;
        const auto order = WeightOrder::make(*snapshot, plan, {}, control).value();
        QCOMPARE(order->weights(), std::int64_t(10100));
        for (const double sparsity : {0.0, 0.1, 0.5, 0.93, 0.9998}) {
            const auto exact =
                withSparsityEverywhere(*snapshot, plan, sparsity, Scope::Global, control).value();
            const auto asked = order->withSparsity(plan, sparsity).value();
            for (const auto& [name, rule] : exact.weights) {
                const double count = name == "small.weight" ? 100 : 10000;
                QVERIFY2(std::abs(asked.weights.at(name).value - rule.value) * count < 0.5,
                         qPrintable(QString("%1 %2").arg(criterion).arg(sparsity)));
            }
        }
        QCOMPARE(order->withSparsity(plan, 0.99999).error().kind, Error::Kind::Infeasible);
    }
    control.requestStop();
    QCOMPARE(WeightOrder::make(*snapshot, base, {}, control).error().kind, Error::Kind::Cancelled);
}

void TestGoal::frontFollowsTheCurves() {
    const auto snapshot = twoLayers();
    const Plan base = emptyPlan(*snapshot);
    RunControl control;
    GoalOptions options{Structure::Weights, Allocation::Sensitivity, 1, kCurves};
    const auto front = goalFront(Quantity::NonZeros, options, *snapshot, base, {}, control).value();
    QVERIFY(front.size() > 5);
    QVERIFY(front[0].left < 0.51);  // half of each costs next to nothing and goes in any case
    for (std::size_t i = 1; i < front.size(); ++i) {
        QVERIFY(front[i].left < front[i - 1].left);
        QVERIFY(front[i].drop >= front[i - 1].drop);
    }
    for (const GoalPoint& point : front) {
        const auto made = planned(snapshot, {Quantity::NonZeros, point.left + 1e-9}, options);
        QVERIFY(made.ok());
        const double sum = *dropAt(kCurves.at("small.weight"), sparsityOf(*made, "small.weight")) +
                           *dropAt(kCurves.at("large.weight"), sparsityOf(*made, "large.weight"));
        QVERIFY(std::abs(std::min(sum, 0.30) - point.drop) < 1e-3);
    }
    options.allocation = Allocation::Uniform;
    const auto uniform =
        goalFront(Quantity::NonZeros, options, *snapshot, base, {}, control).value();
    QCOMPARE(uniform.size(), std::size_t(17));  // beyond nine tenths one curve is not measured
    QVERIFY(uniform[9].drop > front[0].drop + 0.01);  // half of each: the small layer loses 0.02
    QVERIFY(!goalFront(Quantity::Latency, options, *snapshot, base, {}, control));
    control.requestStop();
    QCOMPARE(goalFront(Quantity::NonZeros, options, *snapshot, base, {}, control).error().kind,
             Error::Kind::Cancelled);
}

void TestGoal::whatCurvesDoNotReachHasNoEstimate() {
    QVERIFY(std::abs(*dropAt(kCurves.at("small.weight"), 0.3) - 0.01) < 1e-12);
    QVERIFY(std::abs(*dropAt(kCurves.at("small.weight"), 0.05) - 0.0) < 1e-12);
    QVERIFY(std::abs(*dropAt(kCurves.at("small.weight"), 0.9) - 0.30) < 1e-12);
    QVERIFY(!dropAt(kCurves.at("small.weight"), 0.91));
    QVERIFY(!dropAt({}, 0.1));
    const GoalOptions options{Structure::Weights, Allocation::Uniform, 1, kCurves};
    QVERIFY(planned(twoLayers(), {Quantity::NonZeros, 0.5}, options)->drop);
    QVERIFY(!planned(twoLayers(), {Quantity::NonZeros, 0.05}, options)->drop);
    QVERIFY(!planned(twoLayers(), {Quantity::NonZeros, 0.5}, {})->drop);
}

void TestGoal::refuses_data() {
    QTest::addColumn<int>("structure");
    QTest::addColumn<int>("allocation");
    QTest::addColumn<int>("quantity");
    QTest::addColumn<double>("target");
    QTest::addColumn<int>("kind");
    const auto row = [](const char* name, Structure structure, Allocation allocation,
                        Quantity quantity, double target, Error::Kind kind) {
        QTest::newRow(name) << int(structure) << int(allocation) << int(quantity) << target
                            << int(kind);
    };
    using enum Error::Kind;
    row("out of range", Structure::Weights, Allocation::Uniform, Quantity::NonZeros, 1.5,
        BadArgument);
    row("no number", Structure::Weights, Allocation::Uniform, Quantity::NonZeros,
        std::numeric_limits<double>::quiet_NaN(), BadArgument);
    row("parameters by weights", Structure::Weights, Allocation::Uniform, Quantity::Parameters, 0.5,
        BadArgument);
    row("latency by weights", Structure::Weights, Allocation::Uniform, Quantity::Latency, 0.5,
        BadArgument);
    row("latency without a clock", Structure::Channels, Allocation::Uniform, Quantity::Latency, 0.5,
        BadArgument);
    row("a drop without curves", Structure::Weights, Allocation::Global, Quantity::Drop, 0.01,
        BadArgument);
    row("nothing measured", Structure::Weights, Allocation::Sensitivity, Quantity::NonZeros, 0.5,
        Mismatch);
    row("no groups", Structure::Channels, Allocation::Uniform, Quantity::Macs, 0.5, BadArgument);
}

void TestGoal::refuses() {
    QFETCH(int, structure);
    QFETCH(int, allocation);
    QFETCH(int, quantity);
    QFETCH(double, target);
    QFETCH(int, kind);
    const auto made =
        planned(twoLayers(), {static_cast<Quantity>(quantity), target},
                {static_cast<Structure>(structure), static_cast<Allocation>(allocation), 1, {}});
    QVERIFY(!made);
    QCOMPARE(int(made.error().kind), kind);
    QVERIFY(!made.error().hint.empty());
    RunControl stopped;
    stopped.requestStop();
    const auto snapshot = twoLayers();
    QCOMPARE(planFor({}, {}, *snapshot, emptyPlan(*snapshot), {}, stopped).error().kind,
             Error::Kind::Cancelled);
}

QTEST_GUILESS_MAIN(TestGoal)
#include "tst_goal.moc"
