// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/actions.h"

#include <set>

#include <QMenu>
#include <QMenuBar>

#include "tests/support/gui_test.h"

using namespace espalier;
using gui::Actions;
using gui::ActionSpec;

namespace {

/// Every action below a menu, submenus included.
QStringList idsBelow(const QList<QAction*>& actions) {
    QStringList ids;
    for (const QAction* action : actions) {
        if (action->menu())
            ids << idsBelow(action->menu()->actions());
        else if (!action->isSeparator())
            ids << action->objectName();
    }
    return ids;
}

}  // namespace

class TestActions : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnAnyWarning(); }

    void everyActionSaysWhatItDoes() {
        std::set<QByteArray> ids;
        for (const ActionSpec& spec : gui::actionTable()) {
            QVERIFY2(ids.insert(spec.id).second, spec.id);
            QVERIFY2(*spec.text && *spec.tip && *spec.menu, spec.id);
            QVERIFY2(!QByteArray(spec.tip).endsWith('.'), spec.id);
        }
    }

    void shortcutsAreValidAndUnique() {
        std::map<QString, const char*> owners;
        for (const ActionSpec& spec : gui::actionTable()) {
            if (!*spec.shortcut) continue;
            const auto keys = QKeySequence::fromString(spec.shortcut, QKeySequence::PortableText);
            QVERIFY2(!keys.isEmpty(), spec.shortcut);
            QCOMPARE(keys.toString(QKeySequence::PortableText), QString(spec.shortcut));
            const auto [owner, isFree] = owners.emplace(spec.shortcut, spec.id);
            QVERIFY2(
                isFree,
                qPrintable(QString("%1: %2 and %3").arg(spec.shortcut, owner->second, spec.id)));
        }
    }

    void menusHoldEveryActionOnceInTheTablesOrder() {
        QWidget window;
        const Actions actions(&window);
        QMenuBar bar;
        actions.addMenus(&bar);
        QStringList expected;
        for (const ActionSpec& spec : gui::actionTable()) expected << spec.id;
        QStringList found = idsBelow(bar.actions());
        QCOMPARE(QSet<QString>(found.begin(), found.end()).size(), found.size());
        expected.sort();
        found.sort();
        QCOMPARE(found, expected);
        QStringList titles;
        for (const QAction* menu : bar.actions()) titles << gui::withoutMnemonic(menu->text());
        QCOMPARE(titles, (QStringList{"File", "Edit", "View", "Prune", "Train", "Tools", "Help"}));
    }

    void lettersAreTakenOut() {
        QCOMPARE(gui::withoutMnemonic("&Open model…"), QString("Open model…"));
        QCOMPARE(gui::withoutMnemonic("T&ools"), QString("Tools"));
        QCOMPARE(gui::withoutMnemonic("&1 a&&b"), QString("1 a&b"));
    }

    void themesExcludeEachOther() {
        QWidget window;
        const Actions actions(&window);
        actions["view.theme_light"]->setChecked(true);
        actions["view.theme_dark"]->setChecked(true);
        QVERIFY(!actions["view.theme_light"]->isChecked());
    }

    void needsDecideWhatIsEnabled_data() {
        using namespace gui;
        QTest::addColumn<unsigned>("met");
        QTest::addColumn<QStringList>("enabled");
        QTest::addColumn<QStringList>("disabled");
        QTest::newRow("no model") << unsigned(NeedIdle)
                                  << QStringList{"file.open", "file.example",   "file.attach_data",
                                                 "file.quit", "help.shortcuts", "view.theme_dark"}
                                  << QStringList{
                                         "file.export_masked",    "file.close",  "edit.undo",
                                         "prune.everywhere",      "train.start", "train.stop",
                                         "tools.measure_latency", "view.layers"};
        QTest::newRow("a model") << unsigned(NeedIdle | NeedModel | NeedSelection)
                                 << QStringList{"file.export_masked", "file.open_plan",
                                                "prune.everywhere",   "tools.measure_latency",
                                                "edit.toggle_lock",   "view.layers"}
                                 << QStringList{"tools.measure_accuracy", "train.start",
                                                "train.stop", "edit.undo"};
        QTest::newRow("nothing prunable selected")
            << unsigned(NeedIdle | NeedModel) << QStringList{"prune.everywhere"}
            << QStringList{"edit.reset_layer", "edit.toggle_lock"};
        QTest::newRow("model and data")
            << unsigned(NeedIdle | NeedModel | NeedData)
            << QStringList{"tools.measure_accuracy", "train.start"} << QStringList{"train.stop"};
        QTest::newRow("data alone")
            << unsigned(NeedIdle | NeedData) << QStringList{"file.attach_data"}
            << QStringList{"tools.measure_accuracy", "train.start"};
        QTest::newRow("training") << unsigned(NeedModel | NeedData | NeedSelection | NeedTraining |
                                              NeedUndo)
                                  << QStringList{"train.stop", "edit.undo", "file.export_plan",
                                                 "view.layers", "file.quit"}
                                  << QStringList{"train.start",        "edit.reset_layer",
                                                 "prune.everywhere",   "file.close",
                                                 "file.export_masked", "tools.measure_accuracy"};
        QTest::newRow("edited") << unsigned(NeedIdle | NeedModel | NeedUndo)
                                << QStringList{"edit.undo"} << QStringList{"edit.redo"};
    }
    void needsDecideWhatIsEnabled() {
        QFETCH(unsigned, met);
        QFETCH(QStringList, enabled);
        QFETCH(QStringList, disabled);
        QWidget window;
        Actions actions(&window);
        actions.refresh(met);
        for (const QString& id : enabled)
            QVERIFY2(actions[id.toStdString()]->isEnabled(), qPrintable(id));
        for (const QString& id : disabled)
            QVERIFY2(!actions[id.toStdString()]->isEnabled(), qPrintable(id));
    }

    void whatIsDisabledSaysWhatItWaitsFor() {
        QWidget window;
        Actions actions(&window);
        const auto whyNot = [&](const char* id) {
            for (const ActionSpec& spec : gui::actionTable()) {
                if (id == QByteArray(spec.id)) return actions.whyNot(spec);
            }
            return QString();
        };
        // Every need has a word of its own: nothing is disabled without one.
        actions.refresh(gui::NeedNothing);
        for (const ActionSpec& spec : gui::actionTable())
            QCOMPARE(whyNot(spec.id).isEmpty(), actions[spec.id]->isEnabled());
        actions.refresh(gui::NeedIdle);
        QCOMPARE(whyNot("train.start"), "open a model first");
        actions.refresh(gui::NeedIdle | gui::NeedModel);
        QCOMPARE(whyNot("train.start"), "attach data first");
        QCOMPARE(whyNot("train.stop"), "no training is under way");
        QCOMPARE(whyNot("file.open"), QString());
    }

    void theListOfShortcutsComesFromTheTable() {
        QWidget window;
        Actions actions(&window);
        actions.setShortcut("file.open", QKeySequence("Ctrl+J"));
        const auto entries = actions.shortcuts();
        QCOMPARE(static_cast<std::size_t>(entries.size()),
                 gui::actionTable().size() + gui::panelKeys().size());
        QCOMPARE(entries.first().group, QString("File"));
        QCOMPARE(entries.first().keys, QString("Ctrl+J"));
    }
};

QTEST_MAIN(TestActions)
#include "tst_actions.moc"
