// SPDX-License-Identifier: GPL-3.0-or-later
// The Channels tab, the group section of the layer settings and the marks in the layer list.
#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QSlider>
#include <QSpinBox>
#include <QTest>
#include <QTreeView>
#include <QTreeWidget>
#include <QUndoStack>

#include "core/base/format.h"
#include "tests/support/grab.h"
#include "tests/support/session.h"
#include "ui/dialogs/inline_message.h"
#include "ui/dialogs/prune_channels_dialog.h"
#include "ui/dialogs/report_dialog.h"
#include "ui/document/channels.h"
#include "ui/models/layer_model.h"
#include "ui/panels/channels_panel.h"
#include "ui/panels/layer_list_panel.h"
#include "ui/panels/layer_settings_panel.h"
#include "ui/plots/bars_view.h"

using namespace espalier;
using namespace espalier::ui;
using prune::ChannelRule;
using test::fixture;
using test::Session;

namespace {
constexpr const char* kModel = "cnn_bn.script.pt";
}

class TestChannelsPanel : public QObject {
    Q_OBJECT

    Session* m_session = nullptr;
    ChannelsPanel* m_panel = nullptr;
    LayerSettingsPanel* m_settings = nullptr;
    LayerListPanel* m_list = nullptr;

    Document& document() { return m_session->document; }
    Channels& channels() { return *m_session->document.channels(); }
    plots::BarsView& view() { return *m_panel->findChild<plots::BarsView*>(); }
    channels::GroupId group(const char* key) {
        return channels().found()->groups->find(key).value_or(channels::GroupId{});
    }
    template <class Widget>
    Widget& setting(const char* name) {
        return *m_settings->findChild<Widget*>(name);
    }
    void select(const char* layer) { document().select(m_session->layer(layer)); }
    int steps() { return document().undoStack()->count(); }

private Q_SLOTS:
    void initTestCase() { style::applyTheme(*qApp, style::ThemeMode::Light); }
    void init() {
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
        NEED_FILE(fixture(kModel));
        m_session = new Session;
        m_panel = new ChannelsPanel(&m_session->workbench);
        m_settings = new LayerSettingsPanel(&m_session->workbench);
        m_list = new LayerListPanel(&m_session->workbench);
        QVERIFY(m_session->open(fixture(kModel)));
        QVERIFY(channels().found());
        select("conv2.weight");
        test::showAt(*m_panel, {800, 420});
        test::showAt(*m_settings, {300, 900});
        test::showAt(*m_list, {340, 480});
    }
    void cleanup() {
        delete m_panel;
        delete m_settings;
        delete m_list;
        delete m_session;
        m_session = nullptr;
    }

    void barsAreTheGroupsChannels() {
        QVERIFY(!view().isEmptyStateShown());
        QVERIFY(!view().isBusy());
        QCOMPARE(view().data().count(), 12);
        QCOMPARE(view().cut(), 12);
        QCOMPARE(view().data().name, QString("conv2"));
    }

    void keysCutInOneStepEach() {
        view().setFocus();
        QTest::keyClick(&view(), Qt::Key_Left, Qt::ShiftModifier);
        QCOMPARE(steps(), 1);
        QCOMPARE(channels().rule(group("conv2"))->keep, std::int64_t(2));
        QVERIFY(m_session->settle());
        QCOMPARE(view().cut(), 2);
        QCOMPARE(setting<QSpinBox>("channelCount").value(), 2);
        QTest::keyClick(&view(), Qt::Key_End, Qt::ControlModifier);
        QVERIFY(!channels().rule(group("conv2")));  // all stay: no rule is needed
    }

    void marksAreUndone() {
        QTest::keyClick(&view(), Qt::Key_Right, Qt::ControlModifier);
        const int best = view().currentChannel();
        QTest::keyClick(&view(), Qt::Key_Space);
        QCOMPARE(channels().marks(group("conv2")).keep.size(), std::size_t(1));
        QCOMPARE(view().data().mark(best), plots::BarMark::Keep);
        QTest::keyClick(&view(), Qt::Key_Space);
        QVERIFY(m_session->settle());
        QCOMPARE(view().data().mark(best), plots::BarMark::Remove);
        QVERIFY(!view().data().kept[static_cast<std::size_t>(best)]);
        document().undoStack()->undo();
        document().undoStack()->undo();
        QVERIFY(channels().marks(group("conv2")).isEmpty());
        QCOMPARE(view().data().mark(best), plots::BarMark::None);
    }

    void theCriterionChangesTheBars() {
        const auto l2 = view().data().series[0];
        auto* criterion = m_panel->findChild<QComboBox*>("channelCriterion");
        const int row = criterion->findData("l1");
        criterion->setCurrentIndex(row);
        Q_EMIT criterion->activated(row);
        QVERIFY(m_session->settle());
        QCOMPARE(view().data().series[0].name, QString("l1"));
        QVERIFY(view().data().series[0].scores != l2.scores);
        QCOMPARE(steps(), 1);
    }

    void comparedCriteriaStandBeside() {
        auto& compare = *m_panel->findChild<QComboBox*>("channelCompare");
        auto& note = *m_panel->findChild<QLabel*>("channelsNote");
        const auto choose = [&compare](int row) {
            compare.setCurrentIndex(row);
            Q_EMIT compare.activated(row);
        };
        choose(compare.findData("fpgm"));
        QVERIFY(m_session->settle());
        QCOMPARE(view().data().series.size(), std::size_t(2));
        QCOMPARE(view().data().series[1].name, QString("fpgm"));
        const QRegularExpression said(R"(Rank correlation of l2 and fpgm \(Spearman\): 0\.\d\d)");
        QVERIFY2(note.text().contains(said), qPrintable(note.text()));
        choose(0);
        QCOMPARE(view().data().series.size(), std::size_t(1));
        QVERIFY(!note.isVisible());
    }

    void whatCannotGoSaysWhy() {
        select("fc2.weight");
        const bool saysWhy =
            view().isEmptyStateShown() ||
            m_panel->findChild<QLabel*>("channelsNote")->text().contains("Nothing goes here");
        QVERIFY(saysWhy);
        QVERIFY(!setting<QLabel>("groupHeadline").text().isEmpty());
        QVERIFY(!setting<QSpinBox>("channelCount").isVisible());
    }

    void settingsTypeTheBudget() {
        setting<QSpinBox>("channelCount").setValue(5);
        QCOMPARE(steps(), 1);
        QCOMPARE(*channels().rule(group("conv2")), ChannelRule::keepBest(5));
        auto& multiple = setting<QComboBox>("channelMultiple");
        multiple.setCurrentIndex(1);
        Q_EMIT multiple.activated(1);
        QVERIFY(m_session->settle());
        QCOMPARE(channels().rule(group("conv2"))->multipleOf, std::int64_t(4));
        const QString readout = setting<QLabel>("channelReadout").text();
        QVERIFY2(readout.contains("5") && readout.contains("8"), qPrintable(readout));
        QCOMPARE(setting<QSpinBox>("channelCount").value(), 5);
        setting<QPushButton>("groupReset").click();
        QVERIFY(!channels().rule(group("conv2")));
    }

    void settingsTakeARatio() {
        setting<QDoubleSpinBox>("channelRatio").setValue(50);
        QVERIFY(m_session->settle());
        QCOMPARE(channels().choice(group("conv2"))->reached(), std::int64_t(6));
        QCOMPARE(setting<QSlider>("channelSlider").value(), 6);
        QCOMPARE(channels().rule(group("conv2"))->kind, ChannelRule::Kind::Ratio);
    }

    void settingsTakeAThreshold() {
        const auto scores = view().data().series[0].scores;
        auto sorted = scores;
        std::ranges::sort(sorted, std::greater());
        setting<QDoubleSpinBox>("channelThreshold").setValue((sorted[6] + sorted[7]) / 2);
        QVERIFY(m_session->settle());
        QCOMPARE(channels().choice(group("conv2"))->reached(), std::int64_t(7));
    }

    void membersAreLinks() {
        auto& members = setting<QLabel>("groupMembers");
        QVERIFY2(members.text().contains("fc1"), qPrintable(members.text()));
        Q_EMIT members.linkActivated(QString::number(m_session->layer("fc1.weight").value));
        QCOMPARE(document().selection(), m_session->layer("fc1.weight"));
    }

    void theListOutlinesTheGroup() {
        auto* model = m_list->findChild<LayerModel*>();
        const auto membership = [&](const char* name) {
            return model->indexOf(m_session->layer(name)).data(LayerModel::MemberRole).toInt();
        };
        QCOMPARE(membership("conv2.weight"), int(LayerModel::MovesAlong));
        QCOMPARE(membership("fc1.weight"), int(LayerModel::Reads));
        QCOMPARE(membership("conv1.weight"), int(LayerModel::Stranger));
        const auto letter = model->indexOf(m_session->layer("conv2.weight"), LayerModel::Group);
        QCOMPARE(letter.data().toString(), QString("B"));
        m_list->findChild<QLineEdit*>("layerFilter")->setText("group:b");
        auto* proxy = m_list->findChild<LayerProxyModel*>();
        QVERIFY(proxy->indexOf(m_session->layer("conv2.weight")).isValid());
        QVERIFY(!proxy->indexOf(m_session->layer("conv1.weight")).isValid());
    }

    void channelsArePrunedEverywhere() {
        PruneChannelsDialog dialog(&document(), &m_session->jobs);
        dialog.findChild<QDoubleSpinBox*>("pruneChannelsPercent")->setValue(50);
        QVERIFY(!dialog.plan());  // not before the preview
        QVERIFY(m_session->settle());
        QVERIFY(dialog.plan());
        QCOMPARE(dialog.plan()->channels.size(), std::size_t(3));
        QCOMPARE(dialog.share(), 0.5);
        const QString note = dialog.findChild<QLabel*>("pruneChannelsMessage")->text();
        document().setPlan(*dialog.plan(), "all");
        QVERIFY(m_session->settle());
        QCOMPARE(channels().choice(group("conv1"))->reached(), std::int64_t(4));
        QCOMPARE(channels().choice(group("conv2"))->reached(), std::int64_t(6));
        const auto left = siCount(static_cast<double>(document().footprint().macs));
        QVERIFY2(note.contains(unbroken(QString::fromStdString(left))), qPrintable(note));
        QVERIFY2(test::namelessWidget(dialog).isEmpty(), qPrintable(test::namelessWidget(dialog)));
    }

    void groupsWithACutAreKeptWhereThatIsWanted() {
        channels().setRule(group("conv1"), ChannelRule::keepBest(7));
        QVERIFY(m_session->settle());
        PruneChannelsDialog dialog(&document(), &m_session->jobs);
        auto* keep = dialog.findChild<QCheckBox*>("pruneChannelsKeep");
        auto* note = dialog.findChild<QLabel*>("pruneChannelsMessage");
        QVERIFY(keep->isVisibleTo(&dialog));
        QVERIFY(m_session->settle());
        QVERIFY2(note->text().contains("Replaces the cut of 1 group"), qPrintable(note->text()));
        QVERIFY(dialog.plan()->channels.at("conv1") != ChannelRule::keepBest(7));
        keep->setChecked(true);
        QVERIFY(m_session->settle());
        QVERIFY2(!note->text().contains("Replaces"), qPrintable(note->text()));
        QCOMPARE(dialog.plan()->channels.at("conv1"), ChannelRule::keepBest(7));
        QCOMPARE(dialog.plan()->channels.size(), std::size_t(3));
        QVERIFY(dialog.plan()->locked.empty());
    }

    void theReportGivesAReasonForEachNo() {
        ReportDialog dialog(&document());
        auto* table = dialog.findChild<QTreeWidget*>("reportTable");
        QCOMPARE(table->topLevelItemCount(), int(document().snapshot()->layers().size()));
        for (int row = 0; row < table->topLevelItemCount(); ++row) {
            const QTreeWidgetItem* item = table->topLevelItem(row);
            if (item->text(1) == "no" || item->text(2) == "no")
                QVERIFY2(!item->text(3).isEmpty(), qPrintable(item->text(0)));
        }
        QVERIFY(prunabilitySummary(document()).contains("can lose channels"));
    }

    void linksFollowThePalette() {
        const auto hasLinkColor = [this] {
            const QImage picture = test::grab(setting<QLabel>("groupMembers"), "group-links");
            const QRgb color = QGuiApplication::palette().color(QPalette::Link).rgb();
            for (int y = 0; y < picture.height(); ++y) {
                for (int x = 0; x < picture.width(); ++x) {
                    if (picture.pixel(x, y) == color) return true;  // in its line, at least
                }
            }
            return false;
        };
        for (const auto mode : {style::ThemeMode::Dark, style::ThemeMode::Light}) {
            style::applyTheme(*qApp, mode);
            QVERIFY2(hasLinkColor(), mode == style::ThemeMode::Dark ? "dark" : "light");
        }
    }

    void everythingHasANameAndFits() {
        for (QWidget* panel : std::initializer_list<QWidget*>{m_panel, m_settings, m_list}) {
            QVERIFY2(test::namelessWidget(*panel).isEmpty(),
                     qPrintable(test::namelessWidget(*panel)));
            QVERIFY2(test::clippedText(*panel).isEmpty(), qPrintable(test::clippedText(*panel)));
        }
        channels().setRule(group("conv2"), ChannelRule::keepBest(7));
        QVERIFY(m_session->settle());
        test::grab(*m_panel, "channels-panel");
        test::grab(*m_settings, "group-section");
        test::grab(*m_list, "layer-list-groups");
    }
};

QTEST_MAIN(TestChannelsPanel)
#include "tst_channels_panel.moc"
