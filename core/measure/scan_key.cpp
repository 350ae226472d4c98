// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/scan_key_torch.h"

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/model/snapshot_torch.h"

namespace espalier::measure {

namespace {

void add(Sha256& hash, const at::Tensor& tensor) {
    const auto flat = tensor.detach().cpu().contiguous();
    hash.add(cat(flat.scalar_type(), flat.sizes()));
    hash.add({static_cast<const char*>(flat.const_data_ptr()), flat.nbytes()});
}

}  // namespace

std::string scanKey(const model::Snapshot& snapshot, const data::Dataset& dataset,
                    const ScanOptions& options, std::int64_t samples, const ScanMetric& metric,
                    const channels::ChannelGroups* groups) {
    Sha256 hash;
    hash.add(snapshot.weightsHash());
    for (const auto& buffer : snapshot.state().module.buffers()) add(hash, buffer);
    hash.add(cat(dataset.info().name, "|", data::name(options.split), "|", samples, "|"));
    dataset.addContent(hash, options.split, samples);
    hash.add(cat(metric.name, "|", nameOf(options.structure), "|", options.criterionName()));
    if (options.criterionName() == "random") hash.add(cat("|", options.seed));
    if (!options.rankedOn.empty()) hash.add(cat("|", options.rankedOn, "|", options.seed));
    if (groups && options.structure == Structure::Channels)
        hash.add(cat("|", channels::nameOf(groups->headUnit())));
    return hash.hex().substr(0, 16);
}

std::string pointKey(const std::string& scanKey, const std::string& name, int level) {
    return name.empty() ? cat(scanKey, "|dense") : cat(scanKey, "|", name, "|", level + 1);
}

}  // namespace espalier::measure
