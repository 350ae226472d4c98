// SPDX-License-Identifier: GPL-3.0-or-later
// A window that somebody does anything at all to, a thousand times: it lives, answers in time, lets
// go of every dialog, and undo and redo lead back to exactly what was there.
//
// ESPALIER_SOAK_SEEDS and ESPALIER_SOAK_ACTIONS say how often; without them one short run is made.
#include <QDesktopServices>
#include <QSignalSpy>
#include <QUndoStack>

#include "app/gui/application.h"
#include "core/project/examples.h"
#include "tests/support/heartbeat.h"
#include "tests/support/random_user.h"
#include "tests/support/tiny_data.h"
#include "tests/support/undo_watch.h"
#include "tests/support/window_probe.h"
#include "ui/document/channels.h"

using namespace espalier;
using test::RandomUser;

namespace {

constexpr int kSeeds = 1;
constexpr int kActions = 150;
constexpr int kActionsBetweenChecks = 75;
constexpr int kLongestTraining = 12;  // actions until somebody has enough of it

/// All that undo has to bring back, and what follows from it once nothing runs any more.
struct Deep {
    project::NodeId node;
    prune::PlanPtr plan;
    model::SnapshotPtr snapshot;
    prune::Footprint footprint;
    std::vector<std::int64_t> removed;

    bool operator==(const Deep& other) const {
        return node == other.node && snapshot == other.snapshot && footprint == other.footprint &&
               removed == other.removed && *plan == *other.plan;
    }
};

Deep deepStateOf(const ui::Document& document) {
    Deep deep{document.state().node,
              document.state().plan,
              document.snapshot(),
              document.footprint(),
              {}};
    for (const model::Layer& layer : document.snapshot()->layers())
        deep.removed.push_back(document.removed(layer.id));
    return deep;
}

class Soak {
public:
    Soak(const QString& folder, unsigned seed) : user(window, folder, seed), watch(document()) {
        window.resize(1440, 900);
        window.show();
    }
    ~Soak() { window.closeNow(); }

    ui::Document& document() const { return *window.document(); }
    ui::Workbench& workbench() const { return *window.workbench(); }
    QAction* action(const char* id) const { return test::find<QAction>(window, id); }
    bool rest() const {
        const auto isIdle = [this] {
            // A file that has been read asks about the open work once its job is over.
            QCoreApplication::sendPostedEvents(window.workbench(), QEvent::MetaCall);
            return workbench().jobs()->jobs().isEmpty();
        };
        return QTest::qWaitFor(isIdle, test::kPatienceMs);
    }

    bool begin(const QString& folder) {
        window.openPath(test::WindowProbe::copyModel(folder));
        if (!QTest::qWaitFor([this] { return document().masks() != nullptr; }, test::kPatienceMs))
            return false;
        test::writeTinyMnist(folder.toStdString());
        data::DataSpec spec;
        spec.path = folder.toStdString();
        spec.preset = "mnist";
        workbench().attachData(spec);
        return rest() && document().dataset();
    }

    void act() {
        const int what = user.below(100);
        if (what < 35 || !document().hasModel()) {
            user.command();
        } else if (what < 60) {
            user.poke(window);
        } else if (what < 68) {
            select();
        } else if (what < 80) {
            edit();
        } else if (what < 94) {
            walk(user.below(2) ? "edit.undo" : "edit.redo", 1 + user.below(5));
        } else if (what < 98) {
            goElsewhere();
        } else {
            user.note(QStringLiteral("rest"));
            (void)rest();
        }
        QTest::qWait(user.below(15));
        tidy();
    }

    /// Undoes or redoes up to `steps` times.
    void walk(const char* id, int steps) {
        user.note(QStringLiteral("%1 x%2").arg(QString::fromLatin1(id)).arg(steps));
        for (; steps > 0 && action(id)->isEnabled(); --steps) {
            action(id)->trigger();
            QTest::qWait(1);
        }
    }

    /// Ends a training and waits for everything else. False: it does not end.
    bool settle() {
        if (workbench().isTraining()) workbench().stopTraining();
        document().preview({}, {});
        return rest();
    }

    gui::MainWindow window;
    RandomUser user;
    test::UndoWatch watch;

private:
    model::LayerId anyLayer() {
        const auto layers = document().snapshot()->layers();
        return layers[static_cast<std::size_t>(user.below(static_cast<int>(layers.size())))].id;
    }

    void select() {
        std::vector<model::LayerId> layers;
        for (int count = 1 + user.below(3); count > 0; --count) layers.push_back(anyLayer());
        user.note(QStringLiteral("select %1").arg(layers.front().value));
        const model::LayerId current = layers.front();
        document().select(std::move(layers), current);
    }

    void edit() {
        const model::LayerId layer = anyLayer();
        const double share = user.below(100) / 100.0;
        const int what = user.below(6);
        user.note(QStringLiteral("edit %1 of %2").arg(what).arg(layer.value));
        if (what == 0) return document().setRule(layer, prune::WeightRule::sparsity(share));
        if (what == 1) return document().setRule(layer, prune::WeightRule::sigma(2 * share));
        if (what == 2) return document().setRule(layer, prune::WeightRule::pattern(2, 4));
        if (what == 3) return document().setLocked({layer}, !document().isLocked(layer));
        if (what == 4 && document().index(layer)) return document().setCut(layer, share / 10);
        budget(layer, share);
    }

    void budget(model::LayerId layer, double share) {
        ui::Channels* channels = document().channels();
        const auto group = channels->found() ? channels->groupOf(layer) : std::nullopt;
        if (!group || !channels->whyFixed(*group).isEmpty()) return;
        if (user.isLucky(40))
            return channels->setMark(*group, user.below(3), ui::Channels::Mark::Remove);
        prune::ChannelRule rule;
        rule.value = share;
        channels->setRule(*group, rule);
    }

    void goElsewhere() {
        const auto nodes = document().history().nodes();
        const auto& node =
            nodes[static_cast<std::size_t>(user.below(static_cast<int>(nodes.size())))];
        user.note(QStringLiteral("go to node %1").arg(node->id.value));
        document().goTo(node->id);
    }

    void tidy() {
        for (QWidget* each : QApplication::topLevelWidgets()) {
            const bool isExtra = each != &window && each->isVisible() && !each->isModal();
            if (isExtra && user.isLucky(30)) each->close();
        }
        m_trainingFor = workbench().isTraining() ? m_trainingFor + 1 : 0;
        if (m_trainingFor < kLongestTraining) return;
        user.note(QStringLiteral("train.stop"));
        action("train.stop")->trigger();
    }

    int m_trainingFor = 0;
};

int fromEnvironment(const char* name, int otherwise) {
    bool isNumber = false;
    const int value = qEnvironmentVariableIntValue(name, &isNumber);
    return isNumber ? value : otherwise;
}

}  // namespace

class TestSoak : public QObject {
    Q_OBJECT
public Q_SLOTS:
    void swallow(const QUrl&) {}  // in the desktop's place

private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
        m_settings = std::make_unique<test::OwnSettings>();
        gui::setUpApplication(*qApp);
        QDesktopServices::setUrlHandler(QStringLiteral("file"), this, "swallow");
    }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
    }
    void cleanup() { QCOMPARE(QApplication::topLevelWidgets().size(), 0); }
    void cleanupTestCase() { QDesktopServices::unsetUrlHandler(QStringLiteral("file")); }

    void anythingAtAll_data() {
        QTest::addColumn<int>("seed");
        const int seeds = fromEnvironment("ESPALIER_SOAK_SEEDS", kSeeds);
        const int first = fromEnvironment("ESPALIER_SOAK_FIRST", 1);
        for (int seed = first; seed < first + seeds; ++seed) QTest::addRow("%d", seed) << seed;
    }
    void anythingAtAll() {
        QFETCH(int, seed);
        const QTemporaryDir folder;
        Soak soak(folder.path(), static_cast<unsigned>(seed));
        QVERIFY(soak.begin(folder.path()));
        QFile junk(folder.filePath("junk.pt"));
        QVERIFY(junk.open(QIODevice::WriteOnly) && junk.write("no model") > 0);
        junk.close();
        test::Heartbeat heartbeat;
        const int actions = fromEnvironment("ESPALIER_SOAK_ACTIONS", kActions);
        for (int i = 1; i <= actions; ++i) {
            const double before = heartbeat.longestWorkMs();
            soak.act();
            const QString now = QStringLiteral("action %1: ").arg(i) + soak.user.trail();
            if (heartbeat.longestWorkMs() > std::max(before, test::Heartbeat::kGoalMs))
                qInfo("%.0f ms of work: %s", heartbeat.longestWorkMs(), qPrintable(now));
            QVERIFY2(soak.window.isVisible(), qPrintable(now));
            QVERIFY2(!QApplication::activeModalWidget(), qPrintable(now));
            QVERIFY2(soak.user.hanging().isEmpty(), qPrintable(soak.user.hanging() + now));
            QVERIFY2(soak.watch.problem().isEmpty(), qPrintable(soak.watch.problem() + now));
            if (i % kActionsBetweenChecks == 0) walksThereAndBack(soak);
            if (QTest::currentTestFailed()) return;
        }
        QVERIFY(soak.watch.returns() > actions / 10);
        (void)heartbeat.problem();  // on the clock: told, not judged, for this runs beside others
        QVERIFY(heartbeat.longestWorkMs() <= test::Heartbeat::kGoalMs);
        quits(soak);
    }

private:
    /// Everything undone, and everything made again: with nothing else going on, all is the same.
    static void walksThereAndBack(Soak& soak) {
        QVERIFY2(soak.settle(), qPrintable(soak.user.trail()));
        if (!soak.document().hasModel()) return;
        const int index = soak.document().undoStack()->index();
        const Deep before = deepStateOf(soak.document());
        soak.walk("edit.undo", 100'000);
        QVERIFY2(soak.document().undoStack()->index() == 0, qPrintable(soak.user.trail()));
        QVERIFY(soak.rest());
        while (soak.document().undoStack()->index() < index) soak.walk("edit.redo", 1);
        QVERIFY(soak.rest());
        QVERIFY2(deepStateOf(soak.document()) == before, qPrintable(soak.user.trail()));
        QVERIFY2(soak.watch.problem().isEmpty(), qPrintable(soak.watch.problem()));
    }

    static void quits(Soak& soak) {
        for (int tries = 0; tries < 40 && soak.window.isVisible(); ++tries) {
            soak.action("file.quit")->trigger();
            QTest::qWait(100);
        }
        QVERIFY2(!soak.window.isVisible(), qPrintable(soak.user.trail()));
    }

    std::unique_ptr<test::OwnSettings> m_settings;
};

QTEST_MAIN(TestSoak)
#include "tst_soak.moc"
