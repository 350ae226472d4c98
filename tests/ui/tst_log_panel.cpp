// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/log_panel.h"

#include <thread>
#include <vector>

#include <QClipboard>
#include <QPlainTextEdit>
#include <QScrollBar>

#include "core/base/format.h"
#include "tests/support/gui_test.h"

using namespace espalier;
using ui::LogPanel;

class TestLogPanel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnAnyWarning(); }

    void showsWhatIsLogged() {
        LogPanel panel;
        log(LogLevel::Info, "opened lenet5.pt");
        log(LogLevel::Error, "could not write");
        QTRY_VERIFY(panel.text().contains("error  could not write"));
        QVERIFY(panel.text().contains("opened lenet5.pt"));
    }

    void leavesDebugOut() {
        LogPanel panel;
        log(LogLevel::Debug, "noise");
        log(LogLevel::Info, "signal");
        QTRY_VERIFY(panel.text().contains("signal"));
        QVERIFY(!panel.text().contains("noise"));
    }

    void filtersByLevelAndBack() {
        LogPanel panel;
        log(LogLevel::Info, "one");
        log(LogLevel::Warning, "two");
        log(LogLevel::Error, "three");
        QTRY_VERIFY(panel.text().contains("three"));
        panel.setLowestLevel(LogLevel::Warning);
        QVERIFY(!panel.text().contains("one"));
        QVERIFY(panel.text().contains("two"));
        panel.setLowestLevel(LogLevel::Error);
        QVERIFY(!panel.text().contains("two"));
        panel.setLowestLevel(LogLevel::Info);
        QVERIFY(panel.text().contains("one") && panel.text().contains("two") &&
                panel.text().contains("three"));
    }

    void takesMessagesFromManyThreads() {
        LogPanel panel;
        std::vector<std::thread> threads;
        for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([] {
                for (int i = 0; i < 200; ++i) log(LogLevel::Info, "line");
            });
        }
        for (std::thread& thread : threads) thread.join();
        auto* text = test::find<QPlainTextEdit>(panel, "logText");
        QTRY_COMPARE(text->blockCount(), 800);
    }

    void keepsTheNewestLines() {
        LogPanel panel;
        for (int i = 0; i < LogPanel::kMaxLines + 10; ++i)
            log(LogLevel::Info, "line " + std::to_string(i) + ".");
        const QString last = QString("line %1.").arg(LogPanel::kMaxLines + 9);
        QTRY_VERIFY(panel.text().contains(last));
        QVERIFY(!panel.text().contains("line 9."));
        QVERIFY(panel.text().contains("line 10."));
        QCOMPARE(test::find<QPlainTextEdit>(panel, "logText")->blockCount(), LogPanel::kMaxLines);
    }

    void theNewestLineIsSeenUnlessOlderOnesAreRead() {
        LogPanel panel;
        panel.resize(400, 160);
        panel.show();
        QVERIFY(QTest::qWaitForWindowExposed(&panel));
        QScrollBar* bar = test::find<QPlainTextEdit>(panel, "logText")->verticalScrollBar();
        const auto write = [&panel](const char* name) {
            for (int i = 0; i < 60; ++i) log(LogLevel::Info, cat(name, ' ', i, '.'));
            return QTest::qWaitFor([&] { return panel.text().contains(QString(name) + " 59."); });
        };
        QVERIFY(write("first"));
        QVERIFY(bar->maximum() > 0);
        QTRY_COMPARE(bar->value(), bar->maximum());
        bar->setValue(7);  // the person scrolls up
        QVERIFY(write("second"));
        QCOMPARE(bar->value(), 7);
        bar->setValue(bar->maximum());
        QVERIFY(write("third"));
        QTRY_COMPARE(bar->value(), bar->maximum());
    }

    void aHiddenPanelShowsTheNewestLineWhenItComes() {
        LogPanel panel;
        for (int i = 0; i < 60; ++i) log(LogLevel::Info, cat("line ", i, '.'));
        QTRY_VERIFY(panel.text().contains("line 59."));
        panel.resize(400, 160);
        panel.show();
        QVERIFY(QTest::qWaitForWindowExposed(&panel));
        const QScrollBar* bar = test::find<QPlainTextEdit>(panel, "logText")->verticalScrollBar();
        QTRY_VERIFY(bar->maximum() > 0 && bar->value() == bar->maximum());
    }

    void copiesWhatIsShown() {
        LogPanel panel;
        log(LogLevel::Info, "to be copied");
        QTRY_VERIFY(panel.text().contains("to be copied"));
        panel.copyAll();
        QVERIFY(QGuiApplication::clipboard()->text().contains("to be copied"));
    }

    void aMessageAfterThePanelHasGoneIsHarmless() {
        {
            const LogPanel panel;
            log(LogLevel::Info, "never delivered");
        }
        log(LogLevel::Info, "nobody listens");
        QCoreApplication::processEvents();
    }
};

QTEST_MAIN(TestLogPanel)
#include "tst_log_panel.moc"
