// SPDX-License-Identifier: GPL-3.0-or-later
// One sparsity for the whole model, with a preview of what it leaves.
#pragma once

#include <QDialog>

#include "core/prune/plan.h"

class QButtonGroup;
class QComboBox;
class QDoubleSpinBox;
class QPushButton;
class QSlider;

namespace espalier::ui {

class Document;
class InlineMessage;
class JobRunner;

/// Reads the document and never changes it: the caller takes plan() once it is accepted.
class PruneDialog : public QDialog {
    Q_OBJECT
public:
    PruneDialog(const Document* document, JobRunner* jobs, QWidget* parent = nullptr);
    ~PruneDialog() override;

    double sparsity() const;  ///< 0..1
    prune::Scope scope() const;
    QString criterion() const;
    /// The plan that was previewed; null while it is being computed or cannot be.
    const prune::PlanPtr& plan() const { return m_plan; }

Q_SIGNALS:
    void previewed();

private:
    QLayout* makeSparsityLine();
    QLayout* makeScopes();
    QComboBox* makeCriteria();
    void preview();
    void showPreview(Result<prune::Plan> plan);

    const Document* m_document;
    JobRunner* m_jobs;
    prune::PlanPtr m_plan;
    QSlider* m_slider;
    QDoubleSpinBox* m_percent;
    QButtonGroup* m_scopes;
    QComboBox* m_criteria;
    InlineMessage* m_message;
    QPushButton* m_accept;
};

}  // namespace espalier::ui
