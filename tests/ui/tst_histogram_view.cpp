// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QSignalSpy>
#include <QTest>
#include <cmath>

#include "tests/ui/plots_testing.h"
#include "ui/plots/histogram_view.h"
#include "ui/style/colors.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

using namespace espalier;
using namespace espalier::plots;
using testing::mouse;

namespace {

/// A view of the small histogram with a cut at 0.2, on the screen.
struct Shown {
    HistogramView view;
    Shown() {
        view.setData(testing::smallHistogram());
        view.setValueRange(ValueRange::Full);
        view.setCut(0.2);
        testing::showNow(view);
    }
    QWidget* canvas() { return view.canvas(); }
    QPointF at(double value) {
        return {view.canvas()->xAxis->coordToPixel(value),
                double(view.canvas()->axisRect()->center().y())};
    }
    double perPixel() {
        return view.canvas()->xAxis->range().size() / view.canvas()->axisRect()->width();
    }
};

}  // namespace

class TestHistogramView : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        testing::failOnWarnings();
        style::applyTheme(*qApp, style::ThemeMode::Light);
    }

    void aMarkIsAThinLineWithItsValue() {
        Shown shown;
        const auto colourAt = [&](double value) {
            const double top = shown.view.canvas()->axisRect()->top() + 30;
            return testing::colorAt(shown.view, QPointF(std::floor(shown.at(value).x()), top));
        };
        const QColor empty = colourAt(0.27);
        shown.view.setMark(0.27);
        QVERIFY(colourAt(0.27) != empty);
        QVERIFY(colourAt(0.27 + 3 * shown.perPixel()) == empty);
        QCOMPARE(shown.view.markText(), QStringLiteral("|w| = 0.27"));
        shown.view.setMode(HistogramMode::Signed);
        QCoreApplication::processEvents();
        QVERIFY(colourAt(-0.27) != empty && colourAt(0.27) != empty);
        shown.view.setMark({});
        QVERIFY(colourAt(-0.27) == empty && colourAt(0.27) == empty);
        QCOMPARE(*shown.view.cut(), 0.2);
    }

    void countsAreWholeNumbers() {
        Shown shown;
        for (const double most : {0.8, 3.0, 9.0, 18.0, 180.0, 3000.0}) {
            shown.view.canvas()->yAxis->setRange(0, most);
            shown.view.canvas()->replot();
            const auto ticks = shown.view.canvas()->yAxis->tickVector();
            QVERIFY(!ticks.isEmpty());
            for (const double tick : ticks) QCOMPARE(tick, std::round(tick));
        }
    }

    /// Weights far out are left out of the first view: the cut may be there.
    void aCutOutOfSightWaitsAtTheEdge() {
        Shown shown;
        const QRectF area(shown.view.canvas()->axisRect()->rect());
        shown.view.canvas()->xAxis->setRange(0, 0.1);
        shown.view.setCut(0.2);
        QCoreApplication::processEvents();
        const QPointF edge(area.right() - 1, area.center().y());
        const auto colours = [&] {
            return testing::colorAt(shown.view, QPointF(std::floor(edge.x()), area.top() + 30));
        };
        const QColor withCut = colours();
        shown.view.setCut({});
        QCoreApplication::processEvents();
        QVERIFY(colours() != withCut);
        shown.view.setCut(0.2);
        QCoreApplication::processEvents();
        mouse(shown.canvas(), QEvent::MouseButtonPress, edge);
        QVERIFY(shown.view.isDragging());
        mouse(shown.canvas(), QEvent::MouseMove, area.center());
        QVERIFY(*shown.view.cut() < 0.1);
        mouse(shown.canvas(), QEvent::MouseButtonRelease, area.center());
    }

    void dragMovesAndCommitsOnce() {
        Shown shown;
        QSignalSpy moved(&shown.view, &HistogramView::cutMoved);
        QSignalSpy committed(&shown.view, &HistogramView::cutCommitted);
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.at(0.2) + QPointF(3, 0));
        QVERIFY(shown.view.isDragging());
        for (const double value : {0.22, 0.26, 0.3}) {
            mouse(shown.canvas(), QEvent::MouseMove, shown.at(value) + QPointF(3, 0));
        }
        QCOMPARE(moved.count(), 3);
        QCOMPARE(committed.count(), 0);
        mouse(shown.canvas(), QEvent::MouseButtonRelease, shown.at(0.3) + QPointF(3, 0));
        QCOMPARE(committed.count(), 1);
        QVERIFY(std::abs(committed[0][0].toDouble() - 0.3) <= shown.perPixel());
        QVERIFY(!shown.view.isDragging());
    }

    void dragBeyondTheEndsIsClamped() {
        Shown shown;
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.at(0.2));
        mouse(shown.canvas(), QEvent::MouseMove, {-500, 100});
        QCOMPARE(*shown.view.cut(), 0.0);
        mouse(shown.canvas(), QEvent::MouseButtonRelease, {5000, 100});
        QCOMPARE(*shown.view.cut(), largestCut(shown.view.data()));
    }

    void aPressAwayFromTheLineDragsNothing() {
        Shown shown;
        QSignalSpy committed(&shown.view, &HistogramView::cutCommitted);
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.at(0.3));
        QVERIFY(!shown.view.isDragging());
        mouse(shown.canvas(), QEvent::MouseButtonRelease, shown.at(0.3));
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.at(0.2));
        mouse(shown.canvas(), QEvent::MouseButtonRelease, shown.at(0.2));
        QCOMPARE(committed.count(), 0);  // a click on the line changes nothing
    }

    void escapeCancels() {
        Shown shown;
        QSignalSpy cancelled(&shown.view, &HistogramView::cutCancelled);
        QSignalSpy committed(&shown.view, &HistogramView::cutCommitted);
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.at(0.2));
        mouse(shown.canvas(), QEvent::MouseMove, shown.at(0.3));
        QTest::keyClick(&shown.view, Qt::Key_Escape);
        QCOMPARE(cancelled.count(), 1);
        QCOMPARE(*shown.view.cut(), 0.2);
        mouse(shown.canvas(), QEvent::MouseButtonRelease, shown.at(0.3));
        QCOMPARE(committed.count(), 0);
        QCOMPARE(*shown.view.cut(), 0.2);
    }

    void theLeftLineMirrorsTheRightOne() {
        Shown shown;
        shown.view.setMode(HistogramMode::Signed);
        QCoreApplication::processEvents();
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.at(-0.2));
        mouse(shown.canvas(), QEvent::MouseButtonRelease, shown.at(-0.35));
        QVERIFY(std::abs(*shown.view.cut() - 0.35) <= shown.perPixel());
    }

    void controlSnapsToTenths() {
        Shown shown;
        shown.view.setCutFunctions(
            [](double threshold) {
                return CutReadout{qint64(threshold * 1000), threshold * 2};
            },
            [](double sparsity) { return sparsity / 2; });
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.at(0.2));
        mouse(shown.canvas(), QEvent::MouseMove, shown.at(0.31), Qt::ControlModifier);
        QVERIFY(std::abs(*shown.view.cut() - 0.3) < 1e-9);  // 62 % snaps to 60 %
        mouse(shown.canvas(), QEvent::MouseButtonRelease, shown.at(0.34), Qt::ControlModifier);
        QVERIFY(std::abs(*shown.view.cut() - 0.35) < 1e-9);  // 68 % to 70 %
    }

    void keyboardMovesTheCut_data() {
        QTest::addColumn<int>("key");
        QTest::addColumn<int>("modifiers");
        QTest::addColumn<double>("expected");
        const double all = largestCut(testing::smallHistogram());
        QTest::newRow("right") << int(Qt::Key_Right) << int(Qt::NoModifier) << 0.3;
        QTest::newRow("left") << int(Qt::Key_Left) << int(Qt::NoModifier) << 0.1;
        QTest::newRow("shift right") << int(Qt::Key_Right) << int(Qt::ShiftModifier) << all;
        QTest::newRow("home") << int(Qt::Key_Home) << int(Qt::ControlModifier) << 0.0;
        QTest::newRow("end") << int(Qt::Key_End) << int(Qt::ControlModifier) << all;
        // 190 of 250 = 76 % go at 0.2; + 10 % snaps to 90 %, which is at 225 of 250: 0.2 + 0.1 × 35
        // / 40.
        QTest::newRow("control right") << int(Qt::Key_Right) << int(Qt::ControlModifier) << 0.2875;
    }
    void keyboardMovesTheCut() {
        QFETCH(int, key);
        QFETCH(int, modifiers);
        QFETCH(double, expected);
        Shown shown;
        QSignalSpy committed(&shown.view, &HistogramView::cutCommitted);
        QTest::keyClick(&shown.view, Qt::Key(key), Qt::KeyboardModifiers(modifiers));
        QCOMPARE(committed.count(), 1);
        QVERIFY(std::abs(committed[0][0].toDouble() - expected) < 1e-9);
    }

    void aLockedCutStays() {
        Shown shown;
        QSignalSpy committed(&shown.view, &HistogramView::cutCommitted);
        shown.view.setCutEditable(false, QStringLiteral("Locked in the plan"));
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.at(0.2));
        mouse(shown.canvas(), QEvent::MouseButtonRelease, shown.at(0.3));
        QTest::keyClick(&shown.view, Qt::Key_Right);
        QCOMPARE(committed.count(), 0);
        QCOMPARE(*shown.view.cut(), 0.2);
        QCOMPARE(shown.view.toolTip(), QStringLiteral("Locked in the plan"));
    }

    void newDataCancelsADrag() {
        Shown shown;
        QSignalSpy cancelled(&shown.view, &HistogramView::cutCancelled);
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.at(0.2));
        shown.view.setData(testing::smallHistogram());
        QCOMPARE(cancelled.count(), 1);
        QVERIFY(!shown.view.isDragging());
    }

    void labelStaysInside_data() {
        QTest::addColumn<double>("threshold");
        for (const double threshold : {0.0, 0.001, 0.2, 0.39, double(INFINITY)}) {
            QTest::addRow("%g", threshold) << threshold;
        }
    }
    void labelStaysInside() {
        QFETCH(double, threshold);
        Shown shown;
        shown.view.setCut(threshold);
        const QRectF area = shown.view.canvas()->axisRect()->rect();
        const QRectF label = shown.view.cutLabelRect();
        QVERIFY(!label.isEmpty());
        QVERIFY(area.contains(label));
        const double x = shown.at(*shown.view.cut()).x();
        QVERIFY(label.left() > x || label.right() < x);
    }

    void labelTellsExactAndEstimate() {
        Shown shown;
        QVERIFY(shown.view.cutText().contains(QStringLiteral("≈")));
        shown.view.setCutFunctions(
            [](double) {
                return CutReadout{1470000, 0.624};
            },
            [](double) { return 0.0; });
        QCOMPARE(shown.view.cutText().remove(QChar(0x2009)),
                 QStringLiteral("t = 0.2 → 62.4% (1.47M)"));
        shown.view.setCut(0);  // what is zero already is no matter of a threshold
        QCOMPARE(shown.view.cutText().remove(QChar(0x2009)),
                 QStringLiteral("62.4% removed (1.47M)"));
        shown.view.setCut(std::nullopt);
        QVERIFY(shown.view.cutText().isEmpty());
        QVERIFY(shown.view.cutLabelRect().isEmpty());
    }

    void removedPartIsTintedInBothThemes_data() {
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }
    void removedPartIsTintedInBothThemes() {
        QFETCH(bool, dark);
        Shown shown;
        style::applyTheme(*qApp, dark ? style::ThemeMode::Dark : style::ThemeMode::Light);
        QCoreApplication::processEvents();
        const QPalette palette = QApplication::palette();
        const style::Colors& colors = style::colorsFor(palette);
        QCOMPARE(style::isDark(palette), dark);
        const double bottom = shown.view.canvas()->axisRect()->bottom() - 4.0;
        QTRY_COMPARE(testing::colorAt(*shown.canvas(), {shown.at(0.25).x(), bottom}), colors.kept);
        QCOMPARE(testing::colorAt(*shown.canvas(), {shown.at(0.337).x(), 60}), colors.background);
        // Hatched: both the fill and the lines are found along a stretch of the removed part.
        QSet<QRgb> found;
        for (int dx = -6; dx <= 6; ++dx) {
            found += testing::colorAt(*shown.canvas(), {shown.at(0.15).x() + dx, bottom}).rgb();
        }
        QVERIFY(found.contains(style::removedFill(palette).rgb()));
        QVERIFY(found.contains(style::removedHatch(palette).color().rgb()));
    }

    void tintFollowsTheDrag() {
        Shown shown;
        const QPointF inside(shown.at(0.25).x(), shown.view.canvas()->axisRect()->bottom() - 4.0);
        const QColor kept = style::colorsFor(QApplication::palette()).kept;
        QCOMPARE(testing::colorAt(*shown.canvas(), inside), kept);
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.at(0.2));
        mouse(shown.canvas(), QEvent::MouseMove, shown.at(0.3));
        QVERIFY(testing::colorAt(*shown.canvas(), inside) != kept);
    }

    void aDragReplotsTheOverlayOnly() {
        Shown shown;
        QSignalSpy replots(shown.view.canvas(), &QCustomPlot::afterReplot);
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.at(0.2));
        for (int i = 0; i < 20; ++i) {
            mouse(shown.canvas(), QEvent::MouseMove, shown.at(0.2 + i * 0.005));
            QCoreApplication::processEvents();
        }
        QCOMPARE(replots.count(), 0);
    }

    void ownRemovedCountsReplaceTheTint() {
        Shown shown;
        TensorHistogram data = testing::smallHistogram();
        data.magnitude.removed = {0, 0, 0, 20};  // by another criterion: the largest weights
        shown.view.setData(data);
        QCoreApplication::processEvents();
        const double bottom = shown.view.canvas()->axisRect()->bottom() - 4.0;
        const QColor kept = style::colorsFor(QApplication::palette()).kept;
        QCOMPARE(testing::colorAt(*shown.canvas(), {shown.at(0.15).x(), bottom}), kept);
        QVERIFY(testing::colorAt(*shown.canvas(), {shown.at(0.35).x(), bottom}) != kept);
    }

    void csvHoldsZerosAndBins() {
        Shown shown;
        const QStringList lines = shown.view.csv().split(u'\n');
        QCOMPARE(lines[0], QStringLiteral("bin_left,bin_right,count"));
        QCOMPARE(lines[1], QStringLiteral("0,0,50"));
        QCOMPARE(lines[2], QStringLiteral("0,0.1,80"));
        QCOMPARE(lines[5], QStringLiteral("0.3,0.4,20"));
        QCOMPARE(lines.size(), 7);  // with the empty one after the last line break
        QVERIFY(lines[6].isEmpty());
    }

    void hoverTellsTheBin() {
        Shown shown;
        QSignalSpy hovered(&shown.view, &PlotView::hoverTextChanged);
        testing::hover(shown.canvas(), shown.at(0.25));
        QVERIFY(hovered.count() > 0);
        const QString text = hovered.last()[0].toString();
        QVERIFY2(
            text.contains(QStringLiteral("0.2 ")) && text.contains(QStringLiteral("40 weights")),
            qPrintable(text));
        QEvent leave(QEvent::Leave);
        QCoreApplication::sendEvent(shown.canvas(), &leave);
        QVERIFY(hovered.last()[0].toString().isEmpty());
    }

    void oddDataIsDrawn_data() {
        QTest::addColumn<int>("kind");
        QTest::newRow("nothing") << 0;
        QTest::newRow("only zeros") << 1;
        QTest::newRow("one value") << 2;
    }
    void oddDataIsDrawn() {
        QFETCH(int, kind);
        TensorHistogram data;
        if (kind == 1) data.magnitude.zeros = data.signedValues.zeros = 9;
        if (kind == 2) {
            data.magnitude.edges = {0.5, 0.5};
            data.magnitude.counts = {3};
            data.signedValues = data.magnitude;
        }
        HistogramView view;
        view.setCut(INFINITY);
        view.setData(data);
        for (const auto mode : {HistogramMode::Magnitude, HistogramMode::Signed}) {
            for (const auto scale : {CountScale::Linear, CountScale::Log}) {
                view.setMode(mode);
                view.setCountScale(scale);
                testing::showNow(view);
                QVERIFY(!view.grab().isNull());
            }
        }
    }

    void accessibleTextTellsTheCut() {
        Shown shown;
        QVERIFY(shown.view.accessibleName().contains(QStringLiteral("fc1.weight")));
        QVERIFY(shown.view.accessibleDescription().contains(QStringLiteral("t = 0.2")));
        QVERIFY(!shown.canvas()->accessibleName().isEmpty());
    }
};

QTEST_MAIN(TestHistogramView)
#include "tst_histogram_view.moc"
