// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/pareto.h"

#include <algorithm>

#include "core/base/format.h"
#include "core/project/pareto.h"
#include "ui/document/document.h"
#include "ui/document/node_figures.h"

namespace espalier::ui {

namespace {

/// What a point was measured on; equal ones can be compared.
struct Basis {
    std::optional<data::DataSpec> data;
    data::Split split = data::Split::Validation;
    std::int64_t samples = 0;
    measure::Metric metric{};
    int latencyRun = 0;  ///< 0: latency is not looked at
    bool operator==(const Basis&) const = default;
};

struct Point {
    ParetoEntry entry;
    Basis basis;
};

double costOf(const prune::Footprint& figures, Cost cost) {
    switch (cost) {
        case Cost::Parameters:
            return static_cast<double>(figures.parameters);
        case Cost::Macs:
            return static_cast<double>(figures.macs);
        case Cost::EffectiveMacs:
            return static_cast<double>(figures.macsEffective);
        case Cost::FileBytes:
            return static_cast<double>(figures.bytesDense);
        case Cost::ZippedBytes:
            return static_cast<double>(figures.bytesCompressed);
        default:
            return static_cast<double>(figures.nonzeros);
    }
}

QString sampleText(const Basis& basis) {
    const std::string_view split = data::name(basis.split);
    QString text = Document::tr("%1, %2 samples")
                       .arg(QString::fromUtf8(split.data(), static_cast<qsizetype>(split.size())),
                            QString::fromStdString(exactCount(basis.samples)));
    if (basis.data) {
        text = Document::tr("%1 of %2")
                   .arg(text, QString::fromStdString(basis.data->path.filename().string()));
    }
    return text;
}

// None where accuracy or cost is not measured.
std::optional<Point> pointOf(const project::Metrics& metrics, const prune::Footprint* figures,
                             Cost cost) {
    if (!metrics.evaluation) return {};
    Point point;
    const measure::Evaluation& evaluation = *metrics.evaluation;
    point.basis = {metrics.data, evaluation.split, evaluation.samples, evaluation.metric, 0};
    point.entry.quality = evaluation.score;
    point.entry.metric = evaluation.metric;
    point.entry.sample = sampleText(point.basis);
    if (cost == Cost::Latency) {
        if (!metrics.latency) return {};
        point.entry.cost = metrics.latency->median;
        point.basis.latencyRun = metrics.latencyRun;
    } else {
        if (!figures) return {};
        point.entry.cost = costOf(*figures, cost);
    }
    return point;
}

std::vector<Point> pointsOf(const Document& document, const NodeFigures& figures, Cost cost) {
    std::vector<Point> points;
    const project::NodeId shown = document.nodeOf(document.state());
    for (const auto& node : document.history().nodes()) {
        // What was measured anew on the data that is attached goes before what the node was made
        // with.
        project::Metrics metrics = document.metricsOf({node->id, node->plan});
        if (!metrics.evaluation) metrics = node->metrics;
        auto point = pointOf(metrics, figures.find(node->id), cost);
        if (!point) continue;
        point->entry.node = node->id;
        point->entry.isDense = node->id == document.history().root();
        point->entry.name =
            point->entry.isDense ? Document::tr("dense model") : QString::fromStdString(node->name);
        point->entry.isCurrent = node->id == shown;
        point->entry.isPinned = node->isPinned;
        point->entry.isTrial = node->operation == project::Operation::Trial;
        points.push_back(std::move(*point));
    }
    if (shown.isValid()) return points;
    auto point = pointOf(document.metricsOf(document.state()), &document.footprint(), cost);
    if (!point || !document.evaluation()) return points;
    point->entry.name = Document::tr("what is shown");
    point->entry.isCurrent = true;
    points.push_back(std::move(*point));
    return points;
}

// On the attached data if there is one, else that of most points; of the latest latencies.
Basis basisOf(const std::vector<Point>& points, const Document& document) {
    const auto weight = [&](const Basis& basis) {
        const bool isAttached = document.dataset() &&
                                basis.data == data::spec(*document.dataset()) &&
                                basis.split == choiceSplit(*document.dataset());
        const auto count = std::ranges::count(points, basis, &Point::basis);
        return std::tuple(isAttached, basis.latencyRun, count, basis.samples);
    };
    return std::ranges::max_element(points, {},
                                    [&](const Point& point) { return weight(point.basis); })
        ->basis;
}

}  // namespace

std::vector<ParetoEntry> paretoEntries(const Document& document, const NodeFigures& figures,
                                       Cost cost) {
    if (!document.hasModel()) return {};
    std::vector<Point> points = pointsOf(document, figures, cost);
    if (points.empty()) return {};
    const Basis basis = basisOf(points, document);
    std::vector<std::size_t> comparable;
    std::vector<project::ParetoPoint> candidates;
    for (std::size_t i = 0; i < points.size(); ++i) {
        ParetoEntry& entry = points[i].entry;
        entry.isComparable = points[i].basis == basis;
        if (!entry.isComparable) continue;
        comparable.push_back(i);
        const bool isLoss = entry.metric.kind == measure::Metric::Kind::Loss;
        candidates.push_back({entry.cost, isLoss ? -entry.quality : entry.quality});
    }
    for (const std::size_t on : project::paretoFront(candidates))
        points[comparable[on]].entry.isOnFront = true;
    std::vector<ParetoEntry> entries;
    for (Point& point : points) entries.push_back(std::move(point.entry));
    return entries;
}

}  // namespace espalier::ui
