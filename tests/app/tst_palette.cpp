// SPDX-License-Identifier: GPL-3.0-or-later
// Ctrl+K in the window: runs commands, selects layers and groups, remembers.
#include <QLineEdit>
#include <QListView>

#include "app/gui/actions.h"
#include "tests/support/window_probe.h"
#include "ui/dialogs/command_palette.h"
#include "ui/document/channels.h"

using namespace espalier;
using test::WindowProbe;
using ui::PaletteModel;

namespace {

/// Opens the palette, types and presses Enter.
void choose(WindowProbe& probe, const QString& text) {
    probe.dialogs.nextDialog([text](QDialog& dialog) {
        auto* field = test::find<QLineEdit>(dialog, "paletteField");
        QTest::keyClicks(field, text);
        QTest::keyClick(field, Qt::Key_Return);
        return true;
    });
    probe.trigger("view.palette");
}

}  // namespace

class TestPalette : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_settings = std::make_unique<test::OwnSettings>(); }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
        m_folder = std::make_unique<QTemporaryDir>();
    }
    void cleanup() { QCOMPARE(QApplication::topLevelWidgets().size(), 0); }

    void everyActionIsOfferedAsTheMenusHaveIt() {
        WindowProbe probe;
        std::map<QString, std::pair<bool, QString>> offered;
        probe.dialogs.nextDialog([&offered](QDialog& dialog) {
            const auto* model = dialog.findChild<PaletteModel*>();
            for (int row = 0; row < model->rowCount(); ++row) {
                const ui::PaletteEntry& entry = model->entry(row);
                offered[entry.id] = {entry.isEnabled, entry.keys};
                // What cannot be run says why.
                if (entry.isEnabled == !entry.whyNot.isEmpty()) qWarning() << entry.id;
            }
            return false;
        });
        probe.trigger("view.palette");
        QCOMPARE(offered.size() + 1, gui::actionTable().size());  // all but the palette itself
        for (const gui::ActionSpec& spec : gui::actionTable()) {
            if (spec.id == QByteArray("view.palette")) continue;
            const QAction* action = probe.action(spec.id);
            QCOMPARE(offered.at(spec.id),
                     (std::pair(action->isEnabled(),
                                action->shortcut().toString(QKeySequence::NativeText))));
        }
    }

    void aChosenCommandRunsAndIsRemembered() {
        WindowProbe probe;
        choose(probe, "theme dark");
        QVERIFY(probe.action("view.theme_dark")->isChecked());
        QString first;
        probe.dialogs.nextDialog([&first](QDialog& dialog) {
            first = dialog.findChild<PaletteModel*>()->entry(0).id;
            return false;
        });
        probe.trigger("view.palette");
        QCOMPARE(first, "view.theme_dark");
        probe.trigger("view.theme_light");
    }

    void layersAndGroupsAreSelected() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(probe.rest());
        choose(probe, "fc2");
        const model::Snapshot& snapshot = *probe.document().snapshot();
        QCOMPARE(snapshot.layer(probe.document().selection()).name, std::string("fc2.weight"));
        QVERIFY(probe.document().channels()->found());
        choose(probe, "group a");
        const auto id = probe.document().channels()->groupOf(probe.document().selection());
        QVERIFY(id);
        QCOMPARE(probe.document().channels()->found()->letters[id->index()], "A");
        QVERIFY(QSettings().value("palette/recent").toStringList().isEmpty());
    }

    void itFitsTheSmallestWindow() {
        WindowProbe probe({1024, 700});
        QString clipped;
        bool isWithin = false;
        probe.dialogs.nextDialog([&](QDialog& dialog) {
            clipped = test::clippedTexts(dialog).join("; ");
            isWithin = probe.window.geometry().contains(dialog.geometry());
            return false;
        });
        probe.trigger("view.palette");
        QCOMPARE(clipped, QString());
        QVERIFY(isWithin);
    }

private:
    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_MAIN(TestPalette)
#include "tst_palette.moc"
