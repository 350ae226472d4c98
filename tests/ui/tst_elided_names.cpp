// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/elided_names.h"

#include <QApplication>
#include <QSet>
#include <QTest>

using espalier::style::elidedNames;

class TestElidedNames : public QObject {
    Q_OBJECT

    const QFontMetrics m_metrics{QApplication::font()};

    /// As wide as `text` has to be.
    QString inTheRoomOf(const char* room, const char* text) const {
        return elidedNames(m_metrics, QString::fromUtf8(text),
                           m_metrics.horizontalAdvance(QString::fromUtf8(room)));
    }

private Q_SLOTS:
    void partsGiveWayFromTheLeft_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("shown");
        const auto add = [](const char* text, const char* shown) {
            QTest::newRow(shown) << QString::fromUtf8(text) << QString::fromUtf8(shown);
        };
        add("layer1.0.conv1.weight", "layer1.0.conv1.weight");
        add("layer1.0.conv1.weight", "l…1.0.conv1.weight");
        add("layer1.0.conv1.weight", "l…1.0.c…1.weight");
        add("layer12.10.bn1.weight", "l…12.10.bn1.weight");  // "b…1" would be no shorter
        add("features.denseblock3.denselayer12.conv2.weight", "f….d…3.d…12.conv2.weight");
        add("layer3.1.conv2.weight  ·  64×64×3×3", "l…3.1.conv2.weight  ·  64×64×3×3");
        add("Group B: layer3.1.conv2  ·  64 channels", "Group B: l…3.1.conv2  ·  64 channels");
    }
    void partsGiveWayFromTheLeft() {
        QFETCH(QString, text);
        QFETCH(QString, shown);
        QCOMPARE(inTheRoomOf(qPrintable(shown), qPrintable(text)), shown);
    }

    void layersOfADeepModelCanBeToldApart() {
        const int width = m_metrics.horizontalAdvance(QStringLiteral("l…4.5.conv2.weight"));
        QSet<QString> shown;
        int count = 0;
        for (int stage = 1; stage <= 4; ++stage) {
            for (int block = 0; block <= 5; ++block) {
                for (int conv = 1; conv <= 2; ++conv, ++count) {
                    const QString name = QStringLiteral("layer%1.%2.conv%3.weight");
                    shown << elidedNames(m_metrics, name.arg(stage).arg(block).arg(conv), width);
                }
            }
        }
        QCOMPARE(shown.size(), count);
    }

    void sentencesLoseTheirEnd() {
        const QString text = "a sentence and no name";
        const QString shown = elidedNames(
            m_metrics, text, m_metrics.horizontalAdvance("a sentence an…"), Qt::ElideRight);
        QVERIFY2(shown.startsWith("a sentence") && shown.endsWith(QChar(0x2026)),
                 qPrintable(shown));
    }

    void otherTextIsElidedInTheMiddle() {
        QCOMPARE(inTheRoomOf("a sentence and no name", "a sentence and no name"),
                 QString("a sentence and no name"));
        const QString text = "97.30 % after a sentence with a number";
        const int width = m_metrics.horizontalAdvance(text) / 2;
        QCOMPARE(elidedNames(m_metrics, text, width),
                 m_metrics.elidedText(text, Qt::ElideMiddle, width));
    }

    void neverWiderThanItsRoom() {
        const QString name = "features.denseblock3.denselayer12.conv2.weight";
        for (int width = 12; width < 400; width += 7)
            QVERIFY(m_metrics.horizontalAdvance(elidedNames(m_metrics, name, width)) <= width);
    }
};

QTEST_MAIN(TestElidedNames)
#include "tst_elided_names.moc"
