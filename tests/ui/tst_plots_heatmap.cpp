// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QSet>
#include <QSignalSpy>
#include <QTest>
#include <cmath>

#include "tests/ui/plots_testing.h"
#include "ui/plots/heatmap_view.h"
#include "ui/style/colors.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

using namespace espalier;
using namespace espalier::plots;

namespace {

const float kNan = std::nanf("");

/// 3 × 4: row r, column c holds (r - 1) × (c + 1), but for one NaN at (0, 0).
HeatmapData smallMatrix() {
    HeatmapData data;
    data.name = QStringLiteral("conv1.weight");
    data.rows = 3;
    data.columns = 4;
    data.values = {kNan, -2, -3, -4, 0, 0, 0, 0, 1, 2, 3, 4};
    return data;
}

struct Shown {
    HeatmapView view;
    explicit Shown(const HeatmapData& data = smallMatrix()) {
        view.setData(data);
        testing::showNow(view);
    }
    QPointF middle(int row, int column) { return view.cellRect({row, column}).center(); }
    QColor color(int row, int column) { return testing::colorAt(view, middle(row, column)); }
};

}  // namespace

class TestPlotsHeatmap : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        testing::failOnWarnings();
        style::applyTheme(*qApp, style::ThemeMode::Light);
    }

    void cellsByCoordinates_data() {
        QTest::addColumn<double>("x");
        QTest::addColumn<double>("y");
        QTest::addColumn<int>("row");
        QTest::addColumn<int>("column");
        QTest::newRow("centre") << 2.0 << 1.0 << 1 << 2;
        QTest::newRow("first edge") << -0.5 << -0.5 << 0 << 0;
        QTest::newRow("last edge is outside") << 3.5 << 0.0 << -1 << -1;
        QTest::newRow("below") << 0.0 << 2.6 << -1 << -1;
        QTest::newRow("NaN") << std::nan("") << 0.0 << -1 << -1;
    }
    void cellsByCoordinates() {
        QFETCH(double, x);
        QFETCH(double, y);
        const Cell cell = cellAt(smallMatrix(), x, y);
        QTEST(cell.row, "row");
        QTEST(cell.column, "column");
    }

    void colorRanges() {
        HeatmapData data = smallMatrix();
        QCOMPARE(colorRange(data), (Range{-4, 4}));
        data.kind = HeatmapKind::Sequential;
        QCOMPARE(colorRange(data), (Range{-4, 4}));
        data.kind = HeatmapKind::Sparsity;
        QCOMPARE(colorRange(data), (Range{0, 1}));
        data.range = Range{2, 5};
        QCOMPARE(colorRange(data), (Range{2, 5}));
        HeatmapData one;
        one.rows = one.columns = 1;
        one.values = {0};
        QCOMPARE(colorRange(one), (Range{-1, 1}));
        one.values = {kNan};
        QVERIFY(colorRange(one).size() > 0);
        QVERIFY(colorRange(HeatmapData()).size() > 0);
    }

    void cellsStandForBlocks() {
        HeatmapData data = smallMatrix();  // 3 × 4 cells of 2 × 10
        data.rowStride = 2;
        data.columnStride = 10;
        data.part = Block{100, 105, 50, 85};
        QCOMPARE(blockOf(data, Cell{1, 2}), (Block{102, 104, 70, 80}));
        QCOMPARE(blockOf(data, Cell{2, 3}), (Block{104, 105, 80, 85}));  // what is left
        QCOMPARE(cellAt(data, 79.4, 101.6), (Cell{1, 2}));
        QVERIFY(!cellAt(data, 85, 101).isValid());
        QVERIFY(!cellAt(data, 49, 101).isValid());
    }

    void fineEnoughIsWhatTheScreenCouldShow() {
        HeatmapData data;
        data.rows = 1000;
        data.columns = 1024;
        data.columnStride = 4;
        const Block all{0, 1000, 0, 4096};
        QVERIFY(isFineEnough(data, all));
        QVERIFY(!isFineEnough(data, {0, 1000, 0, 3000}));  // three to a cell would do
        QVERIFY(isFineEnough(data, {0, 10, 0, 3073}));
        data.columnStride = 1;
        QVERIFY(!isFineEnough(data, {0, 10, 0, 1025}));  // beyond its end
        QCOMPARE(withSurroundings({0, 10, 2000, 2100}, all), (Block{0, 1000, 1538, 2562}));
        QCOMPARE(withSurroundings({990, 1000, 0, 1025}, all), (Block{0, 1000, 0, 2048}));
    }

    void signsHaveTheirColours() {
        Shown shown;
        QVERIFY(shown.color(2, 3).red() > shown.color(2, 3).blue());  // 4: orange
        QVERIFY(shown.color(0, 3).blue() > shown.color(0, 3).red());  // -4: blue
    }

    void zeroAndNanAreQuiet() {
        Shown shown;
        const QColor background = style::colorsFor(QApplication::palette()).background;
        QCOMPARE(shown.color(0, 0), background);
        const QColor zero = shown.color(1, 1);
        QVERIFY(std::abs(zero.red() - background.red()) <= 3);
        QVERIFY(std::abs(zero.blue() - background.blue()) <= 3);
        HeatmapData data = smallMatrix();
        data.kind = HeatmapKind::Sequential;
        shown.view.setData(data);
        QCoreApplication::processEvents();
        const QColor unmeasured = shown.color(0, 0);  // NaN: grey, which no value is
        QVERIFY(unmeasured != background && unmeasured.hsvSaturation() < 32);
        QVERIFY(shown.color(1, 1) != background && shown.color(1, 1) != unmeasured);
    }

    void coloursFollowTheTheme() {
        Shown shown;
        style::applyTheme(*qApp, style::ThemeMode::Dark);
        QTRY_COMPARE(shown.color(0, 0), style::colorsFor(style::darkPalette()).background);
        QVERIFY(shown.color(1, 1).lightness() < 60);
    }

    void aClickTellsItsCellAlsoZoomed() {
        Shown shown;
        QSignalSpy clicked(&shown.view, &HeatmapView::cellClicked);
        QSignalSpy row(&shown.view, &HeatmapView::rowClicked);
        testing::click(shown.view.canvas(), shown.middle(2, 1));
        QCOMPARE(clicked.takeFirst(), (QVariantList{2, 1}));
        QCOMPARE(row.takeFirst(), QVariantList{2});
        shown.view.zoom(0.5);
        QCoreApplication::processEvents();
        testing::click(shown.view.canvas(), shown.middle(1, 2));
        QCOMPARE(clicked.takeFirst(), (QVariantList{1, 2}));
        testing::click(shown.view.canvas(), {2, 2});  // on the axis
        QCOMPARE(clicked.count(), 0);
    }

    void aDragIsNoClick() {
        Shown shown;
        shown.view.zoom(0.5);
        QSignalSpy clicked(&shown.view, &HeatmapView::cellClicked);
        const QPointF at = shown.middle(1, 1);
        testing::mouse(shown.view.canvas(), QEvent::MouseButtonPress, at);
        testing::mouse(shown.view.canvas(), QEvent::MouseMove, at + QPointF(60, 0));
        testing::mouse(shown.view.canvas(), QEvent::MouseButtonRelease, at + QPointF(60, 0));
        QCOMPARE(clicked.count(), 0);
    }

    void zoomingOutEndsAtTheMatrix() {
        Shown shown;
        shown.view.zoom(10);
        QCOMPARE(shown.view.canvas()->xAxis->range(), QCPRange(-0.5, 3.5));
        QCOMPARE(shown.view.canvas()->yAxis->range(), QCPRange(-0.5, 2.5));
    }

    void removedCellsAreHatched() {
        HeatmapData data = smallMatrix();
        data.removed.assign(12, 0);
        data.removed[4] = 1;  // (1, 0)
        Shown shown(data);
        const auto coloursOf = [&](int row, int column) {
            QSet<QRgb> colours;
            const QPointF at = shown.middle(row, column);
            for (int dx = -8; dx <= 8; ++dx) {
                colours += testing::colorAt(shown.view, at + QPointF(dx, 0)).rgb();
            }
            return colours;
        };
        const QPalette palette = QApplication::palette();
        QVERIFY(coloursOf(1, 0).contains(style::removedCellHatch(palette).rgb()));
        QVERIFY(coloursOf(1, 0).contains(style::removedCellFill(palette).rgb()));
        QCOMPARE(coloursOf(1, 1).size(), 1);
        data.removed.assign(12, 0);
        shown.view.setData(data);
        QCoreApplication::processEvents();
        QCOMPARE(coloursOf(1, 0).size(), 1);
    }

    void whatStaysOfACellIsSeen() {
        HeatmapData data = smallMatrix();
        data.removed.assign(12, 0);
        data.removed[4] = 0.9F;  // (1, 0)
        Shown shown(data);
        const QPointF at = shown.middle(1, 0);
        const QRgb fill = style::removedCellFill(QApplication::palette()).rgb();
        for (int dx = -8; dx <= 8; ++dx)
            QVERIFY(testing::colorAt(shown.view, at + QPointF(dx, 0)).rgb() != fill);
        QVERIFY(shown.view.data().isRemoved(1, 0));
    }

    void anAxisCanShowOtherNumbersFromEdgeToEdge() {
        HeatmapData data = smallMatrix();
        data.columnScale = Range{0, 100};
        Shown shown(data);
        const QCPAxis& axis = *shown.view.canvas()->xAxis;
        QCOMPARE(axis.tickVectorLabels().first(), QString("0"));
        QCOMPARE(axis.tickVectorLabels().last(), QString("100"));
        QCOMPARE(axis.tickVector().first(), -0.5);
        QCOMPARE(axis.tickVector().last(), 3.5);
    }

    void hoverReadsTheCell() {
        HeatmapData data = smallMatrix();
        data.rowLabels = {QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c")};
        data.columnStride = 10;
        Shown shown(data);
        QSignalSpy text(&shown.view, &PlotView::hoverTextChanged);
        QSignalSpy cell(&shown.view, &HeatmapView::cellHovered);
        testing::hover(shown.view.canvas(), shown.middle(2, 3));
        QCOMPARE(text.last()[0].toString(), QStringLiteral("c, 30: 4"));
        QCOMPARE(cell.last(), (QVariantList{2, 30}));
        shown.view.setReadout(
            [](int row, int column) { return QStringLiteral("%1/%2").arg(row).arg(column); });
        testing::hover(shown.view.canvas(), shown.view.rectOf({0, 1, 17, 18}).center());
        QCOMPARE(text.last()[0].toString(), QStringLiteral("0/17"));
        QEvent leave(QEvent::Leave);
        QCoreApplication::sendEvent(shown.view.canvas(), &leave);
        QCOMPARE(cell.last(), (QVariantList{-1, -1}));
    }

    void aDetailLiesOverTheWhole() {
        HeatmapData data = smallMatrix();  // stands for 6 × 8
        data.rowStride = data.columnStride = 2;
        data.removed.assign(12, 0);
        data.removed[11] = 1;  // rows 4 and 5, columns 6 and 7
        Shown shown(data);
        const QRectF entry = shown.view.rectOf({5, 6, 7, 8});
        const QColor coarse =
            testing::colorAt(shown.view, shown.view.rectOf({5, 6, 5, 6}).center());
        HeatmapData detail = smallMatrix();
        detail.rows = 1;
        detail.columns = 3;
        detail.values = {0, 0, -4};
        detail.removed = {0, 0, 0};
        detail.part = Block{5, 6, 5, 8};
        shown.view.setDetail(detail);
        QCoreApplication::processEvents();
        const QColor fine = testing::colorAt(shown.view, entry.center());
        QVERIFY2(fine.blue() > fine.red(), qPrintable(fine.name()));  // and not hatched
        QVERIFY(testing::colorAt(shown.view, shown.view.rectOf({5, 6, 5, 6}).center()) != coarse);
        QSignalSpy text(&shown.view, &PlotView::hoverTextChanged);
        testing::hover(shown.view.canvas(), entry.center());
        QCOMPARE(text.last()[0].toString(), QStringLiteral("5, 7: −4"));
        testing::hover(shown.view.canvas(), shown.view.rectOf({4, 5, 7, 8}).center());
        QCOMPARE(text.last()[0].toString(), QStringLiteral("4, 6: 4 (removed)"));
        data.removed[11] = 0;
        shown.view.setData(data);  // the same values, another mask
        QVERIFY(!shown.view.detail().isEmpty());
        data.name = QStringLiteral("conv2.weight");
        shown.view.setData(data);
        QVERIFY(shown.view.detail().isEmpty());
        QCoreApplication::processEvents();
        QCOMPARE(testing::colorAt(shown.view, shown.view.rectOf({5, 6, 5, 6}).center()), coarse);
    }

    void axesCountTheMatrixAtEveryZoom() {
        HeatmapData data = smallMatrix();
        data.rowStride = 50;
        data.columnStride = 1000;
        Shown shown(data);
        const QCPAxis& axis = *shown.view.canvas()->xAxis;
        QCOMPARE(axis.range(), QCPRange(-0.5, 3999.5));
        QCOMPARE(shown.view.seen(), (Block{0, 150, 0, 4000}));
        const auto ticksAreTrue = [&axis] {
            const QVector<double> ticks = axis.tickVector();
            for (int i = 0; i < ticks.size(); ++i) {
                if (axis.tickVectorLabels()[i] != QString::number(ticks[i])) return false;
            }
            return ticks.size() >= 3;
        };
        QVERIFY(ticksAreTrue());
        for (int i = 0; i < 30; ++i) shown.view.zoom(0.8);
        QCoreApplication::processEvents();
        QVERIFY(axis.range().size() < 10);
        QVERIFY(ticksAreTrue());
        QVERIFY(shown.view.seen().columns() <= 10);
    }

    void aHighlightedRowIsOutlinedThinly() {
        Shown shown;
        const QRectF row = shown.view.cellRect({1, 0});
        const QPointF edge(row.center().x(), row.top() + 0.5);
        const QColor ink = style::colorsFor(QApplication::palette()).text;
        QVERIFY(testing::colorAt(shown.view, edge) != ink);
        shown.view.setHighlightedRow(1);
        QCOMPARE(testing::colorAt(shown.view, edge), ink);
        QVERIFY(testing::colorAt(shown.view, edge + QPointF(0, 2)) != ink);
        shown.view.setHighlightedRow(-1);
        QVERIFY(testing::colorAt(shown.view, edge) != ink);
    }

    void keyboardWalksTheRows() {
        HeatmapData data = smallMatrix();
        data.rowLabels = {QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c")};
        Shown shown(data);
        QSignalSpy row(&shown.view, &HeatmapView::rowClicked);
        QTest::keyClick(&shown.view, Qt::Key_Down);
        QTest::keyClick(&shown.view, Qt::Key_Down);
        QCOMPARE(shown.view.currentRow(), 1);
        QTest::keyClick(&shown.view, Qt::Key_Up);
        QTest::keyClick(&shown.view, Qt::Key_Up);
        QCOMPARE(row.last()[0].toInt(), 0);
        shown.view.setCurrentRow(2);
        QCOMPARE(row.count(), 4);  // a setter tells nobody
    }

    void theCurrentRowIsOutlined() {
        Shown shown;
        const QRectF first = shown.view.cellRect({1, 0});
        const QPointF edge(first.center().x(), first.top() + 1);
        const QColor ink = style::colorsFor(QApplication::palette()).text;
        QVERIFY(testing::colorAt(shown.view, edge) != ink);
        shown.view.setCurrentRow(1);
        QTRY_COMPARE(testing::colorAt(shown.view, edge), ink);
    }

    void csvListsCells() {
        HeatmapData data = smallMatrix();
        data.rows = 1;
        data.columns = 2;
        data.values = {kNan, 0.5F};
        data.removed = {0, 1};
        HeatmapView view;
        view.setData(data);
        QCOMPARE(view.csv(), QStringLiteral("row,column,value,removed\n0,0,,0\n0,1,0.5,1\n"));
    }

    void csvOfReducedCellsTellsWhatTheyStandFor() {
        HeatmapData data = smallMatrix();
        data.rows = 1;
        data.columns = 2;
        data.values = {-7, 0.5F};
        data.removed = {0, 0.25F};
        data.rowStride = 2;
        data.columnStride = 3;
        data.part = Block{0, 2, 0, 5};
        data.csvValue = QStringLiteral("weight_of_largest_magnitude");
        HeatmapView view;
        view.setData(data);
        QCOMPARE(view.csv(), QStringLiteral("first_row,last_row,first_column,last_column,"
                                            "weight_of_largest_magnitude,removed_share\n"
                                            "0,1,0,2,-7,0\n0,1,3,4,0.5,0.25\n"));
        HeatmapData detail = data;
        detail.rowStride = detail.columnStride = 1;
        detail.part = Block{1, 2, 3, 5};
        detail.removed = {};
        detail.csvValue = QStringLiteral("weight");
        view.setDetail(detail);
        QCOMPARE(view.csv(), QStringLiteral("row,column,weight\n1,3,-7\n1,4,0.5\n"));
    }

    void oneRowAndNothingAreDrawn() {
        HeatmapData data;
        data.rows = 1;
        data.columns = 3;
        data.values = {1, 2, 3};
        data.kind = HeatmapKind::Sequential;
        Shown shown(data);
        const QColor background = style::colorsFor(QApplication::palette()).background;
        QVERIFY(shown.color(0, 1) != background);
        QVERIFY(shown.color(0, 0) != shown.color(0, 2));
        shown.view.setData({});
        QCoreApplication::processEvents();
        QVERIFY(!shown.view.grab().isNull());
        QVERIFY(shown.view.seen().rows() == 0);
    }

    void accessibleTextTellsTheSize() {
        Shown shown;
        QVERIFY(shown.view.accessibleName().contains(QStringLiteral("conv1.weight")));
        QVERIFY(shown.view.accessibleDescription().contains(QStringLiteral("3 rows, 4 columns")));
    }
};

QTEST_MAIN(TestPlotsHeatmap)
#include "tst_plots_heatmap.moc"
