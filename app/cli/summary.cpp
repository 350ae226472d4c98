// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/summary.h"

#include <algorithm>

#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/base/time_text.h"

namespace espalier::cli {

namespace {

std::string timesFewer(std::int64_t before, std::int64_t after) {
    if (before == after) return "as before";
    const double fewer =
        static_cast<double>(before) / static_cast<double>(std::max<std::int64_t>(1, after));
    return cat(significant(fewer, 3), "× fewer");
}

std::string totalsTable(const exchange::PruneReport& report) {
    const auto& before = report.before;
    const auto& after = report.after;
    std::vector<std::vector<std::string>> rows{{"", "before", "after", ""}};
    if (report.proof) {
        rows.push_back({"parameters", exactCount(before.parameters), exactCount(after.parameters),
                        timesFewer(before.parameters, after.parameters)});
        rows.push_back({"MACs", siCount(static_cast<double>(before.macs)),
                        siCount(static_cast<double>(after.macs)),
                        timesFewer(before.macs, after.macs)});
    }
    rows.push_back({"non-zero parameters", exactCount(before.nonzeros), exactCount(after.nonzeros),
                    timesFewer(before.nonzeros, after.nonzeros)});
    rows.push_back({"effective MACs", siCount(static_cast<double>(before.macs)),
                    siCount(static_cast<double>(after.macsEffective)),
                    "only with a sparse runtime"});
    rows.push_back(
        {"file", byteSize(static_cast<double>(report.fileBytesBefore)),
         byteSize(static_cast<double>(report.fileBytesAfter)),
         cat("≈ ", byteSize(static_cast<double>(after.bytesCompressed)), " after gzip")});
    return table(rows, {Align::Left, Align::Right, Align::Right, Align::Left});
}

std::string groupTable(const std::vector<exchange::GroupOutcome>& groups) {
    std::vector<std::vector<std::string>> rows{
        {"group", "channels", "asked for", "kept", "why not as asked"}};
    for (const auto& [key, exact, choice] : groups) {
        rows.push_back({exact ? key : key + " (inexact)", std::to_string(choice.width),
                        std::to_string(choice.requested), std::to_string(choice.reached()),
                        choice.constraint});
    }
    return table(rows, {Align::Left, Align::Right, Align::Right, Align::Right, Align::Left});
}

std::string proofText(const channels::Proof& proof) {
    std::string inputs;
    for (const auto& input : proof.inputs) inputs += (inputs.empty() ? "" : ", ") + input;
    std::string text = cat("proof: on ", inputs, " in ", proof.dtype,
                           ", max relative difference between the cut and the masked model ",
                           significant(proof.maxRelativeDifference, 2), " (allowed ",
                           significant(proof.tolerance, 2), ")");
    if (!proof.exact) text += "; statistics of inexact groups are taken over kept channels";
    if (proof.isVacuous) {
        text +=
            "; that says little: the outputs do not depend on what was cut, or not on the input";
    }
    if (proof.alreadyZero) text += "; everything that was cut had been zero before";
    if (!proof.compensated.empty()) {
        text += cat("\ncompensated: ", proof.compensated.size(),
                    " biases took over what cut channels still gave");
    }
    for (const auto& reason : proof.unproved) text += "\nnot proved: " + reason;
    return text;
}

}  // namespace

std::string describe(const exchange::PruneReport& report) {
    std::string text = totalsTable(report);
    if (!report.groups.empty()) text += "\n\n" + groupTable(report.groups);
    if (report.proof) text += "\n\n" + proofText(*report.proof);
    std::vector<std::vector<std::string>> layers{{"layer", "asked for", "removed"}};
    for (const auto& layer : report.layers) {
        // With cut channels, layers without zeros of their own would fill pages.
        if (report.proof && !layer.requested && layer.reached == 0) continue;
        layers.push_back({layer.weight, layer.requestedText(), percent(layer.reached)});
    }
    if (layers.size() == 1) return text;
    return text + "\n\n" + table(layers, {Align::Left, Align::Right, Align::Right});
}

std::string describe(const measure::Evaluation& evaluation) {
    const measure::Metric& metric = evaluation.metric;
    std::string text;
    if (metric.kind == measure::Metric::Kind::Agreement) {
        text = cat(metric.title(), " ", metric.text(evaluation.score),
                   ", its best class among the "
                   "five best ",
                   percent(evaluation.top5, 2), ", KL divergence ");
    } else {
        if (metric.kind == measure::Metric::Kind::Module)
            text = cat(metric.title(), " ", metric.text(evaluation.score), ", ");
        if (metric.hasShares) {
            text += cat("top-1 ", percent(evaluation.top1, 2), ", top-5 ",
                        percent(evaluation.top5, 2), ", ");
        }
        text += metric.loss == "cross_entropy" ? "loss " : cat("loss (", metric.loss, ") ");
    }
    return cat(text, significant(evaluation.loss), " on ", exactCount(evaluation.samples), " ",
               data::name(evaluation.split), " samples in ", timeText(evaluation.seconds));
}

}  // namespace espalier::cli
