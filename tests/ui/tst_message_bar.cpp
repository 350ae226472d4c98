// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/message_bar.h"

#include <QLabel>
#include <QSignalSpy>
#include <QToolButton>

#include "tests/support/gui_test.h"
#include "ui/dialogs/dialogs.h"

using namespace espalier;
using ui::Message;
using ui::MessageBar;

class TestMessageBar : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnAnyWarning(); }

    void startsHidden() {
        const MessageBar bar;
        QVERIFY(bar.isHidden());
        QVERIFY(!bar.hasMessage());
    }

    void showsTheLatestMessage() {
        MessageBar bar;
        bar.post({Message::Level::Error, "first", {}, {}, {}, {}});
        bar.post({Message::Level::Success, "second", {}, {}, {}, {}});
        QCOMPARE(test::find<QLabel>(bar, "messageText")->text(), QString("second."));
        QVERIFY(!bar.isHidden());
        QCOMPARE(bar.accessibleDescription(), QString("second."));
    }

    void messagesEndLikeSentences_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("shown");
        QTest::newRow("open") << "the disk is full"
                              << "the disk is full.";
        QTest::newRow("closed") << "Saved the plan."
                                << "Saved the plan.";
        QTest::newRow("question") << "Open it?"
                                  << "Open it?";
    }
    void messagesEndLikeSentences() {
        QFETCH(QString, text);
        MessageBar bar;
        bar.post({Message::Level::Error, text, {}, {}, {}, {}});
        QTEST(test::find<QLabel>(bar, "messageText")->text(), "shown");
    }

    void offersOnlyWhatTheMessageHas_data() {
        QTest::addColumn<QString>("details");
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("action");
        QTest::newRow("nothing") << QString() << QString() << QString();
        QTest::newRow("details") << QString("torch said no") << QString() << QString();
        QTest::newRow("path") << QString() << QString("/tmp/a.pt") << QString();
        QTest::newRow("action") << QString() << QString() << QString("Try again");
    }
    void offersOnlyWhatTheMessageHas() {
        QFETCH(QString, details);
        QFETCH(QString, path);
        QFETCH(QString, action);
        MessageBar bar;
        bar.post({Message::Level::Info, "text", details, path, action, {}});
        QCOMPARE(!test::find<QToolButton>(bar, "messageDetailsButton")->isHidden(),
                 !details.isEmpty());
        QCOMPARE(!test::find<QToolButton>(bar, "messageShowInFolder")->isHidden(), !path.isEmpty());
        QCOMPARE(!test::find<QToolButton>(bar, "messageAction")->isHidden(), !action.isEmpty());
    }

    void detailsOpenAndClose() {
        MessageBar bar;
        bar.post({Message::Level::Error, "text", "the torch backtrace", {}, {}, {}});
        auto* details = test::find<QLabel>(bar, "messageDetails");
        QVERIFY(details->isHidden());
        test::find<QToolButton>(bar, "messageDetailsButton")->click();
        QVERIFY(!details->isHidden());
        QCOMPARE(details->text(), QString("the torch backtrace"));
    }

    void actionRunsOnceAndDismisses() {
        MessageBar bar;
        int runs = 0;
        bar.post({Message::Level::Error, "text", {}, {}, "Act", [&runs] { ++runs; }});
        test::find<QToolButton>(bar, "messageAction")->click();
        QCOMPARE(runs, 1);
        QVERIFY(!bar.hasMessage());
    }

    void anActionMayPostTheNextMessage() {
        MessageBar bar;
        bar.post({Message::Level::Error, "first", {}, {}, "Act", [&bar] {
                      bar.post({Message::Level::Info, "second", {}, {}, {}, {}});
                  }});
        test::find<QToolButton>(bar, "messageAction")->click();
        QCOMPARE(bar.message().text, QString("second"));
        QVERIFY(!bar.isHidden());
    }

    void showsInFolderThroughTheSeam() {
        ui::DialogScript script;
        MessageBar bar;
        bar.post({Message::Level::Success, "Exported", {}, "/some/where/model.pt", {}, {}});
        test::find<QToolButton>(bar, "messageShowInFolder")->click();
        QCOMPARE(script.shown(), QStringList{"/some/where"});
    }

    void dismissesByButtonAndEscape() {
        MessageBar bar;
        QSignalSpy dismissed(&bar, &MessageBar::dismissed);
        bar.post({Message::Level::Info, "text", {}, {}, {}, {}});
        test::find<QToolButton>(bar, "messageClose")->click();
        QVERIFY(bar.isHidden());
        bar.post({Message::Level::Info, "text", {}, {}, {}, {}});
        QTest::keyClick(&bar, Qt::Key_Escape);
        QVERIFY(bar.isHidden());
        QCOMPARE(dismissed.count(), 2);
    }

    void everyButtonHasAName() {
        MessageBar bar;
        bar.post({Message::Level::Info, "text", "details", "/tmp/x", "Act", {}});
        bar.show();
        QCOMPARE(test::focusableWithoutName(bar).join("; "), QString());
    }
};

QTEST_MAIN(TestMessageBar)
#include "tst_message_bar.moc"
