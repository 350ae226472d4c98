// SPDX-License-Identifier: GPL-3.0-or-later
// LayerSettingsPanel: three views of one cut, typing, several layers, statistics.
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QPushButton>
#include <QRadioButton>
#include <QRegularExpression>
#include <QScopeGuard>
#include <QSignalSpy>
#include <QSlider>
#include <QTest>
#include <QUndoStack>

#include "core/base/format.h"
#include "tests/support/grab.h"
#include "tests/support/session.h"
#include "ui/panels/exact_spin_box.h"
#include "ui/panels/layer_settings_panel.h"

using namespace espalier;
using namespace espalier::ui;
using prune::WeightRule;
using test::fixture;
using test::Session;
using Kind = WeightRule::Kind;

namespace {
constexpr const char* kModel = "cnn_bn.script.pt";
}

class TestLayerSettings : public QObject {
    Q_OBJECT

    Session* m_session = nullptr;
    LayerSettingsPanel* m_panel = nullptr;
    model::LayerId m_conv1;
    model::LayerId m_conv2;
    model::LayerId m_norm;

    Document& document() { return m_session->document; }
    QDoubleSpinBox& box(const char* name) { return *m_panel->findChild<QDoubleSpinBox*>(name); }
    QSlider& slider() { return *m_panel->findChild<QSlider*>("cutSlider"); }
    QString stat(const char* name) {
        return m_panel->findChild<QLabel*>(QString("stat.") + name)->text();
    }
    bool isMarked(const char* name) { return m_panel->findChild<QRadioButton*>(name)->isChecked(); }
    int steps() { return document().undoStack()->count(); }
    void type(QWidget& into, const QString& text) {
        into.setFocus();
        QTest::keyClick(&into, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(&into, text);
    }

private Q_SLOTS:
    void initTestCase() { style::applyTheme(*qApp, style::ThemeMode::Light); }
    void init() {
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
        NEED_FILE(fixture(kModel));
        m_session = new Session;
        m_panel = new LayerSettingsPanel(&m_session->workbench);
        QVERIFY(m_session->open(fixture(kModel)));
        std::vector<model::LayerId> convs;
        for (const model::Layer& layer : document().snapshot()->layers()) {
            if (layer.op == "conv2d") convs.push_back(layer.id);
            if (!layer.prunable.weights) m_norm = layer.id;
        }
        m_conv1 = convs.at(0);
        m_conv2 = convs.at(1);
        test::showAt(*m_panel, {300, 640});
        m_panel->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(m_panel));
    }
    void cleanup() {
        delete m_panel;
        delete m_session;
        m_panel = nullptr;
        m_session = nullptr;
    }

    void aPointAndACommaBothPartTheDecimals() {
        const QLocale before;
        const auto back = qScopeGuard([&] { QLocale::setDefault(before); });
        for (const auto language : {QLocale::German, QLocale::English}) {
            QLocale::setDefault(QLocale(language));
            ui::ExactSpinBox box;
            box.setDecimals(4);
            for (const char* typed : {"1,5", "1.5"}) {
                box.setValue(0);
                box.selectAll();
                QTest::keyClicks(&box, typed);
                QCOMPARE(box.value(), 1.5);
            }
            QCOMPARE(box.textFromValue(20), QString("20"));
            QCOMPARE(box.textFromValue(2.25), QLocale().toString(2.25, 'f', 2));
        }
    }

    void withoutAModelItSaysWhatItIsFor() {
        document().closeModel();
        QVERIFY(m_panel->findChild<QLabel*>("settingsEmpty")->isVisible());
        QVERIFY(!box("cutThreshold").isVisible());
    }

    void oneCutIsShownThreeTimes() {
        document().setRule(m_conv1, WeightRule::sparsity(0.5));
        const double threshold = *document().cutThreshold(m_conv1);
        const double sigma = document().index(m_conv1)->statistics().sigma;
        QCOMPARE(box("cutSparsity").value(), 50.0);
        QVERIFY(std::abs(box("cutThreshold").value() - threshold) < 1e-7);
        QVERIFY(std::abs(box("cutSigma").value() - threshold / sigma) < 1e-4);
        QCOMPARE(slider().value(), 500);
        QVERIFY(isMarked("cutBySparsity") && !isMarked("cutByThreshold") &&
                !isMarked("cutBySigma"));
    }

    void typingASparsityIsOneStepWhileItIsTyped() {
        type(box("cutSparsity"), "62.5");
        QCOMPARE(document().rule(m_conv1)->value, 0.625);
        QCOMPARE(document().rule(m_conv1)->kind, Kind::Sparsity);
        QCOMPARE(steps(), 1);
        QVERIFY2(box("cutSparsity").text().startsWith("62.5"),
                 qPrintable(box("cutSparsity").text()));
        QTest::keyClick(&box("cutSparsity"), Qt::Key_Return);
        type(box("cutSparsity"), "7");
        QCOMPARE(steps(), 2);
        document().undoStack()->undo();
        QCOMPARE(document().rule(m_conv1)->value, 0.625);
        document().undoStack()->undo();
        QVERIFY(!document().rule(m_conv1));
    }

    void typingAThresholdOrSigmaSetsThatKind() {
        type(box("cutThreshold"), "0.05");
        QCOMPARE(*document().rule(m_conv1), WeightRule::threshold(0.05));
        QVERIFY(isMarked("cutByThreshold"));
        type(box("cutSigma"), "0.5");
        QCOMPARE(*document().rule(m_conv1), WeightRule::sigma(0.5));
        QVERIFY(isMarked("cutBySigma"));
        QCOMPARE(steps(), 2);
        QVERIFY(m_session->settle());
        QVERIFY(document().masks());
    }

    void oneMoveOfTheSliderIsOneStep() {
        slider().setSliderDown(true);
        for (int value = 100; value <= 700; value += 100) slider().setValue(value);
        slider().setSliderDown(false);
        QCOMPARE(steps(), 1);
        QCOMPARE(document().rule(m_conv1)->value, 0.7);
        slider().setSliderDown(true);
        slider().setValue(300);
        slider().setSliderDown(false);
        QCOMPARE(steps(), 2);
    }

    void patternsAreChosen() {
        auto& pattern = *m_panel->findChild<QComboBox*>("cutPattern");
        pattern.setFocus();
        pattern.setCurrentIndex(0);
        Q_EMIT pattern.activated(0);
        QCOMPARE(*document().rule(m_conv1), WeightRule::pattern(2, 4));
        QVERIFY(isMarked("cutByPattern"));
    }

    void switchingTheKindKeepsTheCut_data() {
        QTest::addColumn<QString>("button");
        QTest::addColumn<int>("kind");
        QTest::newRow("threshold") << "cutByThreshold" << int(Kind::Threshold);
        QTest::newRow("sigma") << "cutBySigma" << int(Kind::Sigma);
    }
    void switchingTheKindKeepsTheCut() {
        QFETCH(QString, button);
        QFETCH(int, kind);
        document().setRules({m_conv1, m_conv2}, WeightRule::sparsity(0.5));
        document().select({m_conv1, m_conv2}, m_conv1);
        const std::int64_t removed = document().removed(m_conv1);
        m_panel->findChild<QRadioButton*>(button)->click();
        for (const model::LayerId layer : {m_conv1, m_conv2})
            QCOMPARE(int(document().rule(layer)->kind), kind);
        QVERIFY(std::abs(document().removed(m_conv1) - removed) <= 1);
        QCOMPARE(steps(), 2);
        m_panel->findChild<QRadioButton*>("cutBySparsity")->click();
        QCOMPARE(document().rule(m_conv2)->kind, Kind::Sparsity);
        QVERIFY(std::abs(document().removed(m_conv1) - removed) <= 1);
    }

    void changesApplyToAllSelectedLayers() {
        document().select({m_conv1, m_conv2, m_norm}, m_conv2);
        type(box("cutSparsity"), "40");
        QCOMPARE(document().rule(m_conv1)->value, 0.4);
        QCOMPARE(document().rule(m_conv2)->value, 0.4);
        QVERIFY(!document().rule(m_norm));
        QCOMPARE(steps(), 1);
        m_panel->findChild<QPushButton*>("layerReset")->click();
        QVERIFY(document().plan().weights.empty());
        m_panel->findChild<QCheckBox*>("layerLock")->click();
        QVERIFY(document().isLocked(m_conv1) && document().isLocked(m_conv2) &&
                !document().isLocked(m_norm));
        QVERIFY(!box("cutSparsity").isEnabled());
    }

    void layersThatCannotBePrunedSayWhy() {
        document().select(m_norm);
        auto* reason = m_panel->findChild<QLabel*>("settingsReason");
        QVERIFY(reason->isVisible());
        QVERIFY(reason->text().contains(
            QString::fromStdString(document().snapshot()->layer(m_norm).prunable.reason)));
        QVERIFY(!box("cutSparsity").isEnabled() &&
                !m_panel->findChild<QCheckBox*>("layerLock")->isEnabled());
    }

    void criteriaAreOfferedWithTheirFormulas() {
        auto& criterion = *m_panel->findChild<QComboBox*>("criterion");
        QCOMPARE(criterion.count(), int(prune::weightCriteria().size()));
        for (int row = 0; row < criterion.count(); ++row) {
            const QString formula =
                QString::fromStdString(prune::weightCriteria()[std::size_t(row)].formula);
            QVERIFY(criterion.itemData(row, Qt::ToolTipRole).toString().contains(formula));
        }
        const int random = criterion.findData("random");
        criterion.setCurrentIndex(random);
        Q_EMIT criterion.activated(random);
        QCOMPARE(document().plan().weightCriterion, std::string("random"));
        QVERIFY(!box("cutThreshold").isEnabled() && box("cutSparsity").isEnabled());
        document().undoStack()->undo();
        QCOMPARE(criterion.currentData().toString(), "magnitude");
    }

    void statisticsAreThoseOfTheIndex() {
        const model::WeightStatistics& statistics = document().index(m_conv1)->statistics();
        QCOMPARE(stat("count"), QString::fromStdString(exactCount(statistics.count)));
        QCOMPARE(stat("min"), QString::fromStdString(significant(statistics.min)));
        QCOMPARE(stat("max"), QString::fromStdString(significant(statistics.max)));
        QCOMPARE(stat("mean"), QString::fromStdString(significant(statistics.mean)));
        QCOMPARE(stat("sigma"), QString::fromStdString(significant(statistics.sigma)));
        QCOMPARE(stat("q50"), QString::fromStdString(
                                  significant(document().index(m_conv1)->magnitudeQuantile(0.5))));
        document().setRule(m_conv1, WeightRule::sparsity(0.5));
        QCOMPARE(stat("nonzeros"), QString::fromStdString(
                                       exactCount(statistics.count - document().removed(m_conv1))));
    }

    void previewMovesTheNumbersOnly() {
        const double threshold = document().index(m_conv1)->magnitudeQuantile(0.5);
        document().preview(m_conv1, threshold);
        QVERIFY(std::abs(box("cutThreshold").value() - threshold) < 1e-7);
        QVERIFY(std::abs(box("cutSparsity").value() - 100 * document().sparsity(m_conv1)) < 1e-3);
        QCOMPARE(steps(), 0);
        document().preview(m_conv1, {});
        QCOMPARE(box("cutSparsity").value(), 0.0);
        QCOMPARE(steps(), 0);
    }

    void textsFitAndWidgetsHaveNames() {
        document().setRule(m_conv1, WeightRule::sparsity(0.624));
        QVERIFY(m_session->settle());
        for (const auto mode : {style::ThemeMode::Dark, style::ThemeMode::Light}) {
            style::applyTheme(*qApp, mode);
            test::grab(*m_panel, mode == style::ThemeMode::Dark ? "layer_settings_dark"
                                                                : "layer_settings_light");
        }
        QCOMPARE(test::namelessWidget(*m_panel), QString());
        QCOMPARE(test::clippedText(*m_panel), QString());
    }
};

QTEST_MAIN(TestLayerSettings)
#include "tst_layer_settings.moc"
