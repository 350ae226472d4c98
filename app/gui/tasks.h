// SPDX-License-Identifier: GPL-3.0-or-later
// What the menus' commands do: ask for what is missing, then hand over to the Workbench.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include <QObject>
#include <QStringList>

#include "core/base/result.h"
#include "core/data/dataset.h"
#include "core/project/session_file.h"
#include "core/script/input_spec.h"
#include "ui/document/autosave_folder.h"
#include "ui/panels/message_bar.h"

class QDialog;

namespace espalier::ui {
class SessionKeeper;
class TrainingPanel;
class Workbench;
}  // namespace espalier::ui

namespace espalier::gui {

class Leaving;

class Tasks : public QObject {
    Q_OBJECT
public:
    /// Dialogs stand over `window`.
    Tasks(ui::Workbench* workbench, ui::SessionKeeper* keeper, QWidget* window);

    void openModel();
    void openModelWithInput();
    void openExample();
    /// A model, session, plan, recipe or data; what is none of these is named.
    void openPath(const QString& path);
    void openPaths(const QStringList& paths);
    void attachData(const QString& path = {});
    void openPlan();
    void saveSession();
    void saveSessionAs();
    void exportMasked();
    void exportPlan();
    void exportCut();
    void exportOnnx();
    void exportSafetensors();
    void exportReport();
    /// The command that fine-tunes as the Training panel's recipe says.
    void copyTuneCommand(const ui::TrainingPanel& training);
    void showReport();
    void closeModel();
    void pruneEverywhere();
    void pruneToGoal();
    void pruneChannels();
    void resetSelectedLayers();
    void resetAllLayers();
    void toggleLock();
    /// Trains under the plan as it is; where it is empty, asks for a sparsity first and makes both
    /// one undo step.
    void pruneAndTune(const ui::TrainingPanel& training);
    void renewBatchNorms(const ui::TrainingPanel& training);
    void measureAccuracy();
    void measureOnTest();
    void pinCurrent();
    /// Of the file that a training left when the window closed last time, unless it is offered to
    /// go on with that work.
    void tellOfSavedTraining();
    /// A training that ended with the program: brokenRunChanged says which there is.
    void lookForBrokenRun();
    void continueRun();
    /// Its session alone; a message offers to go on with the training.
    void recoverRun();
    void discardRun();

    /// Sessions of windows that did not close: lostSessionsChanged says which there are.
    void lookForLostSessions();
    void recoverSession(const QString& folder);
    void discardSession(const QString& folder);
    void forgetWaiting();  ///< recipe and plan that wait for a model

    Leaving* leaving() const { return m_leaving; }

Q_SIGNALS:
    void messagePosted(const espalier::ui::Message& message);
    /// In words; empty: there is none.
    void brokenRunChanged(const QString& run, bool hasSession);
    /// Files that are taken once a model is open, in words; empty: there are none.
    void waitingChanged(const QString& files);
    void lostSessionsChanged(const std::vector<espalier::ui::LostSession>& sessions);
    /// A recipe file to be shown in the training panel, as TrainingPanel::loadRecipe takes it.
    void recipeChosen(const QString& path, std::optional<double> madeFor = {});

private:
    /// With the input that was chosen for it last time, unless data is attached, and with its data
    /// unless that which is attached fits.
    void openAsLastTime(const QString& path, std::vector<script::InputSpec> inputs = {});
    void attachDataOfLastTime();
    void rememberChoices();
    void openPlanWithModel(const QString& path);
    void openRecipe(const QString& path);
    void showWaiting();
    void applyWaiting();
    void askForInput(const QString& path);
    void openUnknown(const QString& path);
    void onOpened(const QString& path);
    void forgetOpening();
    void onFailed(const espalier::Error& error);
    void onTrainingBroke(const espalier::Error& error, const QString& folder);
    void onSucceeded(const QString& message, const QString& path);
    void onDataChanged();
    void offerInputOfData();
    void onGroupsChanged();
    void refuse(const QString& text);
    bool askForExport();
    bool askForPlanFile();
    bool saveOrAsk();
    bool askForSessionFile();
    void onSessionOpened(const QStringList& notes);
    void onModelMissing(const QString& session, const QString& model,
                        const std::function<void(const QString& place)>& retry);
    QString suggestedName(const QString& ending) const;
    enum class Shape { Cut, Masked };
    void offerExportCommand(QDialog& dialog, const std::string& format, Shape shape);
    void exportFormat(const std::string& format, const QString& title, const QString& filter);

    ui::Workbench* m_workbench;
    ui::SessionKeeper* m_keeper;
    QWidget* m_window;
    Leaving* m_leaving;
    std::filesystem::path m_brokenRun;   // its folder; empty: there is none
    std::filesystem::path m_runSession;  // that it belongs to, likewise
    std::filesystem::path m_offeredRun;  // with the message of its session, likewise
    std::filesystem::path m_rescuedRun;  // while its session is being opened, likewise
    bool m_hasLostSessions = false;      // of other windows
    QString m_failedPath;                // the model that could not be opened last
    QString m_exampleModel;              // while the example is being opened
    QString m_planAfterOpening;          // applied once its model is open
    QString m_waitingPlan;               // once any is
    QString m_waitingPlanModel;          // the name of the one that it was made for
    QString m_waitingRecipe;
    std::optional<project::SessionData> m_dataAfterOpening;  // likewise
    QString m_dataNote;  // of data that is gone or does not fit, told with the model
    bool m_measuresNextData = false;
    bool m_reportsNextGroups = false;  // of a model that has just been opened
};

}  // namespace espalier::gui
