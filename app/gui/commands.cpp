// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/commands.h"

#include <QUndoStack>

#include "app/gui/tasks.h"
#include "ui/document/channels.h"
#include "ui/document/workbench.h"

namespace espalier::gui {
namespace {

using Trigger = void (Tasks::*)();

const std::pair<const char*, Trigger> kCommands[] = {
    {"file.open", &Tasks::openModel},
    {"file.open_with_input", &Tasks::openModelWithInput},
    {"file.example", &Tasks::openExample},
    {"file.open_plan", &Tasks::openPlan},
    {"file.save_session", &Tasks::saveSession},
    {"file.save_session_as", &Tasks::saveSessionAs},
    {"file.export_masked", &Tasks::exportMasked},
    {"file.export_cut", &Tasks::exportCut},
    {"file.export_onnx", &Tasks::exportOnnx},
    {"file.export_safetensors", &Tasks::exportSafetensors},
    {"file.export_plan", &Tasks::exportPlan},
    {"file.export_report", &Tasks::exportReport},
    {"file.close", &Tasks::closeModel},
    {"edit.reset_layer", &Tasks::resetSelectedLayers},
    {"edit.toggle_lock", &Tasks::toggleLock},
    {"prune.everywhere", &Tasks::pruneEverywhere},
    {"prune.goal", &Tasks::pruneToGoal},
    {"prune.channels", &Tasks::pruneChannels},
    {"prune.reset_all", &Tasks::resetAllLayers},
    {"tools.measure_accuracy", &Tasks::measureAccuracy},
    {"tools.measure_test", &Tasks::measureOnTest},
    {"tools.report", &Tasks::showReport},
    {"tools.pin", &Tasks::pinCurrent},
};

bool isPrunable(const ui::Document& document) {
    const model::LayerId layer = document.selection();
    return document.hasModel() && layer.isValid() &&
           document.snapshot()->layer(layer).prunable.weights;
}

}  // namespace

void connectCommands(const Actions& actions, Tasks* tasks) {
    for (const auto& [id, trigger] : kCommands)
        QObject::connect(actions[id], &QAction::triggered, tasks, trigger);
    QObject::connect(actions["file.attach_data"], &QAction::triggered, tasks,
                     [tasks] { tasks->attachData(); });
}

Met metNeeds(const ui::Workbench& workbench, Opening opening) {
    const ui::Document& document = *workbench.document();
    const bool isOpening = opening == Opening::UnderWay;
    Met met = NeedNothing;
    const auto meets = [&met](Need need, bool isMet) {
        met |= isMet ? static_cast<unsigned>(need) : 0u;
    };
    meets(NeedModel, document.hasModel() && !isOpening);
    meets(NeedData, document.dataset() != nullptr);
    meets(NeedSelection, isPrunable(document));
    meets(NeedIdle, !workbench.isTraining() && !isOpening);
    meets(NeedTraining, workbench.isTraining());
    meets(NeedUndo, document.undoStack()->canUndo());
    meets(NeedRedo, document.undoStack()->canRedo());
    meets(NeedGroups, document.channels()->found() != nullptr);
    meets(NeedZeros, workbench.canChooseZeros());
    return met;
}

}  // namespace espalier::gui
