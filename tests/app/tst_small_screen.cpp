// SPDX-License-Identifier: GPL-3.0-or-later
// A screen of 1024 x 700 pixels whose desktop shows everything at 125 %: the window is no larger
// than the screen, and what it shows is not clipped.
#include <QDir>
#include <QFile>
#include <QScreen>
#include <QUndoStack>

#include "tests/support/window_probe.h"
#include "ui/plots/plot_view.h"

using namespace espalier;
using test::WindowProbe;

namespace {

constexpr const char* kScreen = R"({"screens": [{"name": "small", "x": 0, "y": 0, "width": 1024,
  "height": 700, "logicalDpi": 120, "logicalBaseDpi": 96, "dpr": 1}]})";

}  // namespace

class TestSmallScreen : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
        m_settings = std::make_unique<test::OwnSettings>();
    }
    void init() { test::failOnAnyWarning(); }

    void theWindowFits() {
        const QSize screen = QGuiApplication::primaryScreen()->availableSize();
        QCOMPARE(screen, QSize(819, 560));
        WindowProbe probe({1440, 900});
        probe.window.resize(screen);
        QStringList found = lookAt(probe, "start", screen);
        QTemporaryDir folder;
        QVERIFY(probe.openModel(WindowProbe::copyModel(folder.path())));
        QVERIFY(probe.attachTinyData(folder.path()));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        QVERIFY(probe.rest());
        for (const char* id : {"view.weights", "view.heatmap", "view.channels", "view.overview",
                               "view.sensitivity", "view.compare"}) {
            probe.trigger(id);
            QVERIFY(probe.rest());
            found << lookAt(probe, id, screen);
        }
        QVERIFY2(found.isEmpty(), qPrintable(found.join("\n")));
    }

private:
    static QStringList lookAt(WindowProbe& probe, const char* place, QSize screen) {
        QCoreApplication::processEvents();
        const QString folder = qEnvironmentVariable("ESPALIER_SCREENSHOTS");
        if (!folder.isEmpty() && QDir().mkpath(folder))
            (void)probe.window.grab().save(
                QStringLiteral("%1/small-screen-%2.png").arg(folder, place));
        QStringList found;
        for (const QString& text : test::clippedTexts(probe.window))
            found << QStringLiteral("%1: %2").arg(place, text);
        for (const auto* plot : probe.window.findChildren<plots::PlotView*>()) {
            const QSize least = plot->minimumSizeHint();
            if (plot->isVisible() && plot->height() < least.height())
                found << QStringLiteral("%1: a plot is %2 high")
                             .arg(QString(place))
                             .arg(plot->height());
        }
        const QSize now = probe.window.size();
        if (now != now.boundedTo(screen))
            found << QStringLiteral("%1: %2 x %3").arg(place).arg(now.width()).arg(now.height());
        return found;
    }

    std::unique_ptr<test::OwnSettings> m_settings;
};

int main(int argc, char** argv) {
    const QTemporaryDir folder;
    QFile config(folder.filePath("screens.json"));
    if (!config.open(QIODevice::WriteOnly) || config.write(kScreen) < 0) return 1;
    config.close();
    qputenv("QT_QPA_PLATFORM", "offscreen:configfile=" + config.fileName().toUtf8());
    QApplication application(argc, argv);
    TestSmallScreen test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_small_screen.moc"
