// SPDX-License-Identifier: GPL-3.0-or-later
// The page for people: well formed, complete by itself, and safe whatever things are called.
#include <limits>

#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QXmlStreamReader>
#include <QtTest>

#include "core/exchange/markup.h"
#include "core/exchange/reports.h"
#include "core/exchange/svg_chart.h"

using namespace espalier;

namespace {

const std::string kEvil = "<script>alert('x')</script>\" onload=\"y\" &amp; \x01";

measure::Evaluation evaluation(double top1) {
    measure::Evaluation result;
    result.samples = 1000;
    result.top1 = result.score = top1;
    result.top5 = 1;
    result.loss = 0.25;
    return result;
}

train::TrainSample step(std::int64_t at, double loss) {
    train::TrainSample sample;
    sample.step = at;
    sample.loss = loss;
    return sample;
}

train::TrainSample epoch(int number, std::int64_t at, double top1, double sparsity) {
    train::TrainSample sample = step(at, 0.3);
    sample.epoch = number;
    sample.valLoss = 0.2;
    sample.top1 = sample.score = top1;
    sample.sparsity = sparsity;
    return sample;
}

exchange::LayerOutcome layer(const std::string& name) {
    exchange::LayerOutcome outcome{name, prune::WeightRule::sparsity(0.5), 0.5};
    outcome.op = kEvil;
    outcome.shape = {10, 4};
    outcome.weights = 40;
    outcome.removed = 20;
    outcome.before = {-1, 1, {5, 15, 15, 5}, 0, 0};
    outcome.kept = {5, 5, 5, 5};
    return outcome;
}

/// Everything that a report can have, each name one that HTML would take for its own.
exchange::PruneReport full() {
    exchange::PruneReport report;
    report.model = kEvil;
    report.before.parameters = report.before.nonzeros = 40;
    report.after.parameters = 40;
    report.after.nonzeros = 20;
    report.inputs = {kEvil};
    report.notes = {kEvil};
    report.layers = {layer(kEvil), layer("fc2.weight")};
    report.groups = {{kEvil, true, {4, 2, {0, 1}, kEvil}}};
    report.proof = channels::Proof{};
    report.proof->inputs = {kEvil};
    report.proof->unproved = {kEvil};
    report.seconds = {{kEvil, 0.5}};
    report.training = exchange::TrainingSummary{
        2, 1, evaluation(0.9), evaluation(0.8), evaluation(0.89), evaluation(0.88), "{\"a\": 1}"};
    report.curve = exchange::TrainingCurve{
        {}, {epoch(0, 0, 0.8, 0.1), step(1, 0.4), epoch(1, 1, 0.89, 0.3), epoch(2, 2, 0.9, 0.5)}};
    report.plan = "{\"b\": 1}";
    report.command = kEvil;
    report.data = exchange::DataSummary{};
    report.data->info.name = kEvil;
    report.data->info.notes = {kEvil};
    report.environment = {kEvil, kEvil, kEvil, kEvil, 2, 1, kEvil, kEvil};
    report.states = {{kEvil, evaluation(0.9), 40, 100}, {"b", evaluation(0.89), 20, 100, true}};
    report.latencies = {{kEvil, 1.5, 1, 2, 50}};
    measure::Sensitivity scan;
    scan.curves = {{kEvil, {{kEvil, 0.5, {0.8, 1, 0.3, 0.8}}}, 0.5}};
    report.sensitivity = scan;
    return report;
}

QString pageOf(const exchange::PruneReport& report) {
    return QString::fromStdString(exchange::reportToHtml(report));
}

/// What is wrong with the page as XML; empty: nothing.
QString problemOf(const QString& page, const std::function<void(QXmlStreamReader&)>& look = {}) {
    QXmlStreamReader reader(page);
    while (!reader.atEnd()) {
        reader.readNext();
        if (look && reader.isStartElement()) look(reader);
    }
    return reader.hasError() ? reader.errorString() : QString();
}

}  // namespace

class TestReportHtml : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyNameIsText() {
        const QString page = pageOf(full());
        const QStringList known{
            "html",    "head",    "meta",  "title",  "style",      "body",   "header", "main",
            "section", "h1",      "h2",    "p",      "span",       "strong", "div",    "table",
            "caption", "thead",   "tbody", "tr",     "th",         "td",     "ul",     "li",
            "details", "summary", "pre",   "figure", "figcaption", "svg",    "defs",   "pattern",
            "desc",    "line",    "rect",  "circle", "path",       "text"};
        const QStringList attributes{"lang",
                                     "charset",
                                     "name",
                                     "content",
                                     "class",
                                     "scope",
                                     "role",
                                     "viewBox",
                                     "aria-hidden",
                                     "id",
                                     "width",
                                     "height",
                                     "x",
                                     "y",
                                     "x1",
                                     "y1",
                                     "x2",
                                     "y2",
                                     "cx",
                                     "cy",
                                     "r",
                                     "d",
                                     "text-anchor",
                                     "transform",
                                     "patternUnits",
                                     "patternTransform",
                                     "preserveAspectRatio"};
        const QString problem = problemOf(page, [&](const QXmlStreamReader& at) {
            QVERIFY2(known.contains(at.name()), qPrintable(at.name().toString()));
            for (const auto& attribute : at.attributes())
                QVERIFY2(attributes.contains(attribute.name()),
                         qPrintable(attribute.name().toString()));
        });
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        QVERIFY(page.contains("&lt;script&gt;alert(&#39;x&#39;)"));
    }

    void nothingLiesElsewhere() {
        const QString page = pageOf(full());
        for (const char* mark : {"http:", "https:", "//", "src=", "href=", "@import", "<script"})
            QVERIFY2(!page.contains(mark), mark);
        const QRegularExpression url("url\\((?!#hatch\\))");
        QVERIFY(!page.contains(url));
        QCOMPARE(page.count("id=\"hatch\""), 1);
    }

    void hasEverySection() {
        const QString page = pageOf(full());
        for (const char* title : {"Notes", "Accuracy and latency", "Fine-tuning", "Proof",
                                  "Channels", "Layers", "Sensitivity", "Conditions"})
            QVERIFY2(page.contains(QString("<h2>%1</h2>").arg(title)), title);
        for (const char* folded : {"Recipe", "Plan", "Command"})
            QVERIFY2(page.contains(QString("<summary>%1</summary>").arg(folded)), folded);
        // Trade-off, three of the training, two histograms, one sensitivity curve.
        QCOMPARE(page.count("<figure>"), 7);
        const QString bare = pageOf({});
        QVERIFY(problemOf(bare).isEmpty());
        QVERIFY(!bare.contains("<figure>") && !bare.contains("<h2>Channels"));
    }

    void everyPictureIsInWordsToo() {
        int pictures = 0;
        QString inside;
        (void)problemOf(pageOf(full()), [&](QXmlStreamReader& at) {
            if (inside == "svg") {
                QCOMPARE(at.name(), QString("title"));
                QVERIFY(!at.readElementText().isEmpty());
            }
            inside = at.name() == QString("svg") && at.attributes().hasAttribute("role")
                         ? QString("svg")
                         : QString();
            pictures += inside == "svg";
        });
        QVERIFY(pictures >= 7 + 2);  // and the bars in the tables
    }

    void aSizeIsMeasuredOrCalledAnEstimate() {
        exchange::PruneReport report = full();
        QVERIFY(pageOf(report).contains("<td class=\"text\">measured<"));
        report.isPreview = true;
        report.proof.reset();
        const QString page = pageOf(report);
        QVERIFY(page.contains("≈ estimate: no file was written") &&
                !page.contains("<td class=\"text\">measured<"));
        QVERIFY(page.contains("none was compared") && !page.contains("bit for bit"));
    }

    void theCardsAreThoseOfTheWindow() {
        exchange::PruneReport report;
        report.before.parameters = report.before.nonzeros = 40;
        report.after.parameters = 40;
        report.after.nonzeros = 20;
        report.before.macs = report.before.macsEffective = report.after.macs = 4000;
        report.after.macsEffective = 1000;
        report.before.bytesCompressed = 2000;
        report.after.bytesCompressed = 1000;
        const auto textOf = [](const QString& page) {
            static const QRegularExpression tags("<[^>]*>");
            static const QRegularExpression bars("<svg.*</svg>");
            QStringList cards;
            for (const QString& part : page.split("<div class=\"card\">").mid(1))
                cards << QString(part.section("</div>", 0, 0).remove(bars))
                             .replace("</p>", "|")
                             .remove(tags);
            return cards;
        };
        const QStringList counted{"Parameters|40|measured|", "Non-zeros|40 → 20|measured|",
                                  "Effective MACs|4.00\u2009k → 1.00\u2009k|"
                                  "≈ estimate: for kernels that skip zeros|",
                                  "File, zipped|2.00\u2009kB → 1.00\u2009kB|≈ estimate|"};
        QCOMPARE(textOf(pageOf(report)),
                 counted + QStringList({"Accuracy|–|not measured|", "Latency|–|not measured|"}));
        QVERIFY(pageOf(report).contains("Accuracy of this model was not measured."));
        report.accuracyBefore = evaluation(0.9);
        report.accuracyAfter = evaluation(0.88);
        report.latencies = {{"unpruned", 2, 1, 3, 50}, {"as shown", 1.5, 1, 2, 50}};
        QCOMPARE(
            textOf(pageOf(report)).mid(4),
            QStringList(
                {"Accuracy|90.00\u2009% → 88.00\u2009%|measured: validation, 1\u2009000 samples|",
                 "Latency|2\u2009ms → 1.5\u2009ms|measured|"}));
        QVERIFY(!pageOf(report).contains("not measured"));
    }

    void theFiguresOfTheCardsAreInTheJsonToo() {
        exchange::PruneReport report;
        const auto impact = [&] {
            const auto json = QByteArray::fromStdString(exchange::reportToJson(report));
            return QJsonDocument::fromJson(json).object()["impact"].toObject();
        };
        QCOMPARE(impact()["accuracy"].toObject()["basis"].toString(), QString("not measured"));
        QVERIFY(impact()["accuracy"].toObject()["after"].isNull());
        report.accuracyAfter = evaluation(0.88);
        QCOMPARE(impact()["accuracy"].toObject()["basis"].toString(), QString("measured"));
        QCOMPARE(impact()["accuracy"].toObject()["after"].toDouble(), 0.88);
        QCOMPARE(impact().keys(),
                 QStringList({"accuracy", "file", "latency", "macs", "nonzeros", "parameters"}));
    }

    void theWordsFitBothPrograms() {
        exchange::PruneReport report = full();
        report.notes = {"the input is a guess; say it if it is another (--input)"};
        report.groups = {{"conv1", false, {4, 2, {0, 1}, "left whole (--allow-inexact cuts it)"}}};
        const QString page = pageOf(report);
        QVERIFY(page.contains("say it if it is another.") && page.contains(">left whole<"));
        QVERIFY(!page.section("</style>", 1).contains("(--"));
        const auto json = QString::fromStdString(exchange::reportToJson(report));
        QVERIFY(json.contains("say it if it is another\"") && !json.contains("(--"));
    }

    void theTrainingSaysItsSeed() {
        exchange::PruneReport report = full();
        report.training->seed = 37;
        QVERIFY(pageOf(report).contains("2 epochs; the best was epoch 1; seed 37."));
        QVERIFY(pageOf(report).contains(">as opened<"));
        report.training->opened.reset();
        QVERIFY(!pageOf(report).contains(">as opened<"));
    }

    void aLongTrainingStaysSmall() {
        exchange::PruneReport report = full();
        for (int i = 0; i < 200'000; ++i)
            report.curve->samples.push_back(step(3 + i, 1.0 / (1 + i)));
        report.curve->samples.push_back(step(4, std::numeric_limits<double>::quiet_NaN()));
        const QString page = pageOf(report);
        QVERIFY2(page.size() < 60'000, qPrintable(QString::number(page.size())));
        QVERIFY(!page.contains("nan"));
    }

    void barsAreAsHighAsTheCounts() {
        const std::int64_t all[] = {4, 8};
        const std::int64_t kept[] = {1, 8};
        const auto svg = QString::fromStdString(
            exchange::stackedBars({"a", "b"}, {"x", 0, 2}, all, kept, {170, 150}));
        // 100 units stand for the most, 8: 3 of 4 removed are 37.5 high above 1 kept, 12.5.
        QVERIFY2(svg.contains("class=\"removed\" x=\"58.0\" y=\"60.0\" width=\"50.0\" "
                              "height=\"37.5\""),
                 qPrintable(svg));
        const QString kept1 = "class=\"kept\" x=\"58.0\" y=\"97.5\" width=\"50.0\" height=\"12.5\"";
        const QString kept8 =
            "class=\"kept\" x=\"108.0\" y=\"10.0\" width=\"50.0\" height=\"100.0\"";
        QVERIFY(svg.contains(kept1) && svg.contains(kept8));
        QCOMPARE(svg.count("class=\"removed\""), 1);
    }

    void ticksAreRoundNumbers() {
        const std::int64_t all[] = {4000, 2};
        const auto many = QString::fromStdString(
            exchange::stackedBars({"a", "b"}, {"x", 0, 2, false, true}, all, all, {500, 150}));
        QVERIFY2(many.contains(">2\u2009k<") && !many.contains("2.00"), qPrintable(many));
        QVERIFY(many.contains(">1<") && !many.contains(">0.5<"));  // along the bars
    }

    void ticksTellEachOtherApart() {
        const exchange::ChartAxis narrow{"top-1", 0.9922, 0.9926, true};
        const std::vector<exchange::ChartCurve> none;
        const auto svg = QString::fromStdString(
            exchange::curveChart({"a", "b"}, {"epoch", 0, 2}, narrow, none, {500, 300}));
        QStringList labels;
        static const QRegularExpression text(QStringLiteral(">([0-9.]+)\u2009%<"));
        for (auto found = text.globalMatch(svg); found.hasNext();)
            labels << found.next().captured(1);
        QVERIFY2(labels.size() > 2, qPrintable(svg));
        QCOMPARE(labels.removeDuplicates(), 0);
    }

    void axesHoldTheirValues() {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const double shares[] = {0.91, nan, 0.97};
        const auto axis = exchange::axisFor("top-1", shares, true);
        QVERIFY(axis.low < 0.91 && axis.low > 0.9 && axis.high > 0.97 && axis.high <= 1);
        const double losses[] = {0.1, 2.0};
        QCOMPARE(exchange::axisFor("loss", losses).low, 0.0);
        const double same[] = {3.0};
        const auto flat = exchange::axisFor("x", same);
        QVERIFY(flat.low < 3 && flat.high > 3);
    }
};

QTEST_GUILESS_MAIN(TestReportHtml)
#include "tst_report_html.moc"
