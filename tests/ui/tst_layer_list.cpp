// SPDX-License-Identifier: GPL-3.0-or-later
// LayerListPanel: selection in step with the document, filter, menu, keyboard.
#include <algorithm>

#include <QAbstractItemView>
#include <QAction>
#include <QCompleter>
#include <QItemSelectionModel>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>
#include <QTreeView>
#include <QUndoStack>

#include "tests/support/grab.h"
#include "tests/support/session.h"
#include "ui/document/highlight.h"
#include "ui/models/layer_model.h"
#include "ui/panels/layer_list_panel.h"
#include "ui/style/colors.h"

using namespace espalier;
using namespace espalier::ui;
using test::fixture;
using test::Session;

namespace {
constexpr const char* kModel = "cnn_bn.script.pt";
}

class TestLayerList : public QObject {
    Q_OBJECT

    Session* m_session = nullptr;
    LayerListPanel* m_panel = nullptr;

    QTreeView& table() { return *m_panel->findChild<QTreeView*>("layerTable"); }
    QLineEdit& filter() { return *m_panel->findChild<QLineEdit*>("layerFilter"); }
    QLabel& message() { return *m_panel->findChild<QLabel*>("layerMessage"); }
    QAction& action(const char* name) { return *m_panel->findChild<QAction*>(name); }
    LayerProxyModel& proxy() { return *m_panel->findChild<LayerProxyModel*>(); }
    void click(model::LayerId layer, Qt::KeyboardModifiers modifiers = {}) {
        const QRect rect = table().visualRect(proxy().indexOf(layer));
        QVERIFY(rect.isValid());
        QTest::mouseClick(table().viewport(), Qt::LeftButton, modifiers, rect.center());
    }
    std::vector<model::LayerId> prunable() {
        std::vector<model::LayerId> layers;
        for (const model::Layer& layer : m_session->document.snapshot()->layers()) {
            if (layer.prunable.weights) layers.push_back(layer.id);
        }
        return layers;
    }

private Q_SLOTS:
    void initTestCase() { style::applyTheme(*qApp, style::ThemeMode::Light); }
    void init() {
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
        NEED_FILE(fixture(kModel));
        m_session = new Session;
        m_panel = new LayerListPanel(&m_session->workbench);
        QVERIFY(m_session->open(fixture(kModel)));
        test::showAt(*m_panel, {340, 480});
    }
    void cleanup() {
        delete m_panel;
        delete m_session;
        m_panel = nullptr;
        m_session = nullptr;
    }

    void reportCountsWhatCanBePruned() {
        const auto layers = std::ranges::count_if(
            m_session->document.snapshot()->layers(),
            [](const model::Layer& layer) { return layer.op != "batch_norm"; });
        QVERIFY(layers < std::ssize(m_session->document.snapshot()->layers()));
        const QString report = m_panel->findChild<QLabel*>("layerReport")->text();
        QVERIFY2(
            report.startsWith(
                QStringLiteral("%1 of %2 layers can be pruned").arg(prunable().size()).arg(layers)),
            qPrintable(report));
        QVERIFY(!message().isVisible());
    }

    void withoutAModelItSaysSo() {
        m_session->document.closeModel();
        QVERIFY(message().isVisible() && !message().text().isEmpty());
        QVERIFY(!filter().isEnabled());
        QVERIFY(!action("layer.lock").isEnabled());
    }

    void clickSelectsInTheDocument() {
        const auto layers = prunable();
        click(layers[1]);
        QCOMPARE(m_session->document.selection(), layers[1]);
        QCOMPARE(m_session->document.selectedLayers(), std::vector{layers[1]});
        click(layers[2], Qt::ControlModifier);
        QCOMPARE(m_session->document.selectedLayers(), (std::vector{layers[1], layers[2]}));
        QCOMPARE(m_session->document.selection(), layers[2]);
        click(layers[0]);
        QCOMPARE(m_session->document.selectedLayers(), std::vector{layers[0]});
    }

    void documentSelectsInTheTable() {
        const auto layers = prunable();
        QSignalSpy changed(&m_session->document, &Document::selectionChanged);
        m_session->document.select({layers[0], layers[2]}, layers[2]);
        QCOMPARE(changed.count(), 1);  // the table does not answer back
        QCOMPARE(table().selectionModel()->selectedRows().size(), 2);
        QCOMPARE(proxy().layerAt(table().currentIndex()), layers[2]);
    }

    void arrowsMoveTheSelection() {
        const auto layers = prunable();
        m_session->document.select(layers[0]);
        table().setFocus();
        QTest::keyClick(&table(), Qt::Key_Down);
        QCOMPARE(m_session->document.selection().value, layers[0].value + 1);
        QTest::keyClick(&table(), Qt::Key_Up);
        QCOMPARE(m_session->document.selection(), layers[0]);
    }

    void aRowFromElsewhereComesToTheMiddle() {
        m_panel->resize(m_panel->width(), m_panel->height() - table().viewport()->height() + 74);
        QCoreApplication::processEvents();
        const int rows = proxy().rowCount();
        QVERIFY2(rows >= 5, qPrintable(QString::number(rows)));  // three are seen at once
        m_session->document.select(proxy().layerAt(proxy().index(0, 0)));
        m_session->document.select(proxy().layerAt(proxy().index(3, 0)));
        const QRect row = table().visualRect(proxy().index(3, 0));
        QVERIFY(std::abs(row.center().y() - table().viewport()->height() / 2) < row.height());
        m_session->document.select(proxy().layerAt(proxy().index(2, 0)));  // it is in sight
        QCOMPARE(table().visualRect(proxy().index(3, 0)), row);
    }

    void filterHidesRowsAndKeepsTheDocumentsSelection() {
        const auto layers = prunable();
        m_session->document.select(layers[0]);
        filter().setText("type:linear");
        QCOMPARE(proxy().rowCount(), 2);
        QCOMPARE(m_session->document.selection(), layers[0]);
        QCOMPARE(table().selectionModel()->selectedRows().size(), 0);
        filter().setText("no such layer");
        QCOMPARE(proxy().rowCount(), 0);
        QVERIFY(message().isVisible());
        filter().setText("type:linear");
        filter().setText("type:linear sparsity<");  // the rows stay, and the field says why
        QCOMPARE(proxy().rowCount(), 2);
        QVERIFY(message().isVisible());
        QVERIFY2(message().text().endsWith("(at the end)."), qPrintable(message().text()));
        filter().clear();
        QVERIFY(!message().isVisible());
        QCOMPARE(proxy().layerAt(table().currentIndex()), layers[0]);
        QCOMPARE(table().selectionModel()->selectedRows().size(), 1);
    }

    void theCountIsOfTheFilter() {
        const auto* report = m_panel->findChild<QLabel*>("layerReport");
        filter().setText("type:linear");
        QCOMPARE(report->text(), QString("2 of %1 layers match the filter")
                                     .arg(m_session->document.snapshot()->layers().size()));
        filter().clear();
        QVERIFY2(report->text().contains("can be pruned"), qPrintable(report->text()));
    }

    void halfAConditionLeavesTheRowsAsTheyWere() {
        filter().setText("type:linear");
        const QString whole = "type:linear sparsity<0.5";
        for (int length = 12; length <= whole.indexOf('<') + 1; ++length) {
            filter().setText(whole.left(length));
            QVERIFY2(proxy().rowCount() == 2, qPrintable(whole.left(length)));
        }
        QVERIFY2(message().text().contains("needs a number"), qPrintable(message().text()));
        const QColor muted = style::colorsFor(m_panel->palette()).mutedText;
        QCOMPARE(message().palette().color(QPalette::WindowText), muted);  // and no mistake
        filter().setText(whole);
        QCOMPARE(proxy().rowCount(), 2);
        QVERIFY(!message().isVisible());
    }

    void theFilterLeadsToTheFirstMatch_data() {
        QTest::addColumn<int>("key");
        QTest::newRow("down") << int(Qt::Key_Down);
        QTest::newRow("enter") << int(Qt::Key_Return);
    }
    void theFilterLeadsToTheFirstMatch() {
        QFETCH(int, key);
        m_session->document.select(prunable()[0]);
        filter().setFocus();
        QTest::keyClicks(&filter(), "type:linear");
        QTest::keyClick(&filter(), Qt::Key(key));
        QVERIFY(table().hasFocus());
        QCOMPARE(m_session->document.selection(), proxy().layerAt(proxy().index(0, 0)));
        QVERIFY(m_session->document.selection() != prunable()[0]);
        filter().setFocus();
        filter().setText("nothing like it");
        QTest::keyClick(&filter(), Qt::Key(key));
        QVERIFY(filter().hasFocus());
    }

    void wordsOfTheFilterAreCompleted() {
        filter().setFocus();
        QTest::keyClicks(&filter(), "conv -(spa");
        auto* words = filter().completer()->popup();
        QTRY_VERIFY(words->isVisible());
        QTest::keyClick(words, Qt::Key_Down);
        QTest::keyClick(words, Qt::Key_Return);
        QCOMPARE(filter().text(), "conv -(sparsity");
        QTest::keyClicks(&filter(), "<0.5) ");
        QVERIFY(!words->isVisible());  // nothing is being typed
        QVERIFY(!message().isVisible() || proxy().rowCount() == 0);
        QVERIFY(filter().hasFocus());  // Enter took the word and no more
        filter().setCursorPosition(0);
        QTest::keyClicks(&filter(), "s");  // in front of another word
        QVERIFY(!words->isVisible());
    }

    void lockAndKeepAllActOnTheSelection() {
        const auto layers = prunable();
        m_session->document.select({layers[0], layers[1]}, layers[0]);
        m_session->document.setRules({layers[0], layers[1]}, prune::WeightRule::sparsity(0.5));
        QVERIFY(action("layer.keepAll").isEnabled());
        table().setFocus();
        QTest::keyClick(&table(), Qt::Key_L);
        QVERIFY(m_session->document.isLocked(layers[0]) && m_session->document.isLocked(layers[1]));
        QCOMPARE(action("layer.lock").text(), "Unlock");
        QVERIFY(!action("layer.keepAll").isEnabled());
        action("layer.lock").trigger();
        QVERIFY(!m_session->document.isLocked(layers[0]));
        QTest::keyClick(&table(), Qt::Key_Delete);
        QVERIFY(m_session->document.plan().weights.empty());
        QCOMPARE(m_session->document.undoStack()->count(), 4);
    }

    void theLayerUnderTheMouseIsTheSameElsewhere() {
        const auto layers = prunable();
        Highlight& highlight = *m_session->document.highlight();
        const auto isMarked = [this](model::LayerId layer) {
            return proxy().indexOf(layer).data(LayerModel::HoveredRole).toBool();
        };
        QTest::mouseMove(table().viewport(),
                         table().visualRect(proxy().indexOf(layers[1])).center());
        QCOMPARE(highlight.hovered().layer, layers[1]);
        QVERIFY(isMarked(layers[1]) && !isMarked(layers[0]));
        QEvent leave(QEvent::Leave);
        QCoreApplication::sendEvent(table().viewport(), &leave);
        QVERIFY(!highlight.hovered().layer.isValid() && !isMarked(layers[1]));
        const QRect row = table().visualRect(proxy().indexOf(layers[2]));
        const QPoint edge(row.center().x(), row.top());
        const QImage before = test::grab(*table().viewport(), "layer_list_unhovered");
        highlight.set({layers[2], {}});
        const QImage after = test::grab(*table().viewport(), "layer_list_hovered");
        QVERIFY(before.pixelColor(edge) != after.pixelColor(edge));
        QCOMPARE(before.copy(table().visualRect(proxy().indexOf(layers[0]))),
                 after.copy(table().visualRect(proxy().indexOf(layers[0]))));
    }

    void selectAllThatCanBePruned() {
        action("layer.selectPrunable").trigger();
        QCOMPARE(m_session->document.selectedLayers(), prunable());
    }

    void menuOffersActionsAndColumns() {
        const std::unique_ptr<QMenu> menu(m_panel->createContextMenu());
        QStringList texts;
        for (const QAction* entry : menu->actions()) texts << entry->text();
        QVERIFY(texts.contains("Lock") && texts.contains("Keep all weights") &&
                texts.contains("Columns"));
        QMenu* columns = menu->actions().constLast()->menu();
        QVERIFY(columns && table().isColumnHidden(LayerModel::Type));
        columns->actions().constFirst()->trigger();
        QVERIFY(!table().isColumnHidden(LayerModel::Type));
    }

    void rowsAre24PixelsHighAndTextsFit() {
        QCOMPARE(table().visualRect(proxy().index(0, 0)).height(), 24);
        QCOMPARE(test::clippedText(*m_panel), QString());
        QCOMPARE(test::namelessWidget(*m_panel), QString());
        const auto layers = prunable();
        m_session->document.setRule(layers[0], prune::WeightRule::sparsity(0.6));
        m_session->document.setRule(layers[1], prune::WeightRule::sparsity(0.3));
        m_session->document.setLocked({layers[1]}, true);
        for (const auto mode : {style::ThemeMode::Dark, style::ThemeMode::Light}) {
            style::applyTheme(*qApp, mode);
            test::grab(*m_panel,
                       mode == style::ThemeMode::Dark ? "layer_list_dark" : "layer_list_light");
        }
    }
};

QTEST_MAIN(TestLayerList)
#include "tst_layer_list.moc"
