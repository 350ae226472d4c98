// SPDX-License-Identifier: GPL-3.0-or-later
// What the model costs, before and after: the six figures of the impact bar as values.
#pragma once

#include <vector>

#include <QString>

namespace espalier::ui {

class Document;

/// One card. Texts are ready to be shown.
struct ImpactFigure {
    enum class Basis { Measured, Estimate, NotMeasured };
    /// What a person can ask for from the card.
    enum class Action { None, MeasureAccuracy, MeasureLatency, AttachData };

    QString name;    ///< of the card's widget: "parameters"
    QString title;   ///< "Parameters"
    QString before;  ///< "431 k"; empty: nothing to compare with
    QString after;   ///< "36.2 k"; "–" when not known
    QString change;  ///< "−92 %"; empty: none
    QString note;    ///< beside the basis: "validation"
    QString toolTip;
    double left = -1;  ///< share of `before` that is left, 0..1; negative: no bar
    Basis basis = Basis::Measured;
    Action action = Action::None;
    QString whyNot;  ///< why the action cannot be used now; empty: it can

    bool operator==(const ImpactFigure&) const = default;
};

/// "measured", "≈ estimate", "not measured".
QString basisText(ImpactFigure::Basis basis);

/// Parameters, non-zeros, MACs, file, accuracy, latency, in this order. Empty without a model.
std::vector<ImpactFigure> impactFigures(const Document& document);

}  // namespace espalier::ui
