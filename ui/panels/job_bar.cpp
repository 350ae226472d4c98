// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/job_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QToolButton>

#include "core/base/format.h"
#include "ui/jobs/job_runner.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

constexpr int kProgressWidth = 140;
constexpr int kProgressSteps = 1000;  // 0.1 % granularity

QList<JobInfo> visibleJobs(const JobRunner& runner) {
    QList<JobInfo> shown;
    for (const JobInfo& job : runner.jobs()) {
        if (job.isVisible) shown << job;
    }
    return shown;
}

QString titleWithStep(const JobInfo& job) {
    if (job.isPaused && !job.isStopping) return JobBar::tr("%1: paused").arg(job.title);
    const QString step = QString::fromStdString(job.progress.step);
    if (step.startsWith(job.title)) return step;  // "Sensitivity of conv1.weight"
    return step.isEmpty() ? job.title : QStringLiteral("%1: %2").arg(job.title, step);
}

void showProgress(QProgressBar& bar, const Progress& progress) {
    if (progress.total <= 0) {
        bar.setRange(0, 0);
        return;
    }
    bar.setRange(0, kProgressSteps);
    bar.setValue(static_cast<int>(kProgressSteps * progress.done / progress.total));
}

/// The job's own estimate, or one from how long its parts have taken so far; negative when there
/// are too few of them.
double secondsLeft(const Progress& progress, double elapsed) {
    constexpr std::int64_t kFewestParts = 5;
    constexpr double kFewestSeconds = 1;
    if (progress.secondsLeft >= 0) return progress.secondsLeft;
    if (progress.done < kFewestParts || elapsed < kFewestSeconds) return -1;
    return elapsed / double(progress.done) * double(progress.total - progress.done);
}

}  // namespace

JobBar::JobBar(JobRunner* jobs, QWidget* parent) : QWidget(parent), m_jobs(jobs) {
    setObjectName(QStringLiteral("jobBar"));
    m_title = new QLabel(this);
    m_title->setObjectName(QStringLiteral("jobTitle"));
    m_timeLeft = new QLabel(this);
    m_timeLeft->setObjectName(QStringLiteral("jobTimeLeft"));
    m_more = new QLabel(this);
    m_more->setObjectName(QStringLiteral("jobMore"));
    m_progress = new QProgressBar(this);
    m_progress->setObjectName(QStringLiteral("jobProgress"));
    m_progress->setAccessibleName(tr("Progress of the current job"));
    m_progress->setFixedWidth(kProgressWidth);
    m_progress->setTextVisible(false);
    m_progress->setMaximumHeight(12);
    m_cancel = new QToolButton(this);
    m_cancel->setObjectName(QStringLiteral("jobCancel"));
    m_cancel->setText(tr("Cancel"));
    m_cancel->setIcon(style::icon(style::Icon::Stop));
    m_cancel->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_cancel->setAutoRaise(true);
    m_cancel->setFocusPolicy(Qt::StrongFocus);

    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(style::kSpacePanel);
    for (QWidget* part :
         std::initializer_list<QWidget*>{m_title, m_progress, m_timeLeft, m_more, m_cancel}) {
        layout->addWidget(part);
    }
    connect(m_cancel, &QToolButton::clicked, this, [this] { m_jobs->cancel(m_shownJob); });
    connect(jobs, &JobRunner::jobStarted, this, &JobBar::refresh);
    connect(jobs, &JobRunner::jobFinished, this, &JobBar::refresh);
    connect(jobs, &JobRunner::jobProgressed, this, &JobBar::refresh);
    // Its place stays when it is idle: what is above must not move when a job begins.
    setMinimumHeight(m_cancel->sizeHint().height());
    refresh();
}

void JobBar::showCancel(const JobInfo& job) {
    m_cancel->setText(job.isStopping       ? tr("Stopping…")
                      : job.keepsWhatItHas ? tr("Stop")
                                           : tr("Cancel"));
    m_cancel->setEnabled(!job.isStopping);
    m_cancel->setAccessibleName(QStringLiteral("%1: %2").arg(m_cancel->text(), job.title));
    m_cancel->setToolTip(job.keepsWhatItHas
                             ? tr("Ends this job; its best so far is kept")
                             : tr("Ends this job; the model and the plan stay as they are"));
}

void JobBar::refresh() {
    const QList<JobInfo> jobs = visibleJobs(*m_jobs);
    const bool isBusy = !jobs.isEmpty();
    for (QWidget* part :
         std::initializer_list<QWidget*>{m_title, m_progress, m_timeLeft, m_more, m_cancel}) {
        part->setVisible(isBusy);
    }
    const int shown = isBusy ? jobs.last().id : 0;
    if (isBusy) {
        const JobInfo& job = jobs.last();
        m_title->setText(titleWithStep(job));
        showCancel(job);
        showProgress(*m_progress, job.progress);
        if (shown != m_shownJob) m_sinceShown.start();
        const double left =
            job.isStopping ? -1 : secondsLeft(job.progress, m_sinceShown.elapsed() / 1000.0);
        m_timeLeft->setText(left < 0 ? QString()
                                     : tr("%1 left").arg(QString::fromStdString(duration(left))));
        QStringList others;
        for (int i = 0; i + 1 < jobs.size(); ++i) others << titleWithStep(jobs[i]);
        m_more->setText(others.isEmpty() ? QString() : tr("+%1 more").arg(others.size()));
        m_more->setToolTip(others.join(QLatin1Char('\n')));
    }
    if (shown == m_shownJob) return;
    m_shownJob = shown;
    Q_EMIT shownJobChanged();
}

}  // namespace espalier::ui
