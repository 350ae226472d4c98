// SPDX-License-Identifier: GPL-3.0-or-later
// A goal for the whole model ("half of the MACs"), with the plan that reaches it, layer by layer.
#pragma once

#include <optional>
#include <vector>

#include "ui/dialogs/goal_request.h"
#include "ui/dialogs/goal_words.h"
#include "ui/dialogs/measured_drops.h"
#include "ui/dialogs/spread_dialog.h"

class QLabel;
class QTreeWidget;

namespace espalier::plots {
class CurvesView;
}

namespace espalier::ui {

/// A share of what the dense model has, an amount ("1.5 MB") or a drop that each layer alone may
/// suffer.
class GoalDialog : public SpreadDialog {
    Q_OBJECT
public:
    GoalDialog(const Document* document, JobRunner* jobs, MeasuredDrops drops = {},
               QWidget* parent = nullptr);
    ~GoalDialog() override;

    prune::Goal goal() const;
    /// "50 % of the MACs", "1.5 MB of file size", "a loss of 1 point in each layer alone".
    QString goalText() const;

protected:
    Job previewJob() override;
    QString described(const Preview& preview, const prune::Footprint& dense) override;
    void list(const Preview& preview) override;
    JobOptions previewOptions() const override;

private:
    prune::Quantity quantity() const;
    prune::Structure structure() const;
    prune::Allocation allocation() const;
    bool hasCurves() const;  ///< of what is to be removed, ranked as the plan ranks it
    QString whyNoCurves() const;
    void buildChoices();
    void buildBelow();
    void showTip(QComboBox* box);
    void showWhy();
    void fitNames();
    QString partialNote() const;
    QString samplingNote() const;
    QString lossNote(double drop) const;
    GoalRequest request() const;
    void takeQuantity();
    bool isCounted() const;   ///< of the dense model: neither a drop nor measured
    bool isAbsolute() const;  ///< typed as an amount
    double denseAmount() const;
    double target() const;  ///< as Goal::target
    void offerUnits();
    void takeUnit();
    Scale dropScale() const;
    void setTarget(double target);
    void askForFront();
    void showFront();
    void takePoint(int series, int index);
    std::vector<prune::Allocation> allocations() const;
    void offerQuantities();
    void offerAllocations();

    MeasuredDrops m_drops;
    std::shared_ptr<OrderOnce> m_order = std::make_shared<OrderOnce>();
    JobRunner* m_jobs;
    QComboBox* m_unit;
    QComboBox* m_quantity;
    QComboBox* m_structure;
    QComboBox* m_allocation;
    QTreeWidget* m_list;
    QLabel* m_why;  // of the row that is chosen, whole
    plots::CurvesView* m_front;
    GoalFronts m_fronts;
    std::optional<FrontPoint> m_here;  // what is previewed now
    double m_left = 0.5;               // what a counted goal leaves, whatever it counts
    AmountUnit m_amount;               // of what is counted now
};

}  // namespace espalier::ui
