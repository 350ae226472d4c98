// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <limits>

#include <QTest>

#include "core/base/format.h"
#include "core/base/time_text.h"

using namespace espalier;

namespace {
/// A thin space for each '_' and a minus sign for each '-'.
QString typeset(const char* text) {
    return QString::fromUtf8(text).replace('_', QChar(0x2009)).replace('-', QChar(0x2212));
}
QString shown(const std::string& text) {
    return QString::fromStdString(text);
}
}  // namespace

class TestBaseFormat : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void counts_data() {
        QTest::addColumn<double>("count");
        QTest::addColumn<QString>("expected");
        QTest::newRow("zero") << 0.0 << typeset("0");
        QTest::newRow("exact below 1000") << 999.0 << typeset("999");
        QTest::newRow("just not 1000") << 999.4 << typeset("999");
        QTest::newRow("rounds up to a unit") << 999.6 << typeset("1.00_k");
        QTest::newRow("1000") << 1000.0 << typeset("1.00_k");
        QTest::newRow("LeNet") << 431080.0 << typeset("431_k");
        QTest::newRow("tens") << 36449.0 << typeset("36.4_k");
        QTest::newRow("millions") << 1470000.0 << typeset("1.47_M");
        QTest::newRow("no 1000 k") << 999999.0 << typeset("1.00_M");
        QTest::newRow("VGG") << 138357544.0 << typeset("138_M");
        QTest::newRow("negative") << -431080.0 << typeset("-431_k");
        QTest::newRow("beyond the prefixes") << 1e21 << typeset("1000_E");
        QTest::newRow("not a number") << std::nan("") << QString::fromUtf8("–");
        QTest::newRow("infinite") << -std::numeric_limits<double>::infinity() << typeset("-∞");
    }
    void counts() {
        QFETCH(double, count);
        QFETCH(QString, expected);
        QCOMPARE(shown(siCount(count)), expected);
    }
    void bytes() {
        QCOMPARE(shown(byteSize(0)), typeset("0_B"));
        QCOMPARE(shown(byteSize(512)), typeset("512_B"));
        QCOMPARE(shown(byteSize(1724320)), typeset("1.72_MB"));
        QCOMPARE(shown(byteSize(5e9)), typeset("5.00_GB"));
    }
    void percents() {
        QCOMPARE(shown(percent(0.6241)), typeset("62.4_%"));
        QCOMPARE(shown(percent(0.6241, 0)), typeset("62_%"));
        QCOMPARE(shown(percent(-0.05, 2)), typeset("-5.00_%"));
        QCOMPARE(shown(percent(-0.00001)), typeset("0.0_%"));
        QCOMPARE(shown(percent(1)), typeset("100.0_%"));
        QCOMPARE(shown(percent(0.999997)), typeset("99.9_%"));
        QCOMPARE(shown(percent(0.999997, 0)), typeset("99_%"));
        QCOMPARE(shown(percent(0.9949, 0)), typeset("99_%"));
        QCOMPARE(shown(percent(1.0004)), typeset("100.0_%"));
    }
    void durations() {
        QCOMPARE(shown(duration(0)), QString("00:00"));
        QCOMPARE(shown(duration(41.2)), QString("00:41"));
        QCOMPARE(shown(duration(3599.99)), QString("59:59"));
        QCOMPARE(shown(duration(3700)), QString("1:01:40"));
        QCOMPARE(shown(duration(-1)), QString::fromUtf8("–"));
        QCOMPARE(shown(duration(1e300)), QString::fromUtf8("–"));
    }
    void timesInWords_data() {
        QTest::addColumn<double>("seconds");
        QTest::addColumn<QString>("words");
        QTest::newRow("none") << 0.0 << "0 s";
        QTest::newRow("a moment") << 0.0123 << "0.012 s";
        QTest::newRow("a second") << 1.24 << "1.2 s";
        QTest::newRow("two digits") << 9.96 << "10 s";
        QTest::newRow("nearly a minute") << 59.6 << "1 min";
        QTest::newRow("once 5.6e+02 s") << 560.4 << "9 min 20 s";
        QTest::newRow("nearly an hour") << 3599.7 << "1 h";
        QTest::newRow("hours") << 7520.0 << "2 h 5 min";
        QTest::newRow("nobody knows") << -1.0 << "–";
        QTest::newRow("not a number") << std::nan("") << "–";
    }
    void timesInWords() {
        QFETCH(double, seconds);
        QFETCH(QString, words);
        QCOMPARE(shown(timeText(seconds)), words);
    }
    void exactCounts() {
        QCOMPARE(shown(exactCount(0)), typeset("0"));
        QCOMPARE(shown(exactCount(999)), typeset("999"));
        QCOMPARE(shown(exactCount(431080)), typeset("431_080"));
        QCOMPARE(shown(exactCount(-1000000)), typeset("-1_000_000"));
        QCOMPARE(shown(exactCount(std::numeric_limits<std::int64_t>::min())),
                 typeset("-9_223_372_036_854_775_808"));
    }
    void significants() {
        QCOMPARE(shown(significant(0.031)), QString("0.031"));
        QCOMPARE(shown(significant(0.0312345)), QString("0.03123"));
        QCOMPARE(shown(significant(-0.0)), QString("0"));
        QCOMPARE(shown(significant(-2.5)), typeset("-2.5"));
        QCOMPARE(shown(significant(12345, 2)), QString("1.2e+04"));
    }
    void concatenates() { QCOMPARE(shown(cat("a", 1, '-', 2.5)), QString("a1-2.5")); }
};

QTEST_GUILESS_MAIN(TestBaseFormat)
#include "tst_base_format.moc"
