// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/sensitivity.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "core/base/format.h"
#include "core/measure/masked_weights_torch.h"
#include "core/measure/runtime.h"
#include "core/measure/scan_clock.h"
#include "core/measure/scan_key_torch.h"
#include "core/measure/scan_setup_torch.h"

namespace espalier::measure {

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// One scan while it runs.
class Scan {
public:
    Scan(ScanSetup& setup, const model::Snapshot& snapshot, const ScanOptions& options,
         ScanMemory& memory, const EventSink<ScanPoint>& events, RunControl& control,
         const ScanWish* wish)
        : m_setup(setup),
          m_targets(setup.targets),
          m_options(options),
          m_judged(setup.objective.metric),
          m_metric(setup.objective.figures),
          m_runner(setup.program, setup.placement, *setup.dataset, setup.slice),
          m_weights(setup.program.module, snapshot, setup.targets.base()),
          m_clock(setup.shares, options.levels),
          m_memory(memory),
          m_events(events),
          m_control(control),
          m_wish(wish) {}

    Result<Sensitivity> run();

private:
    Result<void> measureDense();
    Result<void> checkDense();
    Result<SensitivityCurve> curveOf(std::size_t target);
    Result<std::optional<ScanFigures>> figuresAt(std::size_t target, int level);
    Result<ScanFigures> measured(const ScanPoint& point, const std::string& key, double share,
                                 Clock::time_point start);
    void publish(ScanPoint point, const ScanFigures& figures);
    std::vector<std::size_t> order() const;
    std::size_t takeNext(std::vector<std::size_t>& waiting) const;
    void tell(std::int64_t samplesDone = 0);

    const ScanSetup& m_setup;
    const ScanTargets& m_targets;
    const ScanOptions& m_options;
    const Metric& m_judged;
    const ScanMetric& m_metric;
    PrefixRunner m_runner;
    MaskedWeights m_weights;
    ScanClock m_clock;
    ScanMemory& m_memory;
    const EventSink<ScanPoint>& m_events;
    RunControl& m_control;
    const ScanWish* m_wish;

    std::string m_now;                           // what is being done, for people
    std::map<std::int64_t, ScanFigures> m_same;  // of the current target, by weights removed
    Sensitivity m_result;
};

/// In order of use, so that no prefix is computed twice.
std::vector<std::size_t> Scan::order() const {
    std::vector<std::size_t> order(m_setup.steps.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [this](std::size_t i) { return m_setup.steps[i]; });
    return order;
}

/// What is wished for, then what is to come first, then in order.
std::size_t Scan::takeNext(std::vector<std::size_t>& waiting) const {
    auto next = waiting.begin();
    for (const auto& name : {m_wish ? m_wish->preferred() : std::string(), m_options.first}) {
        const auto found = std::ranges::find(
            waiting, name, [this](std::size_t i) { return m_targets.all()[i].name; });
        if (found == waiting.end()) continue;
        next = found;
        break;
    }
    const std::size_t target = *next;
    waiting.erase(next);
    return target;
}

Result<Sensitivity> Scan::run() {
    if (auto dense = measureDense(); !dense) return dense.error();
    m_result.curves.resize(m_setup.steps.size());
    auto waiting = order();
    while (!waiting.empty()) {
        const auto target = takeNext(waiting);
        auto curve = curveOf(target);
        m_weights.restore();
        if (!curve) return curve.error();
        m_result.curves[target] = std::move(*curve);
    }
    m_result.samples = m_setup.slice.samples;
    m_result.metric = m_judged;
    return std::move(m_result);
}

Result<void> Scan::measureDense() {
    m_now = "Measuring the dense model";
    const std::string key = pointKey(m_setup.key, {}, 0);
    const bool isNeeded = m_metric.reference == ScanMetric::Reference::DenseScores;
    if (const auto known = m_memory.find(key); known && !isNeeded) {
        m_result.dense = *known;
        publish({.isRemembered = true}, *known);
        return checkDense();
    }
    const auto figures = measured({}, key, 1, Clock::now());
    if (!figures) return figures.error();
    m_result.dense = *figures;
    return checkDense();
}

/// Nothing can be compared with what is no number.
Result<void> Scan::checkDense() {
    const ScanFigures& dense = m_result.dense;
    // A best class is found among scores that are NaN, too: the loss tells.
    const bool isLossBroken = m_judged.loss == "cross_entropy" && std::isnan(dense.loss);
    if (std::isfinite(dense.score) && !isLossBroken) return {};
    return Error{
        Error::Kind::Damaged, "Cannot scan the sensitivity",
        cat(isLossBroken ? "the loss" : m_judged.title(),
            " of the dense model is no number: its outputs hold NaN or "
            "infinity for these samples"),
        "Look for NaN in its weights and in the inputs, and whether these are scaled as it "
        "expects (--preset, --mean, --std)"};
}

Result<SensitivityCurve> Scan::curveOf(std::size_t target) {
    const std::string& name = m_targets.all()[target].name;
    m_now = cat("Sensitivity of ", name);
    m_same.clear();
    tell();
    KneeSearch search(m_options.maxDrop, m_options.levels);
    std::map<int, ScanFigures> known;
    while (const auto level = search.next()) {
        const auto figures = figuresAt(target, *level);
        if (!figures) return figures.error();
        if (*figures) known.emplace(*level, **figures);
        search.add(*level, *figures ? m_judged.drop(m_result.dense.score, (*figures)->score)
                                    : std::numeric_limits<double>::infinity());
        m_clock.levelKnown(target);
        tell();
    }
    m_clock.targetDone(target);
    tell();
    SensitivityCurve curve{name, {}, std::nullopt};
    for (const auto& [level, figures] : known)
        curve.points.push_back({name, sparsityOfLevel(level), figures});
    const auto largest = largestWithin(search.drops(), m_options.maxDrop);
    if (largest) curve.largest = sparsityOfLevel(*largest);
    return curve;
}

/// None when the target cannot lose that much.
Result<std::optional<ScanFigures>> Scan::figuresAt(std::size_t target, int level) {
    const ScanTarget& own = m_targets.all()[target];
    const ScanPoint point{own.name, sparsityOfLevel(level)};
    const std::string key = pointKey(m_setup.key, own.name, level);
    if (const auto known = m_memory.find(key)) {
        publish({own.name, point.sparsity, {}, true}, *known);
        return std::optional(*known);
    }
    const auto start = Clock::now();
    const auto masks = m_targets.masks(own, point.sparsity, m_control);
    if (!masks) return masks.error();
    if (!*masks) return std::optional<ScanFigures>();
    // A small tensor loses the same at several levels.
    const auto removed = (*masks)->removed();
    if (const auto same = m_same.find(removed); same != m_same.end()) {
        m_memory.keep(key, same->second);
        publish({own.name, point.sparsity, {}, true}, same->second);
        return std::optional(same->second);
    }
    m_weights.apply(**masks);
    m_runner.stopAt(m_setup.steps[target]);
    const auto figures = measured(point, key, m_clock.share(target), start);
    if (!figures) return figures.error();
    m_same.emplace(removed, *figures);
    return std::optional(*figures);
}

/// Kept before it is told: what anybody has heard of is never measured again, whenever the program
/// ends.
Result<ScanFigures> Scan::measured(const ScanPoint& point, const std::string& key, double share,
                                   Clock::time_point start) {
    auto figures = m_runner.evaluate(
        m_metric, [this](std::int64_t done) { tell(done); }, m_control);
    if (!figures) return figures;
    const double seconds = secondsSince(start);
    m_memory.keep(key, *figures);
    m_clock.measured(share, seconds);
    ++m_result.evaluations;
    publish({point.name, point.sparsity, {}, false, seconds}, *figures);
    return figures;
}

void Scan::publish(ScanPoint point, const ScanFigures& figures) {
    point.figures = figures;
    m_events.publish(point);
}

void Scan::tell(std::int64_t samplesDone) {
    if (m_result.curves.empty())
        return m_events.progress({m_now, samplesDone, m_setup.slice.samples, -1});
    m_events.progress(
        {m_now, m_clock.levelsKnown(), m_clock.levelsExpected(), m_clock.secondsLeft()});
}

/// When nothing changes anything, what is "largest" says nothing.
void noteConstantMetric(Sensitivity& sensitivity) {
    std::size_t points = 0;
    for (const auto& curve : sensitivity.curves) {
        for (const auto& point : curve.points) {
            if (point.figures.score != sensitivity.dense.score) return;
            ++points;
        }
    }
    if (points < 2) return;
    const Metric& metric = sensitivity.metric;
    const bool canLookAtLoss = metric.kind != Metric::Kind::Loss;
    sensitivity.notes.push_back(
        cat("the metric did not change at any level: ", metric.title(), " is ",
            metric.text(sensitivity.dense.score), " whatever is pruned, so it tells nothing; ",
            canLookAtLoss ? "look at the loss, or take data with more classes or more samples"
                          : "take other data or more samples"));
}

}  // namespace

Result<Sensitivity> scanSensitivity(const model::Snapshot& snapshot,
                                    const channels::ChannelGroupsPtr& groups,
                                    const data::Dataset& dataset, const ScanOptions& options,
                                    ScanMemory& memory, const EventSink<ScanPoint>& events,
                                    RunControl& control, const ScanWish* wish) {
    return guarded("Cannot scan the sensitivity", [&]() -> Result<Sensitivity> {
        const at::NoGradGuard noGradients;
        const KeepFreedMemory keepFreedMemory;
        const auto start = Clock::now();
        auto setup = ScanSetup::make(snapshot, groups, dataset, options, control);
        if (!setup) return setup.error();
        Scan scan(*setup, snapshot, options, memory, events, control, wish);
        auto result = scan.run();
        if (!result) return result;
        result->notes = setup->notes;
        noteConstantMetric(*result);
        result->seconds = secondsSince(start);
        return result;
    });
}

}  // namespace espalier::measure
