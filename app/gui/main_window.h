// SPDX-License-Identifier: GPL-3.0-or-later
// The window: start page, loading page and workspace under one menu. Wires only.
#pragma once

#include <QMainWindow>

class QLabel;
class QStackedWidget;

namespace espalier::ui {
class Document;
class JobRunner;
class LoadingPage;
class MessageBar;
class SessionKeeper;
class StartPage;
class Workbench;
struct Message;
}  // namespace espalier::ui

namespace espalier::gui {

class Actions;
class RecentFiles;
class Tasks;
class ToolBar;
class Workspace;

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    explicit MainWindow(QWidget* parent = nullptr);
    ~MainWindow() override;

    void openExample();
    /// A model, a session, a plan, a recipe or data.
    void openPath(const QString& path);
    /// Closes without a question; a training keeps its best so far in a file.
    void closeNow();
    /// The same, when the system ends the program: what is asked just now is taken as cancelled,
    /// and trained weights that were not exported are kept in a file.
    void terminate();

    ui::Document* document() const { return m_document; }
    ui::Workbench* workbench() const { return m_workbench; }
    ui::SessionKeeper* keeper() const { return m_keeper; }

protected:
    void closeEvent(QCloseEvent* event) override;

private:
    void makeCentre();
    void makeMenusAndBars();
    void connectActions();
    void connectWorkbench();
    void connectDocument();
    void connectDevice();
    void connectSession();

    void showOpening(const QString& path);
    void showOpened(const QString& path);
    void endOpening();
    void showPage();
    void post(const ui::Message& message);
    void refreshActions();
    void refreshTitle();
    void loadRecipe(const QString& path, std::optional<double> madeFor);
    void finish();
    void rememberBest(const QString& path);

    ui::Document* m_document;
    ui::JobRunner* m_jobs;
    ui::Workbench* m_workbench;
    ui::SessionKeeper* m_keeper;
    Actions* m_actions;
    Tasks* m_tasks;
    RecentFiles* m_recent;
    ToolBar* m_toolBar = nullptr;
    ui::MessageBar* m_messages = nullptr;
    QStackedWidget* m_pages = nullptr;
    ui::StartPage* m_start = nullptr;
    ui::LoadingPage* m_loading = nullptr;
    Workspace* m_workspace = nullptr;
    QLabel* m_hover = nullptr;
    QLabel* m_device = nullptr;
    bool m_isOpening = false;
    int m_openingJob = 0;
    bool m_isTerminated = false;
    bool m_isLeaving = false;  // every question has been answered: close
};

}  // namespace espalier::gui
