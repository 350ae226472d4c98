// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAction>
#include <QApplication>
#include <QElapsedTimer>
#include <QMenu>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <cmath>
#include <memory>

#include "tests/ui/plots_testing.h"
#include "ui/plots/bars_view.h"
#include "ui/style/colors.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

using namespace espalier;
using namespace espalier::plots;
using testing::mouse;

namespace {

/// Eight channels; best first: 6, 3, 0, 7, 1, 4, 2, 5.
ChannelBars eightChannels() {
    ChannelBars bars;
    bars.name = QStringLiteral("conv1");
    bars.series = {{QStringLiteral("l2"), {6, 4, 2, 7, 3, 1, 8, 5}}};
    return bars;
}

struct Shown {
    BarsView view;
    Shown(ChannelBars bars = eightChannels(), int keep = 4) {
        view.setData(std::move(bars));
        view.setCut(keep);
        testing::showNow(view);
    }
    QWidget* canvas() { return view.canvas(); }
    QPointF at(double x, double y) {
        return {view.canvas()->xAxis->coordToPixel(x), view.canvas()->yAxis->coordToPixel(y)};
    }
    /// On the line that keeps `keep`, away from its grip.
    QPointF line(int keep) { return at(keep - 0.5, 6.5); }
    QColor colorOf(int channel) {
        const double score = view.data().series[0].scores[std::size_t(channel)];
        return testing::colorAt(*canvas(), at(view.place(channel), score / 2));
    }
};

bool isNear(const QColor& a, const QColor& b) {
    return std::abs(a.hue() - b.hue()) < 15;
}

}  // namespace

class TestBarsView : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        testing::failOnWarnings();
        style::applyTheme(*qApp, style::ThemeMode::Light);
    }

    void ranksBestFirstAndTiesByIndex() {
        const std::vector<double> scores{1, 3, NAN, 3, 2};
        QCOMPARE(rankedChannels(scores), (std::vector<int>{3, 1, 4, 0, 2}));
        QCOMPARE(ranksOf(rankedChannels(scores)), (std::vector<int>{3, 1, 4, 0, 2}));
    }

    void marksOverrideTheCut() {
        ChannelBars bars = eightChannels();
        bars.marks.assign(8, BarMark::None);
        bars.marks[5] = BarMark::Keep;
        bars.marks[6] = BarMark::Remove;
        const auto kept = keptByCut(bars, rankedChannels(bars.series[0].scores), 3);
        QCOMPARE(kept, (std::vector<bool>{true, false, false, true, false, true, false, false}));
    }

    void thresholdsLieBetweenScores() {
        const auto scores = eightChannels().series[0].scores;
        const auto ranked = rankedChannels(scores);
        QCOMPARE(thresholdBetween(scores, ranked, 3), 5.5);
        QCOMPARE(thresholdBetween(scores, ranked, 8), 0.0);
        for (int keep = 1; keep <= 8; ++keep)
            QCOMPARE(countFrom(scores, thresholdBetween(scores, ranked, keep)), keep);
    }

    void stepsLeaveOutWhatIsNotShown() {
        const std::vector<double> heights{3, 2, 1};
        const Points steps = barSteps(heights, {true, false, true}, 1);
        QCOMPARE(steps.x, (std::vector<double>{-0.5, 0.5, 1.5, 2.5}));
        QCOMPARE(steps.y, (std::vector<double>{3, 0, 1, 0}));
    }

    void colorsTellKeptFromRemoved() {
        Shown shown;
        const auto& colors = style::colorsFor(shown.view.palette());
        QVERIFY(isNear(shown.colorOf(6), colors.kept));
        QVERIFY(isNear(shown.colorOf(2), colors.removed));
        shown.view.setKept({false, false, true, false, false, false, false, false});
        QCoreApplication::processEvents();
        QVERIFY(isNear(shown.colorOf(6), colors.removed));
        QVERIFY(isNear(shown.colorOf(2), colors.kept));
    }

    void dragMovesAndCommitsOnce() {
        Shown shown;
        QSignalSpy moved(&shown.view, &BarsView::cutMoved);
        QSignalSpy committed(&shown.view, &BarsView::cutCommitted);
        QSignalSpy marked(&shown.view, &BarsView::markRequested);
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.line(4) + QPointF(3, 0));
        QVERIFY(shown.view.isDragging());
        mouse(shown.canvas(), QEvent::MouseMove, shown.line(5) + QPointF(3, 0));
        mouse(shown.canvas(), QEvent::MouseMove, shown.line(6) + QPointF(3, 0));
        QCOMPARE(moved.count(), 2);
        QCOMPARE(committed.count(), 0);
        mouse(shown.canvas(), QEvent::MouseButtonRelease, shown.line(6) + QPointF(3, 0));
        QCOMPARE(committed.count(), 1);
        QCOMPARE(committed[0][0].toInt(), 6);
        QCOMPARE(marked.count(), 0);
    }

    void dragStaysWithinWhatIsAllowed() {
        Shown shown;
        shown.view.setCut(4, 2);
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.line(4));
        mouse(shown.canvas(), QEvent::MouseMove, {-500, 100});
        QCOMPARE(shown.view.cut(), 2);
        mouse(shown.canvas(), QEvent::MouseButtonRelease, {5000, 100});
        QCOMPARE(shown.view.cut(), 8);
    }

    void escapeCancels() {
        Shown shown;
        QSignalSpy cancelled(&shown.view, &BarsView::cutCancelled);
        QSignalSpy committed(&shown.view, &BarsView::cutCommitted);
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.line(4));
        mouse(shown.canvas(), QEvent::MouseMove, shown.line(7));
        QTest::keyClick(&shown.view, Qt::Key_Escape);
        QCOMPARE(cancelled.count(), 1);
        QCOMPARE(shown.view.cut(), 4);
        mouse(shown.canvas(), QEvent::MouseButtonRelease, shown.line(7));
        QCOMPARE(committed.count(), 0);
    }

    void inChannelOrderTheLineLies() {
        Shown shown;
        shown.view.setOrder(BarOrder::Channel);
        QCoreApplication::processEvents();
        QSignalSpy committed(&shown.view, &BarsView::cutCommitted);
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.at(0.5, 4.5));  // between 5 and 4
        QVERIFY(shown.view.isDragging());
        mouse(shown.canvas(), QEvent::MouseButtonRelease, shown.at(0.5, 2.5));
        QCOMPARE(committed.count(), 1);
        QCOMPARE(committed[0][0].toInt(), 6);
        QTest::keyClick(&shown.view, Qt::Key_Up);
        QCOMPARE(shown.view.cut(), 5);
    }

    void aClickOnABarAsksForTheNextMark() {
        Shown shown;
        QSignalSpy marked(&shown.view, &BarsView::markRequested);
        const int third = 0;  // channel 0 ranks third
        testing::click(shown.canvas(), shown.at(shown.view.place(third), 3));
        QCOMPARE(marked.count(), 1);
        QCOMPARE(marked[0][0].toInt(), third);
        QCOMPARE(marked[0][1].value<BarMark>(), BarMark::Keep);
        ChannelBars bars = eightChannels();
        bars.marks.assign(8, BarMark::None);
        bars.marks[0] = BarMark::Remove;
        shown.view.setData(bars);
        testing::click(shown.canvas(), shown.at(shown.view.place(third), 3));
        QCOMPARE(marked[1][1].value<BarMark>(), BarMark::None);
    }

    void aShortBarCanBeClickedAndEmptySpaceCannot() {
        Shown shown;
        QSignalSpy marked(&shown.view, &BarsView::markRequested);
        testing::click(shown.canvas(), shown.at(7, 8));
        QCOMPARE(marked.count(), 0);
        testing::click(shown.canvas(), shown.at(7, 0) - QPointF(0, 20));
        QCOMPARE(marked.count(), 1);
        QCOMPARE(marked[0][0].toInt(), 5);
    }

    void aPanMarksNothing() {
        Shown shown;
        QSignalSpy marked(&shown.view, &BarsView::markRequested);
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.at(1, 3));
        mouse(shown.canvas(), QEvent::MouseMove, shown.at(3, 3));
        mouse(shown.canvas(), QEvent::MouseMove, shown.at(1, 3));
        mouse(shown.canvas(), QEvent::MouseButtonRelease, shown.at(1, 3));
        QCOMPARE(marked.count(), 0);
    }

    void marksAreShapes() {
        Shown shown;
        const QImage before = shown.canvas()->grab().toImage();
        ChannelBars bars = eightChannels();
        bars.marks.assign(8, BarMark::None);
        bars.marks[3] = BarMark::Keep;
        shown.view.setData(bars);
        QCoreApplication::processEvents();
        const QImage keep = shown.canvas()->grab().toImage();
        bars.marks[3] = BarMark::Remove;
        shown.view.setData(bars);
        QCoreApplication::processEvents();
        const QImage remove = shown.canvas()->grab().toImage();
        const auto ink = [&](const QImage& image) {
            const QPointF bar = shown.at(shown.view.place(3), 7);
            int changed = 0;
            for (int y = int(bar.y()) - 22; y < int(bar.y()) - 3; ++y) {
                for (int x = int(bar.x()) - 8; x < int(bar.x()) + 8; ++x)
                    changed += image.pixel(x, y) != before.pixel(x, y);
            }
            return changed;
        };
        QVERIFY2(ink(keep) > 15, qPrintable(QString::number(ink(keep))));
        QVERIFY2(ink(remove) > 15, qPrintable(QString::number(ink(remove))));
        QVERIFY(ink(keep) != ink(remove));
    }

    void keyboardMovesTheCut_data() {
        QTest::addColumn<int>("key");
        QTest::addColumn<int>("modifiers");
        QTest::addColumn<int>("expected");
        QTest::newRow("right") << int(Qt::Key_Right) << int(Qt::NoModifier) << 21;
        QTest::newRow("left") << int(Qt::Key_Left) << int(Qt::NoModifier) << 19;
        QTest::newRow("shift right") << int(Qt::Key_Right) << int(Qt::ShiftModifier) << 30;
        QTest::newRow("shift left") << int(Qt::Key_Left) << int(Qt::ShiftModifier) << 10;
        QTest::newRow("home") << int(Qt::Key_Home) << int(Qt::ControlModifier) << 4;
        QTest::newRow("end") << int(Qt::Key_End) << int(Qt::ControlModifier) << 64;
    }
    void keyboardMovesTheCut() {
        QFETCH(int, key);
        QFETCH(int, modifiers);
        QFETCH(int, expected);
        Shown shown(manyChannels(64), 20);
        shown.view.setCut(20, 4);
        QSignalSpy committed(&shown.view, &BarsView::cutCommitted);
        QTest::keyClick(&shown.view, Qt::Key(key), Qt::KeyboardModifiers(modifiers));
        QCOMPARE(committed.count(), 1);
        QCOMPARE(committed[0][0].toInt(), expected);
    }

    void aNumberIsTyped() {
        Shown shown(manyChannels(64), 20);
        QSignalSpy committed(&shown.view, &BarsView::cutCommitted);
        QTest::keyClicks(&shown.view, QStringLiteral("37"));
        QCOMPARE(committed.count(), 0);
        QVERIFY2(shown.view.cutText().contains("37"), qPrintable(shown.view.cutText()));
        QTest::keyClick(&shown.view, Qt::Key_Return);
        QCOMPARE(committed.count(), 1);
        QCOMPARE(shown.view.cut(), 37);
        QTest::keyClicks(&shown.view, QStringLiteral("5"));
        QTest::keyClick(&shown.view, Qt::Key_Escape);
        QCOMPARE(shown.view.cut(), 37);
        QCOMPARE(committed.count(), 1);
    }

    void barsAreMarkedWithoutAMouse() {
        Shown shown;
        QSignalSpy marked(&shown.view, &BarsView::markRequested);
        QTest::keyClick(&shown.view, Qt::Key_Right, Qt::ControlModifier);
        QCOMPARE(shown.view.currentChannel(), 6);
        QTest::keyClick(&shown.view, Qt::Key_Right, Qt::ControlModifier);
        QCOMPARE(shown.view.currentChannel(), 3);
        QTest::keyClick(&shown.view, Qt::Key_Space);
        QCOMPARE(marked.count(), 1);
        QCOMPARE(marked[0][0].toInt(), 3);
        QCOMPARE(shown.view.cut(), 4);
    }

    void aLockedGroupStays() {
        Shown shown;
        shown.view.setCutEditable(false, QStringLiteral("reaches the output"));
        QCOMPARE(shown.view.toolTip(), QString("reaches the output"));
        QSignalSpy committed(&shown.view, &BarsView::cutCommitted);
        QSignalSpy marked(&shown.view, &BarsView::markRequested);
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.line(4));
        QVERIFY(!shown.view.isDragging());
        mouse(shown.canvas(), QEvent::MouseButtonRelease, shown.line(6));
        testing::click(shown.canvas(), shown.at(1, 3));
        QTest::keyClick(&shown.view, Qt::Key_End, Qt::ControlModifier);
        QCOMPARE(committed.count() + marked.count(), 0);
    }

    void labelSaysWhatWasAskedAndWhatStays() {
        Shown shown;
        QCOMPARE(shown.view.cutText(), QString("keep 4 of 8"));
        shown.view.setKept({true, true, true, true, true, true, false, false});
        QCOMPARE(shown.view.cutText(), QString("keep 4 of 8 → 6 stay"));
        for (const int keep : {1, 4, 8}) {
            shown.view.setCut(keep);
            QCoreApplication::processEvents();
            const QRectF label = shown.view.cutLabelRect();
            QVERIFY(QRectF(shown.view.canvas()->axisRect()->rect()).contains(label));
        }
    }

    void hoverReadsOutTheChannel() {
        ChannelBars bars = eightChannels();
        bars.series.push_back({QStringLiteral("fpgm"), {1, 2, 3, 4, 5, 6, 7, 8}});
        bars.numbers = {10, 11, 12, 13, 14, 15, 16, 17};
        Shown shown(bars);
        QSignalSpy text(&shown.view, &PlotView::hoverTextChanged);
        testing::hover(shown.canvas(), shown.at(0, 3));
        QCOMPARE(text.count(), 1);
        QCOMPARE(text[0][0].toString(), QString("channel 16: stays, rank 1 of 8, l2 8, fpgm 7"));
    }

    void otherCriteriaArePointsWithALegend() {
        Shown shown;
        QVERIFY(!shown.view.canvas()->legend->visible());
        ChannelBars bars = eightChannels();
        bars.series.push_back({QStringLiteral("l1"), {60, 40, 20, 70, 30, 10, 80, 50}});
        bars.series.push_back({QStringLiteral("fpgm"), {1, 2, 3, 4, 5, 6, 7, 8}});
        shown.view.setData(bars);
        QVERIFY(shown.view.canvas()->legend->visible());
        QCOMPARE(shown.view.canvas()->legend->itemCount(), 2);
        // The same ranking in other units lies exactly on the bars' tops.
        const auto stretched = stretchedTo(bars.series[1].scores, 8);
        QCOMPARE(stretched, bars.series[0].scores);
    }

    void numbersThatDoNotFitBecomeRanks() {
        ChannelBars bars;
        bars.series = {{QStringLiteral("l2"), std::vector<double>(32, 1.0)}};
        Shown shown(bars);
        const QCPAxis& axis = *shown.view.canvas()->xAxis;
        QCOMPARE(axis.label(), QString("channel, best first"));
        shown.view.resize(260, 240);
        QTRY_COMPARE(axis.label(), QString("rank of the channel"));
        shown.view.resize(640, 360);
        QTRY_COMPARE(axis.label(), QString("channel, best first"));
    }

    void csvListsWhatIsSeen() {
        ChannelBars bars = eightChannels();
        bars.marks.assign(8, BarMark::None);
        bars.marks[2] = BarMark::Keep;
        Shown shown(bars, 2);
        const QStringList lines = shown.view.csv().split('\n');
        QCOMPARE(lines[0], QString("channel,rank,kept,mark,l2"));
        QCOMPARE(lines[1], QString("6,1,1,,8"));
        QCOMPARE(lines[3], QString("0,3,0,,6"));
        QCOMPARE(lines[7], QString("2,7,1,keep,2"));
        QCOMPARE(lines.size(), 10);
        QTemporaryDir folder;
        QVERIFY(shown.view.savePng(folder.filePath("bars.png")));
        QVERIFY(shown.view.savePdf(folder.filePath("bars.pdf")));
    }

    void isReadAloud() {
        Shown shown;
        QCOMPARE(shown.view.accessibleName(), QString("Channels of conv1"));
        QVERIFY2(shown.view.accessibleDescription().startsWith("8 channels, 4 stay."),
                 qPrintable(shown.view.accessibleDescription()));
    }

    void theMenuMarksTheBarUnderTheMouse() {
        Shown shown;
        testing::hover(shown.canvas(), shown.at(0, 3));
        QSignalSpy marked(&shown.view, &BarsView::markRequested);
        const std::unique_ptr<QMenu> menu(shown.view.createContextMenu());
        menu->actions().at(1)->trigger();
        QCOMPARE(marked.count(), 1);
        QCOMPARE(marked[0][0].toInt(), 6);
        QCOMPARE(marked[0][1].value<BarMark>(), BarMark::Remove);
    }

    void colorsFollowThePalette() {
        Shown shown;
        style::applyTheme(*qApp, style::ThemeMode::Dark);
        for (int round = 0; round < 3; ++round) QCoreApplication::processEvents();
        QVERIFY(isNear(shown.colorOf(6), style::colorsFor(style::darkPalette()).kept));
        QCOMPARE(testing::colorAt(*shown.canvas(), shown.at(6.5, 8.3)),
                 style::colorsFor(style::darkPalette()).background);
    }

    void draggingFourThousandBarsStaysWithinAFrame() {
        Shown shown(manyChannels(4096), 2000);
        shown.view.resize(1000, 500);
        QCoreApplication::processEvents();
        mouse(shown.canvas(), QEvent::MouseButtonPress, shown.at(1999.5, 0.5));
        QVERIFY(shown.view.isDragging());
        std::vector<qint64> moves;
        for (int i = 0; i < 30; ++i) {
            QElapsedTimer timer;
            timer.start();
            mouse(shown.canvas(), QEvent::MouseMove, shown.at(1000 + 60 * i, 0.5));
            QCoreApplication::processEvents();
            moves.push_back(timer.nsecsElapsed() / 1000);
        }
        std::ranges::nth_element(moves, moves.begin() + 15);
        qInfo("median move: %lld us", static_cast<long long>(moves[15]));
        QVERIFY2(moves[15] < 16000, qPrintable(QString::number(moves[15])));
    }

private:
    static ChannelBars manyChannels(int count) {
        ChannelBars bars;
        bars.name = QStringLiteral("wide");
        std::vector<double> scores;
        for (int i = 0; i < count; ++i) scores.push_back(1 + std::sin(i * 12.9898));
        bars.series = {{QStringLiteral("l2"), scores}};
        return bars;
    }
};

QTEST_MAIN(TestBarsView)
#include "tst_bars_view.moc"
