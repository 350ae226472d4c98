// SPDX-License-Identifier: GPL-3.0-or-later
// The trainings of the open model: those of this session, and those that the history remembers.
#pragma once

#include <optional>
#include <vector>

#include <QObject>
#include <QString>

#include "core/project/history.h"
#include "core/train/fine_tune.h"

namespace espalier::ui {

class Document;
class Workbench;

struct TrainingRun {
    enum class State { Running, Finished, Stopped, Failed };

    QString key;                          ///< stays the same as long as the run is known
    QString name;                         ///< "run 2"
    std::optional<train::Recipe> recipe;  ///< none: it is not remembered
    std::int64_t stepsPerEpoch = 0;       ///< 0: unknown
    measure::Metric metric{};
    std::vector<train::TrainSample> samples{};
    State state = State::Running;
    project::NodeId node{};  ///< that it led to; invalid: no epoch was better than the start

    QString stateName{};  ///< of that state

    QString title() const;  ///< "run 2: fine-tuned 5 epochs"
    int epochs() const;     ///< finished
    double seconds() const;
    /// Whether it runs, and more weights or channels are to go.
    bool isPruning() const;
    /// Of the metric on validation, and the epoch it is of; none before the first and while it
    /// prunes.
    struct Best {
        double score = 0;
        int epoch = 0;
    };
    std::optional<Best> best() const;
};

/// Lives on the GUI thread.
class TrainingRuns : public QObject {
    Q_OBJECT
public:
    TrainingRuns(Workbench* workbench, QObject* parent);

    /// Oldest first; those that only the history knows before those of this session.
    const std::vector<TrainingRun>& runs() const { return m_runs; }
    const TrainingRun* find(const QString& key) const;
    /// The run under way, or the last one; null before the first.
    const TrainingRun* current() const;

Q_SIGNALS:
    void runsChanged();  ///< runs came, went, ended or have another name
    void runGrew();      ///< at each end of an epoch

private:
    void start(const train::Recipe& recipe);
    void add(const train::TrainSample& sample);
    void finish(const train::TrainResult& result);
    void end();
    void forget();
    void followHistory();
    enum class Name { Own, OfTheBeginning };
    void joinContinued(Name name);

    TrainingRun* currentRun();

    Document* m_document;
    std::vector<TrainingRun> m_runs;
    QString m_current;  // key
    int m_started = 0;
    bool m_isContinued = false;  // the run under way, and it is still to be joined to its beginning
};

}  // namespace espalier::ui
