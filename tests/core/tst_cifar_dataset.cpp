// SPDX-License-Identifier: GPL-3.0-or-later
// The binary files of CIFAR-10 and CIFAR-100.
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "core/data/dataset_torch.h"

using namespace espalier;
using data::Split;

namespace {

/// Image `number` of a file: every red byte is `number`, every green one 100, every blue one 200.
QByteArray record(int number, const QByteArray& labels) {
    return labels + QByteArray(1024, static_cast<char>(number)) + QByteArray(1024, char(100)) +
           QByteArray(1024, static_cast<char>(200));
}

}  // namespace

class TestCifarDataset : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void opensTen();
    void opensByOneOfItsFiles();
    void opensHundredByTheFineLabel();
    void otherFilesOfTheSameNameAreNotCifar();
    void missingBatchesAreSaid();
    void refusesWhatIsDamaged_data();
    void refusesWhatIsDamaged();

private:
    void write(const QString& name, const QByteArray& bytes) {
        QFile file(m_folder->filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size());
    }
    void writeTen(int perBatch) {
        for (int batch = 1; batch <= 5; ++batch) {
            QByteArray bytes;
            for (int i = 0; i < perBatch; ++i)
                bytes += record(batch * 10 + i, QByteArray(1, char(i % 2)));
            write(QString("data_batch_%1.bin").arg(batch), bytes);
        }
        write("test_batch.bin", record(7, QByteArray(1, 3)) + record(8, QByteArray(1, 9)));
    }
    Result<data::DatasetPtr> open(const QString& name = {}) {
        return data::openDataset({.path = m_folder->filePath(name).toStdString()}, m_control);
    }
    std::unique_ptr<QTemporaryDir> m_folder;
    RunControl m_control;
};

void TestCifarDataset::opensTen() {
    writeTen(20);
    write("batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
    const auto dataset = open();
    QVERIFY2(dataset.ok(), dataset ? "" : dataset.error().text().c_str());
    const auto& info = data::info(**dataset);
    QCOMPARE(info.kind, std::string("CIFAR-10 binary files"));
    QCOMPARE(info.sampleShape, (std::vector<std::int64_t>{3, 32, 32}));
    QCOMPARE(info.classes.size(), std::size_t{10});
    QCOMPARE(info.classes[3], std::string("d"));
    QCOMPARE(info.train + info.validation, 100);
    QCOMPARE(info.validation, 10);
    QCOMPARE(info.test, 2);
    QVERIFY(info.notes.empty());

    const std::vector<std::int64_t> both{0, 1};
    const auto batch = (*dataset)->batch(Split::Test, both);
    QCOMPARE(batch.targets[1].item<std::int64_t>(), 9);
    const auto images = batch.inputs[0];
    QCOMPARE(images.sizes().vec(), (std::vector<std::int64_t>{2, 3, 32, 32}));
    // By hand: (byte / 255 - mean) / deviation, per channel.
    const double expected[] = {(8 / 255.0 - 0.4914) / 0.2470, (100 / 255.0 - 0.4822) / 0.2435,
                               (200 / 255.0 - 0.4465) / 0.2616};
    for (int channel = 0; channel < 3; ++channel) {
        QVERIFY(std::abs(images[1][channel][31][31].item<double>() - expected[channel]) < 1e-5);
        QVERIFY(std::abs(images[1][channel][0][0].item<double>() - expected[channel]) < 1e-5);
    }
}

void TestCifarDataset::opensByOneOfItsFiles() {
    writeTen(2);
    const auto dataset = open("data_batch_3.bin");
    QVERIFY(dataset.ok());
    QCOMPARE(data::info(**dataset).test, 2);
    QCOMPARE(data::info(**dataset).classes[3], std::string("3"));  // no file with names
}

void TestCifarDataset::opensHundredByTheFineLabel() {
    write("fine_label_names.txt", "apple\r\n");  // too few: numbers are shown
    write("train.bin", record(1, QByteArray("\x13\x63", 2)) + record(2, QByteArray("\x01\x02", 2)));
    write("test.bin", record(3, QByteArray("\x05\x11", 2)));
    const auto dataset = open();
    QVERIFY2(dataset.ok(), dataset ? "" : dataset.error().text().c_str());
    const auto& info = data::info(**dataset);
    QCOMPARE(info.kind, std::string("CIFAR-100 binary files"));
    QCOMPARE(info.classes.size(), std::size_t{100});
    QCOMPARE(info.classes[99], std::string("99"));
    const std::vector<std::int64_t> first{0};
    QCOMPARE((*dataset)->batch(Split::Test, first).targets[0].item<std::int64_t>(), 0x11);
    QCOMPARE((*dataset)->batch(Split::Train, first).targets[0].item<std::int64_t>(), 0x63);
}

void TestCifarDataset::otherFilesOfTheSameNameAreNotCifar() {
    write("train.bin", "tokens of something else");
    const auto dataset = open();
    QVERIFY(!dataset.ok());
    QCOMPARE(dataset.error().kind, Error::Kind::NotFound);
    QVERIFY(dataset.error().text().find("CIFAR-100") != std::string::npos);
}

void TestCifarDataset::missingBatchesAreSaid() {
    writeTen(2);
    QFile::remove(m_folder->filePath("data_batch_2.bin"));
    const auto dataset = open();
    QVERIFY(dataset.ok());
    QCOMPARE(data::info(**dataset).notes,
             (std::vector<std::string>{"data_batch_2.bin is not there"}));
    QCOMPARE(data::info(**dataset).train + data::info(**dataset).validation, 8);
}

void TestCifarDataset::refusesWhatIsDamaged_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("word");
    QTest::newRow("cut short") << record(1, QByteArray(1, 0)).chopped(5) << "3068 bytes";
    QTest::newRow("empty") << QByteArray() << "0 bytes";
    QTest::newRow("no such class")
        << record(1, QByteArray(1, 1)) + record(1, QByteArray(1, 10)) << "class 10 of image 2";
}

void TestCifarDataset::refusesWhatIsDamaged() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, word);
    writeTen(2);
    write("data_batch_4.bin", bytes);
    const auto dataset = open();
    QVERIFY(!dataset.ok());
    QCOMPARE(dataset.error().kind, Error::Kind::Damaged);
    const QString text = QString::fromStdString(dataset.error().text());
    QVERIFY2(text.contains(word) && text.contains("data_batch_4.bin"), qPrintable(text));
}

QTEST_GUILESS_MAIN(TestCifarDataset)
#include "tst_cifar_dataset.moc"
