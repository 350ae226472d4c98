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
#include "core/exchange/plan_file.h"
#include "core/exchange/recipe_file.h"
#include "core/project/session_weights.h"
#include "core/script/archive_zip.h"
#include "core/script/load_torch.h"
#include "tests/fuzz/largest_allocation.h"
#include "tests/fuzz/mutate.h"
#include "tests/fuzz/sound_files_torch.h"
#include "tests/support/stored_zip.h"

using namespace espalier;
using namespace espalier::test;
namespace fs = std::filesystem;

namespace {

constexpr double kMostSeconds = 10;
constexpr std::size_t kMostBytes = 1u << 30;
constexpr int kKinds = 21;
constexpr std::size_t kHashLength = 64;  // SHA-256 in hexadecimal, at the end of a file of values

int seed() {
    return qEnvironmentVariableIntValue("ESPALIER_FUZZ_SEED");
}

/// A model has fewer: those whose checksums hold are loaded in a process of their own.
int inputsOf(const std::string& kind) {
    bool isSet = false;
    const int all = qEnvironmentVariableIntValue("ESPALIER_FUZZ_INPUTS", &isSet);
    const int each = ((isSet ? all : 300) + kKinds - 1) / kKinds;
    return kind.ends_with("model") ? std::min(each, 200) : each;
}

/// A file of values with the hash that its bytes have, as one that is forged would.
std::string withItsHash(std::string bytes) {
    if (bytes.size() < kHashLength) return bytes;
    bytes.resize(bytes.size() - kHashLength);
    return bytes + sha256(bytes);
}

fs::path example(const char* name) {
    return fs::path(ESPALIER_SOURCE_DIR) / "resources" / "examples" / name;
}

/// An archive with one damaged member, whose checksums hold nevertheless.
std::string withDamagedMember(const fs::path& archive, Random& random) {
    const auto zip = script::ZipFile::open(archive);
    std::vector<std::pair<std::string, std::string>> members;
    for (const auto& entry : zip->entries())
        members.emplace_back(entry.name, zip->read(entry, entry.bytes).value());
    std::string& data = members[below(random, members.size())].second;
    data = mutated(std::move(data), random);
    return storedZip(members);
}

std::string ungzipped(const fs::path& path) {
    std::string bytes;
    char part[4096];
    gzFile file = gzopen(path.c_str(), "rb");
    for (int count = 0; (count = gzread(file, part, sizeof part)) > 0;)
        bytes.append(part, static_cast<std::size_t>(count));
    gzclose(file);
    return bytes;
}

/// Compressed again, so that its checksum holds.
std::string gzipped(const fs::path& folder, const std::string& bytes) {
    const std::string path = (folder / "packed.gz").string();
    writeGzip(path, bytes);
    return readBytes(path);
}

/// Opens a dataset and reads of what it says it has.
bool readAll(const fs::path& path) {
    RunControl control;
    const auto dataset = data::openDataset({.path = path, .workers = 1}, control);
    if (!dataset) return false;
    for (const auto split : {data::Split::Train, data::Split::Validation, data::Split::Test}) {
        const std::int64_t count = std::min<std::int64_t>(sampleCount(**dataset, split), 8);
        std::vector<std::int64_t> indices(
            static_cast<std::size_t>(std::max<std::int64_t>(0, count)));
        std::iota(indices.begin(), indices.end(), 0);
        try {
            if (count > 0) (void)(*dataset)->batch(split, indices);
        } catch (const data::ReadError&) {
            return false;  // what batch() promises to throw
        }
    }
    return true;
}

std::string damaged(const std::string& kind, const std::string& sound, const fs::path& soundFile,
                    Random& random) {
    if (kind == "repacked IDX")
        return gzipped(soundFile.parent_path(), mutated(ungzipped(soundFile), random));
    if (kind.starts_with("repacked")) return withDamagedMember(soundFile, random);
    const std::string bytes = mutated(sound, random);
    return kind.starts_with("hashed") ? withItsHash(bytes) : bytes;
}

/// The guard's process has to say what is wrong, unless LibTorch crashes: the program's own code
/// that runs there is never what ends it.
bool openModel(const fs::path& file) {
    RunControl control;
    const auto loaded = script::loadModule(file, control);
    if (!loaded && loaded.error().why.find("without a word") != std::string::npos)
        QTest::qFail(loaded.error().text().c_str(), __FILE__, __LINE__);
    return loaded.ok();
}

}  // namespace

class TestOpeners : public QObject {
    Q_OBJECT
    std::unique_ptr<QTemporaryDir> m_folder;
    model::SnapshotPtr m_snapshot;  ///< of the session

    fs::path folder() const { return m_folder->path().toStdString(); }
    std::string stored(const fs::path& name) const { return readBytes((folder() / name).string()); }
    bool open(const std::string& kind, const std::string& bytes, const fs::path& file) const;

private Q_SLOTS:
    void initTestCase();
    void theWatchSeesWhatLibrariesAskFor();
    void damagedFiles_data();
    void damagedFiles();
};

void TestOpeners::initTestCase() {
    m_folder = std::make_unique<QTemporaryDir>();
    qputenv("XDG_CACHE_HOME", m_folder->path().toUtf8());
    // For the guard's processes, whose memory is limited otherwise; read once, when one starts.
    qputenv("ASAN_OPTIONS", "detect_leaks=0:allocator_may_return_null=1:handle_segv=0");
    writeSoundData(folder());
    writeSoundTensors(folder(), qEnvironmentVariable("ESPALIER_FIXTURES").toStdString());
    const fs::path model = qEnvironmentVariable("ESPALIER_FIXTURES").toStdString();
    fs::copy_file(model / "mlp.script.pt", folder() / "sound.pt");
    m_snapshot =
        writeSoundSession(folder() / "sound.pt", folder() / "IDX", folder() / "a.espalier");
    QVERIFY(m_snapshot);
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
    const std::string checkpoint = soundCheckpoint(folder());
    const auto weights =
        project::weightsFile("a.espalier-weights", project::fingerprint(*m_snapshot));
    add("plan", readBytes(example("lenet5-12x.espalier-plan.json").string()), "a.json");
    add("recipe", readBytes(example("lenet5-12x.espalier-recipe.json").string()), "a.json");
    add("session", stored("a.espalier"), "a.espalier");
    add("weights", stored(weights), "a.weights");
    add("hashed weights", stored(weights), "a.weights");
    add("checkpoint", checkpoint, "a.checkpoint");
    add("hashed checkpoint", checkpoint, "a.checkpoint");
    add("model", stored("sound.pt"), "a.pt");
    add("repacked model", stored("sound.pt"), "a.pt");
    add("IDX", stored("IDX/train-images-idx3-ubyte"), "IDX/train-images-idx3-ubyte");
    add("labels", stored("IDX/t10k-labels-idx1-ubyte"), "IDX/t10k-labels-idx1-ubyte");
    add("CIFAR", stored("CIFAR/data_batch_1.bin"), "CIFAR/data_batch_1.bin");
    add("images", stored("images/train/a/1.png"), "images/train/a/1.png");
    for (const char* kind : {"gzip", "repacked IDX"})
        add(kind, stored("gzip/train-images-idx3-ubyte.gz"), "gzip/train-images-idx3-ubyte.gz");
    for (const char* kind : {"npz", "repacked npz"}) add(kind, stored("data.npz"), "a.npz");
    for (const char* kind : {"tensors", "repacked tensors"})
        add(kind, stored("tensors.pt"), "tensors/a.pt");
    add("PNG", stored("images/train/a/1.png"), "a.png");
    add("JPEG", jpegBytes(16, 12, TJPF_RGB, Bytes(16 * 12 * 3, 77)), "a.jpg");
}

/// Whether it is taken. For a damaged one that does not matter: that it comes back does.
bool TestOpeners::open(const std::string& kind, const std::string& bytes,
                       const fs::path& file) const {
    RunControl control;
    if (kind == "plan") return exchange::readPlan(file).ok();
    if (kind == "recipe") return exchange::readRecipe(file).ok();
    if (kind == "session") return project::openSession(file, {}, {}, control).ok();
    if (kind.ends_with("model")) return openModel(file);
    if (kind.ends_with("weights")) return project::readWeights(*m_snapshot, file).ok();
    if (kind.ends_with("checkpoint"))
        return exchange::readCheckpointAbout(file).ok() && exchange::readCheckpoint(file).ok();
    if (kind == "PNG" || kind == "JPEG") {
        (void)data::decode(bytes, 1);
        return data::readImageHeader(bytes).ok() && data::decode(bytes, 3).ok();
    }
    if (kind.ends_with("npz") || kind.ends_with("tensors")) return readAll(file);
    if (kind == "labels") return readAll(folder() / "IDX");
    return readAll(folder() / (kind == "repacked IDX" ? "gzip" : kind));
}

void TestOpeners::damagedFiles() {
    QFETCH(QByteArray, sound);
    QFETCH(QString, name);
    const std::string kind = QTest::currentDataTag();
    const fs::path file = folder() / name.toStdString();
    writeBytes(file.string(), sound.toStdString());
    QVERIFY(!sound.isEmpty() && open(kind, sound.toStdString(), file));
    const fs::path whole = folder() / ("whole" + file.extension().string());
    writeBytes(whole.string(), sound.toStdString());
    Random random(seed());
    for (int number = 0; number < inputsOf(kind); ++number) {
        const std::string bytes = damaged(kind, sound.toStdString(), whole, random);
        writeBytes(file.string(), bytes);
        takeLargestAllocation();
        QElapsedTimer timer;
        timer.start();
        (void)open(kind, bytes, file);
        const double seconds = static_cast<double>(timer.elapsed()) / 1000;
        const std::size_t allocated = takeLargestAllocation();
        const QString which = QStringLiteral("input %1 of seed %2: %3 s, %4 bytes at once")
                                  .arg(number)
                                  .arg(seed())
                                  .arg(seconds)
                                  .arg(allocated);
        if (QTest::currentTestFailed()) qInfo() << which;
        QVERIFY2(seconds < kMostSeconds && allocated < kMostBytes, qPrintable(which));
    }
    writeBytes(file.string(), sound.toStdString());
}

QTEST_GUILESS_MAIN(TestOpeners)
#include "tst_openers.moc"
