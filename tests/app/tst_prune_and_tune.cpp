// SPDX-License-Identifier: GPL-3.0-or-later
// The one button: from a dense model to a pruned and trained one, and back with one undo.
#include <cmath>

#include <QDialog>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QToolButton>
#include <QUndoStack>

#include "app/gui/workspace.h"
#include "tests/support/window_probe.h"
#include "ui/panels/training_panel.h"

using namespace espalier;
using test::WindowProbe;

namespace {

std::int64_t nonzeros(const WindowProbe& probe) {
    return probe.document().footprint().weightsKept;
}

}  // namespace

class TestPruneAndTune : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        m_settings = std::make_unique<test::OwnSettings>();
    }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
        m_folder = std::make_unique<QTemporaryDir>();
        m_probe = std::make_unique<WindowProbe>();
        QVERIFY(m_probe->openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(!m_probe->action("train.prune_and_tune")->isEnabled());  // needs data
        QVERIFY(m_probe->attachTinyData(m_folder->path()));
        m_probe->child<QSpinBox>("recipeEpochs")->setValue(1);
    }
    void cleanup() { m_probe.reset(); }

    void prunesTrainsAndIsOneStep() {
        const std::int64_t dense = nonzeros(*m_probe);
        double asked = 0;
        m_probe->dialogs.nextDialog([&](QDialog& dialog) {
            asked = test::find<QDoubleSpinBox>(dialog, "prunePercent")->value();
            auto* accept = test::find<QPushButton>(dialog, "pruneAccept");
            return QTest::qWaitFor([accept] { return accept->isEnabled(); }, test::kPatienceMs);
        });
        QSignalSpy ended(m_probe->window.workbench(), &ui::Workbench::trainingEnded);
        m_probe->child<QToolButton>("trainingPruneAndTune")->click();
        QCOMPARE(asked, 92.0);
        QVERIFY(m_probe->window.workbench()->isTraining());
        QVERIFY(m_probe->action("edit.undo")->isEnabled());
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, test::kPatienceMs);
        QVERIFY(m_probe->rest());
        const auto kept = static_cast<double>(nonzeros(*m_probe)) / static_cast<double>(dense);
        QVERIFY2(std::abs(kept - 0.08) < 0.001, qPrintable(QString::number(kept)));
        QUndoStack* undo = m_probe->document().undoStack();
        QCOMPARE(undo->count(), 1);
        QVERIFY2(undo->undoText().startsWith("prune to 92"), qPrintable(undo->undoText()));
        m_probe->trigger("edit.undo");
        QVERIFY(m_probe->rest());
        QCOMPARE(nonzeros(*m_probe), dense);
        QCOMPARE(m_probe->document().node().operation, project::Operation::Open);
        m_probe->trigger("edit.redo");
        QVERIFY(m_probe->rest());
        QVERIFY(nonzeros(*m_probe) < dense / 10);
    }

    void anEditMeanwhileStaysAStepOfItsOwn() {
        acceptNextDialog();
        QSignalSpy ended(m_probe->window.workbench(), &ui::Workbench::trainingEnded);
        m_probe->trigger("train.prune_and_tune");
        m_probe->document().setLocked({*m_probe->document().snapshot()->find("fc2.weight")}, true);
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, test::kPatienceMs);
        QVERIFY(m_probe->rest());
        QUndoStack* undo = m_probe->document().undoStack();
        QCOMPARE(undo->count(), 3);
        QVERIFY2(undo->text(1).startsWith("lock"), qPrintable(undo->text(1)));
    }

    void pruningCanBeUndoneMeanwhile() {
        const std::int64_t dense = nonzeros(*m_probe);
        acceptNextDialog();
        QSignalSpy ended(m_probe->window.workbench(), &ui::Workbench::trainingEnded);
        m_probe->trigger("train.prune_and_tune");
        m_probe->trigger("edit.undo");
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, test::kPatienceMs);
        QVERIFY(m_probe->rest());
        QVERIFY(nonzeros(*m_probe) < dense / 10);  // what was trained is shown all the same
        QCOMPARE(m_probe->document().undoStack()->count(), 1);
        m_probe->trigger("edit.undo");
        QVERIFY(m_probe->rest());
        QCOMPARE(nonzeros(*m_probe), dense);
    }

    void batchNormsAloneNeedSome() {  // LeNet-5 has none
        m_probe->trigger("train.batch_norms");
        QTRY_VERIFY_WITH_TIMEOUT(m_probe->isError(), test::kPatienceMs);
        QVERIFY2(m_probe->messageText().contains("no batch norm"),
                 qPrintable(m_probe->messageText()));
        QCOMPARE(m_probe->document().undoStack()->count(), 0);
    }

    void aPlanIsTakenAsItIs() {
        m_probe->document().setRule(*m_probe->document().snapshot()->find("fc1.weight"),
                                    prune::WeightRule::sparsity(0.3));
        QVERIFY(m_probe->rest());
        const std::int64_t planned = nonzeros(*m_probe);
        QSignalSpy ended(m_probe->window.workbench(), &ui::Workbench::trainingEnded);
        m_probe->trigger("train.prune_and_tune");  // no dialog: one would be a warning
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, test::kPatienceMs);
        QVERIFY(m_probe->rest());
        QCOMPARE(nonzeros(*m_probe), planned);
    }

    void declinedChangesNothing() {
        m_probe->dialogs.nextDialog([](QDialog&) { return false; });
        m_probe->trigger("train.prune_and_tune");
        QVERIFY(!m_probe->window.workbench()->isTraining());
        QCOMPARE(m_probe->document().undoStack()->count(), 0);
    }

    void aBadRecipeIsToldBeforeAnythingIsAsked() {
        m_probe->child<QLineEdit>("recipeLr")->setText("0");
        m_probe->trigger("train.prune_and_tune");
        QVERIFY(m_probe->isError());
        QVERIFY2(m_probe->messageText().contains("optimizer.lr"),
                 qPrintable(m_probe->messageText()));
        QCOMPARE(m_probe->document().undoStack()->count(), 0);
    }

    void stoppedBeforeTheFirstEpochIsOneStepToo() {
        m_probe->child<QSpinBox>("recipeEpochs")->setValue(500);
        acceptNextDialog();
        QSignalSpy ended(m_probe->window.workbench(), &ui::Workbench::trainingEnded);
        m_probe->trigger("train.prune_and_tune");
        m_probe->trigger("train.stop");
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, test::kPatienceMs);
        QVERIFY(m_probe->rest());
        QCOMPARE(m_probe->document().undoStack()->count(), 1);
        QVERIFY(m_probe->action("edit.undo")->isEnabled());
    }

private:
    void acceptNextDialog() {
        m_probe->dialogs.nextDialog([](QDialog& dialog) {
            auto* accept = test::find<QPushButton>(dialog, "pruneAccept");
            return QTest::qWaitFor([accept] { return accept->isEnabled(); }, test::kPatienceMs);
        });
    }

    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<WindowProbe> m_probe;
};

QTEST_MAIN(TestPruneAndTune)
#include "tst_prune_and_tune.moc"
