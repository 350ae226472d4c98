// SPDX-License-Identifier: GPL-3.0-or-later
// What the History panel says of each state.
#pragma once

#include <QIcon>
#include <QString>

#include "core/project/history.h"
#include "core/prune/footprint.h"

class QTreeWidgetItem;

namespace espalier::ui {

enum HistoryColumn { HistoryName, HistoryAccuracy, HistorySparsity, HistoryColumnCount };

/// "opened", "trained", "tried" …
QString operationText(project::Operation operation);

/// `figures` of the state and of the dense model; null: not counted yet.
struct HistoryFigures {
    const prune::Footprint* now = nullptr;
    const prune::Footprint* dense = nullptr;
};

/// Fills all columns with two lines each, tooltips included.
void fillHistoryRow(QTreeWidgetItem& item, const project::Node& node, const HistoryFigures& figures,
                    bool isCurrent);
/// The row of edits that are in no state yet.
void fillUnpinnedRow(QTreeWidgetItem& item, const HistoryFigures& figures,
                     const std::optional<measure::Evaluation>& evaluation);

}  // namespace espalier::ui
