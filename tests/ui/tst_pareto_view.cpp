// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/pareto_view.h"

#include <algorithm>
#include <cmath>

#include <QSignalSpy>

#include "tests/ui/plots_testing.h"
#include "ui/plots/qcp.h"

using namespace espalier::plots;

namespace {

std::vector<ParetoMark> threeMarks() {
    ParetoMark dense{"dense", 1000, 99, "dense tip", true, true, false, true, false};
    ParetoMark trial{"trial 1", 100, 97, "trial tip", true, true, true, true, true};
    ParetoMark other{"other data", 500, 98.5, "not compared", false, false, false, false, false};
    return {dense, trial, other};
}

/// Without the gap round it.
QRectF textRect(const QCPItemText& label) {
    const QRectF whole(label.topLeft->pixelPosition(), label.bottomRight->pixelPosition());
    return whole.marginsRemoved(QMarginsF(label.padding()));
}

struct Shown {
    ParetoView view;
    explicit Shown(std::vector<ParetoMark> marks = threeMarks()) {
        view.setAxisTitles("Non-zeros", "top-1, %", CostFormat::Count);
        view.setMarks(std::move(marks));
        testing::showNow(view);
    }
};

}  // namespace

class TestParetoView : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { testing::failOnWarnings(); }

    void drawsFrontPointsAndTheCurrentOne() {
        Shown shown;
        const QCustomPlot* plot = shown.view.canvas();
        QCOMPARE(plot->graph(0)->data()->size(), 2);  // the front
        QCOMPARE(plot->graph(0)->data()->at(0)->key, 100.0);
        QCOMPARE(plot->graph(1)->data()->size(), 1);          // a state that can be compared
        QCOMPARE(plot->graph(2)->data()->at(0)->key, 500.0);  // hollow
        QCOMPARE(plot->graph(3)->data()->at(0)->key, 100.0);  // a trial
        QCOMPARE(plot->graph(5)->data()->at(0)->key, 100.0);  // the current one
        QCOMPARE(plot->graph(2)->scatterStyle().brush().style(), Qt::NoBrush);
        for (const ParetoMark& mark : shown.view.marks()) {
            QVERIFY(plot->xAxis->range().contains(mark.x));
            QVERIFY(plot->yAxis->range().contains(mark.y));
        }
    }

    void labelsAreInsideAndApart() {
        std::vector<ParetoMark> marks;
        for (const double x : {1.0, 1.01, 900.0, 1000.0}) {
            ParetoMark mark;
            mark.name = QString("a rather long name %1").arg(x);
            mark.x = x;
            mark.y = 99;
            mark.isLabelled = true;
            marks.push_back(mark);
        }
        Shown shown(marks);
        const QCustomPlot* plot = shown.view.canvas();
        QList<QRectF> rects;
        for (int i = 0; i < plot->itemCount(); ++i) {
            const auto* label = qobject_cast<const QCPItemText*>(plot->item(i));
            if (!label) continue;
            const QRectF rect = textRect(*label);
            QVERIFY(QRectF(plot->axisRect()->rect()).contains(rect));
            for (const QRectF& other : rects) QVERIFY(!other.intersects(rect));
            rects << rect;
        }
        QCOMPARE(rects.size(), 4);
    }

    void labelsAreNearestToTheirOwnPoint() {
        std::vector<ParetoMark> marks;
        for (int i = 0; i < 12; ++i) {
            ParetoMark mark;
            mark.name = QString("fine-tuned %1 epochs").arg(i);
            mark.x = i == 0 ? 1000 : 100 + 2 * i;  // all but the first side by side
            mark.y = 97 + 0.1 * (i % 3);
            mark.isLabelled = true;
            mark.isCurrent = i == 5;
            marks.push_back(mark);
        }
        Shown shown(marks);
        const QCustomPlot* plot = shown.view.canvas();
        QStringList named;
        QList<QRectF> rects;
        for (int i = 0; i < plot->itemCount(); ++i) {
            const auto* label = qobject_cast<const QCPItemText*>(plot->item(i));
            if (!label || !label->visible()) continue;
            const QRectF rect = textRect(*label);
            for (const QRectF& other : rects) QVERIFY2(!other.intersects(rect), "labels overlap");
            const auto far = [&rect](const QPointF& point) {
                const double x = std::max({rect.left() - point.x(), 0.0, point.x() - rect.right()});
                const double y = std::max({rect.top() - point.y(), 0.0, point.y() - rect.bottom()});
                return std::hypot(x, y);
            };
            const double own = far(label->position->pixelPosition());
            for (int mark = 0; mark < 12; ++mark)
                QVERIFY2(far(shown.view.markPixel(mark)) > own - 4.5, qPrintable(label->text()));
            rects << rect;
            named << label->text();
        }
        QVERIFY2(named.size() >= 3 && named.size() < 12, qPrintable(named.join(", ")));
        QCOMPARE(named.first(), QString("fine-tuned 5 epochs"));  // what is shown has its name
    }

    void aClickChoosesAPointAndADragDoesNot() {
        Shown shown;
        QSignalSpy chosen(&shown.view, &ParetoView::markChosen);
        testing::click(shown.view.canvas(), shown.view.markPixel(1) + QPointF(3, 3));
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen.last().first().toInt(), 1);
        QCOMPARE(shown.view.focusedMark(), 1);
        testing::click(shown.view.canvas(), shown.view.markPixel(1) + QPointF(60, 0));
        QCOMPARE(chosen.count(), 1);
        testing::mouse(shown.view.canvas(), QEvent::MouseButtonPress, shown.view.markPixel(0));
        testing::mouse(shown.view.canvas(), QEvent::MouseButtonRelease, shown.view.markPixel(1));
        QCOMPARE(chosen.count(), 1);
    }

    void arrowsWalkByCostAndEnterChooses() {
        Shown shown;
        QSignalSpy chosen(&shown.view, &ParetoView::markChosen);
        QTest::keyClick(&shown.view, Qt::Key_Return);
        QCOMPARE(chosen.count(), 0);  // nothing is focused yet
        QList<int> walked;
        for (int i = 0; i < 4; ++i) {
            QTest::keyClick(&shown.view, Qt::Key_Right);
            walked << shown.view.focusedMark();
        }
        QCOMPARE(walked, (QList<int>{1, 2, 0, 1}));
        QTest::keyClick(&shown.view, Qt::Key_Left);
        QCOMPARE(shown.view.focusedMark(), 0);
        QTest::keyClick(&shown.view, Qt::Key_Return);
        QCOMPARE(chosen.last().first().toInt(), 0);
    }

    void hoveringTellsTheExactFigures() {
        Shown shown;
        QSignalSpy hovered(&shown.view, &PlotView::hoverTextChanged);
        testing::hover(shown.view.canvas(), shown.view.markPixel(0));
        QCOMPARE(hovered.last().first().toString(),
                 QString::fromUtf8("dense: Non-zeros 1\u2009000, top-1 99\u2009%"));
        QCOMPARE(shown.view.canvas()->toolTip(), QString("dense tip"));
        testing::hover(shown.view.canvas(), shown.view.markPixel(2));
        QCOMPARE(shown.view.canvas()->toolTip(), QString("not compared"));
    }

    void csvHasEveryPoint() {
        Shown shown;
        QCOMPARE(shown.view.csv(), QString("name,Non-zeros,\"top-1, %\",comparable,front,current\n"
                                           "dense,1000,99,1,1,0\ntrial 1,100,97,1,1,1\n"
                                           "other data,500,98.5,0,0,0\n"));
        shown.view.setAxisTitles("latency, ms", "top-1, %", CostFormat::Milliseconds);
        QVERIFY(shown.view.markText(1).contains(u"latency 100\u2009ms"));
    }

    void aLogarithmicAxisKeepsSmallModelsApart() {
        std::vector<ParetoMark> marks;
        for (const double x : {1e3, 2e3, 1e6}) {
            ParetoMark mark;
            mark.x = x;
            mark.y = 90;
            marks.push_back(mark);
        }
        Shown shown(marks);
        const auto gap = [&] { return shown.view.markPixel(1).x() - shown.view.markPixel(0).x(); };
        QVERIFY(gap() < 2);
        shown.view.setCostScale(AxisScale::Log);
        QCoreApplication::processEvents();
        shown.view.canvas()->replot();
        const double whole = shown.view.markPixel(2).x() - shown.view.markPixel(0).x();
        QVERIFY(std::abs(gap() / whole - std::log10(2.0) / 3) < 1e-6);
        QVERIFY(whole > 0.8 * shown.view.canvas()->axisRect()->width());
        QSignalSpy chosen(&shown.view, &ParetoView::markChosen);
        testing::click(shown.view.canvas(), shown.view.markPixel(1) + QPointF(3, 3));
        QCOMPARE(chosen.takeFirst().first().toInt(), 1);
        shown.view.setCostScale(AxisScale::Linear);
        QVERIFY(gap() < 2);
    }

    void onePointAndNoneAreFine() {
        Shown shown({threeMarks().front()});
        QVERIFY(shown.view.canvas()->xAxis->range().size() > 0);
        QTest::keyClick(&shown.view, Qt::Key_Left);
        QCOMPARE(shown.view.focusedMark(), 0);
        shown.view.setMarks({});
        QCOMPARE(shown.view.focusedMark(), -1);
        QTest::keyClick(&shown.view, Qt::Key_Left);
        QCOMPARE(shown.view.focusedMark(), -1);
    }
};

QTEST_MAIN(TestParetoView)
#include "tst_pareto_view.moc"
