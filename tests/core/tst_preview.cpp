// SPDX-License-Identifier: GPL-3.0-or-later
// What people are shown of a dataset.
#include <QTest>

#include "core/data/memory_images_torch.h"
#include "core/data/preview.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;
using data::Split;

namespace {

/// Grey images of 1 x 2 pixels, the first black, the second with the value of the sample.
data::DatasetPtr images(std::size_t count) {
    data::LabelledImages images;
    for (std::size_t i = 0; i < count; ++i) {
        images.pixels.insert(images.pixels.end(), {0, static_cast<std::uint8_t>(i)});
        images.labels.push_back(static_cast<std::int64_t>(i % 2));
    }
    data::DatasetInfo info;
    info.sampleShape = {1, 1, 2};
    info.classes = {"cat", "dog"};
    const data::DataSpec spec{.path = {}, .validation = 0};
    return data::makeMemoryImages({info, spec, {{0.5f}, {0.25f}}, images, {}}).value();
}

}  // namespace

class TestPreview : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void spreadOverTheSplit();
    void picturesAreStretched();
    void numbersInsteadOfPictures();
    void valuesThatAreNotNormalised();
    void emptyAndCancelled();

private:
    RunControl m_control;
};

void TestPreview::spreadOverTheSplit() {
    const auto preview = data::previewSamples(*images(100), 4, m_control);
    QVERIFY(preview);
    QCOMPARE(preview->split, Split::Train);
    QCOMPARE(preview->samples.size(), std::size_t{4});  // 0, 25, 50, 75
    QCOMPARE(preview->samples[0].label, std::string("cat"));
    QCOMPARE(preview->samples[1].label, std::string("dog"));
    QCOMPARE(data::previewSamples(*images(3), 9, m_control)->samples.size(), std::size_t{3});
}

void TestPreview::picturesAreStretched() {
    const auto preview = data::previewSamples(*images(101), 101, m_control);
    QVERIFY(std::abs(preview->lowest - -2) < 1e-6);  // (0 - 0.5) / 0.25
    QVERIFY(std::abs(preview->highest - (100.0 / 255 - 0.5) / 0.25) < 1e-6);
    const data::SamplePreview& middle = preview->samples[20];
    QCOMPARE(middle.height, 1);
    QCOMPARE(middle.width, 2);
    QCOMPARE(middle.channels, 1);
    QCOMPARE(middle.pixels, (std::vector<std::uint8_t>{0, 51}));  // 20 of 100
    QVERIFY(preview->warnings.empty());
}

void TestPreview::numbersInsteadOfPictures() {
    const ToyData::Part part{at::arange(24).reshape({2, 12}), at::tensor({1, 0}, at::kLong)};
    const ToyData dataset(part, part, part, 2);
    const auto preview = data::previewSamples(dataset, 5, m_control);
    QCOMPARE(preview->samples[1].numbers, std::string("12, 13, 14, 15, 16, 17, 18, 19, …"));
    QCOMPARE(preview->samples[1].label, std::string("0"));
    QVERIFY(preview->samples[1].pixels.empty());
    QVERIFY(preview->warnings.empty());  // integers need no normalising
}

void TestPreview::valuesThatAreNotNormalised() {
    const ToyData::Part part{at::full({3, 1, 2, 2}, 255.0f), at::zeros({3}, at::kLong)};
    const auto preview = data::previewSamples(ToyData(part, part, part, 1), 3, m_control);
    QVERIFY(preview->warnings.at(0).find("values reach 255") == 0);
    const ToyData::Part same{at::full({3, 1, 2, 2}, 1.0f), at::zeros({3}, at::kLong)};
    QCOMPARE(data::previewSamples(ToyData(same, same, same, 1), 3, m_control)->warnings.at(0),
             std::string("all values are the same"));
}

void TestPreview::emptyAndCancelled() {
    const ToyData::Part part{at::zeros({0, 1}), at::zeros({0}, at::kLong)};
    const auto empty = data::previewSamples(ToyData(part, part, part, 1), 3, m_control);
    QVERIFY(!empty);
    QCOMPARE(empty.error().why, std::string("all its splits are empty"));
    RunControl stopped;
    stopped.requestStop();
    QCOMPARE(data::previewSamples(*images(3), 3, stopped).error().kind, Error::Kind::Cancelled);
}

QTEST_GUILESS_MAIN(TestPreview)
#include "tst_preview.moc"
