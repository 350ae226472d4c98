// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of actions while they are edited: what is free, what is taken, what is reserved.
#include <QDialogButtonBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QTest>
#include <QTreeWidget>

#include "tests/support/grab.h"
#include "ui/dialogs/keys_field.h"
#include "ui/dialogs/shortcut_editor.h"
#include "ui/style/theme.h"

using namespace espalier;
using namespace espalier::ui;

namespace {

QKeySequence keys(const char* text) {
    return QKeySequence::fromString(QString::fromLatin1(text), QKeySequence::PortableText);
}

ShortcutSet shortcuts() {
    const auto row = [](const char* id, const char* menu, const char* text, const char* standard) {
        return ShortcutRow{id, menu, text, "A tip", keys(standard), keys(standard)};
    };
    return {{row("file.open", "File", "Open model…", "Ctrl+O"),
             row("file.quit", "File", "Quit", "Ctrl+Q"), row("edit.undo", "Edit", "Undo", "Ctrl+Z"),
             row("theme.dark", "View ▸ Theme", "Dark", "")},
            {{keys("Ctrl+C"), "Layers: Copy names"}, {keys("Alt+F"), "the menu File"}}};
}

}  // namespace

class TestShortcutEditor : public QObject {
    Q_OBJECT

    std::unique_ptr<ShortcutEditor> m_editor;

    template <class Widget>
    Widget& child(const char* name) {
        return *m_editor->findChild<Widget*>(name);
    }
    QString message() { return child<QLabel>("shortcutMessage").text(); }
    QKeySequence keysOf(std::size_t row) { return m_editor->shortcuts().rows()[row].keys; }
    void press(Qt::Key key, Qt::KeyboardModifiers modifiers) {
        child<KeysField>("shortcutKeys").setFocus();
        QTest::keyClick(&child<KeysField>("shortcutKeys"), key, modifiers);
    }

private Q_SLOTS:
    void init() {
        style::applyTheme(*qApp, style::ThemeMode::Light);
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
        m_editor = std::make_unique<ShortcutEditor>(shortcuts());
        test::showAt(*m_editor, m_editor->size());
    }
    void cleanup() { m_editor.reset(); }

    void aKeyHasOneOwner() {
        ShortcutSet set = shortcuts();
        QVERIFY(!set.owner(keys("Ctrl+O"), 0));
        QCOMPARE(*set.owner(keys("Ctrl+O"), 1), std::size_t(0));
        QVERIFY(!set.owner({}, 0));  // any number of actions have none
        set.assign(1, keys("Ctrl+O"));
        QVERIFY(set.rows()[0].keys.isEmpty());
        QVERIFY(set.isChanged(0) && set.isChanged(1) && !set.isChanged(2));
        set.reset(0);  // takes its keys back
        QCOMPARE(set.rows()[0].keys, keys("Ctrl+O"));
        QVERIFY(set.rows()[1].keys.isEmpty() && set.isAnyChanged());
        set.resetAll();
        QVERIFY(set.rows() == shortcuts().rows());
        QVERIFY(!set.isAnyChanged());
    }

    void someKeysAreNoShortcuts() {
        const ShortcutSet set = shortcuts();
        for (const char* good : {"Ctrl+J", "Alt+J", "F3", "Shift+F3", "Ctrl+Left"})
            QVERIFY2(set.problem(keys(good)).isEmpty(), good);
        for (const char* bad :
             {"J", "Shift+J", "Space", "Left", "Return", "Esc", "Ctrl+C", "Alt+F"})
            QVERIFY2(!set.problem(keys(bad)).isEmpty(), bad);
        QVERIFY(set.problem(keys("Ctrl+C")).contains("Layers: Copy names"));
        QVERIFY(set.problem({}).isEmpty());
    }

    void pressedKeysAreTakenAtOnce() {
        m_editor->select("theme.dark");
        press(Qt::Key_J, Qt::ControlModifier);
        QCOMPARE(keysOf(3), keys("Ctrl+J"));
        press(Qt::Key_F3, {});  // and replaced, with no chord of both
        QCOMPARE(keysOf(3), keys("F3"));
        child<QPushButton>("shortcutClear").click();
        QVERIFY(keysOf(3).isEmpty());
        QVERIFY(!child<QPushButton>("shortcutReset").isEnabled());  // it came with none
    }

    void aConflictNamesTheOtherActionAndCanBeSettled() {
        m_editor->select("file.quit");
        press(Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(keysOf(1), keys("Ctrl+Q"));
        QCOMPARE(keysOf(2), keys("Ctrl+Z"));
        QVERIFY2(message().contains("“Undo” (Edit)"), qPrintable(message()));
        QVERIFY(child<QPushButton>("shortcutReassign").isVisible());
        child<QPushButton>("shortcutReassign").click();
        QCOMPARE(keysOf(1), keys("Ctrl+Z"));
        QVERIFY(keysOf(2).isEmpty());
        QVERIFY(!child<QPushButton>("shortcutReassign").isVisible());
    }

    void aConflictIsForgottenWithTheNextChoice() {
        m_editor->select("file.quit");
        press(Qt::Key_Z, Qt::ControlModifier);
        m_editor->select("file.open");
        QVERIFY(!child<QPushButton>("shortcutReassign").isVisible());
        QCOMPARE(child<KeysField>("shortcutKeys").keySequence(), keys("Ctrl+O"));
    }

    void reservedKeysAreRefused() {
        m_editor->select("file.quit");
        press(Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(keysOf(1), keys("Ctrl+Q"));
        QVERIFY2(message().contains("Layers: Copy names"), qPrintable(message()));
        QVERIFY(!child<QPushButton>("shortcutReassign").isVisible());
        press(Qt::Key_J, {});
        QCOMPARE(keysOf(1), keys("Ctrl+Q"));
    }

    void oneOrAllAreReset() {
        m_editor->select("file.quit");
        press(Qt::Key_J, Qt::ControlModifier);
        m_editor->select("file.open");
        press(Qt::Key_Q, Qt::ControlModifier);  // free now
        QCOMPARE(keysOf(0), keys("Ctrl+Q"));
        m_editor->select("file.quit");
        child<QPushButton>("shortcutReset").click();  // its own keys are taken by now
        QVERIFY2(message().contains("“Open model…” (File)"), qPrintable(message()));
        child<QPushButton>("shortcutReassign").click();
        QCOMPARE(keysOf(1), keys("Ctrl+Q"));
        QVERIFY(keysOf(0).isEmpty());
        child<QPushButton>("shortcutResetAll").click();
        QVERIFY(m_editor->shortcuts().rows() == shortcuts().rows());
        QVERIFY(!child<QPushButton>("shortcutResetAll").isEnabled());
    }

    void theSearchNarrowsTheList() {
        auto& list = child<QTreeWidget>("shortcutList");
        child<QLineEdit>("shortcutSearch").setText("ctrl+z");
        QVERIFY(list.topLevelItem(0)->isHidden());
        QVERIFY(!list.topLevelItem(1)->isHidden());
        child<QLineEdit>("shortcutSearch").setText("theme");
        QVERIFY(!list.topLevelItem(2)->isHidden() && list.topLevelItem(1)->isHidden());
        child<QLineEdit>("shortcutSearch").clear();
        for (int menu = 0; menu < 3; ++menu) QVERIFY(!list.topLevelItem(menu)->isHidden());
    }

    void nothingIsChosenAtFirst() {
        QVERIFY(!child<KeysField>("shortcutKeys").isEnabled());
        QVERIFY(!child<QPushButton>("shortcutReset").isEnabled());
    }

    void textsFitAndWidgetsHaveNames() {
        m_editor->select("file.quit");
        press(Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(test::clippedText(*m_editor), QString());
        QCOMPARE(test::namelessWidget(*m_editor), QString());
        for (const auto mode : {style::ThemeMode::Dark, style::ThemeMode::Light}) {
            style::applyTheme(*qApp, mode);
            test::grab(*m_editor, mode == style::ThemeMode::Dark ? "shortcut_editor_dark"
                                                                 : "shortcut_editor_light");
        }
    }
};

QTEST_MAIN(TestShortcutEditor)
#include "tst_shortcut_editor.moc"
