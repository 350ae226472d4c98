// SPDX-License-Identifier: GPL-3.0-or-later
// Batches made ahead: the same with any number of threads, never too many, stopped at once.
#include <QTest>

#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>

#include <ATen/ATen.h>

#include "core/data/batch_stream_torch.h"

using namespace espalier;
using data::Split;
using namespace std::chrono_literals;

namespace {

/// Samples with their own number in them, made slowly and in an order of their own.
class SlowData final : public data::Dataset {
public:
    SlowData(std::int64_t samples, int workers) {
        m_info.sampleShape = {1};
        m_info.train = samples;
        m_spec.workers = workers;
    }
    const data::DatasetInfo& info() const override { return m_info; }
    const data::DataSpec& spec() const override { return m_spec; }
    bool readsFiles() const override { return m_spec.workers > 0; }
    data::DatasetPtr withValidation(double) const override { return nullptr; }
    data::Batch batch(Split, std::span<const std::int64_t> indices) const override {
        ++made;
        if (indices[0] == broken)
            throw data::ReadError({Error::Kind::NotFound, "Cannot read 7", "it has gone", {}});
        std::this_thread::sleep_for(indices[0] % 3 * 1ms + pause);
        return {{at::tensor(at::ArrayRef<std::int64_t>(indices.data(), indices.size()))}, {}};
    }
    data::Batch augmented(Split split, std::span<const std::int64_t> indices,
                          std::uint64_t seed) const override {
        data::Batch same = batch(split, indices);
        same.inputs[0] += static_cast<std::int64_t>(seed);
        return same;
    }

    mutable std::atomic<int> made{0};
    std::int64_t broken = -1;
    std::chrono::milliseconds pause{0};

private:
    data::DatasetInfo m_info;
    data::DataSpec m_spec;
};

std::vector<std::int64_t> upTo(std::int64_t count) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    return order;
}

std::vector<std::vector<std::int64_t>> dealt(const SlowData& dataset,
                                             const data::StreamOptions& options) {
    RunControl control;
    data::BatchStream stream(dataset, Split::Train, upTo(dataset.info().train), options);
    std::vector<std::vector<std::int64_t>> all;
    while (stream.hasNext()) {
        const auto batch = stream.next(control);
        if (!batch) qFatal("%s", batch.error().text().c_str());
        const at::Tensor& values = batch->inputs[0];
        const auto* first = values.const_data_ptr<std::int64_t>();
        all.emplace_back(first, first + values.numel());
    }
    if (std::ssize(all) != stream.batches()) qFatal("another number of batches than promised");
    return all;
}

}  // namespace

class TestBatchStream : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void sameWithAnyNumberOfWorkers();
    void aLastSampleAlone();
    void seedReachesTheData();
    void staysAFewAhead();
    void readErrorsComeInTheirTurn();
    void stopsWhileItWaits();
    void mayBeLeftEarly();
    void noSamples();
};

void TestBatchStream::sameWithAnyNumberOfWorkers() {
    const auto alone = dealt(SlowData(50, 0), {.batchSize = 4});
    QCOMPARE(alone.size(), std::size_t{13});
    QCOMPARE(alone[3], (std::vector<std::int64_t>{12, 13, 14, 15}));
    QCOMPARE(alone[12], (std::vector<std::int64_t>{48, 49}));
    for (const int workers : {1, 2, 3, 8, 64}) {
        QCOMPARE(dealt(SlowData(50, workers), {.batchSize = 4}), alone);
    }
}

void TestBatchStream::aLastSampleAlone() {
    QCOMPARE(dealt(SlowData(5, 2), {.batchSize = 4}).back(), (std::vector<std::int64_t>{4}));
    const auto joined = dealt(SlowData(9, 2), {.batchSize = 4, .joinsLastSample = true});
    QCOMPARE(joined.back(), (std::vector<std::int64_t>{4, 5, 6, 7, 8}));
}

void TestBatchStream::seedReachesTheData() {
    const auto changed = dealt(SlowData(3, 2), {.batchSize = 2, .seed = 100});
    QCOMPARE(changed, (std::vector<std::vector<std::int64_t>>{{100, 101}, {102}}));
}

void TestBatchStream::staysAFewAhead() {
    const SlowData dataset(1000, 3);
    RunControl control;
    data::BatchStream stream(dataset, Split::Train, upTo(1000), {.batchSize = 1});
    QVERIFY(stream.next(control));
    // One is taken, two for each of three threads are made ahead, and no more.
    QTRY_COMPARE(dataset.made.load(), 1 + 6);
    QTest::qWait(50);
    QCOMPARE(dataset.made.load(), 1 + 6);
}

void TestBatchStream::readErrorsComeInTheirTurn() {
    for (const int workers : {0, 4}) {
        SlowData dataset(20, workers);
        dataset.broken = 7;
        RunControl control;
        data::BatchStream stream(dataset, Split::Train, upTo(20), {.batchSize = 1});
        for (int i = 0; i < 7; ++i) QVERIFY(stream.next(control));
        const auto failed = stream.next(control);
        QVERIFY(!failed);
        QCOMPARE(failed.error().kind, Error::Kind::NotFound);
        QCOMPARE(failed.error().why, std::string("it has gone"));
    }
}

void TestBatchStream::stopsWhileItWaits() {
    SlowData dataset(100, 2);
    dataset.pause = 300ms;
    RunControl control;
    data::BatchStream stream(dataset, Split::Train, upTo(100), {.batchSize = 10});
    std::jthread stopper([&control] {
        std::this_thread::sleep_for(30ms);
        control.requestStop();
    });
    const auto start = std::chrono::steady_clock::now();
    const auto stopped = stream.next(control);
    QVERIFY(!stopped);
    QCOMPARE(stopped.error().kind, Error::Kind::Cancelled);
    QVERIFY(std::chrono::steady_clock::now() - start < 250ms);  // not the 300 ms of a batch
    QVERIFY(!stream.next(control));
}

void TestBatchStream::mayBeLeftEarly() {
    const SlowData dataset(1000, 4);
    RunControl control;
    {
        data::BatchStream stream(dataset, Split::Train, upTo(1000), {.batchSize = 2});
        QVERIFY(stream.next(control));
    }
    const int made = dataset.made;
    QTest::qWait(20);
    QCOMPARE(dataset.made.load(), made);  // all threads have ended
    { const data::BatchStream unused(dataset, Split::Train, upTo(1000), {.batchSize = 2}); }
    QCOMPARE(dataset.made.load(), made);  // none began
}

void TestBatchStream::noSamples() {
    const SlowData dataset(0, 2);
    const data::BatchStream stream(dataset, Split::Train, {}, {.batchSize = 4});
    QVERIFY(!stream.hasNext());
    QCOMPARE(stream.batches(), std::int64_t{0});
}

QTEST_GUILESS_MAIN(TestBatchStream)
#include "tst_batch_stream.moc"
