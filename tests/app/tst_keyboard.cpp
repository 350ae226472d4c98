// SPDX-License-Identifier: GPL-3.0-or-later
// The window without a mouse: every command by key or by the letters of its menu, and the list
// under F1 tells the truth.
#include <QAbstractItemView>
#include <QCompleter>
#include <QDialog>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QTabWidget>
#include <QTreeWidget>

#include "app/gui/actions.h"
#include "tests/support/window_probe.h"

using namespace espalier;
using test::WindowProbe;

class TestKeyboard : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_settings = std::make_unique<test::OwnSettings>(); }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
        m_folder = std::make_unique<QTemporaryDir>();
    }
    void cleanup() { QCOMPARE(QApplication::topLevelWidgets().size(), 0); }

    void viewsComeForwardByKeyboard() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        auto* tabs = probe.child<QTabWidget>("plotTabs");
        probe.trigger("view.heatmap");
        QCOMPARE(tabs->currentIndex(), 1);
        probe.trigger("view.overview");
        QCOMPARE(tabs->tabText(tabs->currentIndex()), QStringLiteral("Overview"));
        probe.trigger("view.weights");
        QCOMPARE(tabs->currentIndex(), 0);
    }

    void panelsAreReachedInTurn() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QApplication::setActiveWindow(&probe.window);
        QVERIFY(QTest::qWaitForWindowActive(&probe.window));
        const auto panel = [&probe] {
            const QWidget* focused = QApplication::focusWidget();
            for (const char* name : {"layerListPanel", "weightsPanel", "layerSettingsPanel",
                                     "trainingPanel", "historyPanel"}) {
                const auto* each = probe.child<QWidget>(name);
                if (focused && (each == focused || each->isAncestorOf(focused)))
                    return QString(name);
            }
            return QString();
        };
        const auto press = [&probe](Qt::KeyboardModifiers modifiers = {}) {
            QTest::keyClick(probe.window.windowHandle(), Qt::Key_F6, modifiers);
        };
        probe.trigger("view.filter");
        QTRY_COMPARE(QApplication::focusWidget(), probe.child<QWidget>("layerFilter"));
        QStringList seen;
        for (int i = 0; i < 4; ++i) {
            press();
            seen << panel();
        }
        QCOMPARE(seen, QStringList({"weightsPanel", "layerSettingsPanel", "trainingPanel",
                                    "layerListPanel"}));
        // Where it was in that panel.
        QCOMPARE(QApplication::focusWidget(), probe.child<QWidget>("layerFilter"));
        press(Qt::ShiftModifier);
        QCOMPARE(panel(), QString("trainingPanel"));
        probe.trigger("view.history");  // comes to the front, and has the keyboard
        QCOMPARE(panel(), QString("historyPanel"));
        press(Qt::ShiftModifier);
        QCOMPARE(panel(), QString("weightsPanel"));
    }

    void escDismissesAMessageFromAnywhere() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(probe.rest());
        QApplication::setActiveWindow(&probe.window);
        QVERIFY(QTest::qWaitForWindowActive(&probe.window));
        for (const char* name : {"layerTable", "layerFilter", "recipeLr", "histogram"}) {
            probe.window.openPath("/no/such/file.pt");
            QVERIFY(probe.messages().hasMessage());
            probe.child<QWidget>(name)->setFocus();
            QTest::keyClick(probe.window.windowHandle(), Qt::Key_Escape);
            QVERIFY2(!probe.messages().hasMessage(), name);
        }
        probe.window.openPath("/no/such/file.pt");
        auto* filter = probe.child<QLineEdit>("layerFilter");
        filter->setFocus();
        QTest::keyClicks(filter, "spa");
        const QWidget* words = filter->completer()->popup();
        QTRY_VERIFY(words->isVisible());
        QTest::keyClick(probe.window.windowHandle(), Qt::Key_Escape);
        QVERIFY(!words->isVisible() && probe.messages().hasMessage());  // one thing at a time
        QTest::keyClick(probe.window.windowHandle(), Qt::Key_Escape);
        QVERIFY(!probe.messages().hasMessage());
    }

    void keysOfCommandsWorkInFields() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(probe.rest());
        QApplication::setActiveWindow(&probe.window);
        QVERIFY(QTest::qWaitForWindowActive(&probe.window));
        const auto press = [&probe](Qt::Key key, Qt::KeyboardModifiers modifiers) {
            QTest::keyClick(probe.window.windowHandle(), key, modifiers);
        };
        auto* number = probe.child<QDoubleSpinBox>("cutSparsity");
        number->setFocus();
        number->selectAll();
        QTest::keyClicks(number, "40");
        QTest::keyClick(number, Qt::Key_Return);
        QVERIFY(probe.document().rule(probe.document().selection()));
        press(Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(!probe.document().rule(probe.document().selection()));
        press(Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(probe.document().rule(probe.document().selection()));
        for (const char* field : {"cutSparsity", "layerFilter"}) {
            probe.window.activateWindow();  // after the dialog of the one before
            QVERIFY(QTest::qWaitForWindowActive(&probe.window));
            probe.child<QWidget>(field)->setFocus();
            probe.dialogs.nextDialog([](QDialog&) { return false; });
            press(Qt::Key_K, Qt::ControlModifier);
            QVERIFY2(probe.dialogs.isUsedUp(), field);
        }
        probe.window.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&probe.window));
        auto* filter = probe.child<QLineEdit>("layerFilter");  // has an undo of its own
        filter->setFocus();
        QTest::keyClicks(filter, "fc");
        press(Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(filter->text(), QString());
        QVERIFY(probe.document().rule(probe.document().selection()));
        probe.action("view.log")->setShortcut(Qt::Key_F);  // as somebody may have chosen
        press(Qt::Key_F, Qt::NoModifier);
        QCOMPARE(filter->text(), QStringLiteral("f"));
        QVERIFY(probe.document().rule(probe.document().selection()));
    }

    void enterOpensARecentFile() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        const QString model = WindowProbe::copyModel(m_folder->path());
        {
            WindowProbe probe;
            QVERIFY(probe.openModel(model));
        }
        WindowProbe probe;
        QApplication::setActiveWindow(&probe.window);
        QVERIFY(QTest::qWaitForWindowActive(&probe.window));
        auto* recent = probe.child<QWidget>("startRecent0");
        recent->setFocus();
        QTest::keyClick(recent, Qt::Key_Return);
        QTRY_COMPARE_WITH_TIMEOUT(probe.page(), QString("workspace"), test::kPatienceMs);
    }

    void helpListsShortcuts() {
        WindowProbe probe;
        QStringList listed;  // "Action: Keys"
        probe.dialogs.nextDialog([&listed](QDialog& dialog) {
            const auto* list = test::find<QTreeWidget>(dialog, "shortcutsList");
            for (int row = 0; row < list->topLevelItemCount(); ++row) {
                const QTreeWidgetItem* item = list->topLevelItem(row);
                if (!item->text(2).isEmpty())
                    listed << item->text(1) + QStringLiteral(": ") + item->text(2);
            }
            return true;
        });
        probe.trigger("help.shortcuts");
        QStringList expected;
        for (const gui::ActionSpec& spec : gui::actionTable()) {
            const QAction* action = probe.action(spec.id);
            if (action->shortcut().isEmpty()) continue;
            expected << gui::withoutMnemonic(action->text()) + QStringLiteral(": ") +
                            action->shortcut().toString(QKeySequence::NativeText);
        }
        for (const gui::PanelKeys& keys : gui::panelKeys())
            expected << QStringLiteral("%1: %2").arg(QString::fromUtf8(keys.text),
                                                     QString::fromUtf8(keys.keys));
        listed.sort();
        expected.sort();
        QCOMPARE(listed, expected);
        // Keys of panels that are actions too.
        for (const auto* action : probe.window.findChildren<QAction*>()) {
            const QString keys = action->shortcut().toString(QKeySequence::NativeText);
            if (keys.isEmpty() || !action->parent()->inherits("espalier::ui::LayerActions"))
                continue;
            QVERIFY2(!listed.filter(QStringLiteral(": ") + keys).isEmpty(), qPrintable(keys));
        }
    }

    void everyMenuEntryHasALetterOfItsOwn() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        const auto* bar = probe.child<QMenuBar>("menuBar");
        QCOMPARE(test::withoutOwnLetter("menu bar", bar->actions()), QStringList());
    }

    void everyActionIsReachedByKeyboard() {
        WindowProbe probe;
        QApplication::setActiveWindow(&probe.window);
        QVERIFY(QTest::qWaitForWindowActive(&probe.window));
        for (const gui::ActionSpec& spec : gui::actionTable()) {
            const QAction* action = probe.action(spec.id);
            const bool hasLetter = !QKeySequence::mnemonic(action->text()).isEmpty();
            QVERIFY2(hasLetter && !action->associatedObjects().isEmpty(), spec.id);
        }
        probe.dialogs.nextDialog(
            [](QDialog& dialog) { return dialog.objectName() == "aboutDialog"; });
        QTest::keyClick(&probe.window, Qt::Key_H, Qt::AltModifier);  // Help
        auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
        QVERIFY(menu);
        QTest::keyClick(menu, Qt::Key_A);  // About
        QTRY_VERIFY(probe.dialogs.isUsedUp());
    }

private:
    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_MAIN(TestKeyboard)
#include "tst_keyboard.moc"
