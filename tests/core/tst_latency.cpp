// SPDX-License-Identifier: GPL-3.0-or-later
// Latency: order, counts and plausibility; never absolute times.
#include <QTest>

#include <ATen/Parallel.h>

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

}  // namespace

class TestLatency : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { measure::setUpTorchThread(1); }
    void moreWorkTakesLonger();
    void endsEarlyButNotTooEarly();
    void ownInputs();
    void masksAndThreads();
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

void TestLatency::masksAndThreads() {
    const auto snapshot = workload(2);
    const auto masks = masksOf(*snapshot, {{"w", at::zeros({64, 64}, at::kBool)}});
    const int threads = at::get_num_threads();
    const auto results = measure::measureLatency(
        {{"masked", snapshot, masks}}, {.threads = threads + 1, .rounds = 5}, {}, m_control);
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
