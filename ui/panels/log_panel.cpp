// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/log_panel.h"

#include <mutex>
#include <vector>

#include <QClipboard>
#include <QComboBox>
#include <QEvent>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QScopedValueRollback>
#include <QScrollBar>
#include <QTextCursor>
#include <QTime>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/style/colors.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"
#include "ui/style/words.h"

namespace espalier::ui {

/// Filled by any thread, emptied by the panel's. `owner` is null once the panel has gone.
struct LogPanel::Queue {
    std::mutex mutex;
    std::vector<Line> lines;
    bool isWakeUpPosted = false;
    LogPanel* owner = nullptr;
};

namespace {

QString levelWord(LogLevel level) {
    switch (level) {
        case LogLevel::Warning:
            return LogPanel::tr("warning  ");
        case LogLevel::Error:
            return LogPanel::tr("error  ");
        default:
            return {};
    }
}

QColor levelColor(LogLevel level, const QPalette& palette) {
    const style::Colors& colors = style::colorsFor(palette);
    switch (level) {
        case LogLevel::Error:
            return colors.error;
        case LogLevel::Warning:
            return colors.warning;
        default:
            return colors.text;
    }
}

}  // namespace

LogPanel::LogPanel(QWidget* parent) : QWidget(parent), m_queue(std::make_shared<Queue>()) {
    setObjectName(QStringLiteral("logPanel"));
    m_text = new QPlainTextEdit(this);
    m_text->setObjectName(QStringLiteral("logText"));
    m_text->setAccessibleName(tr("Log"));
    m_text->setAccessibleDescription(tr("What the program has done, the newest last"));
    m_text->setReadOnly(true);
    m_text->setMaximumBlockCount(kMaxLines);
    m_text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setPlaceholderText(tr("What the program does is written here, and into the log file."));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(style::kSpacePanel, style::kSpaceRelated, style::kSpacePanel,
                               style::kSpaceRelated);
    layout->setSpacing(style::kSpaceRelated);
    layout->addLayout(makeBar());
    layout->addWidget(m_text);
    followEnd();
    listen();
}

QLayout* LogPanel::makeBar() {
    m_levels = new QComboBox(this);
    m_levels->setObjectName(QStringLiteral("logLevels"));
    m_levels->setAccessibleName(tr("Messages shown in the log"));
    m_levels->setToolTip(tr("Which messages are shown"));
    m_levels->addItem(tr("All messages"), static_cast<int>(LogLevel::Info));
    m_levels->addItem(tr("Warnings and errors"), static_cast<int>(LogLevel::Warning));
    m_levels->addItem(tr("Errors"), static_cast<int>(LogLevel::Error));
    auto* copy = new QToolButton(this);
    copy->setObjectName(QStringLiteral("logCopy"));
    copy->setText(tr("Copy"));
    copy->setIcon(style::icon(style::Icon::Copy));
    copy->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    copy->setToolTip(tr("Copies what is shown to the clipboard"));
    copy->setFocusPolicy(Qt::StrongFocus);
    connect(copy, &QToolButton::clicked, this, &LogPanel::copyAll);
    connect(m_levels, &QComboBox::currentIndexChanged, this,
            [this] { setLowestLevel(static_cast<LogLevel>(m_levels->currentData().toInt())); });
    auto* bar = new QHBoxLayout;
    bar->addWidget(m_levels);
    bar->addWidget(copy);
    bar->addStretch();
    return bar;
}

void LogPanel::listen() {
    m_queue->owner = this;
    setLogListener([queue = m_queue](LogLevel level, const std::string& message) {
        const std::lock_guard lock(queue->mutex);
        queue->lines.push_back({level, QTime::currentTime().toString(QStringLiteral("HH:mm:ss")),
                                QString::fromStdString(message)});
        if (!queue->owner || std::exchange(queue->isWakeUpPosted, true)) return;
        QMetaObject::invokeMethod(queue->owner, &LogPanel::takeNewLines, Qt::QueuedConnection);
    });
}

LogPanel::~LogPanel() {
    setLogListener({});
    const std::lock_guard lock(m_queue->mutex);
    m_queue->owner = nullptr;
}

void LogPanel::takeNewLines() {
    std::vector<Line> lines;
    {
        const std::lock_guard lock(m_queue->mutex);
        lines.swap(m_queue->lines);
        m_queue->isWakeUpPosted = false;
    }
    for (Line& line : lines) {
        line.text = style::withoutOptions(line.text);
        append(line);
        m_lines.push_back(std::move(line));
        if (m_lines.size() > kMaxLines) m_lines.pop_front();
    }
}

void LogPanel::append(const Line& line) {
    if (line.level < m_lowest) return;
    QTextCharFormat format;
    format.setForeground(levelColor(line.level, palette()));
    const QScopedValueRollback writing(m_isWriting, true);
    QTextCursor end(m_text->document());  // one of its own: that of the view stays where it is
    end.movePosition(QTextCursor::End);
    if (!m_text->document()->isEmpty()) end.insertBlock();
    end.insertText(line.time + QStringLiteral("  ") + levelWord(line.level) + line.text, format);
    if (m_isAtEnd) m_text->verticalScrollBar()->setValue(m_text->verticalScrollBar()->maximum());
}

void LogPanel::followEnd() {
    QScrollBar* bar = m_text->verticalScrollBar();
    connect(bar, &QScrollBar::valueChanged, this, [this, bar](int value) {
        if (!m_isWriting) m_isAtEnd = value >= bar->maximum();
    });
    connect(bar, &QScrollBar::rangeChanged, this, [this, bar](int, int maximum) {
        if (m_isAtEnd) bar->setValue(maximum);
    });
}

void LogPanel::setLowestLevel(LogLevel level) {
    if (m_lowest == level) return;
    m_lowest = level;
    m_levels->setCurrentIndex(m_levels->findData(static_cast<int>(level)));
    rebuild();
}

void LogPanel::rebuild() {
    m_isAtEnd = true;
    m_text->clear();
    for (const Line& line : m_lines) append(line);
}

void LogPanel::copyAll() const {
    QGuiApplication::clipboard()->setText(text());
}

QString LogPanel::text() const {
    return m_text->toPlainText();
}

void LogPanel::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) rebuild();
    QWidget::changeEvent(event);
}

}  // namespace espalier::ui
