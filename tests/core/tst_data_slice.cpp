// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <algorithm>

#include "core/data/slice.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using data::Slice;
using data::Split;

class TestDataSlice : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isReadAndWritten() {
        const auto slice = data::parseSlice("train[5:1024]");
        QVERIFY(slice);
        QVERIFY(*slice == (Slice{Split::Train, 5, 1024}));
        QCOMPARE(data::toString(*slice), std::string("train[5:1024]"));
        for (const Split split : {Split::Train, Split::Validation, Split::Test}) {
            const Slice own{split, 0, 3};
            QVERIFY(*data::parseSlice(data::toString(own)) == own);
        }
    }

    void badTextIsRefused_data() {
        QTest::addColumn<QString>("text");
        for (const char* text :
             {"", "train", "train[]", "train[:]", "train[0:]", "train[:5]", "train[5:5]",
              "train[-1:5]", "train[0:5", "train[0:5]x", "train[0:1.5]", "all[0:5]", "[0:5]",
              "train(0:5)", "train[0;5]", "train[0:99999999999999999999]"}) {
            QTest::newRow(text) << text;
        }
    }
    void badTextIsRefused() {
        QFETCH(QString, text);
        const auto slice = data::parseSlice(text.toStdString());
        QVERIFY(!slice);
        QVERIFY(slice.error().text().find("train[0:1024]") != std::string::npos);
    }

    void samplesAreShuffledBySeed() {
        const test::ToyData data = test::blobData();  // 90, 60 and 60 samples
        const auto all = *data::indicesOf(data, {Split::Train, 0, 1000}, 1);
        QCOMPARE(all.size(), std::size_t(90));
        QVERIFY(!std::ranges::is_sorted(all));
        auto sorted = all;
        std::ranges::sort(sorted);
        for (std::size_t i = 0; i < sorted.size(); ++i)
            QCOMPARE(sorted[i], static_cast<std::int64_t>(i));
        const auto part = *data::indicesOf(data, {Split::Train, 10, 20}, 1);
        QVERIFY(std::ranges::equal(part, std::span(all).subspan(10, 10)));
        QVERIFY(all != *data::indicesOf(data, {Split::Train, 0, 1000}, 2));
    }

    void anEmptySliceSaysWhatThereIs() {
        const auto none = data::indicesOf(test::blobData(), {Split::Test, 60, 70}, 0);
        QVERIFY(!none);
        QVERIFY(none.error().text().find("train (90)") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestDataSlice)
#include "tst_data_slice.moc"
