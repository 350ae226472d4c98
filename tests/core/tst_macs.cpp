// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <ATen/Functions.h>

#include "core/model/macs_torch.h"

using namespace espalier::model;

class TestMacs : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void countsConvolutions();
    void countsMatrixProducts();
    void countsEinsum_data();
    void countsEinsum();
    void countsAttention();
};

void TestMacs::countsConvolutions() {
    // LeNet-5 as in Caffe: 20 maps of 24x24, each from 5x5; 50 maps of 8x8, each from 20 times 5x5.
    QCOMPARE(convolutionMacs(at::zeros({20, 1, 5, 5}), at::zeros({1, 20, 24, 24})), 288'000);
    QCOMPARE(convolutionMacs(at::zeros({50, 20, 5, 5}), at::zeros({1, 50, 8, 8})), 1'600'000);
    // Depthwise: each of 6 x 10 outputs sums over 3.
    QCOMPARE(convolutionMacs(at::zeros({6, 1, 3}), at::zeros({1, 6, 10})), 180);
    // Transposed, 2 groups of 4 → 3 channels: each of 8 x 25 inputs meets 3 x 2 x 2 weights.
    QCOMPARE(transposedConvolutionMacs(at::zeros({8, 3, 2, 2}), at::zeros({1, 8, 5, 5})), 2'400);
}

void TestMacs::countsMatrixProducts() {
    QCOMPARE(linearMacs(at::zeros({500, 800}), at::zeros({1, 800})), 400'000);
    QCOMPARE(linearMacs(at::zeros({96, 32}), at::zeros({2, 12, 32})), 2 * 12 * 32 * 96);
    QCOMPARE(linearMacs(at::zeros({5, 7}), at::zeros({7})), 35);
    QCOMPARE(productMacs(at::zeros({4, 12, 8}), at::zeros({4, 12, 12})), 4 * 12 * 8 * 12);
    QCOMPARE(productMacs(at::zeros({9}), at::zeros({})), 9);
}

void TestMacs::countsEinsum_data() {
    QTest::addColumn<QString>("equation");
    QTest::addColumn<QList<QList<qint64>>>("shapes");
    QTest::addColumn<qint64>("macs");
    using Shapes = QList<QList<qint64>>;
    QTest::newRow("matrices") << "ij,jk->ik" << Shapes{{2, 3}, {3, 5}} << qint64(30);
    QTest::newRow("implicit output") << "ij,jk" << Shapes{{2, 3}, {3, 5}} << qint64(30);
    QTest::newRow("batched") << "bhld, bhsd -> bhls" << Shapes{{2, 4, 6, 8}, {2, 4, 7, 8}}
                             << qint64(2 * 4 * 6 * 7 * 8);
    QTest::newRow("ellipsis") << "...ij,jk->...ik" << Shapes{{7, 2, 3}, {3, 5}} << qint64(7 * 30);
    QTest::newRow("outer") << "i,j->ij" << Shapes{{4}, {6}} << qint64(24);
    QTest::newRow("three, from the left")
        << "ij,jk,kl->il" << Shapes{{2, 3}, {3, 4}, {4, 5}} << qint64(2 * 3 * 4 + 2 * 4 * 5);
    QTest::newRow("one operand") << "ij->ji" << Shapes{{2, 3}} << qint64(0);
    QTest::newRow("not understood") << "ij,jk->ik" << Shapes{{2, 3, 4}, {3, 5}} << qint64(0);
    QTest::newRow("wrong number") << "ij,jk->ik" << Shapes{{2, 3}} << qint64(0);
}

void TestMacs::countsEinsum() {
    QFETCH(QString, equation);
    QFETCH(QList<QList<qint64>>, shapes);
    QFETCH(qint64, macs);
    std::vector<at::Tensor> operands;
    for (const auto& shape : shapes) {
        operands.push_back(at::zeros(std::vector<std::int64_t>(shape.begin(), shape.end())));
    }
    QCOMPARE(qint64(einsumMacs(equation.toStdString(), operands)), macs);
}

void TestMacs::countsAttention() {
    // 4 heads, 12 queries, 10 keys of width 8, values of width 6: 480 scores, each of 8 products in
    // and 6 out.
    QCOMPARE(
        attentionMacs(at::zeros({1, 4, 12, 8}), at::zeros({1, 4, 10, 8}), at::zeros({1, 4, 10, 6})),
        480 * 8 + 480 * 6);
}

QTEST_GUILESS_MAIN(TestMacs)
#include "tst_macs.moc"
