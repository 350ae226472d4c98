// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/goal_dialog.h"

#include <QComboBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSet>
#include <QTest>
#include <QTreeWidget>

#include "tests/support/gui_test.h"
#include "tests/support/open_model.h"
#include "ui/dialogs/inline_message.h"
#include "ui/document/channels.h"
#include "ui/plots/curves_view.h"

#include "ui/plots/qcp.h"

#include <algorithm>
#include <functional>

using namespace espalier;
using test::find;
using ui::GoalDialog;

namespace {

const std::map<std::string, prune::DropCurve> kCurves{{"conv1.weight", {{0.25, 0.0}, {0.5, 0.1}}},
                                                      {"fc1.weight", {{0.5, 0.0}, {0.95, 0.02}}}};

}  // namespace

class TestGoalDialog : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup() { m_model.reset(); }
    void weightsReachTheirGoal();
    void channelsReachTheirGoal();
    void curvesThatWereMeasuredAreOffered();
    void whatCannotBeReachedIsSaid();
    void pointsCanBeTheGoal();
    void goalsAreDrawnAhead();
    void aSpreadHasOneColour();
    void whyIsReadable();
    void aPartOfAScanIsCalledThat();
    void fewSamplesAreTold();
    void latencyIsMeasured();
    void whatIsUsedMostStandsFirst();
    void anAmountCanBeTheGoal();
    void aRiseOfALossCanBeTheGoal();
    void otherUnitsHaveDecimalsOfTheirOwn();
    void dropsAreDrawnAhead();
    void latenciesAreDrawnOverMacs();
    void curvesOfAnotherCriterionAreNamed();

private:
    static bool isReady(const GoalDialog& dialog) {
        auto* accept = find<QPushButton>(dialog, "goalAccept");
        return QTest::qWaitFor([accept] { return accept->isEnabled(); }, test::kPatienceMs);
    }
    static void choose(const GoalDialog& dialog, const char* box, const char* text) {
        auto* combo = find<QComboBox>(dialog, box);
        const int index = combo->findText(QString::fromUtf8(text), Qt::MatchStartsWith);
        QVERIFY2(index >= 0, text);
        combo->setCurrentIndex(index);
    }
    static double share(std::int64_t part, std::int64_t whole) {
        return double(part) / double(whole);
    }

    std::unique_ptr<test::OwnSettings> m_settings = std::make_unique<test::OwnSettings>();
    std::unique_ptr<test::OpenModel> m_model;
};

void TestGoalDialog::init() {
    test::failOnAnyWarning();
    if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
    m_model = std::make_unique<test::OpenModel>();
    QVERIFY(m_model->open());
    QVERIFY(m_model->rest());
}

void TestGoalDialog::weightsReachTheirGoal() {
    GoalDialog dialog(&m_model->document, &m_model->jobs);
    dialog.show();
    find<QDoubleSpinBox>(dialog, "goalPercent")->setValue(20);
    choose(dialog, "goalAllocation", "by shape");
    QVERIFY(isReady(dialog));
    QCOMPARE(dialog.goalText(), QString("20.0\u2009% of the non-zeros"));
    auto* list = find<QTreeWidget>(dialog, "goalList");
    QCOMPARE(list->topLevelItemCount(), 4);
    QVERIFY(list->topLevelItem(0)->text(2).contains("20×1×5×5"));
    if (const QString shots = qEnvironmentVariable("ESPALIER_SCREENSHOTS"); !shots.isEmpty())
        QVERIFY(dialog.grab().save(shots + "/goal-by-shape.png"));
    m_model->document.setPlan(*dialog.plan(), dialog.goalText());
    QVERIFY(m_model->rest());
    const auto left =
        share(m_model->document.footprint().nonzeros, m_model->document.denseFootprint().nonzeros);
    QVERIFY2(left <= 0.2 && left > 0.199, qPrintable(QString::number(left)));
    // The first convolution has 500 weights: its density is the highest.
    QCOMPARE(m_model->document.plan().weights.at("conv1.weight").value, 0.0);
}

void TestGoalDialog::channelsReachTheirGoal() {
    QVERIFY(m_model->document.channels()->found());
    GoalDialog dialog(&m_model->document, &m_model->jobs);
    dialog.show();
    choose(dialog, "goalStructure", "channels");
    QCOMPARE(find<QComboBox>(dialog, "goalQuantity")->currentText(), QString("parameters"));
    choose(dialog, "goalQuantity", "MACs");
    QCOMPARE(find<QComboBox>(dialog, "goalAllocation")->count(), 2);  // no densities by shape
    QVERIFY(isReady(dialog));
    QCOMPARE(find<QTreeWidget>(dialog, "goalList")->topLevelItemCount(), 3);
    m_model->document.setPlan(*dialog.plan(), dialog.goalText());
    QVERIFY(m_model->rest());
    const auto left =
        share(m_model->document.footprint().macs, m_model->document.denseFootprint().macs);
    QVERIFY2(left <= 0.5 && left > 0.4, qPrintable(QString::number(left)));
}

void TestGoalDialog::curvesThatWereMeasuredAreOffered() {
    GoalDialog dialog(&m_model->document, &m_model->jobs, {prune::Structure::Weights, kCurves});
    dialog.show();
    find<QDoubleSpinBox>(dialog, "goalPercent")->setValue(25);
    choose(dialog, "goalAllocation", "by sensitivity");
    QVERIFY(isReady(dialog));
    const auto& weights = dialog.plan()->weights;
    QCOMPARE(weights.size(), std::size_t(2));  // what was not measured stays whole
    const double drop = 0.02 * (weights.at("fc1.weight").value - 0.5) / 0.45;
    QVERIFY(drop > 0.005);
    const QString why = find<QTreeWidget>(dialog, "goalList")->topLevelItem(0)->text(2);
    QVERIFY2(why.startsWith("alone it loses at most 1."), qPrintable(why));
    QVERIFY(std::abs(weights.at("conv1.weight").value - (0.25 + 0.25 * drop / 0.1)) < 1e-6);
    // They are curves of weights: channels are not spread by them.
    choose(dialog, "goalStructure", "channels");
    auto* allocations = find<QComboBox>(dialog, "goalAllocation");
    QCOMPARE(allocations->findText("by sensitivity", Qt::MatchStartsWith), -1);
}

void TestGoalDialog::whatCannotBeReachedIsSaid() {
    GoalDialog dialog(&m_model->document, &m_model->jobs);
    dialog.show();
    choose(dialog, "goalStructure", "channels");
    choose(dialog, "goalQuantity", "MACs");
    find<QDoubleSpinBox>(dialog, "goalPercent")->setValue(0.1);
    auto* message = find<ui::InlineMessage>(dialog, "goalMessage");
    QTRY_VERIFY_WITH_TIMEOUT(message->isError(), test::kPatienceMs);
    QVERIFY2(message->text().contains("as few as there can be"), qPrintable(message->text()));
    QVERIFY(!find<QPushButton>(dialog, "goalAccept")->isEnabled());
    QVERIFY(!dialog.plan());
}

void TestGoalDialog::pointsCanBeTheGoal() {
    GoalDialog dialog(&m_model->document, &m_model->jobs, {prune::Structure::Weights, kCurves});
    dialog.show();
    choose(dialog, "goalQuantity", "drop of top-1");
    auto* number = find<QDoubleSpinBox>(dialog, "goalPercent");
    QCOMPARE(number->text(), QString("1.00\u2009points"));
    QCOMPARE(find<QComboBox>(dialog, "goalAllocation")->count(), 1);  // only measured ones
    number->setValue(2);
    QVERIFY(isReady(dialog));
    QCOMPARE(dialog.goalText(), QString("a loss of 2 points in each layer alone"));
    QCOMPARE(dialog.plan()->weights.at("conv1.weight").value, 0.25);  // as the brush has it
    QCOMPARE(dialog.plan()->weights.at("fc1.weight").value, 0.95);
    // Back to a share: the number is one again.
    choose(dialog, "goalQuantity", "non-zeros");
    QCOMPARE(number->text(), QString("50.0\u2009%"));
    QVERIFY(find<QComboBox>(dialog, "goalAllocation")->count() > 1);
}

void TestGoalDialog::goalsAreDrawnAhead() {
    const std::map<std::string, prune::DropCurve> curves{{"conv1.weight", {{0.95, 0.4}}},
                                                         {"conv2.weight", {{0.95, 0.2}}},
                                                         {"fc1.weight", {{0.5, 0}, {0.95, 0.02}}},
                                                         {"fc2.weight", {{0.95, 0.3}}}};
    GoalDialog dialog(&m_model->document, &m_model->jobs, {prune::Structure::Weights, curves});
    dialog.show();
    auto* front = find<plots::CurvesView>(dialog, "goalFront");
    QTRY_COMPARE_WITH_TIMEOUT(front->seriesCount(), 5, test::kPatienceMs);  // four and this goal
    QVERIFY(isReady(dialog));
    if (const QString shots = qEnvironmentVariable("ESPALIER_SCREENSHOTS"); !shots.isEmpty())
        QVERIFY(dialog.grab().save(shots + "/goal-ahead.png"));
    // One threshold, by sensitivity …: the plots' order is that of the enumeration.
    const plots::Points uniform = front->points(0);
    QVERIFY(uniform.x.size() > 15);
    QVERIFY(uniform.y.back() > uniform.y.front());
    Q_EMIT front->pointClicked(0, 4);
    QVERIFY(find<QComboBox>(dialog, "goalAllocation")->currentText().startsWith("the same share"));
    QVERIFY(std::abs(100 * dialog.share() - uniform.x[4]) < 0.06);  // of one decimal
    QVERIFY(isReady(dialog));
    QTRY_VERIFY(std::abs(front->points(4).y.at(0) - uniform.y[4]) < 0.2);
    // Without curves it says what is missing.
    choose(dialog, "goalStructure", "channels");
    QCOMPARE(front->seriesCount(), 0);
}

/// Beside others and alone.
void TestGoalDialog::aSpreadHasOneColour() {
    const std::map<std::string, prune::DropCurve> curves{{"conv1.weight", {{0.95, 0.4}}},
                                                         {"conv2.weight", {{0.95, 0.2}}},
                                                         {"fc1.weight", {{0.5, 0}, {0.95, 0.02}}},
                                                         {"fc2.weight", {{0.95, 0.3}}}};
    GoalDialog dialog(&m_model->document, &m_model->jobs, {prune::Structure::Weights, curves});
    dialog.show();
    const auto* front = find<plots::CurvesView>(dialog, "goalFront");
    const auto colorOf = [front](const QString& name) {
        for (int i = 0; i < front->canvas()->graphCount(); ++i) {
            const QCPGraph* graph = front->canvas()->graph(i);
            if (graph->name() == name) return graph->pen().color().name();
        }
        return QString();
    };
    QTRY_COMPARE_WITH_TIMEOUT(front->seriesCount(), 5, test::kPatienceMs);
    const QString bySensitivity = colorOf("by sensitivity");
    const QString goal = colorOf("this goal");
    QVERIFY(!bySensitivity.isEmpty() && !goal.isEmpty());
    QSet<QString> colors;
    for (const char* name : {"one threshold", "by sensitivity", "by shape", "uniform", "this goal"})
        colors << colorOf(QString::fromLatin1(name));
    QCOMPARE(colors.size(), 5);
    choose(dialog, "goalQuantity", "drop of top-1");
    QTRY_VERIFY_WITH_TIMEOUT(front->seriesCount() == 2, test::kPatienceMs);
    QCOMPARE(colorOf("by sensitivity"), bySensitivity);
    QCOMPARE(colorOf("this goal"), goal);
}

void TestGoalDialog::whyIsReadable() {
    GoalDialog dialog(&m_model->document, &m_model->jobs, {prune::Structure::Weights, kCurves});
    dialog.show();
    choose(dialog, "goalQuantity", "drop of top-1");
    QVERIFY(isReady(dialog));
    const auto* list = find<QTreeWidget>(dialog, "goalList");
    const auto* why = find<QLabel>(dialog, "goalWhy");
    QVERIFY(list->currentItem());
    for (int row = 0; row < list->topLevelItemCount(); ++row) {
        find<QTreeWidget>(dialog, "goalList")->setCurrentItem(list->topLevelItem(row));
        QVERIFY2(why->text().endsWith(ui::unbroken(list->topLevelItem(row)->text(2))),
                 qPrintable(why->text()));
        QVERIFY(why->text().startsWith(list->topLevelItem(row)->text(0)));
        QVERIFY(why->heightForWidth(why->width()) <= why->height());
        QVERIFY(!list->topLevelItem(row)->toolTip(2).isEmpty());
    }
    // No column runs out of the list, and the reason has most of it.
    const QHeaderView* header = list->header();
    QVERIFY(header->length() <= list->viewport()->width());
    QVERIFY(header->sectionSize(2) > list->viewport()->width() / 2);
    if (const QString shots = qEnvironmentVariable("ESPALIER_SCREENSHOTS"); !shots.isEmpty())
        QVERIFY(dialog.grab().save(shots + "/goal-why.png"));
}

void TestGoalDialog::aPartOfAScanIsCalledThat() {
    ui::MeasuredDrops drops{prune::Structure::Weights, kCurves};
    drops.wanted = 4;
    drops.isRunning = true;
    GoalDialog running(&m_model->document, &m_model->jobs, drops);
    QVERIFY(isReady(running));
    auto* message = find<ui::InlineMessage>(running, "goalMessage");
    QVERIFY2(message->text().contains("still running: 2 of 4 are measured"),
             qPrintable(message->text()));
    drops.isRunning = false;
    GoalDialog stopped(&m_model->document, &m_model->jobs, drops);
    QVERIFY(isReady(stopped));
    QVERIFY(find<ui::InlineMessage>(stopped, "goalMessage")->text().contains("not finished"));
    drops.wanted = 2;
    GoalDialog whole(&m_model->document, &m_model->jobs, drops);
    QVERIFY(isReady(whole));
    QVERIFY(!find<ui::InlineMessage>(whole, "goalMessage")->text().contains("scan"));
}

/// One sample of 200 is half a point.
void TestGoalDialog::fewSamplesAreTold() {
    ui::MeasuredDrops drops{prune::Structure::Weights, kCurves};
    drops.dense = 0.89;
    drops.samples = 200;
    drops.limit = 0.005;
    const auto words = [](const GoalDialog& dialog) {
        return find<ui::InlineMessage>(dialog, "goalMessage")->text();
    };
    GoalDialog dialog(&m_model->document, &m_model->jobs, drops);
    dialog.show();
    QVERIFY(isReady(dialog));
    QVERIFY2(!words(dialog).contains("is known to"), qPrintable(words(dialog)));  // one threshold
    choose(dialog, "goalAllocation", "by sensitivity");
    QVERIFY(isReady(dialog));
    QVERIFY2(words(dialog).contains("On 200 samples an accuracy is known to ± 2.3 points; for a "
                                    "limit of 0.5 points use at least"),
             qPrintable(words(dialog)));
    choose(dialog, "goalQuantity", "drop of top-1");
    find<QDoubleSpinBox>(dialog, "goalPercent")->setValue(1);
    QVERIFY(isReady(dialog));
    QVERIFY2(words(dialog).contains("for a limit of 1 point use"), qPrintable(words(dialog)));
    find<QDoubleSpinBox>(dialog, "goalPercent")->setValue(8);
    QVERIFY(isReady(dialog));
    QVERIFY2(!words(dialog).contains("is known to"), qPrintable(words(dialog)));
}

void TestGoalDialog::latencyIsMeasured() {
    GoalDialog dialog(&m_model->document, &m_model->jobs);
    dialog.show();
    choose(dialog, "goalStructure", "channels");
    choose(dialog, "goalQuantity", "latency");
    find<QDoubleSpinBox>(dialog, "goalPercent")->setValue(85);
    auto* accept = find<QPushButton>(dialog, "goalAccept");
    auto* message = find<ui::InlineMessage>(dialog, "goalMessage");
    QTRY_VERIFY2_WITH_TIMEOUT(message->text().startsWith("Cutting and timing the model, try "),
                              qPrintable(message->text()), test::kPatienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(accept->isEnabled() || message->isError(), 4 * test::kPatienceMs);
    // A busy machine may find no cut that is faster; then it says so.
    QVERIFY2(message->text().contains(accept->isEnabled() ? "of the time, measured" : "latency"),
             qPrintable(message->text()));
}

void TestGoalDialog::whatIsUsedMostStandsFirst() {
    GoalDialog dialog(&m_model->document, &m_model->jobs, {prune::Structure::Weights, kCurves});
    const auto* quantity = find<QComboBox>(dialog, "goalQuantity");
    const auto all = [quantity] {
        QStringList texts;
        for (int i = 0; i < quantity->count(); ++i) texts << quantity->itemText(i);
        return texts;
    };
    QCOMPARE(all(), QStringList({"non-zeros", "zipped size", "effective MACs",
                                 "drop of top-1, each alone"}));
    for (const char* box : {"goalQuantity", "goalStructure", "goalAllocation", "goalUnit"})
        QVERIFY2(!find<QComboBox>(dialog, box)->toolTip().isEmpty(), box);
    choose(dialog, "goalQuantity", "effective MACs");
    QVERIFY(quantity->toolTip().contains("share of its weights"));
    choose(dialog, "goalStructure", "channels");
    QCOMPARE(all(), QStringList({"parameters", "file size", "MACs", "latency, measured"}));
}

/// "At most 300 kB", beside the share that it is.
void TestGoalDialog::anAmountCanBeTheGoal() {
    GoalDialog dialog(&m_model->document, &m_model->jobs);
    dialog.show();
    choose(dialog, "goalQuantity", "zipped size");
    auto* number = find<QDoubleSpinBox>(dialog, "goalPercent");
    const double dense = double(m_model->document.denseFootprint().bytesCompressed);
    QVERIFY(dense > 1e6 && dense < 1e7);
    number->setValue(40);
    choose(dialog, "goalUnit", "MB");
    QVERIFY(number->suffix().endsWith("MB"));
    QVERIFY2(std::abs(number->value() * 1e6 - 0.4 * dense) < 1e4, qPrintable(number->text()));
    number->setValue(0.3);
    QVERIFY(std::abs(dialog.goal().target - 0.3e6 / dense) < 1e-12);
    QCOMPARE(dialog.goalText(), QString("0.300\u2009MB of zipped size"));
    QVERIFY(isReady(dialog));
    if (const QString shots = qEnvironmentVariable("ESPALIER_SCREENSHOTS"); !shots.isEmpty())
        QVERIFY(dialog.grab().save(shots + "/goal-amount.png"));
    m_model->document.setPlan(*dialog.plan(), dialog.goalText());
    QVERIFY(m_model->rest());
    const auto bytes = double(m_model->document.footprint().bytesCompressed);
    QVERIFY2(bytes <= 0.3e6 && bytes > 0.29e6, qPrintable(QString::number(bytes)));
    // The same part of another quantity, in its unit; what cannot be counted has none.
    choose(dialog, "goalQuantity", "non-zeros");
    QCOMPARE(number->suffix(), QString("\u2009k"));
    const auto weights = double(m_model->document.denseFootprint().nonzeros);
    QVERIFY(std::abs(number->value() * 1e3 / weights - 0.3e6 / dense) < 1e-3);
    choose(dialog, "goalUnit", "%");
    QVERIFY(std::abs(number->value() - 100 * 0.3e6 / dense) < 0.1);
    choose(dialog, "goalStructure", "channels");
    choose(dialog, "goalQuantity", "latency");
    QVERIFY(find<QComboBox>(dialog, "goalUnit")->isHidden());
}

void TestGoalDialog::aRiseOfALossCanBeTheGoal() {
    ui::MeasuredDrops drops{prune::Structure::Weights, kCurves};
    drops.metric.kind = measure::Metric::Kind::Loss;
    drops.metric.name = "loss";
    drops.metric.loss = "mse";
    drops.dense = 0.0312;
    GoalDialog dialog(&m_model->document, &m_model->jobs, drops);
    dialog.show();
    choose(dialog, "goalQuantity", "rise of loss");
    auto* number = find<QDoubleSpinBox>(dialog, "goalPercent");
    // The curves rise by 10 % at most: a scale of 10, to a hundredth.
    QCOMPARE(number->text(), QString("0.50\u2009%"));
    QCOMPARE(number->maximum(), 9.99);
    QVERIFY2(number->toolTip().contains("0.0312"), qPrintable(number->toolTip()));
    number->setValue(2);
    QCOMPARE(dialog.goal().target, 0.02);
    QVERIFY2(dialog.goalText().endsWith("higher by 2 % in each layer alone"),
             qPrintable(dialog.goalText()));
    QVERIFY(isReady(dialog));
    QCOMPARE(dialog.plan()->weights.at("fc1.weight").value, 0.95);
    QCOMPARE(dialog.plan()->weights.at("conv1.weight").value, 0.25);
    const QString why = find<QTreeWidget>(dialog, "goalList")->topLevelItem(1)->text(2);
    QVERIFY2(why.contains("2 %"), qPrintable(why));
}

/// A module's metric may be of any size.
void TestGoalDialog::otherUnitsHaveDecimalsOfTheirOwn() {
    ui::MeasuredDrops drops{prune::Structure::Weights, kCurves};
    drops.metric.kind = measure::Metric::Kind::Module;
    drops.metric.name = "margin.pt";
    for (const double size : {0.004, 7.0, 3000.0}) {
        drops.curves["conv1.weight"] = {{0.25, 0.0}, {0.5, size}};
        drops.curves["fc1.weight"] = {{0.5, 0.0}, {0.95, size / 4}};
        GoalDialog dialog(&m_model->document, &m_model->jobs, drops);
        choose(dialog, "goalQuantity", "drop of margin");
        auto* number = find<QDoubleSpinBox>(dialog, "goalPercent");
        QVERIFY(number->suffix().isEmpty());
        QVERIFY(number->value() > 0 && number->value() < size);
        QVERIFY(number->maximum() > 0.99 * size && number->maximum() < 3 * size);
        number->setValue(size / 4);
        QCOMPARE(dialog.goal().target, size / 4);
        QVERIFY(isReady(dialog));
        QCOMPARE(dialog.plan()->weights.at("fc1.weight").value, 0.95);
    }
}

void TestGoalDialog::dropsAreDrawnAhead() {
    const std::map<std::string, prune::DropCurve> curves{
        {"conv1.weight", {{0.25, 0.005}, {0.5, 0.1}}},
        {"conv2.weight", {{0.5, 0.001}, {0.9, 0.03}}},
        {"fc1.weight", {{0.5, 0}, {0.95, 0.02}}},
        {"fc2.weight", {{0.5, 0.002}, {0.95, 0.3}}}};
    GoalDialog dialog(&m_model->document, &m_model->jobs, {prune::Structure::Weights, curves});
    dialog.show();
    choose(dialog, "goalQuantity", "drop of top-1");
    auto* front = find<plots::CurvesView>(dialog, "goalFront");
    QTRY_COMPARE_WITH_TIMEOUT(front->seriesCount(), 2, test::kPatienceMs);  // and this goal
    QVERIFY(!front->isEmptyStateShown());
    // 0, and the drops up to 20 points: 0.1, 0.2, 0.5, 2, 3, 10.
    const plots::Points points = front->points(0);
    QCOMPARE(points.x.size(), std::size_t(7));
    QVERIFY(std::ranges::is_sorted(points.x, std::ranges::greater()));
    QVERIFY(std::ranges::is_sorted(points.y));
    // Each alone 0.5 points: 0.5, 0.1, 0 and 0.2 of them.
    QVERIFY2(std::abs(points.y[3] - 0.8) < 1e-9, qPrintable(QString::number(points.y[3])));
    if (const QString shots = qEnvironmentVariable("ESPALIER_SCREENSHOTS"); !shots.isEmpty())
        QVERIFY(dialog.grab().save(shots + "/goal-drop.png"));
    Q_EMIT front->pointClicked(0, 4);
    QCOMPARE(find<QDoubleSpinBox>(dialog, "goalPercent")->value(), 2.0);
    QVERIFY(isReady(dialog));
    QCOMPARE(dialog.plan()->weights.at("fc1.weight").value, 0.95);
    QCOMPARE(dialog.plan()->weights.at("conv2.weight").value, 0.5);
    QTRY_COMPARE(front->points(1).x.at(0), points.x[4]);
    QCOMPARE(front->points(1).y.at(0), points.y[4]);
}

void TestGoalDialog::latenciesAreDrawnOverMacs() {
    std::map<std::string, prune::DropCurve> curves;
    for (const auto& group : m_model->document.channels()->found()->groups->groups())
        curves[group.key] = {{0.5, 0.01}, {0.95, 0.4}};
    GoalDialog dialog(&m_model->document, &m_model->jobs, {prune::Structure::Channels, curves});
    dialog.show();
    choose(dialog, "goalStructure", "channels");
    choose(dialog, "goalQuantity", "latency");
    auto* front = find<plots::CurvesView>(dialog, "goalFront");
    QTRY_VERIFY_WITH_TIMEOUT(front->seriesCount() >= 3, 4 * test::kPatienceMs);
    QVERIFY(!front->isEmptyStateShown());
    QVERIFY(front->points(0).x.size() > 3);
    // Nothing can be taken by it: a latency is not known before it is measured.
    const double before = find<QDoubleSpinBox>(dialog, "goalPercent")->value();
    Q_EMIT front->pointClicked(0, 1);
    QCOMPARE(find<QDoubleSpinBox>(dialog, "goalPercent")->value(), before);
}

void TestGoalDialog::curvesOfAnotherCriterionAreNamed() {
    ui::MeasuredDrops drops{prune::Structure::Weights, kCurves};
    drops.criterion = "random";
    GoalDialog dialog(&m_model->document, &m_model->jobs, drops);
    dialog.show();
    QVERIFY(isReady(dialog));
    const auto* message = find<ui::InlineMessage>(dialog, "goalMessage");
    QVERIFY2(message->text().contains("measured by random, but the plan ranks by magnitude"),
             qPrintable(message->text()));
    QVERIFY(find<plots::CurvesView>(dialog, "goalFront")->isEmptyStateShown());
    const auto* allocations = find<QComboBox>(dialog, "goalAllocation");
    QCOMPARE(allocations->findText("by sensitivity", Qt::MatchStartsWith), -1);
    QCOMPARE(find<QComboBox>(dialog, "goalQuantity")->findText("drop", Qt::MatchStartsWith), -1);
    choose(dialog, "goalStructure", "channels");
    QVERIFY(isReady(dialog));
    QVERIFY2(message->text().contains("measured of weights"), qPrintable(message->text()));
    // Ranked alike, they count.
    m_model->document.setCriterion("random");
    const GoalDialog same(&m_model->document, &m_model->jobs, drops);
    QVERIFY(
        find<QComboBox>(same, "goalAllocation")->findText("by sensitivity", Qt::MatchStartsWith) >=
        0);
}

QTEST_MAIN(TestGoalDialog)
#include "tst_goal_dialog.moc"
