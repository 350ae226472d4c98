// SPDX-License-Identifier: GPL-3.0-or-later
// JPEG and PNG: every kind of pixel, and every way to be broken.
#include <QTest>

#include "core/data/image_decoder.h"
#include "tests/support/image_files.h"

using namespace espalier;
using namespace espalier::test;
using data::decodeImage;
using data::ImageHeader;
using data::readImageHeader;

class TestImageDecoder : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void png_data();
    void png();
    void interlacedPng();
    void jpeg();
    void greyJpeg();
    void headers();
    void refusesOtherFiles_data();
    void refusesOtherFiles();
    void endsEarly_data();
    void endsEarly();
    void aBrokenFileDoesNotHarmTheNext();
    void neverCrashesOnDamage();
};

void TestImageDecoder::png_data() {
    QTest::addColumn<int>("type");
    QTest::addColumn<int>("depth");
    QTest::addColumn<Bytes>("rows");
    QTest::addColumn<Bytes>("grey");
    QTest::addColumn<Bytes>("colour");
    // Two pixels side by side. Grey from colour: 0.299 r + 0.587 g + 0.114 b.
    QTest::newRow("colour") << PNG_COLOR_TYPE_RGB << 8 << Bytes{255, 0, 0, 0, 255, 0}
                            << Bytes{76, 150} << Bytes{255, 0, 0, 255, 0, 0};
    QTest::newRow("alpha is dropped")
        << PNG_COLOR_TYPE_RGBA << 8 << Bytes{10, 20, 30, 0, 200, 100, 50, 128} << Bytes{18, 124}
        << Bytes{10, 200, 20, 100, 30, 50};
    QTest::newRow("palette") << PNG_COLOR_TYPE_PALETTE << 1 << Bytes{0b01000000} << Bytes{18, 124}
                             << Bytes{10, 200, 20, 100, 30, 50};
    QTest::newRow("grey") << PNG_COLOR_TYPE_GRAY << 8 << Bytes{7, 250} << Bytes{7, 250}
                          << Bytes{7, 250, 7, 250, 7, 250};
    QTest::newRow("one bit") << PNG_COLOR_TYPE_GRAY << 1 << Bytes{0b01000000} << Bytes{0, 255}
                             << Bytes{0, 255, 0, 255, 0, 255};
    QTest::newRow("sixteen bits") << PNG_COLOR_TYPE_GRAY << 16 << Bytes{7, 200, 250, 3}
                                  << Bytes{7, 250} << Bytes{7, 250, 7, 250, 7, 250};
    QTest::newRow("grey and alpha") << PNG_COLOR_TYPE_GA << 8 << Bytes{7, 0, 250, 9}
                                    << Bytes{7, 250} << Bytes{7, 250, 7, 250, 7, 250};
}

void TestImageDecoder::png() {
    QFETCH(int, type);
    QFETCH(int, depth);
    QFETCH(Bytes, rows);
    QFETCH(Bytes, grey);
    QFETCH(Bytes, colour);
    const std::string file = pngBytes(2, 1, type, depth, rows);
    const auto asGrey = decodeImage(file, 1);
    const auto asColour = decodeImage(file, 3);
    QVERIFY(asGrey && asColour);
    QCOMPARE(asColour.value(), colour);
    for (std::size_t i = 0; i < grey.size(); ++i)
        QVERIFY2(std::abs(asGrey.value().at(i) - grey[i]) <= 1, qPrintable(QString::number(i)));
}

void TestImageDecoder::interlacedPng() {
    Bytes pixels(9 * 9);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 3);
    const auto decoded =
        decodeImage(pngBytes(9, 9, PNG_COLOR_TYPE_GRAY, 8, pixels, PNG_INTERLACE_ADAM7), 1);
    QVERIFY(decoded);
    QCOMPARE(decoded.value(), pixels);
}

void TestImageDecoder::jpeg() {
    Bytes pixels;
    for (int i = 0; i < 16 * 8; ++i)
        pixels.insert(pixels.end(), {200, static_cast<std::uint8_t>(i), 40});
    const auto decoded = decodeImage(jpegBytes(16, 8, TJPF_RGB, pixels), 3);
    QVERIFY(decoded);
    QCOMPARE(decoded->size(), std::size_t{3 * 16 * 8});
    for (int i = 0; i < 16 * 8; ++i) {
        const auto at = static_cast<std::size_t>(i);
        QVERIFY(std::abs((*decoded)[at] - 200) <= 3);
        QVERIFY(std::abs((*decoded)[128 + at] - i) <= 3);
        QVERIFY(std::abs((*decoded)[256 + at] - 40) <= 3);
    }
}

void TestImageDecoder::greyJpeg() {
    const std::string file = jpegBytes(8, 8, TJPF_GRAY, Bytes(64, 128));
    QCOMPARE(decodeImage(file, 1).value(), Bytes(64, 128));
    QCOMPARE(decodeImage(file, 3).value(), Bytes(192, 128));
    const std::string red = jpegBytes(8, 8, TJPF_RGB, [] {
        Bytes pixels;
        for (int i = 0; i < 64; ++i) pixels.insert(pixels.end(), {255, 0, 0});
        return pixels;
    }());
    QVERIFY(std::abs(decodeImage(red, 1).value()[9] - 76) <= 1);
}

void TestImageDecoder::headers() {
    QCOMPARE(readImageHeader(solidPng(5, 3, 1, 2, 3)).value(), (ImageHeader{5, 3, false}));
    QCOMPARE(readImageHeader(pngBytes(2, 1, PNG_COLOR_TYPE_GRAY, 8, {1, 2})).value(),
             (ImageHeader{2, 1, true}));
    QCOMPARE(readImageHeader(jpegBytes(8, 6, TJPF_GRAY, Bytes(48, 1))).value(),
             (ImageHeader{8, 6, true}));
    QCOMPARE(readImageHeader(jpegBytes(8, 6, TJPF_RGB, Bytes(144, 1))).value(),
             (ImageHeader{8, 6, false}));
}

void TestImageDecoder::refusesOtherFiles_data() {
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QString>("why");
    QTest::newRow("empty") << QByteArray() << "the file is empty";
    QTest::newRow("text") << QByteArray("GIF89a, or so") << "it is neither a JPEG nor a PNG file";
    QByteArray huge = QByteArray::fromStdString(solidPng(2, 2, 0, 0, 0));
    huge[16] = 0x7f;  // the width's highest byte; the checksum behind it is wrong now as well
    QTest::newRow("huge") << huge << "";
}

void TestImageDecoder::refusesOtherFiles() {
    QFETCH(QByteArray, file);
    QFETCH(QString, why);
    const auto decoded = decodeImage(file.toStdString(), 3);
    QVERIFY(!decoded);
    QVERIFY(!decoded.error().why.empty());
    if (!why.isEmpty()) QCOMPARE(QString::fromStdString(decoded.error().why), why);
}

void TestImageDecoder::aBrokenFileDoesNotHarmTheNext() {
    Bytes noise(3 * 64 * 64);
    for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<std::uint8_t>(i * 37);
    const std::string sound = jpegBytes(64, 64, TJPF_RGB, noise);
    const auto expected = decodeImage(sound, 3).value();
    int broken = 0;
    for (std::size_t size = 4; size < 720; size += 3) {  // within its tables, and just after them
        broken += decodeImage(sound.substr(0, size), 3) ? 0 : 1;
        const auto next = decodeImage(sound, 3);
        QVERIFY2(next, qPrintable(QString("after %1 bytes: ").arg(size) +
                                  QString::fromStdString(next ? "" : next.error().why)));
        QVERIFY(*next == expected);
    }
    QVERIFY(broken > 200);
}

void TestImageDecoder::endsEarly_data() {
    QTest::addColumn<QByteArray>("file");
    Bytes noise(64 * 64 * 3);
    for (std::size_t i = 0; i < noise.size(); ++i)
        noise[i] = static_cast<std::uint8_t>(i * i * 31 >> 3);
    QTest::newRow("png") << QByteArray::fromStdString(
        pngBytes(64, 64, PNG_COLOR_TYPE_RGB, 8, noise));
    QTest::newRow("jpeg") << QByteArray::fromStdString(jpegBytes(64, 64, TJPF_RGB, noise));
}

void TestImageDecoder::endsEarly() {
    QFETCH(QByteArray, file);
    QVERIFY(decodeImage(file.toStdString(), 3));
    for (const qsizetype length : {qsizetype{9}, qsizetype{20}, file.size() / 2}) {
        const auto decoded = decodeImage(file.left(length).toStdString(), 3);
        QVERIFY2(!decoded, qPrintable(QString::number(length)));
        QCOMPARE(decoded.error().kind, Error::Kind::Damaged);
    }
}

void TestImageDecoder::neverCrashesOnDamage() {
    const std::string files[] = {solidPng(16, 16, 1, 200, 3),
                                 jpegBytes(16, 16, TJPF_RGB, Bytes(768, 77))};
    for (const std::string& file : files) {
        for (std::size_t at = 0; at < file.size(); ++at) {
            std::string damaged = file;
            damaged[at] = static_cast<char>(~damaged[at]);
            for (const int channels : {1, 3}) {
                const auto decoded = decodeImage(damaged, channels);
                const auto header = readImageHeader(damaged);
                if (decoded) {
                    QVERIFY(header);
                    QCOMPARE(decoded->size(),
                             static_cast<std::size_t>(header->width * header->height * channels));
                }
            }
        }
    }
}

QTEST_GUILESS_MAIN(TestImageDecoder)
#include "tst_image_decoder.moc"
