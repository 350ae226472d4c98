// SPDX-License-Identifier: GPL-3.0-or-later
// Latency: order, counts and plausibility; never absolute times.
#include <QTest>

#include <ATen/Parallel.h>
#include <torch/csrc/jit/runtime/print_handler.h>

#include "core/measure/latency.h"
#include "core/measure/runtime.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;

namespace {

model::SnapshotPtr workload(int repeats) {
    return snapshotOf(
        toyModule({{"w", at::randn({64, 64})}}, "for i in range(" + std::to_string(repeats) +
                                                    "):\n        x = torch.matmul(x, self.w)\n"
                                                    "    return x"),
        {32, 64});
}

/// A model that says `word`, worked out by forward, whenever it runs.
model::SnapshotPtr talker(const std::string& word) {
    return snapshotOf(toyModule({{"w", at::ones({4, 4})}},
                                "print(" + word + ")\n    return torch.matmul(x, self.w)"),
                      {1, 4});
}

/// What models print while this is alive, one entry a call.
class Overheard {
public:
    Overheard() {
        s_said.clear();
        torch::jit::setPrintHandler([](const std::string& text) { s_said.push_back(text); });
    }
    ~Overheard() { torch::jit::setPrintHandler(torch::jit::getDefaultPrintHandler()); }
    const std::vector<std::string>& said() const { return s_said; }

private:
    static inline std::vector<std::string> s_said;
};

}  // namespace

class TestLatency : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { measure::setUpTorchThread(1); }
    void moreWorkTakesLonger();
    void endsEarlyButNotTooEarly();
    void ownInputs();
    void takesTurns();
    void masksApply();
    void givesBackTheThreads();
    void stops();
    void refusesNonsense();

private:
    RunControl m_control;
};

void TestLatency::moreWorkTakesLonger() {
    const auto results =
        measure::measureLatency({{"short", workload(1), nullptr}, {"long", workload(200), nullptr}},
                                {.rounds = 15}, {}, m_control);
    QVERIFY2(results.ok(), results.ok() ? "" : results.error().text().c_str());
    QCOMPARE(results->size(), std::size_t{2});
    QCOMPARE((*results)[0].name, std::string("short"));
    QCOMPARE((*results)[1].name, std::string("long"));
    for (const measure::Latency& each : *results) {
        QCOMPARE(each.runs, 15);
        QVERIFY(each.p10 > 0 && each.p10 <= each.median && each.median <= each.p90);
    }
    QVERIFY((*results)[1].median > 10 * (*results)[0].median);
}

void TestLatency::endsEarlyButNotTooEarly() {
    const auto results = measure::measureLatency({{"a", workload(1), nullptr}},
                                                 {.rounds = 1000, .maxSeconds = 0}, {}, m_control);
    QVERIFY(results.ok());
    QCOMPARE((*results)[0].runs, 5);
}

void TestLatency::ownInputs() {
    const auto snapshot = snapshotOf(
        toyModule({{"w", at::zeros({1, 1})}}, "assert x.size(0) == 9\n    return x"), {1, 4});
    const std::vector<measure::Subject> subjects{{"a", snapshot, nullptr}};
    QVERIFY(!measure::measureLatency(subjects, {.rounds = 5}, {}, m_control).ok());
    const script::InputSpec nine{{9, 4}, script::DType::Float32, {}, false};
    QVERIFY(measure::measureLatency(subjects, {.inputs = {nine}, .rounds = 5}, {}, m_control).ok());
}

void TestLatency::takesTurns() {
    const Overheard overheard;
    const auto results =
        measure::measureLatency({{"a", talker("\"a\""), nullptr}, {"b", talker("\"b\""), nullptr}},
                                {.rounds = 7}, {}, m_control);
    QVERIFY(results.ok());
    // After the warm-up both have run once in each of the seven rounds, in whatever order.
    const auto& said = overheard.said();
    QVERIFY(said.size() >= 14);
    for (std::size_t round = 0; round < 7; ++round) {
        const std::size_t at = said.size() - 14 + 2 * round;
        QVERIFY2(said[at] != said[at + 1], qPrintable(QString::number(round)));
    }
}

void TestLatency::masksApply() {
    const Overheard overheard;
    const auto snapshot = talker("int((self.w == 0).sum())");
    auto kept = at::ones({4, 4}, at::kBool);
    kept[0].fill_(false);
    const auto results = measure::measureLatency(
        {{"masked", snapshot, masksOf(*snapshot, {{"w", kept}})}}, {.rounds = 5}, {}, m_control);
    QVERIFY(results.ok());
    QVERIFY(!overheard.said().empty());
    for (const auto& zeros : overheard.said()) QCOMPARE(zeros, std::string("4\n"));
}

void TestLatency::givesBackTheThreads() {
    const int threads = at::get_num_threads();
    const auto results = measure::measureLatency(
        {{"a", workload(2), nullptr}}, {.threads = threads + 1, .rounds = 5}, {}, m_control);
    QVERIFY(results.ok());
    QCOMPARE(at::get_num_threads(), threads);
}

void TestLatency::stops() {
    RunControl control;
    EventSink<> events;
    std::int64_t rounds = 0;
    events.onProgress = [&](const Progress& progress) {
        rounds = progress.done;
        control.requestStop();
    };
    const auto results =
        measure::measureLatency({{"a", workload(1), nullptr}}, {}, events, control);
    QVERIFY(!results);
    QCOMPARE(results.error().kind, Error::Kind::Cancelled);
    QCOMPARE(rounds, 1);
}

void TestLatency::refusesNonsense() {
    const std::vector<measure::Subject> one{{"a", workload(1), nullptr}};
    for (const auto& refused :
         {measure::measureLatency({}, {}, {}, m_control),
          measure::measureLatency(one, {.rounds = 4}, {}, m_control),
          measure::measureLatency(one, {.threads = -1}, {}, m_control),
          measure::measureLatency(one, {.device = "abacus"}, {}, m_control)}) {
        QVERIFY(!refused);
        QCOMPARE(refused.error().kind, Error::Kind::BadArgument);
    }
}

QTEST_GUILESS_MAIN(TestLatency)
#include "tst_latency.moc"
