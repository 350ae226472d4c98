// SPDX-License-Identifier: GPL-3.0-or-later
// Ranking by criteria that look at data, in the window.
#include <QComboBox>
#include <QLabel>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QUndoStack>

#include "core/project/examples.h"
#include "tests/support/grab.h"
#include "tests/support/open_model.h"
#include "ui/document/channels.h"
#include "ui/document/score_jobs.h"
#include "ui/panels/channels_panel.h"
#include "ui/panels/layer_settings_panel.h"
#include "ui/plots/bars_view.h"

using namespace espalier;
using namespace espalier::ui;
using prune::WeightRule;

class TestScoreJobs : public QObject {
    Q_OBJECT

    test::OpenModel* m_open = nullptr;
    QTemporaryDir* m_folder = nullptr;

    Document& document() { return m_open->document; }
    Channels& channels() { return *document().channels(); }
    ScoreJobs& jobs() { return *m_open->workbench.scoreJobs(); }
    std::filesystem::path folder() { return m_folder->path().toStdString(); }
    int steps() { return document().undoStack()->index(); }
    bool rest() { return m_open->rest() && document().masks() != nullptr; }
    model::LayerId layer(const char* name) { return *document().snapshot()->find(name); }
    static void choose(QComboBox& box, const char* name) {
        const int row = box.findData(QString(name));
        QVERIFY(row >= 0);
        box.setCurrentIndex(row);
        Q_EMIT box.activated(row);
    }

private Q_SLOTS:
    void init() {
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
        if (!test::OpenModel::hasExample()) QSKIP("needs the example");
        m_folder = new QTemporaryDir;
        m_open = new test::OpenModel;
        QVERIFY(m_open->open());
        QVERIFY(rest());
    }
    void cleanup() {
        delete m_open;
        delete m_folder;
        m_open = nullptr;
        m_folder = nullptr;
    }

    void withoutDataTheMessageSaysWhatToDo() {
        LayerSettingsPanel settings(&m_open->workbench);
        document().select(layer("fc1.weight"));
        auto& box = *settings.findChild<QComboBox*>(QStringLiteral("criterion"));
        const QSignalSpy failed(&m_open->workbench, &Workbench::failed);
        choose(box, "taylor");
        QCOMPARE(failed.count(), 1);
        const auto error = failed.first().first().value<Error>();
        QVERIFY(error.text().find("the criterion taylor needs data") != std::string::npos);
        QVERIFY(error.text().find("Attach data") != std::string::npos);
        QCOMPARE(box.currentData().toString(), QString("magnitude"));
        QCOMPARE(steps(), 0);
    }

    void choosingMeasuresThenRanksInOneStep() {
        QVERIFY(m_open->attach(folder()));
        document().setRule(layer("fc1.weight"), WeightRule::sparsity(0.5));
        QVERIFY(rest());
        const auto before = document().masks();
        LayerSettingsPanel settings(&m_open->workbench);
        auto& box = *settings.findChild<QComboBox*>(QStringLiteral("criterion"));
        choose(box, "wanda");
        QCOMPARE(document().plan().weightCriterion, std::string("magnitude"));  // not yet
        QVERIFY(rest());
        QCOMPARE(document().plan().weightCriterion, std::string("wanda"));
        QCOMPARE(document().plan().data, std::string("train[0:540]"));  // 600 less validation
        QCOMPARE(steps(), 2);
        QVERIFY(document().masks() != before);
        QCOMPARE(document().masks()->removed(layer("fc1.weight")),
                 before->removed(layer("fc1.weight")));
        document().undoStack()->undo();
        QVERIFY(rest());
        QCOMPARE(document().plan().weightCriterion, std::string("magnitude"));
        document().undoStack()->redo();
        QVERIFY(rest());  // from the scores that are at hand
        QCOMPARE(document().plan().weightCriterion, std::string("wanda"));
    }

    void cancellingChangesNothing() {
        QVERIFY(m_open->attach(folder()));
        jobs().rankWeightsBy(QStringLiteral("fisher"));
        m_open->jobs.cancelAll();
        QVERIFY(rest());
        QCOMPARE(document().plan().weightCriterion, std::string("magnitude"));
        QCOMPARE(steps(), 0);
    }

    void channelsRankByData() {
        QVERIFY(m_open->attach(folder()));
        ChannelsPanel panel(&m_open->workbench);
        document().select(layer("conv2.weight"));
        test::showAt(panel, {800, 420});
        QVERIFY(rest());
        choose(*panel.findChild<QComboBox*>(QStringLiteral("channelCriterion")), "taylor");
        QVERIFY(rest());
        QCOMPARE(document().plan().channelDefaults.criterion, std::string("taylor"));
        QCOMPARE(steps(), 1);
        auto& view = *panel.findChild<plots::BarsView*>();
        QVERIFY(!view.isBusy());
        QCOMPARE(view.data().series.front().name, QString("taylor"));
        test::grab(panel, "channels_taylor");
    }

    void comparingMeasuresAndSaysHowAlikeTheyAre() {
        ChannelsPanel panel(&m_open->workbench);
        document().select(layer("conv2.weight"));
        test::showAt(panel, {900, 460});
        QVERIFY(rest());
        auto& compare = *panel.findChild<QComboBox*>(QStringLiteral("channelCompare"));
        const auto& note = *panel.findChild<QLabel*>(QStringLiteral("channelsNote"));
        const QSignalSpy failed(&m_open->workbench, &Workbench::failed);
        choose(compare, "taylor");
        QCOMPARE(failed.count(), 1);  // no data
        QVERIFY(m_open->attach(folder()));
        choose(compare, "taylor");
        QVERIFY(rest());
        const auto& series = panel.findChild<plots::BarsView*>()->data().series;
        QCOMPARE(series.size(), std::size_t(2));
        QCOMPARE(series[1].name, QString("taylor"));
        const QRegularExpression said(R"(Rank correlation of l2 and taylor \(Spearman\): -?\d)");
        QVERIFY2(note.text().contains(said), qPrintable(note.text()));
        test::grab(panel, "channels_compared");
        choose(compare, "apoz");  // without ReLU nothing is ever zero
        QVERIFY(rest());
        QVERIFY2(note.text().contains("finds all channels alike"), qPrintable(note.text()));
        QCOMPARE(steps(), 0);
    }

    void otherDataIsLookedAtAnew() {
        QVERIFY(m_open->attach(folder()));
        document().setRule(layer("fc1.weight"), WeightRule::sparsity(0.5));
        jobs().rankWeightsBy(QStringLiteral("wanda"));
        QVERIFY(rest());
        const QSignalSpy measured(&document(), &Document::scoresMeasured);
        const QTemporaryDir other;
        test::writeTinyMnist(other.path().toStdString(), 300);
        data::DataSpec spec;
        spec.path = other.path().toStdString();
        m_open->workbench.attachData(spec);
        QVERIFY(rest());
        QCOMPARE(measured.count(), 1);
    }
};

QTEST_MAIN(TestScoreJobs)
#include "tst_score_jobs.moc"
