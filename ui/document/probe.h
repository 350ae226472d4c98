// SPDX-License-Identifier: GPL-3.0-or-later
// The live probe: accuracy on a few samples, while a cut or a channel budget is dragged.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include "core/measure/live_probe.h"
#include "core/prune/channel_scores.h"
#include "ui/document/state.h"

namespace espalier::ui {

class Document;
class JobRunner;

/// What the bar above the plots shows of it.
struct ProbeReading {
    measure::ProbeFigures figures;
    std::optional<double> dense;  ///< the metric of the unpruned model on the same samples
    bool isFollowing = false;     ///< of the cut before the one that is being measured

    bool operator==(const ProbeReading&) const = default;
};

/// Lives on the GUI thread; torch is touched by its jobs alone. A full measurement takes precedence
/// over what this says.
///
/// Follows edits of one cut or one group, dragged, typed or undone; after any other edit there is
/// no reading unless that plan was probed before. One probe runs at a time, and only the newest
/// plan waits. A probe that takes longer than kPatienceMs gives way to it.
class Probe : public QObject {
    Q_OBJECT
public:
    static constexpr int kPatienceMs = 500;

    Probe(Document* document, JobRunner* jobs, QObject* parent);
    ~Probe() override;

    bool isOn() const { return m_isOn; }
    void setOn(bool on);
    std::int64_t samples() const { return m_options.samples; }
    void setSamples(std::int64_t samples);

    /// Of what is shown.
    std::optional<ProbeReading> reading() const;
    /// A probe of what is shown is under way or waits.
    bool isUnderWay() const { return m_wanted || m_isOfPlan; }
    /// Why the last probe came to nothing.
    const Error* error() const { return m_error ? &*m_error : nullptr; }

Q_SIGNALS:
    void changed();

private:
    struct Worker;
    struct Request;
    struct Known {
        model::SnapshotPtr snapshot;
        prune::Plan plan;  // effective
        measure::ProbeFigures figures;
    };

    void follow();
    void followUndo(int index);
    void startOver();
    void drop();
    bool canProbe() const;
    const measure::ProbeFigures* find(const prune::Plan& shown) const;
    std::optional<Request> requestFor(const prune::Plan& shown,
                                      std::vector<std::string> moving) const;
    void start();
    void startDense();
    void finish(const Request& request, const Result<measure::ProbeFigures>& result);
    void giveWay();
    void freeMemory();

    Document* m_document;
    JobRunner* m_jobs;
    std::shared_ptr<Worker> m_worker;
    measure::ProbeOptions m_options;
    bool m_isOn = true;

    int m_undoIndex = 0;                // of the undo stack
    prune::Plan m_followed;             // the last one that was looked at
    model::SnapshotPtr m_snapshot;      // of m_followed
    std::unique_ptr<Request> m_wanted;  // the newest, while another one runs
    bool m_isOfPlan = false;            // what runs is a probe of a plan
    bool m_holdsMemory = false;
    QElapsedTimer m_running;
    QTimer m_patience;
    QTimer m_idle;
    std::deque<Known> m_known;                      // the newest last
    std::optional<measure::ProbeFigures> m_latest;  // of this drag
    std::optional<double> m_dense;
    std::optional<Error> m_error;
};

}  // namespace espalier::ui
