// SPDX-License-Identifier: GPL-3.0-or-later
// The Document's edits, and the results that jobs put into it.
#include <algorithm>
#include <utility>

#include <QUndoStack>

#include "ui/document/channels.h"
#include "ui/document/document.h"

namespace espalier::ui {

namespace {

prune::PlanPtr shared(prune::Plan plan) {
    return std::make_shared<const prune::Plan>(std::move(plan));
}

QString named(const std::vector<const model::Layer*>& layers) {
    if (layers.size() == 1) return QString::fromStdString(layers.front()->modulePath());
    return Document::tr("%1 layers").arg(layers.size());
}

}  // namespace

void Document::setRule(model::LayerId layer, std::optional<prune::WeightRule> rule,
                       const QString& mergeKey) {
    setRules({layer}, rule, mergeKey);
}

void Document::setRules(const std::vector<model::LayerId>& layers,
                        std::optional<prune::WeightRule> rule, const QString& mergeKey) {
    LayerRules rules;
    for (const model::LayerId layer : layers) rules.emplace_back(layer, rule);
    setRules(rules, mergeKey);
}

void Document::setRules(const LayerRules& rules, const QString& mergeKey) {
    prune::Plan next = plan();
    std::vector<const model::Layer*> changed;
    std::optional<prune::WeightRule> last;
    for (const auto& [id, rule] : rules) {
        if (!isEditable(id)) continue;
        const model::Layer& layer = snapshot()->layer(id);
        changed.push_back(&layer);
        last = rule;
        if (rule) {
            next.weights.insert_or_assign(layer.name, *rule);
        } else {
            next.weights.erase(layer.name);
        }
    }
    if (changed.empty()) return;
    const QString text =
        last ? tr("cut %1 at %2").arg(named(changed), QString::fromStdString(describe(*last)))
             : tr("keep all of %1").arg(named(changed));
    push({m_state.node, shared(std::move(next))}, text, mergeKey);
}

void Document::setCut(model::LayerId layer, double threshold) {
    if (!isEditable(layer) || !index(layer)) return;
    setRule(layer, ruleForCut(threshold, cutContext(layer)));
}

void Document::setLocked(const std::vector<model::LayerId>& layers, bool locked) {
    prune::Plan next = plan();
    std::vector<const model::Layer*> changed;
    for (const model::LayerId id : layers) {
        if (!hasModel() || !id.isValid()) continue;
        const model::Layer& layer = snapshot()->layer(id);
        if (!layer.prunable.weights) continue;
        changed.push_back(&layer);
        if (locked) {
            next.locked.insert(layer.name);
        } else {
            next.locked.erase(layer.name);
        }
    }
    if (changed.empty()) return;
    push({m_state.node, shared(std::move(next))},
         (locked ? tr("lock %1") : tr("unlock %1")).arg(named(changed)));
}

void Document::setCriterion(const QString& name, const std::string& data) {
    const auto criterion = prune::findWeightCriterion(name.toStdString());
    if (!hasModel() || !criterion) return;
    prune::Plan next = plan();
    next.weightCriterion = criterion->name;
    if (!data.empty()) next.data = data;
    // A threshold is in units of the old criterion: what stays is how much it removes.
    for (auto& [key, rule] : next.weights) {
        const auto layer = snapshot()->find(key);
        if (rule.kind == prune::WeightRule::Kind::Threshold && layer) {
            const double share = static_cast<double>(countRemoved(snapshot()->layer(*layer)));
            rule = prune::WeightRule::sparsity(
                share / static_cast<double>(snapshot()->layer(*layer).weightCount));
        }
    }
    if (next.weightCriterion == plan().weightCriterion && next.data == plan().data) return;
    push({m_state.node, shared(std::move(next))}, tr("rank by %1").arg(name));
}

void Document::setPlan(prune::Plan plan, const QString& text, const QString& mergeKey) {
    if (hasModel()) push({m_state.node, shared(std::move(plan))}, text, mergeKey);
}

void Document::goTo(project::NodeId node) {
    if (!m_history.has(node)) return;
    const project::Node& target = m_history.node(node);
    push({node, target.plan}, tr("go to %1").arg(QString::fromStdString(target.name)));
}

void Document::moveTo(project::NodeId node, const QString& text) {
    if (!m_history.has(node)) return;
    push({node, m_state.plan}, text);
}

void Document::renameNode(project::NodeId node, const QString& name) {
    if (!m_history.has(node)) return;
    m_history = m_history.renamed(node, name.toStdString());
    Q_EMIT historyChanged();
}

void Document::setMasks(prune::MasksPtr masks) {
    m_masks = std::move(masks);
    m_lastMasks = m_masks;
    const bool isOther = refreshFootprint();
    Q_EMIT masksChanged();
    if (isOther) Q_EMIT footprintChanged();
}

void Document::setIndex(model::LayerId layer, Result<model::WeightIndex> index) {
    m_indices.set(layer, std::move(index));
    const bool isOther = refreshFootprint();
    Q_EMIT indexChanged(layer);
    if (isOther) Q_EMIT footprintChanged();
}

measure::Metric Document::metric() const {
    if (!m_dataset) return {};
    const auto metric = measure::metricFor(m_metricOptions, data::info(*m_dataset));
    return metric ? *metric : measure::Metric();
}

void Document::setDataset(data::DatasetPtr dataset, measure::MetricOptions metrics) {
    if (dataset == m_dataset && metrics == m_metricOptions) return;
    m_dataset = std::move(dataset);
    m_metricOptions = std::move(metrics);
    m_scores.clear();
    m_measurements.forgetEvaluations();
    Q_EMIT datasetChanged();
    Q_EMIT measurementsChanged();
}

void Document::addScores(prune::ScoresPtr scores) {
    m_scores.add(std::move(scores));
    Q_EMIT scoresMeasured();
}

void Document::setHistory(project::History history, project::NodeId current, const QString& text,
                          prune::PlanPtr plan, const QString& mergeKey) {
    m_history = std::move(history);
    push({current, plan ? std::move(plan) : m_history.node(current).plan}, text, mergeKey);
}

void Document::goOn(const State& from, model::SnapshotPtr model, const QString& name) {
    project::History history = m_history;
    project::NodeId parent = from.node;
    // The plan that led to the file is kept with it.
    if (effective(*from.plan) != effective(*history.node(parent).plan)) {
        auto pinned = history.pinned(parent, from.plan, tr("plan of %1").arg(name).toStdString());
        parent = pinned.id;
        history = pinned.history.withPin(parent, false);
    }
    auto added = history.committed(parent, std::move(model), name.toStdString());
    setHistory(std::move(added.history), added.id, tr("go on from %1").arg(name));
    setSaved(m_state);
}

std::optional<measure::Evaluation> Document::evaluation() const {
    if (m_preview || m_channels->isPreviewing()) return {};
    return m_measurements.evaluation(snapshot(), plan());
}

std::optional<measure::Latency> Document::latency() const {
    if (m_preview || m_channels->isPreviewing() || !hasModel()) return {};
    const auto timed = latencyOf(m_state);
    return timed ? std::optional(timed->latency) : std::nullopt;
}

State Document::denseState() const {
    if (!hasModel()) return {};
    return {m_history.root(), shared(prune::emptyPlan(*m_history.node(m_history.root()).snapshot))};
}

std::optional<measure::Evaluation> Document::denseEvaluation(
    std::optional<data::Split> split) const {
    if (!hasModel()) return {};
    const auto current = evaluation();
    if (!split && current) split = current->split;
    return m_measurements.evaluation(m_history.node(m_history.root()).snapshot, prune::Plan{},
                                     split);
}

std::optional<measure::Latency> Document::denseLatency() const {
    if (!hasModel()) return {};
    const auto timed = latencyOf(denseState());
    return timed ? std::optional(timed->latency) : std::nullopt;
}

project::NodeId Document::trained(project::NodeId node) const {
    while (node != m_history.root()) {
        const project::Node& at = m_history.node(node);
        if (at.operation == project::Operation::FineTune) return node;
        node = at.parent;
    }
    return {};
}

std::int64_t Document::zerosInFile() const {
    if (!hasModel()) return 0;
    const model::Snapshot& opened = *m_history.node(m_history.root()).snapshot;
    std::int64_t zeros = 0;
    for (const model::Layer& layer : opened.layers()) zeros += opened.baseRemoved(layer.id);
    return zeros;
}

bool Document::hasUnsavedWork() const {
    if (!hasModel()) return false;
    return trained(m_saved.node) != trained(m_state.node) ||
           effective(*m_saved.plan) != effective(plan());
}

bool Document::hasStatesOnlyHere() const {
    const auto nodes = m_history.nodes();
    return std::ranges::any_of(nodes, [this](const auto& node) {
        if (node->operation == project::Operation::FineTune)
            return node->id != trained(m_saved.node);
        return node->isPinned || node->operation == project::Operation::Trial;
    });
}

void Document::setSaved(const State& state) {
    m_saved = state;
}

}  // namespace espalier::ui
