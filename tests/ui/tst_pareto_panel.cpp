// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/pareto_panel.h"

#include <QComboBox>
#include <QLabel>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QToolButton>
#include <QUndoStack>

#include "tests/support/grab.h"
#include "tests/support/gui_test.h"
#include "tests/support/job_probe.h"
#include "tests/support/open_model.h"
#include "ui/document/trials.h"
#include "ui/plots/pareto_view.h"

using namespace espalier;
using ui::Cost;
using ui::ParetoPanel;

namespace {

struct Shown : test::OpenModel {
    QTemporaryDir folder;
    ParetoPanel panel{&workbench};
    plots::ParetoView* view = test::find<plots::ParetoView>(panel, "paretoView");

    Shown() { test::showAt(panel, {900, 260}); }
    QToolButton* button(const char* name) const { return test::find<QToolButton>(panel, name); }
    bool ready() { return open() && attach(folder.path().toStdString()) && rest(); }
    void prune(double sparsity) {
        document.setRule(*document.snapshot()->find("fc1.weight"),
                         prune::WeightRule::sparsity(sparsity));
    }
    bool remember() {
        button("paretoRemember")->click();
        return rest();
    }
};

}  // namespace

class TestParetoPanel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (!test::OpenModel::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
    }
    void init() { test::failOnAnyWarning(); }

    void saysWhatToDoBeforeThereArePoints() {
        Shown shown;
        QVERIFY(shown.view->isEmptyStateShown());
        QVERIFY(!shown.button("paretoRemember")->isEnabled());
        QVERIFY(shown.open() && shown.rest());
        QVERIFY(shown.view->isEmptyStateShown());
        QSignalSpy wanted(&shown.panel, &ParetoPanel::attachDataRequested);
        Q_EMIT shown.view->emptyActionTriggered();
        QCOMPARE(wanted.count(), 1);
        QVERIFY(shown.attach(shown.folder.path().toStdString()));
        QVERIFY(shown.view->isEmptyStateShown());
        test::grab(shown.panel, "pareto_empty");
        Q_EMIT shown.view->emptyActionTriggered();  // now it measures what is shown
        QVERIFY(shown.rest());
        QVERIFY(!shown.view->isEmptyStateShown());
        QCOMPARE(shown.view->marks().size(), std::size_t{1});
        QCOMPARE(shown.view->marks()[0].name, QString("dense model"));
    }

    void pointsComeWithEveryRememberedPlanAndAClickReturns() {
        Shown shown;
        QVERIFY(shown.ready() && shown.remember());
        shown.prune(0.9);
        QVERIFY(shown.button("paretoBaseline")->isEnabled());
        QVERIFY(shown.remember());
        shown.button("paretoBaseline")->click();
        QVERIFY(shown.rest());
        QCOMPARE(shown.view->marks().size(), std::size_t{3});
        const auto& marks = shown.view->marks();
        QVERIFY(marks[1].isCurrent && marks[1].isTrial && !marks[0].isTrial);
        QVERIFY(marks[2].name.startsWith("uniform"));
        QCOMPARE(marks[1].x, double(shown.document.footprint().nonzeros));
        QCOMPARE(marks[1].y, 100 * shown.document.evaluation()->top1);
        QVERIFY2(marks[1].toolTip.contains("validation, 60 samples"), qPrintable(marks[1].toolTip));
        test::grab(shown.panel, "pareto_points");

        const int steps = shown.document.undoStack()->count();
        Q_EMIT shown.view->markChosen(2);
        QCOMPARE(shown.document.undoStack()->count(), steps + 1);
        QCOMPARE(shown.document.state().node, project::NodeId{2});
        QVERIFY(shown.view->marks()[2].isCurrent && !shown.view->marks()[1].isCurrent);
        shown.document.undoStack()->undo();
        QVERIFY(shown.view->marks()[1].isCurrent);
    }

    /// Pruned before anything was measured: what it all is compared with comes by itself.
    void theDenseModelIsAmongThem() {
        Shown shown;
        QVERIFY(shown.ready());
        shown.prune(0.9);
        QVERIFY(shown.rest() && shown.remember());
        const auto& marks = shown.view->marks();
        QCOMPARE(marks.size(), std::size_t{2});
        QCOMPARE(marks[0].name, QString("dense model"));
        QCOMPARE(marks[0].x, double(shown.document.denseFootprint().nonzeros));
        QVERIFY(marks[0].isLabelled && marks[0].isComparable && !marks[0].isCurrent);
        QVERIFY(marks[1].isCurrent);
        Q_EMIT shown.view->markChosen(0);
        QVERIFY(shown.document.plan().weights.empty());
        QVERIFY(shown.view->marks()[0].isCurrent);
    }

    void saysHowTheDenseModelComes() {
        Shown shown;
        QVERIFY(shown.ready());
        shown.prune(0.9);
        QVERIFY(shown.rest());
        measure::Evaluation alone;  // as fine-tuning leaves it
        alone.samples = 60;
        shown.document.setEvaluation(alone);
        QCOMPARE(shown.view->marks().size(), std::size_t{1});
        const auto* status = test::find<QLabel>(shown.panel, "paretoStatus");
        QVERIFY2(status->text().contains("the dense model"), qPrintable(status->text()));
        QVERIFY(shown.remember());
        QVERIFY2(!status->text().contains("the dense model"), qPrintable(status->text()));
    }

    void theCostCanBeChosen() {
        Shown shown;
        QVERIFY(shown.ready() && shown.remember());
        QVERIFY(!shown.button("paretoLatency")->isVisible());
        shown.panel.setCost(Cost::Parameters);
        QCOMPARE(shown.view->marks()[0].x, double(shown.document.footprint().parameters));
        shown.panel.setCost(Cost::Latency);
        QVERIFY(shown.button("paretoLatency")->isVisible());
        QVERIFY(shown.view->isEmptyStateShown());
        shown.button("paretoLatency")->click();
        QVERIFY(shown.rest());
        QCOMPARE(shown.view->marks()[0].x, shown.document.latency()->median);
    }

    void anotherFigureIsNotJoined() {
        Shown shown;
        QVERIFY(shown.ready() && shown.remember());
        measure::Evaluation loss = *shown.document.evaluation();
        loss.metric.kind = measure::Metric::Kind::Loss;
        shown.prune(0.9);
        QVERIFY(shown.rest());
        shown.document.setEvaluation(loss);
        const auto& marks = shown.view->marks();
        QCOMPARE(marks.size(), std::size_t{2});
        QVERIFY(marks[0].isComparable && !marks[1].isComparable);
        QVERIFY2(marks[1].toolTip.contains("Another figure"), qPrintable(marks[1].toolTip));
    }

    void closingTheModelEmptiesIt() {
        Shown shown;
        QVERIFY(shown.ready() && shown.remember());
        shown.document.closeModel();
        QVERIFY(shown.view->isEmptyStateShown());
        QVERIFY(shown.view->marks().empty());
    }

    void whileItMeasuresItCanBeStopped() {
        Shown shown;
        QVERIFY(shown.ready());
        test::JobProbe before(shown.jobs, {ui::Lane::Scan}, 1, &shown.panel);
        shown.button("paretoRemember")->click();
        QCOMPARE(shown.button("paretoRemember")->text(), QString("Cancel"));
        shown.button("paretoRemember")->click();
        before.release();
        QVERIFY(shown.rest());
        QCOMPARE(shown.button("paretoRemember")->text(), QString("Remember this point"));
        QVERIFY(shown.view->isEmptyStateShown());
    }

    void everyFieldHasANameAndRoom() {
        Shown shown;
        QVERIFY(shown.ready());
        QCOMPARE(test::namelessWidget(shown.panel), QString());
        QTRY_COMPARE(test::clippedText(shown.panel), QString());
        for (const auto* button : shown.panel.findChildren<QToolButton*>())
            QVERIFY2(!button->toolTip().isEmpty(), qPrintable(button->objectName()));
    }
};

QTEST_MAIN(TestParetoPanel)
#include "tst_pareto_panel.moc"
