// SPDX-License-Identifier: GPL-3.0-or-later
// The state of the window: model, plan, selection, measurements, undo. The only thing panels know.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <QObject>
#include <QString>

#include "core/data/dataset.h"
#include "core/prune/footprint.h"
#include "core/prune/masks.h"
#include "ui/document/cut.h"
#include "ui/document/index_store.h"
#include "ui/document/measurements.h"
#include "ui/document/state.h"

class QUndoStack;

namespace espalier::ui {

class Channels;
class Highlight;

/// Lives on the GUI thread. Every edit is one undo step.
class Document : public QObject {
    Q_OBJECT
public:
    explicit Document(QObject* parent = nullptr);
    ~Document() override;

    bool hasModel() const { return m_state.node.isValid(); }
    const project::History& history() const { return m_history; }
    const State& state() const { return m_state; }
    const project::Node& node() const;           ///< of the current state; needs a model
    const model::SnapshotPtr& snapshot() const;  ///< null without a model
    const prune::Plan& plan() const;             ///< an empty one without a model
    const data::DatasetPtr& dataset() const { return m_dataset; }
    /// How outputs are judged on that data, as it was asked for and as it comes to.
    const measure::MetricOptions& metricOptions() const { return m_metricOptions; }
    measure::Metric metric() const;  ///< top-1 without data
    /// Measured on that data, of the weights of any state.
    const prune::ScoreCache& scores() const { return m_scores; }
    QUndoStack* undoStack() const { return m_undo; }
    Channels* channels() const { return m_channels; }
    Highlight* highlight() const { return m_highlight; }

    /// Masks of the current plan; null while they are being computed.
    const prune::MasksPtr& masks() const { return m_masks; }
    /// What the plan (while dragging: the previewed one) costs; follows edits at once.
    const prune::Footprint& footprint() const { return m_footprint; }
    const prune::Footprint& denseFootprint() const { return m_denseFootprint; }
    std::int64_t removed(model::LayerId layer) const;  ///< weights, preview included
    double sparsity(model::LayerId layer) const;
    double sparsityOfWhatIsLeft(model::LayerId layer) const;  ///< once removed channels are cut out

    /// Null until its statistics are there.
    const model::WeightIndex* index(model::LayerId layer) const { return m_indices.find(layer); }
    /// Why there will be no index: the layer holds NaN.
    const Error* indexError(model::LayerId layer) const { return m_indices.error(layer); }

    /// The layer that is looked at, and all that are selected: it and others.
    model::LayerId selection() const { return m_selection; }
    const std::vector<model::LayerId>& selectedLayers() const { return m_selectedLayers; }
    void select(model::LayerId layer);
    void select(std::vector<model::LayerId> layers, model::LayerId current);

    const prune::WeightRule* rule(model::LayerId layer) const;  ///< null: none
    bool isLocked(model::LayerId layer) const;
    bool isEditable(model::LayerId layer) const;  ///< prunable and not locked

    // Edits, each one undo step; rules on locked or unprunable layers are ignored. Those that
    // follow each other with one `mergeKey`, as of a number being typed, become one step.
    void setRule(model::LayerId layer, std::optional<prune::WeightRule> rule,
                 const QString& mergeKey = {});
    void setRules(const std::vector<model::LayerId>& layers, std::optional<prune::WeightRule> rule,
                  const QString& mergeKey = {});
    void setRules(const LayerRules& rules, const QString& mergeKey = {});
    void setCut(model::LayerId layer, double threshold);  ///< at |w| < `threshold`; needs an index
    void setLocked(const std::vector<model::LayerId>& layers, bool locked);
    /// `data`: the samples that it looks at; empty: as they are.
    void setCriterion(const QString& name, const std::string& data = {});
    void setPlan(prune::Plan plan, const QString& text, const QString& mergeKey = {});
    void goTo(project::NodeId node);
    /// The plan as it is now on the weights of `node`.
    void moveTo(project::NodeId node, const QString& text);
    void renameNode(project::NodeId node, const QString& name);  ///< no undo step
    void setNodePinned(project::NodeId node, bool isPinned);     ///< no undo step
    /// With all that came from it: one undo step. Errors: of project::History::checkRemoval.
    Result<void> removeNode(project::NodeId node);
    /// A plan on the weights of a state, remembered with what was measured of it; the state that is
    /// shown stays. No undo step.
    project::NodeId addTrial(const State& state, const QString& name);
    /// The node of the history that has these weights and this plan, `state.node` before others;
    /// invalid when there is none.
    project::NodeId nodeOf(const State& state) const;

    /// While dragging: shows what a threshold on |w| would remove. None: back to the plan.
    void preview(model::LayerId layer, std::optional<double> threshold);
    std::optional<double> previewedThreshold(model::LayerId layer) const;
    /// The plan with what is being dragged, as it will be when it is let go.
    prune::Plan shownPlan() const;
    /// The threshold on |w| that the layer's rule amounts to, if there is such a thing.
    std::optional<double> cutThreshold(model::LayerId layer) const;
    CutContext cutContext(model::LayerId layer) const;

    // Results, put here by the Workbench.
    /// `at`: where one is in it, with nothing unsaved; none: its root.
    void setOpened(project::History history, const std::optional<State>& at = {});
    void closeModel();
    void setMasks(prune::MasksPtr masks);
    void setIndex(model::LayerId layer, Result<model::WeightIndex> index);
    void setDataset(data::DatasetPtr dataset, measure::MetricOptions metrics = {});
    void addScores(prune::ScoresPtr scores);
    /// A history with a node more, which becomes the current one: one undo step. `plan`: the one to
    /// go on with; none: the node's.
    void setHistory(project::History history, project::NodeId current, const QString& text,
                    prune::PlanPtr plan = {}, const QString& mergeKey = {});
    /// Measured on `state` (none: the current one); found again when undo leads there.
    void setEvaluation(measure::Evaluation evaluation, const std::optional<State>& state = {});
    void setLatency(measure::Latency latency, const std::optional<State>& state = {});
    /// Of states that were measured in turns, in their order.
    void setLatencies(const std::vector<State>& states,
                      const std::vector<measure::Latency>& latencies);
    /// Of any state; on whichever split was measured last when none is given.
    std::optional<measure::Evaluation> evaluationOf(const State& state,
                                                    std::optional<data::Split> split = {}) const;
    std::optional<Timed> latencyOf(const State& state) const;
    project::Metrics metricsOf(
        const State& state) const;  ///< on choiceSplit where there is a choice
    /// Of exactly what is shown; none when that was not measured, or while a cut is dragged.
    std::optional<measure::Evaluation> evaluation() const;
    std::optional<measure::Latency> latency() const;
    /// Of the unpruned model, for "before"; on the split of `evaluation()` unless one is given.
    std::optional<measure::Evaluation> denseEvaluation(std::optional<data::Split> split = {}) const;
    std::optional<measure::Latency> denseLatency() const;
    State denseState() const;
    /// Weights that the opened file does not have: some training led here.
    bool hasOwnWeights() const { return hasModel() && trained(m_state.node).isValid(); }
    /// How many weights of the opened file are zero and count as removed.
    std::int64_t zerosInFile() const;
    bool hasUnsavedWork() const;  ///< the state is neither as opened nor as last written
    /// Pins, trials, or weights that were trained and are not those last written: a session alone
    /// would keep them.
    bool hasStatesOnlyHere() const;
    void setSaved(const State& state);
    /// `model` is what was written of `from`: it becomes the next state, with nothing unsaved.
    void goOn(const State& from, model::SnapshotPtr model, const QString& name);

Q_SIGNALS:
    void modelChanged();     ///< another model, or none
    void layersChanged();    ///< other layers, or other shapes of them: comes before the next
    void snapshotChanged();  ///< another node: other weights
    void planChanged();
    void masksChanged();
    void footprintChanged();  ///< also on every move of a drag
    void previewChanged(espalier::model::LayerId layer);
    void selectionChanged();
    void indexChanged(espalier::model::LayerId layer);
    void datasetChanged();
    void scoresMeasured();  ///< more of them are at hand
    void measurementsChanged();
    void historyChanged();

private:
    friend class StateCommand;
    friend class RemovalCommand;
    void push(State next, const QString& text, const QString& mergeKey = {});
    void setState(const State& state);
    bool refreshFootprint();
    void followChannels();
    void followLayers(const model::Snapshot& before);
    std::int64_t previewedRemoved(const model::Layer& layer, const prune::CutCosts* cut,
                                  double threshold) const;
    void recallMeasurements();  ///< of the nodes of a history that was opened
    void noteMetrics(const State& measured, const std::function<void(project::Metrics&)>& note);
    void setRemoved(const std::vector<project::NodeId>& nodes, bool removed);
    std::int64_t countRemoved(const model::Layer& layer) const;
    const model::SnapshotPtr& snapshotOf(const State& state) const;
    /// What is compared with: the opened file where channels have been cut since, else the
    /// snapshot.
    const model::Snapshot& unpruned() const;
    /// The training whose weights `node` has; invalid: those of the opened file.
    project::NodeId trained(project::NodeId node) const;

    State m_state;
    State m_saved;
    project::History m_history;
    QUndoStack* m_undo;
    Channels* m_channels;
    Highlight* m_highlight;
    model::LayerId m_selection;
    std::vector<model::LayerId> m_selectedLayers;
    prune::MasksPtr m_masks;
    prune::MasksPtr m_lastMasks;  // of these weights, also while those of the plan are made
    prune::Footprint m_footprint;
    prune::Footprint m_denseFootprint;
    std::vector<std::int64_t> m_removed;
    IndexStore m_indices;
    std::optional<std::pair<model::LayerId, double>> m_preview;
    data::DatasetPtr m_dataset;
    measure::MetricOptions m_metricOptions;
    prune::ScoreCache m_scores;
    Measurements m_measurements;
    int m_latencyRuns = 0;
};

}  // namespace espalier::ui
