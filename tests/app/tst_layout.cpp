// SPDX-License-Identifier: GPL-3.0-or-later
// Where the panels are: layouts, and the next start.
#include <algorithm>

#include <QDockWidget>
#include <QTabBar>
#include <QTreeView>

#include "app/gui/workspace.h"
#include "tests/support/window_probe.h"
#include "ui/models/layer_model.h"

using namespace espalier;
using test::WindowProbe;

namespace {

/// How many rows of tabs are to be seen, with or without tabs in them.
int visibleTabBars(const WindowProbe& probe, bool haveTabs) {
    const auto bars = probe.window.findChildren<QTabBar*>();
    return static_cast<int>(std::count_if(bars.begin(), bars.end(), [&](const QTabBar* bar) {
        return bar->isVisible() && (bar->count() > 0) == haveTabs;
    }));
}

}  // namespace

class TestLayout : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_settings = std::make_unique<test::OwnSettings>(); }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
        m_folder = std::make_unique<QTemporaryDir>();
    }
    void cleanup() { QCOMPARE(QApplication::topLevelWidgets().size(), 0); }

    void layoutsAreSavedAndReset() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        const QString model = WindowProbe::copyModel(m_folder->path());
        {
            WindowProbe probe;
            QVERIFY(probe.openModel(model));
            QVERIFY(probe.child<QDockWidget>("view.layers_dock")->isVisible());
            probe.trigger("view.layers");
            QVERIFY(!probe.child<QDockWidget>("view.layers_dock")->isVisible());
            QVERIFY(!probe.action("view.layers")->isChecked());
        }
        WindowProbe probe;
        QVERIFY(probe.openModel(model));
        QVERIFY(!probe.child<QDockWidget>("view.layers_dock")->isVisible());
        probe.trigger("view.layout_reset");
        QVERIFY(probe.child<QDockWidget>("view.layers_dock")->isVisible());
        const int explore = probe.child<QWidget>("trainingPanel")->height();
        probe.trigger("view.layout_tune");
        QTRY_VERIFY(probe.child<QWidget>("trainingPanel")->height() > explore);
        for (const char* layout : {"view.layout_explore", "view.layout_tune"}) {
            probe.trigger(layout);
            QTRY_COMPARE(visibleTabBars(probe, true), 4);  // views, recipe and runs, history, log
            QTRY_COMPARE(visibleTabBars(probe, false), 0);
        }
    }

    void aPanelBehindATabComesToTheFrontFirst() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())) && probe.rest());
        for (const char* id : {"view.pareto", "view.history"}) {
            const auto* dock = probe.child<QDockWidget>(qPrintable(id + QString("_dock")));
            const auto isInFront = [dock] {
                return dock->isVisible() && !dock->visibleRegion().isEmpty();
            };
            QVERIFY(probe.action(id)->isChecked() && !isInFront());
            probe.trigger(id);
            QTRY_VERIFY2(isInFront(), id);
            QVERIFY(probe.action(id)->isChecked());
            probe.trigger(id);
            QVERIFY(dock->isHidden());
            QVERIFY(!probe.action(id)->isChecked());
            probe.trigger(id);
            QTRY_VERIFY2(isInFront(), id);
            QVERIFY(probe.action(id)->isChecked());
        }
    }

    void aLayoutOfAnotherVersionIsIgnored() {
        WindowProbe probe;
        auto* workspace = probe.child<gui::Workspace>("workspace");
        QMainWindow other;
        QVERIFY(!workspace->restoreLayout(other.saveState(99)));
    }

    void theLayoutIsTheSameOnTheNextStart() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        const QString model = WindowProbe::copyModel(m_folder->path());
        const auto layoutOf = [](const WindowProbe& probe) {
            QCoreApplication::processEvents();
            const auto* table = probe.child<QTreeView>("layerTable");
            return QList<int>{probe.child<QDockWidget>("view.layers_dock")->width(),
                              probe.child<QDockWidget>("view.settings_dock")->width(),
                              probe.child<QWidget>("trainingPanel")->height(),
                              table->isColumnHidden(ui::LayerModel::Parameters)};
        };
        QList<int> first;
        {
            WindowProbe probe;
            QVERIFY(probe.openModel(model) && probe.rest());
            first = layoutOf(probe);
            QCOMPARE(first.first(), 380);
            QCOMPARE(first.last(), 0);
        }
        {
            const WindowProbe probe;  // closed again with no model: nothing to remember
        }
        WindowProbe probe;
        QVERIFY(probe.openModel(model) && probe.rest());
        QTRY_COMPARE(layoutOf(probe), first);
    }

private:
    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_MAIN(TestLayout)
#include "tst_layout.moc"
