// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/history_panel.h"

#include <QSignalSpy>
#include <QToolButton>
#include <QTreeWidget>
#include <QUndoStack>

#include "tests/support/gui_test.h"
#include "tests/support/open_model.h"
#include "ui/dialogs/dialogs.h"
#include "ui/document/channels.h"

using namespace espalier;
using ui::HistoryPanel;

namespace {

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
        QCOMPARE(root(panel)->childCount(), 2);  // the pinned state stays in the tree
        model.document.undoStack()->undo();
        QCOMPARE(root(panel)->childCount(), 1);
        QVERIFY(root(panel)->font(0).bold());
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

    void renamesAState() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        ui::DialogScript script;
        test::OpenModel model;
        const HistoryPanel panel(&model.workbench);
        QVERIFY(model.open());
        script.nextText("the beginning");
        test::find<QToolButton>(panel, "historyRename")->click();
        QCOMPARE(root(panel)->text(0), QString("the beginning"));
        QCOMPARE(model.document.history().node(model.document.history().root()).name,
                 std::string("the beginning"));
        QVERIFY(script.isUsedUp());
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
