// SPDX-License-Identifier: GPL-3.0-or-later
#include <QSignalSpy>
#include <QTest>
#include <cmath>

#include "tests/ui/plots_testing.h"
#include "ui/plots/curves_view.h"
#include "ui/style/colors.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

using namespace espalier;
using namespace espalier::plots;

namespace {

Points line(int count, double slope) {
    Points points;
    for (int i = 0; i < count; ++i) {
        points.x.push_back(i);
        points.y.push_back(i * slope);
    }
    return points;
}

/// Two series on the screen: "up" (slope 1) and "down" (slope -1), 11 points each.
struct Shown {
    CurvesView view;
    Shown() {
        view.setAxisTitles(QStringLiteral("step"), QStringLiteral("loss"));
        view.addSeries({.name = QStringLiteral("up"), .marker = SeriesStyle::Marker::Disc});
        view.addSeries({.name = QStringLiteral("down, slowly"), .color = 1});
        view.setPoints(0, line(11, 1));
        view.setPoints(1, line(11, -1));
        testing::showNow(view);
    }
    QPointF at(double x, double y) {
        return {view.canvas()->xAxis->coordToPixel(x), view.canvas()->yAxis->coordToPixel(y)};
    }
};

}  // namespace

class TestPlotsCurves : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        testing::failOnWarnings();
        style::applyTheme(*qApp, style::ThemeMode::Light);
    }

    void appendedPointsAreShownAndRescale() {
        Shown shown;
        shown.view.append(0, 20, 50);
        QCOMPARE(shown.view.points(0).size(), std::size_t{12});
        QTRY_VERIFY(shown.view.canvas()->xAxis->range().upper > 20);
        QVERIFY(shown.view.canvas()->yAxis->range().contains(50));
        QCOMPARE(shown.view.canvas()->graph(0)->dataCount(), 12);
    }

    void aZoomOfTheUserIsKept() {
        Shown shown;
        const int right = shown.view.addSeries(
            {.name = QStringLiteral("accuracy"), .axis = SeriesStyle::Axis::Right});
        QCoreApplication::processEvents();
        shown.view.zoom(0.5);
        const QCPRange zoomedRight = shown.view.canvas()->yAxis2->range();
        const QCPRange zoomed = shown.view.canvas()->xAxis->range();
        shown.view.append(0, 1000, 50);
        QCoreApplication::processEvents();
        QCOMPARE(shown.view.canvas()->xAxis->range(), zoomed);
        shown.view.append(right, 5, 5000);
        QCoreApplication::processEvents();
        QCOMPARE(shown.view.canvas()->yAxis2->range(), zoomedRight);
        shown.view.resetView();
        QTRY_VERIFY(shown.view.canvas()->xAxis->range().upper > 1000);
    }

    void denseSeriesAreThinned() {
        Shown shown;
        shown.view.setPoints(0, line(100000, 0.001));
        QTRY_VERIFY(shown.view.canvas()->graph(0)->dataCount() > 100);
        QVERIFY(shown.view.canvas()->graph(0)->dataCount() <= 500);
        QCOMPARE(shown.view.points(0).size(), std::size_t{100000});
    }

    void legendClickTogglesASeries() {
        Shown shown;
        QVERIFY(shown.view.canvas()->legend->visible());
        QSignalSpy toggled(&shown.view, &CurvesView::seriesToggled);
        const QRect entry = shown.view.canvas()->legend->item(1)->outerRect();
        testing::click(shown.view.canvas(), entry.center());
        QCOMPARE(toggled.count(), 1);
        QCOMPARE(toggled[0][0].toInt(), 1);
        QCOMPARE(toggled[0][1].toBool(), false);
        QVERIFY(!shown.view.isSeriesVisible(1));
        QVERIFY(!shown.view.canvas()->graph(1)->visible());
        QTRY_VERIFY(shown.view.canvas()->yAxis->range().lower > -2);  // rescaled to what is left
    }

    void digitsToggleSeries() {
        Shown shown;
        QTest::keyClick(&shown.view, Qt::Key_2);
        QVERIFY(!shown.view.isSeriesVisible(1));
        QTest::keyClick(&shown.view, Qt::Key_2);
        QVERIFY(shown.view.isSeriesVisible(1));
        QTest::keyClick(&shown.view, Qt::Key_9);  // there is no ninth
    }

    void theLegendCoversNoCurve() {
        Shown shown;
        const QCustomPlot& canvas = *shown.view.canvas();
        QVERIFY(canvas.legend->outerRect().bottom() <= canvas.axisRect()->top());
        QVERIFY(canvas.legend->outerRect().height() < 30);
        QVERIFY(canvas.axisRect()->width() > canvas.width() * 3 / 4);  // the plot has its room
        QVERIFY(canvas.legend->item(1)->outerRect().left() <
                canvas.legend->item(0)->outerRect().right() + 40);  // side by side
        shown.view.clear();
        shown.view.addSeries({.name = QStringLiteral("only")});
        QTRY_VERIFY(canvas.axisRect()->top() < 30);  // its row is gone
    }

    void theLowerAxisShowsAtLeastWhatIsAskedFor() {
        CurvesView view;
        view.addSeries({.name = QStringLiteral("validation")});
        view.setLeastBottomRange({0, 1});
        view.append(0, 0, 97);
        testing::showNow(view);
        QCOMPARE(view.canvas()->xAxis->range(), QCPRange(0, 1));
        view.append(0, 3, 98);
        QTRY_VERIFY(view.canvas()->xAxis->range().upper >= 3);
    }

    void oneSeriesNeedsNoLegend() {
        CurvesView view;
        view.addSeries({.name = QStringLiteral("only")});
        QVERIFY(!view.canvas()->legend->visible());
    }

    void aClickFindsTheNearestPoint() {
        Shown shown;
        QSignalSpy clicked(&shown.view, &CurvesView::pointClicked);
        testing::click(shown.view.canvas(), shown.at(4, -4) + QPointF(3, 2));
        QCOMPARE(clicked.count(), 1);
        QCOMPARE(clicked[0][0].toInt(), 1);
        QCOMPARE(clicked[0][1].toInt(), 4);
        testing::click(shown.view.canvas(), shown.at(4, 0));
        QCOMPARE(clicked.count(), 1);
    }

    void hoverReadsAllVisibleSeries() {
        Shown shown;
        QSignalSpy text(&shown.view, &PlotView::hoverTextChanged);
        testing::hover(shown.view.canvas(), shown.at(3.1, 5));
        QVERIFY(text.last()[0].toString().contains(QStringLiteral("up: 3")));
        QVERIFY(text.last()[0].toString().contains(QStringLiteral("down, slowly: −3")));
        shown.view.setSeriesVisible(0, false);
        testing::hover(shown.view.canvas(), shown.at(3.1, 4));
        QVERIFY(!text.last()[0].toString().contains(QStringLiteral("up")));
    }

    void hoverTellsTheSeries() {
        Shown shown;
        QSignalSpy hovered(&shown.view, &CurvesView::seriesHovered);
        testing::hover(shown.view.canvas(), shown.at(7, 7));
        testing::hover(shown.view.canvas(), shown.at(7, 0));
        QCOMPARE(hovered.count(), 2);
        QCOMPARE(hovered[0][0].toInt(), 0);
        QCOMPARE(hovered[1][0].toInt(), -1);
    }

    void csvJoinsSeriesByX() {
        CurvesView view;
        view.setAxisTitles(QStringLiteral("step"), {});
        view.addSeries({.name = QStringLiteral("a")});
        view.addSeries({.name = QStringLiteral("b, \"c\"")});
        view.append(0, 1, 0.5);
        view.append(0, 2, 0.25);
        view.append(1, 2, 99.5);
        QCOMPARE(view.csv(), QStringLiteral("step,a,\"b, \"\"c\"\"\"\n1,0.5,\n2,0.25,99.5\n"));
    }

    void aRightAxisIsScaledByItsOwn() {
        Shown shown;
        const int accuracy = shown.view.addSeries(
            {.name = QStringLiteral("accuracy"), .axis = SeriesStyle::Axis::Right});
        shown.view.append(accuracy, 0, 90);
        shown.view.append(accuracy, 10, 99);
        QTRY_VERIFY(shown.view.canvas()->yAxis2->range().lower > 80);
        QVERIFY(shown.view.canvas()->yAxis2->visible());
        QVERIFY(shown.view.canvas()->yAxis->range().upper < 20);
    }

    void equalValuesLieOnOneLine() {
        CurvesView view;
        view.addSeries({.name = QStringLiteral("accuracy")});
        view.setLeftLimits(Range{0, 100});
        for (const double value : {0.0, 99.0}) {
            view.setPoints(0, {{0, 1}, {value, value}});
            testing::showNow(view);
            const auto range = [&] { return view.canvas()->yAxis->range(); };
            QTRY_VERIFY2(
                range().contains(value) && range().size() > 0.4 && range().size() < 10,
                qPrintable(
                    QString("%1: %2 to %3").arg(value).arg(range().lower).arg(range().upper)));
        }
    }

    void theLegendNamesWhatItLists() {
        CurvesView view;
        view.addSeries({.name = QStringLiteral("validation")});
        view.addSeries({.name = QStringLiteral("run 1"), .isListed = false});
        testing::showNow(view);
        QVERIFY(!view.canvas()->legend->visible());  // one name for two curves would be wrong
        view.addSeries({.name = QStringLiteral("training")});
        QVERIFY(view.canvas()->legend->visible());
        const QCPLegend* legend = view.canvas()->legend;
        QTRY_VERIFY(legend->elementAt(0)->rect().left() >=
                    espalier::style::kSpacePanel);  // not cut off
    }

    void longAxisLabelsAreShortened() {
        CurvesView view;
        view.addSeries({.name = QStringLiteral("a")});
        const QString title = QStringLiteral("a quantity with quite a long name, %");
        view.setAxisTitles(QStringLiteral("x"), title);
        testing::showNow(view, {400, 140});
        const QCPAxis* axis = view.canvas()->yAxis;
        QTRY_VERIFY(axis->label() != title);
        QVERIFY2(axis->label().endsWith(QStringLiteral(", %")), qPrintable(axis->label()));
        QVERIFY(QFontMetrics(axis->labelFont()).horizontalAdvance(axis->label()) <= 140);
        view.resize(400, 600);
        QTRY_COMPARE(axis->label(), title);
    }

    void smoothingKeepsTheRawCurveLight() {
        CurvesView view;
        view.addSeries({.name = QStringLiteral("loss"), .smoothing = 3});
        view.setPoints(0, {{0, 1, 2}, {0, 3, 6}});
        testing::showNow(view);
        QCOMPARE(view.canvas()->graphCount(), 2);
        QCOMPARE(view.canvas()->graph(0)->data()->at(2)->value, 6.0);
        QCOMPARE(view.canvas()->graph(1)->data()->at(2)->value, 3.0);
        const QColor full = style::seriesColor(view.palette(), 0);
        QCOMPARE(view.canvas()->graph(1)->pen().color(), full);
        QVERIFY(view.canvas()->graph(0)->pen().color().lightness() > full.lightness());
    }

    void logScaleShowsPositiveValues() {
        CurvesView view;
        view.addSeries({.name = QStringLiteral("loss")});
        view.setPoints(0, {{0, 1, 2}, {0, 0.001, 10}});
        view.setLeftScale(AxisScale::Log);
        testing::showNow(view);
        const QCPRange range = view.canvas()->yAxis->range();
        QVERIFY(range.lower > 0 && range.lower < 0.001 && range.upper > 10);
    }

    void oddInputIsHarmless() {
        CurvesView view;
        testing::showNow(view);
        view.append(3, 1, 1);
        view.setSeriesVisible(-1, true);
        QCOMPARE(view.points(7).size(), std::size_t{0});
        const int series = view.addSeries({.name = QStringLiteral("gaps")});
        view.setPoints(series, {{0, 1, 2}, {std::nan(""), 5, std::nan("")}});
        view.setHighlighted(12);
        view.setRoundMarks({{2, QStringLiteral("b")}, {0, QStringLiteral("a")}});
        QCoreApplication::processEvents();
        view.clear();
        QCOMPARE(view.seriesCount(), 0);
        QVERIFY(!view.grab().isNull());
    }

    void seriesFollowTheTheme() {
        Shown shown;
        style::applyTheme(*qApp, style::ThemeMode::Dark);
        const QColor expected = style::seriesColor(style::darkPalette(), 0);
        QTRY_COMPARE(shown.view.canvas()->graph(0)->pen().color(), expected);
        QTRY_COMPARE(testing::colorAt(shown.view, {2, 2}),
                     style::colorsFor(style::darkPalette()).background);
    }

    void accessibleTextNamesTheSeries() {
        Shown shown;
        QCOMPARE(shown.view.accessibleName(), QStringLiteral("loss over step"));
        QVERIFY(shown.view.accessibleDescription().contains(QStringLiteral("down, slowly")));
    }
};

QTEST_MAIN(TestPlotsCurves)
#include "tst_plots_curves.moc"
