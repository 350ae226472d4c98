// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/script/input_spec.h"

using namespace espalier;
using namespace espalier::script;

class TestInputSpec : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void reads_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QList<qint64>>("shape");
        QTest::addColumn<QString>("dtype");
        QTest::addColumn<QString>("range");
        QTest::addColumn<bool>("isList");
        using Shape = QList<qint64>;
        QTest::newRow("image") << "1x3x224x224" << Shape{1, 3, 224, 224} << "float32"
                               << "" << false;
        QTest::newRow("vector") << "7" << Shape{7} << "float32"
                                << "" << false;
        QTest::newRow("ids") << "1x128:int64:0..30522" << Shape{1, 128} << "int64"
                             << "0 30522" << false;
        QTest::newRow("list") << "list:3x320x320" << Shape{3, 320, 320} << "float32"
                              << "" << true;
        QTest::newRow("type alone") << "2x2:bool" << Shape{2, 2} << "bool"
                                    << "" << false;
        QTest::newRow("bytes") << "1x4x4x3:uint8:0..255" << Shape{1, 4, 4, 3} << "uint8"
                               << "0 255" << false;
        QTest::newRow("range alone") << "2x2:-1..1" << Shape{2, 2} << "float32"
                                     << "-1 1" << false;
        QTest::newRow("fractions") << "2:float64:-0.5..1.25" << Shape{2} << "float64"
                                   << "-0.5 1.25" << false;
        QTest::newRow("exponents") << "2:bfloat16:1e-3..2e3" << Shape{2} << "bfloat16"
                                   << "0.001 2000" << false;
        QTest::newRow("all") << "list:4x5:float16:0..2" << Shape{4, 5} << "float16"
                             << "0 2" << true;
    }
    void reads() {
        QFETCH(QString, text);
        QFETCH(QList<qint64>, shape);
        const auto spec = parseInputSpec(text.toStdString());
        QVERIFY2(spec, spec ? "" : spec.error().text().c_str());
        QCOMPARE(QList<qint64>(spec->shape.begin(), spec->shape.end()), shape);
        QTEST(QString::fromUtf8(name(spec->dtype).data()), "dtype");
        QTEST(spec->isList, "isList");
        const QString range =
            spec->range ? QString("%1 %2").arg(spec->range->low).arg(spec->range->high) : QString();
        QTEST(range, "range");
        const auto again = parseInputSpec(toString(*spec));
        QVERIFY(again);
        QVERIFY(*again == *spec);
    }
    void writesWhatItReads_data() {
        QTest::addColumn<QString>("text");
        for (const char* text :
             {"1x3x224x224", "1x128:int64:0..30522", "list:3x320x320", "2:-0.5..1.25", "2:float64",
              "list:1:bool", "1:0..0.1", "3:int32:-5..5"}) {
            QTest::newRow(text) << text;
        }
    }
    void writesWhatItReads() {
        QFETCH(QString, text);
        QCOMPARE(QString::fromStdString(toString(*parseInputSpec(text.toStdString()))), text);
    }
    void refuses_data() {
        QTest::addColumn<QString>("text");
        for (const char* text : {"",
                                 "x",
                                 "1x",
                                 "x1",
                                 "1xx2",
                                 "1x-3",
                                 "1x0",
                                 "1,3",
                                 "1x3 ",
                                 " 1x3",
                                 "1x3:",
                                 "1x3:float",
                                 "1x3:int64:",
                                 "1x3:int64:0",
                                 "1x3:int64:0..",
                                 "1x3:int64:..5",
                                 "1x3:int64:5..5",
                                 "1x3:int64:6..5",
                                 "1x3:int64:0.5..5",
                                 "1x3:int64:0..5:x",
                                 "1x3:bool:0..1",
                                 "1x3:nan..1",
                                 "1x3:0..inf",
                                 "1x3:0..1:int64",
                                 "list:",
                                 "list:list:1",
                                 "lst:1",
                                 "1X3",
                                 "99999999999999999999",
                                 "1099511627776x2",
                                 "1x3:0..1e999"}) {
            QTest::newRow(text) << text;
        }
    }
    void refuses() {
        QFETCH(QString, text);
        const auto spec = parseInputSpec(text.toStdString());
        QVERIFY(!spec);
        QCOMPARE(spec.error().kind, Error::Kind::BadArgument);
        QVERIFY(spec.error().what.find("\"" + text.toStdString() + "\"") != std::string::npos);
        QVERIFY(spec.error().hint.find("1x3x224x224") != std::string::npos);
        QVERIFY(!spec.error().why.empty());
    }
};

QTEST_GUILESS_MAIN(TestInputSpec)
#include "tst_input_spec.moc"
