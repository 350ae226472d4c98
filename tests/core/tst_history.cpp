// SPDX-License-Identifier: GPL-3.0-or-later
// History: a tree of nodes that never changes under those who hold it.
#include <QTest>

#include "core/project/history.h"
#include "tests/support/toy_snapshot_torch.h"

using namespace espalier;
using namespace espalier::project;

namespace {

prune::PlanPtr planWith(double sparsity) {
    prune::Plan plan;
    if (sparsity > 0) plan.weights["fc.weight"] = prune::WeightRule::sparsity(sparsity);
    return std::make_shared<const prune::Plan>(std::move(plan));
}

model::SnapshotPtr snapshotNamed(const char* hash) {
    return test::toySnapshot({{"fc.weight", test::floats({1, 2, 3, 4}, {2, 2})}}, hash);
}

train::TrainResult trainingOf(model::SnapshotPtr best, double top1) {
    train::TrainResult result;
    result.best = std::move(best);
    result.after.top1 = top1;
    result.samples.resize(3);
    return result;
}

}  // namespace

class TestHistory : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void openedIsOneNodeNamedAfterItsFile() {
        const auto snapshot = snapshotNamed("a");
        const auto plan = planWith(0);
        const History history = History::opened(snapshot, plan);
        QCOMPARE(history.nodes().size(), std::size_t{1});
        const Node& root = history.node(history.root());
        QCOMPARE(root.name, std::string("toy.pt"));
        QCOMPARE(root.operation, Operation::Open);
        QVERIFY(!root.parent.isValid());
        QCOMPARE(root.snapshot, snapshot);
        QCOMPARE(root.plan, plan);
        QVERIFY(history.children(history.root()).empty());
    }

    void pinsShareTheWeights() {
        const auto snapshot = snapshotNamed("a");
        const History history = History::opened(snapshot, planWith(0));
        const auto [pinned, id] = history.pinned(history.root(), planWith(0.5), "half");
        QCOMPARE(id, NodeId{1});
        QCOMPARE(pinned.node(id).snapshot, snapshot);
        QCOMPARE(pinned.node(id).operation, Operation::Pin);
        QCOMPARE(pinned.node(id).name, std::string("half"));
        QCOMPARE(pinned.node(id).plan->weights.at("fc.weight").value, 0.5);
        // The old value is as it was.
        QCOMPARE(history.nodes().size(), std::size_t{1});
        QCOMPARE(pinned.nodes().front(), history.nodes().front());
    }

    void fineTunedHasNewWeightsCurveAndAccuracy() {
        const History history = History::opened(snapshotNamed("a"), planWith(0));
        const auto tuned = snapshotNamed("b");
        const auto [next, id] =
            history.fineTuned(history.root(), planWith(0.9), trainingOf(tuned, 0.97), "tuned");
        const Node& node = next.node(id);
        QCOMPARE(node.operation, Operation::FineTune);
        QCOMPARE(node.parent, history.root());
        QCOMPARE(node.snapshot, tuned);
        QCOMPARE(node.metrics.evaluation->top1, 0.97);
        QVERIFY(!node.metrics.latency);
        QCOMPARE(node.training.size(), std::size_t{3});
    }

    void committedGoesOnFromTheWrittenModel() {
        const History history = History::opened(snapshotNamed("a"), planWith(0.9));
        const auto written = snapshotNamed("b");
        const auto [next, id] = history.committed(history.root(), written, "cut");
        QCOMPARE(next.node(id).operation, Operation::Commit);
        QCOMPARE(next.node(id).parent, history.root());
        QCOMPARE(next.node(id).snapshot, written);
        QVERIFY(next.node(id).plan->weights.empty());
    }

    void childrenAreThoseOfTheirParentInOrder() {
        History history = History::opened(snapshotNamed("a"), planWith(0));
        const auto first = history.pinned(history.root(), planWith(0.1), "1");
        const auto second = first.history.pinned(history.root(), planWith(0.2), "2");
        const auto below = second.history.pinned(first.id, planWith(0.3), "1.1");
        QCOMPARE(below.history.children(history.root()), (std::vector{first.id, second.id}));
        QCOMPARE(below.history.children(first.id), std::vector{below.id});
        QVERIFY(below.history.children(second.id).empty());
        QVERIFY(below.history.children(NodeId{}) == std::vector<NodeId>{history.root()});
    }

    void metricsAndNamesChangeInANewValueOnly() {
        const History history = History::opened(snapshotNamed("a"), planWith(0));
        Metrics metrics;
        metrics.evaluation.emplace();
        metrics.evaluation->top1 = 0.5;
        const History measured =
            history.withMetrics(history.root(), metrics).renamed(history.root(), "start");
        QCOMPARE(measured.node(history.root()).name, std::string("start"));
        QVERIFY(measured.node(history.root()).metrics == metrics);
        QCOMPARE(history.node(history.root()).name, std::string("toy.pt"));
        QVERIFY(!history.node(history.root()).metrics.evaluation);
        QCOMPARE(measured.node(history.root()).snapshot, history.node(history.root()).snapshot);
    }

    void trialsStandSideBySide() {
        const History history = History::opened(snapshotNamed("a"), planWith(0));
        Metrics metrics;
        metrics.latencyRun = 3;
        const auto first = history.tried(history.root(), planWith(0.5), "half", metrics);
        const auto second = first.history.tried(first.id, planWith(0.7), "more", {});
        QCOMPARE(second.history.node(first.id).operation, Operation::Trial);
        QVERIFY(second.history.node(first.id).metrics == metrics);
        QCOMPARE(second.history.node(second.id).parent, history.root());
        QCOMPARE(second.history.node(second.id).snapshot, history.node(history.root()).snapshot);
        // What is trained from a trial came from it.
        const auto tuned = second.history.fineTuned(first.id, planWith(0.5),
                                                    trainingOf(snapshotNamed("b"), 0.9), "tuned");
        QCOMPARE(tuned.history.node(tuned.id).parent, first.id);
    }

    void nodesKnowWhenTheyWereMade() {
        const auto before = std::chrono::system_clock::now();
        const History history = History::opened(snapshotNamed("a"), planWith(0));
        const auto made = history.node(history.root()).made;
        QVERIFY(before <= made && made <= std::chrono::system_clock::now());
    }

    void removedNodesLeaveTheTreeAndKeepTheirIds() {
        const History history = History::opened(snapshotNamed("a"), planWith(0));
        const auto first = history.tried(history.root(), planWith(0.1), "1", {});
        const auto tuned = first.history.fineTuned(first.id, planWith(0.1),
                                                   trainingOf(snapshotNamed("b"), 0.9), "2");
        const auto other = tuned.history.tried(history.root(), planWith(0.3), "3", {});
        const std::vector<NodeId> gone = other.history.subtree(first.id);
        QCOMPARE(gone, (std::vector{first.id, tuned.id}));
        const History smaller = other.history.without(gone);
        QCOMPARE(smaller.nodes().size(), std::size_t{2});
        QVERIFY(!smaller.has(first.id) && !smaller.has(tuned.id) && smaller.has(other.id));
        QCOMPARE(smaller.children(smaller.root()), std::vector{other.id});
        QCOMPARE(smaller.node(tuned.id).name, std::string("2"));
        // What still came from there hangs below what is left; ids are not used twice.
        const auto late = smaller.pinned(tuned.id, planWith(0.4), "late");
        QCOMPARE(late.id, NodeId{4});
        QCOMPARE(late.history.node(late.id).parent, history.root());
        const History whole = late.history.restored(gone);
        QCOMPARE(whole.nodes().size(), std::size_t{5});
        QCOMPARE(whole.children(first.id), std::vector{tuned.id});
    }

    void removalSparesWhatHasToStay_data() {
        QTest::addColumn<int>("node");
        QTest::addColumn<int>("current");
        QTest::addColumn<QString>("why");
        QTest::newRow("a leaf") << 2 << 0 << QString();
        QTest::newRow("the opened file") << 0 << 2 << QString("toy.pt: it is the opened file");
        QTest::newRow("where one is") << 2 << 2 << QString("trial: it is where you are");
        QTest::newRow("above where one is") << 1 << 2 << QString("tuned: trial is where you are");
        QTest::newRow("pinned") << 3 << 0 << QString("kept: it is pinned");
    }
    void removalSparesWhatHasToStay() {
        QFETCH(int, node);
        QFETCH(int, current);
        QFETCH(QString, why);
        const History history = History::opened(snapshotNamed("a"), planWith(0));
        const auto tuned = history.fineTuned(history.root(), planWith(0.9),
                                             trainingOf(snapshotNamed("b"), 0.97), "tuned");
        const auto trial = tuned.history.tried(tuned.id, planWith(0.5), "trial", {});
        const auto kept = trial.history.pinned(history.root(), planWith(0.5), "kept");
        const auto checked = kept.history.checkRemoval(NodeId{node}, NodeId{current});
        QCOMPARE(checked.ok(), why.isEmpty());
        if (!checked) {
            const QString text = QString::fromStdString(checked.error().text());
            QVERIFY2(text.contains(why), qPrintable(text));
        }
        QVERIFY(kept.history.withPin(kept.id, false).checkRemoval(kept.id, history.root()));
        QVERIFY(!kept.history.withPin(trial.id, true).checkRemoval(tuned.id, history.root()));
    }

    void anUnknownNodeIsNoneOfOurs() {
        const History history = History::opened(snapshotNamed("a"), planWith(0));
        QVERIFY_EXCEPTION_THROWN(history.node(NodeId{7}), std::out_of_range);
        QVERIFY_EXCEPTION_THROWN(history.node(NodeId{}), std::out_of_range);
    }
};

QTEST_GUILESS_MAIN(TestHistory)
#include "tst_history.moc"
