// SPDX-License-Identifier: GPL-3.0-or-later
// Sizes of samples, and scaling against what PIL makes of the same images (Image.resize, BILINEAR).
#include <QTest>

#include "core/data/image_scaling.h"

using namespace espalier;
using data::Geometry;
using data::ImageSize;
using data::Window;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// An image with edges of all kinds.
Bytes pattern(std::int64_t height, std::int64_t width, std::int64_t channels) {
    Bytes pixels;
    for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
            for (std::int64_t k = 0; k < channels; ++k) {
                const auto value = x * 37 + y * 53 + k * 91 + x * y * (k + 1) % 17 * 9;
                pixels.push_back(static_cast<std::uint8_t>(value % 256));
            }
        }
    }
    return pixels;
}

data::Raster rasterOf(const Bytes& pixels, ImageSize size, std::int64_t channels) {
    return {pixels.data(), size, channels, size.width * channels};
}

Window whole(std::int64_t height, std::int64_t width) {
    return {{height, width}, {0, 0, height, width}};
}

Window windowOf(const data::DataSpec& spec, ImageSize image) {
    return Geometry::from(spec).value().windowFor(image).value();
}

}  // namespace

class TestImageScaling : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void asPilDoes_data();
    void asPilDoes();
    void partOfALargeImage();
    void regionIsAnImageOfItsOwn();
    void planesLikePixels();
    void sameSizeIsTheSame();
    void windows();
    void refusesSizes();
};

void TestImageScaling::asPilDoes_data() {
    QTest::addColumn<ImageSize>("from");
    QTest::addColumn<int>("channels");
    QTest::addColumn<ImageSize>("to");
    QTest::addColumn<Bytes>("expected");
    QTest::newRow("colour, smaller")
        << ImageSize{7, 9} << 3 << ImageSize{4, 5}
        << Bytes{51,  113, 157, 125, 85,  137, 129, 116, 152, 123, 126, 119, 187, 155, 97,
                 90,  193, 119, 74,  126, 139, 171, 149, 105, 87,  141, 125, 165, 160, 95,
                 128, 126, 108, 120, 152, 125, 93,  111, 141, 112, 163, 86,  122, 130, 140,
                 112, 152, 177, 83,  136, 112, 72,  142, 135, 111, 143, 101, 166, 134, 138};
    QTest::newRow("grey, smaller")
        << ImageSize{7, 9} << 1 << ImageSize{3, 4}
        << Bytes{83, 134, 131, 108, 138, 125, 162, 122, 106, 176, 102, 109};
    QTest::newRow("grey, larger") << ImageSize{3, 4} << 1 << ImageSize{5, 7}
                                  << Bytes{0,   13,  34,  56, 77,  98,  111, 21,  35,  59, 82,  105,
                                           129, 143, 53,  69, 96,  122, 148, 175, 191, 85, 103, 133,
                                           162, 180, 122, 85, 106, 126, 157, 189, 202, 87, 15};
}

void TestImageScaling::asPilDoes() {
    QFETCH(ImageSize, from);
    QFETCH(int, channels);
    QFETCH(ImageSize, to);
    QFETCH(Bytes, expected);
    const Bytes pixels = pattern(from.height, from.width, channels);
    const Bytes got = data::scaled(rasterOf(pixels, from, channels), whole(to.height, to.width));
    QCOMPARE(got, expected);
}

void TestImageScaling::partOfALargeImage() {
    const Bytes pixels = pattern(375, 500, 3);
    const Window window = windowOf({.path = {}, .resize = {256}, .crop = {224}}, {375, 500});
    QVERIFY((window == Window{{256, 341}, {16, 58, 224, 224}}));
    const Bytes got = data::scaled(rasterOf(pixels, {375, 500}, 3), window);
    // Sums over PIL's image, and three of its pixels.
    std::int64_t sum = 0;
    std::int64_t byRow = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        sum += got[i];
        byRow += got[i] * static_cast<std::int64_t>(i % (224 * 224) / 224 + 1);
    }
    QCOMPARE(sum, 19202141);
    QCOMPARE(byRow, 2159112335);
    const auto pixel = [&got](std::size_t y, std::size_t x) {
        const std::size_t at = y * 224 + x;
        return Bytes{got[at], got[224 * 224 + at], got[2 * 224 * 224 + at]};
    };
    QCOMPARE(pixel(0, 0), (Bytes{87, 139, 173}));
    QCOMPARE(pixel(100, 57), (Bytes{136, 194, 78}));
    QCOMPARE(pixel(223, 223), (Bytes{120, 157, 137}));
}

void TestImageScaling::regionIsAnImageOfItsOwn() {
    const Bytes pixels = pattern(12, 10, 3);
    const data::Raster part = rasterOf(pixels, {12, 10}, 3).part({2, 3, 7, 6});
    const Bytes expected{79, 151, 179, 95,  193, 166, 139, 90,  135, 75,  95,  165,
                         91, 117, 127, 168, 169, 151, 155, 108, 133, 89,  129, 166,
                         86, 149, 116, 91,  144, 85,  76,  94,  149, 140, 85,  162,
                         99, 159, 136, 113, 123, 178, 105, 146, 116, 115, 132, 189};
    QCOMPARE(data::scaled(part, whole(4, 4)), expected);
}

void TestImageScaling::planesLikePixels() {
    const Bytes pixels = pattern(12, 10, 3);
    Bytes planes;
    for (std::size_t channel = 0; channel < 3; ++channel) {
        for (std::size_t i = channel; i < pixels.size(); i += 3) planes.push_back(pixels[i]);
    }
    const Window window{{9, 8}, {1, 2, 5, 4}};
    const data::Region region{2, 3, 7, 6};
    QCOMPARE(data::scaledPlanes(planes.data(), 3, {12, 10}, region, window),
             data::scaled(rasterOf(pixels, {12, 10}, 3).part(region), window));
}

void TestImageScaling::sameSizeIsTheSame() {
    const Bytes pixels = pattern(5, 6, 1);
    QCOMPARE(data::scaled(rasterOf(pixels, {5, 6}, 1), whole(5, 6)), pixels);
}

void TestImageScaling::windows() {
    // As torchvision's Resize and CenterCrop.
    QVERIFY((windowOf({.path = {}, .resize = {256}}, {500, 375}) == whole(341, 256)));
    QVERIFY((windowOf({.path = {}, .resize = {10}}, {33, 47}) == whole(10, 14)));
    QVERIFY((windowOf({.path = {}, .resize = {8, 5}}, {33, 47}) == whole(8, 5)));
    QVERIFY((windowOf({.path = {}, .crop = {4}}, {9, 11}) == Window{{9, 11}, {2, 4, 4, 4}}));
    QVERIFY((windowOf({.path = {}, .crop = {3, 7}}, {9, 11}) == Window{{9, 11}, {3, 2, 3, 7}}));
    QVERIFY(Geometry::from({.path = {}}).value().isIdentity());
    QVERIFY((Geometry().windowFor({3, 4}).value() == whole(3, 4)));
}

void TestImageScaling::refusesSizes() {
    for (const data::DataSpec& spec :
         {data::DataSpec{.path = {}, .resize = {0}}, data::DataSpec{.path = {}, .crop = {-3}},
          data::DataSpec{.path = {}, .resize = {1, 2, 3}},
          data::DataSpec{.path = {}, .crop = {1 << 20}}}) {
        const auto geometry = Geometry::from(spec);
        QVERIFY(!geometry);
        QCOMPARE(geometry.error().kind, Error::Kind::BadArgument);
    }
    const auto small = Geometry::from({.path = {}, .crop = {10}}).value().windowFor({9, 20});
    QVERIFY(!small);
    QCOMPARE(small.error().why, std::string("10x10 pixels are to be cut out of 9x20"));
}

QTEST_GUILESS_MAIN(TestImageScaling)
#include "tst_image_scaling.moc"
