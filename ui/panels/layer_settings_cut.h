// SPDX-License-Identifier: GPL-3.0-or-later
// Three views of one cut (threshold, sparsity, σ multiple) and the n:m pattern, to be typed.
#pragma once

#include <array>

#include <QWidget>

#include "core/prune/plan.h"

class QButtonGroup;
class QComboBox;
class QDoubleSpinBox;
class QGridLayout;
class QLabel;
class QRadioButton;
class QSlider;

namespace espalier::ui {

class Document;

/// Edits the rules of all selected layers and shows that of the one looked at. Moving one view
/// moves the others; the rule keeps the kind that was touched last, which is marked.
class CutEditor : public QWidget {
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
    QRadioButton* addRow(Kind kind, const QString& name, const QString& text, const QString& tip,
                         QWidget* editor);
    void refreshEnabled();
    void refreshKind(const prune::WeightRule* rule);
    void edit(Kind kind);
    /// The rule that `kind`, with the number in its box, means for one layer.
    prune::WeightRule ruleFor(model::LayerId layer, Kind kind) const;
    /// The same cut as now, as a rule of another kind.
    void switchTo(Kind kind);
    void endEdit() { ++m_editNumber; }

    Document* m_document;
    QGridLayout* m_layout;
    QButtonGroup* m_kinds;
    QDoubleSpinBox* m_threshold;
    QSlider* m_slider;
    QDoubleSpinBox* m_sparsity;
    QDoubleSpinBox* m_sigma;
    QComboBox* m_pattern;
    QLabel* m_readout;
    int m_editNumber = 0;  // numbers being typed are one undo step until the box is left
};

}  // namespace espalier::ui
