// SPDX-License-Identifier: GPL-3.0-or-later
// HeatmapPanel and OverviewPanel: the right cells, exact read-outs, one selection.
#include <algorithm>
#include <cmath>

#include <QCheckBox>
#include <QComboBox>
#include <QHelpEvent>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>
#include <QToolTip>
#include <QUndoStack>

#include "core/base/format.h"
#include "core/prune/heatmap.h"
#include "tests/support/grab.h"
#include "tests/support/session.h"
#include "ui/document/channels.h"
#include "ui/document/highlight.h"
#include "ui/models/layer_model.h"
#include "ui/panels/heatmap_panel.h"
#include "ui/panels/overview_panel.h"
#include "ui/plots/heatmap_view.h"

using namespace espalier;
using namespace espalier::ui;
using prune::WeightRule;
using test::fixture;
using test::Session;

namespace {

constexpr const char* kModel = "cnn_bn.script.pt";
constexpr const char* kLargeModel = "resnet18.script.pt";

// The middle of a cell, on the canvas.
QPoint middleOf(plots::HeatmapView& view, int row, int column) {
    return view.cellRect({row, column}).center().toPoint();
}

}  // namespace

class TestHeatmapPanel : public QObject {
    Q_OBJECT

    Session* m_session = nullptr;

    Document& document() { return m_session->document; }
    const model::Layer& layer() { return document().snapshot()->layer(document().selection()); }

private Q_SLOTS:
    void initTestCase() { style::applyTheme(*qApp, style::ThemeMode::Light); }
    void init() {
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
        NEED_FILE(fixture(kModel));
        m_session = new Session;
        QVERIFY(m_session->open(fixture(kModel)));
    }
    void cleanup() {
        delete m_session;
        m_session = nullptr;
    }

    void cellsAreTheWeights() {
        HeatmapPanel panel(&m_session->workbench);
        test::showAt(panel, {700, 420});
        auto& view = *panel.findChild<plots::HeatmapView*>();
        QVERIFY(m_session->settle());
        const plots::HeatmapData& data = view.data();
        QCOMPARE(data.rows, int(layer().shape[0]));
        QCOMPARE(data.columns, int(layer().weightCount / layer().shape[0]));
        QVERIFY(data.kind == plots::HeatmapKind::Diverging);
        QVERIFY(!view.isBusy());
        for (const auto& [row, column] :
             {std::pair{0, 0}, std::pair{3, 5}, std::pair{data.rows - 1, data.columns - 1}}) {
            const auto exact = prune::weightAt(*document().snapshot(), document().masks(),
                                               layer().id, row, column);
            QCOMPARE(double(data.at(row, column)), exact.value);
        }
        panel.findChild<QComboBox*>("heatmapValue")->setCurrentIndex(1);
        QVERIFY(m_session->settle());
        QVERIFY(view.data().kind == plots::HeatmapKind::Sequential);
        QVERIFY(std::ranges::all_of(view.data().values, [](float value) { return value >= 0; }));
        panel.findChild<QCheckBox*>("heatmapFold")->setChecked(true);
        QVERIFY(m_session->settle());
        QCOMPARE(view.data().columns, int(layer().shape[1]));
    }

    void hoverTellsTheExactWeight() {
        HeatmapPanel panel(&m_session->workbench);
        test::showAt(panel, {700, 420});
        document().setRule(document().selection(), WeightRule::sparsity(0.5));
        QVERIFY(m_session->settle());
        auto& view = *panel.findChild<plots::HeatmapView*>();
        auto* canvas = view.findChild<QWidget*>("canvas");
        QSignalSpy hovered(&view, &plots::PlotView::hoverTextChanged);
        const int removedBefore = int(std::ranges::count(view.data().removed, 1));
        QCOMPARE(removedBefore, int(document().removed(layer().id)));
        for (const auto& [row, column] : {std::pair{0, 0}, std::pair{1, 4}, std::pair{2, 7}}) {
            QTest::mouseMove(canvas, middleOf(view, row, column));
            const auto exact = prune::weightAt(*document().snapshot(), document().masks(),
                                               layer().id, row, column);
            const QString text = hovered.isEmpty() ? QString() : hovered.last().first().toString();
            QVERIFY2(text.contains(QString::fromStdString(significant(exact.value, 7))),
                     qPrintable(text));
            QVERIFY2(text.contains(exact.kept ? "kept" : "removed"), qPrintable(text));
            QVERIFY2(text.contains(QStringLiteral("out %1, in %2").arg(row).arg(column / 9)),
                     qPrintable(text));
        }
    }

    void masksAreShownAsValues() {
        HeatmapPanel panel(&m_session->workbench);
        test::showAt(panel, {700, 420});
        document().setRule(document().selection(), WeightRule::sparsity(0.5));
        panel.findChild<QComboBox*>("heatmapValue")->setCurrentIndex(2);
        QVERIFY(m_session->settle());
        auto& view = *panel.findChild<plots::HeatmapView*>();
        QVERIFY(view.data().kind == plots::HeatmapKind::Sparsity);
        QVERIFY(view.data().removed.empty());  // not hatched over its own colours
        QVERIFY(!panel.findChild<QCheckBox*>("heatmapRemoved")->isEnabled());
        QCOMPARE(std::ranges::count(view.data().values, 1), document().removed(layer().id));
        QCOMPARE(std::ranges::count(view.data().values, 0),
                 layer().weightCount - document().removed(layer().id));
        test::grab(panel, "heatmap_mask");
        panel.findChild<QComboBox*>("heatmapValue")->setCurrentIndex(0);
        QVERIFY(panel.findChild<QCheckBox*>("heatmapRemoved")->isEnabled());
    }

    void zoomingIntoALargeLayerRefinesIt() {
        NEED_FILE(fixture(kLargeModel));
        m_session->workbench.openModel(fixture(kLargeModel),
                                       {*script::parseInputSpec("1x3x64x64")});
        QVERIFY(m_session->settle());
        document().select(m_session->layer("layer4.1.conv2.weight"));
        HeatmapPanel panel(&m_session->workbench);
        test::showAt(panel, {700, 420});
        QVERIFY(m_session->settle());
        auto& view = *panel.findChild<plots::HeatmapView*>();
        auto* canvas = view.findChild<QWidget*>("canvas");
        QSignalSpy hovered(&view, &plots::PlotView::hoverTextChanged);
        const auto textAt = [&](const plots::Block& block) {
            QTest::mouseMove(canvas, {1, 1});
            QTest::mouseMove(canvas, view.rectOf(block).center().toPoint());
            return hovered.isEmpty() ? QString() : hovered.last().first().toString();
        };
        const plots::HeatmapData coarse = view.data();
        QCOMPARE(coarse.rowStride, 1);
        QCOMPARE(coarse.columnStride, 5);  // 512 x 512*3*3 in at most 1024 columns
        QCOMPARE(view.seen(), (plots::Block{0, 512, 0, 4608}));
        QVERIFY(view.detail().isEmpty());
        QVERIFY2(textAt({256, 257, 2300, 2305}).contains("column 2300 to 2304: largest"),
                 qPrintable(hovered.last().first().toString()));
        test::grab(panel, "heatmap_large");

        for (int i = 0; i < 3; ++i) view.zoom(0.5);
        QVERIFY(view.detail().isEmpty() && view.data() == coarse);  // seen while it is refined
        QTRY_VERIFY_WITH_TIMEOUT(!view.detail().isEmpty(), 60000);
        QVERIFY(!view.detail().isReduced());
        QVERIFY(plots::blockOf(view.detail()).contains(view.seen()));
        QVERIFY(view.data() == coarse);
        const plots::Block& part = *view.detail().part;
        for (const auto& [row, column] : {std::pair{part.rowBegin, part.columnBegin},
                                          std::pair{part.rowEnd - 1, part.columnEnd - 1}}) {
            const auto exact = prune::weightAt(*document().snapshot(), document().masks(),
                                               layer().id, row, column);
            QCOMPARE(double(view.detail().at(row - part.rowBegin, column - part.columnBegin)),
                     exact.value);
        }
        for (int i = 0; i < 4; ++i) view.zoom(0.5);
        const auto exact =
            prune::weightAt(*document().snapshot(), document().masks(), layer().id, 256, 2303);
        const QString text = textAt({256, 257, 2303, 2304});
        QVERIFY2(text.contains(QString::fromStdString(significant(exact.value, 7))),
                 qPrintable(text));
        QVERIFY2(text.contains("out 256, in 255, kernel 8"), qPrintable(text));
        QCOMPARE(document().highlight()->hovered().magnitude, std::abs(exact.value));
        QVERIFY(view.csv().startsWith("row,column,weight\n"));
        test::grab(panel, "heatmap_refined");

        document().setRule(document().selection(), WeightRule::sparsity(0.5));
        QTRY_VERIFY_WITH_TIMEOUT(!view.detail().removed.empty(), 60000);
        test::grab(panel, "heatmap_refined_mask");
        QVERIFY(m_session->settle());
        view.resetView();
        QVERIFY(view.detail().isEmpty());  // at once: the coarse picture was there all the time
        QVERIFY(view.csv().startsWith("first_row,last_row,first_column,last_column,"));
    }

    void anotherLayerIsSeenWhole() {
        NEED_FILE(fixture("resnet18.script.pt"));
        QVERIFY(m_session->open(fixture("resnet18.script.pt")));
        const auto find = [this](const char* name) {
            return document().snapshot()->find(name).value();
        };
        document().select(find("layer1.0.conv1.weight"));
        HeatmapPanel panel(&m_session->workbench);
        test::showAt(panel, {700, 420});
        QVERIFY(m_session->settle());
        auto& view = *panel.findChild<plots::HeatmapView*>();
        view.zoom(0.5);
        document().setRule(document().selection(), WeightRule::sparsity(0.5));
        QVERIFY(m_session->settle());
        QVERIFY(view.isZoomedByUser());                    // the same layer, cut
        document().select(find("layer1.0.conv2.weight"));  // of the same shape
        QVERIFY(m_session->settle());
        QVERIFY(!view.isZoomedByUser());
    }

    void aCellUnderTheMouseIsTold() {
        HeatmapPanel panel(&m_session->workbench);
        test::showAt(panel, {700, 420});
        QVERIFY(m_session->settle());
        auto& view = *panel.findChild<plots::HeatmapView*>();
        auto* canvas = view.findChild<QWidget*>("canvas");
        const Highlight& highlight = *document().highlight();
        const auto magnitudeAt = [&](int row, int column) {
            return std::abs(
                prune::weightAt(*document().snapshot(), document().masks(), layer().id, row, column)
                    .value);
        };
        for (const int value : {0, 1, 2}) {  // weight, magnitude, mask
            panel.findChild<QComboBox*>("heatmapValue")->setCurrentIndex(value);
            QVERIFY(m_session->settle());
            QTest::mouseMove(canvas, middleOf(view, 0, 0));
            QTest::mouseMove(canvas, middleOf(view, 2, 5));
            QCOMPARE(highlight.hovered().layer, layer().id);
            QCOMPARE(highlight.hovered().magnitude, magnitudeAt(2, 5));
        }
        QEvent leave(QEvent::Leave);
        QCoreApplication::sendEvent(canvas, &leave);
        QCOMPARE(highlight.hovered(), Hovered{});
    }

    void aClickMarksTheChannelOfTheRow() {
        HeatmapPanel panel(&m_session->workbench);
        test::showAt(panel, {700, 420});
        QVERIFY(m_session->settle());
        auto& view = *panel.findChild<plots::HeatmapView*>();
        auto* canvas = view.findChild<QWidget*>("canvas");
        Channels& channels = *document().channels();
        const auto group = channels.groupOf(layer().id);
        QVERIFY(group);
        const auto click = [&](int row) {
            QTest::mouseClick(canvas, Qt::LeftButton, {}, middleOf(view, row, 2));
        };
        click(3);
        QCOMPARE(channels.marks(*group).keep, (std::set<std::int64_t>{3}));
        QCOMPARE(view.currentRow(), 3);
        QVERIFY(view.rowMarks().at(3) == plots::BarMark::Keep);
        QTest::keyClick(&view, Qt::Key_Space);
        QCOMPARE(channels.marks(*group).remove, (std::set<std::int64_t>{3}));
        QVERIFY(view.rowMarks().at(3) == plots::BarMark::Remove);
        click(1);
        QVERIFY(m_session->settle());
        const auto columns = std::size_t(view.data().columns);
        QCOMPARE(std::ranges::count(view.data().removed, 1), std::ptrdiff_t(columns));
        QCOMPARE(view.data().removed[3 * columns], 1.0F);
        test::grab(panel, "heatmap_marks");
        click(3);
        QVERIFY(view.rowMarks().at(3) == plots::BarMark::None);
        document().undoStack()->undo();
        QVERIFY(view.rowMarks().at(3) == plots::BarMark::Remove);
        channels.setMark(*group, 3, Channels::Mark::None);
        channels.setMark(*group, 1, Channels::Mark::None);
        QVERIFY(view.rowMarks().empty());
        channels.setLocked(*group, true);
        click(2);
        QVERIFY(channels.marks(*group).isEmpty());
    }

    void aLayerThatSharesItsChannelsShowsTheSameMarks() {
        NEED_FILE(fixture(kLargeModel));
        m_session->workbench.openModel(fixture(kLargeModel),
                                       {*script::parseInputSpec("1x3x64x64")});
        QVERIFY(m_session->settle());
        document().select(m_session->layer("layer1.0.conv2.weight"));
        HeatmapPanel panel(&m_session->workbench);
        test::showAt(panel, {900, 700});
        QVERIFY(m_session->settle());
        auto& view = *panel.findChild<plots::HeatmapView*>();
        QTest::mouseClick(view.findChild<QWidget*>("canvas"), Qt::LeftButton, {},
                          middleOf(view, 40, 8));
        const prune::Plan& plan = document().plan();
        QCOMPARE(plan.marks.size(), std::size_t{1});
        const auto& [key, marks] = *plan.marks.begin();
        QCOMPARE(key, std::string("conv1"));
        QCOMPARE(marks.keep.size(), std::size_t{1});
        const int row = int(*marks.keep.begin());
        QVERIFY(view.rowMarks().at(std::size_t(row)) == plots::BarMark::Keep);
        document().select(m_session->layer("layer1.1.conv2.weight"));
        QVERIFY(m_session->settle());
        QVERIFY(view.rowMarks().at(std::size_t(row)) == plots::BarMark::Keep);
        document().select(m_session->layer("layer1.1.conv1.weight"));
        QVERIFY(m_session->settle());
        QVERIFY(view.rowMarks().empty());
    }

    void layersUnderTheMouseAreTheSameInOverviewAndList() {
        OverviewPanel panel(&m_session->workbench);
        test::showAt(panel, {700, 420});
        QVERIFY(m_session->settle());
        auto& view = *panel.findChild<plots::HeatmapView*>();
        auto* canvas = view.findChild<QWidget*>("canvas");
        const auto layers = prune::overviewLayers(*document().snapshot());
        QTest::mouseMove(canvas, {1, 1});
        QTest::mouseMove(canvas, middleOf(view, 1, 3));
        QCOMPARE(document().highlight()->hovered(), (Hovered{layers[1], {}}));
        QCOMPARE(view.highlightedRow(), 1);
        QEvent leave(QEvent::Leave);
        QCoreApplication::sendEvent(canvas, &leave);
        QCOMPARE(view.highlightedRow(), -1);
        document().highlight()->set({layers[2], {}});
        QCOMPARE(view.highlightedRow(), 2);
        test::grab(panel, "overview_hover");
    }

    void overviewSaysExactlyWhatIsRemoved() {
        OverviewPanel panel(&m_session->workbench);
        test::showAt(panel, {700, 420});
        const auto layers = prune::overviewLayers(*document().snapshot());
        document().setRule(layers[1], WeightRule::sparsity(0.37));
        QVERIFY(m_session->settle());
        auto& view = *panel.findChild<plots::HeatmapView*>();
        auto* canvas = view.findChild<QWidget*>("canvas");
        const model::Layer& own = document().snapshot()->layer(layers[1]);
        const std::int64_t removed = document().removed(layers[1]);
        const QString whole = QStringLiteral("%1 of %2 weights removed")
                                  .arg(QString::fromStdString(exactCount(removed)),
                                       QString::fromStdString(exactCount(own.weightCount)));
        // All cells together: the weights, and how many of them go.
        const int columns = view.data().columns;
        std::int64_t sum = 0;
        std::int64_t seen = 0;
        for (int column = 0; column < columns; ++column) {
            const auto run = prune::overviewRun(own.weightCount, column, columns);
            if (run.end <= seen) continue;  // fewer weights than cells
            seen = run.end;
            sum += std::llround(double(view.data().at(1, column)) * double(run.end - run.begin));
        }
        QCOMPARE(seen, own.weightCount);
        QCOMPARE(sum, removed);
        QSignalSpy told(&view, &plots::PlotView::hoverTextChanged);
        QTest::mouseMove(canvas, {1, 1});
        QTest::mouseMove(canvas, middleOf(view, 1, 3));
        QVERIFY(!told.isEmpty());
        const QString text = told.last().front().toString();
        QVERIFY2(text.startsWith(displayName(own)) && text.contains(whole), qPrintable(text));
        // The name of the row, in the margin, tells all of it.
        const auto tipAt = [canvas](const QPoint& at) {
            QToolTip::hideText();
            QHelpEvent help(QEvent::ToolTip, at, canvas->mapToGlobal(at));
            QCoreApplication::sendEvent(canvas, &help);
            return QToolTip::text();
        };
        QVERIFY(!tipAt(middleOf(view, 1, 3)).contains(whole));
        const QString tip = tipAt({4, middleOf(view, 1, 3).y()});
        QVERIFY2(tip.contains(QString::fromStdString(own.name)), qPrintable(tip));
        QVERIFY2(tip.contains(shapeText(own)) && tip.contains(whole), qPrintable(tip));
    }

    void overlayFollowsThePlan() {
        HeatmapPanel panel(&m_session->workbench);
        test::showAt(panel, {700, 420});
        QVERIFY(m_session->settle());
        auto& view = *panel.findChild<plots::HeatmapView*>();
        QVERIFY(std::ranges::count(view.data().removed, 1) == 0);
        document().setRule(document().selection(), WeightRule::sparsity(0.25));
        QVERIFY(m_session->settle());
        QCOMPARE(std::ranges::count(view.data().removed, 1), document().removed(layer().id));
    }

    void hiddenPanelsDoNoWork() {
        HeatmapPanel panel(&m_session->workbench);
        QVERIFY(m_session->jobs.jobs().isEmpty());
        document().setRule(document().selection(), WeightRule::sparsity(0.25));
        QVERIFY(m_session->settle());
        QVERIFY(panel.findChild<plots::HeatmapView*>()->data().isEmpty());
    }

    void overviewShowsWhereEachLayerIsPruned() {
        OverviewPanel panel(&m_session->workbench);
        test::showAt(panel, {700, 420});
        document().setRule(document().selection(), WeightRule::sparsity(0.5));
        QVERIFY(m_session->settle());
        auto& view = *panel.findChild<plots::HeatmapView*>();
        const auto layers = prune::overviewLayers(*document().snapshot());
        QCOMPARE(view.data().rows, int(layers.size()));
        QCOMPARE(view.data().rowLabels.front(), displayName(layer()));
        double sum = 0;
        for (int column = 0; column < view.data().columns; ++column)
            sum += double(view.data().at(0, column));
        // Runs of equal length, to within one weight: their mean is the layer's sparsity.
        QVERIFY(std::abs(sum / view.data().columns - 0.5) < 0.02);
        for (int column = 0; column < view.data().columns; ++column)
            QCOMPARE(view.data().at(1, column), 0.0f);
        QCOMPARE(view.currentRow(), 0);
    }

    void clickOnTheOverviewSelectsTheLayer() {
        OverviewPanel panel(&m_session->workbench);
        test::showAt(panel, {700, 420});
        QVERIFY(m_session->settle());
        auto& view = *panel.findChild<plots::HeatmapView*>();
        const auto layers = prune::overviewLayers(*document().snapshot());
        QTest::mouseClick(view.findChild<QWidget*>("canvas"), Qt::LeftButton, {},
                          middleOf(view, 1, 3));
        QCOMPARE(document().selection(), layers[1]);
        QCOMPARE(view.currentRow(), 1);
        document().select(layers[2]);
        QCOMPARE(view.currentRow(), 2);
    }

    void emptyStates() {
        document().closeModel();
        HeatmapPanel heatmap(&m_session->workbench);
        OverviewPanel overview(&m_session->workbench);
        test::showAt(heatmap, {600, 400});
        test::showAt(overview, {600, 400});
        QVERIFY(heatmap.findChild<plots::HeatmapView*>()->isEmptyStateShown());
        QVERIFY(overview.findChild<plots::HeatmapView*>()->isEmptyStateShown());
    }

    void textsFitAndWidgetsHaveNames() {
        HeatmapPanel heatmap(&m_session->workbench);
        OverviewPanel overview(&m_session->workbench);
        test::showAt(heatmap, {800, 420});
        test::showAt(overview, {800, 420});
        document().setRule(document().selection(), WeightRule::sparsity(0.6));
        QVERIFY(m_session->settle());
        for (const auto mode : {style::ThemeMode::Dark, style::ThemeMode::Light}) {
            style::applyTheme(*qApp, mode);
            const QString theme = mode == style::ThemeMode::Dark ? "dark" : "light";
            test::grab(heatmap, "heatmap_" + theme);
            test::grab(overview, "overview_" + theme);
        }
        QCOMPARE(test::namelessWidget(heatmap), QString());
        QCOMPARE(test::namelessWidget(overview), QString());
        heatmap.resize(520, 320);
        QCoreApplication::processEvents();
        QCOMPARE(test::clippedText(heatmap), QString());
    }
};

QTEST_MAIN(TestHeatmapPanel)
#include "tst_heatmap_panel.moc"
