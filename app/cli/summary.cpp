// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/summary.h"

#include <algorithm>

#include "app/cli/table.h"
#include "core/base/format.h"

namespace espalier::cli {

std::string describe(const exchange::PruneReport& report) {
    const auto& before = report.before;
    const auto& after = report.after;
    const double fewer = static_cast<double>(before.nonzeros) /
                         static_cast<double>(std::max<std::int64_t>(1, after.nonzeros));
    const std::vector<std::vector<std::string>> totals{
        {"", "before", "after", ""},
        {"non-zero parameters", exactCount(before.nonzeros), exactCount(after.nonzeros),
         cat(significant(fewer, 3), "× fewer")},
        {"effective MACs", siCount(static_cast<double>(before.macs)),
         siCount(static_cast<double>(after.macsEffective)), "only with a sparse runtime"},
        {"file", byteSize(static_cast<double>(report.fileBytesBefore)),
         byteSize(static_cast<double>(report.fileBytesAfter)),
         cat("≈ ", byteSize(static_cast<double>(after.bytesCompressed)), " after gzip")}};
    std::vector<std::vector<std::string>> layers{{"layer", "asked for", "removed"}};
    for (const auto& layer : report.layers) {
        layers.push_back({layer.weight, layer.requested ? percent(*layer.requested) : "–",
                          percent(layer.reached)});
    }
    return table(totals, {Align::Left, Align::Right, Align::Right, Align::Left}) + "\n\n" +
           table(layers, {Align::Left, Align::Right, Align::Right});
}

std::string describe(const measure::Evaluation& evaluation) {
    return cat("top-1 ", percent(evaluation.top1, 2), ", top-5 ", percent(evaluation.top5, 2),
               ", loss ", significant(evaluation.loss), " on ", exactCount(evaluation.samples), " ",
               data::name(evaluation.split), " samples in ", significant(evaluation.seconds, 2),
               " s");
}

}  // namespace espalier::cli
