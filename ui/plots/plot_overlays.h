// SPDX-License-Identifier: GPL-3.0-or-later
// What stands in for a plot without data, and what lies over one that is being computed.
#pragma once

#include <QBasicTimer>
#include <QWidget>

class QLabel;
class QPushButton;

namespace espalier::plots {

/// One centred sentence and an optional button.
class EmptyState : public QWidget {
    Q_OBJECT

public:
    explicit EmptyState(QWidget* parent = nullptr);
    void setText(const QString& text, const QString& actionText);

Q_SIGNALS:
    void actionTriggered();

private:
    QLabel* m_text;
    QPushButton* m_action;
};

/// A veil with a thin progress line at its top. Lets the mouse through; its timer runs only while
/// it is shown and the fraction is unknown.
class BusyOverlay : public QWidget {
    Q_OBJECT

public:
    explicit BusyOverlay(QWidget* parent = nullptr);
    void setProgress(const QString& text, double fraction);

protected:
    void paintEvent(QPaintEvent* event) override;
    void timerEvent(QTimerEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void updateTimer();
    QRect lineRect() const;

    QString m_text;
    double m_fraction = -1;
    double m_phase = 0;
    QBasicTimer m_timer;
};

}  // namespace espalier::plots
