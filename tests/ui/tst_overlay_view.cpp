// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/overlay_view.h"

#include <QMenu>
#include <QSignalSpy>

#include "tests/ui/plots_testing.h"
#include "ui/plots/qcp.h"

using namespace espalier::plots;

namespace {

HistogramData side(const char* name, std::vector<std::int64_t> counts, std::int64_t zeros = 0) {
    HistogramData data;
    data.name = QString::fromLatin1(name);
    data.edges = {-2, 2};
    data.counts = std::move(counts);
    data.zeros = zeros;
    return data;
}

OverlayData twoSides() {
    return {side("A: dense", {10, 20, 30, 40}), side("B: current", {0, 5, 6, 0}, 89)};
}

}  // namespace

class TestOverlayView : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { testing::failOnWarnings(); }

    void drawsBothWithALegend() {
        OverlayView view;
        view.setData(twoSides());
        testing::showNow(view);
        QCustomPlot* plot = view.canvas();
        QVERIFY(plot->legend->visible());
        QCOMPARE(plot->graph(0)->name(), QString::fromUtf8("A: dense (0 zeros)"));
        QCOMPARE(plot->graph(1)->name(), QString::fromUtf8("B: current (89 zeros)"));
        QCOMPARE(plot->graph(1)->data()->at(2)->value, 6.0);
        QVERIFY(plot->graph(0)->pen().color() != plot->graph(1)->pen().color());
        QVERIFY(plot->yAxis->range().upper >= 40);
    }

    void oneSideWithoutTheLayerIsSaid() {
        OverlayView view;
        view.setData({side("A: dense", {1, 2, 3, 4}), side("B: cut", {})});
        testing::showNow(view);
        QVERIFY(view.canvas()->graph(1)->name().contains("no such layer"));
        QVERIFY(view.canvas()->graph(1)->data()->isEmpty());
        QVERIFY(view.csv().endsWith("1,2,4,\n"));
    }

    void countsMayBeLogarithmic() {
        OverlayView view;
        view.setData(twoSides());
        testing::showNow(view);
        QSignalSpy changed(&view, &OverlayView::countScaleChanged);
        const std::unique_ptr<QMenu> menu(view.createContextMenu());
        menu->actions().first()->trigger();
        QCOMPARE(changed.count(), 1);
        QCOMPARE(view.canvas()->yAxis->scaleType(), QCPAxis::stLogarithmic);
        view.setCountScale(CountScale::Linear);
        QCOMPARE(view.canvas()->yAxis->scaleType(), QCPAxis::stLinear);
    }

    void hoveringTellsBothCounts() {
        OverlayView view;
        view.setData(twoSides());
        testing::showNow(view);
        QSignalSpy hovered(&view, &PlotView::hoverTextChanged);
        const QCustomPlot* plot = view.canvas();
        testing::hover(view.canvas(), {plot->xAxis->coordToPixel(0.5),
                                       static_cast<double>(plot->axisRect()->center().y())});
        const QString text = hovered.last().first().toString();
        QVERIFY2(text.contains("A: dense: 30 weights") && text.contains("B: current: 6 weights"),
                 qPrintable(text));
    }

    void csvHasTheZerosFirst() {
        OverlayView view;
        view.setData(twoSides());
        QCOMPARE(view.csv(), QString("bin_left,bin_right,A: dense,B: current\n0,0,0,89\n"
                                     "-2,-1,10,0\n-1,0,20,5\n0,1,30,6\n1,2,40,0\n"));
    }

    void nothingIsDrawnWithoutData() {
        OverlayView view;
        view.setData({});
        testing::showNow(view);
        QVERIFY(!view.canvas()->legend->visible());
    }
};

QTEST_MAIN(TestOverlayView)
#include "tst_overlay_view.moc"
