// SPDX-License-Identifier: GPL-3.0-or-later
// The story of the README, told by the program itself: every step is checked, nothing in it is
// clipped, and its picture is written into $ESPALIER_SCREENSHOTS (unless that is empty), at
// 1440 x 900, light and dark. The picture of a group of coupled layers is of the ResNet-20 for
// CIFAR-10 that $ESPALIER_RESNET20 names.
#include <QComboBox>
#include <QDir>
#include <QLabel>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTreeView>
#include <QUndoStack>

#include "app/gui/workspace.h"
#include "tests/support/drag.h"
#include "tests/support/grab.h"
#include "tests/support/window_probe.h"
#include "ui/document/channels.h"
#include "ui/document/comparison.h"
#include "ui/panels/training_panel.h"
#include "ui/plots/bars_view.h"
#include "ui/plots/pareto_view.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

using namespace espalier;
using test::WindowProbe;

using test::drag;

class TestScreenshots : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
        m_settings = std::make_unique<test::OwnSettings>();
        style::applyTheme(*qApp, style::ThemeMode::Light);
        m_probe = std::make_unique<WindowProbe>();
    }
    void init() { test::failOnAnyWarning(); }
    void cleanupTestCase() { m_probe.reset(); }

    void icons() {
        const QString folder = this->folder();
        if (folder.isEmpty()) return;
        for (const int size : {48, 128, 256}) {
            const QPixmap picture = style::applicationIcon().pixmap(QSize(size, size), 1);
            QVERIFY(picture.save(QStringLiteral("%1/espalier-%2.png").arg(folder).arg(size)));
        }
    }

    void start() {
        QCOMPARE(m_probe->page(), QString("startPage"));
        shoot("start");
    }

    void opened() {
        m_probe->trigger("file.example");
        QTRY_VERIFY_WITH_TIMEOUT(m_probe->document().evaluation(), test::kPatienceMs);
        QVERIFY(m_probe->rest());
        auto* layers =
            m_probe->window.findChild<QTreeView*>(QString(), Qt::FindChildrenRecursively);
        QVERIFY(layers);
        QVERIFY(m_probe->document().evaluation()->top1 > 0.97);
        m_before = m_probe->document().evaluation()->top1;
        select("fc1.weight");
        shoot("opened");
    }

    void cut() {
        auto* view = m_probe->window.findChild<plots::HistogramView*>();
        QVERIFY(view);
        QTRY_VERIFY(view->cut());
        const model::LayerId layer = m_probe->document().selection();
        const double target = m_probe->document().index(layer)->magnitudeQuantile(0.93);
        test::dragCut(*view, target);
        QCOMPARE(m_probe->document().undoStack()->count(), 1);
        QVERIFY2(std::abs(m_probe->document().sparsity(layer) - 0.93) < 0.02,
                 qPrintable(QString::number(m_probe->document().sparsity(layer))));
        QTRY_VERIFY_WITH_TIMEOUT(m_probe->document().masks(), test::kPatienceMs);
        const auto removed = m_probe->document().removed(layer);
        QVERIFY(m_probe->rest());  // with the accuracy that the probe finds
        shoot("cut");
        m_probe->trigger("edit.undo");
        QCOMPARE(m_probe->document().removed(layer), std::int64_t(0));
        m_probe->trigger("edit.redo");
        QTRY_COMPARE_WITH_TIMEOUT(m_probe->document().removed(layer), removed, test::kPatienceMs);
    }

    void fallen() {
        m_probe->dialogs.nextDialog([this](QDialog& dialog) {
            test::find<QDoubleSpinBox>(dialog, "prunePercent")->setValue(96);
            auto* accept = test::find<QPushButton>(dialog, "pruneAccept");
            const bool isReady =
                QTest::qWaitFor([accept] { return accept->isEnabled(); }, test::kPatienceMs);
            shoot("prune", &dialog);
            return isReady;
        });
        m_probe->trigger("prune.everywhere");
        m_probe->trigger("tools.measure_accuracy");
        QTRY_VERIFY_WITH_TIMEOUT(m_probe->document().evaluation(), test::kPatienceMs);
        m_fallen = m_probe->document().evaluation()->top1;
        QVERIFY2(m_fallen < m_before - 0.05, qPrintable(QString::number(m_fallen)));
        QVERIFY(m_probe->rest());
        shoot("fallen");
    }

    void training() {
        m_probe->trigger("view.layout_tune");
        auto* training = m_probe->child<gui::Workspace>("workspace")->training();
        train::Recipe recipe = training->recipe();
        recipe.epochs = 2;
        training->setRecipe(recipe);
        QSignalSpy sampled(m_probe->window.workbench(), &ui::Workbench::trainingSampled);
        QSignalSpy ended(m_probe->window.workbench(), &ui::Workbench::trainingEnded);
        m_probe->trigger("train.start");
        const auto stepsAnEpoch =
            data::info(*m_probe->document().dataset()).train / recipe.batchSize;
        QTRY_VERIFY_WITH_TIMEOUT(sampled.count() > stepsAnEpoch * 3 / 2, 4 * test::kPatienceMs);
        shoot("training");
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, 4 * test::kPatienceMs);
    }

    void recovered() {
        QTRY_VERIFY_WITH_TIMEOUT(m_probe->document().evaluation(), test::kPatienceMs);
        QVERIFY(m_probe->rest());
        const double recovered = m_probe->document().evaluation()->top1;
        QVERIFY2(recovered > m_fallen + 0.02, qPrintable(QString::number(recovered)));
        const prune::Footprint& cost = m_probe->document().footprint();
        QCOMPARE(cost.weights - cost.weightsKept,
                 std::llround(0.96 * static_cast<double>(cost.weights)));
        shoot("recovered");
    }

    void exported() {
        QTemporaryDir folder;
        m_probe->dialogs.nextDialog([this](QDialog& dialog) {
            shoot("export", &dialog);
            return true;
        });
        m_probe->dialogs.nextFile(folder.filePath("lenet5-small.pt"));
        m_probe->trigger("file.export_masked");
        QTRY_VERIFY_WITH_TIMEOUT(m_probe->messages().hasMessage(), test::kPatienceMs);
        QVERIFY2(!m_probe->isError(), qPrintable(m_probe->messageText()));
        QVERIFY(QFile::exists(folder.filePath("lenet5-small.pt")));
        shoot("exported");
    }

    void heatmap() {
        m_probe->trigger("view.layout_explore");
        m_probe->trigger("view.heatmap");
        select("fc2.weight");
        QVERIFY(m_probe->rest());
        shoot("heatmap");
    }

    void overview() {
        m_probe->trigger("view.overview");
        QVERIFY(m_probe->rest());
        shoot("overview");
        m_probe->trigger("view.weights");
        shoot("weights");
    }

    void palette() {
        m_probe->dialogs.nextDialog([this](QDialog& dialog) {
            test::find<QLineEdit>(dialog, "paletteField")->setText("me");
            shoot("palette", &dialog);
            return false;
        });
        m_probe->trigger("view.palette");
    }

    void pareto() {
        m_probe->trigger("view.layout_compare");
        ui::Document& document = m_probe->document();
        const project::NodeId tuned = document.state().node;
        document.goTo(document.history().root());
        for (const double sparsity : {0.8, 0.9, 0.95}) {
            RunControl control;
            auto plan = prune::withSparsityEverywhere(*document.snapshot(), document.plan(),
                                                      sparsity, prune::Scope::Global, control);
            document.setPlan(*plan, QStringLiteral("prune"));
            QVERIFY(m_probe->rest());
            for (const char* action : {"tools.remember", "tools.baseline"}) {
                m_probe->trigger(action);
                QVERIFY(m_probe->rest());
            }
        }
        document.setNodePinned(tuned, true);
        auto* view = m_probe->child<plots::ParetoView>("paretoView");
        QVERIFY(m_probe->rest());
        const auto& marks = view->marks();
        // The opened model, the trained one, three trials and their baselines.
        QCOMPARE(marks.size(), std::size_t{8});
        QVERIFY(std::ranges::all_of(marks, &plots::ParetoMark::isComparable));
        shoot("pareto");
        const auto trial = std::ranges::find(marks, QString("trial 2"), &plots::ParetoMark::name);
        const auto steps = document.undoStack()->count();
        Q_EMIT view->markChosen(static_cast<int>(trial - marks.begin()));
        QCOMPARE(document.undoStack()->count(), steps + 1);
        QCOMPARE(document.history().node(document.state().node).name, std::string("trial 2"));
    }

    void compare() {
        m_probe->trigger("view.compare");
        select("fc1.weight");
        ui::Comparison& comparison = *m_probe->window.workbench()->comparison();
        const auto nodes = m_probe->document().history().nodes();
        const auto tuned = std::ranges::find_if(nodes, [](const auto& node) {
            return node->operation == project::Operation::FineTune;
        });
        comparison.setSide(ui::Comparison::Right, {ui::Side::Kind::Node, (*tuned)->id});
        m_probe->child<QAbstractButton>("compareAccuracy")->click();
        QVERIFY(m_probe->rest());
        m_probe->child<QAbstractButton>("compareLatency")->click();
        QVERIFY(m_probe->rest());
        QVERIFY(comparison.latencies());
        QCOMPARE(comparison.classes().size(), std::size_t{10});
        m_probe->child<QAbstractButton>("compareLog")->click();
        shoot("compare");
        m_probe->child<QComboBox>("comparePicture")->setCurrentIndex(1);
        QVERIFY(m_probe->rest());
        shoot("compare-classes");
        m_probe->child<QComboBox>("comparePicture")->setCurrentIndex(0);
        m_probe->trigger("view.layout_explore");
        m_probe->document().goTo((*tuned)->id);  // what was exported
    }

    void channels() {
        m_probe->dialogs.nextAnswer(2);  // discard the trials, which a session alone would keep
        m_probe->trigger("file.example");
        QTRY_VERIFY_WITH_TIMEOUT(m_probe->document().history().nodes().size() == 1,
                                 test::kPatienceMs);
        QTRY_VERIFY_WITH_TIMEOUT(m_probe->document().evaluation(), test::kPatienceMs);
        QVERIFY(m_probe->rest());
        ui::Channels& channels = *m_probe->document().channels();
        QVERIFY(channels.found());
        m_probe->trigger("view.channels");
        select("conv2.weight");
        QVERIFY(m_probe->rest());
        auto* bars = m_probe->child<plots::BarsView>("channelBars");
        QCOMPARE(bars->data().count(), 50);
        QCustomPlot* canvas = bars->canvas();
        const auto pixelOf = [canvas](double place) {
            return QPoint(static_cast<int>(canvas->xAxis->coordToPixel(place)),
                          canvas->axisRect()->top() + 60);
        };
        const auto before = m_probe->document().footprint();
        const int steps = m_probe->document().undoStack()->count();
        drag(canvas, pixelOf(49.5), pixelOf(23.5));
        QCOMPARE(m_probe->document().undoStack()->count(), steps + 1);
        QVERIFY(m_probe->rest());
        const auto id = *channels.selected();
        QCOMPARE(channels.choice(id)->reached(), std::int64_t(24));
        QVERIFY(m_probe->document().footprint().macs < before.macs * 7 / 10);
        channels.setMark(id, bars->data().number(bars->currentChannel() < 0 ? 7 : 0),
                         ui::Channels::Mark::Keep);
        channels.setMark(id, 12, ui::Channels::Mark::Remove);
        QVERIFY(m_probe->rest());
        shoot("channels");
        auto& compare = *m_probe->child<QComboBox>("channelCompare");
        const auto choose = [&compare](int row) {
            compare.setCurrentIndex(row);
            Q_EMIT compare.activated(row);
        };
        choose(compare.findData("fpgm"));
        QVERIFY(m_probe->rest());
        shoot("channels-compared");
        choose(0);
    }

    void cutModel() {
        m_probe->trigger("tools.measure_accuracy");
        QTRY_VERIFY_WITH_TIMEOUT(m_probe->document().evaluation(), test::kPatienceMs);
        m_probe->dialogs.nextDialog([this](QDialog& dialog) {
            shoot("report", &dialog);
            return true;
        });
        m_probe->trigger("tools.report");
        QTemporaryDir folder;
        m_probe->dialogs.nextDialog([this](QDialog& dialog) {
            auto* accept = test::find<QPushButton>(dialog, "cutAccept");
            const bool isProved =
                QTest::qWaitFor([accept] { return accept->isEnabled(); }, test::kPatienceMs);
            shoot("cut-export", &dialog);
            return isProved;
        });
        const QString target = folder.filePath("lenet5-cut.pt");
        m_probe->dialogs.nextFile(target);
        const auto expected = m_probe->document().footprint();
        m_probe->trigger("file.export_cut");
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(target), test::kPatienceMs);
        QVERIFY(m_probe->rest());
        QVERIFY2(m_probe->messageText().contains("identical to the masked model"),
                 qPrintable(m_probe->messageText()));
        shoot("cut-exported");
        QVERIFY(m_probe->openModel(target));
        QVERIFY(m_probe->rest());
        QCOMPARE(m_probe->document().footprint().parameters, expected.parameters);
        shoot("cut-opened");
    }

    void coupledGroup() {
        const QString model = qEnvironmentVariable("ESPALIER_RESNET20");
        if (!QFile::exists(model)) QSKIP("ESPALIER_RESNET20 names no ResNet-20");
        const auto input = script::parseInputSpec("1x3x32x32");
        QSignalSpy opened(m_probe->window.workbench(), &ui::Workbench::opened);
        m_probe->window.workbench()->openModel(model.toStdString(), {*input});
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, test::kPatienceMs);
        QVERIFY(m_probe->rest());
        m_probe->trigger("view.channels");
        select("layers.0.conv2.weight");
        QVERIFY(m_probe->rest());
        auto* bars = m_probe->child<plots::BarsView>("channelBars");
        QCOMPARE(bars->data().count(), 16);
        QCustomPlot* canvas = bars->canvas();
        const auto pixelOf = [canvas](double place) {
            return QPoint(static_cast<int>(canvas->xAxis->coordToPixel(place)),
                          canvas->axisRect()->top() + 60);
        };
        drag(canvas, pixelOf(15.5), pixelOf(9.5));
        QVERIFY(m_probe->rest());
        // One drag, and every member of the group has lost the same channels.
        const prune::Footprint& cost = m_probe->document().footprint();
        QVERIFY(cost.macs < m_probe->document().denseFootprint().macs);
        for (const char* member : {"conv1.weight", "layers.2.conv2.weight"}) {
            const auto layer = m_probe->document().snapshot()->find(member);
            QVERIFY2(layer && m_probe->document().removed(*layer) > 0, member);
        }
        shoot("channel-group");
    }

private:
    /// Where pictures go; empty: nowhere.
    static QString folder() {
        const QString path = qEnvironmentVariable("ESPALIER_SCREENSHOTS");
        if (!path.isEmpty()) QDir().mkpath(path);
        return path;
    }

    void shoot(const char* name, QWidget* widget = nullptr) {
        QWidget& shown = widget ? *widget : m_probe->window;
        test::picture(shown, QString::fromLatin1(name));
        QCOMPARE(test::clippedTexts(shown).join("; "), QString());
    }

    void select(const char* layer) {
        const auto found = m_probe->document().snapshot()->find(layer);
        QVERIFY2(found, layer);
        m_probe->document().select(*found);
    }

    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<WindowProbe> m_probe;
    double m_before = 0;
    double m_fallen = 0;
};

QTEST_MAIN(TestScreenshots)
#include "tst_screenshots.moc"
