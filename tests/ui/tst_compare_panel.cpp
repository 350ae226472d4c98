// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/compare_panel.h"

#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QLabel>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QToolButton>
#include <QUndoStack>

#include "tests/support/grab.h"
#include "tests/support/gui_test.h"
#include "tests/support/open_model.h"
#include "ui/dialogs/dialogs.h"
#include "ui/document/channels.h"
#include "ui/models/comparison_model.h"
#include "ui/panels/comparison_table.h"
#include "ui/plots/difference_view.h"
#include "ui/plots/overlay_view.h"

using namespace espalier;
using Column = ui::ComparisonModel::Column;
using ui::ComparePanel;

namespace {

struct Shown : test::OpenModel {
    QTemporaryDir folder;
    ComparePanel panel{&workbench};
    plots::OverlayView* overlay = test::find<plots::OverlayView>(panel, "compareHistograms");
    plots::DifferenceView* classes = test::find<plots::DifferenceView>(panel, "compareClasses");
    ui::ComparisonTable* table = test::find<ui::ComparisonTable>(panel, "compareTable");

    Shown() { test::showAt(panel, {760, 520}); }
    QToolButton* button(const char* name) const { return test::find<QToolButton>(panel, name); }
    QComboBox* box(const char* name) const { return test::find<QComboBox>(panel, name); }
    bool ready() { return open() && attach(folder.path().toStdString()) && rest(); }
    void prune(double sparsity) {
        document.setRule(*document.snapshot()->find("fc1.weight"),
                         prune::WeightRule::sparsity(sparsity));
    }
    void choose(const char* side, const QString& item) {
        QComboBox* chosen = box(side);
        chosen->setCurrentIndex(chosen->findText(item));
        Q_EMIT chosen->activated(chosen->currentIndex());
    }
    QString cell(const char* layer, int column, int role = Qt::DisplayRole) const {
        const auto* model = table->layers();
        return model->index(model->rowOf(layer), column).data(role).toString();
    }
};

}  // namespace

class TestComparePanel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (!test::OpenModel::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
    }
    void init() { test::failOnAnyWarning(); }

    void saysWhatWillBeHereWithoutAModel() {
        Shown shown;
        QVERIFY(shown.overlay->isEmptyStateShown());
        QVERIFY(!shown.box("compareLeft")->isEnabled());
        QCOMPARE(shown.table->layers()->rowCount(), 0);
        QVERIFY(!shown.button("compareAccuracy")->isEnabled());
        test::grab(shown.panel, "compare_empty");
    }

    void denseAgainstCurrentAtFirst() {
        Shown shown;
        QVERIFY(shown.open() && shown.rest());
        QCOMPARE(shown.box("compareLeft")->currentText(), QString("Dense (as opened)"));
        QCOMPARE(shown.box("compareRight")->currentText(), QString("Current"));
        shown.document.select(*shown.document.snapshot()->find("fc1.weight"));
        shown.prune(0.9);
        QVERIFY(shown.rest());
        const auto& sides = shown.overlay->data();
        const auto layer = *shown.document.snapshot()->find("fc1.weight");
        QCOMPARE(sides[1].zeros, shown.document.masks()->removed(layer));
        QCOMPARE(sides[0].total(), sides[1].total());
        QCOMPARE(shown.cell("fc1.weight", Column::RightSparsity), QString::fromUtf8("90.0\u2009%"));
        QCOMPARE(shown.cell("fc2.weight", Column::Change), QString::fromUtf8("0.00\u2009%"));
        QVERIFY(shown.cell("fc1.weight", Column::Change) != QString::fromUtf8("0.00\u2009%"));
        test::grab(shown.panel, "compare_histograms");
        // The log box and the plot's own menu are one option.
        auto* log = test::find<QCheckBox>(shown.panel, "compareLog");
        log->setChecked(true);
        QCOMPARE(shown.overlay->countScale(), plots::CountScale::Log);
        shown.overlay->setCountScale(plots::CountScale::Linear);
        QVERIFY(!log->isChecked());
    }

    void statesOfTheHistoryPinnedFirst() {
        Shown shown;
        QVERIFY(shown.open());
        shown.prune(0.5);
        shown.document.addTrial(shown.document.state(), "trial 1");
        shown.prune(0.9);
        shown.workbench.pinCurrent("ninety");
        QVERIFY(shown.rest());
        const QComboBox* left = shown.box("compareLeft");
        QStringList items;
        for (int i = 0; i < left->count(); ++i) items << left->itemText(i);
        // What was opened is there once, as the dense model.
        QCOMPARE(items, (QStringList{"Dense (as opened)", "Current", "ninety", "trial 1"}));
        shown.choose("compareLeft", "trial 1");
        shown.choose("compareRight", "ninety");
        QVERIFY(shown.rest());
        QCOMPARE(shown.cell("fc1.weight", Column::LeftSparsity), QString::fromUtf8("50.0\u2009%"));
        QCOMPARE(shown.cell("fc1.weight", Column::RightSparsity), QString::fromUtf8("90.0\u2009%"));
        shown.button("compareSwap")->click();
        QVERIFY(shown.rest());
        QCOMPARE(shown.cell("fc1.weight", Column::LeftSparsity), QString::fromUtf8("90.0\u2009%"));
        // A state that is deleted is compared no more.
        QVERIFY(shown.document.removeNode(project::NodeId{1}));
        QCOMPARE(shown.box("compareRight")->currentText(), QString("Current"));
        QVERIFY(shown.rest());
    }

    void figuresAreThoseThatEvaluateGives() {
        Shown shown;
        QVERIFY(shown.ready());
        shown.prune(0.97);
        shown.box("comparePicture")->setCurrentIndex(1);
        QVERIFY(shown.classes->isEmptyStateShown());
        shown.button("compareAccuracy")->click();
        QCOMPARE(shown.button("compareAccuracy")->text(), QString("Cancel"));
        QVERIFY(shown.rest());
        QVERIFY(!shown.classes->isEmptyStateShown());
        RunControl control;
        const auto dataset = shown.document.dataset();
        const auto dense =
            measure::evaluate(*shown.document.snapshot(), nullptr, *dataset, {}, {}, control);
        const auto now = measure::evaluate(*shown.document.snapshot(), shown.document.masks(),
                                           *dataset, {}, {}, control);
        QVERIFY(dense && now);
        const auto& bars = shown.classes->bars();
        QCOMPARE(bars.size(), dense->classes.size());
        for (std::size_t i = 0; i < bars.size(); ++i) {
            QCOMPARE(bars[i].samples, qint64(dense->classes[i].samples));
            const double samples = double(bars[i].samples);
            QCOMPARE(bars[i].left, 100 * (double(dense->classes[i].correct) / samples));
            QCOMPARE(bars[i].right, 100 * (double(now->classes[i].correct) / samples));
        }
        QCOMPARE(shown.document.evaluation()->top1, now->top1);
        const QString status = test::find<QLabel>(shown.panel, "compareStatus")->text();
        QVERIFY2(status.contains("60 samples"), qPrintable(status));
        test::grab(shown.panel, "compare_classes");
        shown.prune(0.5);  // what is shown was not measured: no bars of something else
        QVERIFY(shown.classes->isEmptyStateShown());
    }

    void latencyIsThatOfOneRun() {
        Shown shown;
        QVERIFY(shown.open() && shown.rest());
        shown.prune(0.9);
        auto* comparison = shown.workbench.comparison();
        QVERIFY(!comparison->latencies());
        shown.button("compareLatency")->click();
        QVERIFY(shown.rest());
        QVERIFY(comparison->latencies());
        QCOMPARE((*comparison->latencies())[1].median, shown.document.latency()->median);
        shown.document.setLatency({"now", 1, 1, 1, 5});  // alone: of another run
        QVERIFY(!comparison->latencies());
    }

    void aCutModelIsComparedByName() {
        Shown shown;
        QVERIFY(shown.open() && shown.rest());
        ui::Channels& channels = *shown.document.channels();
        shown.document.select(*shown.document.snapshot()->find("conv2.weight"));
        channels.setRule(*channels.groupOf(shown.document.selection()),
                         prune::ChannelRule::ratio(0.5));
        QVERIFY(shown.rest());
        QCOMPARE(shown.cell("conv2.weight", Column::LeftChannels), QString("50"));
        QCOMPARE(shown.cell("conv2.weight", Column::RightChannels), QString("25"));
        shown.workbench.cutModel(&shown.panel, [&](const Result<exchange::CutPlan>& cut) {
            QVERIFY(cut);
            shown.workbench.exportCut(cut->model, shown.folder.filePath("cut.pt").toStdString(),
                                      "proved");
        });
        QVERIFY(shown.rest());
        shown.workbench.goOnFrom(shown.folder.filePath("cut.pt").toStdString());
        QVERIFY(shown.rest());
        QCOMPARE(shown.cell("conv2.weight", Column::RightChannels), QString("25"));
        QCOMPARE(shown.cell("conv2.weight", Column::Change), QString::fromUtf8("–"));
        QVERIFY2(shown.cell("conv2.weight", Column::Change, Qt::ToolTipRole).contains("differ"),
                 qPrintable(shown.cell("conv2.weight", Column::Change, Qt::ToolTipRole)));
        QVERIFY(shown.overlay->toolTip().contains("differ"));
    }

    void theTableSortsSelectsAndCopies() {
        ui::DialogScript script;
        Shown shown;
        QVERIFY(shown.open() && shown.rest());
        shown.prune(0.9);
        QVERIFY(shown.rest());
        shown.table->sortByColumn(Column::RightSparsity, Qt::DescendingOrder);
        QCOMPARE(shown.table->model()->index(0, 0).data().toString(), QString("fc1.weight"));
        shown.table->setCurrentIndex(shown.table->model()->index(0, 0));
        QCOMPARE(shown.document.snapshot()->layer(shown.document.selection()).name,
                 std::string("fc1.weight"));
        shown.document.select(*shown.document.snapshot()->find("conv1.weight"));
        QCOMPARE(shown.table->currentIndex().siblingAtColumn(0).data().toString(),
                 QString("conv1.weight"));
        QTest::keyClick(shown.table, Qt::Key_C, Qt::ControlModifier);
        const QString csv = QGuiApplication::clipboard()->text();
        QVERIFY(csv.startsWith("layer,nonzeros_a,nonzeros_b"));
        QVERIFY2(csv.contains("\nfc1.weight,400000,40000,0,0.9,"), qPrintable(csv));
        QCOMPARE(shown.table->model()
                     ->index(0, Column::RightNonzeros)
                     .data(Qt::TextAlignmentRole)
                     .toInt(),
                 int(Qt::AlignRight | Qt::AlignVCenter));
    }

    void withoutDataItAsksForSome() {
        Shown shown;
        QVERIFY(shown.open() && shown.rest());
        shown.box("comparePicture")->setCurrentIndex(1);
        QSignalSpy wanted(&shown.panel, &ComparePanel::attachDataRequested);
        Q_EMIT shown.classes->emptyActionTriggered();
        QCOMPARE(wanted.count(), 1);
    }

    void whatHasNoClassesSaysSo() {
        Shown shown;
        QVERIFY(shown.ready());
        shown.prune(0.9);
        QVERIFY(shown.rest());
        measure::Evaluation evaluation;
        evaluation.samples = 60;
        shown.document.setEvaluation(evaluation, shown.document.denseState());
        shown.document.setEvaluation(evaluation);
        shown.box("comparePicture")->setCurrentIndex(1);
        QVERIFY(shown.classes->isEmptyStateShown());
        const auto labels = shown.classes->findChildren<QLabel*>();
        QVERIFY(std::ranges::any_of(
            labels, [](const QLabel* label) { return label->text().contains("no classes"); }));
    }

    void aHiddenTabCountsNothing() {
        Shown shown;
        QVERIFY(shown.open() && shown.rest());
        shown.panel.hide();
        shown.prune(0.9);
        QVERIFY(shown.rest());
        QCOMPARE(shown.cell("fc1.weight", Column::RightSparsity), QString::fromUtf8("0.0\u2009%"));
        shown.panel.show();
        QVERIFY(shown.rest());
        QCOMPARE(shown.cell("fc1.weight", Column::RightSparsity), QString::fromUtf8("90.0\u2009%"));
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

QTEST_MAIN(TestComparePanel)
#include "tst_compare_panel.moc"
