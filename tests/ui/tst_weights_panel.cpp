// SPDX-License-Identifier: GPL-3.0-or-later
// WeightsPanel: dragging the cut with a mouse and with keys, in a real window.
#include <algorithm>
#include <cmath>

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTest>
#include <QUndoStack>

#include "tests/support/grab.h"
#include "tests/support/session.h"
#include "ui/document/highlight.h"
#include "ui/panels/weights_panel.h"
#include "ui/plots/heatmap_view.h"
#include "ui/plots/histogram_view.h"
#include "ui/plots/qcp.h"

using namespace espalier;
using namespace espalier::ui;
using prune::WeightRule;
using test::fixture;
using test::Session;

namespace {
constexpr const char* kModel = "cnn_bn.script.pt";
}

class TestWeightsPanel : public QObject {
    Q_OBJECT

    Session* m_session = nullptr;
    WeightsPanel* m_panel = nullptr;

    Document& document() { return m_session->document; }
    plots::HistogramView& view() { return *m_panel->findChild<plots::HistogramView*>(); }
    QWidget* canvas() { return view().findChild<QWidget*>("canvas"); }
    int steps() { return document().undoStack()->count(); }
    // Pixel of a threshold on the canvas, by trying: the view offers where its label is, not the
    // axis.
    QPoint grip() {
        for (int x = 0; x < canvas()->width(); ++x) {
            QTest::mouseMove(canvas(), {x, canvas()->height() / 2});
            if (canvas()->cursor().shape() == Qt::SizeHorCursor)
                return {x + 4, canvas()->height() / 2};
        }
        return {-1, -1};
    }

private Q_SLOTS:
    void anotherCriterionStandsBeside() {
        auto* box = m_panel->findChild<QComboBox*>("weightsCompare");
        auto* line = m_panel->findChild<QLabel*>("weightsCorrelation");
        QVERIFY(line->isHidden());
        const auto choose = [box](const char* name) {
            box->setCurrentText(QLatin1String(name));
            Q_EMIT box->activated(box->currentIndex());
        };
        choose("lamp");  // within a layer the order of magnitudes
        QTRY_VERIFY2(line->text().contains("(Spearman): 1"), qPrintable(line->text()));
        QVERIFY(line->text().contains("Rank correlation of magnitude and lamp"));
        // Side by side as a picture: one order is a line.
        const auto& ranks = *m_panel->findChild<plots::HeatmapView*>("weightsRanks");
        QVERIFY(ranks.isVisible());
        for (int row = 0; row < ranks.data().rows; ++row) {
            for (int column = 0; column < ranks.data().columns; ++column)
                QCOMPARE(ranks.data().at(row, column), row == column ? 100.0F : 0.0F);
        }
        QVERIFY2(line->text().contains("lowest 50\u2009% by magnitude, 100\u2009% are"),
                 qPrintable(line->text()));
        document().setRule(document().selection(), WeightRule::sparsity(0.8));
        QTRY_VERIFY2(line->text().contains("lowest 80\u2009% by magnitude, 100\u2009% are"),
                     qPrintable(line->text()));
        QVERIFY(!test::grab(*m_panel, "weights_rankings").isNull());
        QCOMPARE(test::namelessWidget(*m_panel), QString());
        choose("random");
        QTRY_VERIFY2(line->text().contains("magnitude and random"), qPrintable(line->text()));
        QTRY_VERIFY2(line->text().contains("(Spearman): 0") ||
                         line->text().contains("(Spearman): -0") ||
                         line->text().contains(QString::fromUtf8("(Spearman): \u22120")),
                     qPrintable(line->text()));
        choose("taylor");
        QVERIFY2(line->text().contains("none is attached"), qPrintable(line->text()));
        QVERIFY(!ranks.isVisible());
        choose("magnitude");
        QVERIFY(line->text().contains("already"));
        box->setCurrentIndex(0);
        Q_EMIT box->activated(0);
        QVERIFY(line->isHidden());
    }
    void initTestCase() { style::applyTheme(*qApp, style::ThemeMode::Light); }
    void init() {
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
        NEED_FILE(fixture(kModel));
        m_session = new Session;
        m_panel = new WeightsPanel(&m_session->workbench);
        QVERIFY(m_session->open(fixture(kModel)));
        test::showAt(*m_panel, {800, 420});
        QVERIFY(!view().isBusy());
    }
    void cleanup() {
        delete m_panel;
        delete m_session;
        m_panel = nullptr;
        m_session = nullptr;
    }

    void withoutAModelItSaysWhatItWillShow() {
        document().closeModel();
        QVERIFY(view().isEmptyStateShown());
    }

    void aHoveredWeightIsMarked() {
        QVERIFY(!view().mark());
        Highlight& highlight = *document().highlight();
        highlight.set({document().selection(), 0.05});
        QCOMPARE(view().mark(), std::optional(0.05));
        test::grab(*m_panel, "weights_mark");
        m_panel->hide();
        highlight.set({document().selection(), 0.07});  // shown next, it is marked there
        m_panel->show();
        QCOMPARE(view().mark(), std::optional(0.07));
        highlight.set({document().snapshot()->layers().back().id, 0.05});  // another layer's
        QVERIFY(!view().mark());
        highlight.set({document().selection(), 0.05});
        const model::LayerId layer = document().selection();
        document().select(document().snapshot()->layers().back().id);
        QVERIFY(!view().mark());
        document().select(layer);
        QVERIFY(view().mark());
        QTest::mouseMove(canvas(), {canvas()->width() / 2, canvas()->height() / 3});
        QVERIFY(!view().mark());  // the hand is here now
        highlight.set({document().selection(), 0.05});
        document().closeModel();
        QVERIFY(!highlight.hovered().layer.isValid());
    }

    void everyWeightIsInTheHistogram() {
        const model::WeightStatistics& statistics =
            document().index(document().selection())->statistics();
        const plots::TensorHistogram& data = view().data();
        QCOMPARE(data.magnitude.total(), statistics.count);
        QCOMPARE(data.signedValues.total(), statistics.count);
        QCOMPARE(data.signedValues.counts.size() % 2, std::size_t{0});
        m_panel->findChild<QSpinBox*>("weightsBins")->setValue(31);
        m_panel->findChild<QCheckBox*>("weightsFull")->setChecked(true);
        QCOMPARE(view().data().magnitude.counts.size(), std::size_t{31});
        QCOMPARE(view().data().magnitude.total(), statistics.count);
    }

    void optionsAndPlotMenuAgree() {
        auto* value = m_panel->findChild<QComboBox*>("weightsValue");
        value->setCurrentIndex(1);
        QCOMPARE(view().mode(), plots::HistogramMode::Signed);
        view().setCountScale(plots::CountScale::Log);
        QVERIFY(m_panel->findChild<QCheckBox*>("weightsLog")->isChecked());
        view().setValueRange(plots::ValueRange::Full);
        QVERIFY(m_panel->findChild<QCheckBox*>("weightsFull")->isChecked());
        view().setMode(plots::HistogramMode::Magnitude);
        QCOMPARE(value->currentIndex(), 0);
    }

    void oneDragIsOneUndoStep() {
        document().setRule(document().selection(), WeightRule::sparsity(0.2));
        QVERIFY(m_session->settle());
        const QPoint from = grip();
        QVERIFY(from.x() > 0);
        QSignalSpy planned(&document(), &Document::planChanged);
        QSignalSpy moved(&document(), &Document::footprintChanged);
        QTest::mousePress(canvas(), Qt::LeftButton, {}, from);
        for (int dx = 10; dx <= 120; dx += 10) QTest::mouseMove(canvas(), from + QPoint(dx, 0));
        QCOMPARE(planned.count(), 0);
        QVERIFY(moved.count() > 5);
        QVERIFY(document().previewedThreshold(document().selection()));
        const std::int64_t shown = document().removed(document().selection());
        QTest::mouseRelease(canvas(), Qt::LeftButton, {}, from + QPoint(120, 0));
        QCOMPARE(planned.count(), 1);
        QCOMPARE(steps(), 2);
        QCOMPARE(document().rule(document().selection())->kind, WeightRule::Kind::Threshold);
        QCOMPARE(document().removed(document().selection()), shown);
        QVERIFY(!document().previewedThreshold(document().selection()));
        QVERIFY(m_session->settle());
        QCOMPARE(document().masks()->removed(document().selection()), shown);
        document().undoStack()->undo();
        QCOMPARE(*document().rule(document().selection()), WeightRule::sparsity(0.2));
    }

    void escapeCancelsADrag() {
        document().setRule(document().selection(), WeightRule::sparsity(0.2));
        QVERIFY(m_session->settle());
        const prune::Footprint before = document().footprint();
        const QPoint from = grip();
        QTest::mousePress(canvas(), Qt::LeftButton, {}, from);
        QTest::mouseMove(canvas(), from + QPoint(60, 0));
        QVERIFY(!(document().footprint() == before));
        QTest::keyClick(&view(), Qt::Key_Escape);
        QTest::mouseRelease(canvas(), Qt::LeftButton, {}, from + QPoint(60, 0));
        QVERIFY(document().footprint() == before);
        QCOMPARE(steps(), 1);
    }

    void anotherLayerIsSeenWhole() {
        const auto layers = document().snapshot()->layers();
        view().zoom(0.5);
        const QCPRange zoomed = view().canvas()->xAxis->range();
        document().setRule(document().selection(), WeightRule::sparsity(0.5));
        QVERIFY(m_session->settle());
        QVERIFY(view().isZoomedByUser());  // the same layer, cut
        QCOMPARE(view().canvas()->xAxis->range(), zoomed);
        QTest::keyClick(&view(), Qt::Key_Home);  // shows everything, and the cut stays
        QVERIFY(!view().isZoomedByUser());
        QVERIFY(document().rule(document().selection()));
        view().zoom(0.5);
        const model::LayerId first = document().selection();
        const auto other = std::ranges::find_if(layers, [first](const model::Layer& layer) {
            return layer.prunable.weights && layer.id != first;
        });
        document().select(other->id);
        QVERIFY(m_session->settle());
        QVERIFY(!view().isZoomedByUser());
    }

    void keysMoveTheCut() {
        view().setFocus();
        QTest::keyClick(&view(), Qt::Key_Right);
        QCOMPARE(steps(), 1);
        QTest::keyClick(&view(), Qt::Key_Right, Qt::ControlModifier);
        QVERIFY(m_session->settle());
        QVERIFY(std::abs(document().sparsity(document().selection()) - 0.1) < 0.05);
        QTest::keyClick(&view(), Qt::Key_End, Qt::ControlModifier);
        QVERIFY(m_session->settle());
        QVERIFY(document().masks());  // at least one weight is left: the plan can be met
        QCOMPARE(document().removed(document().selection()),
                 document().snapshot()->layer(document().selection()).weightCount - 1);
        QTest::keyClick(&view(), Qt::Key_Home, Qt::ControlModifier);
        QCOMPARE(document().removed(document().selection()), 0);
    }

    void labelSaysExactlyWhatGoes() {
        const model::LayerId layer = document().selection();
        document().setRule(layer, WeightRule::sparsity(0.5));
        QVERIFY2(view().cutText().contains(QStringLiteral("50.0\u2009%")),
                 qPrintable(view().cutText()));
        QVERIFY(!view().cutText().contains(QStringLiteral("≈")));
        QCOMPARE(view().cut(), document().cutThreshold(layer));
    }

    void lockedAndPatternedLayersSayWhyThereIsNothingToDrag() {
        auto* note = m_panel->findChild<QLabel*>("weightsNote");
        QVERIFY(!note->isVisible());
        document().setLocked({document().selection()}, true);
        QVERIFY(note->isVisible());
        document().setLocked({document().selection()}, false);
        QVERIFY(!note->isVisible());
        document().setRule(document().selection(), WeightRule::pattern(2, 4));
        QVERIFY(note->isVisible() && note->text().contains("2:4"));
        QVERIFY(!view().cut());
        document().setCriterion("random");
        document().setRule(document().selection(), WeightRule::sparsity(0.5));
        QVERIFY(note->isVisible() && note->text().contains("random"));
    }

    void hiddenPanelsDoNoWork() {
        m_panel->hide();
        const QString name = view().data().magnitude.name;
        for (const model::Layer& layer : document().snapshot()->layers()) {
            if (layer.op == "linear") document().select(layer.id);
        }
        QCOMPARE(view().data().magnitude.name, name);
        m_panel->show();
        QVERIFY(view().data().magnitude.name != name);
    }

    void textsFitAndWidgetsHaveNames() {
        document().setRule(document().selection(), WeightRule::sparsity(0.6));
        QVERIFY(m_session->settle());
        QCOMPARE(test::namelessWidget(*m_panel), QString());
        for (const auto mode : {style::ThemeMode::Dark, style::ThemeMode::Light}) {
            style::applyTheme(*qApp, mode);
            test::grab(*m_panel, mode == style::ThemeMode::Dark ? "weights_dark" : "weights_light");
        }
        m_panel->resize(520, 320);
        QCoreApplication::processEvents();
        QCOMPARE(test::clippedText(*m_panel), QString());
    }
};

QTEST_MAIN(TestWeightsPanel)
#include "tst_weights_panel.moc"
