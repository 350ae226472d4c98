// SPDX-License-Identifier: GPL-3.0-or-later
// Image folders that are read while they are used: sizes, broken and vanished files, repeatability.
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

#include <ATen/ATen.h>

#include "core/data/loader_torch.h"
#include "tests/support/image_files.h"

using namespace espalier;
using namespace espalier::test;
using data::Split;

class TestStreamedImages : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void manySizesBecomeOne();
    void manySizesNeedOptions();
    void imageNetPresetBringsItsOwn();
    void exactSizeAndCrop();
    void greyAsColour();
    void pixelsAreScaled();
    void brokenHeadersAreLeftOut();
    void brokenBodiesAreLeftOutOfTheirBatch();
    void aFolderThatDisappears();
    void aFileThatChanges();
    void cropLargerThanAnImage();
    void sameWithAnyNumberOfWorkers_data();
    void sameWithAnyNumberOfWorkers();
    void validationIsShared();
    void optionsForFilesInMemory();
    void canBeCancelled();

private:
    std::filesystem::path root() const { return m_folder->path().toStdString(); }
    void image(const std::string& path, std::uint32_t width, std::uint32_t height,
               std::uint8_t red) {
        writeFile(root() / path, solidPng(width, height, red, 0, 255));
    }
    /// Images of many sizes whose red is their number.
    void photos(const std::string& folder, int count) {
        for (int i = 0; i < count; ++i) {
            const auto width = static_cast<std::uint32_t>(20 + i * 7 % 13);
            image(folder + "/" + std::to_string(100 + i) + ".png", width, 24,
                  static_cast<std::uint8_t>(i));
        }
    }
    data::DataSpec spec() const {
        return {.path = root(),
                .mean = {0, 0, 0},
                .deviation = {1, 1, 1},
                .resize = {12},
                .crop = {10}};
    }
    data::DatasetPtr open(const data::DataSpec& spec) {
        auto dataset = data::openDataset(spec, m_control);
        if (!dataset) qWarning("%s", dataset.error().text().c_str());
        return dataset ? *dataset : nullptr;
    }
    Error failure(const data::DataSpec& spec) {
        const auto dataset = data::openDataset(spec, m_control);
        return dataset ? Error{} : dataset.error();
    }
    static std::vector<std::int64_t> reds(const data::Batch& batch) {
        std::vector<std::int64_t> values;
        for (std::int64_t i = 0; i < batch.samples(); ++i)
            values.push_back(std::llround(batch.inputs[0][i][0].mean().item<double>() * 255));
        return values;
    }
    std::unique_ptr<QTemporaryDir> m_folder;
    RunControl m_control;
};

void TestStreamedImages::manySizesBecomeOne() {
    photos("train/a", 20);
    photos("test/a", 3);
    photos("test/b", 2);
    const auto dataset = open(spec());
    QVERIFY(dataset);
    const auto& info = data::info(*dataset);
    QCOMPARE(info.sampleShape, (std::vector<std::int64_t>{3, 10, 10}));
    QCOMPARE(info.train, 18);
    QCOMPARE(info.validation, 2);
    QCOMPARE(info.test, 5);
    const std::vector<std::int64_t> order{4, 0, 2};
    const data::Batch batch = dataset->batch(Split::Test, order);
    QCOMPARE(batch.inputs[0].sizes().vec(), (std::vector<std::int64_t>{3, 3, 10, 10}));
    QCOMPARE(reds(batch), (std::vector<std::int64_t>{1, 0, 2}));
    QCOMPARE(batch.targets.data_ptr<std::int64_t>()[0], 1);
    // A second time they come from memory.
    QVERIFY(at::equal(dataset->batch(Split::Test, order).inputs[0], batch.inputs[0]));
}

void TestStreamedImages::manySizesNeedOptions() {
    photos("test/a", 3);
    const Error error = failure({.path = root()});
    QCOMPARE(error.kind, Error::Kind::Mismatch);
    QVERIFY(error.hint.find("--resize 256 --crop 224") != std::string::npos);
    // The shorter side alone leaves the longer ones different.
    QCOMPARE(failure({.path = root(), .resize = {12}}).kind, Error::Kind::Mismatch);
}

void TestStreamedImages::imageNetPresetBringsItsOwn() {
    photos("test/a", 3);
    const auto dataset = open({.path = root(), .preset = "imagenet"});
    QVERIFY(dataset);
    const auto& info = data::info(*dataset);
    QCOMPARE(info.sampleShape, (std::vector<std::int64_t>{3, 224, 224}));
    QVERIFY(info.notes.at(0).find("preset imagenet says") != std::string::npos);
}

void TestStreamedImages::exactSizeAndCrop() {
    image("test/a/0.png", 33, 20, 1);
    QCOMPARE(data::info(*open({.path = root(), .resize = {5, 7}})).sampleShape,
             (std::vector<std::int64_t>{3, 5, 7}));
    QCOMPARE(data::info(*open({.path = root(), .crop = {6, 30}})).sampleShape,
             (std::vector<std::int64_t>{3, 6, 30}));
    QCOMPARE(data::info(*open({.path = root(), .resize = {10}})).sampleShape,
             (std::vector<std::int64_t>{3, 10, 16}));
}

void TestStreamedImages::greyAsColour() {
    for (const std::string name : {"a/0.png", "a/1.png"}) {
        writeFile(root() / "test" / name, pngBytes(4, 4, PNG_COLOR_TYPE_GRAY, 8, Bytes(16, 77)));
    }
    const auto dataset = open(spec());
    QCOMPARE(data::info(*dataset).sampleShape, (std::vector<std::int64_t>{3, 10, 10}));
    const std::vector<std::int64_t> first{0};
    const at::Tensor pixels = dataset->batch(Split::Test, first).inputs[0] * 255;
    QVERIFY(at::allclose(pixels, at::full({1, 3, 10, 10}, 77.0)));
}

void TestStreamedImages::pixelsAreScaled() {
    Bytes pixels;
    for (int i = 0; i < 16; ++i) pixels.push_back(static_cast<std::uint8_t>(i * 10));
    writeFile(root() / "test/a/0.png", pngBytes(4, 4, PNG_COLOR_TYPE_GRAY, 8, pixels));
    const auto dataset = open({.path = root(), .mean = {0}, .deviation = {1}, .resize = {2}});
    const std::vector<std::int64_t> first{0};
    const at::Tensor got = (dataset->batch(Split::Test, first).inputs[0] * 255).round();
    // PIL: Image.resize((2, 2), BILINEAR)
    QVERIFY(at::equal(got.flatten(), at::tensor({36., 52., 98., 114.}, at::kFloat)));
}

void TestStreamedImages::brokenHeadersAreLeftOut() {
    photos("test/a", 4);
    writeFile(root() / "test/a/101.png", "not an image");
    writeFile(root() / "test/a/103.png", "");
    const auto dataset = open(spec());
    QVERIFY(dataset);
    QCOMPARE(data::info(*dataset).test, 2);
    const auto note = QString::fromStdString(data::info(*dataset).notes.at(0));
    QVERIFY2(note.startsWith("2 broken images left out: test/a/101.png (it is neither"),
             qPrintable(note));
    QVERIFY2(note.contains("test/a/103.png (the file is empty)"), qPrintable(note));
}

void TestStreamedImages::brokenBodiesAreLeftOutOfTheirBatch() {
    photos("test/a", 4);
    const std::string whole = solidPng(30, 30, 1, 0, 255);
    writeFile(root() / "test/a/101.png", whole.substr(0, whole.size() - 30));
    const auto dataset = open(spec());
    const std::vector<std::int64_t> all{0, 1, 2, 3};
    const data::Batch batch = dataset->batch(Split::Test, all);
    QCOMPARE(reds(batch), (std::vector<std::int64_t>{0, 2, 3}));
    QCOMPARE(batch.targets.numel(), 3);
    const std::vector<std::int64_t> broken{1};
    QVERIFY_EXCEPTION_THROWN(dataset->batch(Split::Test, broken), data::ReadError);
}

void TestStreamedImages::aFolderThatDisappears() {
    photos("train/a", 12);
    photos("test/a", 2);
    const auto dataset = open(spec());
    data::Loader loader(*dataset, Split::Train, 2, 0);
    QVERIFY(loader.next(m_control));
    std::filesystem::remove_all(root() / "train");
    bool hasFailed = false;
    while (loader.hasNext() && !hasFailed) {
        const auto batch = loader.next(m_control);
        hasFailed = !batch;
        if (!hasFailed) continue;
        QCOMPARE(batch.error().kind, Error::Kind::NotFound);
        QVERIFY(batch.error().what.find("Cannot read train/a/1") == 0);
        QVERIFY(batch.error().hint.find(root().string()) != std::string::npos);
    }
    // What was read before may still be dealt; a new epoch needs the files that were not.
    loader.startEpoch(2);
    while (loader.hasNext() && !hasFailed) hasFailed = !loader.next(m_control);
    QVERIFY(hasFailed);
}

void TestStreamedImages::aFileThatChanges() {
    image("test/a/0.png", 20, 20, 1);
    image("test/a/1.png", 20, 20, 2);
    const auto dataset =
        open({.path = root(), .mean = {0, 0, 0}, .deviation = {1, 1, 1}, .resize = {10}});
    image("test/a/0.png", 80, 20, 1);  // its sample would be four times as wide
    const std::vector<std::int64_t> all{0, 1};
    QCOMPARE(reds(dataset->batch(Split::Test, all)), (std::vector<std::int64_t>{2}));
}

void TestStreamedImages::cropLargerThanAnImage() {
    photos("test/a", 2);
    image("test/b/small.png", 9, 30, 0);
    const Error error = failure({.path = root(), .crop = {16}});
    QCOMPARE(error.kind, Error::Kind::Mismatch);
    QCOMPARE(error.why, std::string("test/b/small.png: 16x16 pixels are to be cut out of 30x9"));
}

void TestStreamedImages::sameWithAnyNumberOfWorkers_data() {
    QTest::addColumn<QString>("augment");
    for (const char* name : {"", "mnist", "cifar10", "imagenet"})
        QTest::newRow(*name ? name : "none") << QString(name);
}

void TestStreamedImages::sameWithAnyNumberOfWorkers() {
    QFETCH(QString, augment);
    photos("train/a", 23);
    photos("train/b", 20);
    std::vector<at::Tensor> expected;
    for (const int workers : {1, 3, 8}) {
        data::DataSpec asked = spec();
        asked.workers = workers;
        asked.augment = augment.toStdString();
        const auto dataset = open(asked);
        data::Loader loader(*dataset, Split::Train, 4, 9);
        std::vector<at::Tensor> got;
        for (const int epoch : {1, 2}) {
            loader.startEpoch(epoch);
            while (loader.hasNext()) {
                const auto batch = loader.next(m_control);
                QVERIFY(batch);
                got.push_back(batch->inputs[0]);
                got.push_back(batch->targets);
            }
        }
        if (expected.empty()) expected = got;
        QCOMPARE(got.size(), expected.size());
        for (std::size_t i = 0; i < got.size(); ++i) QVERIFY(at::equal(got[i], expected[i]));
    }
}

void TestStreamedImages::validationIsShared() {
    photos("train/a", 20);
    const auto dataset = open(spec());
    const auto half = dataset->withValidation(0.5);
    QCOMPARE(data::info(*half).train, 10);
    QCOMPARE(data::info(*half).validation, 10);
    QCOMPARE(data::spec(*half).resize, (std::vector<std::int64_t>{12}));
    const std::vector<std::int64_t> first{0};
    QCOMPARE(half->batch(Split::Validation, first).samples(), std::int64_t{1});
}

void TestStreamedImages::optionsForFilesInMemory() {
    // Images of one size that need no scaling are decoded once; crops make samples of others.
    for (int i = 0; i < 3; ++i) image("test/a/" + std::to_string(i) + ".png", 8, 6, 5);
    QVERIFY(!open({.path = root()})->readsFiles());
    QVERIFY(open({.path = root(), .crop = {4}})->readsFiles());
    QCOMPARE(failure({.path = root(), .augment = "nothing"}).kind, Error::Kind::BadArgument);
    QCOMPARE(failure({.path = root(), .crop = {4}, .augment = "nothing"}).kind,
             Error::Kind::BadArgument);
}

void TestStreamedImages::canBeCancelled() {
    photos("test/a", 3);
    RunControl control;
    control.requestStop();
    const auto dataset = data::openDataset(spec(), control);
    QVERIFY(!dataset);
    QCOMPARE(dataset.error().kind, Error::Kind::Cancelled);
}

QTEST_GUILESS_MAIN(TestStreamedImages)
#include "tst_streamed_images.moc"
