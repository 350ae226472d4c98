// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QDir>
#include <QFile>
#include <QPainter>
#include <QSet>
#include <QTableWidget>
#include <QTest>
#include <QTreeWidget>
#include <cmath>

#include "tests/ui/plots_testing.h"
#include "ui/style/app_icon.h"
#include "ui/style/colors.h"
#include "ui/style/icon_paths.h"
#include "ui/style/icons.h"
#include "ui/style/sparsity_bar.h"
#include "ui/style/theme.h"
#include "ui/style/words.h"

using namespace espalier::style;

namespace {

QImage barImage(const SparsityBar& bar, const QPalette& palette) {
    QImage image(100, 10, QImage::Format_RGB32);
    image.fill(Qt::magenta);
    QPainter painter(&image);
    paintSparsityBar(painter, image.rect(), bar, palette);
    return image;
}

/// How many columns of the bar's middle line are the kept colour.
int keptWidth(const SparsityBar& bar) {
    const QImage image = barImage(bar, lightPalette());
    int width = 0;
    for (int x = 0; x < image.width(); ++x) {
        if (image.pixelColor(x, 5) == colorsFor(lightPalette()).kept) ++width;
    }
    return width;
}

QImage iconImage(const QIcon& icon, QIcon::Mode mode = QIcon::Normal) {
    return icon.pixmap(QSize(32, 32), 1.0, mode).toImage().convertToFormat(QImage::Format_ARGB32);
}

const QDir kIcons(QStringLiteral(ESPALIER_SOURCE_DIR "/resources/icons"));

QDir screenshotFolder() {
    const QDir folder(qEnvironmentVariable("ESPALIER_SCREENSHOTS", QDir::tempPath()));
    folder.mkpath(QStringLiteral("."));
    return folder;
}

/// The most frequent colour that is fully opaque.
QColor inkOf(const QImage& image) {
    QHash<QRgb, int> counts;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            if (qAlpha(image.pixel(x, y)) == 255) ++counts[image.pixel(x, y)];
        }
    }
    QRgb most = 0;
    for (auto it = counts.cbegin(); it != counts.cend(); ++it) {
        if (it.value() > counts.value(most)) most = it.key();
    }
    return QColor::fromRgb(most);
}

}  // namespace

class TestStyle : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        espalier::plots::testing::failOnWarnings();
        applyTheme(*qApp, ThemeMode::Light);
    }

    void themesSwitch() {
        QVERIFY(!isDark(QApplication::palette()));
        applyTheme(*qApp, ThemeMode::Dark);
        QVERIFY(isDark(QApplication::palette()));
        applyTheme(*qApp, ThemeMode::System);  // offscreen has a light desktop
        QVERIFY(!isDark(QApplication::palette()));
        QCOMPARE(QApplication::palette().color(QPalette::Window),
                 lightPalette().color(QPalette::Window));
    }

    void textCanBeRead_data() {
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }
    void textCanBeRead() {
        QFETCH(bool, dark);
        const QPalette palette = dark ? darkPalette() : lightPalette();
        const Colors& colors = colorsFor(palette);
        // WCAG AA: 4.5 for text, 3 for graphics.
        for (const QColor& text : {colors.text, colors.mutedText, colors.error, colors.estimate}) {
            QVERIFY(contrast(text, colors.background) >= 4.5);
            QVERIFY(contrast(text, palette.color(QPalette::Window)) >= 4.5);
        }
        for (const QColor& area :
             {colors.kept, colors.removed, colors.axis, removedFill(palette)}) {
            QVERIFY(contrast(area, colors.background) >= 2.5);
        }
        QVERIFY(contrast(palette.color(QPalette::Highlight),
                         palette.color(QPalette::HighlightedText)) >= 4.0);
        QVERIFY(contrast(removedHatch(palette).color(), removedFill(palette)) >= 2);
    }

    void contrastOfBlackAndWhite() {
        QVERIFY(std::abs(contrast(Qt::black, Qt::white) - 21.0) < 1e-3);
        QVERIFY(std::abs(contrast(Qt::red, Qt::red) - 1.0) < 1e-9);
    }

    void optionsOfTheCommandLineAreLeftOut_data() {
        QTest::addColumn<QString>("said");
        QTest::addColumn<QString>("shown");
        QTest::newRow("at the end") << "Attach data (--data)."
                                    << "Attach data.";
        QTest::newRow("with values") << "Scale to 28 (--resize 28 --crop 28x30), or not"
                                     << "Scale to 28, or not";
        QTest::newRow("in words") << "left whole (a group; --allow-inexact cuts it too)"
                                  << "left whole";
        QTest::newRow("a verb") << "The list of layers says why (espalier-cli inspect); go on"
                                << "The list of layers says why; go on";
        QTest::newRow("other brackets") << "conv1 (3 of 4 -- all but one) stays (it is locked)"
                                        << "conv1 (3 of 4 -- all but one) stays (it is locked)";
    }
    void optionsOfTheCommandLineAreLeftOut() {
        QFETCH(QString, said);
        QTEST(withoutOptions(said), "shown");
    }
    void mixesEndToEnd() {
        QCOMPARE(mix(Qt::white, Qt::black, 0), QColor(Qt::white));
        QCOMPARE(mix(Qt::white, Qt::black, 1), QColor(Qt::black));
    }

    void seriesColoursDifferAndRepeat() {
        for (const QPalette& palette : {lightPalette(), darkPalette()}) {
            QSet<QRgb> found;
            for (int i = 0; i < kSeriesColors; ++i) {
                found += seriesColor(palette, i).rgb();
                QVERIFY(contrast(seriesColor(palette, i), colorsFor(palette).background) >= 2);
            }
            QCOMPARE(found.size(), kSeriesColors);
            QCOMPARE(seriesColor(palette, -1), seriesColor(palette, 7));
            QCOMPARE(seriesColor(palette, 8), seriesColor(palette, 0));
        }
    }

    void linesOfListsAreHighEnough_data() {
        QTest::addColumn<bool>("isTable");
        QTest::newRow("tree") << false;
        QTest::newRow("table") << true;
    }
    void linesOfListsAreHighEnough() {
        QFETCH(bool, isTable);
        applyTheme(*qApp, ThemeMode::Light);
        QTreeWidget tree;
        QTableWidget table(1, 1);
        table.setItem(0, 0, new QTableWidgetItem(QStringLiteral("fc1.weight")));
        tree.addTopLevelItem(new QTreeWidgetItem({QStringLiteral("fc1.weight")}));
        const int height = isTable ? static_cast<QAbstractItemView&>(table).sizeHintForRow(0)
                                   : tree.visualItemRect(tree.topLevelItem(0)).height();
        QVERIFY2(height >= kRowHeight, qPrintable(QString::number(height)));
    }

    void threeSizesOfType() {
        QVERIFY(font(FontSize::Small).pointSizeF() < font(FontSize::Body).pointSizeF());
        QVERIFY(font(FontSize::Body).pointSizeF() < font(FontSize::Large).pointSizeF());
    }

    void everyIconIsDrawn() {
        QSet<QByteArray> drawings;
        for (int i = 0; i < kIconCount; ++i) {
            const QImage image = iconImage(icon(Icon(i)));
            QCOMPARE(image.size(), QSize(32, 32));
            int inked = 0;
            for (int y = 0; y < 32; ++y) {
                for (int x = 0; x < 32; ++x) inked += qAlpha(image.pixel(x, y)) > 128;
            }
            QVERIFY2(inked > 20, qPrintable(QStringLiteral("icon %1").arg(i)));
            drawings +=
                QByteArray(reinterpret_cast<const char*>(image.constBits()), image.sizeInBytes());
            const IconPaths paths = iconPaths(Icon(i));
            const QRectF bounds = paths.lines.controlPointRect() | paths.areas.controlPointRect();
            const bool isInside = bounds.left() >= 0.5 && bounds.top() >= 0.5 &&
                                  bounds.right() <= 15.5 && bounds.bottom() <= 15.5;
            QVERIFY2(isInside, qPrintable(QStringLiteral("icon %1").arg(i)));
        }
        QCOMPARE(drawings.size(), kIconCount);  // no two alike
        QVERIFY(!iconImage(applicationIcon()).isNull());
    }

    void filesOfTheIconAreWhatIsDrawn_data() {
        QTest::addColumn<int>("size");
        for (const int size : {16, 24, 32, 48, 64, 128, 256})
            QTest::newRow(qPrintable(QString::number(size))) << size;
    }

    // A file that differs is written where screenshots go; copy it when the drawing was meant to
    // change.
    void filesOfTheIconAreWhatIsDrawn() {
        QFETCH(int, size);
        const QString name = QStringLiteral("espalier-%1.png").arg(size);
        const QImage drawn = applicationIcon().pixmap(QSize(size, size), 1.0).toImage();
        QImage stored(kIcons.filePath(name));
        stored.convertTo(QImage::Format_ARGB32_Premultiplied);
        const QImage wanted = drawn.convertToFormat(QImage::Format_ARGB32_Premultiplied);
        if (stored != wanted) drawn.save(screenshotFolder().filePath(name));
        QCOMPARE(stored, wanted);
    }

    void theSvgIsWhatIsDrawn() {
        QFile file(kIcons.filePath(QStringLiteral("espalier.svg")));
        const bool opened = file.open(QIODevice::ReadOnly);
        const QByteArray stored = opened ? file.readAll() : QByteArray();
        QFile written(screenshotFolder().filePath(QStringLiteral("espalier.svg")));
        if (stored != applicationIconSvg() && written.open(QIODevice::WriteOnly))
            written.write(applicationIconSvg());
        QCOMPARE(stored, applicationIconSvg());
    }

    // Its form changes between 24 and 32 pixels, by what the screen shows: 16 units on a screen of
    // twice the density are 32 pixels.
    void theSmallIconIsSimpler() {
        const auto wires = [](const QImage& image) {
            const QImage drawn = image.convertToFormat(QImage::Format_ARGB32);
            const int unit = drawn.width() / 16;
            return drawn.pixelColor(13 * unit, 4 * unit).lightness();
        };
        const int plain = wires(applicationIcon().pixmap(QSize(16, 16), 1.0).toImage());
        QVERIFY(plain > 240);
        QVERIFY(wires(applicationIcon().pixmap(QSize(32, 32), 1.0).toImage()) < plain);
        QVERIFY(wires(applicationIcon().pixmap(QSize(16, 16), 2.0).toImage()) < plain);
    }

    void iconsFollowPaletteAndMode() {
        const QIcon stop = icon(Icon::Stop);
        QCOMPARE(inkOf(iconImage(stop)), colorsFor(lightPalette()).text);
        QCOMPARE(inkOf(iconImage(stop, QIcon::Disabled)),
                 lightPalette().color(QPalette::Disabled, QPalette::WindowText));
        applyTheme(*qApp, ThemeMode::Dark);
        QCOMPARE(inkOf(iconImage(stop)), colorsFor(darkPalette()).text);
    }

    void iconsAreSharpAtAnyScale() {
        const QPixmap pixmap = icon(Icon::Stop).pixmap(QSize(16, 16), 3.0);
        QCOMPARE(pixmap.size(), QSize(48, 48));
        QCOMPARE(pixmap.devicePixelRatio(), 3.0);
        QCOMPARE(inkOf(pixmap.toImage().convertToFormat(QImage::Format_ARGB32)),
                 colorsFor(lightPalette()).text);
    }

    void barsShowShares_data() {
        QTest::addColumn<double>("removed");
        QTest::addColumn<int>("kept");
        QTest::newRow("none") << 0.0 << 100;
        QTest::newRow("a trace shows") << 0.0001 << 99;
        QTest::newRow("a third") << 0.33 << 67;
        QTest::newRow("nearly all") << 0.9999 << 1;
        QTest::newRow("all") << 1.0 << 0;
        QTest::newRow("too much") << 7.0 << 0;
        QTest::newRow("too little") << -1.0 << 100;
        QTest::newRow("NaN") << std::nan("") << 100;
    }
    void barsShowShares() {
        QFETCH(double, removed);
        QTEST(keptWidth({.removed = removed}), "kept");
    }

    void barsOfOtherStatesAreGrey() {
        const Colors& colors = colorsFor(lightPalette());
        const QImage locked = barImage({0.5, SparsityBar::State::Locked}, lightPalette());
        QCOMPARE(locked.pixelColor(10, 5), colors.locked);
        const QImage none = barImage({0.5, SparsityBar::State::NotPrunable}, lightPalette());
        QCOMPARE(none.pixelColor(50, 5), QColor(Qt::magenta));  // nothing inside its outline
    }
};

QTEST_MAIN(TestStyle)
#include "tst_style.moc"
