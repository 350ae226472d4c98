// SPDX-License-Identifier: GPL-3.0-or-later
// The window's inside while a model is open: impact bar, plots in the middle, docks around them.
#pragma once

#include <map>

#include <QMainWindow>

class QDockWidget;
class QTabWidget;

namespace espalier::ui {
class ComparePanel;
class HistoryPanel;
class LayerListPanel;
class SensitivityPanel;
class TrainingPanel;
class Workbench;
}  // namespace espalier::ui

namespace espalier::gui {

/// Knows where panels are and nothing of what they do.
class Workspace : public QMainWindow {
    Q_OBJECT
public:
    enum class Layout { Explore, Tune, Compare };

    explicit Workspace(ui::Workbench* workbench, QWidget* parent = nullptr);

    ui::TrainingPanel* training() const { return m_training; }
    ui::HistoryPanel* history() const { return m_history; }
    ui::SensitivityPanel* sensitivity() const { return m_sensitivity; }
    ui::ComparePanel* compare() const { return m_compare; }

    /// By the id of its action: "view.layers". Null for other ids.
    QDockWidget* dock(const QString& actionId) const;
    /// Brings the tab "view.weights", "view.heatmap", "view.channels", "view.overview",
    /// "view.sensitivity" or "view.compare" to the front.
    bool hasTab(const QString& actionId) const { return m_pages.contains(actionId); }
    void showTab(const QString& actionId);
    void showDock(const QString& actionId);
    /// Seen, neither hidden nor behind another tab.
    bool isInFront(const QString& dockId) const;
    /// To where it was in that dock the last time, else to its first field.
    void focusDock(const QString& actionId);
    /// Takes the keyboard round the panels that are seen, from the left to the bottom.
    void focusNextPanel(int step);
    void focusFilter();
    void focusLayers();  ///< the list, where it is in sight

    void applyLayout(Layout layout);
    /// Empty before it was first shown, unless it was restored.
    QByteArray layoutState() const;
    /// False, and nothing changed, when `state` is of another version.
    bool restoreLayout(const QByteArray& state);
    void resetZoom();
    /// The lowest `height` pixels are hidden by something: the docks there end above it, as far as
    /// their panels can be that low. Nothing else moves.
    void setCovered(int height);

Q_SIGNALS:
    void attachDataRequested();
    void hoverTextChanged(const QString& text);
    void plotExported(const QString& path);
    void plotExportFailed(const QString& message);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void addTab(const QString& actionId, const QString& title, QWidget* page);
    QDockWidget* addDock(const QString& actionId, const QString& title, Qt::DockWidgetArea area,
                         QWidget* panel);
    void placeDocks();
    void arrange();
    void giveSizes(Layout layout);
    void refreshTitles();
    void refreshTitlesLater();
    void tidyTabBars();
    void connectPlots();
    QList<QWidget*> panelsInFront() const;

    bool m_areTitlesStale = false;
    bool m_isArranged = false;  // has been shown, with its docks as they were in an earlier run
    QByteArray m_stored;        // of an earlier run, until then
    std::map<QString, QDockWidget*> m_docks;
    std::map<QString, QWidget*> m_pages;
    QTabWidget* m_tabs;
    ui::LayerListPanel* m_layers;
    ui::TrainingPanel* m_training;
    ui::HistoryPanel* m_history;
    ui::SensitivityPanel* m_sensitivity;
    ui::ComparePanel* m_compare;
};

}  // namespace espalier::gui
