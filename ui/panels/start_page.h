// SPDX-License-Identifier: GPL-3.0-or-later
// What the window shows before a model is open: open one, go on with a recent one, or try the
// example.
#pragma once

#include <vector>

#include <QStringList>
#include <QWidget>

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace espalier::ui {

struct LostSession;

class StartPage : public QWidget {
    Q_OBJECT
public:
    explicit StartPage(QWidget* parent = nullptr);

    /// Newest first; those that are missing are greyed and cannot be chosen.
    void setRecentFiles(const QStringList& paths);
    /// Offers to go on with a training: "the fine-tuning of lenet5.pt (epoch 3 of 10, today
    /// 21:40)"; empty: there is none. `hasSession`: what it belongs to can be opened alone, too.
    void setBrokenRun(const QString& run, bool hasSession = false);
    /// Offers to recover or discard each of the first five: "lenet5.pt (today 21:40)".
    void setLostSessions(const std::vector<LostSession>& sessions);
    /// Files that are taken once a model is open, a sentence each; empty: there are none.
    void setWaiting(const QString& files);
    /// What its button says of opening a model, its keys included.
    void setOpenToolTip(const QString& tip);

Q_SIGNALS:
    void openRequested();
    void exampleRequested();
    void recentRequested(const QString& path);
    void forgetWaitingRequested();
    void continueRequested();
    void recoverRunRequested();  ///< the session of the training alone
    void discardRequested();
    void recoverRequested(const QString& folder);
    void discardSessionRequested(const QString& folder);

protected:
    void changeEvent(QEvent* event) override;

private:
    QLayout* makeHeader();
    QLayout* makeButtons();
    QWidget* makeBrokenRun();
    QWidget* makeWaiting();
    QWidget* makeLostSession(const LostSession& session, int position);
    void showRecentFiles();
    void refreshColors();

    QPushButton* m_open;
    QWidget* m_broken;
    QLabel* m_brokenText;
    QPushButton* m_recoverRun;
    QWidget* m_waiting;
    QLabel* m_waitingText;
    QWidget* m_lost;  // a row for each
    int m_lostCount = 0;
    QLabel* m_picture;
    QLabel* m_summary;
    QLabel* m_dropHint;
    QLabel* m_recentTitle;
    QVBoxLayout* m_recent;
    QStringList m_recentFiles;
};

}  // namespace espalier::ui
