// SPDX-License-Identifier: GPL-3.0-or-later
// Image folders: layouts, splits, what is left out and what is refused.
#include <algorithm>

#include <QTemporaryDir>
#include <QTest>

#include <ATen/ATen.h>

#include "core/data/dataset_torch.h"
#include "core/data/image_folder_survey.h"
#include "tests/support/image_files.h"

using namespace espalier;
using namespace espalier::test;
using data::Split;

class TestImageFolder : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void trainAndTest();
    void batchIsNormalised();
    void valIsTestWithoutTest();
    void ownValidationFolder();
    void oneLevelIsSplit();
    void folderNamedLikeASplit();
    void classesAreSorted();
    void subfoldersAndOtherFiles();
    void greyImages();
    void presetDecidesOnColour();
    void brokenImagesAreLeftOut();
    void refusesOnlyBrokenImages();
    void refusesTwoSizes();
    void refusesWrongMean();
    void foldersWithoutImages();
    void withoutClassesThereAreNoLabels();
    void splitsWithoutClasses();
    void foldersOfClassesComeFirst();
    void contentTellsSamplesApart();
    void canBeCancelled();
    void linksToFoldersAreFollowed();
    void foldersThatAreNoClassAreNamed();
    void aFileThatIsGoneIsNoBrokenFile();

private:
    std::filesystem::path root() const { return m_folder->path().toStdString(); }
    void image(const std::string& path, std::uint8_t red = 0, std::uint8_t green = 0) {
        writeFile(root() / path, solidPng(4, 2, red, green, 255));
    }
    void images(const std::string& folder, int count) {
        for (int i = 0; i < count; ++i)
            image(folder + "/" + std::to_string(100 + i) + ".png", static_cast<std::uint8_t>(i));
    }
    data::DatasetPtr open(data::DataSpec spec = {}) {
        if (spec.path.empty()) spec.path = root();
        auto dataset = data::openDataset(spec, m_control);
        if (!dataset) qWarning("%s", dataset.error().text().c_str());
        return dataset ? *dataset : nullptr;
    }
    Error failure(data::DataSpec spec = {}) {
        if (spec.path.empty()) spec.path = root();
        const auto dataset = data::openDataset(spec, m_control);
        return dataset ? Error{} : dataset.error();
    }
    /// The labels of all samples of a split, in order.
    std::vector<std::int64_t> labels(const data::Dataset& dataset, Split split) {
        std::vector<std::int64_t> all(std::size_t(data::sampleCount(dataset, split)));
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = std::int64_t(i);
        const auto batch = dataset.batch(split, all);
        const auto* first = batch.targets.data_ptr<std::int64_t>();
        return {first, first + all.size()};
    }
    std::unique_ptr<QTemporaryDir> m_folder;
    RunControl m_control;
};

void TestImageFolder::linksToFoldersAreFollowed() {
    images("store/train/a", 2);
    images("store/train/b", 3);
    std::filesystem::create_directories(root() / "data");
    std::filesystem::create_directory_symlink(root() / "store/train", root() / "data/train");
    std::filesystem::create_directories(root() / "data/test");
    for (const char* name : {"a", "b"})
        std::filesystem::create_directory_symlink(root() / "store/train" / name,
                                                  root() / "data/test" / name);
    data::DataSpec spec;
    spec.path = root() / "data";
    const auto dataset = open(spec);
    QVERIFY(dataset);
    QCOMPARE(data::sampleCount(*dataset, Split::Test), std::int64_t{5});
    QCOMPARE(dataset->info().classes, (std::vector<std::string>{"a", "b"}));
}

void TestImageFolder::foldersThatAreNoClassAreNamed() {
    images("train/a", 2);
    images("train/c", 2);
    images("test/a", 2);
    images("test/c", 2);
    for (const char* split : {"train", "test"})
        std::filesystem::create_directories(root() / split / "b");
    const auto dataset = open();
    QVERIFY(dataset);
    const auto notes = dataset->info().notes;
    QCOMPARE(
        std::ranges::count_if(
            notes, [](const std::string& note) { return note.starts_with("the folder b has no"); }),
        1);
}

void TestImageFolder::aFileThatIsGoneIsNoBrokenFile() {
    images("train/a", 2);
    data::ImageFolderLayout layout;
    layout.classes = {"a"};
    layout.train = {{root() / "train/a/100.png", 0}, {root() / "train/a/gone.png", 0}};
    const auto geometry = data::Geometry::from({});
    QVERIFY(geometry.ok());
    data::BrokenFiles broken(root());
    const auto size = data::surveyFolder(root(), layout, *geometry, 1, broken, m_control);
    QVERIFY(!size.ok());
    QVERIFY(size.error().kind == Error::Kind::Unreadable);
    QVERIFY2(size.error().text().find("gone.png was there a moment ago") != std::string::npos,
             size.error().text().c_str());
}

void TestImageFolder::init() {
    m_folder = std::make_unique<QTemporaryDir>();
}

void TestImageFolder::trainAndTest() {
    images("train/cat", 20);
    images("train/dog", 10);
    images("test/cat", 2);
    images("test/dog", 3);
    const auto dataset = open({.path = root(), .preset = "cifar10"});
    QVERIFY(dataset);
    const data::DatasetInfo& info = data::info(*dataset);
    QCOMPARE(info.kind, std::string("image folder"));
    QCOMPARE(info.sampleShape, (std::vector<std::int64_t>{3, 2, 4}));
    QCOMPARE(info.classes, (std::vector<std::string>{"cat", "dog"}));
    QCOMPARE(info.train, 27);
    QCOMPARE(info.validation, 3);
    QCOMPARE(info.test, 5);
    QVERIFY(info.notes.empty());
    QCOMPARE(labels(*dataset, Split::Test), (std::vector<std::int64_t>{0, 0, 1, 1, 1}));
}

void TestImageFolder::batchIsNormalised() {
    image("test/a/0.png", 10, 20);
    image("test/b/0.png", 255, 0);
    const auto dataset = open({.path = root(), .preset = "cifar10"});
    QVERIFY(dataset);
    const std::vector<std::int64_t> order{1, 0};
    const data::Batch batch = dataset->batch(Split::Test, order);
    QCOMPARE(batch.inputs[0].sizes().vec(), (std::vector<std::int64_t>{2, 3, 2, 4}));
    QCOMPARE(batch.targets.data_ptr<std::int64_t>()[0], 1);
    // (v / 255 - mean) / deviation with 0.4914, 0.4822, 0.4465 and 0.2470, 0.2435, 0.2616.
    const double expected[2][3] = {{2.0591093, -1.9802875, 2.1158257},
                                   {-1.8307108, -1.6581890, 2.1158257}};
    for (std::int64_t sample = 0; sample < 2; ++sample) {
        for (std::int64_t channel = 0; channel < 3; ++channel) {
            const at::Tensor plane = batch.inputs[0][sample][channel];
            QVERIFY(std::abs(plane.min().item<double>() - expected[sample][channel]) < 1e-5);
            QVERIFY(std::abs(plane.max().item<double>() - expected[sample][channel]) < 1e-5);
        }
    }
}

void TestImageFolder::valIsTestWithoutTest() {
    images("train/a", 10);
    images("val/a", 4);
    const auto dataset = open();
    QVERIFY(dataset);
    QCOMPARE(data::info(*dataset).train, 9);
    QCOMPARE(data::info(*dataset).validation, 1);
    QCOMPARE(data::info(*dataset).test, 4);
}

void TestImageFolder::ownValidationFolder() {
    images("train/a", 10);
    images("train/b", 10);
    images("valid/b", 4);
    images("test/a", 3);
    const auto dataset = open();
    QVERIFY(dataset);
    QCOMPARE(data::info(*dataset).train, 20);
    QCOMPARE(data::info(*dataset).test, 3);
    QCOMPARE(labels(*dataset, Split::Validation), (std::vector<std::int64_t>{1, 1, 1, 1}));
}

void TestImageFolder::oneLevelIsSplit() {
    images("a", 40);
    images("b", 20);
    const auto dataset = open();
    QVERIFY(dataset);
    const data::DatasetInfo& info = data::info(*dataset);
    QCOMPARE(info.test, 4 + 2);
    QCOMPARE(info.validation, 4 + 2);  // round(0.1 · 36) + round(0.1 · 18)
    QCOMPARE(info.train, 60 - 12);
    QVERIFY(info.notes.at(0).find("tenth") != std::string::npos);
    QCOMPARE(labels(*dataset, Split::Test), (std::vector<std::int64_t>{0, 0, 0, 0, 1, 1}));
    const std::vector<std::int64_t> all{0, 1, 2, 3, 4, 5};
    const auto again = open();
    QVERIFY(at::equal(dataset->batch(Split::Test, all).inputs[0],
                      again->batch(Split::Test, all).inputs[0]));
}

void TestImageFolder::folderNamedLikeASplit() {
    images("test/a", 4);
    images("test/b", 3);
    const auto dataset = open({.path = root() / "test"});
    QVERIFY(dataset);
    QCOMPARE(data::info(*dataset).test, 7);
    QCOMPARE(data::info(*dataset).train, 0);
    QCOMPARE(data::info(*dataset).name, std::string("test"));
}

void TestImageFolder::classesAreSorted() {
    images("train/zebra", 2);
    images("train/ant", 2);
    images("test/bee", 1);
    images("test/zebra", 1);
    const auto dataset = open();
    QVERIFY(dataset);
    QCOMPARE(data::info(*dataset).classes, (std::vector<std::string>{"ant", "bee", "zebra"}));
    QCOMPARE(labels(*dataset, Split::Test), (std::vector<std::int64_t>{1, 2}));
}

void TestImageFolder::subfoldersAndOtherFiles() {
    images("test/a/left", 2);
    images("test/a", 1);
    writeFile(root() / "test/a/readme.txt", "nothing");
    writeFile(root() / "test/a/.hidden.png", "nothing");
    writeFile(root() / "test/empty/readme.txt", "nothing");
    writeFile(root() / "test/a/upper.JPG", jpegBytes(4, 2, TJPF_RGB, Bytes(24, 9)));
    const auto dataset = open();
    QVERIFY(dataset);
    QCOMPARE(data::info(*dataset).test, 4);
    QCOMPARE(data::info(*dataset).classes, (std::vector<std::string>{"a"}));
}

void TestImageFolder::greyImages() {
    for (const std::string name : {"a", "b"})
        writeFile(root() / "test" / name / "0.png",
                  pngBytes(2, 2, PNG_COLOR_TYPE_GRAY, 8, {1, 2, 3, 4}));
    const auto dataset = open();
    QVERIFY(dataset);
    QCOMPARE(data::info(*dataset).sampleShape, (std::vector<std::int64_t>{1, 2, 2}));
}

void TestImageFolder::presetDecidesOnColour() {
    writeFile(root() / "test/a/0.png", pngBytes(2, 2, PNG_COLOR_TYPE_GRAY, 8, {1, 2, 3, 4}));
    QCOMPARE(data::info(*open({.path = root(), .preset = "imagenet"})).sampleShape.at(0), 3);
    writeFile(root() / "test/b/0.png", solidPng(2, 2, 1, 2, 3));
    QCOMPARE(data::info(*open()).sampleShape.at(0), 3);
    QCOMPARE(data::info(*open({.path = root(), .preset = "mnist"})).sampleShape.at(0), 1);
}

void TestImageFolder::brokenImagesAreLeftOut() {
    images("test/a", 3);
    images("test/b", 2);
    writeFile(root() / "test/a/101.png", "not an image");
    writeFile(root() / "test/b/0.png", solidPng(4, 2, 1, 2, 3).substr(0, 50));
    const auto dataset = open({.path = root(), .preset = "cifar10"});
    QVERIFY(dataset);
    QCOMPARE(labels(*dataset, Split::Test), (std::vector<std::int64_t>{0, 0, 1, 1}));
    const auto& notes = data::info(*dataset).notes;
    const auto note = QString::fromStdString(notes.at(0));
    QVERIFY2(note.startsWith("2 broken images left out: test/a/101.png (it is neither"),
             qPrintable(note));
    QVERIFY2(note.contains("test/b/0.png (it ends early)"), qPrintable(note));
    // The images around the gap are the right ones: red is their number.
    const std::vector<std::int64_t> two{0, 1};
    const at::Tensor red = dataset->batch(Split::Test, two).inputs[0].select(1, 0).amax({1, 2});
    const at::Tensor values = red * 0.2470 * 255 + 0.4914 * 255;
    QVERIFY(std::abs(values[0].item<double>() - 0) < 1e-3);
    QVERIFY(std::abs(values[1].item<double>() - 2) < 1e-3);
}

void TestImageFolder::refusesOnlyBrokenImages() {
    writeFile(root() / "test/a/0.png", "nothing");
    writeFile(root() / "test/a/1.jpg", "nothing");
    const Error error = failure();
    QCOMPARE(error.kind, Error::Kind::Damaged);
    QVERIFY(error.why.find("none of its 2 images") != std::string::npos);
}

void TestImageFolder::refusesTwoSizes() {
    images("test/a", 1);
    writeFile(root() / "test/b/odd.png", solidPng(5, 5, 1, 2, 3));
    const Error error = failure();
    QCOMPARE(error.kind, Error::Kind::Mismatch);
    QCOMPARE(error.why, std::string("test/b/odd.png is 5x5, test/a/100.png is 4x2 pixels"));
}

void TestImageFolder::refusesWrongMean() {
    images("test/a", 1);
    QCOMPARE(failure({.path = root(), .mean = {0.1, 0.2}}).kind, Error::Kind::BadArgument);
    QCOMPARE(failure({.path = root(), .preset = "nothing"}).kind, Error::Kind::BadArgument);
}

void TestImageFolder::foldersWithoutImages() {
    writeFile(root() / "a/readme.txt", "nothing");
    const Error error = failure();
    QCOMPARE(error.kind, Error::Kind::NotFound);
    QVERIFY(error.why.find("a folder for each class") != std::string::npos);
}

void TestImageFolder::withoutClassesThereAreNoLabels() {
    images(".", 40);
    const auto dataset = open();
    QVERIFY(dataset);
    const data::DatasetInfo& info = data::info(*dataset);
    QCOMPARE(info.targets, data::Targets::None);
    QVERIFY(info.classes.empty());
    QCOMPARE(info.test, 4);
    QCOMPARE(info.train + info.validation, 36);
    QVERIFY(info.notes.at(0).find("a tenth of all") == 0);
    QVERIFY(info.notes.at(1).find("it has no labels") == 0);
    const std::vector<std::int64_t> two{0, 1};
    const data::Batch batch = dataset->batch(Split::Test, two);
    QVERIFY(!batch.targets.defined());
    QCOMPARE(batch.samples(), 2);
    // Read while they are used, they have none either.
    const auto streamed = open({.path = root(), .resize = {2, 2}});
    QVERIFY(!streamed->batch(Split::Test, two).targets.defined());
}

void TestImageFolder::splitsWithoutClasses() {
    images("train", 20);
    images("val", 3);
    images("test", 2);
    const auto dataset = open();
    QVERIFY(dataset);
    QCOMPARE(data::info(*dataset).targets, data::Targets::None);
    QCOMPARE(data::info(*dataset).train, 20);
    QCOMPARE(data::info(*dataset).validation, 3);
    QCOMPARE(data::info(*dataset).test, 2);
    const auto one = open({.path = root() / "test"});
    QCOMPARE(data::info(*one).test, 2);
    QCOMPARE(data::info(*one).train, 0);
}

void TestImageFolder::foldersOfClassesComeFirst() {
    images(".", 5);
    images("a", 10);
    const auto dataset = open();
    QVERIFY(dataset);
    QCOMPARE(data::info(*dataset).classes, (std::vector<std::string>{"a"}));
    QCOMPARE(data::info(*dataset).targets, data::Targets::Classes);
}

void TestImageFolder::contentTellsSamplesApart() {
    images(".", 40);
    const auto keyOf = [this](const data::DataSpec& spec) {
        Sha256 hash;
        open(spec)->addContent(hash, Split::Train, 30);
        return hash.hex();
    };
    for (const data::DataSpec& spec :
         {data::DataSpec{.path = root()}, data::DataSpec{.path = root(), .resize = {2, 2}}}) {
        const std::string before = keyOf(spec);
        QCOMPARE(keyOf(spec), before);
        image("120.png", 99);
        const std::string changed = keyOf(spec);
        QVERIFY(changed != before);
        image("120.png", 98);
        QVERIFY(keyOf(spec) != changed);
    }
}

void TestImageFolder::canBeCancelled() {
    images("test/a", 3);
    RunControl control;
    control.requestStop();
    const auto dataset = data::openDataset({.path = root()}, control);
    QVERIFY(!dataset);
    QCOMPARE(dataset.error().kind, Error::Kind::Cancelled);
}

QTEST_GUILESS_MAIN(TestImageFolder)
#include "tst_image_folder.moc"
