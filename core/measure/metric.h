// SPDX-License-Identifier: GPL-3.0-or-later
// What a model is judged by: which output, which loss, which metric.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/data/dataset.h"

namespace espalier::measure {

/// What is asked for; everything that is empty follows from the data.
struct MetricOptions {
    /// Which of the tensors that forward returns, as ModelOutput::key names it; empty: the only one
    /// that holds floating-point numbers.
    std::string output{};
    /// One of lossNames(), or a TorchScript file; empty: cross_entropy where the targets are whole
    /// numbers, mse where they are not.
    std::string loss{};
    /// One of metricNames(), or a TorchScript file; empty: top1 for classes, agreement without
    /// targets, else loss.
    std::string metric{};

    bool operator==(const MetricOptions&) const = default;
};

std::vector<std::string> lossNames();    ///< cross_entropy, mse, bce
std::vector<std::string> metricNames();  ///< top1, top5, loss, agreement

/// What the options come to on some data.
struct Metric {
    enum class Kind {
        Top1,       ///< share of samples whose highest score is the right class
        Top5,       ///< share of samples whose class is among the five highest scores
        Loss,       ///< the mean loss: lower is better
        Agreement,  ///< share of samples whose highest score is that of the dense model
        Module      ///< what a TorchScript module gives: higher is better
    };
    Kind kind = Kind::Top1;
    std::string name = "top1";           ///< of a module: its file's name
    std::string loss = "cross_entropy";  ///< likewise; "kl" for Agreement
    bool hasShares = true;               ///< whether top-1 and top-5 are measured on the way

    /// 0..1, shown in per cent.
    bool isShare() const { return kind != Kind::Loss && kind != Kind::Module; }
    bool isBetter(double value, double than) const {
        return kind == Kind::Loss ? value < than : value > than;
    }
    /// How much worse `value` is than `dense`: of shares their difference, 0..1; of a loss its
    /// increase in proportion to the dense one; of a module's metric the difference in its own
    /// unit.
    double drop(double dense, double value) const;
    /// The value at which that much is lost.
    double after(double dense, double drop) const;
    std::string title() const;             ///< "top-1", "agreement with the dense model"
    std::string text(double value) const;  ///< "97.30 %", "0.0312"
    bool operator==(const Metric&) const = default;
};

/// The loss that is asked for or that follows from the targets: a name or a file; empty without
/// targets.
std::string lossFor(const MetricOptions& options, const data::DatasetInfo& data);

/// Errors: Mismatch when the metric or loss does not go with the data's targets; BadArgument for a
/// name that is neither known nor a file.
Result<Metric> metricFor(const MetricOptions& options, const data::DatasetInfo& data);

}  // namespace espalier::measure
