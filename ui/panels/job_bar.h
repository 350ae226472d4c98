// SPDX-License-Identifier: GPL-3.0-or-later
// What is being computed: the newest job with progress, time left and a Cancel button.
#pragma once

#include <QElapsedTimer>
#include <QWidget>

class QLabel;
class QProgressBar;
class QToolButton;

namespace espalier::ui {

class JobRunner;
struct JobInfo;

/// Empty while nothing that is worth showing runs. Several jobs: the newest, and how many more
/// there are.
class JobBar : public QWidget {
    Q_OBJECT
public:
    explicit JobBar(JobRunner* jobs, QWidget* parent = nullptr);

    int shownJob() const { return m_shownJob; }  ///< its id, 0 when none

Q_SIGNALS:
    void shownJobChanged();

private:
    void refresh();
    void showCancel(const JobInfo& job);

    JobRunner* m_jobs;
    int m_shownJob = 0;
    QElapsedTimer m_sinceShown;
    QLabel* m_title;
    QLabel* m_timeLeft;
    QLabel* m_more;
    QProgressBar* m_progress;
    QToolButton* m_cancel;
};

}  // namespace espalier::ui
