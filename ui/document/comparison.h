// SPDX-License-Identifier: GPL-3.0-or-later
// Two states of the model side by side: what is compared, and the figures as they come.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include <QObject>

#include "core/prune/compare.h"
#include "ui/document/measurements.h"
#include "ui/document/state_jobs.h"

namespace espalier::ui {

class Document;
class JobRunner;

/// One of the two that are compared.
struct Side {
    enum class Kind { Dense, Current, Node };
    Kind kind = Kind::Dense;
    project::NodeId node{};  ///< of Kind::Node
    bool operator==(const Side&) const = default;
};

/// A class in which both sides were measured; ratios 0..1.
struct ClassDifference {
    QString name;
    std::int64_t samples = 0;
    double left = 0;
    double right = 0;
};

/// Lives on the GUI thread. Works only while it is watched.
class Comparison : public QObject {
    Q_OBJECT
public:
    enum Which { Left, Right };

    Comparison(Document* document, JobRunner* jobs, QObject* parent);

    const Side& side(Which which) const { return m_sides[which]; }
    void setSide(Which which, const Side& side);
    void swap();
    State stateOf(Which which) const;
    QString nameOf(Which which) const;  ///< "dense", "current", or the node's name

    /// Whether somebody looks: nothing is counted for a hidden tab.
    void setWatched(bool watched);
    /// Empty until they are counted.
    const std::vector<prune::LayerComparison>& layers() const { return m_layers; }
    const prune::LayerComparison* layer(const std::string& name) const;
    /// Of the layer that is looked at; none until counted.
    const std::optional<prune::HistogramPair>& histograms() const { return m_histograms; }
    const std::string& histogramLayer() const { return m_histogramLayer; }
    bool isCounting() const { return m_isCounting; }
    const std::optional<Error>& error() const { return m_error; }

    /// On choiceSplit of the attached data; none until measured.
    std::optional<measure::Evaluation> evaluation(Which which) const;
    /// One for each class of the data; empty until both sides are measured.
    std::vector<ClassDifference> classes() const;
    /// None until both were measured in turns.
    std::optional<std::array<measure::Latency, 2>> latencies() const;
    void measureAccuracy();
    void measureLatency();
    StateJobs* jobs() const { return m_measuring; }

Q_SIGNALS:
    void sidesChanged();
    void layersChanged();
    void histogramsChanged();
    void measurementsChanged();
    void failed(const espalier::Error& error);

private:
    void reset();
    void followHistory();
    void recount();
    void count();
    void countHistograms();

    Document* m_document;
    JobRunner* m_jobs;
    StateJobs* m_measuring;
    std::array<Side, 2> m_sides;
    std::array<prune::Pruned, 2> m_pruned;  // resolved; null snapshots: not yet
    std::vector<prune::LayerComparison> m_layers;
    std::optional<prune::HistogramPair> m_histograms;
    std::string m_histogramLayer;
    std::optional<Error> m_error;
    bool m_isWatched = false;
    bool m_isStale = true;
    bool m_isCounting = false;
};

}  // namespace espalier::ui
