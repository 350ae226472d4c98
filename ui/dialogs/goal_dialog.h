// SPDX-License-Identifier: GPL-3.0-or-later
// A goal for the whole model ("half of the MACs"), with the plan that reaches it, layer by layer.
#pragma once

#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include "ui/dialogs/goal_request.h"
#include "ui/dialogs/spread_dialog.h"

class QLabel;
class QTreeWidget;

namespace espalier::plots {
class CurvesView;
}

namespace espalier::ui {

/// Curves that a scan has measured, of weights or of channel groups; may be empty.
struct MeasuredDrops {
    prune::Structure structure = prune::Structure::Weights;
    std::map<std::string, prune::DropCurve> curves{};
    int wanted = 0;          ///< layers or groups that a whole scan measures
    bool isRunning = false;  ///< the scan was under way when they were taken
    QString metric = QStringLiteral("top-1");
    QString unit = QStringLiteral("points");  ///< of what is lost
    double unitsPerDrop = 100;

    bool arePartial() const { return std::ssize(curves) < wanted; }
};

class GoalDialog : public SpreadDialog {
    Q_OBJECT
public:
    GoalDialog(const Document* document, JobRunner* jobs, MeasuredDrops drops = {},
               QWidget* parent = nullptr);
    ~GoalDialog() override;

    prune::Goal goal() const;
    /// "50 % of the MACs", "a loss of 1 points in each layer alone".
    QString goalText() const;

protected:
    Job previewJob() override;
    QString described(const Preview& preview, const prune::Footprint& dense) override;
    void list(const Preview& preview) override;
    JobOptions previewOptions() const override;

private:
    template <class Enum>
    Enum chosen(const QComboBox* box) const;
    bool hasCurves() const;  ///< of what is to be removed
    void buildBelow();
    void showWhy();
    QString partialNote() const;
    double drop() const;  ///< that the goal allows, as Metric::drop counts
    GoalRequest request() const;
    void takeQuantity();
    void askForFront();
    void showFront();
    void takePoint(int series, int index);
    std::vector<prune::Allocation> allocations() const;
    void offerQuantities();
    void offerAllocations();

    MeasuredDrops m_drops;
    std::shared_ptr<OrderOnce> m_order = std::make_shared<OrderOnce>();
    JobRunner* m_jobs;
    QComboBox* m_quantity;
    QComboBox* m_structure;
    QComboBox* m_allocation;
    QTreeWidget* m_list;
    QLabel* m_why;  // of the row that is chosen, whole
    plots::CurvesView* m_front;
    GoalFronts m_fronts;
    std::optional<prune::GoalPoint> m_here;  // what is previewed now
};

}  // namespace espalier::ui
