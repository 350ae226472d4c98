// SPDX-License-Identifier: GPL-3.0-or-later
// Random changes: their range, their repeatability, and what they do to pixels.
#include <QTest>

#include <cmath>
#include <set>

#include <ATen/ATen.h>

#include "core/data/augmentation.h"
#include "core/data/image_batch_torch.h"
#include "core/data/memory_images_torch.h"

using namespace espalier;
using data::Augmentation;
using data::ImageChange;
using data::Split;

namespace {

const Augmentation& named(std::string_view name) {
    return **data::findAugmentation(name);
}

std::vector<ImageChange> draws(std::string_view name, int count, std::int64_t height,
                               std::int64_t width) {
    std::vector<ImageChange> all;
    for (int i = 0; i < count; ++i) {
        data::SplitMix64 random = data::randomOf(5, i);
        all.push_back(named(name).draw(random, height, width));
    }
    return all;
}

/// What a grey image of 2 x 3 pixels becomes when bytes stay as they are.
std::vector<float> changed(const ImageChange& change) {
    const std::vector<std::int64_t> shape{1, 2, 3};
    std::vector<float> same(256);
    for (std::size_t i = 0; i < same.size(); ++i) same[i] = static_cast<float>(i);
    const data::ByteTables tables{same};
    data::ImageBatch batch(shape, tables, 1);
    const std::uint8_t pixels[] = {1, 2, 3, 4, 5, 6};
    batch.add(pixels, 0, change);
    const at::Tensor made = std::move(batch).take().inputs[0];
    return {made.const_data_ptr<float>(), made.const_data_ptr<float>() + 6};
}

/// Samples 0 .. count - 1, all of whose pixels have the value 10 + sample; 4 x 4 pixels.
data::DatasetPtr solid(std::size_t count, const std::string& augment) {
    data::LabelledImages images;
    for (std::size_t i = 0; i < count; ++i) {
        images.pixels.insert(images.pixels.end(), 16, static_cast<std::uint8_t>(10 + i));
        images.labels.push_back(0);
    }
    data::DatasetInfo info;
    info.sampleShape = {1, 4, 4};
    info.classes = {"0"};
    const data::DataSpec spec{.path = {}, .validation = 0, .augment = augment};
    return data::makeMemoryImages({info, spec, {{0.f}, {1.f}}, images, {}}).value();
}

}  // namespace

class TestAugmentation : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void mnistShifts();
    void cifarShiftsAndMirrors();
    void imageNetTakesParts();
    void partsOfANarrowImage();
    void unknownNamesAreRefused();
    void movesAndMirrorsPixels();
    void dependsOnSeedAndSampleAlone();
    void noneIsNone();
};

void TestAugmentation::mnistShifts() {
    std::set<std::pair<std::int64_t, std::int64_t>> seen;
    for (const ImageChange& change : draws("mnist", 2000, 28, 28)) {
        QVERIFY(!change.isMirrored && !change.region);
        seen.emplace(change.down, change.right);
        QVERIFY(std::abs(change.down) <= 2 && std::abs(change.right) <= 2);
    }
    QCOMPARE(seen.size(), std::size_t{25});
}

void TestAugmentation::cifarShiftsAndMirrors() {
    std::set<std::pair<std::int64_t, std::int64_t>> seen;
    int mirrored = 0;
    for (const ImageChange& change : draws("cifar10", 4000, 32, 32)) {
        seen.emplace(change.down, change.right);
        mirrored += change.isMirrored ? 1 : 0;
    }
    QCOMPARE(seen.size(), std::size_t{81});
    QVERIFY2(std::abs(mirrored - 2000) < 160, "more than five standard deviations from a half");
}

void TestAugmentation::imageNetTakesParts() {
    double least = 1;
    double most = 0;
    for (const ImageChange& change : draws("imagenet", 4000, 375, 500)) {
        QVERIFY(change.region);
        const data::Region& part = *change.region;
        QVERIFY(part.top >= 0 && part.left >= 0 && part.top + part.height <= 375 &&
                part.left + part.width <= 500);
        const double share = static_cast<double>(part.height * part.width) / (375.0 * 500.0);
        const double ratio = static_cast<double>(part.width) / static_cast<double>(part.height);
        least = std::min(least, share);
        most = std::max(most, share);
        QVERIFY(ratio > 0.74 && ratio < 1.35);  // 3:4 to 4:3, less the rounding
        QVERIFY(share > 0.079 && share <= 1);
    }
    QVERIFY(least < 0.09 && most > 0.95);
}

void TestAugmentation::partsOfANarrowImage() {
    // No part of the right shape is found: the largest one in the middle.
    for (const ImageChange& change : draws("imagenet", 50, 10, 1000)) {
        const data::Region& part = *change.region;
        QVERIFY(part.height >= 1 && part.height <= 10 && part.width <= 13);
    }
    data::SplitMix64 random(1);
    const auto change = named("imagenet").draw(random, 1, 100);
    QCOMPARE(change.region->height, 1);
    QCOMPARE(change.region->width, 1);
}

void TestAugmentation::unknownNamesAreRefused() {
    const auto found = data::findAugmentation("imagnet");
    QVERIFY(!found);
    QCOMPARE(found.error().text(),
             std::string("Cannot augment as 'imagnet': there is no augmentation of that name. Use "
                         "one of mnist, cifar10, imagenet, or none."));
    QVERIFY(*data::findAugmentation("") == nullptr);
    QCOMPARE(data::augmentationNames(), (std::vector<std::string>{"mnist", "cifar10", "imagenet"}));
}

void TestAugmentation::movesAndMirrorsPixels() {
    QCOMPARE(changed({}), (std::vector<float>{1, 2, 3, 4, 5, 6}));
    QCOMPARE(changed({.down = 1}), (std::vector<float>{0, 0, 0, 1, 2, 3}));
    QCOMPARE(changed({.down = -1, .right = 1}), (std::vector<float>{0, 4, 5, 0, 0, 0}));
    QCOMPARE(changed({.isMirrored = true}), (std::vector<float>{3, 2, 1, 6, 5, 4}));
    // Moved first: black comes in on the left, and is on the right after mirroring.
    QCOMPARE(changed({.right = 1, .isMirrored = true}), (std::vector<float>{2, 1, 0, 5, 4, 0}));
    QCOMPARE(changed({.down = 5}), (std::vector<float>{0, 0, 0, 0, 0, 0}));
}

void TestAugmentation::dependsOnSeedAndSampleAlone() {
    for (const std::string& name : data::augmentationNames()) {
        const auto dataset = solid(40, name);
        const std::vector<std::int64_t> all{3, 1, 4, 15, 9, 2, 6};
        const at::Tensor together = dataset->augmented(Split::Train, all, 7).inputs[0];
        for (std::size_t i = 0; i < all.size(); ++i) {
            const std::vector one{all[i]};
            const at::Tensor alone = dataset->augmented(Split::Train, one, 7).inputs[0];
            QVERIFY(at::equal(together[static_cast<std::int64_t>(i)], alone[0]));
        }
        QVERIFY(name == "imagenet" ||
                !at::equal(together, dataset->augmented(Split::Train, all, 8).inputs[0]));
    }
}

void TestAugmentation::noneIsNone() {
    const auto dataset = solid(4, "");
    const std::vector<std::int64_t> all{0, 1, 2, 3};
    QVERIFY(at::equal(dataset->augmented(Split::Train, all, 1).inputs[0],
                      dataset->batch(Split::Train, all).inputs[0]));
}

QTEST_GUILESS_MAIN(TestAugmentation)
#include "tst_augmentation.moc"
