// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/difference_view.h"

#include <QSignalSpy>

#include "tests/ui/plots_testing.h"
#include "ui/plots/qcp.h"

using namespace espalier::plots;

namespace {

const std::vector<DifferenceBar> kBars{
    {"cat", 90, 95, 20}, {"dog, small", 80, 70, 10}, {"ship", 0, 0, 0}};

}  // namespace

class TestDifferenceView : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { testing::failOnWarnings(); }

    void gainsGoUpAndLossesDown() {
        DifferenceView view;
        view.setBars(kBars);
        testing::showNow(view);
        const auto* gains = view.canvas()->graph(0);
        const auto* losses = view.canvas()->graph(1);
        QCOMPARE(gains->data()->at(0)->value, 5.0);
        QCOMPARE(losses->data()->at(0)->value, -10.0);
        QVERIFY(losses->data()->at(0)->key > 0.5 && losses->data()->at(0)->key < 1);
        QVERIFY(view.canvas()->yAxis->range().contains(-10));
        QVERIFY(gains->brush().color() != losses->brush().color());
    }

    void aClassWithoutSamplesIsADash() {
        DifferenceView view;
        view.setBars(kBars);
        testing::showNow(view);
        const auto labels = view.canvas()->xAxis->tickVectorLabels();
        QVERIFY2(labels.contains(QString::fromUtf8("ship –")), qPrintable(labels.join("|")));
        QVERIFY(view.accessibleDescription().contains("no samples"));
    }

    void hoveringTellsBothSides() {
        DifferenceView view;
        view.setBars(kBars);
        testing::showNow(view);
        QSignalSpy hovered(&view, &PlotView::hoverTextChanged);
        const QCustomPlot* plot = view.canvas();
        testing::hover(view.canvas(), {plot->xAxis->coordToPixel(1),
                                       static_cast<double>(plot->axisRect()->center().y())});
        const QString text = hovered.last().first().toString();
        QVERIFY2(text.startsWith("dog, small: 80") && text.contains("10 samples"),
                 qPrintable(text));
    }

    void csvLeavesOutWhatIsNotMeasured() {
        DifferenceView view;
        view.setSideNames("dense", "current");
        view.setBars(kBars);
        QCOMPARE(view.csv(), QString("class,samples,dense,current,difference\ncat,20,90,95,5\n"
                                     "\"dog, small\",10,80,70,-10\nship,0,,,\n"));
    }

    void equalSidesAreFlat() {
        DifferenceView view;
        view.setBars({{"cat", 90, 90, 20}});
        testing::showNow(view);
        QVERIFY(view.canvas()->graph(0)->data()->isEmpty());
        QVERIFY(view.canvas()->graph(1)->data()->isEmpty());
        view.setBars({});
    }
};

QTEST_MAIN(TestDifferenceView)
#include "tst_difference_view.moc"
