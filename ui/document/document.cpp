// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/document.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <QUndoStack>

#include "ui/document/channels.h"
#include "ui/document/highlight.h"
#include "ui/document/state_command.h"

namespace espalier::ui {

namespace {

const prune::Plan& noPlan() {
    static const prune::Plan plan;
    return plan;
}

const model::SnapshotPtr& noSnapshot() {
    static const model::SnapshotPtr snapshot;
    return snapshot;
}

model::LayerId firstPrunable(const model::Snapshot& snapshot) {
    const auto layers = snapshot.layers();
    const auto found =
        std::ranges::find_if(layers, [](const auto& layer) { return layer.prunable.weights; });
    if (found != layers.end()) return found->id;
    return layers.empty() ? model::LayerId{} : layers.front().id;
}

bool haveSameLayers(const model::Snapshot& left, const model::Snapshot& right) {
    return std::ranges::equal(left.layers(), right.layers(), [](const auto& a, const auto& b) {
        return a.name == b.name && a.shape == b.shape;
    });
}

}  // namespace

Document::Document(QObject* parent)
    : QObject(parent),
      m_undo(new QUndoStack(this)),
      m_channels(new Channels(this)),
      m_highlight(new Highlight(this)) {
    connect(m_channels, &Channels::choiceChanged, this, &Document::followChannels);
    connect(m_channels, &Channels::previewChanged, this, &Document::followChannels);
    connect(this, &Document::modelChanged, m_highlight, &Highlight::clear);
}

Document::~Document() {
    m_undo->blockSignals(true);  // it clears itself as it dies, when whoever listens is half gone
}

const project::Node& Document::node() const {
    return m_history.node(m_state.node);
}

const model::SnapshotPtr& Document::snapshot() const {
    return hasModel() ? node().snapshot : noSnapshot();
}

const model::SnapshotPtr& Document::snapshotOf(const State& state) const {
    return state.node.isValid() ? m_history.node(state.node).snapshot : noSnapshot();
}

const model::Snapshot& Document::unpruned() const {
    const model::Snapshot& opened = *m_history.node(m_history.root()).snapshot;
    return haveSameLayers(opened, *snapshot()) ? *snapshot() : opened;
}

const prune::Plan& Document::plan() const {
    return m_state.plan ? *m_state.plan : noPlan();
}

std::int64_t Document::removed(model::LayerId layer) const {
    return layer.isValid() && layer.index() < m_removed.size() ? m_removed[layer.index()] : 0;
}

double Document::sparsity(model::LayerId layer) const {
    if (!hasModel() || !layer.isValid()) return 0;
    const auto count = snapshot()->layer(layer).weightCount;
    return count > 0 ? static_cast<double>(removed(layer)) / static_cast<double>(count) : 0;
}

double Document::sparsityOfWhatIsLeft(model::LayerId layer) const {
    const prune::CutCosts* cut = m_channels->costs();
    if (!cut || !hasModel() || !layer.isValid()) return sparsity(layer);
    const std::int64_t left = cut->weights[layer.index()];
    const std::int64_t gone = snapshot()->layer(layer).weightCount - left;
    if (gone == 0 || left == 0) return sparsity(layer);
    return static_cast<double>(std::max<std::int64_t>(0, removed(layer) - gone)) /
           static_cast<double>(left);
}

void Document::select(model::LayerId layer) {
    select({layer}, layer);
}

void Document::select(std::vector<model::LayerId> layers, model::LayerId current) {
    std::ranges::sort(layers);
    if (!hasModel() || !std::ranges::binary_search(layers, current)) return;
    const int count = static_cast<int>(snapshot()->layers().size());
    if (!layers.front().isValid() || layers.back().value >= count) return;
    if (layers == m_selectedLayers && current == m_selection) return;
    m_selectedLayers = std::move(layers);
    m_selection = current;
    Q_EMIT selectionChanged();
}

const prune::WeightRule* Document::rule(model::LayerId layer) const {
    if (!hasModel() || !layer.isValid()) return nullptr;
    const auto found = plan().weights.find(snapshot()->layer(layer).name);
    return found == plan().weights.end() ? nullptr : &found->second;
}

bool Document::isLocked(model::LayerId layer) const {
    return hasModel() && layer.isValid() && plan().locked.contains(snapshot()->layer(layer).name);
}

bool Document::isEditable(model::LayerId layer) const {
    return hasModel() && layer.isValid() && snapshot()->layer(layer).prunable.weights &&
           !isLocked(layer);
}

CutContext Document::cutContext(model::LayerId layer) const {
    const auto criterion = prune::findWeightCriterion(plan().weightCriterion);
    CutContext context{snapshot()->layer(layer)};
    context.baseRemoved = snapshot()->baseRemoved(layer);
    context.index = index(layer);
    context.isMagnitude = plan().weightCriterion == "magnitude";
    context.followsMagnitude = criterion && criterion->followsMagnitude;
    return context;
}

std::optional<double> Document::cutThreshold(model::LayerId layer) const {
    const prune::WeightRule* found = rule(layer);
    if (!found || !isEditable(layer)) return {};
    const CutContext context = cutContext(layer);
    return thresholdOf(*found, countRemoved(context.layer), context);
}

std::optional<double> Document::previewedThreshold(model::LayerId layer) const {
    if (m_preview && m_preview->first == layer) return m_preview->second;
    return {};
}

prune::Plan Document::shownPlan() const {
    prune::Plan plan = m_channels->shownPlan();
    if (m_preview) {
        const CutContext context = cutContext(m_preview->first);
        plan.weights.insert_or_assign(context.layer.name, ruleForCut(m_preview->second, context));
    }
    return plan;
}

void Document::preview(model::LayerId layer, std::optional<double> threshold) {
    if (!isEditable(layer) || !index(layer)) return;
    if (threshold) {
        m_preview = {layer, *threshold};
    } else {
        m_preview.reset();
    }
    Q_EMIT previewChanged(layer);
    if (refreshFootprint()) Q_EMIT footprintChanged();
}

std::int64_t Document::countRemoved(const model::Layer& layer) const {
    const std::int64_t base = snapshot()->baseRemoved(layer.id);
    const prune::WeightRule* found = rule(layer.id);
    if (!found || isLocked(layer.id)) return base;
    if (const auto count = removedBy(*found, cutContext(layer.id))) return *count;
    // Until the mask is there, the figure before the edit stays.
    return m_masks ? m_masks->removed(layer.id) : std::max(base, removed(layer.id));
}

bool Document::refreshFootprint() {
    if (!hasModel()) return false;
    const prune::CutCosts* cut = m_channels->costs();
    const bool isExpected = cut && (!m_masks || m_channels->isPreviewing());
    std::vector<std::int64_t> next;
    if (isExpected)
        next = prune::expectedRemoved(*snapshot(), m_channels->shownPlan(), *cut, m_lastMasks);
    for (const model::Layer& layer : snapshot()->layers()) {
        if (!isExpected) next.push_back(m_masks ? m_masks->removed(layer.id) : countRemoved(layer));
        if (m_preview && m_preview->first == layer.id)
            next[layer.id.index()] = previewedRemoved(layer, cut, m_preview->second);
    }
    const auto footprint =
        cut ? prune::footprint(*snapshot(), next, *cut) : prune::footprint(*snapshot(), next);
    const bool isOther = next != m_removed || footprint != m_footprint;
    m_removed = std::move(next);
    m_footprint = footprint;
    return isOther;
}

// What is below the threshold; of a layer that loses channels, the same share of what is left.
std::int64_t Document::previewedRemoved(const model::Layer& layer, const prune::CutCosts* cut,
                                        double threshold) const {
    const CutContext context = cutContext(layer.id);
    const std::int64_t below = context.baseRemoved + context.index->countBelow(threshold);
    if (!cut || layer.weightCount == 0) return below;
    const std::int64_t left = cut->weights[layer.id.index()];
    const double share = static_cast<double>(below) / static_cast<double>(layer.weightCount);
    return layer.weightCount - left + std::llround(share * static_cast<double>(left));
}

void Document::followChannels() {
    if (refreshFootprint()) Q_EMIT footprintChanged();
}

void Document::push(State next, const QString& text, const QString& mergeKey) {
    if (next.node == m_state.node && *next.plan == plan()) {
        if (m_preview) preview(m_preview->first, {});
        if (m_channels->isPreviewing()) m_channels->preview({}, {});
        return;
    }
    m_undo->push(new StateCommand(this, m_state, std::move(next), text, mergeKey));
}

void Document::setState(const State& state) {
    const model::SnapshotPtr before = snapshot();
    const bool isOtherNode = state.node != m_state.node;
    const bool isOtherCut = effective(*state.plan) != effective(plan());
    m_state = state;
    m_preview.reset();
    const bool isOtherSnapshot = snapshot() != before;
    const bool hasOtherLayers = isOtherSnapshot && !haveSameLayers(*before, *snapshot());
    if (isOtherSnapshot) {
        m_indices.use(snapshot());
        m_channels->useSnapshot(snapshot());
        m_lastMasks.reset();
        m_denseFootprint = prune::denseFootprint(unpruned());
    }
    if (hasOtherLayers) followLayers(*before);
    const bool hasOtherGroups = m_channels->planChanged();
    if (isOtherSnapshot || isOtherCut) m_masks.reset();
    refreshFootprint();
    if (hasOtherLayers) Q_EMIT layersChanged();
    if (isOtherSnapshot) Q_EMIT snapshotChanged();
    if (hasOtherLayers) Q_EMIT selectionChanged();
    Q_EMIT planChanged();
    if (hasOtherGroups) Q_EMIT m_channels->groupsChanged();
    if (isOtherSnapshot || isOtherCut) Q_EMIT masksChanged();
    Q_EMIT footprintChanged();
    Q_EMIT measurementsChanged();
    if (isOtherNode) Q_EMIT historyChanged();
}

// The selection stays with its layers, by name.
void Document::followLayers(const model::Snapshot& before) {
    std::vector<model::LayerId> layers;
    for (const model::LayerId id : m_selectedLayers) {
        if (const auto found = snapshot()->find(before.layer(id).name)) layers.push_back(*found);
    }
    const auto current =
        m_selection.isValid() ? snapshot()->find(before.layer(m_selection).name) : std::nullopt;
    m_selection = current.value_or(firstPrunable(*snapshot()));
    if (!current) layers.assign(m_selection.isValid() ? 1 : 0, m_selection);
    std::ranges::sort(layers);
    m_selectedLayers = std::move(layers);
}

void Document::setOpened(project::History history, const std::optional<State>& at) {
    m_undo->clear();
    m_history = std::move(history);
    m_indices.clear();
    m_measurements.clear();
    m_masks.reset();
    m_lastMasks.reset();
    m_preview.reset();
    m_removed.clear();
    m_channels->useSnapshot({});
    m_state = at.value_or(State{m_history.root(), m_history.node(m_history.root()).plan});
    m_saved = m_state;
    recallMeasurements();
    m_indices.use(snapshot());
    m_channels->useSnapshot(snapshot());
    m_denseFootprint = prune::denseFootprint(unpruned());
    m_selection = firstPrunable(*snapshot());
    m_selectedLayers =
        m_selection.isValid() ? std::vector{m_selection} : std::vector<model::LayerId>{};
    refreshFootprint();
    Q_EMIT modelChanged();
    Q_EMIT layersChanged();
    Q_EMIT snapshotChanged();
    Q_EMIT planChanged();
    Q_EMIT masksChanged();
    Q_EMIT footprintChanged();
    Q_EMIT measurementsChanged();
    Q_EMIT historyChanged();
    Q_EMIT selectionChanged();
}

void Document::closeModel() {
    if (!hasModel()) return;
    m_undo->clear();
    m_state = {};
    m_saved = {};
    m_history = {};
    m_indices.clear();
    m_measurements.clear();
    m_masks.reset();
    m_lastMasks.reset();
    m_preview.reset();
    m_removed.clear();
    m_channels->useSnapshot({});
    m_footprint = {};
    m_denseFootprint = {};
    m_selection = {};
    m_selectedLayers.clear();
    Q_EMIT modelChanged();
    Q_EMIT layersChanged();
    Q_EMIT snapshotChanged();
    Q_EMIT planChanged();
    Q_EMIT masksChanged();
    Q_EMIT footprintChanged();
    Q_EMIT measurementsChanged();
    Q_EMIT historyChanged();
    Q_EMIT selectionChanged();
}

}  // namespace espalier::ui
