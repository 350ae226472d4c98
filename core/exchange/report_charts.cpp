// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/report_charts.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

#include "core/base/format.h"
#include "core/exchange/markup.h"
#include "core/exchange/svg_chart.h"

namespace espalier::exchange {

namespace {

using train::TrainSample;
using Points = std::vector<std::pair<double, double>>;

constexpr std::size_t kMostPoints = 300;  // of a curve: more cannot be told apart
constexpr std::size_t kMostPictures = 250;
constexpr ChartSize kSmall{320, 170};

/// Means of runs of neighbours, so that long curves stay small.
Points thinned(const Points& points) {
    if (points.size() <= kMostPoints) return points;
    Points means;
    for (std::size_t i = 0; i < kMostPoints; ++i) {
        const std::size_t from = i * points.size() / kMostPoints;
        const std::size_t to = (i + 1) * points.size() / kMostPoints;
        std::pair<double, double> sum{0, 0};
        for (std::size_t k = from; k < to; ++k) {
            sum.first += points[k].first;
            sum.second += points[k].second;
        }
        const auto count = static_cast<double>(to - from);
        means.emplace_back(sum.first / count, sum.second / count);
    }
    return means;
}

std::vector<double> heightsOf(std::span<const ChartCurve> curves) {
    std::vector<double> heights;
    for (const ChartCurve& curve : curves) {
        for (const auto& point : curve.points) heights.push_back(point.second);
    }
    return heights;
}

std::vector<double> placesOf(std::span<const ChartCurve> curves) {
    std::vector<double> places{0};
    for (const ChartCurve& curve : curves) {
        for (const auto& point : curve.points) places.push_back(point.first);
    }
    return places;
}

ChartAxis fromZero(std::string title, std::span<const double> values) {
    return {std::move(title), 0, *std::ranges::max_element(values), false, true};
}

bool isEpoch(const TrainSample& sample) {
    return !std::isnan(sample.valLoss);
}

std::string lossChart(const std::vector<TrainSample>& samples, const measure::Metric& metric) {
    ChartCurve steps{"training, each step", {}, 0, false, true, false};
    ChartCurve epochs{"validation, each epoch", {}, 1};
    for (const TrainSample& sample : samples) {
        auto& curve = isEpoch(sample) ? epochs : steps;
        const double loss = isEpoch(sample) ? sample.valLoss : sample.loss;
        if (std::isfinite(loss)) curve.points.emplace_back(static_cast<double>(sample.step), loss);
    }
    steps.points = thinned(steps.points);
    const ChartCurve curves[] = {steps, epochs};
    if (epochs.points.empty()) return {};
    const auto& [firstStep, first] = epochs.points.front();
    const auto& [lastStep, last] = epochs.points.back();
    return curveChart(
        {"Loss while training", cat("Validation loss ", significant(first), " at step ", firstStep,
                                    ", ", significant(last), " at step ", lastStep, ".")},
        fromZero("optimizer step", placesOf(curves)),
        axisFor(metric.loss == "cross_entropy" ? "loss" : metric.loss, heightsOf(curves)), curves);
}

std::string epochChart(const std::vector<TrainSample>& samples, const ChartText& text,
                       const std::string& title, bool isShare,
                       const std::function<double(const TrainSample&)>& valueOf) {
    ChartCurve curve{title, {}, 0};
    for (const TrainSample& sample : samples) {
        if (isEpoch(sample) && std::isfinite(valueOf(sample)))
            curve.points.emplace_back(sample.epoch, valueOf(sample));
    }
    if (curve.points.size() < 2) return {};
    const std::span<const ChartCurve> curves(&curve, 1);
    return curveChart(text, fromZero("epoch", placesOf(curves)),
                      axisFor(title, heightsOf(curves), isShare), curves);
}

bool isConstant(const std::vector<TrainSample>& samples,
                const std::function<double(const TrainSample&)>& valueOf) {
    return std::ranges::all_of(samples, [&](const TrainSample& sample) {
        return !isEpoch(sample) || valueOf(sample) == valueOf(samples.back());
    });
}

std::string caption(const measure::SensitivityCurve& curve) {
    return curve.largest ? cat(curve.name, ": up to ", percent(*curve.largest, 0)) : curve.name;
}

/// "91.20 % in epoch 0; 97.30 % in epoch 5."
std::string endsOf(const std::vector<TrainSample>& samples, const measure::Metric& metric) {
    const auto first = std::ranges::find_if(samples, isEpoch);
    const auto last = std::ranges::find_if(samples.rbegin(), samples.rend(), isEpoch);
    if (first == samples.end()) return {};
    return cat(metric.text(first->score), " in epoch ", first->epoch, "; ",
               metric.text(last->score), " in epoch ", last->epoch, ".");
}

std::vector<std::size_t> largestLayers(const std::vector<LayerOutcome>& layers) {
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (!layers[i].before.counts.empty()) chosen.push_back(i);
    }
    if (chosen.size() <= kMostPictures) return chosen;
    std::ranges::stable_sort(chosen, std::greater(),
                             [&](std::size_t i) { return layers[i].weights; });
    chosen.resize(kMostPictures);
    std::ranges::sort(chosen);
    return chosen;
}

}  // namespace

std::string trainingCharts(const TrainingCurve& training) {
    const auto& [metric, samples] = training;
    if (samples.empty()) return {};
    const auto score = [](const TrainSample& sample) { return sample.score; };
    const auto sparsity = [](const TrainSample& sample) { return sample.sparsity; };
    std::string html = lossChart(samples, metric);
    if (metric.kind != measure::Metric::Kind::Loss) {
        html += epochChart(samples, {cat("Validation, ", metric.title()), endsOf(samples, metric)},
                           metric.title(), metric.isShare(), score);
    }
    if (isConstant(samples, sparsity)) return html;
    return html + epochChart(samples,
                             {"Sparsity while training",
                              "The share of prunable weights that is "
                              "zero at the end of each epoch."},
                             "sparsity", true, sparsity);
}

std::string sensitivityCharts(const measure::Sensitivity& sensitivity) {
    const measure::Metric& metric = sensitivity.metric;
    std::vector<double> all{sensitivity.dense.score};
    for (const auto& curve : sensitivity.curves) {
        for (const auto& point : curve.points) all.push_back(point.figures.score);
    }
    const ChartAxis y = axisFor(metric.title(), all, metric.isShare());
    const double dense = sensitivity.dense.score;
    std::string html;
    for (const auto& curve : sensitivity.curves) {
        if (curve.points.empty()) continue;
        ChartCurve pruned{"pruned alone", {{0, dense}}, 0};
        std::string said = cat(metric.text(dense), " unpruned");
        for (const auto& point : curve.points) {
            pruned.points.emplace_back(point.sparsity, point.figures.score);
            said += cat("; ", metric.text(point.figures.score), " at ", percent(point.sparsity, 0));
        }
        html += curveChart({caption(curve), said + "."}, {"sparsity", 0, 1, true}, y,
                           std::span<const ChartCurve>(&pruned, 1), kSmall);
    }
    return html.empty() ? html : cat("<div class=\"many\">\n", html, "</div>\n");
}

std::string tradeOffChart(const PruneReport& report) {
    if (report.states.size() < 2) return {};
    const measure::Metric& metric = report.states.front().evaluation.metric;
    ChartCurve front{"none is better and smaller", {}, 0, true, true, false};
    ChartCurve others{"other states", {}, 0, false, false};
    ChartCurve shown{"this report", {}, 1, false, false};
    std::string said;
    for (const MeasuredState& state : report.states) {
        if (state.evaluation.split != report.states.front().evaluation.split) continue;
        const std::pair<double, double> at{static_cast<double>(state.nonzeros),
                                           state.evaluation.score};
        (state.isShown ? shown : others).points.push_back(at);
        if (state.isOnFront) front.points.push_back(at);
        said += cat(said.empty() ? "" : "; ", state.name, ": ", exactCount(state.nonzeros),
                    " non-zeros, ", metric.text(state.evaluation.score));
    }
    std::ranges::sort(front.points);
    const ChartCurve curves[] = {front, others, shown};
    return curveChart({cat("What is left against ", metric.title()), said + "."},
                      fromZero("non-zero parameters", placesOf(curves)),
                      axisFor(metric.title(), heightsOf(curves), metric.isShare()), curves);
}

std::string weightCharts(const PruneReport& report) {
    const auto chosen = largestLayers(report.layers);
    std::string html;
    for (const std::size_t i : chosen) {
        const LayerOutcome& layer = report.layers[i];
        const double removed = layer.weights > 0 ? static_cast<double>(layer.removed) /
                                                       static_cast<double>(layer.weights)
                                                 : 0;
        html += stackedBars(
            {cat(layer.weight, ": ", percent(removed), " removed"),
             cat(exactCount(layer.weights - layer.removed), " of ", exactCount(layer.weights),
                 " weights stay, between ", significant(layer.before.low, 3), " and ",
                 significant(layer.before.high, 3), ".")},
            {"weight", layer.before.low, layer.before.high, false}, layer.before.counts, layer.kept,
            kSmall);
    }
    if (html.empty()) return {};
    const bool areAll = chosen.size() == report.layers.size();
    return cat(
        "<p><span class=\"key kept\">kept, as it is now</span> "
        "<span class=\"key gone\">removed, as it was</span>",
        areAll ? std::string() : cat(" The ", chosen.size(), " largest layers."),
        "</p>\n<div class=\"many\">\n", html, "</div>\n");
}

}  // namespace espalier::exchange
