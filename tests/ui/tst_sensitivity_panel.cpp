// SPDX-License-Identifier: GPL-3.0-or-later
// The Sensitivity tab, driven with the mouse: a scan from start to edit.
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QUndoStack>

#include "core/base/files.h"
#include "tests/support/drag.h"
#include "tests/support/grab.h"
#include "tests/support/gui_test.h"
#include "tests/support/image_files.h"
#include "tests/support/job_probe.h"
#include "tests/support/open_model.h"
#include "tests/support/session.h"
#include "ui/dialogs/dialogs.h"
#include "ui/document/channels.h"
#include "ui/document/highlight.h"
#include "ui/document/sensitivity_scan.h"
#include "ui/panels/elided_label.h"
#include "ui/panels/sensitivity_panel.h"
#include "ui/plots/heatmap_view.h"
#include "ui/plots/limit_curves_view.h"

#include "ui/plots/qcp.h"

using namespace espalier;
using namespace espalier::ui;

class TestSensitivityPanel : public QObject {
    Q_OBJECT

    std::unique_ptr<test::OpenModel> m_open;
    std::unique_ptr<SensitivityPanel> m_panel;
    std::unique_ptr<QTemporaryDir> m_folder;

    Document& document() { return m_open->document; }
    SensitivityScan& scan() { return *m_open->workbench.sensitivity(); }
    plots::LimitCurvesView& curves() { return *m_panel->findChild<plots::LimitCurvesView*>(); }
    template <class Widget>
    Widget& child(const char* name) {
        return *m_panel->findChild<Widget*>(QLatin1String(name));
    }
    void click(const char* name) { QTest::mouseClick(&child<QToolButton>(name), Qt::LeftButton); }
    int steps() { return document().undoStack()->count(); }
    model::LayerId layer(const char* name) { return *document().snapshot()->find(name); }
    std::optional<double> sparsityOf(const char* name) {
        const auto* rule = document().rule(layer(name));
        return rule ? std::optional(rule->value) : std::nullopt;
    }
    void scanToTheEnd() {
        click("sensitivityStart");
        QVERIFY(scan().isRunning());
        QTRY_VERIFY_WITH_TIMEOUT(!scan().isRunning(), test::kPatienceMs);
        QVERIFY(scan().hasPoints());
        QTRY_VERIFY(m_open->jobs.jobs().isEmpty());
        QCoreApplication::processEvents();
        curves().canvas()->replot();  // the axes follow the curves
    }
    QPoint pixelOf(double sparsityPercent, double top1Percent) {
        return {static_cast<int>(curves().canvas()->xAxis->coordToPixel(sparsityPercent)),
                static_cast<int>(curves().canvas()->yAxis->coordToPixel(top1Percent))};
    }

private Q_SLOTS:
    void initTestCase() { style::applyTheme(*qApp, style::ThemeMode::Light); }
    void init() {
        if (!test::OpenModel::hasExample()) QSKIP("the example is missing");
        m_folder = std::make_unique<QTemporaryDir>();
        qputenv("XDG_CACHE_HOME", m_folder->filePath("cache").toUtf8());
        m_open = std::make_unique<test::OpenModel>();
        QVERIFY(m_open->open());
        m_panel = std::make_unique<SensitivityPanel>(&m_open->workbench);
        test::showAt(*m_panel, {900, 480});
    }
    void cleanup() {
        m_panel.reset();
        m_open.reset();
    }
    void asksForData();
    void whatIsLookedAtComesNext();
    void curvesAppearWhileTheyAreMeasured();
    void aClickOnAPointSetsThatSparsity();
    void draggingTheLimitCutsEveryLayer();
    void appliesFromTheKeyboard();
    void leavingTheNumberAppliesIt();
    void aLimitWaitsForTheEndOfTheScan();
    void aClickOnTheHeatmapSelectsTheLayer();
    void scansChannels();
    void cancelsAndGoesOn();
    void previewsBeforeTheScan();
    void exportsCsv();
    void aPlanRanksAsItsPointsDo();
    void forgetsCurvesOfOtherData();
    void withoutLabelsAgreementIsScanned();
    void saysWhenSamplesAreTooFewForTheLimit();
    void saysHowLongItTakesBeforeItStarts();
    void startKeepsItsPlace();
    void randomStandsBesideTheSelectedLayer();
    void lostDataLeavesTheCurves();
    void aBaselineThatFailsIsToldOnce();
    void namesWhatIsShownWhenSomethingElseIsChosen();
    void looksRight_data();
    void looksRight();

private:
    std::filesystem::path writePhotos(int perClass) const;
    void attachPhotos(const std::filesystem::path& root);
    void attach() {
        data::DataSpec spec;
        spec.path = project::lenet5Example().data;
        m_open->workbench.attachData(spec);
        QTRY_VERIFY_WITH_TIMEOUT(document().dataset(), test::kPatienceMs);
        child<QSpinBox>("sensitivitySamples").setValue(300);
    }
};

void TestSensitivityPanel::asksForData() {
    QVERIFY(curves().isEmptyStateShown());
    QVERIFY(!child<QToolButton>("sensitivityStart").isEnabled());
    QVERIFY(!child<QToolButton>("sensitivityApply").isEnabled());
    attach();
    QVERIFY(child<QToolButton>("sensitivityStart").isEnabled());
}

/// Selecting another layer while a scan runs; it rests meanwhile, as something urgent runs too.
void TestSensitivityPanel::whatIsLookedAtComesNext() {
    attach();
    document().select(layer("conv1.weight"));
    test::JobProbe urgent(m_open->jobs, {Lane::Interactive, "urgent"}, 1, this);
    QVERIFY(urgent.waitUntilBegun());
    click("sensitivityStart");
    QTRY_VERIFY(m_open->jobs.isBusy(Lane::Scan));
    QCOMPARE(scan().options().first, std::string("conv1.weight"));
    document().select(layer("fc2.weight"));
    std::string first;
    connect(&scan(), &SensitivityScan::curvesChanged, m_panel.get(), [&] {
        for (const auto& curve : scan().curves()) {
            if (!curve.points.empty() && first.empty()) first = curve.name;
        }
    });
    urgent.release();
    QTRY_VERIFY_WITH_TIMEOUT(!scan().isRunning(), test::kPatienceMs);
    QCOMPARE(first, std::string("fc2.weight"));
    QVERIFY(m_open->rest());
}

void TestSensitivityPanel::curvesAppearWhileTheyAreMeasured() {
    attach();
    document().select(layer("fc1.weight"));
    std::vector<std::string> order;
    connect(&scan(), &SensitivityScan::curvesChanged, this, [&] {
        for (const auto& curve : scan().curves()) {
            if (!curve.points.empty() && std::ranges::find(order, curve.name) == order.end())
                order.push_back(curve.name);
        }
    });
    scanToTheEnd();
    QCOMPARE(order.size(), std::size_t(4));
    QCOMPARE(order.front(), std::string("fc1.weight"));  // the one that is looked at
    QCOMPARE(curves().seriesCount(), 6);                 // the preview and random's
    for (int i = 0; i < 4; ++i) {
        const auto& points = scan().curves()[static_cast<std::size_t>(i)].points;
        QVERIFY(std::ranges::is_sorted(points, {}, &measure::ScanPoint::sparsity));
        QCOMPARE(curves().points(i).size(), points.size() + 1);
        QCOMPARE(curves().points(i).y.back(), 100 * points.back().figures.top1);
    }
    QCOMPARE(steps(), 0);
}

void TestSensitivityPanel::aClickOnAPointSetsThatSparsity() {
    attach();
    scanToTheEnd();
    const auto points = curves().points(0);  // conv1.weight: it loses most
    const auto last = points.size() - 1;
    QTest::mouseClick(curves().canvas(), Qt::LeftButton, {},
                      pixelOf(points.x[last], points.y[last]));
    QCOMPARE(steps(), 1);
    QCOMPARE(document().selection(), layer("conv1.weight"));
    QCOMPARE(sparsityOf("conv1.weight"), 0.95);
    QTest::mouseMove(curves().canvas(), pixelOf(points.x[last], points.y[last]) + QPoint(1, 1));
    QCOMPARE(document().highlight()->hovered().layer, layer("conv1.weight"));
    document().undoStack()->undo();
    QVERIFY(!document().rule(document().selection()));
}

void TestSensitivityPanel::draggingTheLimitCutsEveryLayer() {
    attach();
    child<QCheckBox>("sensitivityAll").setChecked(true);
    scanToTheEnd();
    const double dense = 100 * scan().dense()->top1;
    QVERIFY(curves().limit());
    QVERIFY(std::abs(*curves().limit() - (dense - 1)) < 1e-9);
    test::drag(curves().canvas(), pixelOf(30, dense - 1), pixelOf(30, dense - 20));
    const double drop = child<QDoubleSpinBox>("sensitivityDrop").value();
    QVERIFY2(drop > 18 && drop < 22, qPrintable(QString::number(drop)));
    QCOMPARE(steps(), 1);
    for (int i = 0; i < 4; ++i) {
        const auto& curve = scan().curves()[static_cast<std::size_t>(i)];
        // The definition, on all levels.
        double largest = 0;
        for (const auto& point : curve.points) {
            if (scan().dense()->top1 - point.figures.top1 > drop / 100 + 1e-9) break;
            largest = point.sparsity;
        }
        QCOMPARE(sparsityOf(curve.name.c_str()).value_or(0), largest);
    }
    document().undoStack()->undo();
    QVERIFY(!sparsityOf("fc1.weight"));
}

void TestSensitivityPanel::appliesFromTheKeyboard() {
    attach();
    scanToTheEnd();
    auto& drop = child<QDoubleSpinBox>("sensitivityDrop");
    drop.setFocus();
    drop.selectAll();
    QTest::keyClicks(&drop, "100");
    QTest::keyClick(&drop, Qt::Key_Return);
    QVERIFY(std::abs(*curves().limit() - 100 * (scan().dense()->top1 - 1)) < 1e-9);
    QCOMPARE(steps(), 1);
    for (const char* name : {"conv1.weight", "conv2.weight", "fc1.weight", "fc2.weight"})
        QCOMPARE(sparsityOf(name), 0.95);
    // The same number once more, by Apply: there is nothing to do.
    QTest::keyClick(&child<QToolButton>("sensitivityApply"), Qt::Key_Space);
    QCOMPARE(steps(), 1);
}

void TestSensitivityPanel::leavingTheNumberAppliesIt() {
    attach();
    auto& drop = child<QDoubleSpinBox>("sensitivityDrop");
    drop.setFocus();
    QTest::keyClick(&drop, Qt::Key_Up);
    child<QToolButton>("sensitivityStart").setFocus();
    QCOMPARE(steps(), 0);  // nothing is measured
    scanToTheEnd();
    drop.setFocus();
    child<QToolButton>("sensitivityStart").setFocus();
    QCOMPARE(steps(), 0);  // it is as it was
    drop.setFocus();
    drop.selectAll();
    QTest::keyClicks(&drop, "100");
    QCOMPARE(steps(), 0);  // it is being typed
    child<QToolButton>("sensitivityStart").setFocus();
    QCOMPARE(steps(), 1);
    QCOMPARE(sparsityOf("fc1.weight"), 0.95);
    document().undoStack()->undo();
    drop.setFocus();
    child<QToolButton>("sensitivityStart").setFocus();
    QVERIFY(!sparsityOf("fc1.weight"));  // what was undone is not done again
}

void TestSensitivityPanel::aLimitWaitsForTheEndOfTheScan() {
    attach();
    click("sensitivityStart");
    QTRY_VERIFY_WITH_TIMEOUT(scan().hasPoints(), test::kPatienceMs);
    QVERIFY(scan().isRunning());
    QVERIFY(!child<QToolButton>("sensitivityApply").isEnabled());
    auto& drop = child<QDoubleSpinBox>("sensitivityDrop");
    drop.setFocus();
    drop.selectAll();
    QTest::keyClicks(&drop, "100");
    QTest::keyClick(&drop, Qt::Key_Return);
    QCOMPARE(steps(), 0);
    QTRY_VERIFY_WITH_TIMEOUT(!scan().isRunning(), test::kPatienceMs);
    QCOMPARE(steps(), 0);
    QTest::keyClick(&drop, Qt::Key_Return);
    QCOMPARE(steps(), 1);
    QCOMPARE(sparsityOf("fc1.weight"), 0.95);
}

void TestSensitivityPanel::aClickOnTheHeatmapSelectsTheLayer() {
    attach();
    scanToTheEnd();
    auto& picture = child<QComboBox>("sensitivityPicture");
    picture.setFocus();
    QTest::keyClick(&picture, Qt::Key_Down);
    Q_EMIT picture.activated(picture.currentIndex());
    auto& heatmap = child<plots::HeatmapView>("sensitivityHeatmap");
    QTRY_VERIFY(heatmap.isVisible());
    QCoreApplication::processEvents();
    heatmap.canvas()->replot();
    QCOMPARE(heatmap.data().rows, 4);
    QCOMPARE(heatmap.data().columns, 19);
    const auto& points = scan().curves()[1].points;
    const auto level = static_cast<int>(std::lround(points.back().sparsity * 20)) - 1;
    QVERIFY(std::abs(heatmap.data().at(1, level) -
                     100 * (scan().dense()->top1 - points.back().figures.top1)) < 1e-4);
    QVERIFY(std::isnan(heatmap.data().at(1, 0)));
    QTest::mouseClick(heatmap.canvas(), Qt::LeftButton, {},
                      heatmap.cellRect({2, 3}).center().toPoint());
    QCOMPARE(document().selection(), layer("fc1.weight"));
    QCOMPARE(steps(), 0);
}

void TestSensitivityPanel::scansChannels() {
    attach();
    QTRY_VERIFY_WITH_TIMEOUT(document().channels()->found(), test::kPatienceMs);
    auto& structure = child<QComboBox>("sensitivityStructure");
    structure.setCurrentIndex(1);
    Q_EMIT structure.activated(1);
    QCOMPARE(child<QComboBox>("sensitivityCriterion").currentText(), QString("l2"));
    child<QDoubleSpinBox>("sensitivityDrop").setValue(100);  // so that no level is hopeless
    scanToTheEnd();
    QCOMPARE(scan().curves().front().name, std::string("conv1"));
    click("sensitivityApply");
    QCOMPARE(steps(), 1);
    QCOMPARE(document().plan().channels.at("conv1"), prune::ChannelRule::ratio(0.95));
}

void TestSensitivityPanel::cancelsAndGoesOn() {
    attach();
    click("sensitivityStart");
    QTRY_VERIFY_WITH_TIMEOUT(scan().hasPoints(), test::kPatienceMs);
    QCOMPARE(child<QToolButton>("sensitivityStart").text(), QString("Cancel"));
    click("sensitivityStart");
    QTRY_VERIFY_WITH_TIMEOUT(!scan().isRunning(), test::kPatienceMs);
    QVERIFY(scan().hasPoints());
    QCOMPARE(child<QToolButton>("sensitivityStart").text(), QString("Start"));
    const auto told = [&] { return child<ElidedLabel>("sensitivityStatus").text(); };
    QVERIFY2(told().contains(QRegularExpression("[1-3] of 4 layers")), qPrintable(told()));
    QVERIFY2(told().contains("the others are not measured"), qPrintable(told()));
    scanToTheEnd();
    QVERIFY2(!told().contains(" of 4"), qPrintable(told()));
    for (const auto& curve : scan().curves()) QVERIFY(!curve.points.empty());
    QVERIFY(std::ranges::any_of(scan().curves(), [](const auto& curve) {
        return std::ranges::any_of(curve.points, &measure::ScanPoint::isRemembered);
    }));
}

void TestSensitivityPanel::previewsBeforeTheScan() {
    attach();
    document().select(layer("fc2.weight"));
    RunControl control;
    const auto shares =
        measure::removedMagnitude(*document().snapshot(), layer("fc2.weight"), control);
    QTRY_VERIFY(curves().points(0).size() == 20 &&
                curves().points(0).y.back() == 100 * shares->back());
    QVERIFY(!curves().isEmptyStateShown());
    QVERIFY(!scan().hasPoints());
}

void TestSensitivityPanel::exportsCsv() {
    attach();
    scanToTheEnd();
    const QString path = m_folder->filePath("points.csv");
    DialogScript script;
    script.nextFile(path);
    click("sensitivityExport");
    const auto text = readText(path.toStdString());
    QVERIFY(text);
    QVERIFY(text->starts_with("parameter,sparsity,top1,top5,loss\nconv1.weight,"));
    std::size_t points = 0;
    for (const auto& curve : scan().curves()) points += curve.points.size();
    QCOMPARE(static_cast<std::size_t>(std::ranges::count(*text, '\n')), points + 1);
}

void TestSensitivityPanel::aPlanRanksAsItsPointsDo() {
    attach();
    child<QComboBox>("sensitivityCriterion").setCurrentText(QStringLiteral("random"));
    scanToTheEnd();
    QCOMPARE(document().plan().weightCriterion, std::string("magnitude"));
    QVERIFY(!scan().isOfPlansCriterion());
    child<QToolButton>("sensitivityApply").click();
    QCOMPARE(document().plan().weightCriterion, std::string("random"));
    QVERIFY(scan().isOfPlansCriterion());
    document().undoStack()->undo();
    QCOMPARE(document().plan().weightCriterion, std::string("magnitude"));
    scan().setSparsity(0, 0.5);
    QCOMPARE(document().plan().weightCriterion, std::string("random"));
    QCOMPARE(document().plan().weights.at(scan().curves()[0].name).value, 0.5);
}

void TestSensitivityPanel::forgetsCurvesOfOtherData() {
    attach();
    scanToTheEnd();
    document().setDataset({});
    QVERIFY(!scan().hasPoints());
    QVERIFY(curves().isEmptyStateShown());
    QVERIFY(!curves().limit());
}

void TestSensitivityPanel::withoutLabelsAgreementIsScanned() {
    // Grey images of 28 x 28 pixels in one folder.
    const std::filesystem::path folder = m_folder->filePath("photos").toStdString();
    for (int i = 0; i < 40; ++i) {
        test::Bytes pixels(28 * 28, 0);
        for (int p = 0; p < 60; ++p)
            pixels[static_cast<std::size_t>((p * 13 + i * 71) % 784)] = 255;
        test::writeFile(folder / (std::to_string(100 + i) + ".png"),
                        test::pngBytes(28, 28, PNG_COLOR_TYPE_GRAY, 8, pixels));
    }
    data::DataSpec spec;
    spec.path = folder;
    spec.preset = "mnist";
    m_open->workbench.attachData(spec);
    QTRY_VERIFY_WITH_TIMEOUT(document().dataset(), test::kPatienceMs);
    QTRY_COMPARE(child<QDoubleSpinBox>("sensitivityDrop").accessibleName(),
                 QString("Points of agreement with dense that each layer alone may lose"));
    scanToTheEnd();
    QCOMPARE(scan().dense()->score, 1.0);
    QCOMPARE(curves().points(0).y.front(), 100.0);
    QCOMPARE(curves().canvas()->yAxis->label(), QString("agreement with dense, %"));
    QVERIFY(!test::grab(*m_panel, "sensitivity-agreement").isNull());
    for (const auto* label : m_panel->findChildren<QLabel*>()) {
        QVERIFY2(!label->text().contains("accuracy") && !label->text().contains("top-1"),
                 qPrintable(label->text()));
    }
    const QString status = child<ElidedLabel>("sensitivityStatus").text();
    QVERIFY2(status.contains("within 1 pt"), qPrintable(status));
}

/// 300 samples tell a point from chance, and no quarter of one.
void TestSensitivityPanel::saysWhenSamplesAreTooFewForTheLimit() {
    auto& note = child<QLabel>("sensitivitySamplingNote");
    attach();
    QVERIFY(!note.isVisible());
    scanToTheEnd();
    QVERIFY2(!note.isVisible(), qPrintable(note.text()));
    child<QDoubleSpinBox>("sensitivityDrop").setValue(0.25);
    QVERIFY(note.isVisible());
    QVERIFY2(note.text().startsWith("On 300 samples an accuracy is known to ± 0.") &&
                 note.text().contains("for a limit of 0.25 points use at least "),
             qPrintable(note.text()));
    child<QDoubleSpinBox>("sensitivityDrop").setValue(2);
    QVERIFY(!note.isVisible());
}

void TestSensitivityPanel::saysHowLongItTakesBeforeItStarts() {
    auto& estimate = child<QLabel>("sensitivityEstimate");
    QVERIFY(!estimate.text().startsWith("Takes "));
    attach();
    QTRY_VERIFY_WITH_TIMEOUT(estimate.text().startsWith("Takes "), test::kPatienceMs);
    QTRY_VERIFY2_WITH_TIMEOUT(
        estimate.toolTip().contains("29 evaluations of 300 samples for 4 weight tensors"),
        qPrintable(estimate.toolTip()), test::kPatienceMs);
    QVERIFY(!scan().hasPoints());
    scanToTheEnd();
    QTRY_COMPARE_WITH_TIMEOUT(estimate.text(), QString("Measured already"), test::kPatienceMs);
    // It follows what is chosen: samples, criterion, levels, and what may be lost.
    const auto becomes = [&](const char* words) {
        return QTest::qWaitFor([&] { return estimate.toolTip().contains(words); },
                               test::kPatienceMs);
    };
    child<QSpinBox>("sensitivitySamples").setValue(200);
    QVERIFY2(becomes("29 evaluations of 200 samples"), qPrintable(estimate.toolTip()));
    child<QCheckBox>("sensitivityAll").setChecked(true);
    QVERIFY2(becomes("77 evaluations of 200 samples"), qPrintable(estimate.toolTip()));
    child<QCheckBox>("sensitivityAll").setChecked(false);
    child<QSpinBox>("sensitivitySamples").setValue(300);
    QVERIFY2(becomes("measured already"), qPrintable(estimate.toolTip()));
    child<QDoubleSpinBox>("sensitivityDrop").setValue(0.1);  // the knee lies elsewhere
    QTRY_VERIFY_WITH_TIMEOUT(estimate.text().startsWith("Takes "), test::kPatienceMs);
    child<QDoubleSpinBox>("sensitivityDrop").setValue(1);
    QVERIFY2(becomes("measured already"), qPrintable(estimate.toolTip()));
    child<QComboBox>("sensitivityCriterion").setCurrentText(QStringLiteral("random"));
    QVERIFY2(becomes("29 evaluations of 300 samples"), qPrintable(estimate.toolTip()));
}

/// At the width that the smallest window leaves, and at others.
void TestSensitivityPanel::startKeepsItsPlace() {
    for (const int width : {430, 590, 900}) {
        qputenv("XDG_CACHE_HOME", m_folder->filePath(QString::number(width)).toUtf8());
        m_panel->resize(width, 360);
        QCoreApplication::processEvents();
        auto& start = child<QToolButton>("sensitivityStart");
        const auto place = [&] {
            return QRect(start.mapTo(m_panel.get(), QPoint()), start.size());
        };
        document().setDataset({});
        QCoreApplication::processEvents();
        const QRect before = place();
        const QRect options(child<QComboBox>("sensitivityCriterion").pos(), QSize());
        attach();
        auto& estimate = child<QLabel>("sensitivityEstimate");
        QTRY_VERIFY_WITH_TIMEOUT(
            estimate.text().startsWith("Takes ") || estimate.text().startsWith("Measured"),
            test::kPatienceMs);
        QCoreApplication::processEvents();
        QCOMPARE(place(), before);
        QCOMPARE(QRect(child<QComboBox>("sensitivityCriterion").pos(), QSize()), options);
        click("sensitivityStart");
        QVERIFY(scan().isRunning());
        QCoreApplication::processEvents();
        QCOMPARE(start.text(), QString("Cancel"));
        QCOMPARE(place(), before);
        QCOMPARE(test::clippedTexts(*m_panel).join("; "), QString());
        test::grab(*m_panel, QString("sensitivity-%1-running").arg(width));
        QTRY_VERIFY_WITH_TIMEOUT(!scan().isRunning(), test::kPatienceMs);
        QVERIFY(m_open->rest());
        QCOMPARE(place(), before);
        QCOMPARE(test::clippedTexts(*m_panel).join("; "), QString());
    }
}

void TestSensitivityPanel::randomStandsBesideTheSelectedLayer() {
    attach();
    document().select(layer("fc1.weight"));
    auto& random = child<QCheckBox>("sensitivityRandom");
    random.click();  // wished for before there is anything to stand beside
    QVERIFY(random.isChecked());
    scanToTheEnd();
    const int series = curves().seriesCount() - 1;
    QTRY_VERIFY_WITH_TIMEOUT(!curves().points(series).x.empty(), test::kPatienceMs);
    // What a scan by that criterion measures; the curves beside it stay.
    const plots::Points drawn = curves().points(series);
    QCOMPARE(drawn.x.front(), 0.0);
    QCOMPARE(drawn.y.front(), 100 * scan().dense()->score);
    QCOMPARE(scan().options().criterion, std::string("magnitude"));
    QCOMPARE(steps(), 0);
    QVERIFY(!test::grab(*m_panel, "sensitivity-random").isNull());
    document().select(layer("conv1.weight"));
    QTRY_VERIFY_WITH_TIMEOUT(
        !curves().points(series).x.empty() && curves().points(series).y != drawn.y,
        test::kPatienceMs);
    random.click();
    QTRY_VERIFY(curves().points(series).x.empty());
    QVERIFY(m_open->rest());
    // The points are those of the criterion random, which come from the cache now.
    child<QComboBox>("sensitivityCriterion").setCurrentText(QStringLiteral("random"));
    scanToTheEnd();
    const int curve = scan().indexOf(layer("fc1.weight"));
    QCOMPARE(curves().points(curve).y, drawn.y);
    random.click();
    QVERIFY(m_open->rest());
    QVERIFY(curves().points(curves().seriesCount() - 1).x.empty());  // nothing to stand beside
}

/// Images that are scaled, and so read when they are needed.
std::filesystem::path TestSensitivityPanel::writePhotos(int perClass) const {
    const std::filesystem::path root = m_folder->filePath("photos").toStdString();
    for (int i = 0; i < 10 * perClass; ++i) {
        test::Bytes pixels(30 * 30, 0);
        for (int p = 0; p < 90; ++p)
            pixels[static_cast<std::size_t>((p * 13 + i * 71) % 900)] = 255;
        test::writeFile(root / "train" / std::to_string(i % 10) / (std::to_string(i) + ".png"),
                        test::pngBytes(30, 30, PNG_COLOR_TYPE_GRAY, 8, pixels));
    }
    return root;
}

void TestSensitivityPanel::attachPhotos(const std::filesystem::path& root) {
    data::DataSpec spec;
    spec.path = root;
    spec.preset = "mnist";
    spec.resize = {28};
    spec.validation = 0.9;
    document().setDataset({});
    m_open->workbench.attachData(spec);
    QTRY_VERIFY_WITH_TIMEOUT(document().dataset(), test::kPatienceMs);
    child<QSpinBox>("sensitivitySamples").setValue(40);
}

/// The folder goes away, and comes back.
void TestSensitivityPanel::lostDataLeavesTheCurves() {
    const auto root = writePhotos(20);
    attachPhotos(root);
    scanToTheEnd();
    const auto measured = scan().curves();
    const plots::Points drawn = curves().points(0);
    const auto away = root.parent_path() / "elsewhere";
    std::filesystem::rename(root, away);
    QSignalSpy failed(&m_open->workbench, &Workbench::failed);
    child<QSpinBox>("sensitivitySamples").setValue(160);
    click("sensitivityStart");
    QTRY_VERIFY_WITH_TIMEOUT(!scan().isRunning(), test::kPatienceMs);
    QVERIFY(m_open->rest());
    QCOMPARE(failed.count(), 1);
    const auto error = failed.front().front().value<Error>();
    QVERIFY2(error.text().find("photos") != std::string::npos, error.text().c_str());
    QVERIFY2(!error.hint.empty(), error.text().c_str());
    // What was measured is shown still, as what it is.
    QCOMPARE(scan().curves(), measured);
    QCOMPARE(curves().points(0).y, drawn.y);
    QCOMPARE(scan().options().samples, 40);
    QVERIFY(child<QLabel>("sensitivityShown").text().contains("40 samples"));
    QVERIFY(child<QToolButton>("sensitivityStart").isEnabled());
    test::grab(*m_panel, "sensitivity-lost-data");
    // The same again, as it was: nothing needs to be read.
    std::filesystem::rename(away, root);
    scanToTheEnd();
    QCOMPARE(failed.count(), 1);
    QCOMPARE(scan().options().samples, 160);
}

/// The module that judges goes away.
void TestSensitivityPanel::aBaselineThatFailsIsToldOnce() {
    const auto fixture = test::fixture("margin_judge.script.pt");
    NEED_FILE(fixture);
    const std::filesystem::path judge = m_folder->filePath("judge.pt").toStdString();
    std::filesystem::copy_file(fixture, judge);
    data::DataSpec spec;
    spec.path = project::lenet5Example().data;
    m_open->workbench.attachData(spec, {.metric = judge.string()});
    QTRY_VERIFY_WITH_TIMEOUT(document().dataset(), test::kPatienceMs);
    child<QSpinBox>("sensitivitySamples").setValue(100);
    document().select(layer("fc1.weight"));
    scanToTheEnd();
    std::filesystem::remove(judge);
    QSignalSpy failed(m_panel.get(), &SensitivityPanel::failed);
    auto& random = child<QCheckBox>("sensitivityRandom");
    random.click();
    QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 1, test::kPatienceMs);
    QVERIFY(m_open->rest());
    QCOMPARE(failed.count(), 1);  // not again and again
    QVERIFY(scan().hasPoints());
    random.click();
    random.click();  // who asks again is answered again
    QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 2, test::kPatienceMs);
    QVERIFY(m_open->rest());
}

void TestSensitivityPanel::namesWhatIsShownWhenSomethingElseIsChosen() {
    attach();
    auto& shown = child<QLabel>("sensitivityShown");
    child<QComboBox>("sensitivityCriterion").setCurrentText(QStringLiteral("random"));
    QVERIFY(shown.isHidden());  // nothing is shown yet
    child<QComboBox>("sensitivityCriterion").setCurrentText(QStringLiteral("magnitude"));
    scanToTheEnd();
    QVERIFY(shown.isHidden());
    child<QComboBox>("sensitivityCriterion").setCurrentText(QStringLiteral("random"));
    QVERIFY(shown.isVisible());
    QCOMPARE(shown.text(), QString("The picture shows weights by magnitude on 300 samples. Start "
                                   "measures weights by random on 300 samples."));
    QVERIFY(!test::grab(*m_panel, "sensitivity-other").isNull());
    child<QComboBox>("sensitivityCriterion").setCurrentText(QStringLiteral("magnitude"));
    QVERIFY(shown.isHidden());
}

void TestSensitivityPanel::looksRight_data() {
    QTest::addColumn<style::ThemeMode>("mode");
    QTest::newRow("light") << style::ThemeMode::Light;
    QTest::newRow("dark") << style::ThemeMode::Dark;
}

void TestSensitivityPanel::looksRight() {
    QFETCH(style::ThemeMode, mode);
    style::applyTheme(*qApp, mode);
    attach();
    document().select(layer("conv2.weight"));
    scanToTheEnd();
    const QString name = QString("sensitivity-%1").arg(QTest::currentDataTag());
    QVERIFY(!test::grab(*m_panel, name).isNull());
    QCOMPARE(test::clippedText(*m_panel), QString());
    auto& picture = child<QComboBox>("sensitivityPicture");
    picture.setCurrentIndex(1);
    Q_EMIT picture.activated(1);
    QVERIFY(!test::grab(*m_panel, name + "-heatmap").isNull());
    style::applyTheme(*qApp, style::ThemeMode::Light);
}

QTEST_MAIN(TestSensitivityPanel)
#include "tst_sensitivity_panel.moc"
