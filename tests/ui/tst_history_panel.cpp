// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/history_panel.h"

#include <QLineEdit>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QToolButton>
#include <QTreeWidget>
#include <QUndoStack>

#include "tests/support/grab.h"
#include "tests/support/gui_test.h"
#include "tests/support/open_model.h"
#include "ui/dialogs/dialogs.h"
#include "ui/document/channels.h"
#include "ui/panels/two_line_delegate.h"

using namespace espalier;
using ui::HistoryPanel;

namespace {

constexpr int kDetailRole = ui::TwoLineDelegate::kDetailRole;

QTreeWidgetItem* root(const HistoryPanel& panel) {
    return test::find<QTreeWidget>(panel, "historyTree")->topLevelItem(0);
}

}  // namespace

class TestHistoryPanel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnAnyWarning(); }

    void isEmptyWithoutAModel() {
        test::OpenModel model;
        const HistoryPanel panel(&model.workbench);
        QCOMPARE(test::find<QTreeWidget>(panel, "historyTree")->topLevelItemCount(), 0);
        QVERIFY(!test::find<QToolButton>(panel, "historyPin")->isEnabled());
        QVERIFY(!panel.selectedNode().isValid());
    }

    void theColumnIsOfTheMetric() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        const HistoryPanel panel(&model.workbench);
        QVERIFY(model.open());
        const auto* header = test::find<QTreeWidget>(panel, "historyTree")->headerItem();
        QCOMPARE(header->text(1), QString("Accuracy"));
        const QTemporaryDir folder;
        QVERIFY(model.attach(folder.path().toStdString()));
        const data::DatasetPtr data = model.document.dataset();
        model.document.setDataset(data, {.metric = "loss"});
        QCOMPARE(header->text(1), QString("loss (cross_entropy)"));
        model.document.setDataset(data, {.metric = "agreement"});
        QCOMPARE(header->text(1), QString("Agreement"));
        QVERIFY(header->toolTip(1).startsWith("agreement with the dense model as measured"));
        model.document.setDataset({});
        QCOMPARE(header->text(1), QString("Accuracy"));
    }

    void showsWhatWasPinnedWithItsSparsity() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        const HistoryPanel panel(&model.workbench);
        QVERIFY(model.open());
        halveAll(model.document);
        model.workbench.pinCurrent("halved");
        QCOMPARE(root(panel)->text(0), QString("lenet5.script.pt"));
        QCOMPARE(root(panel)->childCount(), 1);
        QCOMPARE(root(panel)->child(0)->text(0), QString("halved"));
        QTRY_COMPARE_WITH_TIMEOUT(root(panel)->child(0)->text(2), QString::fromUtf8("50.0\u2009%"),
                                  test::kPatienceMs);
        QCOMPARE(root(panel)->text(2), QString::fromUtf8("0.0\u2009%"));
        QVERIFY(root(panel)->child(0)->font(0).bold());  // where we are
        QVERIFY(!root(panel)->font(0).bold());
    }

    void editsThatAreNotPinnedHaveARow() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        const HistoryPanel panel(&model.workbench);
        QVERIFY(model.open());
        QCOMPARE(root(panel)->childCount(), 0);
        halveAll(model.document);
        QVERIFY(model.rest());
        QCOMPARE(root(panel)->childCount(), 1);
        const QTreeWidgetItem* row = root(panel)->child(0);
        QCOMPARE(row->text(0), QString("not pinned"));
        QCOMPARE(row->text(2), QString::fromUtf8("50.0\u2009%"));
        QVERIFY(row->font(0).bold() && !root(panel)->font(0).bold());  // there we are
        QCOMPARE(root(panel)->text(2), QString::fromUtf8("0.0\u2009%"));
        auto* tree = test::find<QTreeWidget>(panel, "historyTree");
        tree->setCurrentItem(root(panel)->child(0));
        QVERIFY(!test::find<QToolButton>(panel, "historyGoTo")->isEnabled());
        model.workbench.pinCurrent("halved");
        QCOMPARE(root(panel)->childCount(), 1);
        QCOMPARE(root(panel)->child(0)->text(0), QString("halved"));
        model.document.undoStack()->undo();
        QCOMPARE(root(panel)->childCount(), 1);          // the pinned state stays in the tree
        QVERIFY(root(panel)->child(0)->font(0).bold());  // and is what is shown
        model.document.undoStack()->undo();
        QVERIFY(root(panel)->font(0).bold() && !root(panel)->child(0)->font(0).bold());
    }

    void channelsThatAreCutOutCount() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        const HistoryPanel panel(&model.workbench);
        QVERIFY(model.open());
        QVERIFY(model.rest());
        ui::Channels& channels = *model.document.channels();
        channels.setRule(*channels.groupOf(*model.document.snapshot()->find("conv2.weight")),
                         prune::ChannelRule::ratio(0.5));
        QVERIFY(model.rest());
        const QString now = root(panel)->child(0)->text(2);
        QVERIFY(now != root(panel)->text(2));
        model.workbench.pinCurrent("half of conv2");
        QTRY_COMPARE_WITH_TIMEOUT(root(panel)->child(0)->text(2), now, test::kPatienceMs);
    }

    void enterGoesBackAndUndoReturns() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        HistoryPanel panel(&model.workbench);
        QVERIFY(model.open());
        halveAll(model.document);
        model.workbench.pinCurrent("halved");
        auto* tree = test::find<QTreeWidget>(panel, "historyTree");
        tree->setCurrentItem(root(panel));
        test::find<QToolButton>(panel, "historyGoTo")->click();
        QVERIFY(model.document.plan().weights.empty());
        QCOMPARE(model.document.state().node, model.document.history().root());
        QVERIFY(root(panel)->font(0).bold());
        model.document.undoStack()->undo();
        QVERIFY(!model.document.plan().weights.empty());
    }

    void renamesInPlace() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        HistoryPanel panel(&model.workbench);
        QVERIFY(model.open());
        panel.show();
        QVERIFY(QTest::qWaitForWindowActive(&panel));
        auto* tree = test::find<QTreeWidget>(panel, "historyTree");
        tree->setFocus();
        const auto type = [&](const QString& name) {
            QTest::keyClick(tree, Qt::Key_F2);
            test::find<QToolButton>(panel, "historyRename")->defaultAction()->trigger();  // again
            auto* editor = tree->findChild<QLineEdit*>();
            QVERIFY(editor);
            editor->setText(name);
            // A figure of the row that arrives meanwhile takes nothing of it away.
            model.document.setEvaluation({});
            QCOMPARE(editor->text(), name);
            QTest::keyClick(editor, Qt::Key_Return);
            QTRY_VERIFY(!tree->findChild<QLineEdit*>());
        };
        type("the beginning");
        const auto nameOf = [&] {
            return model.document.history().node(model.document.history().root()).name;
        };
        QCOMPARE(root(panel)->text(0), QString("the beginning"));
        QCOMPARE(nameOf(), std::string("the beginning"));
        type("  ");  // no name at all is none
        QCOMPARE(nameOf(), std::string("the beginning"));
        QCOMPARE(root(panel)->text(0), QString("the beginning"));
    }

    void saysWhatMadeAStateWhenAndHowItWasMeasured() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        HistoryPanel panel(&model.workbench);
        QVERIFY(model.open());
        measure::Evaluation evaluation;
        evaluation.samples = 5000;
        evaluation.top1 = evaluation.score = 0.9712;
        model.document.setEvaluation(evaluation);
        QVERIFY(model.rest());
        const QTreeWidgetItem& item = *root(panel);
        const auto detail = [&](int column) { return item.data(column, kDetailRole).toString(); };
        QVERIFY2(detail(0).startsWith("opened · "), qPrintable(detail(0)));
        QCOMPARE(item.text(1), QString::fromUtf8("97.12\u2009%"));
        QCOMPARE(detail(1), QString::fromUtf8("val. 5\u2009000"));
        QVERIFY2(item.toolTip(1).contains(QString::fromUtf8("5\u2009000 samples (validation)")),
                 qPrintable(item.toolTip(1)));
        QCOMPARE(detail(2), QString::fromUtf8("431\u2009k"));
        test::showAt(panel, {320, 300});
        test::grab(panel, "history_panel");
    }

    void pinsByKeyAndDeletesWhatIsNotPinned() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        ui::DialogScript script;
        test::OpenModel model;
        HistoryPanel panel(&model.workbench);
        QVERIFY(model.open());
        halveAll(model.document);
        model.workbench.pinCurrent("halved");
        model.document.goTo(model.document.history().root());
        panel.show();
        QVERIFY(QTest::qWaitForWindowActive(&panel));
        auto* tree = test::find<QTreeWidget>(panel, "historyTree");
        tree->setFocus();
        QSignalSpy failed(&panel, &HistoryPanel::failed);
        tree->setCurrentItem(root(panel)->child(0));
        QTest::keyClick(tree, Qt::Key_Delete);
        QCOMPARE(failed.count(), 1);  // it was pinned by name
        QTest::keyClick(tree, Qt::Key_P);
        QVERIFY(!model.document.history().node(project::NodeId{1}).isPinned);
        QVERIFY(!root(panel)->child(0)->data(0, kDetailRole).toString().contains("pinned"));
        QTest::keyClick(tree, Qt::Key_Delete);
        QCOMPARE(root(panel)->childCount(), 0);
        model.document.undoStack()->undo();
        QCOMPARE(root(panel)->child(0)->text(0), QString("halved"));
        // The opened file stays.
        tree->setCurrentItem(root(panel));
        QTest::keyClick(tree, Qt::Key_Delete);
        QCOMPARE(failed.count(), 2);
        QCOMPARE(root(panel)->childCount(), 1);
        QVERIFY(script.shown().isEmpty());
    }

    void asksBeforeItDeletesABranch() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        ui::DialogScript script;
        test::OpenModel model;
        HistoryPanel panel(&model.workbench);
        QVERIFY(model.open());
        halveAll(model.document);
        model.workbench.pinCurrent("halved");
        model.document.setRule(*model.document.snapshot()->find("fc1.weight"),
                               prune::WeightRule::sparsity(0.9));
        model.workbench.pinCurrent("below");
        for (const int node : {1, 2}) model.document.setNodePinned(project::NodeId{node}, false);
        model.document.goTo(model.document.history().root());
        auto* tree = test::find<QTreeWidget>(panel, "historyTree");
        tree->setCurrentItem(root(panel)->child(0));
        auto* remove = test::find<QToolButton>(panel, "historyRemove");
        script.nextAnswer(1);
        remove->click();
        QCOMPARE(model.document.history().nodes().size(), std::size_t{3});
        script.nextAnswer(0);
        remove->click();
        QCOMPARE(model.document.history().nodes().size(), std::size_t{1});
        QVERIFY(script.isUsedUp());
    }

    void anotherModelHasAHistoryOfItsOwn() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        HistoryPanel panel(&model.workbench);
        QVERIFY(model.open());
        halveAll(model.document);
        model.workbench.pinCurrent("halved");
        QVERIFY(model.rest());
        model.document.closeModel();
        QCOMPARE(test::find<QTreeWidget>(panel, "historyTree")->topLevelItemCount(), 0);
        QVERIFY(model.open());
        QVERIFY(model.rest());
        QCOMPARE(root(panel)->childCount(), 0);
        QCOMPARE(root(panel)->text(2), QString::fromUtf8("0.0\u2009%"));
    }

    void everyFieldHasAName() {
        test::OpenModel model;
        HistoryPanel panel(&model.workbench);
        panel.show();
        QCOMPARE(test::focusableWithoutName(panel).join("; "), QString());
    }

private:
    static void halveAll(ui::Document& document) {
        std::vector<model::LayerId> layers;
        for (const model::Layer& layer : document.snapshot()->layers()) layers.push_back(layer.id);
        document.setRules(layers, prune::WeightRule::sparsity(0.5));
    }
};

QTEST_MAIN(TestHistoryPanel)
#include "tst_history_panel.moc"
