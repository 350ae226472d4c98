// SPDX-License-Identifier: GPL-3.0-or-later
// The live probe in the window: what it follows, what it shows, and what it leaves to a full
// measurement.
#include <QLabel>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QUndoStack>

#include "core/measure/evaluate.h"
#include "tests/support/grab.h"
#include "tests/support/job_probe.h"
#include "tests/support/open_model.h"
#include "ui/document/channels.h"
#include "ui/document/plan_difference.h"
#include "ui/document/probe.h"
#include "ui/panels/impact_bar.h"
#include "ui/panels/impact_card.h"

using namespace espalier;
using namespace espalier::ui;
using prune::WeightRule;

class TestProbe : public QObject {
    Q_OBJECT

    std::unique_ptr<test::OpenModel> m_open;
    std::unique_ptr<ImpactBar> m_bar;
    std::unique_ptr<QTemporaryDir> m_folder;

    Document& document() { return m_open->document; }
    Probe& probe() { return *m_open->workbench.probe(); }
    model::LayerId layer(const char* name) { return *document().snapshot()->find(name); }
    QString text(const char* label) {
        return m_bar->findChild<ImpactCard*>("impact.accuracy")->findChild<QLabel*>(label)->text();
    }
    double thresholdAt(const char* name, double share) {
        return document().index(layer(name))->magnitudeQuantile(share);
    }
    bool settle() { return m_open->rest(); }
    channels::GroupId groupOf(const char* name) {
        return *document().channels()->groupOf(layer(name));
    }

private Q_SLOTS:
    void initTestCase() { style::applyTheme(*qApp, style::ThemeMode::Light); }
    void init() {
        if (!test::OpenModel::hasExample()) QSKIP("the example is missing");
        m_folder = std::make_unique<QTemporaryDir>();
        m_open = std::make_unique<test::OpenModel>();
        QVERIFY(m_open->open());
        m_bar = std::make_unique<ImpactBar>(&m_open->workbench);
        test::showAt(*m_bar, {1024, 80});
        QVERIFY(m_open->attach(m_folder->path().toStdString()));
        QVERIFY(settle());
    }
    void cleanup() {
        m_bar.reset();
        m_open.reset();
    }

    void aDragIsProbedAndSaysSo() {
        document().select(layer("fc1.weight"));
        document().preview(layer("fc1.weight"), thresholdAt("fc1.weight", 0.3));
        QVERIFY(probe().isUnderWay());
        QVERIFY(text("basis").contains("probing"));
        QVERIFY(settle());
        const auto reading = probe().reading();
        QVERIFY(reading);
        QVERIFY(!reading->isFollowing);
        QCOMPARE(reading->figures.samples, data::info(*document().dataset()).validation);
        QVERIFY(reading->dense);
        const QString samples = QString::number(reading->figures.samples);
        QCOMPARE(text("basis"), QStringLiteral("probe · on %1 samples").arg(samples));
        QVERIFY(text("after").endsWith("%"));
        QVERIFY(!text("basis").contains("measured"));
        const auto* card = m_bar->findChild<ImpactCard*>("impact.accuracy");
        QVERIFY(card->toolTip().contains("no full measurement"));
        QVERIFY(card->figure().action == ImpactFigure::Action::MeasureAccuracy);
        for (const auto mode : {style::ThemeMode::Dark, style::ThemeMode::Light}) {
            style::applyTheme(*qApp, mode);
            const bool isDark = mode == style::ThemeMode::Dark;
            test::grab(*m_bar, isDark ? "impact_probe_dark" : "impact_probe_light");
            QCOMPARE(test::clippedText(*m_bar), QString());
        }
    }

    /// The whole split is smaller than the sample, so that both must agree.
    void equalsTheFullMeasurementOnTheSameSamples() {
        document().setCut(layer("conv2.weight"), thresholdAt("conv2.weight", 0.8));
        QVERIFY(settle());
        const auto reading = probe().reading();
        QVERIFY(reading);
        m_open->workbench.evaluate(data::Split::Validation);
        QVERIFY(settle());
        QCOMPARE(reading->figures.top1, document().evaluation()->top1);
        QCOMPARE(*reading->dense, document().denseEvaluation()->top1);
        QVERIFY(text("basis").startsWith("measured"));  // it takes precedence
    }

    void staysWhenTheCutIsLetGo() {
        document().preview(layer("fc1.weight"), thresholdAt("fc1.weight", 0.9));
        QVERIFY(settle());
        const auto dragged = probe().reading();
        document().setCut(layer("fc1.weight"), thresholdAt("fc1.weight", 0.9));
        QVERIFY(!probe().isUnderWay());  // that plan is known
        QCOMPARE(probe().reading()->figures, dragged->figures);
        QVERIFY(settle());
        QVERIFY(text("basis").startsWith("probe"));
    }

    void undoAndRedoFindTheirReadings() {
        document().setRule(layer("fc1.weight"), WeightRule::sparsity(0.5), "slider");
        QVERIFY(settle());
        const auto half = probe().reading()->figures;
        document().setRule(layer("fc1.weight"), WeightRule::sparsity(0.999));
        QVERIFY(settle());
        const auto nearlyAll = probe().reading()->figures;
        QVERIFY(nearlyAll != half);
        QSignalSpy started(&m_open->jobs, &JobRunner::jobStarted);
        document().undoStack()->undo();
        QCOMPARE(probe().reading()->figures, half);
        document().undoStack()->redo();
        QCOMPARE(probe().reading()->figures, nearlyAll);
        QVERIFY(!probe().isUnderWay());
    }

    /// An undo leads to a plan that was never probed, while the machine is busy.
    void anUndoneCutSaysNothingOfWhatIsBack() {
        document().setRule(layer("fc1.weight"), WeightRule::sparsity(0.999));
        QVERIFY(settle());
        const QString cut = text("after");
        QVERIFY(text("basis").startsWith("probe"));
        test::JobProbe busy(m_open->jobs, {Lane::Probe, "busy"}, 1, this);
        QVERIFY(busy.waitUntilBegun());
        // A cut that moves on is followed, and it is said of what the figure is.
        document().preview(layer("fc1.weight"), thresholdAt("fc1.weight", 0.5));
        QVERIFY(probe().isUnderWay());
        QCOMPARE(text("after"), cut);
        QCOMPARE(text("basis"), QStringLiteral("probe · earlier cut…"));
        QTRY_COMPARE(test::clippedText(*m_bar), QString());  // once they are laid out
        document().preview(layer("fc1.weight"), {});
        document().undoStack()->undo();
        QVERIFY(probe().isUnderWay());
        QVERIFY(!probe().reading());
        QCOMPARE(text("after"), QStringLiteral("–"));
        QVERIFY2(text("basis").contains("probing"), qPrintable(text("basis")));
        busy.release();
        QVERIFY(settle());
        QVERIFY(probe().reading());
        QVERIFY(!probe().reading()->isFollowing);
        QCOMPARE(probe().reading()->figures.score, *probe().reading()->dense);
    }

    void channelBudgetsAreProbed() {
        QTRY_VERIFY_WITH_TIMEOUT(document().channels()->scores(), test::kPatienceMs);
        const auto group = groupOf("conv2.weight");
        document().channels()->preview(group, 2);
        QVERIFY(probe().isUnderWay());
        QVERIFY(settle());
        const auto dragged = probe().reading();
        QVERIFY(dragged);
        document().channels()->setRule(group, prune::ChannelRule::keepBest(2));
        QVERIFY(settle());
        QCOMPARE(probe().reading()->figures, dragged->figures);
        m_open->workbench.evaluate(data::Split::Validation);
        QVERIFY(settle());
        QCOMPARE(document().evaluation()->top1, dragged->figures.top1);
    }

    /// Whatever comes while one runs, only the last of it is measured.
    void onlyTheNewestPlanWaits() {
        QSignalSpy started(&m_open->jobs, &JobRunner::jobStarted);
        for (int step = 1; step <= 50; ++step) {
            document().preview(layer("fc1.weight"), thresholdAt("fc1.weight", 0.01 * step));
        }
        QVERIFY(settle());
        QVERIFY2(started.count() <= 4, qPrintable(QString::number(started.count())));
        const auto last = probe().reading();
        QVERIFY(last && !last->isFollowing);
        document().preview(layer("fc1.weight"), {});
        QVERIFY(settle());
        document().setCut(layer("fc1.weight"), thresholdAt("fc1.weight", 0.5));
        QCOMPARE(probe().reading()->figures, last->figures);
    }

    void otherEditsAreNotProbed() {
        document().setRule(layer("fc1.weight"), WeightRule::sparsity(0.5));
        QVERIFY(settle());
        QVERIFY(probe().reading());
        prune::Plan plan = document().plan();
        for (const char* name : {"conv1.weight", "conv2.weight", "fc2.weight"})
            plan.weights.insert_or_assign(name, WeightRule::sparsity(0.7));
        document().setPlan(plan, "a goal");
        QVERIFY(!probe().isUnderWay());
        QVERIFY(!probe().reading());
        QVERIFY(settle());
        QCOMPARE(text("after"), QStringLiteral("–"));
        QVERIFY(text("basis").startsWith("not measured"));
        document().undoStack()->undo();
        QVERIFY(probe().reading());
        document().setCriterion("random");
        QVERIFY(!probe().reading());
    }

    void aFullMeasurementIsNotProbedAgain() {
        m_open->workbench.evaluate(data::Split::Validation);
        QVERIFY(settle());
        document().setRule(layer("fc1.weight"), WeightRule::sparsity(0.5));
        QVERIFY(settle());
        document().undoStack()->undo();
        QVERIFY(!probe().isUnderWay());
        QVERIFY(text("basis").startsWith("measured"));
    }

    void canBeSwitchedOffAndGivenOtherSamples() {
        document().setRule(layer("fc1.weight"), WeightRule::sparsity(0.5));
        QVERIFY(settle());
        probe().setSamples(20);
        QVERIFY(!probe().reading());  // of other samples
        document().setRule(layer("fc1.weight"), WeightRule::sparsity(0.6));
        QVERIFY(settle());
        QCOMPARE(probe().reading()->figures.samples, std::int64_t(20));
        QVERIFY(text("basis").contains("on 20 samples"));
        probe().setOn(false);
        QVERIFY(!probe().reading());
        document().setRule(layer("fc1.weight"), WeightRule::sparsity(0.7));
        QVERIFY(!probe().isUnderWay());
        QCOMPARE(text("after"), QStringLiteral("–"));
    }

    void needsDataAndForgetsWithIt() {
        document().setRule(layer("fc1.weight"), WeightRule::sparsity(0.5));
        QVERIFY(settle());
        QVERIFY(probe().reading());
        document().setDataset({});
        QVERIFY(!probe().reading());
        document().setRule(layer("fc1.weight"), WeightRule::sparsity(0.6));
        QVERIFY(!probe().isUnderWay());
        QVERIFY(settle());
        document().closeModel();
        QVERIFY(!probe().reading());
    }

    void differencesByHand() {
        prune::Plan one;
        one.weights = {{"a", WeightRule::sparsity(0.5)}, {"b", WeightRule::sparsity(0.5)}};
        prune::Plan other = one;
        QCOMPARE(*differenceOfRules(one, other), PlanDifference{});
        other.weights["a"] = WeightRule::sparsity(0.6);
        other.weights.erase("b");
        other.marks["g"].remove.insert(3);
        QCOMPARE(*differenceOfRules(one, other), (PlanDifference{{"a", "b"}, {"g"}}));
        other.weightCriterion = "random";
        QVERIFY(!differenceOfRules(one, other));
    }
};

QTEST_MAIN(TestProbe)
#include "tst_probe.moc"
