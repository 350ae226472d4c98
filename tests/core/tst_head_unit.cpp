// SPDX-License-Identifier: GPL-3.0-or-later
// What is removed where channels are laid out as [heads, width].
#include <QtTest>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "core/channels/shrink_torch.h"
#include "tests/support/channel_toy_torch.h"
#include "tests/support/noise_torch.h"

using namespace espalier;
using namespace espalier::channels;
using namespace espalier::test;

namespace {

/// Two heads of width 3, from one matrix for queries, keys and values. `split` takes `y` [n, 5, 18]
/// apart into `y` [3, n, 2, 5, 3]; `weigh` makes the new `y` [n, 2, 5, 3] of it.
model::SnapshotPtr noisyAttention(const char* split, const char* weigh) {
    const auto code = std::string("n = x.size(0)\n  y = torch.matmul(x, self.a.t())\n  ") + split +
                      "\n  " + weigh + "\n  y = y.transpose(1, 2).reshape([n, -1, 6])\n" +
                      "  return torch.matmul(y, self.b.t())";
    auto snapshot = snapshotOf({{{"a", {18, 6}}, {"b", {3, 6}}}, code, {"1x5x6"}});
    const at::NoGradGuard noGrad;
    std::uint64_t seed = 1;
    for (const auto& parameter : snapshot->state().module.named_parameters()) {
        parameter.value.copy_(noise(parameter.value.sizes().vec(), seed++));
    }
    return snapshot;
}

/// The group that ends in the columns of b.
const Group& values(const ChannelGroups& groups) {
    for (const Group& group : groups.groups()) {
        for (const Member& member : group.members) {
            if (member.parameter == "b" && member.role == Role::Consumer && !group.locked)
                return group;
        }
    }
    qFatal("no group reaches b");
}

}  // namespace

class TestHeadUnit : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }
    void decidesWhatOneChannelIs_data();
    void decidesWhatOneChannelIs();
    void namesAreRead();
};

void TestHeadUnit::decidesWhatOneChannelIs_data() {
    struct Form {
        const char* name;
        const char* split;
        const char* weigh;
    };
    constexpr auto kAtOnce = "y = y.view([n, -1, 3, 2, 3]).permute([2, 0, 3, 1, 4])";
    constexpr auto kByMatmul =
        "y = torch.matmul(torch.softmax(torch.matmul(y[0], y[1].transpose(2, 3)), 3), y[2])";
    constexpr std::array kForms = {
        Form{"at once", kAtOnce, kByMatmul},
        Form{"three parts first",
             "y = y.unflatten(-1, [3, 6]).unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous()\n"
             "  y = y.view([3, n, -1, 2, 3]).transpose(2, 3)",
             kByMatmul},
        Form{"by einsum", kAtOnce,
             "s = torch.softmax(torch.einsum('bhid,bhjd->bhij', [y[0], y[1]]), 3)\n"
             "  y = torch.einsum('bhij,bhjd->bhid', [s, y[2]])"},
    };
    QTest::addColumn<QString>("split");
    QTest::addColumn<QString>("weigh");
    QTest::addColumn<int>("unit");
    QTest::addColumn<int>("width");
    QTest::addColumn<QList<qint64>>("columns");  // of b, that the second channel takes
    for (const Form& form : kForms) {
        const auto add = [&form](HeadUnit unit, int width, const QList<qint64>& columns) {
            QTest::addRow("%s, %s", form.name, nameOf(unit).data())
                << form.split << form.weigh << int(unit) << width << columns;
        };
        add(HeadUnit::Most, 3, {1, 4});
        add(HeadUnit::Positions, 3, {1, 4});
        add(HeadUnit::Heads, 2, {3, 4, 5});
    }
}

void TestHeadUnit::decidesWhatOneChannelIs() {
    QFETCH(QString, split);
    QFETCH(QString, weigh);
    QFETCH(int, unit);
    QFETCH(int, width);
    QFETCH(QList<qint64>, columns);
    RunControl control;
    const auto found = analyse(noisyAttention(qPrintable(split), qPrintable(weigh)), control,
                               static_cast<HeadUnit>(unit));
    QVERIFY(found.ok());
    const ChannelGroups& groups = **found;
    QCOMPARE(int(groups.headUnit()), unit);
    const Group& group = values(groups);
    QCOMPARE(group.width, width);
    QCOMPARE(group.heads, 2);
    for (const Member& member : group.members) {
        if (member.parameter != "b") continue;
        const auto positions = member.of(1);
        QCOMPARE(QList<qint64>(positions.begin(), positions.end()), columns);
    }
    const auto model = cut(*found, keeping(groups, group.key, {0}), CutOptions{}, {}, control);
    QVERIFY2(model.ok(), model ? "" : model.error().text().c_str());
    QVERIFY((*model)->leftWhole().empty());
    QCOMPARE(model::parameterAt((*model)->state().module, "b").size(1), 6 / width);
    QVERIFY((*model)->proof().maxRelativeDifference <= 1e-5);
}

void TestHeadUnit::namesAreRead() {
    for (const auto unit : {HeadUnit::Most, HeadUnit::Heads, HeadUnit::Positions})
        QCOMPARE(*parseHeadUnit(nameOf(unit)), unit);
    QCOMPARE(parseHeadUnit("halves").error().kind, Error::Kind::BadArgument);
}

QTEST_GUILESS_MAIN(TestHeadUnit)
#include "tst_head_unit.moc"
