// SPDX-License-Identifier: GPL-3.0-or-later
// JobRunner: lanes, slots, cancelling, delivery.
#include <atomic>
#include <memory>
#include <stdexcept>

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>

#include "tests/support/job_probe.h"
#include "ui/jobs/job_runner.h"

using namespace espalier;
using namespace espalier::ui;
using test::JobProbe;

class TestJobs : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
    }

    void resultArrivesOnTheGuiThread() {
        JobRunner jobs;
        std::thread::id worker;
        std::thread::id receiver;
        std::optional<Result<int>> got;
        jobs.run<int>(
            {Lane::Scan, "adding"}, this,
            [&worker](const EventSink<>&, RunControl&) -> Result<int> {
                worker = std::this_thread::get_id();
                return 42;
            },
            [&](Result<int> result) {
                receiver = std::this_thread::get_id();
                got = std::move(result);
            });
        QTRY_VERIFY(got.has_value());
        QCOMPARE(**got, 42);
        QCOMPARE(receiver, std::this_thread::get_id());
        QVERIFY(worker != receiver);
        QVERIFY(jobs.jobs().isEmpty());
        QVERIFY(!jobs.isBusy(Lane::Scan));
    }

    void partialsArriveInOrderNoneLostAndCoalesced() {
        constexpr int kCount = 20000;
        JobRunner jobs;
        std::vector<int> got;
        bool allBeforeDone = false;
        QSignalSpy deliveries(&jobs, &JobRunner::jobProgressed);
        QElapsedTimer clock;
        clock.start();
        bool isDone = false;
        jobs.run<void, int>(
            {Lane::Scan, "counting"}, this,
            [](const EventSink<int>& events, RunControl&) -> Result<void> {
                for (int i = 0; i < kCount; ++i) {
                    events.publish(i);
                    events.progress({"counting", i, kCount});
                    // Long enough for several deliveries, or the limit on their rate could not be
                    // seen.
                    if (i % 100 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
                }
                return {};
            },
            [&](const Result<void>&) {
                allBeforeDone = got.size() == kCount;
                isDone = true;
            },
            [&got](const int& value) { got.push_back(value); });
        QTRY_VERIFY(isDone);
        const double seconds = static_cast<double>(clock.elapsed()) / 1000;
        QVERIFY(allBeforeDone);
        QVERIFY(std::ranges::is_sorted(got));
        QVERIFY2(deliveries.count() <= seconds * 31 + 3,
                 qPrintable(QString::number(deliveries.count())));
        QVERIFY(deliveries.count() >= 3);
    }

    void aPartialArrivesThoughNothingFollowsIt() {
        JobRunner jobs;
        std::promise<void> go;
        int got = 0;
        jobs.run<int, int>(
            {Lane::Scan, "pausing"}, this,
            [end = go.get_future().share()](const EventSink<int>& events, RunControl& control) {
                events.publish(1);
                events.publish(2);
                events.publish(3);
                return test::runUntil(control, end, 0);
            },
            {}, [&got](const int& value) { got = value; });
        QTRY_COMPARE_WITH_TIMEOUT(got, 3, 1000);
        go.set_value();
        QTRY_VERIFY(jobs.jobs().isEmpty());
    }

    void progressIsListed() {
        JobRunner jobs;
        std::promise<void> go;
        const int id = jobs.run<int>(
            {Lane::Trainer, "Fine-tuning"}, this,
            [end = go.get_future().share()](const EventSink<>& events, RunControl& control) {
                events.progress({"epoch 3 of 10", 3, 10, 7});
                return test::runUntil(control, end, 0);
            },
            {});
        QTRY_COMPARE(jobs.jobs().value(0).progress.done, std::int64_t{3});
        const JobInfo info = jobs.jobs().constFirst();
        QCOMPARE(info.id, id);
        QCOMPARE(info.title, "Fine-tuning");
        QCOMPARE(info.progress, (Progress{"epoch 3 of 10", 3, 10, 7}));
        QVERIFY(info.isRunning && info.isVisible && !info.isPaused && !info.isStopping);
        go.set_value();
        QTRY_VERIFY(jobs.jobs().isEmpty());
    }

    void newestOfASlotWins() {
        JobRunner jobs;
        JobProbe running(jobs, {Lane::Interactive, "a", "masks"}, 1, this);
        QVERIFY(running.waitUntilBegun());
        JobProbe newest(jobs, {Lane::Interactive, "b", "masks"}, 2, this);
        newest.release();
        QTRY_VERIFY(newest.result.has_value());
        QCOMPARE(**newest.result, 2);
        QTRY_VERIFY(jobs.jobs().isEmpty());
        QVERIFY(!running.result);
    }

    void aReplacedJobThatWaitsNeverBegins() {
        JobRunner jobs;
        JobProbe holding(jobs, {Lane::Interactive, "a"}, 1, this);
        QVERIFY(holding.waitUntilBegun());
        JobProbe waiting(jobs, {Lane::Interactive, "b", "masks"}, 2, this);
        JobProbe newest(jobs, {Lane::Interactive, "c", "masks"}, 3, this);
        holding.release();
        newest.release();
        QTRY_VERIFY(holding.result && newest.result);
        QTRY_VERIFY(jobs.jobs().isEmpty());
        QVERIFY(!waiting.result);
        QVERIFY(!waiting.hasBegun());
    }

    void aReplacedJobThatHasJustFinishedDeliversNothing() {
        JobRunner jobs;
        JobProbe first(jobs, {Lane::Interactive, "a", "masks"}, 1, this);
        first.release();
        // Its result is queued or about to be; nothing was delivered, for no event ran since.
        JobProbe second(jobs, {Lane::Interactive, "b", "masks"}, 2, this);
        second.release();
        QTRY_VERIFY(second.result.has_value());
        QVERIFY(!first.result);
    }

    void otherSlotsAndLanesGoOn() {
        JobRunner jobs;
        JobProbe training(jobs, {Lane::Trainer, "train"}, 1, this);
        JobProbe scan(jobs, {Lane::Scan, "scan", "index"}, 2, this);
        JobProbe masks(jobs, {Lane::Interactive, "masks", "masks"}, 3, this);
        QVERIFY(training.waitUntilBegun() && scan.waitUntilBegun() && masks.waitUntilBegun());
        for (JobProbe* probe : {&training, &scan, &masks}) probe->release();
        QTRY_VERIFY(training.result && scan.result && masks.result);
    }

    void cancelIsVisibleWithinATenthOfASecond() {
        JobRunner jobs;
        JobProbe probe(jobs, {Lane::Scan, "scan"}, 1, this);
        QVERIFY(probe.waitUntilBegun());
        QElapsedTimer clock;
        clock.start();
        jobs.cancel(probe.id);
        QVERIFY(jobs.jobs().isEmpty() || jobs.jobs().constFirst().isStopping);
        QTRY_VERIFY(probe.result.has_value());
        QVERIFY2(clock.elapsed() <= 100, qPrintable(QString::number(clock.elapsed())));
        QCOMPARE(probe.result->error().kind, Error::Kind::Cancelled);
    }

    void cancellingAWaitingJobEndsItAtOnce() {
        JobRunner jobs;
        JobProbe running(jobs, {Lane::Scan, "a"}, 1, this);
        JobProbe waiting(jobs, {Lane::Scan, "b"}, 2, this);
        QVERIFY(running.waitUntilBegun());
        QSignalSpy finished(&jobs, &JobRunner::jobFinished);
        jobs.cancel(waiting.id);
        QVERIFY(waiting.result.has_value());
        QCOMPARE(waiting.result->error().kind, Error::Kind::Cancelled);
        QCOMPARE(finished.count(), 1);
        running.release();
        QTRY_VERIFY(running.result.has_value());
        QVERIFY(!waiting.hasBegun());
    }

    void aStoppedJobMayStillGiveAResult() {
        JobRunner jobs;
        std::optional<Result<int>> got;
        const int id = jobs.run<int>(
            {Lane::Trainer, "train"}, this,
            [](const EventSink<>&, RunControl& control) -> Result<int> {
                while (control.keepGoing()) std::this_thread::yield();
                return 7;
            },
            [&got](Result<int> result) { got = std::move(result); });
        jobs.cancel(id);
        // It may have been cancelled before it began: only then there is no best so far.
        QTRY_VERIFY(got.has_value());
        QVERIFY(got->ok() ? **got == 7 : got->error().kind == Error::Kind::Cancelled);
    }

    void exceptionsBecomeErrors_data() {
        QTest::addColumn<int>("which");
        QTest::newRow("std::exception") << 0;
        QTest::newRow("anything") << 1;
    }
    void exceptionsBecomeErrors() {
        QFETCH(int, which);
        JobRunner jobs;
        std::optional<Result<int>> got;
        jobs.run<int>(
            {Lane::Scan, "breaking"}, this,
            [which](const EventSink<>&, RunControl&) -> Result<int> {
                if (which == 0) throw std::runtime_error("no luck");
                throw 5;
            },
            [&got](Result<int> result) { got = std::move(result); });
        QTRY_VERIFY(got.has_value());
        QVERIFY(!got->ok());
        QCOMPARE(got->error().kind, Error::Kind::Failed);
        // The lane goes on.
        JobProbe next(jobs, {Lane::Scan, "next"}, 1, this);
        next.release();
        QTRY_VERIFY(next.result.has_value());
    }

    void nothingIsDeliveredToADeadContext() {
        JobRunner jobs;
        auto context = std::make_unique<QObject>();
        JobProbe probe(jobs, {Lane::Scan, "scan"}, 1, context.get());
        QVERIFY(probe.waitUntilBegun());
        context.reset();
        probe.release();
        QTRY_VERIFY(jobs.jobs().isEmpty());
        QVERIFY(!probe.result);
    }

    void exclusiveRunsAlone() {
        JobRunner jobs;
        JobProbe scan(jobs, {Lane::Scan, "scan"}, 1, this);
        QVERIFY(scan.waitUntilBegun());
        JobProbe latency(jobs, {Lane::Exclusive, "latency"}, 2, this);
        // The exclusive one waits for those that run, and others may begin meanwhile.
        JobProbe masks(jobs, {Lane::Interactive, "masks"}, 3, this);
        QVERIFY(masks.waitUntilBegun());
        QVERIFY(!latency.hasBegun());
        scan.release();
        masks.release();
        QVERIFY(latency.waitUntilBegun());
        JobProbe later(jobs, {Lane::Interactive, "later"}, 4, this);
        QTRY_VERIFY(scan.result && masks.result);
        QVERIFY(!later.hasBegun());
        latency.release();
        later.release();
        QTRY_VERIFY(latency.result && later.result);
    }

    void pausedJobsWaitAndCanBeStopped() {
        JobRunner jobs;
        std::atomic<int> steps = 0;
        std::optional<Result<int>> got;
        const int id = jobs.run<int>(
            {Lane::Trainer, "train"}, this,
            [&steps](const EventSink<>&, RunControl& control) -> Result<int> {
                while (control.keepGoing()) ++steps;
                return steps.load();
            },
            [&got](Result<int> result) { got = std::move(result); });
        QTRY_VERIFY(steps > 0);
        jobs.setPaused(id, true);
        QVERIFY(jobs.jobs().constFirst().isPaused);
        int seen = -1;
        QTRY_VERIFY(std::exchange(seen, steps.load()) == steps.load());
        jobs.setPaused(id, false);
        QTRY_VERIFY(steps > seen);
        jobs.setPaused(id, true);
        jobs.cancel(id);
        QTRY_VERIFY(got.has_value());
    }

    void whatYieldsRestsWhileSomethingUrgentRuns_data() {
        QTest::addColumn<int>("urgent");
        QTest::newRow("interactive") << static_cast<int>(Lane::Interactive);
        QTest::newRow("probe") << static_cast<int>(Lane::Probe);
    }
    void whatYieldsRestsWhileSomethingUrgentRuns() {
        QFETCH(int, urgent);
        JobRunner jobs;
        std::atomic<int> scanned = 0;
        std::atomic<int> trained = 0;
        const auto count = [&](Lane lane, bool yields, std::atomic<int>& steps) {
            JobOptions options{lane, "counting"};
            options.yields = yields;
            return jobs.run<void>(
                options, this,
                [&steps](const EventSink<>&, RunControl& control) -> Result<void> {
                    while (control.keepGoing()) {
                        ++steps;
                        std::this_thread::sleep_for(std::chrono::milliseconds(1));
                    }
                    return {};
                },
                {});
        };
        const int scan = count(Lane::Scan, true, scanned);
        count(Lane::Trainer, false, trained);
        QTRY_VERIFY(scanned > 0 && trained > 0);

        JobProbe first(jobs, {static_cast<Lane>(urgent), "urgent"}, 1, this);
        QVERIFY(first.waitUntilBegun());
        int seen = -1;
        QTRY_VERIFY(std::exchange(seen, scanned.load()) == scanned.load());
        const int before = trained;
        QTRY_VERIFY(trained > before + 5);
        QCOMPARE(scanned.load(), seen);
        QVERIFY(!jobs.jobs().constFirst().isPaused);  // a person has paused nothing

        first.release();
        QTRY_VERIFY(first.result.has_value());
        QTRY_VERIFY(scanned > seen);

        // Begun while something urgent runs, it rests at once; and can be stopped.
        jobs.cancel(scan);
        QTRY_COMPARE(jobs.jobs().size(), 1);
        JobProbe second(jobs, {static_cast<Lane>(urgent), "urgent"}, 2, this);
        QVERIFY(second.waitUntilBegun());
        const int resting = count(Lane::Scan, true, scanned);
        QTRY_VERIFY(jobs.isBusy(Lane::Scan));
        seen = scanned;
        QTest::qWait(20);
        QVERIFY(scanned <= seen + 1);
        jobs.cancel(resting);
        QTRY_VERIFY(!jobs.isBusy(Lane::Scan));
        second.release();
        jobs.cancelAll();
        QTRY_VERIFY(jobs.jobs().isEmpty());
    }

    void destructionStopsAndJoins() {
        std::atomic<int> ended = 0;
        {
            JobRunner jobs;
            for (const Lane lane : {Lane::Interactive, Lane::Scan, Lane::Trainer}) {
                auto begun = std::make_shared<std::promise<void>>();
                auto hasBegun = begun->get_future();
                const int id = jobs.run<int>(
                    {lane, "job"}, this,
                    [&ended, begun](const EventSink<>&, RunControl& control) -> Result<int> {
                        begun->set_value();
                        while (control.keepGoing()) std::this_thread::yield();
                        return ++ended;
                    },
                    [](const Result<int>&) { QFAIL("delivered after the end"); });
                hasBegun.wait();
                jobs.setPaused(id, lane == Lane::Trainer);
            }
            jobs.run<int>({Lane::Scan, "waiting"}, this,
                          [&ended](const EventSink<>&, RunControl&) -> Result<int> {
                              ended += 100;
                              return 0;
                          },
                          {});
        }
        QCOMPARE(ended.load(), 3);
        QCoreApplication::processEvents();
    }
};

QTEST_GUILESS_MAIN(TestJobs)
#include "tst_jobs.moc"
