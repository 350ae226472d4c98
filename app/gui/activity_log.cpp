// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/activity_log.h"

#include <utility>

#include <QObject>
#include <QTimer>
#include <QUndoStack>

#include "core/base/format.h"
#include "core/base/log.h"
#include "ui/document/workbench.h"
#include "ui/panels/training_progress.h"

namespace espalier::gui {
namespace {

using ui::Document;
using ui::Workbench;

void note(const std::string& what) {
    log(LogLevel::Info, what);
}

void noteData(const Document& document) {
    if (!document.dataset()) return note("No data is attached any more");
    const data::DatasetInfo& info = data::info(*document.dataset());
    note(cat("Attached ", data::spec(*document.dataset()).path.string(), ": ",
             exactCount(info.train), " training, ", exactCount(info.validation), " validation, ",
             exactCount(info.test), " test samples"));
}

void noteStart(const train::Recipe& recipe) {
    note(cat("Fine-tuning began: ", recipe.epochs, recipe.epochs == 1 ? " epoch" : " epochs",
             ", learning rate ", significant(recipe.optimizer.lr), ", batches of ",
             recipe.batchSize));
}

/// Tells what becomes of an undo stack, in the words that each step ends with: a drag is one step
/// that is pushed where it begins and changes its words on its way.
class EditLog : public QObject {
public:
    explicit EditLog(QUndoStack* stack) : QObject(stack), m_stack(stack) {
        m_quiet.setSingleShot(true);
        m_quiet.setInterval(kQuietMs);
        connect(&m_quiet, &QTimer::timeout, this, &EditLog::tellNew);
        connect(stack, &QUndoStack::indexChanged, this, &EditLog::follow);
    }

private:
    void follow(int index) {
        const int before = std::exchange(m_index, index);
        if (index == before && m_new) return m_quiet.start();  // one more part of that step
        if (index > before) {
            tellNew();
            const QUndoCommand* step = m_stack->command(index - 1);
            if (step == m_undone) {
                note("Redone: " + step->text().toStdString());
            } else {
                m_new = step;
                m_quiet.start();
            }
        }
        if (index < before && m_stack->count() > 0) {
            tellNew();
            note("Undone: " + m_stack->text(index).toStdString());
        }
        m_undone = m_stack->command(index);
        if (m_stack->count() == 0) m_new = nullptr;  // of a model that is gone
    }

    void tellNew() {
        const QUndoCommand* step = std::exchange(m_new, nullptr);
        for (int i = m_stack->count() - 1; step && i >= 0; --i) {
            if (m_stack->command(i) == step) return note("Edit: " + step->text().toStdString());
        }
    }

    static constexpr int kQuietMs = 500;

    QUndoStack* m_stack;
    int m_index = m_stack->index();
    const QUndoCommand* m_new = nullptr;     // not told yet
    const QUndoCommand* m_undone = nullptr;  // what redo would do; only compared
    QTimer m_quiet;
};

}  // namespace

void logActivity(Workbench* workbench) {
    Document* document = workbench->document();
    QObject::connect(workbench, &Workbench::opened, workbench,
                     [](const QString& path) { note("Opened " + path.toStdString()); });
    QObject::connect(document, &Document::datasetChanged, workbench,
                     [document] { noteData(*document); });
    new EditLog(document->undoStack());
    QObject::connect(workbench, &Workbench::trainingStarted, workbench, &noteStart);
    QObject::connect(workbench, &Workbench::trainingFinished, workbench,
                     [](const train::TrainResult& result) {
                         note("Fine-tuning ended. " + ui::summaryOf(result).toStdString());
                     });
}

}  // namespace espalier::gui
