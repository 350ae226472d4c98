// SPDX-License-Identifier: GPL-3.0-or-later
// Opening datasets: what is found, how it is split and normalised, what is refused.
#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include "core/data/dataset_torch.h"
#include "tests/support/idx_files.h"

using namespace espalier;
using namespace espalier::test;
using data::Split;

class TestDataOpen : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void opensFourFiles();
    void opensOtherSpellings_data();
    void opensOtherSpellings();
    void batchIsNormalisedLikeTorchvision();
    void splitsShareNoSample();
    void validationCanBeChanged();
    void onlyTestFiles();
    void onlyTrainingFiles();
    void ownMeanAndDeviation();
    void refusesWrongOptions_data();
    void refusesWrongOptions();
    void refusesWhatDoesNotFit();
    void namesWhatIsMissing();
    void mnist();

private:
    std::string folder() const { return m_folder->path().toStdString(); }
    data::DatasetPtr open(const data::DataSpec& spec) {
        auto dataset = data::openDataset(spec, m_control);
        if (!dataset) qWarning("%s", dataset.error().text().c_str());
        return dataset ? *dataset : nullptr;
    }
    Error failure(const data::DataSpec& spec) {
        const auto dataset = data::openDataset(spec, m_control);
        return dataset ? Error{} : dataset.error();
    }
    std::unique_ptr<QTemporaryDir> m_folder;
    RunControl m_control;
};

void TestDataOpen::init() {
    m_folder = std::make_unique<QTemporaryDir>();
}

void TestDataOpen::opensFourFiles() {
    writeIdxPair(folder(), "train", 40, 2, 3, 4);
    writeIdxPair(folder(), "t10k", 8, 2, 3, 4);
    const auto dataset = open({folder()});
    QVERIFY(dataset);
    const data::DatasetInfo& info = data::info(*dataset);
    QCOMPARE(info.name, m_folder->path().section('/', -1).toStdString());
    QCOMPARE(info.kind, std::string("IDX files"));
    QCOMPARE(info.sampleShape, (std::vector<std::int64_t>{1, 2, 3}));
    QCOMPARE(info.classes, (std::vector<std::string>{"0", "1", "2", "3"}));
    QCOMPARE(info.train, 36);
    QCOMPARE(info.validation, 4);
    QCOMPARE(info.test, 8);
    QVERIFY(info.notes.empty());
    QCOMPARE(data::spec(*dataset).path, std::filesystem::path(folder()));
}

void TestDataOpen::opensOtherSpellings_data() {
    QTest::addColumn<QString>("images");
    QTest::addColumn<QString>("labels");
    QTest::addColumn<QString>("opened");
    QTest::newRow("gzip") << "t10k-images-idx3-ubyte.gz"
                          << "t10k-labels-idx1-ubyte.gz"
                          << "";
    QTest::newRow("dotted") << "t10k-images.idx3-ubyte"
                            << "t10k-labels.idx1-ubyte"
                            << "";
    QTest::newRow("mixed") << "t10k-images.idx3-ubyte.gz"
                           << "t10k-labels-idx1-ubyte"
                           << "";
    QTest::newRow("one of the files") << "t10k-images-idx3-ubyte"
                                      << "t10k-labels-idx1-ubyte"
                                      << "t10k-labels-idx1-ubyte";
    QTest::newRow("slash at the end") << "t10k-images-idx3-ubyte"
                                      << "t10k-labels-idx1-ubyte"
                                      << "./";
}

void TestDataOpen::opensOtherSpellings() {
    QFETCH(QString, images);
    QFETCH(QString, labels);
    QFETCH(QString, opened);
    const auto write = [&](const QString& name, const std::string& bytes) {
        const std::string path = folder() + "/" + name.toStdString();
        name.endsWith(".gz") ? writeGzip(path, bytes) : writeBytes(path, bytes);
    };
    write(images, idxBytes({2, 1, 2}, {1, 2, 3, 4}));
    write(labels, idxBytes({2}, {1, 0}));
    const auto dataset = open({folder() + "/" + opened.toStdString()});
    QVERIFY(dataset);
    QCOMPARE(data::info(*dataset).test, 2);
    QCOMPARE(data::info(*dataset).name, m_folder->path().section('/', -1).toStdString());
}

void TestDataOpen::batchIsNormalisedLikeTorchvision() {
    writeBytes(folder() + "/t10k-images-idx3-ubyte", idxBytes({2, 1, 3}, {0, 1, 2, 100, 200, 255}));
    writeBytes(folder() + "/t10k-labels-idx1-ubyte", idxBytes({2}, {3, 1}));
    const auto dataset = open({folder()});
    QVERIFY(dataset);
    const std::vector<std::int64_t> order{1, 0};
    const data::Batch batch = dataset->batch(Split::Test, order);
    QCOMPARE(batch.inputs.size(), std::size_t{1});
    QCOMPARE(batch.inputs[0].sizes().vec(), (std::vector<std::int64_t>{2, 1, 1, 3}));
    // torch: torch.tensor(v, dtype=uint8).float().div(255).sub(0.1307).div(0.3081), as float32
    const std::vector<float> expected{0.848610401f,  2.12143397f,   2.82148671f,
                                      -0.424212962f, -0.411484718f, -0.398756504f};
    for (std::size_t i = 0; i < expected.size(); ++i)
        QCOMPARE(batch.inputs[0].data_ptr<float>()[i], expected[i]);
    QCOMPARE(batch.targets.data_ptr<std::int64_t>()[0], 1);
    QCOMPARE(batch.targets.data_ptr<std::int64_t>()[1], 3);
}

void TestDataOpen::splitsShareNoSample() {
    writeIdxPair(folder(), "train", 200, 1, 1,
                 10);  // the value of image i is i: it tells which image it is
    writeIdxPair(folder(), "t10k", 3, 1, 1, 1);
    const auto dataset =
        open({.path = folder(), .mean = {0}, .deviation = {1.0 / 255}, .validation = 0.3});
    QVERIFY(dataset);
    std::vector<int> seen(200);
    for (const Split split : {Split::Train, Split::Validation}) {
        for (std::int64_t i = 0; i < data::sampleCount(*dataset, split); ++i) {
            const data::Batch one = dataset->batch(split, std::vector{i});
            const int image = qRound(one.inputs[0].item<float>());
            QCOMPARE(one.targets.item<std::int64_t>(), image % 10);
            ++seen[std::size_t(image)];
        }
    }
    QVERIFY(std::ranges::all_of(seen, [](int times) { return times == 1; }));
    QCOMPARE(data::sampleCount(*dataset, Split::Validation), 60);
}

void TestDataOpen::validationCanBeChanged() {
    writeIdxPair(folder(), "train", 40, 2, 3, 4);
    const auto dataset = open({.path = folder(), .validation = 0});
    QVERIFY(dataset);
    QCOMPARE(data::info(*dataset).validation, 0);
    const auto other = dataset->withValidation(0.5);
    QCOMPARE(data::info(*other).validation, 20);
    QCOMPARE(data::spec(*other).validation, 0.5);
    QCOMPARE(data::info(*dataset).validation, 0);
}

void TestDataOpen::onlyTestFiles() {
    writeIdxPair(folder(), "t10k", 8, 2, 3, 4);
    const auto dataset = open({folder()});
    QVERIFY(dataset);
    QCOMPARE(data::info(*dataset).train, 0);
    QCOMPARE(data::info(*dataset).validation, 8);
    QCOMPARE(data::info(*dataset).notes,
             (std::vector<std::string>{
                 "choices are made on the test split: there is no training split"}));
    const std::vector<std::int64_t> last{7};
    QVERIFY(dataset->batch(Split::Validation, last)
                .inputs[0]
                .equal(dataset->batch(Split::Test, last).inputs[0]));
}

void TestDataOpen::onlyTrainingFiles() {
    writeIdxPair(folder(), "train", 40, 2, 3, 4);
    const auto dataset = open({folder()});
    QVERIFY(dataset);
    QCOMPARE(data::info(*dataset).test, 0);
    QCOMPARE(data::info(*dataset).notes, (std::vector<std::string>{"there is no test split"}));
}

void TestDataOpen::ownMeanAndDeviation() {
    writeBytes(folder() + "/t10k-images-idx3-ubyte", idxBytes({1, 1, 2}, {0, 255}));
    writeBytes(folder() + "/t10k-labels-idx1-ubyte", idxBytes({1}, {0}));
    const std::vector<std::int64_t> first{0};
    const auto dataset = open({.path = folder(), .mean = {0.5}, .deviation = {0.25}});
    const at::Tensor pixels = dataset->batch(Split::Test, first).inputs[0];
    QCOMPARE(pixels.data_ptr<float>()[0], -2.0f);
    QCOMPARE(pixels.data_ptr<float>()[1], 2.0f);
    const auto half = open({.path = folder(), .mean = {0.3081}});  // the deviation is the preset's
    QCOMPARE(half->batch(Split::Test, first).inputs[0].data_ptr<float>()[0], -1.0f);
}

void TestDataOpen::refusesWrongOptions_data() {
    QTest::addColumn<QString>("preset");
    QTest::addColumn<QList<double>>("mean");
    QTest::addColumn<QList<double>>("deviation");
    QTest::addColumn<double>("validation");
    QTest::addColumn<QString>("says");
    using Values = QList<double>;
    QTest::newRow("unknown preset") << "svhn" << Values{} << Values{} << 0.1 << "no preset 'svhn'";
    QTest::newRow("colour preset")
        << "cifar10" << Values{} << Values{} << 0.1 << "preset cifar10 has 3 channel";
    QTest::newRow("three means") << "" << Values{1, 2, 3} << Values{} << 0.1
                                 << "mean has 3 channel(s), the images have 1";
    QTest::newRow("two deviations")
        << "" << Values{} << Values{1, 2} << 0.1 << "deviation has 2 channel(s)";
    QTest::newRow("zero deviation") << "" << Values{} << Values{0} << 0.1 << "above 0";
    QTest::newRow("not a number") << "" << Values{qQNaN()} << Values{} << 0.1 << "finite";
    QTest::newRow("negative share") << "" << Values{} << Values{} << -0.1 << "validation share";
    QTest::newRow("all of it") << "" << Values{} << Values{} << 1.0 << "validation share";
}

void TestDataOpen::refusesWrongOptions() {
    QFETCH(QString, preset);
    QFETCH(QList<double>, mean);
    QFETCH(QList<double>, deviation);
    QFETCH(double, validation);
    QFETCH(QString, says);
    writeIdxPair(folder(), "t10k", 8, 2, 3, 4);
    const data::DataSpec spec{folder(),
                              preset.toStdString(),
                              {mean.begin(), mean.end()},
                              {deviation.begin(), deviation.end()},
                              validation};
    const Error error = failure(spec);
    QCOMPARE(error.kind, Error::Kind::BadArgument);
    QVERIFY2(error.text().find(says.toStdString()) != std::string::npos, error.text().c_str());
}

void TestDataOpen::refusesWhatDoesNotFit() {
    writeIdxPair(folder(), "t10k", 8, 2, 3, 4);
    writeBytes(folder() + "/t10k-labels-idx1-ubyte", idxBytes({7}, std::vector<std::uint8_t>(7)));
    Error error = failure({folder()});
    QCOMPARE(error.kind, Error::Kind::Mismatch);
    QVERIFY2(error.text().find("8 images, t10k-labels-idx1-ubyte 7 labels") != std::string::npos,
             error.text().c_str());

    writeIdxPair(folder(), "t10k", 8, 2, 3, 4);
    writeIdxPair(folder(), "train", 8, 3, 2, 4);
    error = failure({folder()});
    QCOMPARE(error.kind, Error::Kind::Mismatch);
    QVERIFY(error.text().find("training images are 3x2, test images 2x3") != std::string::npos);
}

void TestDataOpen::namesWhatIsMissing() {
    Error error = failure({folder() + "/nowhere"});
    QCOMPARE(error.kind, Error::Kind::NotFound);
    QVERIFY(error.text().find("nowhere") != std::string::npos);

    error = failure({folder()});
    QCOMPARE(error.kind, Error::Kind::NotFound);
    QVERIFY(error.text().find("train-images-idx3-ubyte") != std::string::npos);

    writeIdxPair(folder(), "train", 8, 2, 3, 4);
    QVERIFY(QFile::remove(m_folder->filePath("train-labels-idx1-ubyte")));
    error = failure({folder()});
    QCOMPARE(error.kind, Error::Kind::NotFound);
    QVERIFY(error.text().find("train-labels-idx1-ubyte") != std::string::npos);

    writeBytes(folder() + "/train-labels-idx1-ubyte", "\x1f\x8b broken");
    error = failure({folder()});
    QCOMPARE(error.kind, Error::Kind::Damaged);
    QVERIFY(error.text().find("train-labels-idx1-ubyte") != std::string::npos);
}

void TestDataOpen::mnist() {
    const QString path = ESPALIER_SOURCE_DIR "/resources/examples/mnist";
    const auto dataset = open({path.toStdString()});
    QVERIFY(dataset);
    const data::DatasetInfo& info = data::info(*dataset);
    QCOMPARE(info.name, std::string("mnist"));
    QCOMPARE(info.classes.size(), std::size_t{10});
    // Sum of round(0.1 n) over the classes of 5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851,
    // 5949 images.
    QCOMPARE(info.validation, 592 + 674 + 596 + 613 + 584 + 542 + 592 + 627 + 585 + 595);
    QCOMPARE(info.train, 60000 - info.validation);
    QCOMPARE(info.test, 10000);
    std::vector<std::int64_t> all(10000);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = std::int64_t(i);
    const data::Batch test = dataset->batch(Split::Test, all);
    QVERIFY(std::abs(test.inputs[0].mean().item<double>() - (0.005890)) < 1e-4);
    QCOMPARE(test.targets.sum().item<std::int64_t>(), 44434);
}

QTEST_GUILESS_MAIN(TestDataOpen)
#include "tst_data_open.moc"
