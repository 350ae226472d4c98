// SPDX-License-Identifier: GPL-3.0-or-later
// The window on a screen of twice the density and at its smallest size: nothing clipped, in both
// palettes.
#include <QDir>
#include <QUndoStack>

#include "tests/support/window_probe.h"
#include "ui/style/theme.h"

using namespace espalier;
using test::WindowProbe;

class TestWindowScale : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_settings = std::make_unique<test::OwnSettings>(); }
    void init() { test::failOnAnyWarning(); }

    void smallestWindowShowsEverything_data() {
        QTest::addColumn<bool>("isDark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }
    void smallestWindowShowsEverything() {
        QFETCH(bool, isDark);
        const char* const theme = isDark ? "dark" : "light";
        WindowProbe probe({1024, 700});
        probe.trigger(isDark ? "view.theme_dark" : "view.theme_light");
        QCOMPARE(probe.window.devicePixelRatioF(), 2.0);
        QCOMPARE(probe.window.size(), QSize(1024, 700));
        shoot(probe, "start", theme);
        QCOMPARE(test::clippedTexts(probe.window).join("; "), QString());
        if (!test::hasExample()) QSKIP("the built-in example is not there");

        QTemporaryDir folder;
        QVERIFY(probe.openModel(WindowProbe::copyModel(folder.path())));
        QVERIFY(probe.attachTinyData(folder.path()));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        QVERIFY(probe.rest());
        QCOMPARE(probe.window.size(), QSize(1024, 700));  // the workspace fits
        for (const char* tab : {"view.weights", "view.heatmap", "view.channels", "view.overview",
                                "view.sensitivity", "view.compare"}) {
            probe.trigger(tab);
            QVERIFY(probe.rest());
            shoot(probe, tab, theme);
            QCOMPARE(test::clippedTexts(probe.window).join("; "), QString());
        }
    }

private:
    static void shoot(WindowProbe& probe, const char* name, const char* theme) {
        QCoreApplication::processEvents();
        const QString folder = qEnvironmentVariable("ESPALIER_SCREENSHOTS");
        if (folder.isEmpty()) return;
        QDir().mkpath(folder);
        const QPixmap picture = probe.window.grab();
        QCOMPARE(picture.size(), 2 * probe.window.size());
        QVERIFY(picture.save(
            QStringLiteral("%1/small-%2-%3.png").arg(folder, QString::fromLatin1(name), theme)));
    }

    std::unique_ptr<test::OwnSettings> m_settings;
};

int main(int argc, char** argv) {
    qputenv("QT_SCALE_FACTOR", "2");
    QApplication application(argc, argv);
    TestWindowScale test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_window_scale.moc"
