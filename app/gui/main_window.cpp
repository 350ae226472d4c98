// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/main_window.h"

#include <QApplication>
#include <QFileInfo>
#include <QGridLayout>
#include <QGuiApplication>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QScreen>
#include <QShortcut>
#include <QStackedWidget>
#include <QStatusBar>
#include <QUndoStack>

#include "app/gui/actions.h"
#include "app/gui/activity_log.h"
#include "app/gui/application.h"
#include "app/gui/commands.h"
#include "app/gui/devices.h"
#include "app/gui/drop_filter.h"
#include "app/gui/field_keys.h"
#include "app/gui/leaving.h"
#include "app/gui/palette.h"
#include "app/gui/probe_actions.h"
#include "app/gui/recent_files.h"
#include "app/gui/shortcut_settings.h"
#include "app/gui/tasks.h"
#include "app/gui/tool_bar.h"
#include "app/gui/view_actions.h"
#include "app/gui/window_notes.h"
#include "app/gui/window_state.h"
#include "app/gui/workspace.h"
#include "core/base/log.h"
#include "ui/document/channels.h"
#include "ui/document/session_keeper.h"
#include "ui/document/trials.h"
#include "ui/document/workbench.h"
#include "ui/panels/compare_panel.h"
#include "ui/panels/history_panel.h"
#include "ui/panels/job_bar.h"
#include "ui/panels/loading_page.h"
#include "ui/panels/message_bar.h"
#include "ui/panels/sensitivity_panel.h"
#include "ui/panels/start_page.h"
#include "ui/panels/training_panel.h"

namespace espalier::gui {
namespace {

using ui::Document;
using ui::JobRunner;
using ui::Message;
using ui::Workbench;

constexpr QSize kMinimumSize(1024, 700);

LogLevel logLevel(Message::Level level) {
    switch (level) {
        case Message::Level::Error:
            return LogLevel::Error;
        case Message::Level::Warning:
            return LogLevel::Warning;
        default:
            return LogLevel::Info;
    }
}

/// Undo and redo name what they do.
void nameAction(QAction* action, const QString& verb, QString what) {
    what.replace(QLatin1Char('&'), QStringLiteral("&&"));  // no letter of the menu
    action->setText(what.isEmpty() ? verb : QStringLiteral("%1: %2").arg(verb, what));
}

}  // namespace

MainWindow::MainWindow(QWidget* parent)
    : QMainWindow(parent),
      m_document(new Document(this)),
      m_jobs(new JobRunner(this)),
      m_workbench(new Workbench(m_document, m_jobs, this)),
      m_keeper(new ui::SessionKeeper(
          m_workbench, [this] { return windowNotes(m_workspace->layoutState(), *m_document); },
          this)),
      m_actions(new Actions(this)),
      m_tasks(new Tasks(m_workbench, m_keeper, this)),
      m_recent(new RecentFiles(this)) {
    setObjectName(QStringLiteral("mainWindow"));
    setMinimumSize(kMinimumSize.boundedTo(screen()->availableSize()));
    makeCentre();
    makeMenusAndBars();
    connectActions();
    connectViews(*m_actions, m_workspace);
    connectThemes(*m_actions);
    connectProbe(*m_actions, m_workbench->probe());
    connectShortcuts(*m_actions, m_start, this);
    connectPalette(*m_actions, m_document, this);
    connectHelp(*m_actions, this);
    connectWorkbench();
    connectDocument();
    connectDevice();
    connectSession();
    logActivity(m_workbench);
    new FieldKeys(*m_actions, this);
    auto* drops = new DropFilter(this);
    connect(drops, &DropFilter::dropped, m_tasks, &Tasks::openPaths);
    restoreWindow(*this, *m_workspace);
    showPage();
    refreshActions();
    refreshTitle();
    m_tasks->tellOfSavedTraining();
}

MainWindow::~MainWindow() {
    // Panels watch the document and the jobs: they go first.
    delete takeCentralWidget();
    delete statusBar();
    delete m_keeper;  // it still asks the jobs to stop
}

void MainWindow::makeCentre() {
    m_messages = new ui::MessageBar;
    m_start = new ui::StartPage;
    m_start->setRecentFiles(m_recent->paths());
    m_loading = new ui::LoadingPage;
    m_workspace = new Workspace(m_workbench);
    m_pages = new QStackedWidget;
    m_pages->setObjectName(QStringLiteral("pages"));
    for (QWidget* page : std::initializer_list<QWidget*>{m_start, m_loading, m_workspace})
        m_pages->addWidget(page);
    auto* centre = new QWidget;
    // A message lies over the lower edge of the page: nothing moves under the mouse.
    auto* layout = new QGridLayout(centre);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_pages, 0, 0);
    layout->addWidget(m_messages, 0, 0, Qt::AlignBottom);
    m_messages->raise();
    connect(m_messages, &ui::MessageBar::coverChanged, m_workspace, &Workspace::setCovered);
    auto* dismiss = new QShortcut(Qt::Key_Escape, this);  // unless a field or a drag takes it
    dismiss->setEnabled(false);
    connect(dismiss, &QShortcut::activated, this, [this] {
        QWidget* popup = QApplication::activePopupWidget();  // such as the words of the filter
        popup ? popup->hide() : m_messages->dismiss();
    });
    connect(m_messages, &ui::MessageBar::posted, dismiss, [dismiss] { dismiss->setEnabled(true); });
    connect(m_messages, &ui::MessageBar::dismissed, dismiss,
            [dismiss] { dismiss->setEnabled(false); });
    setCentralWidget(centre);

    connect(m_start, &ui::StartPage::openRequested, m_tasks, &Tasks::openModel);
    connect(m_start, &ui::StartPage::exampleRequested, m_tasks, &Tasks::openExample);
    connect(m_start, &ui::StartPage::recentRequested, m_tasks, &Tasks::openPath);
    connect(m_start, &ui::StartPage::continueRequested, m_tasks, &Tasks::continueRun);
    connect(m_start, &ui::StartPage::recoverRunRequested, m_tasks, &Tasks::recoverRun);
    connect(m_start, &ui::StartPage::discardRequested, m_tasks, &Tasks::discardRun);
    connect(m_start, &ui::StartPage::recoverRequested, m_tasks, &Tasks::recoverSession);
    connect(m_start, &ui::StartPage::discardSessionRequested, m_tasks, &Tasks::discardSession);
    connect(m_tasks, &Tasks::lostSessionsChanged, m_start, &ui::StartPage::setLostSessions);
    connect(m_tasks, &Tasks::brokenRunChanged, m_start, &ui::StartPage::setBrokenRun);
    connect(m_tasks, &Tasks::waitingChanged, m_start, &ui::StartPage::setWaiting);
    connect(m_start, &ui::StartPage::forgetWaitingRequested, m_tasks, &Tasks::forgetWaiting);
    connect(m_recent, &RecentFiles::changed, m_start,
            [this] { m_start->setRecentFiles(m_recent->paths()); });
    connect(m_recent, &RecentFiles::chosen, m_tasks, &Tasks::openPath);
    connect(m_loading, &ui::LoadingPage::cancelRequested, this,
            [this] { m_jobs->cancel(m_openingJob); });
    connect(m_workspace, &Workspace::plotExported, this, [this](const QString& path) {
        post({Message::Level::Success,
              tr("Exported %1.").arg(QFileInfo(path).fileName()),
              {},
              path,
              {},
              {}});
    });
    connect(m_workspace, &Workspace::plotExportFailed, this, [this](const QString& text) {
        post({Message::Level::Error, text, {}, {}, {}, {}});
    });
}

void MainWindow::makeMenusAndBars() {
    menuBar()->setObjectName(QStringLiteral("menuBar"));
    m_actions->addMenus(menuBar());
    auto* file = menuBar()->findChild<QMenu*>(QStringLiteral("menuBar/File"));
    auto* recent = new QMenu(tr("Open &recent"), file);
    recent->setObjectName(QStringLiteral("file.recent"));
    recent->setToolTipsVisible(true);
    file->insertMenu((*m_actions)["file.example"], recent);
    m_recent->attachTo(recent);

    m_toolBar = new ToolBar(*m_actions, this);
    addToolBar(m_toolBar);
    setContextMenuPolicy(Qt::NoContextMenu);  // Qt's own would offer to hide the toolbar for good

    m_hover = new QLabel;
    m_hover->setObjectName(QStringLiteral("hoverText"));
    m_hover->setMinimumWidth(1);  // a long read-out must not widen the window
    m_device = new QLabel;
    m_device->setObjectName(QStringLiteral("statusDevice"));
    m_device->setToolTip(tr("Where fine-tuning runs"));
    statusBar()->addWidget(m_hover, 1);
    statusBar()->addPermanentWidget(new ui::JobBar(m_jobs));
    statusBar()->addPermanentWidget(m_device);
    connect(m_workspace, &Workspace::hoverTextChanged, m_hover, &QLabel::setText);
}

void MainWindow::connectActions() {
    const Actions& actions = *m_actions;
    connectCommands(actions, m_tasks);
    connect(actions["file.quit"], &QAction::triggered, this, &QWidget::close);
    connect(actions["edit.undo"], &QAction::triggered, m_document->undoStack(), &QUndoStack::undo);
    connect(actions["edit.redo"], &QAction::triggered, m_document->undoStack(), &QUndoStack::redo);
    connect(actions["tools.measure_latency"], &QAction::triggered, m_workbench,
            &Workbench::measureLatency);
    connect(actions["train.start"], &QAction::triggered, this,
            [this] { m_workbench->fineTune(m_workspace->training()->recipe()); });
    connect(actions["train.prune_and_tune"], &QAction::triggered, m_tasks,
            [this] { m_tasks->pruneAndTune(*m_workspace->training()); });
    connect(actions["train.batch_norms"], &QAction::triggered, m_tasks,
            [this] { m_tasks->renewBatchNorms(*m_workspace->training()); });
    connect(actions["train.copy_command"], &QAction::triggered, m_tasks,
            [this] { m_tasks->copyTuneCommand(*m_workspace->training()); });
    connect(actions["train.stop"], &QAction::triggered, m_workbench,
            [this] { m_workbench->stopTraining(); });
    connect(actions["train.pause"], &QAction::triggered, m_workbench,
            &Workbench::setTrainingPaused);
    connect(m_tasks, &Tasks::messagePosted, this, &MainWindow::post);
    connect(m_tasks->leaving(), &Leaving::bestSaved, this, &MainWindow::rememberBest);
    connect(actions["prune.keep_zeros"], &QAction::triggered, m_workbench,
            &Workbench::setZerosKept);
    connect(m_tasks, &Tasks::recipeChosen, this, &MainWindow::loadRecipe);
    ui::TrainingPanel* training = m_workspace->training();
    training->setActions(actions["train.prune_and_tune"], actions["train.start"],
                         actions["train.stop"], actions["train.copy_command"]);
    connect(m_workspace, &Workspace::attachDataRequested, actions["file.attach_data"],
            &QAction::trigger);
    connect(training, &ui::TrainingPanel::attachDataRequested, actions["file.attach_data"],
            &QAction::trigger);
    connect(training, &ui::TrainingPanel::failed, m_workbench, &Workbench::failed);
    connect(training, &ui::TrainingPanel::saved, m_workbench, &Workbench::succeeded);
    const ui::SensitivityPanel* sensitivity = m_workspace->sensitivity();
    connect(sensitivity, &ui::SensitivityPanel::failed, m_workbench, &Workbench::failed);
    connect(sensitivity, &ui::SensitivityPanel::saved, m_workbench, &Workbench::succeeded);
    connect(m_workspace->history(), &ui::HistoryPanel::pinRequested, actions["tools.pin"],
            &QAction::trigger);
    connect(m_workspace->history(), &ui::HistoryPanel::failed, m_workbench, &Workbench::failed);
    connect(m_workspace->compare(), &ui::ComparePanel::failed, m_workbench, &Workbench::failed);
    connect(m_workspace->compare(), &ui::ComparePanel::saved, m_workbench, &Workbench::succeeded);
    connect(actions["tools.remember"], &QAction::triggered, m_workbench->trials(),
            &ui::Trials::remember);
    connect(actions["tools.baseline"], &QAction::triggered, m_workbench->trials(),
            &ui::Trials::addUniformBaseline);
}

void MainWindow::connectWorkbench() {
    connect(m_workbench, &Workbench::openStarted, this, &MainWindow::showOpening);
    connect(m_workbench, &Workbench::opened, this, &MainWindow::showOpened);
    for (const auto over : {&Workbench::openRead, &Workbench::openDeclined}) {
        connect(m_workbench, over, this, &MainWindow::endOpening);
    }
    connect(m_workbench, &Workbench::openFailed, this, &MainWindow::endOpening);
    connect(m_workbench, &Workbench::trainingStarted, this, [this] {
        m_workspace->showDock(QStringLiteral("view.training"));
        refreshActions();
    });
    connect(m_workbench, &Workbench::trainingEnded, this, &MainWindow::refreshActions);
    connect(m_workbench, &Workbench::trainingPaused, this, &MainWindow::refreshActions);
    connect(m_workbench, &Workbench::succeeded, this, &MainWindow::refreshTitle);
    connect(m_jobs, &JobRunner::jobStarted, this, [this](int job) {
        if (m_isOpening && m_openingJob == 0) m_openingJob = job;
    });
    connect(m_jobs, &JobRunner::jobProgressed, this, [this](int job) {
        if (job != m_openingJob) return;
        for (const ui::JobInfo& info : m_jobs->jobs()) {
            if (info.id == job) m_loading->setProgress(info.progress);
        }
    });
}

void MainWindow::connectDocument() {
    const auto refresh = [this] {
        refreshActions();
        refreshTitle();
    };
    connect(m_document, &Document::modelChanged, this, [this, refresh] {
        refresh();
        showPage();
    });
    connect(m_document, &Document::planChanged, this, [this, refresh] {
        refresh();
        // "Exported" is old news once the work goes on, and so is what was told on opening.
        const Message::Level level = m_messages->message().level;
        if (level == Message::Level::Success || level == Message::Level::Info)
            m_messages->dismiss();
    });
    connect(m_document, &Document::snapshotChanged, this, refresh);
    connect(m_document, &Document::selectionChanged, this, &MainWindow::refreshActions);
    connect(m_document->channels(), &ui::Channels::groupsChanged, this,
            &MainWindow::refreshActions);
    connect(m_document, &Document::datasetChanged, this, [this] {
        m_toolBar->showDataset(m_document->dataset());
        refreshActions();
    });
    QUndoStack* undo = m_document->undoStack();
    connect(undo, &QUndoStack::indexChanged, this, &MainWindow::refreshActions);
    connect(undo, &QUndoStack::undoTextChanged, this, [this](const QString& text) {
        nameAction((*m_actions)["edit.undo"], tr("&Undo"), text);
    });
    connect(undo, &QUndoStack::redoTextChanged, this, [this](const QString& text) {
        nameAction((*m_actions)["edit.redo"], tr("&Redo"), text);
    });
}

void MainWindow::connectDevice() {
    ui::TrainingPanel* training = m_workspace->training();
    connect(m_toolBar, &ToolBar::deviceChanged, training, &ui::TrainingPanel::setDevice);
    connect(training, &ui::TrainingPanel::deviceChanged, m_toolBar, &ToolBar::setDevice);
    const auto show = [this] { m_device->setText(tr("Device: %1").arg(m_toolBar->device())); };
    connect(m_toolBar, &ToolBar::deviceChanged, this, show);
    show();
    findDevices(m_jobs, this, [this](const QStringList& names) {
        m_toolBar->setDevices(names);
        m_workspace->training()->setDevices(names);
    });
}

void MainWindow::connectSession() {
    using ui::SessionKeeper;
    connect(m_keeper, &SessionKeeper::stateChanged, this, &MainWindow::refreshTitle);
    connect(m_keeper, &SessionKeeper::opened, this, [this](const QString& layout) {
        m_workspace->restoreLayout(takeWindowNotes(layout, *m_document));
    });
    connect(m_keeper, &SessionKeeper::saved, this, [this](const QString& file) {
        m_recent->add(file);
        post({Message::Level::Success,
              tr("Saved the session %1.").arg(QFileInfo(file).fileName()),
              {},
              file,
              {},
              {}});
    });
}

void MainWindow::openExample() {
    m_tasks->openExample();
}

void MainWindow::openPath(const QString& path) {
    m_tasks->openPath(path);
}

void MainWindow::showOpening(const QString& path) {
    m_isOpening = true;
    m_openingJob = 0;
    m_messages->dismiss();
    m_loading->start(path);
    m_pages->setCurrentWidget(m_loading);
    refreshActions();
}

void MainWindow::showOpened(const QString& path) {
    m_recent->add(path);
    endOpening();
    refreshTitle();
}

void MainWindow::endOpening() {
    m_isOpening = false;
    showPage();
    refreshActions();
}

void MainWindow::showPage() {
    if (m_isOpening) return;
    QWidget* page = m_document->hasModel() ? static_cast<QWidget*>(m_workspace) : m_start;
    const bool isNew = m_pages->currentWidget() != page;
    m_pages->setCurrentWidget(page);
    if (isNew && m_document->hasModel()) m_workspace->focusLayers();
    if (m_document->hasModel()) return;
    m_tasks->lookForBrokenRun();
    m_tasks->lookForLostSessions();
}

void MainWindow::post(const Message& message) {
    const QString where = message.path.isEmpty() ? QString() : QStringLiteral(" — ") + message.path;
    log(logLevel(message.level), (message.text + where).toStdString());
    m_messages->post(message);
}

void MainWindow::refreshActions() {
    m_actions->refresh(metNeeds(*m_workbench, m_isOpening ? Opening::UnderWay : Opening::Done));
    (*m_actions)["prune.keep_zeros"]->setChecked(m_workbench->areZerosKept());
    (*m_actions)["train.pause"]->setChecked(m_workbench->isTrainingPaused());
    m_start->setEnabled(!m_isOpening);
}

void MainWindow::refreshTitle() {
    const bool hasModel = m_document->hasModel();
    const std::filesystem::path& session = m_keeper->file();
    const auto name = [&] {
        return session.empty() ? m_document->snapshot()->file().name()
                               : session.filename().string();
    };
    setWindowTitle(hasModel ? QString::fromStdString(name()) + QStringLiteral("[*]")
                            : QGuiApplication::applicationDisplayName());
    setWindowModified(hasModel && m_keeper->hasUnsavedWork());
}

void MainWindow::loadRecipe(const QString& path, std::optional<double> madeFor) {
    m_workspace->training()->loadRecipe(path, madeFor);
}

}  // namespace espalier::gui
