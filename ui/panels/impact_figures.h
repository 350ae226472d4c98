// SPDX-License-Identifier: GPL-3.0-or-later
// What the model costs, before and after: the six figures of the impact bar as values.
#pragma once

#include <vector>

#include <QString>

namespace espalier::ui {

class Document;
class Probe;

/// One card. Texts are ready to be shown.
struct ImpactFigure {
    /// Probe: measured, but on a few samples alone.
    enum class Basis { Measured, Estimate, NotMeasured, Probe };
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

/// "measured", "≈ estimate", "not measured", "probe".
QString basisText(ImpactFigure::Basis basis);

/// Parameters, non-zeros, MACs, file, accuracy, latency, in this order. Empty without a model.
/// `probe` stands in for an accuracy that has not been measured; it may be null.
std::vector<ImpactFigure> impactFigures(const Document& document, const Probe* probe = nullptr);

}  // namespace espalier::ui
