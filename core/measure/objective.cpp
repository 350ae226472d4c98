// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/objective_torch.h"

#include "core/base/files.h"
#include "core/base/format.h"

namespace espalier::measure {

namespace {

/// A file with another content is another loss or metric.
Result<std::string> identityOf(const std::string& nameOrFile, bool isFile, RunControl& control) {
    if (!isFile) return nameOrFile;
    return sha256OfFile(nameOrFile, &control);
}

Result<std::string> identityOf(const MetricOptions& options, const Metric& metric,
                               const std::string& loss, RunControl& control) {
    const auto ofLoss = identityOf(loss, loss != metric.loss, control);
    if (!ofLoss) return ofLoss;
    const bool isModule = metric.kind == Metric::Kind::Module;
    const auto ofMetric = identityOf(isModule ? options.metric : metric.name, isModule, control);
    if (!ofMetric) return ofMetric;
    return cat(*ofLoss, "|", *ofMetric, "|", options.output);
}

}  // namespace

std::string Objective::misfit(const at::Tensor& output, const at::Tensor& targets) const {
    if (needsReference()) {
        const bool hasClasses = output.dim() >= 2 && output.is_floating_point() &&
                                output.size(output.dim() == 3 ? 2 : 1) > 1;
        if (hasClasses) return {};
        return cat("agreement compares the best of several scores, and the output is ",
                   shapeText(output));
    }
    if (auto why = loss->misfit(output, targets); !why.empty()) return why;
    return module ? module->misfit(output, targets) : std::string();
}

Result<Objective> makeObjective(const MetricOptions& options, const data::DatasetInfo& data,
                                at::Device device, RunControl& control) {
    const auto metric = metricFor(options, data);
    if (!metric) return metric.error();
    Objective objective;
    objective.metric = *metric;
    const std::string loss = lossFor(options, data);
    if (!loss.empty()) {
        auto found = findLoss(loss, 0, device, control);
        if (!found) return found.error();
        objective.loss = std::move(*found);
    }
    if (metric->kind == Metric::Kind::Module) {
        auto module = JudgeModule::load(options.metric, "metric", device, control);
        if (!module) return module.error();
        objective.module = std::move(*module);
    }
    const bool isAgreement = metric->kind == Metric::Kind::Agreement;
    objective.figures =
        isAgreement ? agreementMetric() : targetMetric(*metric, *objective.loss, objective.module);
    const auto identity = identityOf(options, *metric, isAgreement ? metric->loss : loss, control);
    if (!identity) return identity.error();
    objective.figures.name += cat("|", *identity);
    objective.figures.output = options.output;
    return objective;
}

}  // namespace espalier::measure
