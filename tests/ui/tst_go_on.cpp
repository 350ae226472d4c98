// SPDX-License-Identifier: GPL-3.0-or-later
// An exported model becomes the next state: its parent stays in the history, undo leads back.
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeWidget>
#include <QUndoStack>

#include "tests/support/gui_test.h"
#include "tests/support/session.h"
#include "ui/document/channels.h"
#include "ui/models/layer_model.h"
#include "ui/panels/history_panel.h"

using namespace espalier;
using namespace espalier::ui;
using project::Operation;
using prune::ChannelRule;
using test::fixture;
using test::Session;

namespace {
// conv1 (8 channels) -> bn1 -> conv2 (12) -> bn2 -> fc1 (20) -> fc2 (5, the output)
constexpr const char* kModel = "cnn_bn.script.pt";
}  // namespace

class TestGoOn : public QObject {
    Q_OBJECT

    Session* m_session = nullptr;
    QTemporaryDir m_folder;

    Document& document() { return m_session->document; }
    Workbench& workbench() { return m_session->workbench; }
    Channels& channels() { return *m_session->document.channels(); }
    channels::GroupId group(const char* key) {
        return channels().found()->groups->find(key).value_or(channels::GroupId{});
    }
    std::filesystem::path exportCut(const char* name) {
        const auto target = test::path(m_folder.filePath(name));
        std::optional<Result<exchange::CutPlan>> cut;
        workbench().cutModel(this, [&](auto result) { cut = std::move(result); });
        if (!m_session->settle() || !cut || !cut->ok()) return {};
        workbench().exportCut((*cut)->model, target, {});
        return m_session->settle() ? target : std::filesystem::path();
    }

private Q_SLOTS:
    void init() {
        test::failOnAnyWarning();
        NEED_FILE(fixture(kModel));
        m_session = new Session;
        QVERIFY(m_session->open(fixture(kModel)));
        QVERIFY(channels().found());
    }
    void cleanup() {
        delete m_session;
        m_session = nullptr;
    }

    void theCutFileIsTheNextState() {
        const LayerModel layers(&document());
        HistoryPanel history(&workbench());
        const auto opened = document().footprint();
        document().select(m_session->layer("conv2.weight"));
        channels().setRule(group("conv1"), ChannelRule::keepBest(3));
        QVERIFY(m_session->settle());
        const auto cutCosts = document().footprint();
        QVERIFY(!workbench().canGoOnFrom(test::path(m_folder.filePath("a.pt"))));
        const auto file = exportCut("a.pt");
        QVERIFY(workbench().canGoOnFrom(file));
        QSignalSpy failed(&workbench(), &Workbench::failed);
        workbench().goOnFrom(file);
        QVERIFY(m_session->settle());
        QCOMPARE(failed.count(), 0);

        QCOMPARE(document().snapshot()->file().path, file);
        QVERIFY(!document().plan().hasChannels());
        QVERIFY(!document().hasUnsavedWork());
        QCOMPARE(channels().group(group("conv1")).width, std::int64_t(3));
        QCOMPARE(document().footprint().parameters, cutCosts.parameters);
        QCOMPARE(document().denseFootprint().parameters, opened.parameters);
        QCOMPARE(document().snapshot()->layer(document().selection()).name,
                 std::string("conv2.weight"));
        const auto conv1 = m_session->layer("conv1.weight");
        QCOMPARE(layers.index(static_cast<int>(conv1.index()), LayerModel::Shape).data().toString(),
                 QString("3×3×3×3"));
        // Its parent is the plan it was cut by, which stands on the opened model.
        const project::Node& node = document().node();
        QVERIFY(node.operation == Operation::Commit);
        const project::Node& plan = document().history().node(node.parent);
        QVERIFY(plan.operation == Operation::Pin);
        QCOMPARE(plan.plan->channels.at("conv1").keep, std::int64_t(3));
        QCOMPARE(plan.parent, document().history().root());
        QVERIFY(!test::find<QTreeWidget>(history, "historyTree")
                     ->findItems("a.pt", Qt::MatchStartsWith | Qt::MatchRecursive)
                     .isEmpty());
    }

    void pruningGoesOnAndUndoLeadsBack() {
        channels().setRule(group("conv1"), ChannelRule::keepBest(4));
        QVERIFY(m_session->settle());
        const auto first = exportCut("first.pt");
        workbench().goOnFrom(first);
        QVERIFY(m_session->settle());
        channels().setRule(group("conv2"), ChannelRule::keepBest(5));
        document().setRule(m_session->layer("fc1.weight"), prune::WeightRule::sparsity(0.5));
        QVERIFY(m_session->settle());
        const auto both = document().footprint();
        const auto second = exportCut("second.pt");
        QVERIFY(workbench().canGoOnFrom(second));
        document().undoStack()->undo();
        document().undoStack()->undo();
        document().undoStack()->undo();
        QVERIFY(m_session->settle());
        QCOMPARE(document().snapshot()->file().name(), std::string(kModel));
        QCOMPARE(channels().choice(group("conv1"))->reached(), std::int64_t(4));
        // The state that was exported is the parent, not the one shown.
        workbench().goOnFrom(second);
        QVERIFY(m_session->settle());
        QCOMPARE(document().footprint().parameters, both.parameters);
        QCOMPARE(document().footprint().nonzeros, both.nonzeros);
        QCOMPARE(channels().group(group("conv1")).width, std::int64_t(4));
        QCOMPARE(channels().group(group("conv2")).width, std::int64_t(5));
        const auto& parent = document().history().node(document().node().parent);
        QCOMPARE(parent.snapshot->file().path, first);
    }

    void theMaskedFileIsTheNextState() {
        document().setRule(m_session->layer("fc1.weight"), prune::WeightRule::sparsity(0.75));
        QVERIFY(m_session->settle());
        const auto file = test::path(m_folder.filePath("masked.pt"));
        workbench().exportMasked(file);
        QVERIFY(m_session->settle());
        workbench().goOnFrom(file);
        QVERIFY(m_session->settle());
        const auto fc1 = m_session->layer("fc1.weight");
        const auto count = document().snapshot()->layer(fc1).weightCount;
        QCOMPARE(document().snapshot()->baseRemoved(fc1), count * 3 / 4);
        QVERIFY(document().plan().weights.empty());
    }

    void aFileThatIsGoneIsRefused() {
        channels().setRule(group("conv1"), ChannelRule::keepBest(4));
        QVERIFY(m_session->settle());
        const auto file = exportCut("gone.pt");
        std::filesystem::remove(file);
        QSignalSpy failed(&workbench(), &Workbench::failed);
        workbench().goOnFrom(file);
        QVERIFY(m_session->settle());
        QCOMPARE(failed.count(), 1);
        QCOMPARE(document().snapshot()->file().name(), std::string(kModel));
        QCOMPARE(document().history().nodes().size(), std::size_t(1));
    }

    void anotherModelForgetsTheExports() {
        channels().setRule(group("conv1"), ChannelRule::keepBest(4));
        QVERIFY(m_session->settle());
        const auto file = exportCut("other.pt");
        QVERIFY(m_session->open(fixture(kModel)));
        QVERIFY(!workbench().canGoOnFrom(file));
    }
};

QTEST_MAIN(TestGoOn)
#include "tst_go_on.moc"
