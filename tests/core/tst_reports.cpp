// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <nlohmann/json.hpp>

#include "core/exchange/reports.h"

using namespace espalier;
using nlohmann::json;

namespace {

measure::Evaluation evaluation() {
    measure::Evaluation result;
    result.split = data::Split::Test;
    result.samples = 4;
    result.loss = 0.5;
    result.top1 = 0.75;
    result.top5 = 1;
    result.classes = {{"cat", 3, 3}, {"dog", 1, 0}, {"empty", 0, 0}};
    return result;
}

}  // namespace

class TestReports : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void evaluationHasEveryClass() {
        const auto parsed = json::parse(exchange::evaluationToJson(evaluation()));
        QCOMPARE(parsed["format"].get<std::string>(), std::string("espalier-evaluation"));
        QCOMPARE(parsed["version"].get<int>(), 1);
        QCOMPARE(parsed["split"].get<std::string>(), std::string("test"));
        QCOMPARE(parsed["classes"][0]["top1"].get<double>(), 1.0);
        QCOMPARE(parsed["classes"][1]["top1"].get<double>(), 0.0);
        QCOMPARE(parsed["classes"][2]["top1"].get<double>(),
                 0.0);  // no sample, no division by zero
    }

    void reportKeepsTheContractsKeys() {
        exchange::PruneReport report;
        report.before.nonzeros = 100;
        report.after.nonzeros = 8;
        report.layers = {{"fc1.weight", prune::WeightRule::sparsity(0.92), 0.92},
                         {"fc2.weight", std::nullopt, 0.5}};
        report.seconds = {{"load", 0.1}};
        const auto parsed = json::parse(exchange::reportToJson(report));
        for (const char* key : {"format", "version", "parameters", "nonzeros", "macs", "bytes",
                                "proof", "kept", "requested", "reached", "seconds"}) {
            QVERIFY2(parsed.contains(key), key);
        }
        QCOMPARE(parsed["nonzeros"]["before"].get<int>(), 100);
        QCOMPARE(parsed["nonzeros"]["after"].get<int>(), 8);
        QCOMPARE(parsed["requested"].size(), std::size_t(1));
        QCOMPARE(parsed["reached"]["fc2.weight"].get<double>(), 0.5);
        QVERIFY(!parsed.contains("training"));
    }

    void trainingIsReportedWithItsTest() {
        exchange::PruneReport report;
        report.training =
            exchange::TrainingSummary{5, 4, evaluation(), evaluation(), evaluation(), evaluation()};
        const auto parsed = json::parse(exchange::reportToJson(report));
        QCOMPARE(parsed["training"]["best_epoch"].get<int>(), 4);
        QCOMPARE(parsed["training"]["test"]["top1"].get<double>(), 0.75);
    }

    void latencyNamesItsUnit() {
        const auto parsed = json::parse(exchange::latencyToJson({{"a.pt", 1.5, 1.0, 2.0, 50}}));
        QCOMPARE(parsed["unit"].get<std::string>(), std::string("ms"));
        QCOMPARE(parsed["models"][0]["median"].get<double>(), 1.5);
    }
};

QTEST_GUILESS_MAIN(TestReports)
#include "tst_reports.moc"
