// SPDX-License-Identifier: GPL-3.0-or-later
// What the program wrote into its log since the window opened.
#pragma once

#include <deque>
#include <memory>

#include <QString>
#include <QWidget>

#include "core/base/log.h"

class QComboBox;
class QLayout;
class QPlainTextEdit;

namespace espalier::ui {

/// Listens to the log; messages may come from any thread. Keeps the newest 5000. The newest is
/// seen, unless the person has scrolled up to older ones.
class LogPanel : public QWidget {
    Q_OBJECT
public:
    static constexpr int kMaxLines = 5000;

    explicit LogPanel(QWidget* parent = nullptr);
    ~LogPanel() override;

    void setLowestLevel(LogLevel level);
    void copyAll() const;
    QString text() const;  ///< what is shown

protected:
    void changeEvent(QEvent* event) override;

private:
    struct Queue;
    struct Line {
        LogLevel level;
        QString time;
        QString text;
    };
    QLayout* makeBar();
    void listen();
    void takeNewLines();
    void append(const Line& line);
    void followEnd();
    void rebuild();

    std::shared_ptr<Queue> m_queue;
    std::deque<Line> m_lines;
    LogLevel m_lowest = LogLevel::Info;
    QComboBox* m_levels;
    QPlainTextEdit* m_text;
    bool m_isAtEnd = true;  // and stays there as lines come
    bool m_isWriting = false;
};

}  // namespace espalier::ui
