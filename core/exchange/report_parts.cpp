// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/report_parts.h"

#include "core/base/format.h"
#include "core/base/time_text.h"
#include "core/exchange/markup.h"
#include "core/exchange/report_charts.h"
#include "core/exchange/svg_chart.h"

namespace espalier::exchange {

namespace {

std::string paragraph(const std::string& text) {
    return cat("<p>", escaped(text), "</p>\n");
}

std::string listOf(const std::vector<std::string>& lines) {
    std::string html = "<ul>\n";
    for (const std::string& line : lines) html += cat("<li>", escaped(line), "</li>\n");
    return html + "</ul>\n";
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
    return all;
}

/// Columns of evaluations by one metric.
struct Figures {
    const measure::Metric& metric;

    bool hasOther() const { return metric.kind != measure::Metric::Kind::Top1; }

    Row titles(const std::string& first) const {
        Row row{first, words("measured on")};
        if (metric.hasShares) row.insert(row.end(), {"top-1", "top-5"});
        if (hasOther()) row.push_back(metric.title());
        row.push_back(metric.loss == "cross_entropy" ? "loss" : cat("loss (", metric.loss, ")"));
        return row;
    }
    Row of(const std::string& name, const measure::Evaluation& evaluation) const {
        Row row{name, words(cat(data::name(evaluation.split), ", ", exactCount(evaluation.samples),
                                " samples"))};
        if (metric.hasShares)
            row.insert(row.end(), {percent(evaluation.top1, 2), percent(evaluation.top5, 2)});
        if (hasOther()) row.push_back(metric.text(evaluation.score));
        row.push_back(significant(evaluation.loss));
        return row;
    }
};

std::string latencies(const PruneReport& report) {
    if (report.latencies.empty()) return {};
    std::vector<Row> rows{{"one forward pass", "median, ms", "10 %", "90 %", "runs"}};
    for (const measure::Latency& latency : report.latencies) {
        rows.push_back({latency.name, significant(latency.median, 3), significant(latency.p10, 3),
                        significant(latency.p90, 3), std::to_string(latency.runs)});
    }
    return tableOf("Latency, measured in turns", rows);
}

std::string shapeText(const std::vector<std::int64_t>& shape) {
    std::string text;
    for (const std::int64_t size : shape) text += cat(text.empty() ? "" : " × ", size);
    return text;
}

std::string bitForBit(const PruneReport& report) {
    if (report.isPreview)
        return paragraph("No file was written for this report, so none was compared.");
    return paragraph(cat("Loaded again and run on ", joined(report.inputs),
                         ", the file gives what the masked model gives, bit for bit."));
}

}  // namespace

std::string accuracyPart(const PruneReport& report) {
    std::string html;
    if (!report.states.empty()) {
        const Figures figures{report.states.front().evaluation.metric};
        std::vector<Row> rows{figures.titles("state")};
        rows.front().insert(rows.front().begin() + 2, {"non-zeros", "MACs"});
        for (const MeasuredState& state : report.states) {
            Row row = figures.of(state.isShown ? state.name + " (this report)" : state.name,
                                 state.evaluation);
            row.insert(row.begin() + 2, {exactCount(state.nonzeros), exactCount(state.macs)});
            rows.push_back(row);
        }
        html += tableOf("Every state that was measured", rows) + tradeOffChart(report);
    }
    const bool isKnown = report.accuracyAfter || !report.states.empty();
    if (!isKnown) html += paragraph("Accuracy of this model was not measured.");
    if (report.latencies.empty()) html += paragraph("Latency was not measured.");
    return section("Accuracy and latency", html + latencies(report));
}

std::string trainingPart(const PruneReport& report) {
    const std::string charts = report.curve ? trainingCharts(*report.curve) : std::string();
    if (!report.training) return section("Fine-tuning", charts);
    const TrainingSummary& summary = *report.training;
    const Figures figures{summary.before.metric};
    std::vector<Row> rows{figures.titles("model")};
    if (summary.opened) rows.push_back(figures.of("as opened", *summary.opened));
    rows.push_back(figures.of("before the first step", summary.before));
    rows.push_back(figures.of("fine-tuned", summary.after));
    if (summary.test) rows.push_back(figures.of("fine-tuned", *summary.test));
    const std::string best = summary.bestEpoch == 0 ? "none was better than the start"
                                                    : cat("the best was epoch ", summary.bestEpoch);
    std::string html = paragraph(cat(summary.epochs, summary.epochs == 1 ? " epoch; " : " epochs; ",
                                     best, "; seed ", summary.seed, "."));
    html += tableOf("Measured", rows);
    if (summary.test) {
        html += paragraph(
            "The test split chose nothing: it was read once, of the model that was written.");
    }
    return section("Fine-tuning", html + charts + folded("Recipe", summary.recipe));
}

std::string proofPart(const PruneReport& report) {
    if (!report.proof) return section("Proof", bitForBit(report));
    const channels::Proof& proof = *report.proof;
    std::string html =
        paragraph(cat("On ", joined(proof.inputs), " in ", proof.dtype,
                      ": max relative difference between the cut and the masked model ",
                      significant(proof.maxRelativeDifference, 2), " (allowed ",
                      significant(proof.tolerance, 2), ")."));
    if (!proof.exact) {
        html += paragraph(
            "Inexact groups were cut: the masked model takes its statistics over the "
            "kept channels alone.");
    }
    if (proof.isVacuous) {
        html +=
            "<p><strong>This says little:</strong> the outputs do not depend on what was cut, "
            "or not on the input.</p>\n";
    }
    if (proof.alreadyZero) html += paragraph("Everything that was cut out had been zero before.");
    if (!proof.unproved.empty()) html += paragraph("Not proved:") + listOf(proof.unproved);
    return section("Proof", html);
}

std::string channelsPart(const PruneReport& report) {
    if (report.groups.empty()) return {};
    std::vector<Row> rows{
        {"group", "channels", "asked for", "kept", "", words("why not as asked")}};
    for (const auto& [key, exact, choice] : report.groups) {
        const double kept = choice.width > 0 ? static_cast<double>(choice.reached()) /
                                                   static_cast<double>(choice.width)
                                             : 1;
        rows.push_back({exact ? key : key + " (inexact)", exactCount(choice.width),
                        exactCount(choice.requested), exactCount(choice.reached()),
                        Cell::ofHtml(shareBar(kept, percent(kept) + " kept")),
                        words(choice.constraint)});
    }
    return section("Channels", tableOf("Groups with a rule, and all that lose channels", rows));
}

std::string layersPart(const PruneReport& report) {
    std::vector<Row> rows{{"weight", words("operator"), "shape", "MACs", "weights", "removed",
                           "share", "", "asked for", "of what is left"}};
    for (const LayerOutcome& layer : report.layers) {
        const double gone = layer.weights > 0 ? static_cast<double>(layer.removed) /
                                                    static_cast<double>(layer.weights)
                                              : 0;
        rows.push_back({layer.weight, words(layer.op), shapeText(layer.shape),
                        siCount(static_cast<double>(layer.macs)), exactCount(layer.weights),
                        exactCount(layer.removed), percent(gone),
                        Cell::ofHtml(shareBar(1 - gone, percent(gone) + " removed")),
                        layer.requestedText(), percent(layer.reached)});
    }
    if (rows.size() == 1) return {};
    return section("Layers", tableOf("Layers whose weights can be pruned, as they were opened; "
                                     "removed counts what went with channels",
                                     rows) +
                                 weightCharts(report));
}

std::string sensitivityPart(const PruneReport& report) {
    if (!report.sensitivity) return {};
    const std::string charts = sensitivityCharts(*report.sensitivity);
    if (charts.empty()) return {};
    return section("Sensitivity",
                   paragraph(cat("Measured on ", exactCount(report.sensitivity->samples),
                                 " samples: one layer or group pruned at a time, all others whole, "
                                 "nothing retrained. \"Up to\" is the largest sparsity before the "
                                 "first that loses more than was allowed.")) +
                       charts);
}

std::string conditionsPart(const PruneReport& report) {
    std::vector<Row> rows{{"", words("")}};
    const auto add = [&rows](const char* name, const std::string& value) {
        if (!value.empty()) rows.push_back({name, words(value)});
    };
    const Environment& here = report.environment;
    add("program", here.program);
    add("libraries", here.torch);
    add("system", here.system);
    add("processor", here.processor.empty() ? "" : cat(here.processor, ", ", here.cores, " cores"));
    add("threads", here.threads > 0 ? std::to_string(here.threads) : "");
    add("device", here.device);
    add("made", here.time);
    if (report.data) {
        const data::DatasetInfo& info = report.data->info;
        add("data", cat(info.name, " (", info.kind, "), ", report.data->path.filename().string()));
        add("samples", cat(exactCount(info.train), " training, ", exactCount(info.validation),
                           " validation, ", exactCount(info.test), " test"));
        for (const std::string& note : info.notes) add("of the data", note);
    }
    std::string times;
    for (const auto& [stage, spent] : report.seconds) {
        if (spent > 0) times += cat(times.empty() ? "" : ", ", stage, " ", timeText(spent));
    }
    add("time", times);
    std::string html = rows.size() > 1 ? tableOf("How this came about", rows) : std::string();
    html += folded("Command", report.command);
    return section("Conditions", html + folded("Plan", report.plan));
}

}  // namespace espalier::exchange
