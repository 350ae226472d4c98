// SPDX-License-Identifier: GPL-3.0-or-later
// What a person is told without having asked: on opening, on attaching data, on starting again.
#include <functional>
#include <numeric>
#include <utility>

#include <QFileInfo>

#include "app/gui/tasks.h"
#include "app/gui/window_state.h"
#include "core/base/format.h"
#include "ui/dialogs/report_dialog.h"
#include "ui/document/workbench.h"
#include "ui/models/layer_model.h"

namespace espalier::gui {

using ui::Document;
using ui::Message;

namespace {

std::int64_t elementsOf(const script::InputSpec& input) {
    return std::accumulate(input.shape.begin(), input.shape.end(), std::int64_t{1},
                           std::multiplies<>());
}

}  // namespace

// Costs are counted for the example input; where that was a guess, data tells the real one.
void Tasks::offerInputOfData() {
    const Document& document = *m_workbench->document();
    if (!document.hasModel() || !document.dataset()) return;
    const model::SnapshotPtr& snapshot = document.snapshot();
    const auto& sample = data::info(*document.dataset()).sampleShape;
    if (!snapshot->inputsAreGuessed() || snapshot->inputs().size() != 1) return;
    script::InputSpec input = snapshot->inputs().front();
    if (std::vector(input.shape.begin() + 1, input.shape.end()) == sample) return;
    input.shape.assign(1, 1);
    input.shape.insert(input.shape.end(), sample.begin(), sample.end());
    const QString shape = QString::fromStdString(script::toString(input));
    Message message;
    if (elementsOf(input) != elementsOf(snapshot->inputs().front()))
        message.level = Message::Level::Warning;  // else it is but arranged otherwise
    message.text = tr("The data is %1, but the model was opened with a guess, %2: its MACs and "
                      "latency are for that.")
                       .arg(shape, ui::inputText(*snapshot));
    message.actionText = tr("Open it with %1").arg(shape);
    message.action = [this, input, path = snapshot->file().path] {
        m_workbench->openModel(path, {input});
    };
    Q_EMIT messagePosted(message);
}

// Once a model is open: what of it can be pruned, and why the rest cannot.
void Tasks::onGroupsChanged() {
    if (!std::exchange(m_reportsNextGroups, false)) return;
    Message message;
    message.text = ui::prunabilitySummary(*m_workbench->document());
    message.actionText = tr("Show report");
    message.action = [this] { showReport(); };
    const model::SnapshotPtr& snapshot = m_workbench->document()->snapshot();
    if (snapshot->inputsAreGuessed()) {
        message.text += tr(" Costs are for a guessed input, %1.").arg(ui::inputText(*snapshot));
    }
    if (m_workbench->areZerosKept()) {
        message.text +=
            tr(" %1 of its weights are zero in the file: they count as removed and stay "
               "zero (Prune ▸ Keep zeros of the file).")
                .arg(QString::fromStdString(exactCount(m_workbench->document()->zerosInFile())));
        message.actionText = tr("Do not keep them");
        message.action = [this] { m_workbench->setZerosKept(false); };
    }
    message.text += std::exchange(m_dataNote, {});
    Q_EMIT messagePosted(message);
}

void Tasks::tellOfSavedTraining() {
    if (!m_brokenRun.empty() || m_hasLostSessions) return;  // one offer for one work
    const QString path = takeSavedTraining();
    if (!QFileInfo::exists(path)) return;
    Message message;
    message.text =
        tr("The training that ran when the window was closed has left its best weights in %1.")
            .arg(path);
    message.path = path;
    message.actionText = tr("Open it");
    message.action = [this, path] { openPath(path); };
    Q_EMIT messagePosted(message);
}

}  // namespace espalier::gui
