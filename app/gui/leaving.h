// SPDX-License-Identifier: GPL-3.0-or-later
// Leaving a model, or the window, without losing work.
#pragma once

#include <filesystem>
#include <functional>

#include <QObject>
#include <QString>

#include "core/base/result.h"

namespace espalier::ui {
class SessionKeeper;
class Workbench;
}  // namespace espalier::ui

namespace espalier::gui {

class Leaving : public QObject {
    Q_OBJECT
public:
    /// Each asks for a file and begins to write it; false when the person declined.
    struct Exports {
        std::function<bool()> model;
        std::function<bool()> plan;
        std::function<bool()> session;
    };
    /// Questions stand over `window`.
    Leaving(ui::Workbench* workbench, ui::SessionKeeper* keeper, Exports exports, QWidget* window);

    using Then = std::function<void()>;
    /// Does `then` at once when nothing would be lost, else asks: save or export first, discard, or
    /// stay.
    /// `stay` is called when it is not left after all; at once or after a file that could not be
    /// written.
    void leaveModel(const Then& then, const Then& stay = {});
    /// Asks whether the training may be stopped. Its best weights are written to a file before
    /// `then`; where that cannot be, the person is told and nothing is left.
    void leaveTraining(const Then& then);

Q_SIGNALS:
    void refused(const QString& why);
    void bestSaved(const QString& path);

private:
    void afterTraining();
    void afterSaving(const Result<std::filesystem::path>& saved, const Then& then);
    void exportFirst(const std::function<bool()>& exporting, const Then& then,
                     const Then& stay = {});
    void stay();
    void afterExport();
    void afterSession();
    void afterWriting(bool isAllWritten);

    ui::Workbench* m_workbench;
    ui::SessionKeeper* m_keeper;
    Exports m_exports;
    QWidget* m_window;
    Then m_afterExport;
    Then m_afterDecline;  // of that export
    Then m_afterTraining;
};

}  // namespace espalier::gui
