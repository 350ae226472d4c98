// SPDX-License-Identifier: GPL-3.0-or-later
// The long tasks a person can ask for. Each runs as a job; results go into the Document.
#pragma once

#include <filesystem>
#include <map>
#include <memory>

#include <QObject>

#include "core/base/result.h"
#include "core/data/dataset.h"
#include "core/exchange/export.h"
#include "core/project/session.h"
#include "core/prune/heatmap.h"
#include "core/prune/plan.h"
#include "core/script/input_spec.h"
#include "core/train/checkpoint.h"
#include "core/train/recipe.h"
#include "ui/document/document.h"
#include "ui/jobs/job_runner.h"

namespace espalier::ui {

class ChannelJobs;
class Comparison;
class IndexQueue;
class NodeFigures;
class Probe;
class RunFolder;
struct RunToContinue;
class ScoreJobs;
class SensitivityScan;
class Trials;
struct Tuned;

class Workbench : public QObject {
    Q_OBJECT
public:
    Workbench(Document* document, JobRunner* jobs, QObject* parent = nullptr);
    ~Workbench() override;

    Document* document() const { return m_document; }
    JobRunner* jobs() const { return m_jobs; }
    ChannelJobs* channelJobs() const { return m_channelJobs; }
    ScoreJobs* scoreJobs() const { return m_scoreJobs; }
    SensitivityScan* sensitivity() const { return m_sensitivity; }
    NodeFigures* nodeFigures() const { return m_nodeFigures; }
    Trials* trials() const { return m_trials; }
    Comparison* comparison() const { return m_comparison; }
    Probe* probe() const { return m_probe; }

    /// Whether data that is attached stays with the next model; it does not where it does not fit.
    enum class OldData { KeepIfItFits, LetGo };
    void openModel(const std::filesystem::path& path,
                   const std::vector<script::InputSpec>& inputs = {},
                   OldData data = OldData::KeepIfItFits);
    /// How the open model is left for one that has been read: `go` brings that, `stay` drops it;
    /// one of them is called, at once or later. Without one, nobody is asked.
    using Leave = std::function<void(std::function<void()> go, std::function<void()> stay)>;
    void setLeave(Leave leave) { m_leave = std::move(leave); }
    /// Opens model, history, plan and data as they were saved. `done` is called on the GUI thread
    /// once all is shown. `title`: the path that `opened` names.
    void openSession(const std::filesystem::path& file, const project::LocatedModels& located,
                     const std::filesystem::path& title,
                     std::function<void(const project::OpenedSession&)> done);
    /// What there is to be saved; needs a model. Data that could not be opened with the session
    /// stays part of it until other data is attached.
    project::Session session() const;
    void attachData(const data::DataSpec& spec, const measure::MetricOptions& metrics = {});
    void openPlan(const std::filesystem::path& path);  ///< applies it as one undo step
    void evaluate(data::Split split);
    void measureLatency();
    /// Trains what is shown. The result is one undo step, and one with an edit made just before
    /// under the same key; without a name it is called fine-tuning.
    void fineTune(const train::Recipe& recipe, const UndoStep& step = {});
    /// New batch-norm statistics and nothing else: no weight changes.
    void renewBatchNorms(const train::Recipe& recipe);
    /// What becomes of the checkpoint of a training that is stopped.
    enum class AfterStop { IsOver, MayContinue };
    void stopTraining(AfterStop after = AfterStop::IsOver);  ///< keeps the best so far
    void setTrainingPaused(bool paused);
    bool isTrainingPaused() const;
    /// Goes on with a training that ended with the program: in the session that is open where that
    /// has the state it began from, else the model and the data are opened anew. Its plan and
    /// curves are restored. `folder`: of latestBrokenRun.
    /// An accelerator may be lost: `on` says where it goes on.
    enum class ContinueOn { ItsDevice, Cpu };
    void continueRun(const std::filesystem::path& folder, ContinueOn on = ContinueOn::ItsDevice);
    /// The training under way belongs to the session kept in that folder; continueRun needs it.
    void noteSession(const std::filesystem::path& folder);
    /// Whether a training was stopped here so that it may be continued by another program.
    bool hasLeftRun() const { return m_hasLeftRun; }
    bool isTraining() const { return trainingJob() != 0; }
    int trainingJob() const;  ///< 0: none
    void exportMasked(const std::filesystem::path& target);
    void exportPlan(const std::filesystem::path& target);
    /// Cuts what is shown and proves it; `done` is called on the GUI thread while `context` lives.
    void cutModel(QObject* context, std::function<void(Result<exchange::CutPlan>)> done);
    void stopCutting();
    /// Writes what cutModel made. `proof`: what the message says of it.
    void exportCut(const channels::CutModelPtr& model, const std::filesystem::path& target,
                   const QString& proof);
    void pinCurrent(const QString& name);
    /// Whether `file` is a model exported from the one that is open.
    bool canGoOnFrom(const std::filesystem::path& file) const { return m_exported.contains(file); }
    /// Opens an exported model as the next state of the history: its parent is the state that was
    /// exported. One undo step.
    void goOnFrom(const std::filesystem::path& file);

    /// For the heatmap panel; the newest request wins. `done` is called on the GUI thread.
    void requestHeatmap(model::LayerId layer, const prune::HeatmapOptions& options,
                        QObject* context, std::function<void(Result<prune::Heatmap>)> done);
    void requestOverview(int bins, QObject* context,
                         std::function<void(Result<prune::Heatmap>)> done);

    /// Writes the current weights beside the model as NAME-best.pt, or where that cannot be into
    /// the program's own folder. `done` is called on the GUI thread while `context` lives.
    void keepBest(QObject* context, std::function<void(Result<std::filesystem::path>)> done);

    /// Whether the opened file has zeros that count as removed, and the state shown is still one
    /// that this can be decided for.
    bool canChooseZeros() const;
    bool areZerosKept() const;
    /// Weights that are zero in the opened file count as removed and stay zero, or are weights like
    /// any other. One undo step; the plan stays.
    void setZerosKept(bool kept);

    /// What was trained and not exported, when the window closes: Drop, because the person said
    /// so, or Keep, because nobody could be asked.
    enum class Unsaved { Drop, Keep };

    /// For when nobody can be asked any more. Stops everything; a training under way is asked for
    /// its best so far, which is written beside the model as NAME-best.pt; so are weights that are
    /// to be kept. Returns when all is done. Empty path: nothing was written.
    Result<std::filesystem::path> shutDown(Unsaved unsaved = Unsaved::Drop);

Q_SIGNALS:
    void cancelled();                           ///< a job that a person had asked for was stopped
    void failed(const espalier::Error& error);  ///< for the message bar
    void warned(const QString& message);        ///< for the message bar
    void succeeded(const QString& message,
                   const QString& path);  ///< "Exported …"; path for "Show in folder"
    void openStarted(const QString& path);
    void opened(const QString& path);
    void openFailed(const QString& path);
    void openRead();      ///< before it is asked whether the open model may be left
    void openDeclined();  ///< it may not: all is as it was
    /// It does not fit the model that was opened; before `opened`.
    void dataLetGo(const espalier::Error& why);
    void trainingContinued(const espalier::train::Recipe& recipe);  ///< before trainingStarted
    void trainingStarted(const espalier::train::Recipe& recipe);
    void trainingSampled(const espalier::train::TrainSample& sample);
    void trainingFinished(const espalier::train::TrainResult& result);
    void trainingPaused(bool paused);
    void trainingEnded();  ///< finished or failed
    /// Instead of failed: something below gave way, and `folder` has the training's last
    /// checkpoint.
    void trainingBroke(const espalier::Error& error, const QString& folder);

private:
    struct Training;
    struct Continuation;

    void startRun(const train::Recipe& recipe, const std::shared_ptr<RunFolder>& folder,
                  const RunToContinue* resumed = nullptr);
    void endRun(bool isWell);
    void tellOfEnd(const Error& error, const std::filesystem::path& run);
    void followContinuation();
    void goOnContinuing();
    void giveContinuationUp();
    void beginContinuing(const RunToContinue& run);
    void restorePlan();
    bool hasData(const data::DataSpec& spec) const;

    using PlanTaker = std::function<void(prune::Plan plan, bool isForFile)>;
    void readPlan(const std::filesystem::path& path, PlanTaker done);

    void indexLayers();
    void refreshMasks();
    void preferSelection();
    void makeWayForOpening();
    void resumeAfterOpening();  ///< it failed: the old model stays
    void replaceModel(std::function<void()> show);
    void askToLeave(const std::function<void()>& show);
    void showSession(const project::OpenedSession& read);
    void forgetJobsOfModel();
    bool isModel(const model::SnapshotPtr& root) const;
    model::SnapshotPtr rootSnapshot() const;
    void fail(const Error& error);  ///< silent when it was cancelled
    void releaseZeros();
    void finishTraining(const State& state, const Tuned& tuned, const UndoStep& step);
    void noteExport(const State& state, const std::filesystem::path& file);

    Document* m_document;
    JobRunner* m_jobs;
    ChannelJobs* m_channelJobs;
    ScoreJobs* m_scoreJobs;
    SensitivityScan* m_sensitivity;
    NodeFigures* m_nodeFigures;
    Trials* m_trials;
    Comparison* m_comparison;
    Probe* m_probe;
    prune::MasksPtr m_lastMasks;  ///< lends the masks of layers that an edit did not touch
    std::shared_ptr<IndexQueue> m_indexQueue;
    std::unique_ptr<Training> m_training;
    std::unique_ptr<Continuation> m_continuation;
    bool m_hasLeftRun = false;
    std::map<std::filesystem::path, State> m_exported;  ///< models written of the open one
    std::optional<project::SessionData>
        m_missingData;  ///< of the session, which could not be opened
    Leave m_leave;
    model::SnapshotPtr m_released;  ///< the opened file's weights with no base mask, once asked for
};

}  // namespace espalier::ui
