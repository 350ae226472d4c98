// SPDX-License-Identifier: GPL-3.0-or-later
// A report as one HTML page: without scripts, and with nothing that lies elsewhere.
#include <algorithm>
#include <cmath>

#include "core/base/format.h"
#include "core/exchange/markup.h"
#include "core/exchange/report_cards.h"
#include "core/exchange/report_parts.h"
#include "core/exchange/report_style.h"
#include "core/exchange/report_values.h"
#include "core/exchange/reports.h"
#include "core/exchange/svg_chart.h"

namespace espalier::exchange {

namespace {

std::string changeOf(std::int64_t before, std::int64_t after) {
    if (before <= 0) return "";
    const double change = static_cast<double>(after) / static_cast<double>(before) - 1;
    return cat(change > 0 ? "+" : change < 0 ? "\u2212" : "", percent(std::abs(change)));
}

Row totalRow(const std::string& name, std::int64_t before, std::int64_t after, const char* how) {
    const double left = before > 0 ? static_cast<double>(after) / static_cast<double>(before) : 1;
    return {name,
            exactCount(before),
            exactCount(after),
            changeOf(before, after),
            Cell::ofHtml(shareBar(left, percent(left) + " left")),
            words(how)};
}

std::string totals(const PruneReport& report) {
    const auto& before = report.before;
    const auto& after = report.after;
    const char* macs =
        report.inputsAreGuessed ? "≈ estimate: for an input that is a guess" : "counted";
    return tableOf(
        "What the model costs",
        {{"", "before", "after", "change", "", words("")},
         totalRow("parameters", before.parameters, after.parameters, "counted"),
         totalRow("non-zero parameters", before.nonzeros, after.nonzeros, "counted"),
         totalRow("MACs at batch 1", before.macs, after.macs, macs),
         totalRow("MACs that a sparse runtime needs", before.macs, after.macsEffective, macs),
         totalRow("bytes of the file", report.fileBytesBefore, report.fileBytesAfter,
                  report.isPreview ? "≈ estimate: no file was written" : "measured"),
         totalRow("bytes after gzip", before.bytesCompressed, after.bytesCompressed,
                  "≈ estimate")});
}

std::string notesOf(const PruneReport& report) {
    if (report.notes.empty()) return {};
    std::string html;
    for (const auto& note : report.notes) html += cat("<p>", escaped(note), ".</p>\n");
    return section("Notes", html);
}

std::string head(const PruneReport& report) {
    const std::string about = report.environment.program.empty()
                                  ? std::string("Espalier")
                                  : cat(report.environment.program, ", ", report.environment.time);
    return cat(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>",
        escaped(report.model), " – Espalier report</title>\n<style>", kReportStyle,
        "</style></head>\n<body>\n", chartPatterns(), "<header><h1>", escaped(report.model),
        "</h1>\n<p class=\"soft\">Pruning report, ", escaped(about), "</p></header>\n<main>\n");
}

}  // namespace

std::string reportToHtml(const PruneReport& given) {
    const PruneReport report = forBothPrograms(given);
    return cat(head(report), cardsHtml(report), totals(report), notesOf(report),
               accuracyPart(report), trainingPart(report), proofPart(report), channelsPart(report),
               layersPart(report), sensitivityPart(report), conditionsPart(report),
               "</main>\n</body></html>\n");
}

}  // namespace espalier::exchange
