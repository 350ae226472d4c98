// SPDX-License-Identifier: GPL-3.0-or-later
// What a plan says of all its channels: inexact groups, head unit, floor, normalisation; and the
// proof of one group.
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>
#include <QToolButton>
#include <QUndoStack>

#include "core/exchange/plan_file.h"
#include "tests/support/grab.h"
#include "tests/support/gui_test.h"
#include "tests/support/session.h"
#include "ui/document/channels.h"
#include "ui/panels/channels_panel.h"
#include "ui/panels/layer_settings_panel.h"
#include "ui/panels/ranking_form.h"

using namespace espalier;
using namespace espalier::ui;
using prune::ChannelRule;
using test::fixture;
using test::Session;

namespace {

// embed (32, inexact: layer norms) ; blocks.N.qkv (4 heads × 8); blocks.N.fc1 (64)
constexpr const char* kModel = "transformer.script.pt";

void choose(QComboBox& box, int row) {
    box.setCurrentIndex(row);
    Q_EMIT box.activated(row);
}

}  // namespace

class TestChannelOptions : public QObject {
    Q_OBJECT

    Session* m_session = nullptr;
    LayerSettingsPanel* m_settings = nullptr;
    RankingForm* m_form = nullptr;

    Document& document() { return m_session->document; }
    Channels& channels() { return *m_session->document.channels(); }
    channels::GroupId group(const std::string& key) {
        return channels().found()->groups->find(key).value_or(channels::GroupId{});
    }
    template <class Widget>
    Widget& setting(const char* name) {
        return *test::find<Widget>(*m_settings, name);
    }
    template <class Widget>
    Widget& option(const char* name) {
        return *test::find<Widget>(*m_form, name);
    }

private Q_SLOTS:
    void init() {
        test::failOnAnyWarning();
        NEED_FILE(fixture(kModel));
        m_session = new Session;
        QVERIFY(m_session->open(fixture(kModel)));
        QVERIFY(channels().found());
        m_settings = new LayerSettingsPanel(&m_session->workbench);
        m_form = new RankingForm(&m_session->document);
        test::showAt(*m_settings, {320, 900});
    }
    void cleanup() {
        delete m_form;
        delete m_settings;
        delete m_session;
        m_session = nullptr;
    }

    void inexactIsAllowedByThePlanAndUndone() {
        document().select(m_session->layer("embed.weight"));
        auto& allow = setting<QCheckBox>("groupInexact");
        QVERIFY(allow.isVisible() && !allow.isChecked());
        channels().setRule(group("embed"), ChannelRule::keepBest(16));
        QVERIFY(!channels().rule(group("embed")));  // refused: not allowed yet
        allow.click();
        QVERIFY(document().plan().channelDefaults.allowInexact);
        QCOMPARE(document().undoStack()->undoText(), QString("allow inexact groups"));
        channels().setRule(group("embed"), ChannelRule::keepBest(16));
        QVERIFY(m_session->settle());
        QCOMPARE(channels().choice(group("embed"))->reached(), std::int64_t(16));
        // Forbidding it takes the rule away; undo brings both back.
        allow.click();
        QVERIFY(!channels().rule(group("embed")));
        document().undoStack()->undo();
        QVERIFY(m_session->settle());
        QVERIFY(allow.isChecked());
        QCOMPARE(channels().choice(group("embed"))->reached(), std::int64_t(16));
        // The permission goes into the plan's file and comes back with it.
        QTemporaryDir folder;
        const auto file = test::path(folder.path()) / "plan.json";
        QVERIFY(exchange::writePlan(document().plan(), file).ok());
        document().undoStack()->setIndex(0);
        QVERIFY(!allow.isChecked());
        QSignalSpy failed(&m_session->workbench, &Workbench::failed);
        m_session->workbench.openPlan(file);
        QVERIFY(m_session->settle());
        QCOMPARE(failed.count(), 0);
        QVERIFY(allow.isChecked());
        QCOMPARE(channels().choice(group("embed"))->reached(), std::int64_t(16));
    }

    void anotherHeadUnitMakesOtherGroups() {
        const auto positions = channels().group(group("blocks.0.qkv"));
        QCOMPARE(positions.width, std::int64_t(8));
        channels().setRule(group("blocks.0.qkv"), ChannelRule::keepBest(4));
        channels().setRule(group("blocks.0.fc1"), ChannelRule::keepBest(32));
        QVERIFY(m_session->settle());
        auto& heads = option<QComboBox>("channelHeads");
        QVERIFY(heads.isEnabled());
        choose(heads, 1);
        QVERIFY(m_session->settle());
        QCOMPARE(channels().found()->groups->headUnit(), channels::HeadUnit::Heads);
        QCOMPARE(channels().group(group("blocks.0.qkv")).width, std::int64_t(4));
        QVERIFY(!channels().rule(group("blocks.0.qkv")));
        QVERIFY(channels().rule(group("blocks.0.fc1")));
        QCOMPARE(channels().choice(group("blocks.0.fc1"))->reached(), std::int64_t(32));
        document().undoStack()->undo();
        QVERIFY(m_session->settle());
        QCOMPARE(channels().group(group("blocks.0.qkv")).width, std::int64_t(8));
        QCOMPARE(channels().choice(group("blocks.0.qkv"))->reached(), std::int64_t(4));
        QCOMPARE(heads.currentIndex(), 0);
    }

    void aPlanForAnotherHeadUnitOpens() {
        prune::Plan plan = document().plan();
        plan.channelDefaults.heads = channels::HeadUnit::Heads;
        plan.channels["blocks.0.qkv"] = ChannelRule::keepBest(2);
        QTemporaryDir folder;
        const auto file = test::path(folder.path()) / "plan.json";
        QVERIFY(exchange::writePlan(plan, file).ok());
        QSignalSpy failed(&m_session->workbench, &Workbench::failed);
        m_session->workbench.openPlan(file);
        QVERIFY(m_session->settle());
        QCOMPARE(failed.count(), 0);
        QCOMPARE(channels().choice(group("blocks.0.qkv"))->width, std::int64_t(4));
        QCOMPARE(channels().choice(group("blocks.0.qkv"))->reached(), std::int64_t(2));
        plan.channels["blocks.0.qkv"] = ChannelRule::keepBest(5);  // of 4 heads
        QVERIFY(exchange::writePlan(plan, file).ok());
        m_session->workbench.openPlan(file);
        QVERIFY(m_session->settle());
        QCOMPARE(failed.count(), 1);
        QCOMPARE(channels().choice(group("blocks.0.qkv"))->reached(), std::int64_t(2));
    }

    void floorAndNormalisationAreUndoSteps() {
        channels().setRule(group("blocks.0.fc1"), ChannelRule::ratio(1));
        QVERIFY(m_session->settle());
        QCOMPARE(channels().choice(group("blocks.0.fc1"))->reached(), std::int64_t(7));
        option<QDoubleSpinBox>("channelFloor").setValue(25);
        QVERIFY(m_session->settle());
        QCOMPARE(channels().choice(group("blocks.0.fc1"))->reached(), std::int64_t(16));
        choose(option<QComboBox>("channelReduction"), 1);
        QCOMPARE(document().plan().channelDefaults.reduce, prune::Reduction::Sum);
        option<QCheckBox>("channelConsumers").click();
        QVERIFY(document().plan().channelDefaults.withConsumers);
        document().undoStack()->undo();
        document().undoStack()->undo();
        QCOMPARE(option<QComboBox>("channelReduction").currentIndex(), 0);
        QVERIFY(!option<QCheckBox>("channelConsumers").isChecked());
        choose(option<QComboBox>("channelNormalise"), 3);
        QCOMPARE(document().plan().channelDefaults.normalise, prune::Normalisation::Gaussian);
        document().undoStack()->undo();
        document().undoStack()->undo();
        QVERIFY(m_session->settle());
        QCOMPARE(channels().choice(group("blocks.0.fc1"))->reached(), std::int64_t(7));
        QCOMPARE(option<QDoubleSpinBox>("channelFloor").value(), 10.0);
        QCOMPARE(option<QComboBox>("channelNormalise").currentIndex(), 0);
    }

    void theFormIsBehindAButton() {
        ChannelsPanel panel(&m_session->workbench);
        document().select(m_session->layer("blocks.0.qkv.weight"));
        test::showAt(panel, {760, 420});
        auto* button = test::find<QToolButton>(panel, "channelRanking");
        QTimer::singleShot(0, this, [button] {
            const QWidget* form = button->menu()->findChild<RankingForm*>();
            QVERIFY(form && form->isVisible());
            QCOMPARE(test::clippedText(*button->menu()), QString());
            QCOMPARE(test::namelessWidget(*button->menu()), QString());
            test::grab(*button->menu(), "ranking-form");
            button->menu()->close();
        });
        QTest::mouseClick(button, Qt::LeftButton);
        test::grab(panel, "channels-of-heads");
    }

    void oneGroupIsProvedAlone() {
        document().select(m_session->layer("blocks.0.fc1.weight"));
        auto& prove = setting<QPushButton>("groupProve");
        const auto& proof = setting<QLabel>("groupProof");
        QVERIFY(prove.isEnabled());
        const auto before = document().footprint();
        prove.click();
        QVERIFY(!prove.isEnabled());
        QVERIFY(m_session->settle());
        QVERIFY2(proof.text().startsWith("Proved with 32 of 64 channels: identical"),
                 qPrintable(proof.text()));
        QVERIFY(prove.isEnabled());
        QCOMPARE(document().undoStack()->count(), 0);
        QCOMPARE(document().footprint(), before);
        channels().setRule(group("blocks.0.fc1"), ChannelRule::keepBest(10));
        QVERIFY(m_session->settle());
        prove.click();
        QVERIFY(m_session->settle());
        QVERIFY2(proof.text().startsWith("Proved with 10 of 64 channels"),
                 qPrintable(proof.text()));
        document().select(m_session->layer("blocks.1.fc1.weight"));
        QCOMPARE(proof.text(), QString("Not proved on its own yet"));
        test::grab(*m_settings, "group-section");
    }
};

QTEST_MAIN(TestChannelOptions)
#include "tst_channel_options.moc"
