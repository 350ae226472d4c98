// SPDX-License-Identifier: GPL-3.0-or-later
// Remembered plans, the uniform baseline and removal: what becomes of the history and its points.
#include "ui/document/trials.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QUndoStack>

#include "tests/support/gui_test.h"
#include "tests/support/job_probe.h"
#include "tests/support/open_model.h"
#include "ui/document/channels.h"
#include "ui/document/node_figures.h"
#include "ui/document/pareto.h"

using namespace espalier;
using project::NodeId;
using ui::Cost;

namespace {

struct Tried : test::OpenModel {
    QTemporaryDir folder;

    bool ready() { return open() && attach(folder.path().toStdString()) && rest(); }
    void prune(double sparsity, const char* layer = "fc1.weight") {
        document.setRule(*document.snapshot()->find(layer), prune::WeightRule::sparsity(sparsity));
    }
    bool remember() {
        QSignalSpy remembered(workbench.trials(), &ui::Trials::remembered);
        workbench.trials()->remember();
        return QTest::qWaitFor([&] { return remembered.count() == 1; }, test::kPatienceMs) &&
               rest();
    }
    const project::Node& node(int id) const { return document.history().node(NodeId{id}); }
    std::vector<ui::ParetoEntry> entries(Cost cost = Cost::NonZeros) const {
        return ui::paretoEntries(document, *workbench.nodeFigures(), cost);
    }
};

}  // namespace

class TestTrials : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (!test::OpenModel::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
    }
    void init() { test::failOnAnyWarning(); }

    void rememberingKeepsPlanAndFiguresAndMovesNothing() {
        Tried tried;
        QVERIFY(tried.ready());
        tried.prune(0.9);
        const int steps = tried.document.undoStack()->count();
        QVERIFY(tried.remember());
        const project::Node& trial = tried.node(1);
        QCOMPARE(trial.name, std::string("trial 1"));
        QCOMPARE(trial.operation, project::Operation::Trial);
        QVERIFY(*trial.plan == tried.document.plan());
        QCOMPARE(trial.metrics.evaluation->split, data::Split::Validation);
        QCOMPARE(trial.metrics.evaluation->samples, std::int64_t{60});
        QVERIFY(trial.metrics.data == data::spec(*tried.document.dataset()));
        QVERIFY(tried.document.evaluation() == trial.metrics.evaluation);
        QCOMPARE(tried.document.undoStack()->count(), steps);
        QCOMPARE(tried.document.state().node, tried.document.history().root());
        QCOMPARE(tried.document.nodeOf(tried.document.state()), NodeId{1});
    }

    void theSamePlanIsRememberedOnce() {
        Tried tried;
        QVERIFY(tried.ready());
        tried.prune(0.9);
        QVERIFY(tried.remember());
        QVERIFY(tried.remember());
        QCOMPARE(tried.document.history().nodes().size(), std::size_t{2});
        tried.document.goTo(tried.document.history().root());
        QVERIFY(tried.remember());  // the opened file is a state already: it gets its accuracy
        QCOMPARE(tried.document.history().nodes().size(), std::size_t{2});
        QVERIFY(tried.node(0).metrics.evaluation);
        tried.prune(0.5);
        QVERIFY(tried.remember());
        QCOMPARE(tried.node(2).name, std::string("trial 2"));
    }

    void withoutDataItSaysWhatToDo() {
        Tried tried;
        QVERIFY(tried.open());
        QSignalSpy failed(&tried.workbench, &ui::Workbench::failed);
        tried.workbench.trials()->remember();
        QCOMPARE(failed.count(), 1);
        const auto error = failed.first().first().value<Error>();
        QVERIFY(error.text().find("Attach data") != std::string::npos);
        QCOMPARE(tried.document.history().nodes().size(), std::size_t{1});
    }

    void theBaselineHasTheSameSizeAndTheSameShareOfEach() {
        Tried tried;
        QVERIFY(tried.ready());
        tried.prune(0.9);
        QVERIFY(tried.rest());
        const auto left = tried.document.footprint();
        const ui::State before = tried.document.state();
        tried.workbench.trials()->addUniformBaseline();
        QVERIFY(tried.rest());
        QCOMPARE(tried.document.history().nodes().size(), std::size_t{2});
        const project::Node& uniform = tried.node(1);
        QVERIFY(uniform.name.starts_with("uniform"));
        QVERIFY(uniform.metrics.evaluation);
        const double share = uniform.plan->weights.begin()->second.value;
        for (const auto& [name, rule] : uniform.plan->weights)
            QVERIFY(std::abs(rule.value - share) < 2e-3);
        const prune::Footprint* reached = tried.workbench.nodeFigures()->find(NodeId{1});
        QVERIFY(reached);
        QCOMPARE(reached->nonzeros, left.nonzeros);
        QVERIFY(*tried.document.state().plan == *before.plan);  // it is tried beside, not gone to
    }

    void theBaselineOfChannelsCutsChannels() {
        Tried tried;
        QVERIFY(tried.ready());
        ui::Channels& channels = *tried.document.channels();
        channels.setRule(*channels.groupOf(*tried.document.snapshot()->find("conv2.weight")),
                         prune::ChannelRule::ratio(0.5));
        QVERIFY(tried.rest());
        tried.workbench.trials()->addUniformBaseline();
        QVERIFY(tried.rest());
        const project::Node& uniform = tried.node(1);
        QVERIFY(uniform.plan->channels.size() > 1);
        QVERIFY(uniform.plan->weights.empty());
        QVERIFY(tried.workbench.nodeFigures()->find(NodeId{1})->parameters <=
                tried.document.footprint().parameters);
    }

    void nothingPrunedHasNoBaseline() {
        Tried tried;
        QVERIFY(tried.ready());
        QSignalSpy failed(&tried.workbench, &ui::Workbench::failed);
        tried.workbench.trials()->addUniformBaseline();
        QVERIFY(tried.rest());
        QCOMPARE(failed.count(), 1);
    }

    void stoppingKeepsNothingHalfDone() {
        Tried tried;
        QVERIFY(tried.ready());
        tried.prune(0.9);
        QVERIFY(tried.rest());
        QSignalSpy cancelled(&tried.workbench, &ui::Workbench::cancelled);
        test::JobProbe before(tried.jobs, {ui::Lane::Scan}, 1, &tried.document);
        tried.workbench.trials()->remember();
        QVERIFY(tried.workbench.trials()->jobs()->isRunning());
        tried.workbench.trials()->jobs()->stop();
        before.release();
        QVERIFY(tried.rest());
        QCOMPARE(cancelled.count(), 1);
        QVERIFY(!tried.workbench.trials()->jobs()->isRunning());
        QCOMPARE(tried.document.history().nodes().size(), std::size_t{1});
    }

    void pointsOfOtherDataAreNotJoined() {
        Tried tried;
        QVERIFY(tried.ready());
        QVERIFY(tried.remember());
        tried.prune(0.9);
        QVERIFY(tried.remember());
        auto entries = tried.entries();
        QCOMPARE(entries.size(), std::size_t{2});
        QVERIFY(entries[0].isComparable && entries[1].isComparable);
        QVERIFY(entries[1].isOnFront);  // the smaller one is beaten by nobody
        QVERIFY(entries[1].isCurrent && !entries[0].isCurrent);
        QVERIFY(entries[1].cost < entries[0].cost);
        // The same files with another validation share: other samples.
        data::DataSpec spec = data::spec(*tried.document.dataset());
        spec.validation = 0.2;
        tried.workbench.attachData(spec);
        QVERIFY(tried.rest());
        tried.prune(0.5);
        QVERIFY(tried.remember());
        entries = tried.entries();
        QCOMPARE(entries.size(), std::size_t{3});
        QVERIFY(entries[0].isDense && entries[0].isComparable);  // measured with it
        QVERIFY(!entries[1].isComparable && !entries[1].isOnFront);
        QVERIFY(entries[2].isComparable && entries[2].isOnFront);
        QVERIFY2(entries[2].sample.contains("120"), qPrintable(entries[2].sample));
        // Measured again on the data that is attached, an old state can be compared.
        tried.document.goTo(NodeId{1});
        QVERIFY(tried.remember());
        QVERIFY(tried.entries()[1].isComparable);
    }

    void whatIsShownAndMeasuredIsAPointBeforeItIsRemembered() {
        Tried tried;
        QVERIFY(tried.ready());
        tried.prune(0.9);
        QVERIFY(tried.entries().empty());
        tried.workbench.evaluate(data::Split::Validation);
        QVERIFY(tried.rest());
        const auto entries = tried.entries();
        QCOMPARE(entries.size(), std::size_t{2});  // the dense model is measured on the way
        QVERIFY(!entries[1].node.isValid() && entries[1].isCurrent);
    }

    void costsAreThoseOfTheFootprint_data() {
        QTest::addColumn<int>("cost");
        QTest::newRow("non-zeros") << int(Cost::NonZeros);
        QTest::newRow("parameters") << int(Cost::Parameters);
        QTest::newRow("MACs") << int(Cost::Macs);
        QTest::newRow("effective MACs") << int(Cost::EffectiveMacs);
        QTest::newRow("file") << int(Cost::FileBytes);
        QTest::newRow("zipped") << int(Cost::ZippedBytes);
    }
    void costsAreThoseOfTheFootprint() {
        QFETCH(int, cost);
        Tried tried;
        QVERIFY(tried.ready());
        tried.prune(0.9);
        QVERIFY(tried.remember());
        const prune::Footprint& now = tried.document.footprint();
        const std::int64_t expected[] = {now.nonzeros,      now.parameters, now.macs,
                                         now.macsEffective, now.bytesDense, now.bytesCompressed};
        QCOMPARE(tried.entries(static_cast<Cost>(cost)).back().cost, double(expected[cost]));
    }

    void latenciesOfOneRunAreCompared() {
        Tried tried;
        QVERIFY(tried.ready());
        tried.prune(0.9);
        QVERIFY(tried.remember());
        QVERIFY(tried.entries(Cost::Latency).empty());
        tried.document.goTo(tried.document.history().root());
        QVERIFY(tried.remember());
        tried.workbench.trials()->measureLatencies();
        QVERIFY(tried.rest());
        auto entries = tried.entries(Cost::Latency);
        QCOMPARE(entries.size(), std::size_t{2});
        QVERIFY(entries[0].isComparable && entries[1].isComparable && entries[0].cost > 0);
        // Timed alone, the newest run stands apart from the others.
        tried.document.setLatency({"now", 1, 1, 1, 5});
        entries = tried.entries(Cost::Latency);
        QVERIFY(entries[0].isComparable && !entries[1].isComparable);
    }

    void removingIsUndoneWithAllThatHungBelow() {
        Tried tried;
        QVERIFY(tried.ready());
        tried.prune(0.9);
        QVERIFY(tried.remember());
        tried.document.goTo(NodeId{1});
        tried.prune(0.5, "fc2.weight");
        tried.workbench.pinCurrent("pinned");
        tried.document.goTo(tried.document.history().root());
        QVERIFY(!tried.document.removeNode(NodeId{1}));  // what came from it is pinned
        tried.document.setNodePinned(NodeId{2}, false);
        const int steps = tried.document.undoStack()->count();
        QVERIFY(tried.document.removeNode(NodeId{1}));
        QCOMPARE(tried.document.history().nodes().size(), std::size_t{1});
        QCOMPARE(tried.document.undoStack()->count(), steps + 1);
        QCOMPARE(tried.document.undoStack()->undoText(), QString("delete trial 1"));
        QCOMPARE(tried.entries().size(), std::size_t{1});  // the dense model
        tried.document.goTo(NodeId{1});  // there is nowhere to go
        QCOMPARE(tried.document.state().node, tried.document.history().root());
        tried.document.undoStack()->undo();
        QCOMPARE(tried.document.history().nodes().size(), std::size_t{3});
        QCOMPARE(tried.document.history().children(NodeId{1}), std::vector{NodeId{2}});
        QCOMPARE(tried.entries().size(), std::size_t{2});
        // Pinned since: the step cannot be made again and goes.
        tried.document.setNodePinned(NodeId{1}, true);
        tried.document.undoStack()->redo();
        QCOMPARE(tried.document.history().nodes().size(), std::size_t{3});
        // Back through all steps, every state they refer to is found.
        tried.document.undoStack()->setIndex(0);
        QVERIFY(tried.document.plan().weights.empty());
    }

    void goingBackIsOneStep() {
        Tried tried;
        QVERIFY(tried.ready());
        tried.prune(0.9);
        QVERIFY(tried.remember());
        tried.prune(0.2);
        const int steps = tried.document.undoStack()->count();
        tried.document.goTo(NodeId{1});
        QCOMPARE(tried.document.undoStack()->count(), steps + 1);
        QVERIFY(tried.document.plan().weights.at("fc1.weight") == prune::WeightRule::sparsity(0.9));
        tried.document.undoStack()->undo();
        QVERIFY(tried.document.plan().weights.at("fc1.weight") == prune::WeightRule::sparsity(0.2));
    }
};

QTEST_MAIN(TestTrials)
#include "tst_trials.moc"
