// SPDX-License-Identifier: GPL-3.0-or-later
// The channel part of the Document: groups in a job, edits as undo steps, footprint that follows.
#include <algorithm>

#include <QRegularExpression>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QUndoStack>

#include "tests/support/session.h"
#include "ui/dialogs/cut_dialog.h"
#include "ui/document/channel_jobs.h"
#include "ui/document/channels.h"

using namespace espalier;
using namespace espalier::ui;
using prune::ChannelRule;
using test::fixture;
using test::Session;

namespace {
// conv1 (8 channels) -> bn1 -> conv2 (12) -> bn2 -> fc1 (20) -> fc2 (5, the output)
constexpr const char* kModel = "cnn_bn.script.pt";
}  // namespace

class TestChannels : public QObject {
    Q_OBJECT

    Session* m_session = nullptr;

    Document& document() { return m_session->document; }
    Channels& channels() { return *m_session->document.channels(); }
    channels::GroupId group(const char* key) {
        return channels().found()->groups->find(key).value_or(channels::GroupId{});
    }
    int steps() { return document().undoStack()->count(); }
    bool settle() { return m_session->settle(); }

private Q_SLOTS:
    void init() {
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
        NEED_FILE(fixture(kModel));
        m_session = new Session;
        QVERIFY(m_session->open(fixture(kModel)));
        QVERIFY2(channels().found(),
                 channels().error() ? channels().error()->text().c_str() : "no groups");
    }
    void cleanup() {
        delete m_session;
        m_session = nullptr;
    }

    void theModelIsThereBeforeItsGroups() {
        Session session;
        QSignalSpy changed(session.document.channels(), &Channels::groupsChanged);
        QSignalSpy opened(&session.workbench, &Workbench::opened);
        bool wasSearching = false;
        connect(&session.workbench, &Workbench::opened, this,
                [&] { wasSearching = session.document.channels()->isSearching(); });
        session.workbench.openModel(fixture(kModel));
        QVERIFY(session.settle());
        QCOMPARE(opened.count(), 1);
        QVERIFY(wasSearching);
        QCOMPARE(changed.count(), 1);
        QVERIFY(!session.document.channels()->isSearching());
    }

    void aMarkThatChangesNothingKeepsWhatWasMeasured() {
        measure::Evaluation measured;
        measured.top1 = measured.score = 0.9;
        measured.samples = 100;
        document().setEvaluation(measured);
        channels().setMark(group("conv1"), 2, Channels::Mark::Keep);
        QVERIFY(settle());
        QVERIFY(document().evaluation());
        QCOMPARE(document().evaluation()->top1, 0.9);
        channels().setMark(group("conv1"), 2, Channels::Mark::Remove);
        QVERIFY(settle());
        QVERIFY(!document().evaluation());
        // Under a rule, too, where the channel stays anyway; not where another goes instead.
        channels().keepAll(group("conv1"));
        channels().setRule(group("conv1"), ChannelRule::ratio(0.5));
        QVERIFY(settle());
        measured.top1 = measured.score = 0.7;
        document().setEvaluation(measured);
        const auto* choice = channels().choice(group("conv1"));
        const std::vector<std::int64_t> kept = choice->kept;
        channels().setMark(group("conv1"), kept.front(), Channels::Mark::Keep);
        QVERIFY(settle());
        QVERIFY(document().evaluation());
        QCOMPARE(document().evaluation()->top1, 0.7);
        std::int64_t gone = 0;
        while (std::ranges::find(kept, gone) != kept.end()) ++gone;
        channels().setMark(group("conv1"), gone, Channels::Mark::Keep);
        QVERIFY(settle());
        QVERIFY(!document().evaluation());
    }

    void groupsHaveLettersAndMembers() {
        QCOMPARE(channels().found()->letters[group("conv1").index()], QString("A"));
        QCOMPARE(channels().found()->letters[group("conv2").index()], QString("B"));
        const auto conv1 = m_session->layer("conv1.weight");
        const auto conv2 = m_session->layer("conv2.weight");
        const auto bn1 = m_session->layer("bn1.weight");
        QCOMPARE(channels().groupOf(conv1), std::optional(group("conv1")));
        if (bn1.isValid()) QCOMPARE(channels().groupOf(bn1), std::optional(group("conv1")));
        QCOMPARE(producersOf(*channels().found(), group("conv1")), std::vector{conv1});
        QCOMPARE(readersOf(*channels().found(), group("conv1")), std::vector{conv2});
    }

    void theOutputStays() {
        const auto layer = m_session->layer("fc2.weight");
        const auto id = channels().groupOf(layer);
        const bool isFixed = !id || !channels().whyFixed(*id).isEmpty();
        QVERIFY(isFixed);
        if (!id) QVERIFY(!channels().found()->groups->whyNot("fc2.weight").empty());
    }

    void aRuleIsOneStepAndItsCostFollows() {
        const auto before = document().footprint();
        channels().setRule(group("conv2"), ChannelRule::keepBest(6));
        QCOMPARE(steps(), 1);
        QVERIFY(settle());
        QVERIFY(channels().isCurrent());
        QCOMPARE(channels().choice(group("conv2"))->reached(), std::int64_t(6));
        QVERIFY(document().masks());
        // conv2: 6 * 8 * 9; bn2: 6 + 6; fc1: 6 * 16 columns * 20
        const std::int64_t gone = 6 * 8 * 9 + 12 + 6 * 16 * 20;
        QCOMPARE(document().footprint().parameters, before.parameters - gone);
        QVERIFY(document().footprint().macs < before.macs);
        QVERIFY(document().footprint().bytesDense < before.bytesDense);
        document().undoStack()->undo();
        QVERIFY(settle());
        QVERIFY(!channels().choice());
        QCOMPARE(document().footprint(), before);
        document().undoStack()->redo();
        QVERIFY(settle());
        QCOMPARE(document().footprint().parameters, before.parameters - gone);
    }

    void aDragShowsTheCostAndIsOneStep() {
        const auto before = document().footprint();
        QSignalSpy cost(&document(), &Document::footprintChanged);
        for (const int keep : {11, 9, 7}) channels().preview(group("conv2"), keep);
        QVERIFY(settle());
        QVERIFY(cost.count() > 0);
        QVERIFY(document().footprint().parameters < before.parameters);
        QCOMPARE(steps(), 0);
        QVERIFY(!document().evaluation());
        const auto previewed = document().footprint();
        channels().setRule(group("conv2"), ChannelRule::keepBest(7));
        QVERIFY(settle());
        QCOMPARE(steps(), 1);
        QVERIFY(!channels().isPreviewing());
        QCOMPARE(document().footprint().parameters, previewed.parameters);
        QCOMPARE(document().footprint().macs, previewed.macs);
    }

    void aCancelledDragLeavesNothing() {
        const auto before = document().footprint();
        channels().preview(group("conv2"), 3);
        QVERIFY(settle());
        channels().preview(group("conv2"), {});
        QVERIFY(settle());
        QCOMPARE(document().footprint(), before);
        QCOMPARE(steps(), 0);
        QVERIFY(document().masks());
    }

    void numbersThatAreTypedAreOneStep() {
        for (const int keep : {10, 8, 6})
            channels().setRule(group("conv2"), ChannelRule::keepBest(keep), "typing");
        QCOMPARE(steps(), 1);
        document().undoStack()->undo();
        QVERIFY(!channels().rule(group("conv2")));
    }

    void marksOverride() {
        channels().setRule(group("conv1"), ChannelRule::keepBest(4));
        QVERIFY(settle());
        const auto kept = channels().choice(group("conv1"))->kept;
        const std::int64_t stays = kept.front();
        channels().setMark(group("conv1"), stays, Channels::Mark::Remove);
        QCOMPARE(steps(), 2);
        QVERIFY(settle());
        const auto& after = channels().choice(group("conv1"))->kept;
        QVERIFY(std::ranges::find(after, stays) == after.end());
        channels().setMark(group("conv1"), stays, Channels::Mark::None);
        QVERIFY(channels().marks(group("conv1")).isEmpty());
    }

    void aLockedGroupTakesNoRule() {
        channels().setLocked(group("conv1"), true);
        QCOMPARE(steps(), 1);
        QVERIFY(!channels().whyFixed(group("conv1")).isEmpty());
        channels().setRule(group("conv1"), ChannelRule::keepBest(2));
        QCOMPARE(steps(), 1);
        channels().setLocked(group("conv1"), false);
        channels().setRule(group("conv1"), ChannelRule::keepBest(2));
        QCOMPARE(steps(), 3);
    }

    void requestedAndReachedDiffer() {
        ChannelRule rule = ChannelRule::keepBest(5);
        rule.multipleOf = 4;
        channels().setRule(group("conv2"), rule);
        QVERIFY(settle());
        const prune::GroupChoice& choice = *channels().choice(group("conv2"));
        QCOMPARE(choice.requested, std::int64_t(5));
        QCOMPARE(choice.reached(), std::int64_t(8));
        QVERIFY(!choice.constraint.empty());
    }

    void scoresAreKeptPerCriterion() {
        const auto l2 = channels().scores();
        QVERIFY(l2);
        prune::ChannelDefaults defaults = document().plan().channelDefaults;
        defaults.criterion = "l1";
        channels().setDefaults(defaults);
        QVERIFY(settle());
        QCOMPARE(channels().scores()->options.criterion, std::string("l1"));
        document().undoStack()->undo();
        QCOMPARE(channels().scores(), l2);  // at once: not computed again
    }

    void criteriaAreCompared() {
        std::optional<ComparedScores> compared;
        m_session->workbench.channelJobs()->compare(
            group("conv1"), this,
            [&](const Result<ComparedScores>& result) { compared = result.value(); });
        QVERIFY(settle());
        QVERIFY(compared && compared->size() >= 4);
        for (const auto& [name, scores] : *compared) QCOMPARE(scores.size(), std::size_t(8));
    }

    void theCutModelIsProvedWrittenAndOpens() {
        channels().setRule(group("conv1"), ChannelRule::keepBest(4));
        QVERIFY(settle());
        const auto expected = document().footprint();
        std::optional<Result<exchange::CutPlan>> cut;
        m_session->workbench.cutModel(this, [&](auto result) { cut = std::move(result); });
        QVERIFY(settle());
        QVERIFY(cut);
        QVERIFY2(cut->ok(), cut->ok() ? "" : cut->error().text().c_str());
        const channels::Proof& proof = (*cut)->model->proof();
        QVERIFY(proof.maxRelativeDifference <= 1e-5);
        QVERIFY2(proofText(proof).contains("identical to the masked model"),
                 qPrintable(proofText(proof)));
        QTemporaryDir folder;
        const auto target = test::path(folder.path()) / "cut.pt";
        QSignalSpy succeeded(&m_session->workbench, &Workbench::succeeded);
        m_session->workbench.exportCut((*cut)->model, target, proofText(proof));
        QVERIFY(settle());
        QCOMPARE(succeeded.count(), 1);
        QVERIFY(!document().hasUnsavedWork());
        QVERIFY(m_session->open(target));
        QCOMPARE(document().footprint().parameters, expected.parameters);
        QCOMPARE(document().snapshot()->macs(), expected.macs);
        QCOMPARE(channels().group(group("conv1")).width, std::int64_t(4));
        const std::vector<std::int64_t> shape{12, 4, 3, 3};
        QCOMPARE(document().snapshot()->layer(m_session->layer("conv2.weight")).shape, shape);
    }

    void latencyIsThatOfTheCutModel() {
        channels().setRule(group("conv1"), ChannelRule::keepBest(2));
        QVERIFY(settle());
        QSignalSpy failed(&m_session->workbench, &Workbench::failed);
        m_session->workbench.measureLatency();
        QVERIFY(settle());
        QCOMPARE(failed.count(), 0);
        QVERIFY(document().latency());
        QVERIFY(document().latency()->median > 0);
        QCOMPARE(document().latency()->name, std::string("now"));
    }

    void aWeightRuleIsCutAlong() {
        channels().setRule(group("conv1"), ChannelRule::keepBest(4));
        document().setRule(m_session->layer("fc1.weight"), prune::WeightRule::sparsity(0.5));
        QVERIFY(settle());
        std::optional<Result<exchange::CutPlan>> cut;
        m_session->workbench.cutModel(this, [&](auto result) { cut = std::move(result); });
        QVERIFY(settle());
        QVERIFY(cut);
        QVERIFY2(cut->ok(), cut->ok() ? "" : cut->error().text().c_str());
        QTemporaryDir folder;
        const auto target = test::path(folder.path()) / "cut.pt";
        m_session->workbench.exportCut((*cut)->model, target, {});
        QVERIFY(settle());
        QVERIFY(m_session->open(target));
        const auto fc1 = m_session->layer("fc1.weight");
        QCOMPARE(document().snapshot()->baseRemoved(fc1), std::int64_t(1920));
    }
};

QTEST_MAIN(TestChannels)
#include "tst_channels.moc"
