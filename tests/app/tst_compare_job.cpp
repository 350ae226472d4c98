// SPDX-License-Identifier: GPL-3.0-or-later
// "Is my plan better than uniform?": two trials and a baseline on the Pareto panel, back to one by
// a click, and the same figures in the Compare tab as a measurement of its own gives.
#include <QComboBox>
#include <QDockWidget>
#include <QUndoStack>

#include "core/measure/evaluate.h"
#include "tests/support/window_probe.h"
#include "tests/ui/plots_testing.h"
#include "ui/document/comparison.h"
#include "ui/panels/compare_panel.h"
#include "ui/plots/difference_view.h"
#include "ui/plots/pareto_view.h"
#include "ui/plots/qcp.h"

using namespace espalier;
using test::WindowProbe;

class TestCompareJob : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
        m_settings = std::make_unique<test::OwnSettings>();
        m_probe = std::make_unique<WindowProbe>();
        m_probe->trigger("file.example");
        QTRY_VERIFY_WITH_TIMEOUT(document().evaluation(), test::kPatienceMs);
        QVERIFY(m_probe->rest());
    }
    void init() { test::failOnAnyWarning(); }
    void cleanupTestCase() { m_probe.reset(); }

    void twoTrialsAndUniformBecomePoints() {
        m_probe->trigger("view.pareto");  // from behind another tab to the front
        QTRY_VERIFY(view().isVisible());
        QCOMPARE(view().marks().size(), std::size_t{1});  // measured on opening
        for (const double sparsity : {0.9, 0.97}) {
            cutEverywhere(sparsity);
            m_probe->trigger("tools.remember");
            QVERIFY(m_probe->rest());
        }
        m_probe->trigger("tools.baseline");
        QVERIFY(m_probe->rest());
        const auto& marks = view().marks();
        QCOMPARE(marks.size(), std::size_t{4});
        QCOMPARE(marks[1].name, QString("trial 1"));
        QVERIFY(marks[2].isCurrent);
        QVERIFY(marks[3].name.startsWith("uniform"));
        QCOMPARE(marks[3].x, marks[2].x);  // the same size, but not the same layers
        QVERIFY2(marks[2].y > marks[3].y,
                 qPrintable(QString("%1 and %2").arg(marks[2].y).arg(marks[3].y)));
        QVERIFY(marks[2].isOnFront && !marks[3].isOnFront);
        for (const auto& mark : marks) QVERIFY(mark.isComparable);
    }

    void aClickReturnsAndUndoBringsBack() {
        const prune::Plan before = document().plan();
        const int steps = document().undoStack()->count();
        plots::testing::click(view().canvas(), view().markPixel(1));
        QCOMPARE(document().undoStack()->count(), steps + 1);
        QCOMPARE(document().node().name, std::string("trial 1"));
        QVERIFY(document().plan() != before);
        QVERIFY(view().marks()[1].isCurrent);
        m_probe->trigger("edit.undo");
        QVERIFY(document().plan() == before);
        QVERIFY(view().marks()[2].isCurrent);
        // The same by the keyboard.
        view().setFocus();
        while (view().focusedMark() != 1) QTest::keyClick(&view(), Qt::Key_Right);
        QTest::keyClick(&view(), Qt::Key_Return);
        QCOMPARE(document().node().name, std::string("trial 1"));
    }

    void comparingGivesWhatEvaluateGives() {
        m_probe->trigger("view.compare");
        auto* panel = m_probe->window.findChild<ui::ComparePanel*>();
        QVERIFY(panel->isVisible());
        choose("compareLeft", "trial 1");
        choose("compareRight", view().marks()[3].name);
        m_probe->child<QComboBox>("comparePicture")->setCurrentIndex(1);
        QVERIFY(m_probe->rest());
        // Both were measured when they were remembered: nothing is to be measured again.
        const auto& bars = m_probe->child<plots::DifferenceView>("compareClasses")->bars();
        const auto left = measured(1);
        const auto right = measured(3);
        QCOMPARE(bars.size(), std::size_t{10});
        for (std::size_t i = 0; i < bars.size(); ++i) {
            const auto share = [i](const measure::Evaluation& of) {
                return 100 * (static_cast<double>(of.classes[i].correct) /
                              static_cast<double>(of.classes[i].samples));
            };
            QCOMPARE(bars[i].left, share(left));
            QCOMPARE(bars[i].right, share(right));
        }
        QCOMPARE(view().marks()[1].y, 100 * left.top1);
        QCOMPARE(view().marks()[3].y, 100 * right.top1);
    }

private:
    ui::Document& document() const { return m_probe->document(); }
    plots::ParetoView& view() const { return *m_probe->child<plots::ParetoView>("paretoView"); }

    void cutEverywhere(double sparsity) {
        RunControl control;
        const auto plan = prune::withSparsityEverywhere(*document().snapshot(), document().plan(),
                                                        sparsity, prune::Scope::Global, control);
        QVERIFY(plan);
        document().setPlan(*plan, QStringLiteral("prune"));
        QVERIFY(m_probe->rest());
    }

    void choose(const char* side, const QString& state) {
        auto* box = m_probe->child<QComboBox>(side);
        QVERIFY2(box->findText(state) >= 0, qPrintable(state));
        box->setCurrentIndex(box->findText(state));
        Q_EMIT box->activated(box->currentIndex());
    }

    measure::Evaluation measured(int id) const {
        const project::Node& node = document().history().node(project::NodeId{id});
        RunControl control;
        const auto masks = prune::resolve(*node.snapshot, *node.plan, nullptr, control);
        return measure::evaluate(*node.snapshot, *masks, *document().dataset(), {}, {}, control)
            .value();
    }

    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<WindowProbe> m_probe;
};

QTEST_MAIN(TestCompareJob)
#include "tst_compare_job.moc"
