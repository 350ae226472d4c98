// SPDX-License-Identifier: GPL-3.0-or-later
// Three views of one cut (threshold, sparsity, σ multiple) and the n:m pattern, to be typed.
#pragma once

#include "core/prune/plan.h"
#include "ui/panels/rule_form.h"

class QComboBox;
class QDoubleSpinBox;
class QSlider;

namespace espalier::ui {

class Document;

/// Edits the rules of all selected layers and shows that of the one looked at. Moving one view
/// moves the others; the rule keeps the kind that was touched last, which is marked.
class CutEditor : public RuleForm {
    Q_OBJECT
public:
    explicit CutEditor(Document* document, QWidget* parent = nullptr);

    void refresh();

private:
    using Kind = prune::WeightRule::Kind;

    void buildThreshold();
    void buildSparsity();
    void buildSigma();
    void buildPattern();
    void refreshEnabled();
    void refreshKind(const prune::WeightRule* rule);
    void edit(Kind kind);
    /// The rule that `kind`, with the number in its box, means for one layer.
    prune::WeightRule ruleFor(model::LayerId layer, Kind kind) const;
    /// The same cut as now, as a rule of another kind.
    void switchTo(Kind kind);

    Document* m_document;
    QDoubleSpinBox* m_threshold;
    QSlider* m_slider;
    QDoubleSpinBox* m_sparsity;
    QDoubleSpinBox* m_sigma;
    QComboBox* m_pattern;
};

}  // namespace espalier::ui
