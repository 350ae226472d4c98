// SPDX-License-Identifier: GPL-3.0-or-later
// A goal for the whole model ("half of the MACs"), with the plan that reaches it, layer by layer.
#pragma once

#include "ui/dialogs/spread_dialog.h"

class QTreeWidget;

namespace espalier::ui {

/// Curves that a scan has measured, of weights or of channel groups; may be empty.
struct MeasuredDrops {
    prune::Structure structure = prune::Structure::Weights;
    std::map<std::string, prune::DropCurve> curves{};
};

class GoalDialog : public SpreadDialog {
    Q_OBJECT
public:
    GoalDialog(const Document* document, JobRunner* jobs, MeasuredDrops drops = {},
               QWidget* parent = nullptr);

    prune::Goal goal() const;
    /// "50 % of the MACs", "a drop of 1 point".
    QString goalText() const;

protected:
    Job previewJob() override;
    QString described(const prune::Footprint& after, const prune::Footprint& dense) override;
    void list(const std::vector<prune::Share>& shares) override;

private:
    template <class Enum>
    Enum chosen(const QComboBox* box) const;
    bool hasCurves() const;  ///< of what is to be removed
    void offerQuantities();
    void offerAllocations();

    MeasuredDrops m_drops;
    QComboBox* m_quantity;
    QComboBox* m_structure;
    QComboBox* m_allocation;
    QTreeWidget* m_list;
};

}  // namespace espalier::ui
