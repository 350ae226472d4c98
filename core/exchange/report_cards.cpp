// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/report_cards.h"

#include <algorithm>
#include <cmath>

#include "core/base/format.h"
#include "core/exchange/markup.h"
#include "core/exchange/svg_chart.h"

namespace espalier::exchange {

namespace {

using Kind = measure::Metric::Kind;

ReportCard countCard(const char* key, const char* title, const char* unit, std::int64_t before,
                     std::int64_t after) {
    ReportCard card{key, title, unit};
    card.before = static_cast<double>(before);
    card.after = static_cast<double>(after);
    return card;
}

ReportCard macsCard(const PruneReport& report) {
    const bool isDense = report.after.macs == report.after.macsEffective;
    ReportCard card = countCard("macs", isDense ? "MACs" : "Effective MACs", "MACs",
                                report.before.macs, report.after.macsEffective);
    if (!isDense) card.note = "for kernels that skip zeros";
    if (report.inputsAreGuessed)
        card.note += cat(isDense ? "" : ", ", "for an input that is a guess");
    if (!isDense || report.inputsAreGuessed) card.basis = Basis::Estimate;
    return card;
}

ReportCard fileCard(const PruneReport& report) {
    ReportCard card = countCard("file", "File, zipped", "bytes", report.before.bytesCompressed,
                                report.after.bytesCompressed);
    card.basis = Basis::Estimate;
    return card;
}

std::string titleOf(const measure::Metric& metric) {
    if (metric.kind == Kind::Top1) return "Accuracy";
    if (metric.kind == Kind::Agreement) return "Agreement with dense";
    return metric.kind == Kind::Loss ? "Loss" : metric.title();
}

ReportCard accuracyCard(const PruneReport& report) {
    ReportCard card{"accuracy", "Accuracy", "share"};
    card.hasBar = false;
    card.basis = Basis::NotMeasured;
    const auto& known = report.accuracyAfter ? report.accuracyAfter : report.accuracyBefore;
    if (!known) return card;
    card.title = titleOf(known->metric);
    if (!known->metric.isShare()) card.unit = known->metric.name;
    if (report.accuracyBefore) card.before = report.accuracyBefore->score;
    if (!report.accuracyAfter) return card;
    card.after = report.accuracyAfter->score;
    card.basis = Basis::Measured;
    card.note = cat(data::name(known->split), ", ", exactCount(known->samples), " samples");
    return card;
}

ReportCard latencyCard(const PruneReport& report) {
    ReportCard card{"latency", "Latency", "ms"};
    card.basis = Basis::NotMeasured;
    if (report.latencies.empty()) return card;
    card.basis = report.inputsAreGuessed ? Basis::Estimate : Basis::Measured;
    card.after = report.latencies.back().median;
    if (report.latencies.size() > 1) card.before = report.latencies.front().median;
    return card;
}

std::string figureOf(const ReportCard& card) {
    const std::string before = card.before ? card.text(*card.before) : std::string();
    const std::string after = card.after ? card.text(*card.after) : std::string("–");
    if (before.empty() || (card.after && *card.before == *card.after)) return after;
    return cat(before, " → ", after);
}

std::string barOf(const ReportCard& card) {
    const bool isKnown = card.before && card.after && *card.before > 0;
    if (!isKnown || !card.hasBar) return {};
    const double left = *card.after / *card.before;
    return shareBar(std::min(1.0, left), cat(percent(left), " left"));
}

std::string cardHtml(const ReportCard& card) {
    const std::string basis = cat(card.basis == Basis::Estimate ? "≈ " : "", nameOf(card.basis),
                                  card.note.empty() ? "" : ": ", card.note);
    return cat("<div class=\"card\"><p class=\"soft\">", escaped(card.title),
               "</p><p class=\"large\">", escaped(figureOf(card)), "</p>", barOf(card),
               "<p class=\"soft\">", escaped(basis), "</p></div>\n");
}

}  // namespace

std::string ReportCard::text(double value) const {
    if (unit == "bytes") return byteSize(value);
    if (unit == "share") return percent(value, 2);
    if (unit == "ms") return cat(significant(value, 3), "\u2009ms");
    return key == "accuracy" ? significant(value) : siCount(value);
}

std::string nameOf(Basis basis) {
    if (basis == Basis::Measured) return "measured";
    return basis == Basis::Estimate ? "estimate" : "not measured";
}

std::array<ReportCard, 6> cardsOf(const PruneReport& report) {
    const prune::Footprint& before = report.before;
    const prune::Footprint& after = report.after;
    return {countCard("parameters", "Parameters", "", before.parameters, after.parameters),
            countCard("nonzeros", "Non-zeros", "", before.nonzeros, after.nonzeros),
            macsCard(report),
            fileCard(report),
            accuracyCard(report),
            latencyCard(report)};
}

std::string cardsHtml(const PruneReport& report) {
    std::string html = "<div class=\"cards\">\n";
    for (const ReportCard& card : cardsOf(report)) html += cardHtml(card);
    return html + "</div>\n";
}

}  // namespace espalier::exchange
