// SPDX-License-Identifier: GPL-3.0-or-later
// Every view, panel and dialog as one meets it who does not see it, or uses the keyboard alone:
// whatever takes the focus has a name, Tab goes as one reads, plots tell what they show, and a
// larger font of the system fits.
#include <QDialog>
#include <QDockWidget>
#include <QInputDialog>
#include <QMessageBox>
#include <QUndoStack>

#include "app/gui/actions.h"
#include "tests/support/walk.h"
#include "tests/support/window_probe.h"
#include "ui/dialogs/dialogs.h"
#include "ui/plots/histogram_view.h"
#include "ui/plots/plot_view.h"

using namespace espalier;
using test::WindowProbe;

class TestAccessibility : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
        m_settings = std::make_unique<test::OwnSettings>();
        m_font = QApplication::font();
    }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
        m_folder = std::make_unique<QTemporaryDir>();
    }
    void cleanup() { QApplication::setFont(m_font); }

    void viewsAndPanels() {
        WindowProbe probe;
        QVERIFY(open(probe));
        QStringList found;
        for (const char* id : kPlaces) {
            bringForward(probe, id);
            found << silent(probe.window) << test::stepsBack(*place(probe, id));
        }
        found.removeDuplicates();
        QVERIFY2(found.isEmpty(), qPrintable(found.join("\n")));
    }

    void dialogs() {
        WindowProbe probe({1440, 900});
        QVERIFY(open(probe));
        QStringList found;
        for (const char* id : kDialogs) {
            // It asks for a share only where nothing is planned.
            if (QByteArray(id) == "train.prune_and_tune") probe.trigger("prune.reset_all");
            QVERIFY2(probe.action(id)->isEnabled(), id);
            probe.dialogs.nextDialog([&](QDialog& dialog) {
                QCoreApplication::processEvents();
                found << walked(dialog);
                return false;
            });
            probe.trigger(id);
            QVERIFY2(probe.dialogs.isUsedUp(), id);
        }
        QVERIFY2(found.isEmpty(), qPrintable(found.join("\n")));
    }

    void startPageHelpAndQuestions() {
        WindowProbe probe({1440, 900});
        QStringList found = walked(*probe.child<QWidget>("startPage"));
        probe.dialogs.nextFile(WindowProbe::copyModel(m_folder->path()));
        probe.dialogs.nextDialog([&](QDialog& dialog) {
            found << walked(dialog);
            return false;
        });
        probe.trigger("file.open_with_input");
        QVERIFY(probe.dialogs.isUsedUp());
        probe.trigger("help.documentation");
        auto* help = probe.child<QDialog>("helpWindow");
        QVERIFY(QTest::qWaitForWindowExposed(help));
        found << walked(*help);
        const auto pin = ui::dialogs::makeTextQuestion(&probe.window, "Pin current state",
                                                       "Name of this state:", "a");
        pin->show();
        found << walked(*pin);
        const auto question = ui::dialogs::makeQuestion(
            &probe.window, {"Quit", "A training is running.", "", {"Quit", "Go on"}, 1, 0});
        question->show();
        found << walked(*question);
        QVERIFY2(found.isEmpty(), qPrintable(found.join("\n")));
    }

    void aPlotTellsWhatChanged() {
        WindowProbe probe;
        QVERIFY(open(probe));
        const auto* plot = probe.window.findChild<plots::HistogramView*>();
        const auto told = [plot] { return plot->accessibleDescription(); };
        const QString before = told();
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.75));
        QTRY_VERIFY(told() != before);
        QTRY_VERIFY2(told().contains(QStringLiteral("75")), qPrintable(told()));
    }

    void aLargerFontFits() {
        QFont large = m_font;
        large.setPointSizeF(1.5 * m_font.pointSizeF());
        QApplication::setFont(large);
        WindowProbe probe({1920, 1200});
        QVERIFY(open(probe));
        for (const char* id : kPlaces) {
            bringForward(probe, id);
            const QString clipped = test::clippedTexts(probe.window).join("; ");
            QVERIFY2(clipped.isEmpty(), qPrintable(QString(id) + ": " + clipped));
        }
    }

private:
    static constexpr const char* kPlaces[] = {"view.weights",  "view.heatmap",     "view.channels",
                                              "view.overview", "view.sensitivity", "view.compare",
                                              "view.layers",   "view.settings",    "view.history",
                                              "view.training", "view.pareto",      "view.log"};
    static constexpr const char* kDialogs[] = {"file.export_cut",     "file.export_safetensors",
                                               "file.attach_data",    "file.export_masked",
                                               "file.export_onnx",    "edit.shortcuts",
                                               "view.palette",        "prune.everywhere",
                                               "prune.channels",      "prune.goal",
                                               "train.copy_command",  "tools.report",
                                               "help.shortcuts",      "help.about",
                                               "train.prune_and_tune"};

    bool open(WindowProbe& probe) const {
        if (!probe.openModel(WindowProbe::copyModel(m_folder->path()))) return false;
        if (!probe.attachTinyData(m_folder->path())) return false;
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        return probe.rest() && QTest::qWaitFor([&] { return probe.document().masks() != nullptr; });
    }

    /// The dock, or what shows the plots.
    static QWidget* place(const WindowProbe& probe, const char* id) {
        auto* dock = probe.window.findChild<QDockWidget*>(QString(id) + QStringLiteral("_dock"));
        return dock ? dock : probe.child<QWidget>("plotTabs");
    }
    static void bringForward(WindowProbe& probe, const char* id) {
        const bool isDock = qobject_cast<QDockWidget*>(place(probe, id));
        const auto isInFront = [&] { return !place(probe, id)->visibleRegion().isEmpty(); };
        if (!isDock || !isInFront()) probe.trigger(id);
        QTRY_VERIFY2(isInFront(), id);
        QVERIFY(probe.rest());
    }

    /// What of `window` says nothing, or too little.
    static QStringList silent(const QWidget& window) {
        return test::focusableWithoutName(window) + test::focusableWithoutDescription(window) +
               silentPlots(window);
    }
    /// The same, and where Tab goes back; what stands around a dialog's parts is told with it.
    static QStringList walked(const QWidget& part) {
        QStringList found = silent(part) + test::stepsBack(part);
        for (QString& line : found) line += QStringLiteral(" (%1)").arg(part.objectName());
        return found;
    }

    /// Visible plots without a name or without a word about what they show.
    static QStringList silentPlots(const QWidget& window) {
        QStringList found;
        for (auto* plot : window.findChildren<plots::PlotView*>()) {
            if (!plot->isVisibleTo(&window)) continue;
            const QAccessibleInterface* told = QAccessible::queryAccessibleInterface(plot);
            if (!told || told->text(QAccessible::Name).isEmpty() ||
                told->text(QAccessible::Description).isEmpty())
                found << test::described(*plot);
        }
        return found;
    }

    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<QTemporaryDir> m_folder;
    QFont m_font;
};

QTEST_MAIN(TestAccessibility)
#include "tst_accessibility.moc"
