// SPDX-License-Identifier: GPL-3.0-or-later
// Code whose numbers must follow the cut, or must not.
#include <QtTest>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "core/channels/shrink_torch.h"
#include "tests/support/channel_toy_torch.h"
#include "tests/support/noise_torch.h"

using namespace espalier;
using namespace espalier::channels;
using namespace espalier::test;

Q_DECLARE_METATYPE(espalier::test::ChannelToy)

namespace {

const std::vector<std::string> kImage = {"1x3x8x8"};
const std::vector<std::string> kTokens = {"1x5x6"};

/// A toy with noise for parameters: nothing about its channels is alike.
model::SnapshotPtr noisy(const ChannelToy& toy) {
    auto snapshot = snapshotOf(toy);
    const at::NoGradGuard noGrad;
    std::uint64_t seed = 1;
    for (const auto& parameter : snapshot->state().module.named_parameters()) {
        parameter.value.copy_(noise(parameter.value.sizes().vec(), seed++));
    }
    return snapshot;
}

/// Of every open group the second half goes.
KeptChannels halved(const ChannelGroups& groups) {
    auto kept = allChannels(groups);
    for (const Group& group : groups.groups()) {
        if (!group.locked) kept.groups[group.id.index()].resize((group.width + 1) / 2);
    }
    return kept;
}

void addRow(const char* name, const ChannelToy& toy, const char* parameter, const Shape& shape) {
    QTest::newRow(name) << toy << QString(parameter) << QList<qint64>(shape.begin(), shape.end());
}

void addShapes() {
    addRow("a size written in the code",
           {{{"a", {8, 6}}, {"b", {3, 8}}},
            "y = torch.matmul(x, self.a.t())\n"
            "  return torch.matmul(y.reshape([-1, 8]), self.b.t()).view([x.size(0), -1, 3])",
            kTokens},
           "b", {3, 4});
    addRow("batch times heads",
           {{{"a", {12, 6}}, {"b", {3, 12}}},
            "n = x.size(0)\n  y = torch.matmul(x, self.a.t())\n"
            "  y = y.view([n, x.size(1), 4, 3]).transpose(1, 2).reshape([n * 4, x.size(1), 3])\n"
            "  y = torch.softmax(torch.bmm(y, y.transpose(1, 2)), 2).bmm(y)\n"
            "  y = y.view([n, 4, x.size(1), 3]).transpose(1, 2).reshape([n, x.size(1), 12])\n"
            "  return torch.matmul(y, self.b.t())",
            kTokens},
           "b", {3, 6});
    addRow("flattened image",
           {{{"a", {8, 3, 1, 1}}, {"b", {5, 512}}},
            "y = torch.relu(torch.conv2d(x, self.a))\n"
            "  return torch.matmul(y.view([x.size(0), 8 * 8 * 8]), self.b.t())",
            kImage},
           "b", {5, 256});
    addRow("zeros of a written size",
           {{{"a", {8, 3, 1, 1}}, {"b", {2, 8, 1, 1}}},
            "h = torch.zeros([x.size(0), 8, 8, 8])\n"
            "  return torch.conv2d(torch.conv2d(x, self.a) + h, self.b)",
            kImage},
           "b", {2, 4, 1, 1});
    addRow("one channel is left and must not be squeezed away",
           {{{"a", {2, 3, 8, 8}}, {"b", {4, 2}}},
            "y = torch.conv2d(x, self.a).squeeze(3).squeeze(2)\n"
            "  return torch.matmul(y.squeeze(1), self.b.t())",
            kImage},
           "b", {4, 1});
}

void addPositions() {
    addRow("halves by slices",
           {{{"a", {12, 3, 1, 1}}, {"b", {2, 6, 1, 1}}},
            "y = torch.conv2d(x, self.a)\n  p, q = y[:, :6], y[:, 6:]\n"
            "  return torch.conv2d(p * torch.sigmoid(q), self.b)",
            kImage},
           "a", {6, 3, 1, 1});
    addRow("pieces by a worked-out size",
           {{{"a", {12, 3, 1, 1}}, {"b", {2, 6, 1, 1}}},
            "y = torch.conv2d(x, self.a)\n  p, q = y.split(y.size(1) // 2, 1)\n"
            "  return torch.conv2d(p * torch.sigmoid(q), self.b)",
            kImage},
           "a", {6, 3, 1, 1});
    addRow("unequal pieces",
           {{{"a", {12, 3, 1, 1}}, {"b", {2, 4, 1, 1}}, {"c", {2, 8, 1, 1}}},
            "p, q = torch.split(torch.conv2d(x, self.a), [4, 8], 1)\n"
            "  return torch.conv2d(p, self.b) + torch.conv2d(q, self.c)",
            kImage},
           "c", {2, 4, 1, 1});
    addRow("queries, keys and values by position",
           {{{"a", {18, 6}}, {"b", {3, 6}}},
            "n = x.size(0)\n  y = torch.matmul(x, self.a.t())\n"
            "  y = y.view([n, -1, 3, 2, 3]).permute([2, 0, 3, 1, 4])\n"
            "  s = torch.matmul(y[0], y[1].transpose(2, 3)) * float(y.size(4)) ** -0.5\n"
            "  y = torch.matmul(torch.softmax(s, 3), y[2]).transpose(1, 2).reshape([n, -1, 6])\n"
            "  return torch.matmul(y, self.b.t())",
            kTokens},
           "b", {3, 4});
    addRow("depthwise",
           {{{"a", {8, 3, 1, 1}}, {"b", {8, 1, 3, 3}}, {"c", {2, 8, 1, 1}}},
            "x = torch.conv2d(torch.conv2d(x, self.a), self.b, None, [1, 1], [1, 1], [1, 1], 8)\n"
            "  return torch.conv2d(x, self.c)",
            kImage},
           "b", {4, 1, 3, 3});
}

void addNumbers() {
    addRow("a scale that was a size stays",
           {{{"a", {8, 6}}, {"b", {3, 8}}},
            "y = torch.matmul(x, self.a.t())\n"
            "  y = y * (1.0 / float(y.size(2) * x.size(0)) ** 0.5)\n"
            "  return torch.matmul(y, self.b.t())",
            kTokens},
           "b", {3, 4});
    addRow("a sum divided by how many there were",
           {{{"a", {8, 3, 1, 1}}, {"b", {2, 8, 1, 1}}},
            "y = torch.conv2d(x, self.a)\n  y = y / y.size(1)\n  return torch.conv2d(y, self.b)",
            kImage},
           "b", {2, 4, 1, 1});
    addRow("a check of the width",
           {{{"a", {8, 3, 1, 1}}, {"b", {2, 8, 1, 1}}},
            "y = torch.conv2d(x, self.a)\n  assert y.size(1) == 8, \"width\"\n"
            "  return torch.conv2d(y, self.b)",
            kImage},
           "b", {2, 4, 1, 1});
    addRow("a branch on the width",
           {{{"a", {8, 3, 1, 1}}, {"b", {2, 8, 1, 1}}},
            "y = torch.conv2d(x, self.a)\n  if y.size(1) > 6:\n    y = torch.relu(y)\n"
            "  return torch.conv2d(y, self.b)",
            kImage},
           "b", {2, 4, 1, 1});
    addRow("the same step in a loop",
           {{{"a", {8, 6}}, {"w", {8, 8}}, {"b", {3, 8}}},
            "h = torch.matmul(x, self.a.t())\n  for i in range(3):\n"
            "    h = torch.tanh(torch.matmul(h, self.w.t())).view([-1, x.size(1), 8])\n"
            "  return torch.matmul(h, self.b.t())",
            kTokens},
           "b", {3, 4});
}

}  // namespace

class TestShrinkRewrites : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }
    void followsTheCut_data();
    void followsTheCut();
    void leavesWholeWhatTheCodeHolds();
    void letsTheInputDecide();
    void provesWhatEndsInZeros();
};

void TestShrinkRewrites::followsTheCut_data() {
    QTest::addColumn<ChannelToy>("toy");
    QTest::addColumn<QString>("parameter");
    QTest::addColumn<QList<qint64>>("shape");
    addShapes();
    addPositions();
    addNumbers();
}

void TestShrinkRewrites::followsTheCut() {
    QFETCH(ChannelToy, toy);
    QFETCH(QString, parameter);
    QFETCH(QList<qint64>, shape);
    RunControl control;
    const auto groups = analyse(noisy(toy), control);
    QVERIFY2(groups.ok(), groups ? "" : groups.error().text().c_str());
    const auto model = cut(*groups, halved(**groups), CutOptions{}, {}, control);
    QVERIFY2(model.ok(), model ? "" : model.error().text().c_str());
    for (const auto& whole : (*model)->leftWhole()) QFAIL(whole.reason.c_str());
    const auto sizes =
        model::parameterAt((*model)->state().module, parameter.toStdString()).sizes();
    QCOMPARE(QList<qint64>(sizes.begin(), sizes.end()), shape);
    QVERIFY((*model)->proof().maxRelativeDifference <= 1e-5);
    QVERIFY((*model)->proof().inputs.size() >= 2);  // the batch is still free
}

void TestShrinkRewrites::leavesWholeWhatTheCodeHolds() {
    // Each round wants another size: no constant can say that.
    const ChannelToy toy{
        {{"a", {8, 6}}, {"b", {4, 8}}, {"c", {3, 2}}, {"d", {5, 6}}, {"e", {3, 5}}},
        "y = torch.matmul(x, self.a.t())\n"
        "  for i in range(2):\n"
        "    y = y.reshape([x.size(0), -1, 8 // (i + 1)])\n"
        "  y = torch.matmul(y, self.b[:, :4].t()).mean([1, 2], True)\n"
        "  z = torch.matmul(torch.relu(torch.matmul(x, self.d.t())), self.e.t())\n"
        "  return y + z",
        kTokens};
    RunControl control;
    const auto groups = analyse(noisy(toy), control);
    QVERIFY(groups.ok());
    const auto model = cut(*groups, halved(**groups), CutOptions{}, {}, control);
    QVERIFY2(model.ok(), model ? "" : model.error().text().c_str());
    // The branch that has nothing to do with it is cut all the same.
    QCOMPARE(model::parameterAt((*model)->state().module, "d").size(0), std::int64_t{3});
}

void TestShrinkRewrites::letsTheInputDecide() {
    const ChannelToy toy{{{"a", {8, 6}}, {"b", {3, 8}}},
                         "y = torch.matmul(x, self.a.t())\n"
                         "  s = float(x.abs().max())\n"
                         "  if bool(x.sum() > 0):\n    y = torch.relu(y)\n"
                         "  return torch.matmul(y / s, self.b.t())",
                         kTokens};
    RunControl control;
    const auto groups = analyse(noisy(toy), control);
    QVERIFY(groups.ok());
    const auto model = cut(*groups, halved(**groups), CutOptions{}, {}, control);
    QVERIFY2(model.ok(), model ? "" : model.error().text().c_str());
    auto small = (*model)->state().module.deepcopy();
    auto twin = *maskedTwin(**model);
    const at::NoGradGuard noGrad;
    for (const double sign : {1.0, -1.0}) {
        const auto x = at::ones({1, 5, 6}) * sign + noise({1, 5, 6}) * 0.1;
        QVERIFY(
            at::allclose(small.forward({x}).toTensor(), twin.forward({x}).toTensor(), 1e-5, 1e-6));
    }
}

void TestShrinkRewrites::provesWhatEndsInZeros() {
    const ChannelToy toy{{{"a", {64, 6}}, {"b", {3, 64}}},
                         "y = torch.relu(torch.matmul(x, self.a.t()))\n"
                         "  return torch.matmul(y, self.b.t())",
                         kTokens};
    const auto snapshot = noisy(toy);
    const at::NoGradGuard noGrad;
    model::parameterAt(snapshot->state().module, "b").zero_();
    RunControl control;
    const auto groups = analyse(snapshot, control);
    QVERIFY(groups.ok());
    // What is zero in a file counts as pruned weights.
    const WeightMasks masks{{"b", at::zeros({3, 64}, at::kBool)}};
    const auto masksFor = [&](const KeptChannels&) -> Result<WeightMasks> { return masks; };
    const auto model = cut(*groups, halved(**groups), masksFor, CutOptions{}, {}, control);
    QVERIFY2(model.ok(), model ? "" : model.error().text().c_str());
    QVERIFY((*model)->leftWhole().empty());
    const Proof& proof = (*model)->proof();
    QVERIFY(!proof.alreadyZero);
    QCOMPARE(proof.inputs.size(), std::size_t{3});
    QCOMPARE(proof.unproved.size(), std::size_t{1});
    QVERIFY(proof.unproved[0].find("noise in place of its constant") != std::string::npos);
    // The noise is for the proof alone.
    QVERIFY(model::parameterAt((*model)->state().module, "b").eq(0).all().item<bool>());
}

QTEST_GUILESS_MAIN(TestShrinkRewrites)
#include "tst_shrink_rewrites.moc"
