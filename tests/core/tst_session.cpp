// SPDX-License-Identifier: GPL-3.0-or-later
// Sessions: what was saved is what is opened, to the last bit; what cannot be opened is named.
#include <cmath>
#include <fstream>
#include <limits>

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>
#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "core/exchange/export.h"
#include "core/model/snapshot_torch.h"
#include "core/project/session.h"
#include "core/project/session_weights.h"

using namespace espalier;
using namespace espalier::project;
namespace fs = std::filesystem;

namespace {

fs::path fixture(const char* name) {
    return fs::path(qEnvironmentVariable("ESPALIER_FIXTURES").toStdString()) / name;
}

/// The same model with every parameter and buffer moved by `step`, and a third of fc1 masked away.
model::SnapshotPtr trained(const model::Snapshot& base, double step) {
    const at::NoGradGuard noGrad;
    const auto module = model::cloneModule(base.state().module);
    for (const auto& each : module.named_parameters()) each.value.add_(step);
    for (const auto& each : module.named_buffers()) {
        if (each.value.is_floating_point()) each.value.add_(step * 4);
    }
    std::vector<at::Tensor> masks(base.layers().size());
    const auto fc1 = *base.find("fc1.weight");
    at::Tensor weight = model::parameterAt(module, "fc1.weight");
    masks[fc1.index()] = at::arange(weight.numel()).view(weight.sizes()).remainder(3).ne(0);
    weight.mul_(masks[fc1.index()]);
    return model::withWeights(base, module, masks);
}

bool areEqual(const model::Snapshot& left, const model::Snapshot& right) {
    const auto same = [](const auto& a, const auto& b) {
        return a.size() == b.size() &&
               std::equal(a.begin(), a.end(), b.begin(), [](const auto& x, const auto& y) {
                   return x.name == y.name && at::equal(x.value, y.value);
               });
    };
    const auto& a = left.state();
    const auto& b = right.state();
    for (std::size_t i = 0; i < a.baseMasks.size(); ++i) {
        if (a.baseMasks[i].defined() != b.baseMasks[i].defined()) return false;
        if (a.baseMasks[i].defined() && !at::equal(a.baseMasks[i], b.baseMasks[i])) return false;
    }
    return same(a.module.named_parameters(), b.module.named_parameters()) &&
           same(a.module.named_buffers(), b.module.named_buffers()) &&
           left.weightsHash() == right.weightsHash();
}

bool areEqual(double left, double right) {
    return left == right || (std::isnan(left) && std::isnan(right));
}

std::vector<fs::path> filesIn(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder, none)) files.push_back(entry.path());
    return files;
}

QString textOf(const Error& error) {
    return QString::fromStdString(error.text());
}

}  // namespace

class TestSession : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    RunControl m_control;

    fs::path file(const char* name) const {
        return m_folder->filePath(QString::fromLatin1(name)).toStdString();
    }
    model::SnapshotPtr openModel() {
        fs::copy_file(fixture("cnn_bn.script.pt"), file("model.pt"));
        return model::openSnapshot(file("model.pt"), {}, {}, m_control).value();
    }
    static prune::PlanPtr plan(const model::Snapshot& snapshot, double sparsity) {
        prune::Plan plan = prune::emptyPlan(snapshot);
        plan.weights["fc1.weight"] = prune::WeightRule::sparsity(sparsity);
        return std::make_shared<const prune::Plan>(std::move(plan));
    }
    static Metrics metrics() {
        Metrics metrics;
        metrics.evaluation.emplace();
        metrics.evaluation->samples = 100;
        metrics.evaluation->loss = 0.1;
        metrics.evaluation->top1 = 2.0 / 3.0;
        metrics.evaluation->classes = {{"cat", 60, 40}, {"dog", 40, 27}};
        metrics.evaluation->metric.kind = measure::Metric::Kind::Agreement;
        metrics.evaluation->score = 0.7;
        metrics.data.emplace();
        metrics.data->path = "/data/images";
        metrics.data->mean = {0.1, 0.2, 0.3};
        metrics.data->resize = {32};
        metrics.latency = measure::Latency{"now", 1.5, 1.25, 1.75, 50};
        metrics.latencyRun = 3;
        return metrics;
    }
    /// Opened, pinned, trained from there, tried beside: four states, two sets of weights.
    Session makeSession() {
        const auto root = openModel();
        const auto empty = std::make_shared<const prune::Plan>(prune::emptyPlan(*root));
        History history = History::opened(root, empty);
        const auto pin = history.pinned(history.root(), plan(*root, 0.5), "half, “gone”");
        train::TrainResult result;
        result.best = trained(*root, 0.125);
        result.samples = {{.step = 1, .epoch = 1, .loss = 0.3, .lr = 0.01, .seconds = 0.1},
                          {.step = 2, .epoch = 1, .loss = 0.2, .valLoss = 0.25, .top1 = 0.9}};
        result.epochs = result.bestEpoch = 1;
        result.before = *metrics().evaluation;
        result.after = *metrics().evaluation;
        result.after.score = 0.75;
        train::Recipe recipe;
        recipe.seed = 37;
        recipe.optimizer.lr = 0.0625;
        auto tuned = pin.history.fineTuned(pin.id, plan(*root, 0.5), result, "fine-tuned 1 epoch");
        tuned.history = tuned.history.withMetrics(tuned.id, metrics());
        tuned.history = tuned.history.withRecipe(tuned.id, recipe);
        const auto trial = tuned.history.tried(tuned.id, plan(*root, 0.75), "trial", {});
        return {trial.history, tuned.id, plan(*root, 0.625), {}, "layout of the window"};
    }
    void save(const Session& session, const fs::path& target) {
        const auto saved = saveSession(session, target, m_control);
        QVERIFY2(saved.ok(), saved ? "" : qPrintable(textOf(saved.error())));
    }
    Result<OpenedSession> open(const fs::path& path, const LocatedModels& located = {}) {
        return openSession(path, located, {}, m_control);
    }

private Q_SLOTS:
    void initTestCase() {
        if (!fs::exists(fixture("cnn_bn.script.pt"))) QSKIP("SKIPPED ALL: no fixtures");
    }
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void whatIsSavedIsOpened() {
        const Session before = makeSession();
        save(before, file("a.espalier"));
        QCOMPARE(filesIn(file("a.espalier-weights")).size(), std::size_t{1});
        const auto opened = open(file("a.espalier"));
        QVERIFY2(opened.ok(), opened ? "" : qPrintable(textOf(opened.error())));
        QVERIFY(opened->notes.empty());
        const Session& after = opened->session;
        QCOMPARE(after.current, before.current);
        QCOMPARE(*after.plan, *before.plan);
        QCOMPARE(after.layout, before.layout);
        QVERIFY(!after.data);
        const auto nodes = before.history.nodes();
        const auto back = after.history.nodes();
        QCOMPARE(back.size(), nodes.size());
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            QCOMPARE(back[i]->id, nodes[i]->id);
            QCOMPARE(back[i]->parent, nodes[i]->parent);
            QCOMPARE(back[i]->operation, nodes[i]->operation);
            QCOMPARE(back[i]->name, nodes[i]->name);
            QCOMPARE(*back[i]->plan, *nodes[i]->plan);
            QCOMPARE(back[i]->isPinned, nodes[i]->isPinned);
            QCOMPARE(back[i]->metrics, nodes[i]->metrics);
            QCOMPARE(back[i]->tuning, nodes[i]->tuning);
            QVERIFY(nodes[i]->made - back[i]->made < std::chrono::seconds(1));
            QVERIFY(areEqual(*back[i]->snapshot, *nodes[i]->snapshot));
            QCOMPARE(back[i]->snapshot->file(), nodes[i]->snapshot->file());
        }
        // States that shared weights share them again.
        QCOMPARE(back[1]->snapshot, back[0]->snapshot);
        QCOMPARE(back[3]->snapshot, back[2]->snapshot);
        const auto& samples = back[2]->training;
        QCOMPARE(samples.size(), std::size_t{2});
        for (std::size_t i = 0; i < samples.size(); ++i) {
            const auto& sample = nodes[2]->training[i];
            QCOMPARE(samples[i].step, sample.step);
            for (const auto field :
                 {&train::TrainSample::loss, &train::TrainSample::valLoss,
                  &train::TrainSample::top1, &train::TrainSample::lr, &train::TrainSample::sparsity,
                  &train::TrainSample::seconds, &train::TrainSample::score})
                QVERIFY(areEqual(samples[i].*field, sample.*field));
        }
        // Saved again, it is the same file: nothing was lost on the way.
        save(after, file("b.espalier"));
        QCOMPARE(*readText(file("b.espalier")), *readText(file("a.espalier")));
    }

    void sessionsOfOldSayNotHowTheyWereTuned() {
        save(makeSession(), file("a.espalier"));
        auto json = nlohmann::json::parse(*readText(file("a.espalier")));
        QVERIFY(json["nodes"][2].erase("tuning") == 1);
        std::ofstream(file("a.espalier")) << json;
        const auto opened = open(file("a.espalier"));
        QVERIFY2(opened.ok(), opened ? "" : qPrintable(textOf(opened.error())));
        QVERIFY(!opened->session.history.node({2}).tuning);
    }

    void otherBatchNormStatisticsAreOtherWeights() {
        Session session = makeSession();
        const auto& tuned = session.history.node(session.current).snapshot;
        const auto module = model::cloneModule(tuned->state().module);
        for (const auto& each : module.named_buffers()) each.value.add_(1);
        train::TrainResult result;
        result.best = model::withWeights(*tuned, module, tuned->state().baseMasks);
        QCOMPARE(result.best->weightsHash(), tuned->weightsHash());
        const auto added =
            session.history.fineTuned(session.current, session.plan, result, "statistics");
        session.history = added.history;
        save(session, file("a.espalier"));
        const auto opened = open(file("a.espalier"));
        QVERIFY(opened.ok());
        QVERIFY(areEqual(*opened->session.history.nodes().back()->snapshot, *result.best));
        QVERIFY(areEqual(*opened->session.history.node(session.current).snapshot, *tuned));
    }

    void weightsAreWrittenOnceAndGoWhenNobodyNamesThem() {
        const Session session = makeSession();
        save(session, file("a.espalier"));
        const auto weights = filesIn(file("a.espalier-weights")).front();
        const auto written = fs::last_write_time(weights) - std::chrono::hours(1);
        fs::last_write_time(weights, written);
        save(session, file("a.espalier"));
        QCOMPARE(fs::last_write_time(weights), written);
        Session smaller = session;
        smaller.history = session.history.without(session.history.subtree(session.current));
        smaller.current = NodeId{1};
        save(smaller, file("a.espalier"));
        QVERIFY(!fs::exists(file("a.espalier-weights")));
        const auto opened = open(file("a.espalier"));
        QVERIFY(opened.ok());
        QCOMPARE(opened->session.history.nodes().size(), std::size_t{2});
    }

    void aSaveThatFailsLeavesTheOldSessionWhole() {
        const Session session = makeSession();
        save(session, file("a.espalier"));
        Session smaller = session;
        smaller.history = session.history.without(session.history.subtree(session.current));
        smaller.current = NodeId{1};
        fs::create_directory(file("folder.espalier"));
        const auto saved = saveSession(smaller, file("folder.espalier"), m_control);
        QVERIFY(!saved.ok());
        QCOMPARE(saved.error().kind, Error::Kind::WriteFailed);
        RunControl stopped;
        stopped.requestStop();
        QVERIFY(!saveSession(session, file("stopped.espalier"), stopped).ok());
        QVERIFY(!fs::exists(file("stopped.espalier")));
        QVERIFY(open(file("a.espalier")).ok());
    }

    void theFolderCanBeMoved() {
        const Session session = makeSession();
        fs::create_directory(file("here"));
        fs::rename(file("model.pt"), file("here/model.pt"));
        const auto root = model::openSnapshot(file("here/model.pt"), {}, {}, m_control).value();
        Session own{History::opened(root, plan(*root, 0.5)), NodeId{0}, plan(*root, 0.5)};
        save(own, file("here/a.espalier"));
        fs::rename(file("here"), file("there"));
        const auto opened = open(file("there/a.espalier"));
        QVERIFY2(opened.ok(), opened ? "" : qPrintable(textOf(opened.error())));
        const auto& node = opened->session.history.node({0});
        QCOMPARE(node.snapshot->file().path, file("there/model.pt"));
    }

    void aMissingModelIsNamedAndCanBeLocated() {
        save(makeSession(), file("a.espalier"));
        fs::rename(file("model.pt"), file("moved.pt"));
        const auto opened = open(file("a.espalier"));
        QVERIFY(!opened.ok());
        QCOMPARE(opened.error().kind, Error::Kind::NotFound);
        QVERIFY(textOf(opened.error()).contains("model.pt is not there"));
        const auto saved = readSessionFile(file("a.espalier"));
        QVERIFY(saved.ok());
        const auto missing = missingModel(*saved, {});
        QVERIFY(missing && *missing == file("model.pt"));
        const auto found = open(file("a.espalier"), {{*missing, file("moved.pt")}});
        QVERIFY2(found.ok(), found ? "" : qPrintable(textOf(found.error())));
        QVERIFY(found->notes.empty());
    }

    void aChangedModelWithTheSameLayersIsTakenWithANote() {
        const Session session = makeSession();
        const auto other = trained(*session.history.node({0}).snapshot, 0.5);
        Session measured = session;
        measured.history = session.history.withMetrics({1}, metrics());
        save(measured, file("a.espalier"));
        fs::remove(file("model.pt"));
        QVERIFY(exchange::exportMasked(*other, nullptr, file("model.pt"), {}, m_control).ok());
        const auto opened = open(file("a.espalier"));
        QVERIFY2(opened.ok(), opened ? "" : qPrintable(textOf(opened.error())));
        QCOMPARE(opened->notes.size(), std::size_t{1});
        QVERIFY(opened->notes[0].find("model.pt has changed") != std::string::npos);
        const History& history = opened->session.history;
        QCOMPARE(history.node({1}).metrics, Metrics());  // of weights that are gone
        QCOMPARE(history.node({2}).metrics, metrics());  // its own weights are in the session
        QVERIFY(areEqual(*history.node({2}).snapshot, *session.history.node({2}).snapshot));
        QVERIFY(prune::isForFile(*history.node({1}).plan, *history.node({1}).snapshot));
    }

    void aChangedModelWithOtherLayersIsRefusedWithBothReasons() {
        save(makeSession(), file("a.espalier"));
        fs::copy_file(fixture("inplace.script.pt"), file("model.pt"),
                      fs::copy_options::overwrite_existing);
        const auto opened = open(file("a.espalier"));
        QVERIFY(!opened.ok());
        QCOMPARE(opened.error().kind, Error::Kind::Mismatch);
        const QString text = textOf(opened.error());
        QVERIFY2(text.contains("another SHA-256") && text.contains("is not in it any more"),
                 qPrintable(text));
    }

    void missingDataIsSaid() {
        Session session = makeSession();
        session.data = SessionData{{.path = file("no-data")}, {.metric = "top5"}};
        save(session, file("a.espalier"));
        const auto opened = open(file("a.espalier"));
        QVERIFY(opened.ok());
        QVERIFY(!opened->dataset);
        QCOMPARE(opened->session.data, session.data);
        QCOMPARE(opened->notes.size(), std::size_t{1});
        QVERIFY(opened->notes[0].find("without its data") != std::string::npos);
    }

    void weightsThatAreMissingOrDamagedAreNamed() {
        save(makeSession(), file("a.espalier"));
        const auto weights = filesIn(file("a.espalier-weights")).front();
        const auto bytes = *readText(weights);
        fs::resize_file(weights, bytes.size() - 100);
        auto opened = open(file("a.espalier"));
        QVERIFY(!opened.ok() && opened.error().kind == Error::Kind::Damaged);
        QVERIFY(textOf(opened.error()).contains(".weights"));
        auto flipped = bytes;
        flipped[bytes.size() / 2] ^= 1;
        std::ofstream(weights, std::ios::binary) << flipped;
        opened = open(file("a.espalier"));
        QVERIFY(!opened.ok() && opened.error().kind == Error::Kind::Damaged);
        // Whole, but not what its name says.
        const auto root = model::openSnapshot(file("model.pt"), {}, {}, m_control).value();
        fs::remove(weights);
        QVERIFY(writeWeights(*trained(*root, 3), weights).ok());
        opened = open(file("a.espalier"));
        QVERIFY(!opened.ok() && opened.error().kind == Error::Kind::Damaged);
        QVERIFY(textOf(opened.error()).contains("named after"));
        fs::remove(weights);
        opened = open(file("a.espalier"));
        QVERIFY(!opened.ok());
        QVERIFY2(opened.error().kind == Error::Kind::NotFound &&
                     textOf(opened.error()).contains("folder of weights"),
                 qPrintable(textOf(opened.error())));
    }

    void weightsOfAnotherModelAreRefused() {
        const auto root = openModel();
        const auto other =
            model::openSnapshot(fixture("inplace.script.pt"), {}, {}, m_control).value();
        QVERIFY(writeWeights(*other, file("other.weights")).ok());
        const auto read = readWeights(*root, file("other.weights"));
        QVERIFY(!read.ok());
        QCOMPARE(read.error().kind, Error::Kind::Mismatch);
        std::ofstream(file("text.weights")) << "something else";
        QCOMPARE(readWeights(*root, file("text.weights")).error().kind, Error::Kind::Unsupported);
    }

    void badFilesAreNamed_data() {
        QTest::addColumn<QByteArray>("from");
        QTest::addColumn<QByteArray>("to");
        QTest::addColumn<QString>("why");
        const auto row = [](const char* name, const char* from, const char* to, const char* why) {
            QTest::newRow(name) << QByteArray(from) << QByteArray(to) << QString(why);
        };
        row("no JSON", "{", "", "the file is damaged");
        row("another format", "espalier-session", "espalier-plan", "it is no session");
        row("later version", "\"version\": 1,\n \"models", "\"version\": 2,\n \"models",
            "\"version\" is 2");
        row("unknown key", "\"layout\"", "\"colour\": 1, \"layout\"", "\"colour\" is no known key");
        row("unknown key inside", "\"operation\"", "\"colour\": 1, \"operation\"",
            "\"nodes[0].colour\" is no known key");
        row("missing key", ",\n \"layout\": \"layout of the window\"", "", "\"layout\" is missing");
        row("key twice", "\"layout\":", "\"data\": null, \"layout\":", "\"data\" is there twice");
        row("operation", "\"fine_tune\"", "\"magic\"", "\"nodes[2].operation\" is \"magic\"");
        row("parent", "\"parent\": 1", "\"parent\": 2", "no such earlier node");
        row("two roots", "\"parent\": 1", "\"parent\": null", "the only root");
        row("current", "\"current\": 2", "\"current\": 4", "no such node");
        row("model", "\"model\": 0", "\"model\": 1", "no such model");
        row("weights", "\"weights\": \"\"", "\"weights\": \"../../etc/passwd\"", "is no SHA-256");
        row("plan", "\"sparsity\": 0.5", "\"sparsity\": 1.5", "\"nodes[1].plan\"");
        row("metric", "\"kind\": \"agreement\"", "\"kind\": \"luck\"", "no kind of metric");
        row("recipe", "\"seed\": 37", "\"sead\": 37", "tuning.recipe");
        row("training", "\"training\": []", "\"training\": [[1]]", "no row of ten numbers");
    }
    void badFilesAreNamed() {
        QFETCH(QByteArray, from);
        QFETCH(QByteArray, to);
        QFETCH(QString, why);
        save(makeSession(), file("a.espalier"));
        QByteArray text = QByteArray::fromStdString(*readText(file("a.espalier")));
        const auto at = text.indexOf(from);
        QVERIFY(at >= 0);
        text.replace(at, from.size(), to);
        std::ofstream(file("a.espalier")) << text.toStdString();
        const auto opened = open(file("a.espalier"));
        QVERIFY(!opened.ok());
        QVERIFY2(textOf(opened.error()).contains(why), qPrintable(textOf(opened.error())));
        QVERIFY(textOf(opened.error()).contains("a.espalier"));
        QCOMPARE(opened.error().kind, Error::Kind::BadArgument);
    }

    void aPlanForOtherLayersIsRefused() {
        save(makeSession(), file("a.espalier"));
        QByteArray text = QByteArray::fromStdString(*readText(file("a.espalier")));
        text.replace("\"fc1.weight\": {", "\"fc9.weight\": {");
        std::ofstream(file("a.espalier")) << text.toStdString();
        const auto opened = open(file("a.espalier"));
        QVERIFY(!opened.ok());
        QVERIFY2(textOf(opened.error()).contains("fc9.weight"), qPrintable(textOf(opened.error())));
    }
};

QTEST_GUILESS_MAIN(TestSession)
#include "tst_session.moc"
