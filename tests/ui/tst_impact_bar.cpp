// SPDX-License-Identifier: GPL-3.0-or-later
// ImpactBar: exact figures at once, and nothing called measured that was not.
#include <QLabel>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QUndoStack>

#include "core/base/format.h"
#include "tests/support/grab.h"
#include "tests/support/image_files.h"
#include "tests/support/session.h"
#include "ui/panels/impact_bar.h"
#include "ui/panels/impact_card.h"

using namespace espalier;
using namespace espalier::ui;
using prune::WeightRule;
using test::fixture;
using test::Session;
using Basis = ImpactFigure::Basis;

namespace {

constexpr const char* kModel = "cnn_bn.script.pt";

measure::Evaluation evaluationOf(double top1) {
    measure::Evaluation evaluation;
    evaluation.split = data::Split::Validation;
    evaluation.samples = 6000;
    evaluation.top1 = evaluation.score = top1;
    return evaluation;
}

}  // namespace

class TestImpactBar : public QObject {
    Q_OBJECT

    Session* m_session = nullptr;
    ImpactBar* m_bar = nullptr;

    Document& document() { return m_session->document; }
    ImpactCard& card(const char* name) {
        return *m_bar->findChild<ImpactCard*>(QString("impact.") + name);
    }
    QString text(const char* cardName, const char* label) {
        return card(cardName).findChild<QLabel*>(label)->text();
    }

private Q_SLOTS:
    void initTestCase() { style::applyTheme(*qApp, style::ThemeMode::Light); }
    void init() {
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
        NEED_FILE(fixture(kModel));
        m_session = new Session;
        m_bar = new ImpactBar(&m_session->workbench);
        QVERIFY(!m_bar->isVisibleTo(nullptr));
        QVERIFY(m_session->open(fixture(kModel), {*script::parseInputSpec("1x3x16x16")}));
        test::showAt(*m_bar, {1024, 80});
    }
    void cleanup() {
        delete m_bar;
        delete m_session;
        m_bar = nullptr;
        m_session = nullptr;
    }

    void sixCardsInOrder() {
        QStringList names;
        for (const ImpactFigure& figure : impactFigures(document())) names << figure.name;
        QCOMPARE(names,
                 (QStringList{"parameters", "nonzeros", "macs", "file", "accuracy", "latency"}));
        document().closeModel();
        QVERIFY(impactFigures(document()).empty());
        QVERIFY(!m_bar->isVisible());
    }

    void figuresFollowAPreviewAtOnce() {
        const auto parameters = document().snapshot()->parameters();
        QCOMPARE(text("nonzeros", "after"), QString::fromStdString(siCount(double(parameters))));
        QVERIFY(!card("nonzeros").findChild<QLabel*>("before")->isVisible());
        const model::LayerId layer = document().selection();
        document().preview(layer, document().index(layer)->magnitudeQuantile(0.5));
        const auto left = parameters - document().removed(layer);
        QCOMPARE(text("nonzeros", "after"), QString::fromStdString(siCount(double(left))));
        QVERIFY(text("nonzeros", "before")
                    .startsWith(QString::fromStdString(siCount(double(parameters)))));
        QVERIFY(text("nonzeros", "change").startsWith(QChar(0x2212)));
        QCOMPARE(text("parameters", "after"), QString::fromStdString(siCount(double(parameters))));
        document().preview(layer, {});
        QCOMPARE(text("nonzeros", "change"), QString());
    }

    void everyFigureSaysHowSureItIs() {
        const auto figures = impactFigures(document());
        const std::vector<Basis> expected{Basis::Measured, Basis::Measured,    Basis::Measured,
                                          Basis::Estimate, Basis::NotMeasured, Basis::NotMeasured};
        for (std::size_t i = 0; i < figures.size(); ++i) {
            QVERIFY2(figures[i].basis == expected[i], qPrintable(figures[i].name));
            QVERIFY(!figures[i].toolTip.isEmpty());
        }
        QCOMPARE(text("macs", "title"), QStringLiteral("MACs"));
        QCOMPARE(text("macs", "basis"), QStringLiteral("measured"));
        document().setRule(document().selection(), prune::WeightRule::sparsity(0.5));
        QCOMPARE(text("macs", "title"), QStringLiteral("Effective MACs"));
        QCOMPARE(text("macs", "basis"), QStringLiteral("≈ estimate"));
        document().setRule(document().selection(), {});
        QCOMPARE(text("accuracy", "basis"), QStringLiteral("not measured"));
    }

    void figuresOfAGuessedInputAreEstimates() {
        QVERIFY(m_session->open(fixture(kModel)));
        QVERIFY(document().snapshot()->inputsAreGuessed());
        QCOMPARE(text("macs", "basis"), QStringLiteral("≈ estimate"));
        QVERIFY(card("macs").toolTip().contains("which is a guess"));
        measure::Latency latency;
        latency.median = 2;
        document().setLatency(latency);
        QVERIFY(text("latency", "basis").startsWith(QStringLiteral("≈ estimate")));
    }

    void withoutLabelsItIsAgreement() {
        const QTemporaryDir folder;
        for (int i = 0; i < 8; ++i) {
            test::writeFile(folder.filePath(QString("%1.png").arg(i)).toStdString(),
                            test::solidPng(16, 16, static_cast<std::uint8_t>(30 * i), 100, 50));
        }
        data::DataSpec spec;
        spec.path = folder.path().toStdString();
        m_session->workbench.attachData(spec);
        QVERIFY(m_session->settle());
        QCOMPARE(text("accuracy", "title"), QStringLiteral("Agreement with dense"));
        document().setRule(document().selection(), WeightRule::sparsity(0.9));
        m_session->workbench.evaluate(data::Split::Validation);
        QVERIFY(m_session->settle());
        const auto evaluation = document().evaluation();
        QVERIFY(evaluation);
        QCOMPARE(evaluation->metric.kind, measure::Metric::Kind::Agreement);
        QCOMPARE(document().denseEvaluation()->score, 1.0);
        QCOMPARE(text("accuracy", "after"), QString::fromStdString(percent(evaluation->score, 2)));
        QVERIFY(card("accuracy").toolTip().contains("KL divergence"));
        QVERIFY(!card("accuracy").toolTip().contains("Top-5"));
        QCoreApplication::processEvents();  // the cards are laid out anew
        QVERIFY(!test::grab(*m_bar, "impact_agreement").isNull());
        QCOMPARE(test::clippedText(*m_bar), QString());
    }

    void accuracyHoldsForItsStateOnly() {
        document().setEvaluation(evaluationOf(0.991));
        QCOMPARE(text("accuracy", "after"), QStringLiteral("99.10\u2009%"));
        QVERIFY(text("accuracy", "basis").startsWith("measured"));
        document().setRule(document().selection(), WeightRule::sparsity(0.5));
        QCOMPARE(text("accuracy", "after"), QStringLiteral("–"));
        QCOMPARE(text("accuracy", "basis"), QStringLiteral("not measured"));
        QVERIFY(text("accuracy", "before").startsWith("99.10"));
        document().setEvaluation(evaluationOf(0.989));
        QCOMPARE(text("accuracy", "after"), QStringLiteral("98.90\u2009%"));
        QVERIFY(text("accuracy", "change").contains("0.2"));
        document().preview(document().selection(), 0.2);
        QCOMPARE(text("accuracy", "after"), QStringLiteral("–"));
        document().preview(document().selection(), {});
        QCOMPARE(text("accuracy", "after"), QStringLiteral("98.90\u2009%"));
        document().undoStack()->undo();
        QCOMPARE(text("accuracy", "after"), QStringLiteral("99.10\u2009%"));
    }

    void whatAMeasurementNotesIsShown() {
        measure::Evaluation evaluation = evaluationOf(0.991);
        document().setEvaluation(evaluation);
        QVERIFY(!text("accuracy", "basis").contains("note"));
        QVERIFY(!card("accuracy").toolTip().contains("Note"));
        evaluation.notes = {"the model's outputs hold NaN for 3 of 40 samples (--preset, --mean)"};
        document().setEvaluation(evaluation);
        QVERIFY2(text("accuracy", "basis").endsWith(", see note"),
                 qPrintable(text("accuracy", "basis")));
        const QString tip = card("accuracy").toolTip();
        QVERIFY2(tip.endsWith("\nNote: the model's outputs hold NaN for 3 of 40 samples."),
                 qPrintable(tip));
        QVERIFY(card("accuracy").accessibleDescription().contains("see note"));
    }

    void whatIsNotMeasuredCanBeAskedFor() {
        QSignalSpy wanted(m_bar, &ImpactBar::attachDataRequested);
        auto* attach = card("accuracy").findChild<QToolButton*>("action");
        QVERIFY(attach->isVisible());
        attach->click();
        QCOMPARE(wanted.count(), 1);
        card("latency").findChild<QToolButton*>("action")->click();
        QVERIFY(m_session->settle());
        QVERIFY(document().latency());
        QVERIFY(text("latency", "basis").startsWith("measured"));
        QVERIFY(!card("latency").findChild<QToolButton*>("action")->isVisible());
    }

    void textsFitAt1024InBothThemes() {
        document().setRule(document().selection(), WeightRule::sparsity(0.5));
        document().setEvaluation(evaluationOf(0.9912), document().denseState());
        document().setLatency({"before", 12.34, 12.1, 12.9, 50}, document().denseState());
        for (const bool isMeasured : {false, true}) {
            if (isMeasured) {
                document().setEvaluation(evaluationOf(0.9873));
                document().setLatency({"now", 11.27, 11.1, 11.9, 50});
            }
            for (const auto mode : {style::ThemeMode::Dark, style::ThemeMode::Light}) {
                style::applyTheme(*qApp, mode);
                const QString name = QStringLiteral("impact_%1_%2")
                                         .arg(mode == style::ThemeMode::Dark ? "dark" : "light",
                                              isMeasured ? "measured" : "unmeasured");
                test::grab(*m_bar, name);
                QCOMPARE(test::clippedText(*m_bar), QString());
            }
        }
        QCOMPARE(test::namelessWidget(*m_bar), QString());
    }
};

QTEST_MAIN(TestImpactBar)
#include "tst_impact_bar.moc"
