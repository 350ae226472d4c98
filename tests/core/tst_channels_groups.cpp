// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "tests/support/channel_toy_torch.h"

using namespace espalier;
using namespace espalier::test;

namespace {

const std::vector<std::string> kImage = {"1x3x8x8"};
const std::vector<std::string> kTokens = {"1x5x6"};

void addRow(const char* name, const ChannelToy& toy, const char* groups) {
    QTest::newRow(name) << toy << QString(groups);
}

void addConvolutions() {
    addRow("chain",
           {{{"a", {8, 3, 3, 3}}, {"b", {4, 8, 1, 1}}},
            "return torch.conv2d(torch.relu(torch.conv2d(x, self.a)), self.b)",
            kImage},
           "a=8 b=4*");
    addRow("residual add",
           {{{"a", {8, 3, 1, 1}}, {"b", {6, 8, 1, 1}}, {"c", {8, 6, 1, 1}}, {"d", {2, 8, 1, 1}}},
            "x = torch.conv2d(x, self.a)\n  return torch.conv2d(x + torch.conv2d(torch.conv2d(x, "
            "self.b), self.c), self.d)",
            kImage},
           "a=8 b=6 d=2*");
    addRow("depthwise",
           {{{"a", {8, 3, 1, 1}}, {"b", {8, 1, 3, 3}}, {"c", {2, 8, 1, 1}}},
            "x = torch.conv2d(torch.conv2d(x, self.a), self.b, None, [1, 1], [1, 1], [1, 1], 8)\n"
            "  return torch.conv2d(x, self.c)",
            kImage},
           "a=8 c=2*");
    addRow("depthwise with two outputs a channel",
           {{{"a", {4, 3, 1, 1}}, {"b", {8, 1, 3, 3}}, {"c", {2, 8, 1, 1}}},
            "x = torch.conv2d(torch.conv2d(x, self.a), self.b, None, [1, 1], [1, 1], [1, 1], 4)\n"
            "  return torch.conv2d(x, self.c)",
            kImage},
           "a=4 c=2*");
    addRow("two wide groups: the same positions in each",
           {{{"a", {8, 3, 1, 1}}, {"b", {12, 4, 1, 1}}, {"c", {2, 12, 1, 1}}},
            "x = torch.conv2d(torch.conv2d(x, self.a), self.b, None, [1, 1], [0, 0], [1, 1], 2)\n"
            "  return torch.conv2d(x, self.c)",
            kImage},
           "a=4 b=6 c=2*");
    addRow("eight narrow groups: whole groups",
           {{{"a", {16, 3, 1, 1}}, {"b", {16, 2, 1, 1}}, {"c", {2, 16, 1, 1}}},
            "x = torch.conv2d(torch.conv2d(x, self.a), self.b, None, [1, 1], [0, 0], [1, 1], 8)\n"
            "  return torch.conv2d(x, self.c)",
            kImage},
           "a=8 c=2*");
    addRow("transposed",
           {{{"a", {8, 3, 1, 1}}, {"b", {8, 6, 2, 2}}, {"c", {2, 6, 1, 1}}},
            "return torch.conv2d(torch.conv_transpose2d(torch.conv2d(x, self.a), self.b), self.c)",
            kImage},
           "a=8 b=6 c=2*");
}

void addJoins() {
    addRow("concatenation",
           {{{"a", {4, 3, 1, 1}}, {"b", {6, 3, 1, 1}}, {"c", {2, 10, 1, 1}}},
            "return torch.conv2d(torch.cat([torch.conv2d(x, self.a), torch.conv2d(x, self.b)], 1), "
            "self.c)",
            kImage},
           "a=4 b=6 c=2*");
    addRow("a split feeds two layers",
           {{{"a", {12, 3, 1, 1}}, {"b", {5, 4, 1, 1}}, {"c", {5, 8, 1, 1}}},
            "p, q = torch.split(torch.conv2d(x, self.a), [4, 8], 1)\n"
            "  return torch.conv2d(p, self.b) + torch.conv2d(q, self.c)",
            kImage},
           "a[0:4]=4 a[4:12]=8 b=5*");
    addRow("gate of two halves",
           {{{"a", {12, 3, 1, 1}}, {"b", {2, 6, 1, 1}}},
            "p, q = torch.chunk(torch.conv2d(x, self.a), 2, 1)\n"
            "  return torch.conv2d(p * torch.sigmoid(q), self.b)",
            kImage},
           "a=6 b=2*");
    addRow("spatial gate",
           {{{"a", {8, 3, 1, 1}}, {"g", {1, 8, 1, 1}}, {"b", {2, 8, 1, 1}}},
            "x = torch.conv2d(x, self.a)\n"
            "  return torch.conv2d(x * torch.sigmoid(torch.conv2d(x, self.g)), self.b)",
            kImage},
           "a=8 b=2*");
    addRow("added to the input",
           {{{"a", {3, 3, 1, 1}}, {"b", {2, 3, 1, 1}}},
            "return torch.conv2d(x + torch.conv2d(x, self.a), self.b)",
            kImage},
           "a=3* b=2*");
    addRow("written into slices",
           {{{"a", {4, 3, 1, 1}}, {"b", {4, 3, 1, 1}}, {"c", {2, 8, 1, 1}}},
            "y = torch.zeros([1, 8, 8, 8])\n  y[:, :4] = torch.conv2d(x, self.a)\n"
            "  y[:, 4:] = torch.conv2d(x, self.b)\n  return torch.conv2d(y, self.c)",
            kImage},
           "a=4 b=4 c=2*");
    addRow("one taken out must stay",
           {{{"a", {4, 3, 1, 1}}, {"b", {2, 4, 1, 1}}},
            "y = torch.conv2d(x, self.a)\n"
            "  return torch.conv2d(y * y[:, 2].unsqueeze(1), self.b)",
            kImage},
           "a[0:4]=3 a[2:3]=1* b=2*");
}

void addStretched() {
    addRow("divided by a norm that is stretched",
           {{{"a", {8, 3, 1, 1}}, {"b", {2, 8, 1, 1}}},
            "y = torch.conv2d(x, self.a)\n"
            "  n = torch.sqrt(torch.sum(y * y, 1, True)).expand_as(y)\n"
            "  return torch.conv2d(y / n, self.b)",
            kImage},
           "a=8 b=2*");
    addRow("divided by a norm that is no zero where they are masked",
           {{{"a", {8, 3, 1, 1}}, {"b", {2, 8, 1, 1}}},
            "y = torch.conv2d(x, self.a)\n"
            "  n = torch.sum(torch.sigmoid(y), 1, True).expand_as(y)\n"
            "  return torch.conv2d(y / n, self.b)",
            kImage},
           "a=8~ b=2*");
    addRow("times an input that is stretched",
           {{{"a", {8, 3, 1, 1}}, {"b", {2, 8, 1, 1}}},
            "return torch.conv2d(torch.conv2d(x, self.a) * x[:, :1].expand(1, 8, 8, 8), self.b)",
            kImage},
           "a=8 b=2*");
    addRow("times an input that is not",
           {{{"a", {3, 3, 1, 1}}, {"b", {2, 3, 1, 1}}},
            "return torch.conv2d(torch.conv2d(x, self.a) * x, self.b)",
            kImage},
           "a=3* b=2*");
    addRow("the largest of the channels",
           {{{"a", {8, 3, 1, 1}}, {"b", {2, 3, 1, 1}}},
            "return torch.conv2d(torch.topk(torch.conv2d(x, self.a), 3, 1)[0], self.b)",
            kImage},
           "a=8* b=2*");
}

void addReindexing() {
    addRow("flatten",
           {{{"a", {4, 3, 1, 1}}, {"b", {5, 256}}},
            "return torch.linear(torch.flatten(torch.conv2d(x, self.a), 1), self.b)",
            kImage},
           "a=4 b=5*");
    addRow("channels last, flattened",
           {{{"a", {4, 3, 1, 1}}, {"b", {5, 256}}},
            "y = torch.conv2d(x, self.a).permute(0, 2, 3, 1)\n"
            "  return torch.linear(y.reshape(1, -1), self.b)",
            kImage},
           "a=4 b=5*");
    addRow("channel shuffle",
           {{{"a", {8, 3, 1, 1}}, {"b", {2, 8, 1, 1}}},
            "y = torch.conv2d(x, self.a).view(1, 2, 4, 8, 8).transpose(1, 2)\n"
            "  return torch.conv2d(y.reshape(1, 8, 8, 8), self.b)",
            kImage},
           "a=4 b=2*");
    addRow("pixel shuffle",
           {{{"a", {8, 3, 1, 1}}, {"b", {5, 2, 1, 1}}},
            "return torch.conv2d(torch.pixel_shuffle(torch.conv2d(x, self.a), 2), self.b)",
            kImage},
           "a=2 b=5*");
    addRow("padded with channels, which go with those that they meet",
           {{{"a", {4, 3, 1, 1}}, {"b", {6, 4, 1, 1}}, {"c", {2, 6, 1, 1}}},
            "y = torch.conv2d(x, self.a)\n"
            "  y = torch.conv2d(y, self.b) + torch.constant_pad_nd(y, [0, 0, 0, 0, 1, 1])\n"
            "  return torch.conv2d(y, self.c)",
            kImage},
           "a=4 b=2 c=2*");
    addRow("padded with channels that nothing makes",
           {{{"a", {4, 3, 1, 1}}, {"b", {2, 6, 1, 1}}},
            "y = torch.constant_pad_nd(torch.conv2d(x, self.a), [0, 0, 0, 0, 1, 1])\n"
            "  return torch.conv2d(y, self.b)",
            kImage},
           "a=4 b=2*");
    addRow("looked up by a buffer",
           {{{"a", {4, 3, 1, 1}}, {"b", {2, 4, 1, 1}}},
            "return torch.conv2d(torch.index_select(torch.conv2d(x, self.a), 1, self.order), "
            "self.b)",
            kImage,
            {{"order", {2, 0, 3, 1}}}},
           "a=4 b=2*");
    addRow("sorted",
           {{{"a", {4, 3, 1, 1}}, {"b", {2, 4, 1, 1}}},
            "return torch.conv2d(torch.sort(torch.conv2d(x, self.a), 1)[0], self.b)",
            kImage},
           "a=4* b=2*");
}

void addNorms() {
    addRow("layer norm is inexact",
           {{{"a", {8, 6}}, {"g", {8}}, {"b", {2, 8}}},
            "return torch.linear(torch.layer_norm(torch.linear(x, self.a), [8], self.g), self.b)",
            kTokens},
           "a=8~ b=2*");
    addRow("group norm over many channels is inexact",
           {{{"a", {8, 3, 1, 1}}, {"b", {2, 8, 1, 1}}},
            "return torch.conv2d(torch.group_norm(torch.conv2d(x, self.a), 2), self.b)",
            kImage},
           "a=4~ b=2*");
    addRow("whole groups of a group norm are exact",
           {{{"a", {8, 3, 1, 1}}, {"b", {2, 8, 1, 1}}},
            "return torch.conv2d(torch.group_norm(torch.conv2d(x, self.a), 4), self.b)",
            kImage},
           "a=4 b=2*");
    addRow("mean over channels is inexact",
           {{{"a", {8, 3, 1, 1}}, {"b", {2, 8, 1, 1}}},
            "y = torch.conv2d(x, self.a)\n"
            "  return torch.conv2d(y - torch.mean(y, 1, True), self.b)",
            kImage},
           "a=8~ b=2*");
    addRow("weight norm by hand",
           {{{"v", {8, 3, 1, 1}}, {"g", {8, 1, 1, 1}}, {"b", {2, 8, 1, 1}}},
            "n = torch.sqrt(torch.sum(self.v * self.v, [1, 2, 3], True))\n"
            "  return torch.conv2d(torch.conv2d(x, self.v * (self.g / n)), self.b)",
            kImage},
           "v=8 b=2*");
}

void addProducts() {
    addRow("attention: the same positions in every head",
           {{{"q", {16, 6}}, {"k", {16, 6}}, {"v", {16, 6}}, {"o", {3, 16}}},
            "q = torch.linear(x, self.q).view(1, 5, 2, 8).transpose(1, 2)\n"
            "  k = torch.linear(x, self.k).view(1, 5, 2, 8).transpose(1, 2)\n"
            "  v = torch.linear(x, self.v).view(1, 5, 2, 8).transpose(1, 2)\n"
            "  a = torch.softmax(torch.matmul(q, k.transpose(2, 3)), 3)\n"
            "  return torch.linear(torch.matmul(a, v).transpose(1, 2).reshape(1, 5, 16), self.o)",
            kTokens},
           "q=8 v=8 o=3*");
    addRow("attention with more heads than width: whole heads",
           {{{"q", {16, 6}}, {"k", {16, 6}}, {"v", {16, 6}}, {"o", {3, 16}}},
            "q = torch.linear(x, self.q).view(1, 5, 8, 2).transpose(1, 2)\n"
            "  k = torch.linear(x, self.k).view(1, 5, 8, 2).transpose(1, 2)\n"
            "  v = torch.linear(x, self.v).view(1, 5, 8, 2).transpose(1, 2)\n"
            "  a = torch.softmax(torch.matmul(q, k.transpose(2, 3)), 3)\n"
            "  return torch.linear(torch.matmul(a, v).transpose(1, 2).reshape(1, 5, 16), self.o)",
            kTokens},
           "q=8 o=3*");
    addRow("einsum",
           {{{"a", {8, 6}}, {"b", {8, 3}}},
            "return torch.einsum('btc,cd->btd', torch.linear(x, self.a), self.b)",
            kTokens},
           "a=8 b=3*");
    addRow("embedding",
           {{{"e", {30, 8}}, {"b", {3, 8}}},
            "return torch.linear(torch.embedding(self.e, x), self.b)",
            {"1x5:int64:0..30"}},
           "e=8 b=3*");
    addRow("embedding tied with the output",
           {{{"e", {30, 8}}},
            "return torch.linear(torch.tanh(torch.embedding(self.e, x)), self.e)",
            {"1x5:int64:0..30"}},
           "e=8 e#2=30*");
}

void addRecurrent() {
    addRow("lstm",
           {{{"wi", {32, 6}}, {"wh", {32, 8}}, {"bi", {32}}, {"bh", {32}}, {"o", {3, 8}}},
            "h = torch.zeros([1, 1, 8])\n"
            "  y, a, b = torch.lstm(x, [h, h], [self.wi, self.wh, self.bi, self.bh], True, 1, 0.0, "
            "False, False, True)\n  return torch.linear(y, self.o)",
            kTokens},
           "wi=8 o=3*");
    addRow("gru cell",
           {{{"wi", {24, 6}}, {"wh", {24, 8}}, {"o", {3, 8}}},
            "h = torch.zeros([1, 8])\n"
            "  h = torch.gru_cell(x[:, 0], h, self.wi, self.wh)\n"
            "  h = torch.gru_cell(x[:, 1], h, self.wi, self.wh)\n"
            "  return torch.linear(h, self.o)",
            kTokens},
           "wi=8 o=3*");
}

}  // namespace

Q_DECLARE_METATYPE(ChannelToy)

class TestChannelGroups : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsGroups_data() {
        QTest::addColumn<ChannelToy>("toy");
        QTest::addColumn<QString>("expected");
        addConvolutions();
        addJoins();
        addStretched();
        addReindexing();
        addNorms();
        addProducts();
        addRecurrent();
    }

    void findsGroups() {
        QFETCH(ChannelToy, toy);
        QFETCH(QString, expected);
        const auto groups = groupsOf(toy);
        QVERIFY(groups);
        QCOMPARE(QString::fromStdString(inShort(*groups)), expected);
    }

    void listsMembersChannelByChannel() {
        const auto groups = groupsOf({{{"a", {2, 3, 1, 1}}, {"bias", {2}}, {"b", {5, 128}}},
                                      "y = torch.conv2d(x, self.a, self.bias)\n"
                                      "  return torch.linear(torch.flatten(y, 1), self.b)",
                                      kImage});
        const auto& group = groups->group(groups->find("a").value());
        QCOMPARE(group.members.size(), 3u);
        QCOMPARE(group.members[0].parameter, std::string("a"));
        QVERIFY(group.members[0].role == channels::Role::Producer);
        const auto& columns =
            group.members[2].parameter == "b" ? group.members[2] : group.members[1];
        QVERIFY(columns.role == channels::Role::Consumer);
        QCOMPARE(columns.axis, 1);
        QCOMPARE(columns.of(1).size(), 64u);
        QCOMPARE(columns.of(1).front(), 64);
        QCOMPARE(columns.of(1).back(), 127);
    }

    void saysWhyNot() {
        const auto groups =
            groupsOf({{{"a", {8, 3, 1, 1}}}, "return torch.conv2d(x, self.a)", kImage});
        QCOMPARE(QString::fromStdString(groups->whyNot("a")),
                 QString("these channels are the model's output"));
        QVERIFY(groups->group(groups->producing("a").value()).locked);
    }

    void saysWhatTheOtherSideComesFrom() {
        const ChannelToy lost{
            {{"a", {8, 3, 1, 1}}, {"b", {8, 3, 1, 1}}, {"c", {8, 3, 1, 1}}, {"d", {2, 8, 1, 1}}},
            "u = torch.renorm(torch.conv2d(x, self.a), 2, 1, 1.0)\n"
            "  v = torch.conv2d(x, self.b) * u\n"
            "  return torch.conv2d(torch.conv2d(x, self.c) + v, self.d)",
            kImage};
        const auto groups = groupsOf(lost);
        const QString first = QString::fromStdString(groups->whyNot("a"));
        QVERIFY2(first.contains("renorm"), qPrintable(first));
        QCOMPARE(QString::fromStdString(groups->whyNot("b")),
                 "mul joins them with others that stay since " + first);
        // However far away, the first cause is named.
        QCOMPARE(QString::fromStdString(groups->whyNot("c")),
                 "add joins them with others that stay since " + first);
        const auto input = groupsOf({{{"a", {3, 3, 1, 1}}, {"d", {2, 3, 1, 1}}},
                                     "return torch.conv2d(torch.conv2d(x, self.a) + x, self.d)",
                                     kImage});
        QCOMPARE(QString::fromStdString(input->whyNot("a")),
                 QString("add joins them with the model's input"));
    }

    void namesWhatCouples() {
        const auto groups = groupsOf(
            {{{"a", {8, 3, 1, 1}}, {"b", {8, 3, 1, 1}}, {"c", {2, 8, 1, 1}}},
             "return torch.conv2d(torch.conv2d(x, self.a) + torch.conv2d(x, self.b), self.c)",
             kImage});
        const auto& group = groups->group(groups->find("a").value());
        QCOMPARE(group.through, std::vector<std::string>{"add"});
        QVERIFY(QString::fromStdString(group.reason).startsWith("2 layers move together: add"));
    }

    void boxesGiveShapes() {
        const auto groups = groupsOf({{{"a", {4, 3, 1, 1}}, {"b", {5, 256}}},
                                      "y = torch.conv2d(x, self.a)\n"
                                      "  return torch.linear(torch.flatten(y, 1), self.b)",
                                      kImage});
        const auto boxes = channels::boxesFor(*groups, keeping(*groups, "a", {1, 3}));
        QVERIFY(boxes.ok());
        QCOMPARE(boxes->parameters.at("a"), (channels::Box{{0, 4, {1, 3}}}));
        QCOMPARE(boxes->parameters.at("b").at(0).kept.size(), 128u);
        QCOMPARE(boxes->parameters.at("b").at(0).kept.front(), 64);
        QCOMPARE(boxes->parameters.size(), 2u);
    }

    void boxesCountGroups() {
        const auto groups = groupsOf(
            {{{"a", {8, 3, 1, 1}}, {"b", {8, 1, 3, 3}}, {"c", {2, 8, 1, 1}}},
             "x = torch.conv2d(torch.conv2d(x, self.a), self.b, None, [1, 1], [1, 1], [1, 1], 8)\n"
             "  return torch.conv2d(x, self.c)",
             kImage});
        const auto boxes = channels::boxesFor(*groups, keeping(*groups, "a", {0, 2, 7}));
        QVERIFY(boxes.ok());
        QCOMPARE(boxes->groupCounts.size(), 1u);
        QCOMPARE(boxes->groupCounts.begin()->second, 3);
    }

    void boxesRenumberLookups() {
        const auto groups = groupsOf(
            {{{"a", {4, 3, 1, 1}}, {"b", {2, 4, 1, 1}}},
             "return torch.conv2d(torch.index_select(torch.conv2d(x, self.a), 1, self.order), "
             "self.b)",
             kImage,
             {{"order", {2, 0, 3, 1}}}});
        const auto boxes = channels::boxesFor(*groups, keeping(*groups, "a", {0, 2}));
        QVERIFY(boxes.ok());
        QVERIFY(at::equal(boxes->renumbered.at("order"), at::tensor({1, 0}, at::kLong)));
        QCOMPARE(boxes->parameters.at("b"), (channels::Box{{1, 4, {0, 1}}}));
    }

    void refusesAnEmptyGroupAndALockedOne() {
        const auto groups = groupsOf({{{"a", {8, 3, 3, 3}}, {"b", {4, 8, 1, 1}}},
                                      "return torch.conv2d(torch.conv2d(x, self.a), self.b)",
                                      kImage});
        const auto empty = channels::boxesFor(*groups, keeping(*groups, "a", {}));
        QVERIFY(!empty.ok());
        QCOMPARE(empty.error().kind, Error::Kind::Infeasible);
        const auto locked = channels::boxesFor(*groups, keeping(*groups, "b", {0}));
        QVERIFY(!locked.ok());
        QCOMPARE(locked.error().kind, Error::Kind::Infeasible);
        QVERIFY(channels::boxesFor(*groups, allChannels(*groups))->parameters.empty());
    }
};

QTEST_GUILESS_MAIN(TestChannelGroups)
#include "tst_channels_groups.moc"
