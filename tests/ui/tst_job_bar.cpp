// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/job_bar.h"

#include <atomic>
#include <thread>

#include <QLabel>
#include <QProgressBar>
#include <QScopeGuard>
#include <QToolButton>

#include "tests/support/gui_test.h"
#include "ui/jobs/job_runner.h"

using namespace espalier;
using ui::JobBar;
using ui::JobOptions;
using ui::JobRunner;
using ui::Lane;

namespace {

/// A job that tells `progress` once and goes on until it is stopped.
int startJob(JobRunner& jobs, const char* title, const Progress& progress, Lane lane = Lane::Scan,
             bool isVisible = true) {
    return jobs.run<void>(
        JobOptions{lane, title, {}, isVisible}, &jobs,
        [progress](const EventSink<>& events, RunControl& control) -> Result<void> {
            events.progress(progress);
            while (control.keepGoing()) std::this_thread::yield();
            return Error{Error::Kind::Cancelled, "", "", ""};
        },
        [](const Result<void>&) {});
}

}  // namespace

class TestJobBar : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnAnyWarning(); }

    void isEmptyWhenNothingRuns() {
        JobRunner jobs;
        const JobBar bar(&jobs);
        QCOMPARE(bar.shownJob(), 0);
        QVERIFY(test::find<QToolButton>(bar, "jobCancel")->isHidden());
    }

    void showsProgressAndTimeLeft() {
        JobRunner jobs;
        const JobBar bar(&jobs);
        const int job = startJob(jobs, "Fine-tuning", {"epoch 3 of 10", 25, 100, 41});
        QTRY_COMPARE(test::find<QLabel>(bar, "jobTitle")->text(), "Fine-tuning: epoch 3 of 10");
        QCOMPARE(bar.shownJob(), job);
        QCOMPARE(test::find<QProgressBar>(bar, "jobProgress")->value(), 250);
        QCOMPARE(test::find<QLabel>(bar, "jobTimeLeft")->text(), QString("00:41 left"));
        QCOMPARE(test::find<QToolButton>(bar, "jobCancel")->accessibleName(),
                 QString("Cancel: Fine-tuning"));
    }

    void aJobThatKeepsWhatItHasIsStopped() {
        JobRunner jobs;
        const JobBar bar(&jobs);
        std::atomic_bool mayEnd = false;
        jobs.run<void>(
            JobOptions{Lane::Trainer, "Fine-tuning", {}, true, true}, &jobs,
            [&mayEnd](const EventSink<>&, RunControl&) -> Result<void> {
                while (!mayEnd) std::this_thread::yield();
                return {};
            },
            [](const Result<void>&) {});
        auto* button = test::find<QToolButton>(bar, "jobCancel");
        QCOMPARE(button->text(), QString("Stop"));
        QTRY_VERIFY(jobs.jobs().first().isRunning);  // one that waits is taken away at once
        button->click();
        QTRY_COMPARE(button->text(), QString("Stopping…"));
        QVERIFY(!button->isEnabled());
        mayEnd = true;
        QTRY_VERIFY(button->isHidden());
        startJob(jobs, "Opening", {});
        QTRY_COMPARE(button->text(), QString("Cancel"));
        QVERIFY(button->isEnabled());
    }

    void takesNoMoreRoomWhenAJobBegins() {
        JobRunner jobs;
        JobBar bar(&jobs);
        bar.ensurePolished();
        const auto height = [&bar] {
            return qMax(bar.minimumHeight(), bar.minimumSizeHint().height());
        };
        const int idle = height();
        startJob(jobs, "Opening", {"checking", 1, 2, 3});
        QTRY_VERIFY(!test::find<QToolButton>(bar, "jobCancel")->isHidden());
        QCOMPARE(height(), idle);
    }

    void aStepThatIsTheTitleIsSaidOnce() {
        JobRunner jobs;
        const JobBar bar(&jobs);
        startJob(jobs, "Measuring latency", {"Measuring latency", 1, 2, 3});
        QTRY_COMPARE(test::find<QProgressBar>(bar, "jobProgress")->value(), 500);
        QCOMPARE(test::find<QLabel>(bar, "jobTitle")->text(), QString("Measuring latency"));
    }

    void aStepThatBeginsWithTheTitleSaysItOnce() {
        JobRunner jobs;
        const JobBar bar(&jobs);
        startJob(jobs, "Sensitivity", {"Sensitivity of fc1.weight", 1, 2, 3});
        QTRY_COMPARE(test::find<QLabel>(bar, "jobTitle")->text(),
                     QString("Sensitivity of fc1.weight"));
    }

    void unknownLengthIsBusy() {
        JobRunner jobs;
        const JobBar bar(&jobs);
        startJob(jobs, "Opening", {"checking", 0, 0, -1});
        QTRY_COMPARE(test::find<QLabel>(bar, "jobTitle")->text(), QString("Opening: checking"));
        QCOMPARE(test::find<QProgressBar>(bar, "jobProgress")->maximum(), 0);
        QVERIFY(test::find<QLabel>(bar, "jobTimeLeft")->text().isEmpty());
    }

    void showsTheNewestAndCountsTheOthers() {
        JobRunner jobs;
        const JobBar bar(&jobs);
        startJob(jobs, "first", {});
        startJob(jobs, "second", {}, Lane::Trainer);
        const int third = startJob(jobs, "third", {});
        startJob(jobs, "hidden", {}, Lane::Interactive, false);
        QTRY_COMPARE(bar.shownJob(), third);
        QCOMPARE(test::find<QLabel>(bar, "jobMore")->text(), QString("+2 more"));
        QCOMPARE(test::find<QLabel>(bar, "jobMore")->toolTip(), QString("first\nsecond"));
    }

    void whatIsBeingStoppedIsNotPaused() {
        JobRunner jobs;
        const JobBar bar(&jobs);
        std::atomic_bool mayEnd = false;
        const int job = jobs.run<void>(
            JobOptions{Lane::Trainer, "Fine-tuning", {}, true, true}, &jobs,
            [&mayEnd](const EventSink<>& events, RunControl&) -> Result<void> {
                events.progress({"epoch 3 of 10", 25, 100, 41});
                while (!mayEnd) std::this_thread::yield();
                return {};
            },
            [](const Result<void>&) {});
        const auto release = qScopeGuard([&mayEnd] { mayEnd = true; });
        jobs.setPaused(job, true);
        QTRY_COMPARE(test::find<QLabel>(bar, "jobTimeLeft")->text(), QString("00:41 left"));
        QCOMPARE(test::find<QLabel>(bar, "jobTitle")->text(), QString("Fine-tuning: paused"));
        jobs.cancel(job);
        QCOMPARE(test::find<QToolButton>(bar, "jobCancel")->text(), QString("Stopping…"));
        QCOMPARE(test::find<QLabel>(bar, "jobTitle")->text(),
                 QString("Fine-tuning: epoch 3 of 10"));
        QCOMPARE(test::find<QLabel>(bar, "jobTimeLeft")->text(), QString());
        mayEnd = true;
        QTRY_COMPARE(bar.shownJob(), 0);
    }

    void cancelStopsWhatIsShown() {
        JobRunner jobs;
        const JobBar bar(&jobs);
        const int first = startJob(jobs, "first", {});
        const int second = startJob(jobs, "second", {}, Lane::Trainer);
        QCOMPARE(bar.shownJob(), second);
        test::find<QToolButton>(bar, "jobCancel")->click();
        QTRY_COMPARE(bar.shownJob(), first);
        test::find<QToolButton>(bar, "jobCancel")->click();
        QTRY_COMPARE(bar.shownJob(), 0);
    }
};

QTEST_MAIN(TestJobBar)
#include "tst_job_bar.moc"
