// SPDX-License-Identifier: GPL-3.0-or-later
// A run's samples as curves, and the charts that draw them.
#include "ui/panels/training_curves.h"

#include <cmath>

#include <QTest>

#include "tests/support/gui_test.h"
#include "ui/panels/training_charts.h"
#include "ui/plots/curves_view.h"
#include "ui/plots/qcp.h"

using namespace espalier;
using train::TrainSample;

namespace {

/// Two epochs of two steps.
std::vector<TrainSample> samplesOf(const measure::Metric& metric) {
    const bool isShare = metric.isShare();
    const auto epochEnd = [&](std::int64_t step, int epoch, double loss) {
        TrainSample sample{.step = step, .epoch = epoch, .loss = 9, .valLoss = loss};
        sample.score = isShare ? 1 - loss : loss;
        if (isShare) sample.top1 = sample.score;
        sample.sparsity = 0.5;
        sample.round = epoch;
        return sample;
    };
    const auto step = [](std::int64_t number, int epoch) {
        return TrainSample{.step = number,
                           .epoch = epoch,
                           .round = epoch,
                           .loss = 1.0 / static_cast<double>(number),
                           .lr = 0.1,
                           .sparsity = 0.5};
    };
    return {epochEnd(0, 0, 0.5), step(1, 1), step(2, 1),           epochEnd(2, 1, 0.25),
            step(3, 2),          step(4, 2), epochEnd(4, 2, 0.125)};
}

measure::Metric lossMetric() {
    measure::Metric metric;
    metric.kind = measure::Metric::Kind::Loss;
    metric.name = "loss";
    metric.loss = "mse";
    return metric;
}

}  // namespace

class TestTrainingCurves : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_settings = std::make_unique<test::OwnSettings>(); }
    void init() { test::failOnAnyWarning(); }

    void theAxisOfRatesIsOfTheRunThatIsSeen() {
        ui::TrainingCharts charts;
        charts.resize(900, 240);
        charts.show();
        QVERIFY(QTest::qWaitForWindowExposed(&charts));
        auto* view = test::find<plots::CurvesView>(charts, "rateCurves");
        const auto upper = [view] {
            view->canvas()->replot(QCustomPlot::rpImmediateRefresh);
            return view->canvas()->yAxis2->range().upper;
        };
        const auto run = [&charts](double rate) {
            charts.begin({}, 2);
            for (TrainSample sample : samplesOf({})) {
                if (sample.lr > 0) sample.lr = rate * (1 - 0.01 * static_cast<double>(sample.step));
                charts.add(sample);
            }
        };
        run(0.1);
        QVERIFY2(upper() > 0.09, qPrintable(QString::number(upper())));
        view->zoom(0.5);  // and the run that comes is seen whole again
        run(0.001);
        QVERIFY2(upper() < 0.002, qPrintable(QString::number(upper())));
    }

    void stepsLieBetweenEpochs() {
        const ui::TrainingCurves curves = ui::curvesOf(samplesOf({}), {});
        QCOMPARE(curves.loss.x, (std::vector<double>{0.5, 1, 1.5, 2}));
        QCOMPARE(curves.loss.y, (std::vector<double>{1, 0.5, 1.0 / 3, 0.25}));
        QCOMPARE(curves.valLoss.x, (std::vector<double>{0, 1, 2}));
        QCOMPARE(curves.score.y, (std::vector<double>{50, 75, 87.5}));  // per cent
        // Where steps begin, and the next one at the ends of epochs.
        QCOMPARE(curves.rate.x, (std::vector<double>{0, 0.5, 1, 1, 1.5, 2}));
        QCOMPARE(curves.sparsity.y.back(), 50.0);
        QCOMPARE(curves.marks.size(), std::size_t(2));
        QCOMPARE(curves.marks[1], (plots::RoundMark{1.5, "round 2"}));
    }

    void scoresThatAreNoSharesKeepTheirUnit() {
        const ui::TrainingCurves curves = ui::curvesOf(samplesOf(lossMetric()), lossMetric());
        QCOMPARE(curves.score.y, (std::vector<double>{0.5, 0.25, 0.125}));
    }

    void nothingIsNoCurve() { QCOMPARE(ui::curvesOf({}, {}).loss.size(), std::size_t(0)); }

    void whatIsPlannedGoesFromTheFilesZerosToThePlan() {
        train::Timeline timeline;
        timeline.steps = 20;
        timeline.warmupSteps = 5;
        timeline.rounds = {0, 10};
        timeline.points = {{0, 0.1, 0}, {10, 0.2, 0.5}, {19, 0.3, 1}};
        const ui::TrainingCurves curves = ui::plannedCurves(timeline, 10, 0.2, 0.6);
        QCOMPARE(curves.rate.x, (std::vector<double>{0, 1, 1.9}));
        QCOMPARE(curves.rate.y, (std::vector<double>{0.1, 0.2, 0.3}));
        QCOMPARE(curves.sparsity.x, (std::vector<double>{0, 1, 1.9, 2}));
        const std::vector<double> expected{20, 40, 60, 60};
        for (std::size_t i = 0; i < expected.size(); ++i)
            QVERIFY(std::abs(curves.sparsity.y[i] - expected[i]) < 1e-9);
        QCOMPARE(curves.marks, (std::vector<plots::RoundMark>{{1, "round 2"}, {0.5, "warm-up"}}));
    }

    // The metric of numeric targets is the loss, which has a chart: an empty one is not shown.
    void aLossAsMetricNeedsNoSecondChart_data() {
        QTest::addColumn<bool>("isLoss");
        QTest::newRow("top-1") << false;
        QTest::newRow("loss") << true;
    }
    void aLossAsMetricNeedsNoSecondChart() {
        QFETCH(bool, isLoss);
        const measure::Metric metric = isLoss ? lossMetric() : measure::Metric();
        ui::TrainingCharts charts;
        charts.begin(metric, 2);
        auto* scores = test::find<plots::CurvesView>(charts, "accuracyCurves");
        QVERIFY(!scores->isVisibleTo(&charts));
        for (const TrainSample& sample : samplesOf(metric)) charts.add(sample);
        QCOMPARE(scores->isVisibleTo(&charts), !isLoss);
        QCOMPARE(test::find<plots::CurvesView>(charts, "lossCurves")->points(1).size(),
                 std::size_t(3));
        QCOMPARE(test::find<plots::CurvesView>(charts, "lossCurves")->points(0).size(),
                 std::size_t(4));
    }

    void sparsityRisesOverItsPlan() {
        ui::TrainingCharts charts;
        charts.resize(900, 300);
        charts.show();
        ui::TrainingCurves plan;
        plan.sparsity = {{0, 1, 2}, {0, 60, 92}};
        charts.setPlan(plan, "epoch");
        charts.begin({}, 2);
        for (int step = 1; step <= 4; ++step)
            charts.add({.step = step, .epoch = 1, .loss = 1, .lr = 0.1, .sparsity = 0.2 * step});
        auto* rates = test::find<plots::CurvesView>(charts, "rateCurves");
        const int live = rates->seriesCount() - 1;
        QCOMPARE(rates->points(live).x, (std::vector<double>{0.5, 1, 1.5, 2}));
        for (std::size_t i = 0; i < 4; ++i)
            QVERIFY(std::abs(rates->points(live).y[i] - 20 * double(i + 1)) < 1e-9);
        QTRY_COMPARE(rates->canvas()->yAxis->range(), QCPRange(0, 100));
        const QCPGraph* planned = rates->canvas()->graph(live - 2);
        const QCPGraph* drawn = rates->canvas()->graph(live);
        QCOMPARE(planned->pen().style(), Qt::DashLine);
        QCOMPARE(drawn->pen().style(), Qt::SolidLine);
        QVERIFY(drawn->pen().widthF() > planned->pen().widthF());
        QCOMPARE(drawn->valueAxis(), rates->canvas()->yAxis);
    }

    // One point has a range round it: 99 % +- 5 %.
    void noAxisOfSharesGoesBeyondAHundred() {
        ui::TrainingCharts charts;
        charts.resize(900, 300);
        charts.show();
        charts.begin({}, 2);
        TrainSample before{.loss = 0.1, .valLoss = 0.1};
        before.top1 = before.score = 0.99;
        charts.add(before);
        auto* scores = test::find<plots::CurvesView>(charts, "accuracyCurves");
        QTRY_VERIFY(scores->canvas()->yAxis->range().contains(99));
        const QCPRange range = scores->canvas()->yAxis->range();
        QVERIFY2(range.upper >= 100 && range.upper < 100.5,
                 qPrintable(QString::number(range.upper)));
        QVERIFY2(range.lower < 98, qPrintable(QString::number(range.lower)));
    }

    void runsOfAnotherMetricKeepToTheirCharts() {
        ui::TrainingCharts charts;
        charts.begin({}, 2);
        const ui::OverlaidRun alike{"alike", 3, false, {}, ui::curvesOf(samplesOf({}), {})};
        const ui::OverlaidRun other{"other", 5, false, lossMetric(),
                                    ui::curvesOf(samplesOf(lossMetric()), lossMetric())};
        charts.setOverlays({alike, other});
        auto* losses = test::find<plots::CurvesView>(charts, "lossCurves");
        QCOMPARE(losses->seriesCount(), 4);  // the legend names both
        QCOMPARE(losses->points(0).size(), std::size_t(3));
        QCOMPARE(losses->points(1).size(), std::size_t(0));
        QCOMPARE(test::find<plots::CurvesView>(charts, "accuracyCurves")->seriesCount(), 2);
        QCOMPARE(test::find<plots::CurvesView>(charts, "rateCurves")->seriesCount(), 4);
    }

private:
    std::unique_ptr<test::OwnSettings> m_settings;
};

QTEST_MAIN(TestTrainingCurves)
#include "tst_training_curves.moc"
