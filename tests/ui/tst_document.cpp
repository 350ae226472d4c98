// SPDX-License-Identifier: GPL-3.0-or-later
// Document: edits, undo, previews, figures that follow at once, measurements that are found again.
#include <cmath>

#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>
#include <QUndoStack>

#include "core/data/dataset.h"
#include "tests/support/session.h"

using namespace espalier;
using namespace espalier::ui;
using prune::WeightRule;
using test::Session;

Q_DECLARE_METATYPE(espalier::prune::WeightRule)

namespace {

constexpr const char* kModel = "cnn_bn.script.pt";

measure::Evaluation evaluationOf(double top1, data::Split split = data::Split::Validation) {
    measure::Evaluation evaluation;
    evaluation.split = split;
    evaluation.top1 = evaluation.score = top1;
    evaluation.samples = 100;
    return evaluation;
}

}  // namespace

class TestDocument : public QObject {
    Q_OBJECT

    Session* m_session = nullptr;
    model::LayerId m_conv1;
    model::LayerId m_conv2;
    model::LayerId m_norm;

    Document& document() { return m_session->document; }
    // The figure that is shown the moment after an edit, and the one the masks say.
    void comparePromptWithMasks() {
        const prune::Footprint prompt = document().footprint();
        QVERIFY(m_session->settle());
        QVERIFY(document().masks());
        QCOMPARE(prompt.weightsKept, document().footprint().weightsKept);
        QVERIFY(prompt == document().footprint());
        QCOMPARE(document().removed(m_conv1), document().masks()->removed(m_conv1));
    }

private Q_SLOTS:
    void init() {
        QTest::failOnWarning(QRegularExpression(QStringLiteral(".*")));
        NEED_FILE(test::fixture(kModel));
        m_session = new Session;
        QVERIFY(m_session->open(test::fixture(kModel)));
        std::vector<model::LayerId> convs;
        for (const model::Layer& layer : document().snapshot()->layers()) {
            if (layer.op == "conv2d") convs.push_back(layer.id);
            if (!layer.prunable.weights) m_norm = layer.id;
        }
        QVERIFY(convs.size() == 2 && m_norm.isValid());
        m_conv1 = convs[0];
        m_conv2 = convs[1];
    }
    void cleanup() {
        delete m_session;
        m_session = nullptr;
    }

    void emptyDocumentAnswersEverything() {
        Document empty;
        QVERIFY(!empty.hasModel() && !empty.snapshot() && !empty.masks());
        QVERIFY(!empty.hasUnsavedWork() && !empty.evaluation() && !empty.denseEvaluation() &&
                !empty.denseLatency());
        QCOMPARE(empty.removed(m_conv1), 0);
        QCOMPARE(empty.sparsity(m_conv1), 0.0);
        empty.setRule(m_conv1, WeightRule::sparsity(0.5));
        empty.setLocked({m_conv1}, true);
        empty.setCriterion("lamp");
        empty.select(m_conv1);
        empty.preview(m_conv1, 0.1);
        empty.goTo(project::NodeId{0});
        QVERIFY(!empty.cutThreshold(m_conv1));
        QCOMPARE(empty.undoStack()->count(), 0);
    }

    void openedStateIsCleanAndWhole() {
        QCOMPARE(document().selection(), m_conv1);
        QCOMPARE(document().selectedLayers(), std::vector{m_conv1});
        QCOMPARE(document().undoStack()->count(), 0);
        QVERIFY(!document().hasUnsavedWork());
        QCOMPARE(document().footprint().nonzeros, document().snapshot()->parameters());
        QVERIFY(document().footprint() == document().denseFootprint());
        QVERIFY(document().index(m_conv1));
    }

    void figuresFollowARuleAtOnceAndExactly_data() {
        QTest::addColumn<WeightRule>("rule");
        QTest::newRow("sparsity") << WeightRule::sparsity(0.37);
        QTest::newRow("threshold") << WeightRule::threshold(0.05);
        QTest::newRow("sigma") << WeightRule::sigma(0.8);
        QTest::newRow("nothing") << WeightRule::threshold(0);
    }
    void figuresFollowARuleAtOnceAndExactly() {
        QFETCH(WeightRule, rule);
        document().setRule(m_conv1, rule);
        QCOMPARE(document().undoStack()->count(), 1);
        QVERIFY(rule.value == 0 || document().removed(m_conv1) > 0);
        comparePromptWithMasks();
    }

    void patternFiguresComeWithTheMasks() {
        document().setRule(m_conv2, WeightRule::pattern(2, 4));
        QVERIFY(m_session->settle());
        QCOMPARE(document().sparsity(m_conv2), 0.5);
        QVERIFY(!document().cutThreshold(m_conv2));
    }

    void undoAndRedoRestorePlanMasksAndFigures() {
        const prune::Footprint dense = document().footprint();
        document().setRule(m_conv1, WeightRule::sparsity(0.5));
        QVERIFY(m_session->settle());
        const prune::Footprint half = document().footprint();
        const std::int64_t removed = document().masks()->removed(m_conv1);
        QVERIFY(removed > 0);

        document().undoStack()->undo();
        QVERIFY(document().plan().weights.empty());
        QVERIFY(document().footprint() == dense);
        QVERIFY(m_session->settle());
        QCOMPARE(document().masks()->removed(), 0);

        document().undoStack()->redo();
        QVERIFY(document().footprint() == half);
        QVERIFY(m_session->settle());
        QCOMPARE(document().masks()->removed(m_conv1), removed);
    }

    void previewShowsWithoutAnEdit() {
        const prune::Footprint before = document().footprint();
        QSignalSpy moved(&document(), &Document::footprintChanged);
        QSignalSpy planned(&document(), &Document::planChanged);
        const double threshold = document().index(m_conv1)->magnitudeQuantile(0.5);
        document().preview(m_conv1, threshold);
        QCOMPARE(document().removed(m_conv1), document().index(m_conv1)->countBelow(threshold));
        QCOMPARE(document().previewedThreshold(m_conv1), std::optional(threshold));
        QCOMPARE(moved.count(), 1);
        QCOMPARE(planned.count(), 0);
        QCOMPARE(document().undoStack()->count(), 0);
        document().preview(m_conv1, {});
        QVERIFY(document().footprint() == before);
        QVERIFY(!document().previewedThreshold(m_conv1));
        QCOMPARE(document().history().nodes().size(), std::size_t{1});
    }

    void aCommittedCutIsOneStepAndEndsThePreview() {
        const double threshold = document().index(m_conv1)->magnitudeQuantile(0.4);
        for (const double share : {0.1, 0.2, 0.3}) {
            document().preview(m_conv1, document().index(m_conv1)->magnitudeQuantile(share));
        }
        document().setCut(m_conv1, threshold);
        QCOMPARE(document().undoStack()->count(), 1);
        QVERIFY(!document().previewedThreshold(m_conv1));
        QCOMPARE(*document().rule(m_conv1), WeightRule::threshold(threshold));
        comparePromptWithMasks();
    }

    void aCutToTheEndKeepsTheLargestWeight() {
        document().setCut(m_conv1, INFINITY);
        comparePromptWithMasks();
        QCOMPARE(document().snapshot()->layer(m_conv1).weightCount - document().removed(m_conv1),
                 1);
    }

    void previewOfTheCurrentCutIsNoStep() {
        document().setRule(m_conv1, WeightRule::threshold(0.05));
        document().preview(m_conv1, 0.2);
        document().setCut(m_conv1, 0.05);
        QCOMPARE(document().undoStack()->count(), 1);
        QVERIFY(!document().previewedThreshold(m_conv1));
        comparePromptWithMasks();
    }

    void typingMergesIntoOneStep() {
        for (const double value : {0.1, 0.12, 0.125})
            document().setRule(m_conv1, WeightRule::sparsity(value), "typing 1");
        QCOMPARE(document().undoStack()->count(), 1);
        document().setRule(m_conv1, WeightRule::sparsity(0.5), "typing 2");
        document().setRule(m_conv1, WeightRule::sparsity(0.6));
        document().setRule(m_conv1, WeightRule::sparsity(0.7));
        QCOMPARE(document().undoStack()->count(), 4);
        document().undoStack()->setIndex(1);
        QCOMPARE(document().rule(m_conv1)->value, 0.125);
        document().undoStack()->undo();
        QVERIFY(!document().rule(m_conv1));
    }

    void typingBackToTheStartLeavesNoStep() {
        document().setRule(m_conv1, WeightRule::sparsity(0.5));
        document().setRule(m_conv1, WeightRule::sparsity(0.6), "typing");
        document().setRule(m_conv1, WeightRule::sparsity(0.5), "typing");
        QCOMPARE(document().undoStack()->count(), 1);
    }

    void rulesOfSeveralLayersAreOneStep() {
        document().setRules({m_conv1, m_conv2, m_norm}, WeightRule::sparsity(0.5));
        QCOMPARE(document().undoStack()->count(), 1);
        QCOMPARE(document().plan().weights.size(), std::size_t{2});  // the norm cannot be pruned
        document().setRules({m_conv1, m_conv2}, {});
        QVERIFY(document().plan().weights.empty());
    }

    void lockedAndUnprunableLayersIgnoreRules() {
        document().setRule(m_conv1, WeightRule::sparsity(0.5));
        document().setLocked({m_conv1, m_norm}, true);
        QVERIFY(document().isLocked(m_conv1) && !document().isLocked(m_norm));
        QCOMPARE(document().removed(m_conv1), 0);
        comparePromptWithMasks();
        const int steps = document().undoStack()->count();
        document().setRule(m_conv1, WeightRule::sparsity(0.9));
        document().setRule(m_norm, WeightRule::sparsity(0.9));
        document().setCut(m_conv1, 0.1);
        document().preview(m_conv1, 0.1);
        QCOMPARE(document().undoStack()->count(), steps);
        QVERIFY(!document().previewedThreshold(m_conv1));
        document().setLocked({m_conv1}, false);
        QCOMPARE(document().sparsity(m_conv1), 0.5);
    }

    void oneCutHasThreeViews() {
        document().setRule(m_conv1, WeightRule::sparsity(0.5));
        const double threshold = *document().cutThreshold(m_conv1);
        const std::int64_t removed = document().removed(m_conv1);
        const double sigma = document().index(m_conv1)->statistics().sigma;
        document().setRule(m_conv1, WeightRule::threshold(threshold));
        QCOMPARE(document().removed(m_conv1), removed);
        document().setRule(m_conv1, WeightRule::sigma(threshold / sigma));
        // threshold / σ × σ may be the next number up or down: one weight at most lies between.
        QVERIFY(std::abs(document().removed(m_conv1) - removed) <= 1);
        QVERIFY(std::abs(*document().cutThreshold(m_conv1) - threshold) < 1e-12);
    }

    void anotherCriterionKeepsHowMuchGoes() {
        document().setRule(m_conv1, WeightRule::threshold(0.05));
        const std::int64_t removed = document().removed(m_conv1);
        document().setCriterion("lamp");
        QCOMPARE(document().plan().weightCriterion, std::string("lamp"));
        QCOMPARE(document().rule(m_conv1)->kind, WeightRule::Kind::Sparsity);
        QCOMPARE(document().removed(m_conv1), removed);
        comparePromptWithMasks();
        // A line drawn now is a share too: LAMP's scores are no thresholds on |w|.
        document().setCut(m_conv1, document().index(m_conv1)->magnitudeQuantile(0.25));
        QCOMPARE(document().rule(m_conv1)->kind, WeightRule::Kind::Sparsity);
        comparePromptWithMasks();
        const int steps = document().undoStack()->count();
        document().setCriterion("no such thing");
        document().setCriterion("lamp");
        QCOMPARE(document().undoStack()->count(), steps);
    }

    void randomHasNoThreshold() {
        document().setCriterion("random");
        document().setRule(m_conv1, WeightRule::sparsity(0.5));
        QVERIFY(!document().cutThreshold(m_conv1));
        comparePromptWithMasks();
    }

    void selectionIsOneOfItsLayers() {
        QSignalSpy changed(&document(), &Document::selectionChanged);
        document().select(m_conv2);
        document().select(m_conv2);
        QCOMPARE(changed.count(), 1);
        document().select({m_conv2, m_conv1}, m_conv1);
        QCOMPARE(changed.count(), 2);
        QCOMPARE(document().selectedLayers(), (std::vector{m_conv1, m_conv2}));
        document().select({m_conv2}, m_conv1);
        document().select(model::LayerId{});
        document().select(model::LayerId{1000});
        document().select({m_conv1, model::LayerId{1000}}, m_conv1);
        document().select({}, m_conv1);
        QCOMPARE(changed.count(), 2);
    }

    void measurementsBelongToTheirStateAndComeBack() {
        document().setEvaluation(evaluationOf(0.99));
        QCOMPARE(document().denseEvaluation()->top1, 0.99);
        document().setRule(m_conv1, WeightRule::sparsity(0.5));
        QVERIFY(!document().evaluation());
        document().setEvaluation(evaluationOf(0.95));
        document().setLatency({"now", 1.5, 1.4, 1.6, 50});
        document().setRule(m_conv2, WeightRule::sparsity(0.5));
        QVERIFY(!document().evaluation() && !document().latency());
        document().undoStack()->undo();
        QCOMPARE(document().evaluation()->top1, 0.95);
        QCOMPARE(document().latency()->median, 1.5);
        QVERIFY(!document().denseLatency());
        document().undoStack()->undo();
        QCOMPARE(document().evaluation()->top1, 0.99);
        // A lock on a layer without a rule changes no mask: what was measured stays true.
        document().setLocked({m_conv2}, true);
        QCOMPARE(document().evaluation()->top1, 0.99);
    }

    void beforeIsOfTheSameSplit() {
        document().setEvaluation(evaluationOf(0.99, data::Split::Validation));
        document().setRule(m_conv1, WeightRule::sparsity(0.5));
        document().setEvaluation(evaluationOf(0.9, data::Split::Test));
        QVERIFY(!document().denseEvaluation());
        document().setEvaluation(evaluationOf(0.8, data::Split::Validation));
        QCOMPARE(document().denseEvaluation()->top1, 0.99);
        QVERIFY(!document().denseEvaluation(data::Split::Test));
    }

    void pinnedStatesAreReachedAgain() {
        document().setRule(m_conv1, WeightRule::sparsity(0.5));
        QVERIFY(m_session->settle());
        document().setEvaluation(evaluationOf(0.9));
        m_session->workbench.pinCurrent("half");
        QCOMPARE(document().history().nodes().size(), std::size_t{2});
        QCOMPARE(QString::fromStdString(document().node().name), "half");
        QCOMPARE(document().node().metrics.evaluation->top1, 0.9);
        QCOMPARE(document().evaluation()->top1, 0.9);  // the same weights and cuts
        QVERIFY(document().masks());                   // nothing to compute again
        document().setRule(m_conv1, WeightRule::sparsity(0.9));
        document().goTo(document().history().root());
        QVERIFY(document().plan().weights.empty());
        document().goTo(project::NodeId{1});
        QCOMPARE(document().rule(m_conv1)->value, 0.5);
        document().goTo(project::NodeId{7});
        QCOMPARE(document().state().node, project::NodeId{1});
        document().undoStack()->undo();
        document().undoStack()->undo();
        QCOMPARE(document().rule(m_conv1)->value, 0.9);
    }

    void renamingANodeKeepsTheEditedPlan() {
        document().setRule(m_conv1, WeightRule::sparsity(0.5));
        const int steps = document().undoStack()->count();
        QSignalSpy changed(&document(), &Document::historyChanged);
        document().renameNode(document().history().root(), "start");
        document().renameNode(project::NodeId{7}, "nobody");
        QCOMPARE(changed.count(), 1);
        QCOMPARE(document().undoStack()->count(), steps);
        QCOMPARE(document().rule(m_conv1)->value, 0.5);
    }

    void unsavedWorkIsWhatWasNotWritten() {
        document().setRule(m_conv1, WeightRule::sparsity(0.5));
        QVERIFY(document().hasUnsavedWork());
        const State half = document().state();
        document().undoStack()->undo();
        QVERIFY(!document().hasUnsavedWork());
        document().undoStack()->redo();
        document().setSaved(half);
        QVERIFY(!document().hasUnsavedWork());
        document().undoStack()->undo();
        QVERIFY(document().hasUnsavedWork());
    }

    void closingForgetsEverything() {
        document().setRule(m_conv1, WeightRule::sparsity(0.5));
        QSignalSpy closed(&document(), &Document::modelChanged);
        document().closeModel();
        document().closeModel();
        QCOMPARE(closed.count(), 1);
        QVERIFY(!document().hasModel() && !document().snapshot() && !document().masks() &&
                !document().index(m_conv1));
        QCOMPARE(document().undoStack()->count(), 0);
        QVERIFY(m_session->settle());
        QVERIFY(!document().masks());
    }
};

QTEST_GUILESS_MAIN(TestDocument)
#include "tst_document.moc"
