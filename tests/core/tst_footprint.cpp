// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <filesystem>
#include <random>
#include <sstream>

#include <zlib.h>
#include <QtTest>

#include "core/prune/footprint.h"
#include "core/prune/masks_torch.h"
#include "tests/support/toy_snapshot_torch.h"

using namespace espalier;
using prune::Footprint;

namespace {

/// The same snapshot with figures that a file would have given.
model::SnapshotPtr withFigures(const model::SnapshotPtr& snapshot, std::uint64_t fileBytes,
                               std::int64_t otherMacs, std::int64_t otherParameters) {
    auto state = std::make_shared<model::SnapshotState>(snapshot->state());
    state->file.bytes = fileBytes;
    state->otherMacs = otherMacs;
    state->parameters += otherParameters;
    return std::make_shared<const model::Snapshot>(std::move(state));
}

std::size_t gzipBytes(const void* data, std::size_t size) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);  // + 16: a gzip header
    std::vector<unsigned char> out(deflateBound(&stream, static_cast<uLong>(size)));
    stream.next_in = static_cast<Bytef*>(const_cast<void*>(data));
    stream.avail_in = static_cast<uInt>(size);
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    return stream.total_out;
}

at::Tensor normal(std::int64_t count, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<double> distribution(0, 0.03);
    at::Tensor values = at::empty({count}, at::kDouble);
    for (std::int64_t i = 0; i < count; ++i) values.data_ptr<double>()[i] = distribution(generator);
    return values;
}

}  // namespace

class tst_footprint : public QObject {
    Q_OBJECT

    const model::SnapshotPtr m_snapshot =
        withFigures(test::toySnapshot({{"a.weight", at::ones({10, 10}), {}, "linear", 1000},
                                       {"bn.weight", at::ones({10}), {}, "batch_norm", 50, false},
                                       {"b.weight", at::ones({3, 1}), {}, "linear", 10}}),
                    2000, 7, 20);

private Q_SLOTS:
    void countsByHand() {
        const std::vector<std::int64_t> removed{75, 0, 1};
        const Footprint footprint = prune::footprint(*m_snapshot, removed);
        QCOMPARE(footprint.parameters, 133);
        QCOMPARE(footprint.nonzeros, 133 - 76);
        QCOMPARE(footprint.weights, 103);
        QCOMPARE(footprint.weightsKept, 27);
        QCOMPARE(footprint.macs, 1067);
        QCOMPARE(footprint.macsEffective, 7 + 250 + 50 + 7);  // 10 * 2/3 rounds to 7
        QCOMPARE(footprint.bytesDense, 2000);
        QVERIFY(footprint.bytesCompressed > 0 && footprint.bytesCompressed <= 2000);
    }

    void theDenseModelHasLostNothing() {
        const Footprint dense = prune::denseFootprint(*m_snapshot);
        QCOMPARE(dense.nonzeros, dense.parameters);
        QCOMPARE(dense.weightsKept, dense.weights);
        QCOMPARE(dense.macsEffective, dense.macs);
        QCOMPARE(dense, prune::footprint(*m_snapshot, std::vector<std::int64_t>{0, 0, 0}));
    }

    void masksAndCountsAgree() {
        RunControl control;
        prune::Plan plan = prune::emptyPlan(*m_snapshot);
        plan.weights["a.weight"] = prune::WeightRule::sparsity(0.75);
        const auto masks = prune::resolve(*m_snapshot, plan, nullptr, control);
        QVERIFY(masks.ok());
        QCOMPARE(prune::footprint(*m_snapshot, **masks),
                 prune::footprint(*m_snapshot, std::vector<std::int64_t>{75, 0, 0}));
    }

    void survivesAnEmptyModel() {
        const Footprint nothing = prune::denseFootprint(*test::toySnapshot({}));
        QCOMPARE(nothing, Footprint{});
        const auto empty = test::toySnapshot({{"a.weight", at::ones({0, 3})}});
        QCOMPARE(prune::denseFootprint(*empty), Footprint{});
    }

    void guessesWhatGzipLeaves_data() {
        QTest::addColumn<int>("type");
        QTest::addColumn<double>("sparsity");
        for (const auto type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16}) {
            for (const double sparsity : {0.0, 0.05, 0.15, 0.35, 0.5, 0.65, 0.85, 0.92, 0.97}) {
                QTest::addRow("%s %g", c10::toString(type), sparsity)
                    << static_cast<int>(type) << sparsity;
            }
        }
    }
    void guessesWhatGzipLeaves() {
        QFETCH(int, type);
        QFETCH(double, sparsity);
        at::Tensor weight = normal(150000, 17);
        const auto removed = static_cast<std::int64_t>(sparsity * 150000);
        const auto order = weight.abs().argsort();
        weight.index_fill_(0, order.slice(0, 0, removed), 0);
        weight = weight.to(static_cast<at::ScalarType>(type)).reshape({150, 1000});
        const auto snapshot =
            withFigures(test::toySnapshot({{"a.weight", weight}}), weight.nbytes(), 0, 0);
        const auto guess =
            prune::footprint(*snapshot, std::vector<std::int64_t>{removed}).bytesCompressed;
        const auto real = static_cast<double>(gzipBytes(weight.const_data_ptr(), weight.nbytes()));
        const double error = static_cast<double>(guess) / real - 1;
        QVERIFY2(std::abs(error) < 0.05, qPrintable(QString("off by %1").arg(error)));
    }

    void guessesWhatGzipLeavesOfARealFile_data() {
        QTest::addColumn<double>("sparsity");
        for (const double sparsity : {0.0, 0.5, 0.9}) QTest::addRow("%g", sparsity) << sparsity;
    }
    void guessesWhatGzipLeavesOfARealFile() {
        QFETCH(double, sparsity);
        const std::filesystem::path path =
            ESPALIER_SOURCE_DIR "/../shared/models/resnet20_cifar10.script.pt";
        if (!std::filesystem::exists(path)) QSKIP("the ResNet-20 is not there");
        RunControl control;
        const auto snapshot = model::openSnapshot(path, {}, {}, control);
        QVERIFY2(snapshot.ok(), snapshot ? "" : snapshot.error().text().c_str());
        const auto plan = prune::withSparsityEverywhere(**snapshot, prune::emptyPlan(**snapshot),
                                                        sparsity, prune::Scope::Global, control);
        const auto masks = prune::resolve(**snapshot, *plan, nullptr, control);
        QVERIFY2(masks.ok(), masks ? "" : masks.error().text().c_str());
        std::ostringstream file;
        prune::maskedModule(**snapshot, **masks).save(file);
        const auto real = static_cast<double>(gzipBytes(file.str().data(), file.str().size()));
        const auto guess = prune::footprint(**snapshot, **masks).bytesCompressed;
        const double error = static_cast<double>(guess) / real - 1;
        QVERIFY2(std::abs(error) < 0.05, qPrintable(QString("off by %1").arg(error)));
    }
};

QTEST_GUILESS_MAIN(tst_footprint)
#include "tst_footprint.moc"
