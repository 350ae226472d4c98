// SPDX-License-Identifier: GPL-3.0-or-later
// The command palette by keyboard: what is offered in which order, what Enter and Esc do.
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QRegularExpression>
#include <QTest>

#include "tests/support/grab.h"
#include "ui/dialogs/command_palette.h"
#include "ui/style/theme.h"

using namespace espalier;
using namespace espalier::ui;

namespace {

std::vector<PaletteEntry> entries() {
    return {
        {"file.open", "Open model…", "File", "Ctrl+O", "", true, {}},
        {"file.export", "Export masked model…", "File", "Ctrl+E", "open a model first", false, {}},
        {"edit.undo", "Undo: cut fc1", "Edit", "Ctrl+Z", "", true, {}},
        {"theme.dark", "Dark", "View ▸ Theme", "", "", true, {}},
        {"layer:fc1.weight", "fc1", "Layer, linear, 120×400", "", "", true, {}},
        {"group:conv1", "Group A: conv1", "1 layer", "", "", true, {}}};
}

QStringList idsOf(const PaletteModel& model) {
    QStringList ids;
    for (int row = 0; row < model.rowCount(); ++row) ids << model.entry(row).id;
    return ids;
}

}  // namespace

class TestCommandPalette : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        style::applyTheme(*qApp, style::ThemeMode::Light);
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
    }

    void recentCommandsComeFirst() {
        const PaletteModel model(entries(), {"theme.dark", "gone", "edit.undo"});
        QCOMPARE(idsOf(model), (QStringList{"theme.dark", "edit.undo", "file.open", "file.export",
                                            "layer:fc1.weight", "group:conv1"}));
    }

    void aTextRanksWhatFits() {
        PaletteModel model(entries(), {});
        model.setText("mod");  // Open model, and what cannot be run after it
        QCOMPARE(idsOf(model), (QStringList{"file.open", "file.export"}));
        model.setText("fc1");  // the layer of that name before an action that mentions it
        QCOMPARE(idsOf(model), (QStringList{"layer:fc1.weight", "edit.undo"}));
        model.setText("theme");  // by its menu
        QCOMPARE(idsOf(model), (QStringList{"theme.dark"}));
        model.setText("ctrl+z");
        QCOMPARE(idsOf(model), (QStringList{"edit.undo"}));
        model.setText("open file");  // both words
        QCOMPARE(idsOf(model), (QStringList{"file.open"}));
        model.setText("nowhere");
        QCOMPARE(model.rowCount(), 0);
        model.setText("  ");
        QCOMPARE(model.rowCount(), 6);
    }

    void recentOnesAreFavouredAmongEquals() {
        PaletteModel model({{"a", "Measure one", "", "", "", true, {}},
                            {"b", "Measure two", "", "", "", true, {}}},
                           {"b"});
        model.setText("measure");
        QCOMPARE(idsOf(model), (QStringList{"b", "a"}));
    }

    void aRowSaysWhyItCannotBeChosen() {
        const PaletteModel model(entries(), {});
        const QModelIndex row = model.index(1);
        QCOMPARE(row.data(PaletteModel::DetailRole).toString(), "open a model first");
        QCOMPARE(row.data(PaletteModel::EnabledRole).toBool(), false);
        QCOMPARE(row.data(Qt::ToolTipRole).toString(), "File; Ctrl+E; open a model first");
    }

    void itIsWorkedByKeyboard() {
        CommandPalette palette(entries(), {}, nullptr);
        test::showAt(palette, {600, 300});
        auto* field = palette.findChild<QLineEdit*>("paletteField");
        auto* list = palette.findChild<QListView*>("paletteList");
        QCOMPARE(palette.focusWidget(), field);
        const auto current = [list] { return list->currentIndex().row(); };
        QCOMPARE(current(), 0);
        QTest::keyClick(field, Qt::Key_Down);
        QCOMPARE(current(), 1);
        auto* note = palette.findChild<QLabel*>("paletteNote");
        QCOMPARE(note->text(), "Not now: open a model first");
        QTest::keyClick(field, Qt::Key_Return);  // does nothing: it cannot be chosen
        QVERIFY(palette.isVisible() && palette.chosen().isEmpty());
        QTest::keyClick(field, Qt::Key_End, Qt::ControlModifier);
        QCOMPARE(current(), 5);
        QTest::keyClick(field, Qt::Key_Up);
        QCOMPARE(current(), 4);
        QTest::keyClicks(field, "zzz");
        QVERIFY(note->isVisible() && !note->text().isEmpty());
        QTest::keyClick(field, Qt::Key_Return);
        QVERIFY(palette.isVisible());
        field->clear();
        QTest::keyClicks(field, "dark");
        QVERIFY(!note->isVisible());
        QTest::keyClick(field, Qt::Key_Return);
        QVERIFY(!palette.isVisible());
        QCOMPARE(palette.result(), int(QDialog::Accepted));
        QCOMPARE(palette.chosen(), "theme.dark");
    }

    void escapeClosesItWithNothingChosen() {
        CommandPalette palette(entries(), {}, nullptr);
        test::showAt(palette, {600, 300});
        QTest::keyClick(palette.findChild<QLineEdit*>("paletteField"), Qt::Key_Escape);
        QVERIFY(!palette.isVisible());
        QVERIFY(palette.chosen().isEmpty());
    }

    void itStandsAtTheTopOfAWindow() {
        QWidget window;
        test::showAt(window, {1024, 700});
        CommandPalette palette(entries(), {}, &window);
        palette.show();
        const QRect within = window.geometry();
        QVERIFY(within.contains(palette.geometry()));
        QVERIFY(std::abs(palette.geometry().center().x() - within.center().x()) <= 1);
        QCOMPARE(test::namelessWidget(palette), QString());
        for (const auto mode : {style::ThemeMode::Dark, style::ThemeMode::Light}) {
            style::applyTheme(*qApp, mode);
            palette.findChild<QLineEdit*>("paletteField")->setText("ex");
            test::grab(palette, mode == style::ThemeMode::Dark ? "command_palette_dark"
                                                               : "command_palette_light");
        }
    }
};

QTEST_MAIN(TestCommandPalette)
#include "tst_command_palette.moc"
