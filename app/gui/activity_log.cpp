// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/activity_log.h"

#include <memory>
#include <utility>

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

/// What the stack has been told to do since the last time.
void followEdits(QUndoStack* stack) {
    const auto last = std::make_shared<int>(stack->index());
    QObject::connect(stack, &QUndoStack::indexChanged, stack, [stack, last](int index) {
        const int before = std::exchange(*last, index);
        if (stack->count() == 0) return;  // of a model that is gone
        if (index > before) note("Edit: " + stack->text(index - 1).toStdString());
        if (index < before) note("Undone: " + stack->text(index).toStdString());
    });
}

}  // namespace

void logActivity(Workbench* workbench) {
    Document* document = workbench->document();
    QObject::connect(workbench, &Workbench::opened, workbench,
                     [](const QString& path) { note("Opened " + path.toStdString()); });
    QObject::connect(document, &Document::datasetChanged, workbench,
                     [document] { noteData(*document); });
    followEdits(document->undoStack());
    QObject::connect(workbench, &Workbench::trainingStarted, workbench, &noteStart);
    QObject::connect(workbench, &Workbench::trainingFinished, workbench,
                     [](const train::TrainResult& result) {
                         note("Fine-tuning ended. " + ui::summaryOf(result).toStdString());
                     });
}

}  // namespace espalier::gui
