// SPDX-License-Identifier: GPL-3.0-or-later
// Damaged files of every kind through the core's public openers: each is taken or refused, quickly
// and in little memory. ESPALIER_FUZZ_INPUTS says how many (300), ESPALIER_FUZZ_SEED which ones.
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <filesystem>
#include <numeric>

#include "core/base/files.h"
#include "core/data/dataset_torch.h"
#include "core/data/image_decoder.h"
#include "core/exchange/checkpoint_file.h"
#include "core/exchange/plan_file.h"
#include "core/exchange/recipe_file.h"
#include "core/script/load_torch.h"
#include "core/train/fine_tune.h"
#include "tests/fuzz/largest_allocation.h"
#include "tests/fuzz/mutate.h"
#include "tests/support/idx_files.h"
#include "tests/support/image_files.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;
namespace fs = std::filesystem;

namespace {

constexpr double kMostSeconds = 10;
constexpr std::size_t kMostBytes = 1u << 30;
constexpr int kKinds = 11;
constexpr std::size_t kHashLength = 64;  // SHA-256 in hexadecimal, at the end of a checkpoint

int seed() {
    return qEnvironmentVariableIntValue("ESPALIER_FUZZ_SEED");
}

/// A model has fewer: those whose checksums hold are loaded in a process of their own.
int inputsOf(const std::string& kind) {
    bool isSet = false;
    const int all = qEnvironmentVariableIntValue("ESPALIER_FUZZ_INPUTS", &isSet);
    const int each = ((isSet ? all : 300) + kKinds - 1) / kKinds;
    return kind == "model" ? std::min(each, 200) : each;
}

/// A checkpoint with the hash that its bytes have, as one that is forged would.
std::string withItsHash(std::string bytes) {
    if (bytes.size() < kHashLength) return bytes;
    bytes.resize(bytes.size() - kHashLength);
    return bytes + sha256(bytes);
}

fs::path example(const char* name) {
    return fs::path(ESPALIER_SOURCE_DIR) / "resources" / "examples" / name;
}

/// Opens a dataset and reads what it says it has.
void readAll(const fs::path& path) {
    RunControl control;
    const auto dataset = data::openDataset({.path = path, .workers = 1}, control);
    if (!dataset) return;
    for (const auto split : {data::Split::Train, data::Split::Validation, data::Split::Test}) {
        const std::int64_t count = std::min<std::int64_t>(sampleCount(**dataset, split), 8);
        std::vector<std::int64_t> indices(
            static_cast<std::size_t>(std::max<std::int64_t>(0, count)));
        std::iota(indices.begin(), indices.end(), 0);
        try {
            if (count > 0) (void)(*dataset)->batch(split, indices);
        } catch (const data::ReadError&) {
            continue;  // what batch() promises to throw
        }
    }
}

}  // namespace

class TestOpeners : public QObject {
    Q_OBJECT
    std::unique_ptr<QTemporaryDir> m_folder;

    fs::path folder() const { return m_folder->path().toStdString(); }
    std::string stored(const char* name) const { return readBytes((folder() / name).string()); }
    std::string checkpointBytes() const;
    void open(const std::string& kind, const std::string& bytes, const fs::path& file) const;

private Q_SLOTS:
    void initTestCase();
    void theWatchSeesWhatLibrariesAskFor();
    void damagedFiles_data();
    void damagedFiles();
};

/// Of a run of one epoch.
std::string TestOpeners::checkpointBytes() const {
    const auto snapshot = linearModel(at::ones({3, 6}), at::zeros({3}));
    train::RunLife life;
    const fs::path file = folder() / "sound.checkpoint";
    life.keep = [&](const train::Checkpoint& checkpoint) {
        return exchange::writeCheckpoint(checkpoint, "", file);
    };
    RunControl control;
    const train::Recipe recipe{.epochs = 1, .batchSize = 32, .device = "cpu"};
    const auto run =
        train::fineTune(*snapshot, masksOf(*snapshot, {}), blobData(), recipe, {}, control, life);
    return run.ok() ? readBytes(file.string()) : std::string();
}

void TestOpeners::initTestCase() {
    m_folder = std::make_unique<QTemporaryDir>();
    qputenv("XDG_CACHE_HOME", m_folder->path().toUtf8());
    fs::create_directories(folder() / "IDX");
    for (const char* part : {"train", "t10k"})
        writeIdxPair((folder() / "IDX").string(), part, 40, 6, 5, 4);
    fs::create_directories(folder() / "CIFAR");
    std::string records;
    for (char i = 0; i < 20; ++i) {
        records.push_back(static_cast<char>(i % 10));
        records.append(3072, i);
    }
    for (const char* name : {"data_batch_1.bin", "test_batch.bin"})
        writeBytes((folder() / "CIFAR" / name).string(), records);
    const std::string image = solidPng(24, 20, 200, 30, 90);
    for (const char* name : {"train/a/1.png", "train/a/2.png", "train/b/1.png", "test/a/1.png"})
        writeFile(folder() / "images" / name, image);
}

// Tensors come from the C library's allocator as torch calls it; their pages are never touched.
void TestOpeners::theWatchSeesWhatLibrariesAskFor() {
    takeLargestAllocation();
    const at::Tensor large = at::empty({(1 << 28) + 1});
    QVERIFY(takeLargestAllocation() > kMostBytes);
    QVERIFY(takeLargestAllocation() < kMostBytes);
}

void TestOpeners::damagedFiles_data() {
    QTest::addColumn<QByteArray>("sound");
    QTest::addColumn<QString>("name");  // the place of the damaged file
    const auto add = [](const char* kind, const std::string& bytes, const char* name) {
        QTest::newRow(kind) << QByteArray::fromStdString(bytes) << QString::fromLatin1(name);
    };
    const fs::path fixtures = qEnvironmentVariable("ESPALIER_FIXTURES").toStdString();
    add("plan", readBytes(example("lenet5-12x.espalier-plan.json").string()), "a.json");
    add("recipe", readBytes(example("lenet5-12x.espalier-recipe.json").string()), "a.json");
    add("checkpoint", checkpointBytes(), "a.checkpoint");
    add("hashed checkpoint", checkpointBytes(), "a.checkpoint");
    add("model", readBytes((fixtures / "mlp.script.pt").string()), "a.pt");
    add("IDX", stored("IDX/train-images-idx3-ubyte"), "IDX/train-images-idx3-ubyte");
    add("labels", stored("IDX/t10k-labels-idx1-ubyte"), "IDX/t10k-labels-idx1-ubyte");
    add("CIFAR", stored("CIFAR/data_batch_1.bin"), "CIFAR/data_batch_1.bin");
    add("images", stored("images/train/a/1.png"), "images/train/a/1.png");
    add("PNG", stored("images/train/a/1.png"), "a.png");
    add("JPEG", jpegBytes(16, 12, TJPF_RGB, Bytes(16 * 12 * 3, 77)), "a.jpg");
}

/// Whether it is taken or refused does not matter here: that it comes back does.
void TestOpeners::open(const std::string& kind, const std::string& bytes,
                       const fs::path& file) const {
    RunControl control;
    if (kind == "plan") {
        (void)exchange::readPlan(file);
    } else if (kind == "recipe") {
        (void)exchange::readRecipe(file);
    } else if (kind.ends_with("checkpoint")) {
        (void)exchange::readCheckpointAbout(file);
        (void)exchange::readCheckpoint(file);
    } else if (kind == "model") {
        (void)script::loadModule(file, control);
    } else if (kind == "PNG" || kind == "JPEG") {
        (void)data::readImageHeader(bytes);
        (void)data::decode(bytes, 1);
        (void)data::decode(bytes, 3);
    } else {
        readAll(folder() / (kind == "labels" ? "IDX" : kind));
    }
}

void TestOpeners::damagedFiles() {
    QFETCH(QByteArray, sound);
    QFETCH(QString, name);
    const std::string kind = QTest::currentDataTag();
    const fs::path file = folder() / name.toStdString();
    QVERIFY(!sound.isEmpty());
    Random random(seed());
    for (int number = 0; number < inputsOf(kind); ++number) {
        std::string bytes = mutated(sound.toStdString(), random);
        if (kind == "hashed checkpoint") bytes = withItsHash(bytes);
        writeBytes(file.string(), bytes);
        takeLargestAllocation();
        QElapsedTimer timer;
        timer.start();
        open(kind, bytes, file);
        const double seconds = static_cast<double>(timer.elapsed()) / 1000;
        const std::size_t allocated = takeLargestAllocation();
        const QString which = QStringLiteral("input %1 of seed %2: %3 s, %4 bytes at once")
                                  .arg(number)
                                  .arg(seed())
                                  .arg(seconds)
                                  .arg(allocated);
        QVERIFY2(seconds < kMostSeconds && allocated < kMostBytes, qPrintable(which));
    }
    writeBytes(file.string(), sound.toStdString());
}

QTEST_GUILESS_MAIN(TestOpeners)
#include "tst_openers.moc"
