// SPDX-License-Identifier: GPL-3.0-or-later
// The window with text of 125 %, as desktops set it: it stays as large as it was asked to be, and
// nothing is clipped; no dialog is larger than the smallest screen.
#include <QDialog>
#include <QDir>
#include <QDockWidget>
#include <QUndoStack>

#include "tests/support/window_probe.h"
#include "ui/plots/plot_view.h"

using namespace espalier;
using test::WindowProbe;

class TestLargerFont : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
        m_settings = std::make_unique<test::OwnSettings>();
    }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
        m_folder = std::make_unique<QTemporaryDir>();
    }

    void theWindowKeepsItsSize_data() {
        QTest::addColumn<QSize>("size");
        QTest::newRow("smallest") << QSize(1024, 700);
        QTest::newRow("usual") << QSize(1440, 900);
    }
    void theWindowKeepsItsSize() {
        QFETCH(QSize, size);
        WindowProbe probe(size);
        QStringList found = lookAt(probe, "start", size);
        QVERIFY(open(probe));
        for (const char* id : kPlaces) {
            if (auto* dock = probe.window.findChild<QDockWidget*>(QString(id) + "_dock"))
                dock->raise();
            else
                probe.trigger(id);
            QVERIFY(probe.rest());
            found << lookAt(probe, id, size);
        }
        QVERIFY2(found.isEmpty(), qPrintable(found.join("\n")));
    }

    void noDialogIsLargerThanTheSmallestScreen() {
        constexpr QSize kScreen(1024, 660);  // without its panel and the dialog's title
        WindowProbe probe({1024, 700});
        QVERIFY(open(probe));
        QStringList found;
        for (const char* id : kDialogs) {
            probe.dialogs.nextDialog([&](QDialog& dialog) {
                QCoreApplication::processEvents();
                (void)probe.rest();
                dialog.resize(dialog.size().boundedTo(kScreen));
                QCoreApplication::processEvents();
                shoot(dialog, id, {1024, 700});
                const QSize size = dialog.size();
                if (size.width() > kScreen.width() || size.height() > kScreen.height())
                    found << QStringLiteral("%1 is %2 x %3")
                                 .arg(QString(id))
                                 .arg(size.width())
                                 .arg(size.height());
                for (const QString& text : test::clippedTexts(dialog))
                    found << QString(id) + ": " + text;
                return false;
            });
            probe.trigger(id);
            QVERIFY2(probe.dialogs.isUsedUp(), id);
        }
        QVERIFY2(found.isEmpty(), qPrintable(found.join("\n")));
    }

private:
    static constexpr const char* kPlaces[] = {"view.weights",  "view.heatmap",     "view.channels",
                                              "view.overview", "view.sensitivity", "view.compare",
                                              "view.layers",   "view.settings",    "view.history",
                                              "view.training", "view.pareto",      "view.log"};
    static constexpr const char* kDialogs[] = {
        "file.attach_data", "file.export_masked", "file.export_cut",  "file.export_onnx",
        "edit.shortcuts",   "view.palette",       "prune.everywhere", "prune.channels",
        "prune.goal",       "train.copy_command", "tools.report",     "help.shortcuts",
        "help.about"};

    bool open(WindowProbe& probe) const {
        if (!probe.openModel(WindowProbe::copyModel(m_folder->path()))) return false;
        if (!probe.attachTinyData(m_folder->path())) return false;
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        return probe.rest();
    }

    /// What does not fit now.
    static QStringList lookAt(WindowProbe& probe, const char* place, QSize size) {
        QCoreApplication::processEvents();
        shoot(probe.window, place, size);
        QStringList found;
        for (const QString& text : test::clippedTexts(probe.window))
            found << QStringLiteral("%1: %2").arg(QString(place), text);
        for (const auto* plot : probe.window.findChildren<plots::PlotView*>()) {
            const QSize least = plot->minimumSizeHint();
            if (plot->isVisible() && plot->height() < least.height())
                found << QStringLiteral("%1: a plot is %2 high")
                             .arg(QString(place))
                             .arg(plot->height());
        }
        const QSize now = probe.window.size();
        if (now != size)
            found << QStringLiteral("%1: %2 x %3")
                         .arg(QString(place))
                         .arg(now.width())
                         .arg(now.height());
        return found;
    }
    static void shoot(QWidget& widget, const char* name, QSize size) {
        const QString folder = qEnvironmentVariable("ESPALIER_SCREENSHOTS");
        if (folder.isEmpty()) return;
        QDir().mkpath(folder);
        QVERIFY(widget.grab().save(
            QStringLiteral("%1/font-%2-%3.png").arg(folder).arg(size.width()).arg(QString(name))));
    }

    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<QTemporaryDir> m_folder;
};

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    QFont font = QApplication::font();
    font.setPointSizeF(1.25 * font.pointSizeF());
    QApplication::setFont(font);
    TestLargerFont test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_larger_font.moc"
