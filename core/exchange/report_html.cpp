// SPDX-License-Identifier: GPL-3.0-or-later
// A report as one HTML page without scripts, links or pictures.
#include <algorithm>

#include "core/base/format.h"
#include "core/exchange/reports.h"

namespace espalier::exchange {

namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Espalier report</title><style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; } th, td { padding: .25rem .8rem; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child, td.text { text-align: left; } th { font-weight: 600; }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #1e1e1e; } th, td { border-color: #444; } }
</style></head><body>
)";

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '&')
            result += "&amp;";
        else if (c == '<')
            result += "&lt;";
        else if (c == '>')
            result += "&gt;";
        else
            result += c;
    }
    return result;
}

using Row = std::vector<std::string>;

std::string tableOf(const std::vector<Row>& rows) {
    std::string html = "<table>\n";
    for (std::size_t r = 0; r < rows.size(); ++r) {
        html += "<tr>";
        for (const std::string& cell : rows[r])
            html += cat(r == 0 ? "<th>" : "<td>", escaped(cell), r == 0 ? "</th>" : "</td>");
        html += "</tr>\n";
    }
    return html + "</table>\n";
}

std::string changeOf(std::int64_t before, std::int64_t after) {
    if (before <= 0) return "";
    const double change = static_cast<double>(after) / static_cast<double>(before) - 1;
    return cat(change > 0 ? "+" : change < 0 ? "\u2212" : "", percent(std::abs(change)));
}

std::string totals(const PruneReport& report) {
    const auto row = [](const std::string& name, std::int64_t before, std::int64_t after) {
        return Row{name, exactCount(before), exactCount(after), changeOf(before, after)};
    };
    const auto& before = report.before;
    const auto& after = report.after;
    return tableOf({{"", "before", "after", "change"},
                    row("parameters", before.parameters, after.parameters),
                    row("non-zero parameters", before.nonzeros, after.nonzeros),
                    row("MACs at batch 1", before.macs, after.macs),
                    row("MACs that a sparse runtime needs", before.macs, after.macsEffective),
                    row("bytes of the file", report.fileBytesBefore, report.fileBytesAfter)});
}

std::string notesOf(const PruneReport& report) {
    std::string html;
    for (const auto& note : report.notes) html += cat("<p>", escaped(note), ".</p>\n");
    return html;
}

std::string proofText(const PruneReport& report) {
    std::string html = "<h2>Proof</h2>\n";
    std::string inputs;
    const auto& shown = report.proof ? report.proof->inputs : report.inputs;
    for (const auto& input : shown) inputs += (inputs.empty() ? "" : ", ") + input;
    if (!report.proof) {
        return html + cat("<p>Loaded again and run on ", escaped(inputs),
                          ", the file gives what the masked model gives, bit for bit.</p>\n");
    }
    const channels::Proof& proof = *report.proof;
    html += cat("<p>On ", escaped(inputs), " in ", escaped(proof.dtype),
                ", the cut model and the masked one differ by at most ",
                significant(proof.maxRelativeDifference, 2),
                " of the largest output (allowed: ", significant(proof.tolerance, 2), ").</p>\n");
    if (!proof.exact) {
        html +=
            "<p>Inexact groups were cut: the masked model takes its statistics over the kept "
            "channels alone.</p>\n";
    }
    if (proof.isVacuous) {
        html +=
            "<p><strong>This says little:</strong> the outputs do not depend on what was cut, or "
            "not on the input.</p>\n";
    }
    if (proof.alreadyZero) html += "<p>Everything that was cut out had been zero before.</p>\n";
    if (proof.unproved.empty()) return html;
    html += "<p>Not proved:</p><ul>\n";
    for (const auto& reason : proof.unproved) html += cat("<li>", escaped(reason), "</li>\n");
    return html + "</ul>\n";
}

std::string groups(const PruneReport& report) {
    if (report.groups.empty()) return {};
    std::vector<Row> rows{{"group", "channels", "asked for", "kept", "why not as asked"}};
    for (const auto& [key, exact, choice] : report.groups) {
        rows.push_back({key, exactCount(choice.width), exactCount(choice.requested),
                        exactCount(choice.reached()), choice.constraint});
    }
    return "<h2>Channels</h2>\n" + tableOf(rows);
}

std::string layers(const PruneReport& report) {
    std::vector<Row> rows{{"weight", "asked for", "removed"}};
    for (const auto& layer : report.layers) {
        if (!layer.requested && layer.reached == 0) continue;
        rows.push_back({layer.weight, layer.requestedText(), percent(layer.reached)});
    }
    return rows.size() == 1 ? std::string() : "<h2>Weights</h2>\n" + tableOf(rows);
}

std::string training(const PruneReport& report) {
    if (!report.training) return {};
    const TrainingSummary& summary = *report.training;
    const measure::Metric& metric = summary.before.metric;
    const bool isOther = metric.kind != measure::Metric::Kind::Top1;
    Row titles{"split"};
    if (metric.hasShares) titles.insert(titles.end(), {"top-1", "top-5"});
    if (isOther) titles.push_back(metric.title());
    titles.push_back(metric.loss == "cross_entropy" ? "loss" : cat("loss (", metric.loss, ")"));
    std::vector<Row> rows{titles};
    const auto add = [&](const std::string& name, const measure::Evaluation& evaluation) {
        Row row{name};
        if (metric.hasShares)
            row.insert(row.end(), {percent(evaluation.top1, 2), percent(evaluation.top5, 2)});
        if (isOther) row.push_back(metric.text(evaluation.score));
        row.push_back(significant(evaluation.loss));
        rows.push_back(row);
    };
    add("validation, as opened", summary.opened);
    add("validation, before the first step", summary.before);
    add("validation, fine-tuned", summary.after);
    if (summary.test) add("test", *summary.test);
    const std::string recipe = summary.recipe.empty()
                                   ? std::string()
                                   : cat("<details><summary>Recipe</summary><pre>",
                                         escaped(summary.recipe), "</pre></details>\n");
    return cat("<h2>Fine-tuning</h2>\n<p>", summary.epochs, " epochs, the best was epoch ",
               summary.bestEpoch, ".</p>\n", tableOf(rows), recipe);
}

std::string seconds(const PruneReport& report) {
    std::vector<Row> rows{{"stage", "seconds"}};
    for (const auto& [stage, spent] : report.seconds)
        rows.push_back({stage, significant(spent, 3)});
    return "<h2>Time</h2>\n" + tableOf(rows);
}

}  // namespace

std::string reportToHtml(const PruneReport& report) {
    return cat(kHead, "<h1>", escaped(report.model), "</h1>\n", totals(report), notesOf(report),
               proofText(report), groups(report), training(report), layers(report), seconds(report),
               "</body></html>\n");
}

}  // namespace espalier::exchange
