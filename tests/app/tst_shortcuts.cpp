// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of the user's own: they work, they are there on the next start, and texts follow.
#include <QPushButton>
#include <QToolButton>

#include "app/gui/actions.h"
#include "tests/support/window_probe.h"
#include "ui/dialogs/keys_field.h"
#include "ui/dialogs/shortcut_editor.h"

using namespace espalier;
using test::WindowProbe;

namespace {

/// Opens the editor and gives `id` the keys, taken from whoever has them.
void give(WindowProbe& probe, const QString& id, Qt::Key key, Qt::KeyboardModifiers modifiers,
          bool accepts = true) {
    probe.dialogs.nextDialog([=](QDialog& dialog) {
        static_cast<ui::ShortcutEditor&>(dialog).select(id);
        QTest::keyClick(test::find<ui::KeysField>(dialog, "shortcutKeys"), key, modifiers);
        auto* reassign = test::find<QPushButton>(dialog, "shortcutReassign");
        if (reassign->isVisible()) reassign->click();
        return accepts;
    });
    probe.trigger("edit.shortcuts");
}

}  // namespace

class TestShortcuts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_settings = std::make_unique<test::OwnSettings>(); }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
    }
    void cleanup() { QCOMPARE(QApplication::topLevelWidgets().size(), 0); }

    void chosenKeysWorkAndTextsFollow() {
        WindowProbe probe;
        QApplication::setActiveWindow(&probe.window);
        QVERIFY(QTest::qWaitForWindowActive(&probe.window));
        const auto tipOf = [&](const char* id) { return probe.action(id)->toolTip(); };
        QVERIFY(tipOf("file.open").endsWith("(Ctrl+O)"));
        QVERIFY(probe.child<QPushButton>("startOpen")->toolTip().endsWith("(Ctrl+O)"));
        give(probe, "file.open", Qt::Key_J, Qt::ControlModifier);
        QVERIFY(tipOf("file.open").endsWith("(Ctrl+J)"));
        QVERIFY(probe.child<QPushButton>("startOpen")->toolTip().endsWith("(Ctrl+J)"));
        QVERIFY(probe.child<QToolButton>("toolBar.file.open")->toolTip().endsWith("(Ctrl+J)"));
        probe.dialogs.nextFile({});  // what the action asks for
        QTest::keyClick(&probe.window, Qt::Key_J, Qt::ControlModifier);
        QVERIFY(probe.dialogs.isUsedUp());
        const auto shown = probe.dialogs.shown().size();
        QTest::keyClick(&probe.window, Qt::Key_O, Qt::ControlModifier);  // nobody's now
        QCOMPARE(probe.dialogs.shown().size(), shown);
        const auto listed = probe.window.findChild<gui::Actions*>()->shortcuts();
        QCOMPARE(listed.first().keys, "Ctrl+J");
    }

    void keysAreThereOnTheNextStart() {
        {
            WindowProbe probe;
            give(probe, "file.quit", Qt::Key_Z, Qt::ControlModifier);  // taken from Undo
            QCOMPARE(probe.action("file.quit")->shortcut(), QKeySequence("Ctrl+Z"));
            QVERIFY(probe.action("edit.undo")->shortcut().isEmpty());
        }
        {
            WindowProbe probe;
            QCOMPARE(probe.action("file.quit")->shortcut(), QKeySequence("Ctrl+Z"));
            QVERIFY(probe.action("edit.undo")->shortcut().isEmpty());
            QVERIFY(!probe.action("edit.undo")->toolTip().contains("Ctrl"));
            probe.dialogs.nextDialog([](QDialog& dialog) {
                test::find<QPushButton>(dialog, "shortcutResetAll")->click();
                return true;
            });
            probe.trigger("edit.shortcuts");
            QCOMPARE(probe.action("edit.undo")->shortcut(), QKeySequence("Ctrl+Z"));
        }
        QSettings settings;
        settings.beginGroup("shortcuts");
        QCOMPARE(settings.allKeys(), QStringList());  // nothing differs: nothing is kept
    }

    void cancelChangesNothing() {
        WindowProbe probe;
        give(probe, "file.open", Qt::Key_J, Qt::ControlModifier, false);
        QCOMPARE(probe.action("file.open")->shortcut(), QKeySequence("Ctrl+O"));
        QVERIFY(!QSettings().contains("shortcuts/file.open"));
    }

    void damagedSettingsAreLeftAside() {
        QSettings().setValue("shortcuts/file.open", "Ctrl+Z");  // Undo's
        QSettings().setValue("shortcuts/file.quit", "nonsense");
        QSettings().setValue("shortcuts/edit.redo", "Ctrl+C");  // a panel's
        QSettings().setValue("shortcuts/view.weights", "Ctrl+9");
        QSettings().setValue("shortcuts/view.heatmap", "Ctrl+9");
        QSettings().setValue("shortcuts/no.such.action", "Ctrl+8");
        const WindowProbe probe;
        const auto keysOf = [&](const char* id) { return probe.action(id)->shortcut().toString(); };
        QCOMPARE(keysOf("edit.undo"), "Ctrl+Z");
        QCOMPARE(keysOf("file.open"), "Ctrl+O");
        QCOMPARE(keysOf("file.quit"), "Ctrl+Q");
        QCOMPARE(keysOf("edit.redo"), "Ctrl+Shift+Z");
        QCOMPARE(keysOf("view.weights"), "Ctrl+9");
        QCOMPARE(keysOf("view.heatmap"), "Ctrl+2");
    }

private:
    std::unique_ptr<test::OwnSettings> m_settings;
};

QTEST_MAIN(TestShortcuts)
#include "tst_shortcuts.moc"
