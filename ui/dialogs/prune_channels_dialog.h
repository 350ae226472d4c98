// SPDX-License-Identifier: GPL-3.0-or-later
// One share of channels for the whole model, with a preview of what it costs.
#pragma once

#include <QDialog>

#include "core/base/result.h"
#include "core/prune/footprint.h"
#include "core/prune/plan.h"

class QComboBox;
class QDoubleSpinBox;
class QPushButton;
class QSlider;

namespace espalier::ui {

class Document;
class InlineMessage;
class JobRunner;

/// Reads the document and never changes it: the caller takes plan() once it is accepted. Needs
/// groups.
class PruneChannelsDialog : public QDialog {
    Q_OBJECT
public:
    PruneChannelsDialog(const Document* document, JobRunner* jobs, QWidget* parent = nullptr);
    ~PruneChannelsDialog() override;

    double ratio() const;  ///< share of the channels that goes, 0..1
    /// The plan that was previewed; null while it is being computed or cannot be.
    const prune::PlanPtr& plan() const { return m_plan; }

    /// A plan and what it leaves.
    struct Preview {
        prune::Plan plan;
        prune::Footprint footprint;
    };

Q_SIGNALS:
    void previewed();

private:
    QLayout* makeRatioLine();
    void makeChoices();
    void preview();
    void showPreview(Result<Preview> preview);

    const Document* m_document;
    JobRunner* m_jobs;
    prune::PlanPtr m_plan;
    QSlider* m_slider;
    QDoubleSpinBox* m_percent;
    QComboBox* m_scope;
    QComboBox* m_criterion;
    QComboBox* m_multiple;
    InlineMessage* m_message;
    QPushButton* m_accept;
};

}  // namespace espalier::ui
