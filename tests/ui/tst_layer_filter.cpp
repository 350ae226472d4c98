// SPDX-License-Identifier: GPL-3.0-or-later
// The language of the layer list's filter: what it accepts, and what it says of a text it does not
// understand.
#include <QCoreApplication>
#include <QTest>

#include "ui/models/filter_tokens.h"
#include "ui/models/layer_filter.h"

using namespace espalier;
using namespace espalier::ui;

namespace {

/// features.conv1.weight, conv2d of 1 000 weights in 50 rows, 1 010 parameters, 100 k MACs.
const model::Layer& conv() {
    static const model::Layer layer = [] {
        model::Layer made;
        made.name = "features.conv1.weight";
        made.op = "conv2d";
        made.shape = {50, 20};
        made.weightCount = 1000;
        made.parameters = 1010;
        made.macs = 100'000;
        made.prunable.weights = true;
        return made;
    }();
    return layer;
}

/// 30 % removed, locked, in group B with 40 channels left.
LayerFacts facts() {
    return {conv(), 0.3, true, QStringLiteral("B"), 700, 40};
}

}  // namespace

class TestLayerFilter : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void understands_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("accepted");
        const auto row = [](const char* text, bool accepted) {
            QTest::newRow(*text ? text : "empty") << QString::fromUtf8(text) << accepted;
        };
        row("", true);
        row("   ", true);
        row("CONV1", true);
        row("conv2d", true);  // the type
        row("fc", false);
        row("type:conv", true);
        row("type:features", false);
        row("is:locked", true);
        row("IS:Prunable", true);
        row("group:b", true);
        row("group:A", false);
        // every field and every comparator
        row("sparsity<0.3", false);
        row("sparsity<=0.3", true);
        row("sparsity > 25%", true);
        row("sparsity>25 %", true);
        row("sparsity=0.3", true);
        row("sparsity==.3003", true);  // to three digits
        row("sparsity=0.31", false);
        row("sparsity!=0.31", true);
        row("sparsity!=0.3", false);
        row("PARAMS<2000", true);
        row("params>1e3", true);
        row("params>1.01k", false);
        row("params>=1.01k", true);
        row("weights=1000", true);
        row("weights=1001", false);
        row("weights!=1000", false);
        row("nonzeros<=700", true);
        row("nonzeros<700", false);
        row("macs>=0.1M", true);
        row("macs>0.0001g", false);
        row("channels=40", true);
        row("channels>40", false);
        row("rows=50", true);
        // joined
        row("conv sparsity<0.5 params>1e3", true);
        row("conv type:conv params<100", false);
        row("conv and params>100", true);
        row("fc or conv", true);
        row("fc or linear", false);
        row("fc or conv params<100", false);  // "or" joins what stands on its sides
        row("(fc or conv) params>100", true);
        row("-fc", true);
        row("-conv", false);
        row("not fc", true);
        row("not not conv", true);
        row("-(fc or type:conv)", false);
        row("-(fc conv) -group:A", true);
        row("NOT fc AND conv OR linear", true);
        row("conv -sparsity>0.5", true);
        row("\"conv1.weight\"", true);
        row("\"or\"", false);  // the name has none
        row("\"not there\" or \"features.\"", true);
        row("size", false);  // a word, not a field
    }
    void understands() {
        QFETCH(QString, text);
        QFETCH(bool, accepted);
        const LayerFilter filter(text);
        QVERIFY2(!filter.problem(), qPrintable(filter.problem().value_or(FilterProblem()).text));
        QCOMPARE(filter.accepts(facts()), accepted);
    }

    void whatALayerLacksMatchesNoComparison() {
        const LayerFacts alone{conv()};
        QVERIFY(!LayerFilter("channels>0").accepts(alone));
        QVERIFY(!LayerFilter("channels!=7").accepts(alone));
        QVERIFY(LayerFilter("-channels>0").accepts(alone));  // how to ask for those without
    }

    void saysWhatIsWrongAndWhere_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("at");
        QTest::addColumn<int>("length");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* text, int at, int length, const char* words) {
            QTest::newRow(text) << QString::fromUtf8(text) << at << length
                                << QString::fromUtf8(words);
        };
        row("sparsity<", 9, 0, "“sparsity” needs a number, as in sparsity<0.3 (at the end)");
        row("conv params<abc", 12, 3, "needs a number, as in params>1e5 (at character 13)");
        row("params>1x", 7, 2, "needs a number");
        row("params>-1", 7, 1, "needs a number");
        row("params>1e999", 7, 5, "needs a number");
        row("size<3", 0, 4, "“size” cannot be compared: use sparsity, params");
        row("macs>5%", 5, 2, "“macs” is a count");
        row("sparsity<30", 9, 2, "from 0 to 1: write 0.3 or 30%");
        row("<3", 0, 1, "needs a field before it: sparsity");
        row("is:big", 0, 6, "“is:” knows locked and prunable");
        row("type:", 0, 5, "needs a word after it");
        row("(conv", 0, 1, "“(” is not closed (at character 1)");
        row("conv)", 4, 1, "“)” closes nothing");
        row("()", 1, 1, "“)” comes where a condition should be");
        row("conv or", 7, 0, "A condition is missing (at the end)");
        row("or conv", 0, 2, "“or” needs a condition on both sides");
        row("conv and or fc", 9, 2, "“or” needs a condition on both sides");
        row("not", 3, 0, "A condition is missing");
        row("conv -", 6, 0, "A condition is missing");
        row("\"conv", 0, 4, "The quote has no end");
    }
    void saysWhatIsWrongAndWhere() {
        QFETCH(QString, text);
        QFETCH(int, at);
        QFETCH(int, length);
        QFETCH(QString, words);
        const LayerFilter filter(text);
        QVERIFY(filter.problem());
        QVERIFY2(filter.problem()->text.contains(words), qPrintable(filter.problem()->text));
        QCOMPARE(filter.problem()->at, at);
        QCOMPARE(filter.problem()->length, length);
    }

    void aProblemChangesNothing() {
        LayerFilter filter("fc");
        filter.setText("conv sparsity<");
        QVERIFY(filter.problem());
        QVERIFY(!filter.accepts(facts()));  // still "fc"
        filter.setText("conv sparsity<0.5");
        QVERIFY(!filter.problem());
        QVERIFY(filter.accepts(facts()));
    }

    void aHugeTextIsNoDanger() {
        QVERIFY(LayerFilter(QString(100'000, u'(')).problem());
        QVERIFY(LayerFilter(QString(100'000, u'-')).problem());
        QVERIFY(!LayerFilter(QString("conv ").repeated(2'000)).problem());
    }

    void tokensCoverTheText() {
        using Kind = FilterToken::Kind;
        const std::vector<FilterToken> expected{
            {Kind::Minus, "-", 0},       {Kind::Word, "a-b", 1},       {Kind::Open, "(", 5},
            {Kind::Word, "macs", 6},     {Kind::Comparator, "!=", 10}, {Kind::Word, "3", 12},
            {Kind::Comparator, "=", 13}, {Kind::Quoted, "x y", 15},    {Kind::Close, ")", 20},
            {Kind::End, "", 21}};
        QVERIFY(filterTokens("-a-b (macs!=3==\"x y\")") == expected);
    }

    void everyFieldIsAmongTheWords() {
        for (const FilterField& field : filterFields()) {
            QVERIFY(filterWords().contains(QString::fromLatin1(field.name)));
            QVERIFY(filterFieldNames().contains(QString::fromLatin1(field.name)));
        }
    }
};

QTEST_GUILESS_MAIN(TestLayerFilter)
#include "tst_layer_filter.moc"
