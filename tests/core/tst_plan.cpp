// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <numeric>

#include <QtTest>

#include "core/prune/criterion_torch.h"
#include "core/prune/masks.h"
#include "core/prune/masks_torch.h"
#include "core/prune/plan.h"
#include "tests/support/toy_snapshot_torch.h"

using namespace espalier;
using prune::Plan;
using prune::Scope;
using prune::WeightRule;
using test::bools;
using test::floats;

namespace {

Result<Plan> everywhere(const model::Snapshot& snapshot, double sparsity, Scope scope,
                        const Plan& plan) {
    RunControl control;
    return prune::withSparsityEverywhere(snapshot, plan, sparsity, scope, control);
}

std::vector<std::int64_t> removedBy(const model::Snapshot& snapshot, const Plan& plan) {
    RunControl control;
    const auto masks = prune::resolve(snapshot, plan, nullptr, control);
    if (!masks) qFatal("%s", masks.error().text().c_str());
    std::vector<std::int64_t> removed;
    for (const auto& layer : snapshot.layers()) removed.push_back((*masks)->removed(layer.id));
    return removed;
}

std::vector<std::int64_t> removedEverywhere(const model::Snapshot& snapshot, double sparsity,
                                            Scope scope,
                                            const std::string& criterion = "magnitude") {
    Plan plan = prune::emptyPlan(snapshot);
    plan.weightCriterion = criterion;
    const auto wide = everywhere(snapshot, sparsity, scope, plan);
    if (!wide) qFatal("%s", wide.error().text().c_str());
    return removedBy(snapshot, *wide);
}

model::SnapshotPtr twoLayers() {
    return test::toySnapshot(
        {{"a.weight", floats({1, 2, 3, 4}, {2, 2})}, {"b.weight", floats({10, 20}, {1, 2})}});
}

}  // namespace

class tst_plan : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void describesRules() {
        QCOMPARE(prune::describe(WeightRule::threshold(0.031)), std::string("threshold 0.031"));
        QCOMPARE(prune::describe(WeightRule::sparsity(0.92)), std::string("sparsity 92\u2009%"));
        QCOMPARE(prune::describe(WeightRule::sigma(1.5)), std::string("1.5\u2009σ"));
        QCOMPARE(prune::describe(WeightRule::pattern(2, 4)), std::string("2:4"));
    }

    void startsEmpty() {
        const auto snapshot = twoLayers();
        const Plan plan = prune::emptyPlan(*snapshot);
        QCOMPARE(plan.modelFile, std::string("toy.pt"));
        QCOMPARE(plan.modelSha256, snapshot->file().sha256);
        QCOMPARE(plan.inputs.size(), std::size_t(1));
        QVERIFY(plan.weights.empty() && plan.locked.empty());
        QVERIFY(prune::check(plan, *snapshot).ok());
        QVERIFY(prune::isForFile(plan, *snapshot));
        Plan other = plan;
        other.modelSha256 = "beef";
        QVERIFY(!prune::isForFile(other, *snapshot));
        other.modelSha256.clear();  // a plan written by hand
        other.modelFile = snapshot->file().name();
        QVERIFY(prune::isForFile(other, *snapshot));
        other.modelFile = "another.pt";
        QVERIFY(!prune::isForFile(other, *snapshot));
        QVERIFY(prune::check(other, *snapshot).ok());
    }

    void refusesValuesOutOfRange_data() {
        QTest::addColumn<int>("kind");
        QTest::addColumn<double>("value");
        QTest::addColumn<int>("keep");
        QTest::addColumn<int>("group");
        QTest::addColumn<bool>("isFine");
        const auto row = [](const char* name, WeightRule rule, bool isFine) {
            QTest::newRow(name) << static_cast<int>(rule.kind) << rule.value << rule.keep
                                << rule.group << isFine;
        };
        row("threshold 0", WeightRule::threshold(0), true);
        row("threshold -1", WeightRule::threshold(-1), false);
        row("threshold inf", WeightRule::threshold(INFINITY), false);
        row("threshold nan", WeightRule::threshold(NAN), false);
        row("sparsity 0", WeightRule::sparsity(0), true);
        row("sparsity 1", WeightRule::sparsity(1), true);
        row("sparsity 1.01", WeightRule::sparsity(1.01), false);
        row("sparsity -0.1", WeightRule::sparsity(-0.1), false);
        row("sparsity nan", WeightRule::sparsity(NAN), false);
        row("sigma 3", WeightRule::sigma(3), true);
        row("sigma -1", WeightRule::sigma(-1), false);
        row("sigma inf", WeightRule::sigma(INFINITY), false);
        row("2:4", WeightRule::pattern(2, 4), true);
        row("4:4", WeightRule::pattern(4, 4), true);
        row("0:4", WeightRule::pattern(0, 4), false);
        row("5:4", WeightRule::pattern(5, 4), false);
        row("-1:-1", WeightRule::pattern(-1, -1), false);
    }
    void refusesValuesOutOfRange() {
        QFETCH(int, kind);
        QFETCH(double, value);
        QFETCH(int, keep);
        QFETCH(int, group);
        QFETCH(bool, isFine);
        const auto snapshot = twoLayers();
        Plan plan = prune::emptyPlan(*snapshot);
        plan.weights["a.weight"] = {static_cast<WeightRule::Kind>(kind), value, keep, group};
        const auto checked = prune::check(plan, *snapshot);
        QCOMPARE(checked.ok(), isFine);
        if (isFine) return;
        QVERIFY(checked.error().kind == Error::Kind::BadArgument);
        QVERIFY(checked.error().text().find("a.weight") != std::string::npos);
    }

    void refusesNamesThatDoNotFit() {
        const auto snapshot =
            test::toySnapshot({{"a.weight", at::ones({2, 2})},
                               {"bn.weight", at::ones({2}), {}, "batch_norm", 0, false}});
        Plan plan = prune::emptyPlan(*snapshot);
        const auto refused = [&](const std::string& name) {
            const auto checked = prune::check(plan, *snapshot);
            return !checked && checked.error().kind == Error::Kind::Mismatch &&
                   checked.error().why.find(name) != std::string::npos;
        };
        plan.weights["z.weight"] = WeightRule::sparsity(0.5);
        QVERIFY(refused("weights.z.weight"));
        plan.weights = {{"bn.weight", WeightRule::sparsity(0.5)}};
        QVERIFY(refused("weights.bn.weight"));
        QVERIFY(refused("a toy reason"));
        plan.weights.clear();
        plan.locked.insert("y.weight");
        QVERIFY(refused("locked.y.weight"));
        plan.locked.clear();
        plan.weightCriterion = "taylor2";
        QVERIFY(prune::check(plan, *snapshot).error().kind == Error::Kind::BadArgument);
    }

    void prunesEachLayerAlike() {
        const auto snapshot = twoLayers();
        QCOMPARE(removedEverywhere(*snapshot, 0.5, Scope::Layer),
                 (std::vector<std::int64_t>{2, 1}));
    }

    void prunesTheSmallestOfAll() {
        const auto snapshot = twoLayers();
        QCOMPARE(removedEverywhere(*snapshot, 0.5, Scope::Global),
                 (std::vector<std::int64_t>{3, 0}));
    }

    void neverTakesALayersLastWeight() {
        // By magnitude alone 1, 2, 3 and 4 would go. 4 is a's last, so 10 goes instead.
        const auto snapshot = twoLayers();
        QCOMPARE(removedEverywhere(*snapshot, 4.0 / 6, Scope::Global),
                 (std::vector<std::int64_t>{3, 1}));
        const auto all = everywhere(*snapshot, 5.0 / 6, Scope::Global, prune::emptyPlan(*snapshot));
        QVERIFY(!all);
        QVERIFY(all.error().kind == Error::Kind::Infeasible);
    }

    void lampComparesLayersFairly() {
        // a: 1/30 4/29 9/25 1; b: 100/500 1. The lowest four are 1/30, 4/29, 1/5, 9/25: three of a,
        // one of b.
        const auto snapshot = twoLayers();
        QCOMPARE(removedEverywhere(*snapshot, 3.0 / 6, Scope::Global, "lamp"),
                 (std::vector<std::int64_t>{2, 1}));
        QCOMPARE(removedEverywhere(*snapshot, 4.0 / 6, Scope::Global, "lamp"),
                 (std::vector<std::int64_t>{3, 1}));
    }

    void breaksTiesByLayer() {
        const auto snapshot =
            test::toySnapshot({{"a.weight", at::ones({3, 3})}, {"b.weight", at::ones({3, 3})}});
        QCOMPARE(removedEverywhere(*snapshot, 5.0 / 18, Scope::Global),
                 (std::vector<std::int64_t>{5, 0}));
        QCOMPARE(removedEverywhere(*snapshot, 12.0 / 18, Scope::Global),
                 (std::vector<std::int64_t>{8, 4}));
    }

    void leavesLockedAndUnprunableLayersOut() {
        const auto snapshot =
            test::toySnapshot({{"a.weight", at::ones({2, 2})},
                               {"bn.weight", at::zeros({4}), {}, "batch_norm", 0, false},
                               {"b.weight", at::ones({2, 2})}});
        Plan plan = prune::emptyPlan(*snapshot);
        plan.locked.insert("a.weight");
        for (const Scope scope : {Scope::Layer, Scope::Global}) {
            const auto wide = everywhere(*snapshot, 0.5, scope, plan);
            QVERIFY(wide.ok());
            QCOMPARE(removedBy(*snapshot, *wide), (std::vector<std::int64_t>{0, 0, 2}));
            QCOMPARE(wide->weights.size(), std::size_t(1));
        }
    }

    void countsWhatIsGoneAlready() {
        const auto snapshot = test::toySnapshot(
            {{"a.weight", floats({1, 2, 3, 9}, {2, 2}), bools({1, 1, 1, 0}, {2, 2})},
             {"b.weight", floats({4, 5, 6, 7}, {2, 2}), bools({1, 0, 1, 1}, {2, 2})}});
        QCOMPARE(removedEverywhere(*snapshot, 0.5, Scope::Global),
                 (std::vector<std::int64_t>{3, 1}));
        QCOMPARE(removedEverywhere(*snapshot, 0.25, Scope::Global),
                 (std::vector<std::int64_t>{1, 1}));
        QCOMPARE(removedEverywhere(*snapshot, 0.0, Scope::Global),
                 (std::vector<std::int64_t>{1, 1}));
        QCOMPARE(removedEverywhere(*snapshot, 0.75, Scope::Global),
                 (std::vector<std::int64_t>{3, 3}));
    }

    void agreesWithSortingEverything_data() {
        QTest::addColumn<QString>("criterion");
        QTest::addColumn<bool>("isMixed");
        for (const char* criterion : {"magnitude", "lamp", "random"}) {
            QTest::addRow("%s", criterion) << QString(criterion) << false;
            QTest::addRow("%s, mixed types", criterion) << QString(criterion) << true;
        }
    }
    void agreesWithSortingEverything() {
        QFETCH(QString, criterion);
        QFETCH(bool, isMixed);
        at::manual_seed(11);
        std::vector<test::ToyLayer> layers;
        for (int i = 0; i < 5; ++i) {
            at::Tensor weight = at::randn({17 + 8 * i, 31}) * (1 + 0.2 * i);
            if (isMixed && i % 2 == 1) weight = weight.to(at::kDouble) * 1.0000000001;
            if (isMixed && i == 4) weight = weight.to(at::kHalf);
            layers.push_back({"l" + std::to_string(i) + ".weight", weight});
        }
        const auto snapshot = test::toySnapshot(layers);
        std::vector<std::pair<double, int>> all;  // score, layer
        for (const auto& layer : snapshot->layers()) {
            const at::Tensor scores =
                *prune::weightScores(*snapshot, layer.id, criterion.toStdString(), 0);
            const at::Tensor flat = scores.to(at::kDouble).flatten().contiguous();
            for (std::int64_t i = 0; i < flat.numel(); ++i)
                all.emplace_back(flat.data_ptr<double>()[i], layer.id.value);
        }
        std::stable_sort(all.begin(), all.end(),
                         [](auto& a, auto& b) { return a.first < b.first; });
        for (const double sparsity : {0.001, 0.1, 0.5, 0.9}) {
            std::vector<std::int64_t> expected(layers.size(), 0);
            const auto wanted =
                static_cast<std::size_t>(std::llround(sparsity * static_cast<double>(all.size())));
            for (std::size_t i = 0; i < wanted; ++i)
                ++expected[static_cast<std::size_t>(all[i].second)];
            QCOMPARE(removedEverywhere(*snapshot, sparsity, Scope::Global, criterion.toStdString()),
                     expected);
        }
    }

    void addsUpExactly() {
        at::manual_seed(5);
        std::vector<test::ToyLayer> layers;
        for (int i = 0; i < 7; ++i)
            layers.push_back({"l" + std::to_string(i) + ".weight", at::randn({3 + i * i, 13})});
        const auto snapshot = test::toySnapshot(layers);
        std::int64_t weights = 0;
        for (const auto& layer : snapshot->layers()) weights += layer.weightCount;
        for (int percent = 0; percent <= 95; percent += 5) {
            const double sparsity = percent / 100.0;
            const auto removed = removedEverywhere(*snapshot, sparsity, Scope::Global);
            QCOMPARE(std::accumulate(removed.begin(), removed.end(), std::int64_t{0}),
                     std::llround(sparsity * static_cast<double>(weights)));
        }
    }

    void refusesBadRequests() {
        const auto snapshot = twoLayers();
        Plan plan = prune::emptyPlan(*snapshot);
        QVERIFY(everywhere(*snapshot, 1.5, Scope::Global, plan).error().kind ==
                Error::Kind::BadArgument);
        QVERIFY(everywhere(*snapshot, NAN, Scope::Layer, plan).error().kind ==
                Error::Kind::BadArgument);
        plan.weightCriterion = "nothing";
        QVERIFY(everywhere(*snapshot, 0.5, Scope::Global, plan).error().kind ==
                Error::Kind::BadArgument);
        RunControl stopped;
        stopped.requestStop();
        plan.weightCriterion = "lamp";
        const auto cancelled =
            prune::withSparsityEverywhere(*snapshot, plan, 0.5, Scope::Global, stopped);
        QVERIFY(!cancelled && cancelled.error().kind == Error::Kind::Cancelled);
    }
};

QTEST_GUILESS_MAIN(tst_plan)
#include "tst_plan.moc"
