// SPDX-License-Identifier: GPL-3.0-or-later
// Which layers can go, and how much: a ResNet-20 is scanned, "lose at most one point" makes a plan,
// the plan is set against the uniform one of the same size, and the better one is exported. Needs
// the scripted model that $ESPALIER_RESNET20 names and the class folders of CIFAR-10 test images in
// $ESPALIER_CIFAR10. The pictures are those of the documentation.
#include <QDir>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QUndoStack>

#include "tests/support/grab.h"
#include "tests/support/linked_images.h"
#include "tests/support/window_probe.h"
#include "ui/document/sensitivity_scan.h"
#include "ui/plots/limit_curves_view.h"
#include "ui/plots/pareto_view.h"

using namespace espalier;
using test::WindowProbe;

namespace {

constexpr int kImagesPerClass = 50;
constexpr int kScanMs = 300'000;

}  // namespace

class TestWhichLayers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void scansPlansComparesAndExports();

private:
    double top1() { return m_probe->document().evaluation().value_or(measure::Evaluation{}).top1; }
    int markOf(const QString& name) {
        const auto& marks = m_probe->child<plots::ParetoView>("paretoView")->marks();
        const auto found = std::ranges::find(marks, name, &plots::ParetoMark::name);
        return found == marks.end() ? -1 : static_cast<int>(found - marks.begin());
    }

    WindowProbe* m_probe = nullptr;
};

void TestWhichLayers::scansPlansComparesAndExports() {
    const QString model = qEnvironmentVariable("ESPALIER_RESNET20");
    const QString images = qEnvironmentVariable("ESPALIER_CIFAR10");
    if (!QFile::exists(model)) QSKIP("ESPALIER_RESNET20 names no ResNet-20");
    if (!QDir(images).exists()) QSKIP("ESPALIER_CIFAR10 names no folder of CIFAR-10 images");
    const test::OwnSettings settings;
    WindowProbe probe;
    m_probe = &probe;
    QTemporaryDir folder;
    // Choices are made on a training split, never on the test images: here it stands for both.
    test::linkSome(images, folder.filePath("images/train"), kImagesPerClass);
    test::linkSome(images, folder.filePath("images/test"), kImagesPerClass);

    QVERIFY(probe.openModel(model));
    data::DataSpec spec;
    spec.path = folder.filePath("images").toStdString();
    spec.preset = "cifar10";
    spec.validation = 0.9;
    probe.window.workbench()->attachData(spec);
    QTRY_VERIFY_WITH_TIMEOUT(probe.document().dataset(), test::kPatienceMs);
    QVERIFY(probe.rest());

    probe.trigger("view.sensitivity");
    test::picture(probe.window, "which-before");
    QTest::mouseClick(probe.child<QToolButton>("sensitivityStart"), Qt::LeftButton);
    const ui::SensitivityScan& scan = *probe.window.workbench()->sensitivity();
    QVERIFY(scan.isRunning());
    QTRY_VERIFY_WITH_TIMEOUT(!scan.isRunning(), kScanMs);
    QCOMPARE(scan.curves().size(), std::size_t{22});
    const double dense = scan.dense()->top1;
    QVERIFY2(dense > 0.75, qPrintable(QString::number(dense)));
    test::picture(probe.window, "which-scanned");

    // Brush: one point, for each layer alone.
    auto* curves = probe.child<plots::LimitCurvesView>("sensitivityCurves");
    QVERIFY(curves->limit());
    const int steps = probe.document().undoStack()->count();
    QTest::mouseClick(probe.child<QToolButton>("sensitivityApply"), Qt::LeftButton);
    QCOMPARE(probe.document().undoStack()->count(), steps + 1);
    QVERIFY(probe.rest());
    const prune::Footprint cost = probe.document().footprint();
    QVERIFY(cost.nonzeros < cost.parameters * 7 / 10);

    // Together they lose more than each alone, and less than the same size spread uniformly.
    probe.trigger("view.layout_compare");
    for (const char* action : {"tools.measure_accuracy", "tools.remember", "tools.baseline"}) {
        probe.trigger(action);
        QVERIFY(probe.rest());
    }
    auto* pareto = probe.child<plots::ParetoView>("paretoView");
    const int trial = markOf("trial 1");
    QVERIFY(trial >= 0 && pareto->marks().size() >= 3);
    const auto& marks = pareto->marks();
    const auto uniform = std::ranges::find_if(marks, [&](const plots::ParetoMark& mark) {
        return mark.isTrial && mark.name != "trial 1";
    });
    QVERIFY(uniform != marks.end());
    const auto& ours = marks[static_cast<std::size_t>(trial)];
    QVERIFY2(ours.y > uniform->y, qPrintable(QString("%1 %2").arg(ours.y).arg(uniform->y)));
    QVERIFY(std::abs(ours.x - uniform->x) < 0.01 * ours.x);
    qInfo("dense %.2f %%, by sensitivity %.2f %%, uniform %.2f %% with %lld of %lld parameters",
          100 * dense, ours.y, uniform->y, static_cast<long long>(cost.nonzeros),
          static_cast<long long>(cost.parameters));
    test::picture(probe.window, "which-pareto");

    // Back to the better one by a click on its point, and out.
    Q_EMIT pareto->markChosen(static_cast<int>(uniform - marks.begin()));
    QVERIFY(probe.rest());
    Q_EMIT pareto->markChosen(markOf("trial 1"));
    QVERIFY(probe.rest());
    QCOMPARE(probe.document().footprint().nonzeros, cost.nonzeros);
    const QString target = folder.filePath("small.pt");
    probe.dialogs.nextDialog([](QDialog&) { return true; });
    probe.dialogs.nextFile(target);
    probe.trigger("file.export_masked");
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(target), test::kPatienceMs);
    QVERIFY(probe.rest());
    QVERIFY2(!probe.isError(), qPrintable(probe.messageText()));
}

QTEST_MAIN(TestWhichLayers)
#include "tst_which_layers.moc"
