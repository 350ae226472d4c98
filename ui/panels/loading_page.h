// SPDX-License-Identifier: GPL-3.0-or-later
// What the window shows while a model is being opened.
#pragma once

#include <QWidget>

#include "core/base/events.h"

class QLabel;
class QProgressBar;

namespace espalier::ui {

class LoadingPage : public QWidget {
    Q_OBJECT
public:
    explicit LoadingPage(QWidget* parent = nullptr);

    void start(const QString& path);
    void setProgress(const espalier::Progress& progress);

Q_SIGNALS:
    void cancelRequested();

private:
    QLabel* m_title;
    QLabel* m_step;
    QProgressBar* m_progress;
};

}  // namespace espalier::ui
