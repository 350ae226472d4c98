// SPDX-License-Identifier: GPL-3.0-or-later
// What all plots share, tried on a CurvesView.
#include <QApplication>
#include <QClipboard>
#include <QFile>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>

#include "tests/ui/plots_testing.h"
#include "ui/plots/curves_view.h"
#include "ui/style/colors.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

using namespace espalier;
using namespace espalier::plots;

namespace {

void fill(CurvesView& view) {
    const int series = view.addSeries({.name = QStringLiteral("loss")});
    for (int i = 0; i <= 10; ++i) view.append(series, i, i * i);
}

QByteArray contentsOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QAction* actionOf(QMenu* menu, const QString& text) {
    for (QAction* action : menu->findChildren<QAction*>()) {
        if (action->text() == text) return action;
    }
    return nullptr;
}

}  // namespace

class TestPlotsView : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        testing::failOnWarnings();
        style::applyTheme(*qApp, style::ThemeMode::Light);
        PlotView::setPathProvider({});
    }

    void pngAtTwiceTheSize() {
        CurvesView view;
        fill(view);
        testing::showNow(view, {300, 200});
        QTemporaryDir folder;
        QVERIFY(view.savePng(folder.filePath(QStringLiteral("a.png")), 1));
        QVERIFY(view.savePng(folder.filePath(QStringLiteral("b.png")), 2));
        QCOMPARE(QImage(folder.filePath(QStringLiteral("a.png"))).size(), QSize(300, 200));
        QCOMPARE(QImage(folder.filePath(QStringLiteral("b.png"))).size(), QSize(600, 400));
    }

    void picturesOfAViewThatWasNeverShown() {
        CurvesView view;
        fill(view);
        view.resize(320, 240);
        QTemporaryDir folder;
        QVERIFY(view.savePng(folder.filePath(QStringLiteral("a.png"))));
        const QImage picture(folder.filePath(QStringLiteral("a.png")));
        QCOMPARE(picture.size(), QSize(320, 240));
    }

    void pdfIsWrittenInLightColoursAndTheThemeComesBack() {
        style::applyTheme(*qApp, style::ThemeMode::Dark);
        CurvesView view;
        fill(view);
        testing::showNow(view);
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("a.pdf"));
        QVERIFY(view.savePdf(path));
        QVERIFY(contentsOf(path).startsWith("%PDF"));
        QVERIFY(contentsOf(path).size() > 1000);
        QTRY_COMPARE(testing::colorAt(view, {2, 2}),
                     style::colorsFor(style::darkPalette()).background);
    }

    void csvIsWritten() {
        CurvesView view;
        fill(view);
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("a.csv"));
        QVERIFY(view.saveCsv(path));
        QVERIFY(contentsOf(path).startsWith("x,loss\n0,0\n1,1\n2,4\n"));
        view.copyCsv();
        QCOMPARE(QApplication::clipboard()->text().toUtf8(), contentsOf(path));
    }

    void aFailedWriteSaysSoAndLeavesNothing() {
        CurvesView view;
        fill(view);
        const QString path = QStringLiteral("/nonexistent/folder/a.png");
        QVERIFY(!view.savePng(path));
        QVERIFY(!view.savePdf(path));
        QVERIFY(!view.saveCsv(path));
        PlotView::setPathProvider([&](QWidget*, const QString&, const QString&) { return path; });
        QSignalSpy failed(&view, &PlotView::exportFailed);
        const std::unique_ptr<QMenu> menu(view.createContextMenu());
        actionOf(menu.get(), QStringLiteral("Save as PDF…"))->trigger();
        QCOMPARE(failed.count(), 1);
        QVERIFY(failed[0][0].toString().contains(path));
    }

    void menuAsksForANameAndTellsTheResult() {
        QTemporaryDir folder;
        QString suggested;
        PlotView::setPathProvider([&](QWidget*, const QString& name, const QString&) {
            suggested = name;
            return folder.filePath(name);
        });
        CurvesView view;
        fill(view);
        view.setExportName(QStringLiteral("training"));
        testing::showNow(view, {300, 200});
        QSignalSpy exported(&view, &PlotView::exported);
        const std::unique_ptr<QMenu> menu(view.createContextMenu());
        actionOf(menu.get(), QStringLiteral("×4…"))->trigger();
        QCOMPARE(suggested, QStringLiteral("training.png"));
        QCOMPARE(exported.count(), 1);
        QCOMPARE(QImage(exported[0][0].toString()).size(), QSize(1200, 800));
        PlotView::setPathProvider(
            [](QWidget*, const QString&, const QString&) { return QString(); });
        actionOf(menu.get(), QStringLiteral("×1…"))->trigger();
        QCOMPARE(exported.count(), 1);  // declined
    }

    void menuWithoutAProviderOffersCopiesOnly() {
        CurvesView view;
        const std::unique_ptr<QMenu> menu(view.createContextMenu());
        QVERIFY(!actionOf(menu.get(), QStringLiteral("Save as PDF…"))->isEnabled());
        QVERIFY(actionOf(menu.get(), QStringLiteral("Copy image"))->isEnabled());
    }

    void copiesAnImage() {
        CurvesView view;
        fill(view);
        testing::showNow(view, {300, 200});
        view.copyImage();
        QVERIFY(QApplication::clipboard()->image().width() >= 300);
    }

    void keyboardZoomsPansAndResets() {
        CurvesView view;
        fill(view);
        testing::showNow(view);
        QCPAxis* axis = view.canvas()->xAxis;
        const QCPRange home = axis->range();
        QTest::keyClick(&view, Qt::Key_Plus);
        QVERIFY(qAbs(axis->range().size() - home.size() * 0.8) < 1e-9);
        QVERIFY(view.isZoomedByUser());
        const double before = axis->range().lower;
        QTest::keyClick(&view, Qt::Key_Right);
        QVERIFY(axis->range().lower > before);
        QTest::keyClick(&view, Qt::Key_Home);
        QVERIFY(!view.isZoomedByUser());
        QTRY_COMPARE(axis->range(), home);
    }

    void wheelZoomsAndDoubleClickResets() {
        CurvesView view;
        fill(view);
        testing::showNow(view);
        QCustomPlot* canvas = view.canvas();
        const QCPRange home = canvas->xAxis->range();
        const QPointF at = canvas->axisRect()->center();
        QWheelEvent wheel(at, canvas->mapToGlobal(at), {}, {0, 120}, Qt::NoButton, Qt::NoModifier,
                          Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(canvas, &wheel);
        QVERIFY(canvas->xAxis->range().size() < home.size());
        QTest::mouseDClick(canvas, Qt::LeftButton, Qt::NoModifier, at.toPoint());
        QTRY_COMPARE(canvas->xAxis->range(), home);
    }

    void draggingPans() {
        CurvesView view;
        fill(view);
        testing::showNow(view);
        QCustomPlot* canvas = view.canvas();
        const double before = canvas->xAxis->range().lower;
        const QPointF at = canvas->axisRect()->center();
        testing::mouse(canvas, QEvent::MouseButtonPress, at);
        testing::mouse(canvas, QEvent::MouseMove, at - QPointF(100, 0));
        testing::mouse(canvas, QEvent::MouseButtonRelease, at - QPointF(100, 0));
        QVERIFY(canvas->xAxis->range().lower > before);
        QVERIFY(view.isZoomedByUser());
    }

    void emptyStateOffersItsAction() {
        CurvesView view;
        testing::showNow(view);
        view.setEmptyState(QStringLiteral("No training yet."), QStringLiteral("Fine-tune…"));
        QVERIFY(view.isEmptyStateShown());
        QSignalSpy triggered(&view, &PlotView::emptyActionTriggered);
        auto* button = view.findChild<QPushButton*>(QStringLiteral("emptyAction"));
        QVERIFY(button->isVisible());
        button->click();
        QCOMPARE(triggered.count(), 1);
        view.setEmptyState(QStringLiteral("Nothing to do."));
        QVERIFY(!button->isVisible());
        view.setEmptyState({});
        QVERIFY(!view.isEmptyStateShown());
    }

    void busyDimsAndGoesAway() {
        CurvesView view;
        fill(view);
        testing::showNow(view);
        const QColor before = testing::colorAt(view, {2, 1});
        view.setBusy(true, QStringLiteral("Measuring…"), 0.5);
        QVERIFY(view.isBusy());
        QCOMPARE(testing::colorAt(view, {2, 1}), style::colorsFor(view.palette()).kept);
        view.setBusy(false);
        QVERIFY(!view.isBusy());
        QCOMPARE(testing::colorAt(view, {2, 1}), before);
    }

    void aHiddenPlotDoesNoWork() {
        CurvesView view;
        QCoreApplication::processEvents();  // QCustomPlot's own first replot
        QSignalSpy replots(view.canvas(), &QCustomPlot::afterReplot);
        fill(view);
        QCoreApplication::processEvents();
        QCOMPARE(replots.count(), 0);
        testing::showNow(view);
        QVERIFY(replots.count() > 0);
    }

    void manyChangesCostOneReplot() {
        CurvesView view;
        fill(view);
        testing::showNow(view);
        QTest::qWait(20);
        QSignalSpy replots(view.canvas(), &QCustomPlot::afterReplot);
        for (int i = 0; i < 100; ++i) view.append(0, 11 + i, i);
        QCoreApplication::processEvents();
        QCoreApplication::processEvents();
        QCOMPARE(replots.count(), 1);
    }

    void everyPlotHasAName() {
        CurvesView view;
        QVERIFY(!view.accessibleName().isEmpty());
        view.setAccessibleText(QStringLiteral("Loss"), QStringLiteral("Falls from 2 to 0.3."));
        QCOMPARE(view.canvas()->accessibleName(), QStringLiteral("Loss"));
        QCOMPARE(view.accessibleDescription(), QStringLiteral("Falls from 2 to 0.3."));
        QCOMPARE(view.focusPolicy(), Qt::StrongFocus);
    }
};

QTEST_MAIN(TestPlotsView)
#include "tst_plots_view.moc"
