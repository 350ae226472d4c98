// SPDX-License-Identifier: GPL-3.0-or-later
// The live probe as a person meets it: the accuracy falls while the hand still holds the cut.
#include <QLabel>
#include <QSettings>
#include <QUndoStack>

#include "tests/support/window_probe.h"
#include "ui/document/probe.h"
#include "ui/panels/impact_card.h"
#include "ui/plots/histogram_view.h"
#include "ui/plots/qcp.h"
#include "ui/style/theme.h"

using namespace espalier;
using test::WindowProbe;

class TestProbeDrag : public QObject {
    Q_OBJECT

    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<WindowProbe> m_probe;

    ui::Probe& live() { return *m_probe->window.workbench()->probe(); }
    QString text(const char* label) {
        const auto* card = m_probe->child<ui::ImpactCard>("impact.accuracy");
        return card->findChild<QLabel*>(QString::fromLatin1(label))->text();
    }
    double top1() { return live().reading()->figures.top1; }
    bool isUpToDate() {
        const auto reading = live().reading();
        return reading && !reading->isFollowing && !live().isUnderWay();
    }

private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
        m_settings = std::make_unique<test::OwnSettings>();
        style::applyTheme(*qApp, style::ThemeMode::Light);
        m_probe = std::make_unique<WindowProbe>();
        m_probe->window.openExample();
        QTRY_VERIFY_WITH_TIMEOUT(m_probe->document().evaluation(), test::kPatienceMs);
        QVERIFY(m_probe->rest());
    }
    void init() { test::failOnAnyWarning(); }
    void cleanupTestCase() { m_probe.reset(); }

    void accuracyFallsWhileTheCutIsDragged() {
        ui::Document& document = m_probe->document();
        document.select(*document.snapshot()->find("fc1.weight"));
        auto* view = m_probe->window.findChild<plots::HistogramView*>();
        QTRY_VERIFY_WITH_TIMEOUT(view->cut(), test::kPatienceMs);
        QVERIFY(m_probe->rest());
        QVERIFY(text("basis").startsWith("measured"));
        QCustomPlot* canvas = view->canvas();
        const auto at = [canvas](double value) {
            return QPoint(static_cast<int>(canvas->xAxis->coordToPixel(value)),
                          canvas->height() / 2);
        };
        const auto* index = document.index(document.selection());

        QTest::mousePress(canvas, Qt::LeftButton, {}, at(*view->cut()));
        QTest::mouseMove(canvas, at(index->magnitudeQuantile(0.2)));
        QTest::mouseMove(canvas, at(index->magnitudeQuantile(0.3)));
        QTRY_VERIFY_WITH_TIMEOUT(isUpToDate(), test::kPatienceMs);
        QVERIFY2(text("basis").startsWith("probe · on 512 samples"), qPrintable(text("basis")));
        const double mild = top1();
        QVERIFY(mild > 0.9);

        QTest::mouseMove(canvas, at(index->magnitudeQuantile(0.99)));
        QTest::mouseMove(canvas, QPoint(canvas->width() + 200, canvas->height() / 2));
        QTRY_VERIFY_WITH_TIMEOUT(isUpToDate() && top1() < mild, test::kPatienceMs);
        const double steep = top1();
        QVERIFY2(steep < 0.7, qPrintable(QString::number(steep)));
        QVERIFY(text("basis").startsWith("probe"));

        QTest::mouseRelease(canvas, Qt::LeftButton, {},
                            QPoint(canvas->width() + 200, canvas->height() / 2));
        QCOMPARE(document.undoStack()->count(), 1);
        QVERIFY(m_probe->rest());
        QCOMPARE(top1(), steep);  // it stays, and says what it is
        QVERIFY(text("basis").startsWith("probe"));
        m_probe->trigger("tools.measure_accuracy");
        QTRY_VERIFY_WITH_TIMEOUT(text("basis").startsWith("measured"), test::kPatienceMs);
        m_probe->trigger("edit.undo");
        QVERIFY(text("basis").startsWith("measured"));
        m_probe->trigger("edit.redo");
        QVERIFY(text("basis").startsWith("measured"));
        QVERIFY(m_probe->rest());
    }

    void theSpinBoxIsProbedToo() {
        m_probe->child<QDoubleSpinBox>("cutSparsity")->setValue(40);
        QTRY_VERIFY_WITH_TIMEOUT(isUpToDate(), test::kPatienceMs);
        QVERIFY(text("basis").startsWith("probe"));
        QVERIFY(m_probe->rest());
    }

    void theMenuSwitchesItAndRemembers() {
        m_probe->trigger("prune.probe_256");
        QCOMPARE(live().samples(), std::int64_t(256));
        QCOMPARE(QSettings().value("probe/samples").toInt(), 256);
        m_probe->trigger("prune.live_probe");
        QVERIFY(!live().isOn());
        QCOMPARE(QSettings().value("probe/on").toBool(), false);
        m_probe->child<QDoubleSpinBox>("cutSparsity")->setValue(45);
        QVERIFY(!live().isUnderWay());
        QVERIFY(text("basis").startsWith("not measured"));
        {
            const gui::MainWindow other;
            QCOMPARE(other.workbench()->probe()->samples(), std::int64_t(256));
            QVERIFY(!other.workbench()->probe()->isOn());
        }
        m_probe->trigger("prune.live_probe");
        QVERIFY(live().isOn());
        QVERIFY(m_probe->rest());
    }
};

QTEST_MAIN(TestProbeDrag)
#include "tst_probe_drag.moc"
