// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/goal_words.h"

#include <QCoreApplication>

namespace espalier::ui {

namespace {

using prune::Allocation;
using prune::Quantity;
using prune::Structure;

QString tr(const char* text) {
    return QCoreApplication::translate("GoalDialog", text);
}

}  // namespace

AllocationWords wordsFor(Allocation allocation, Structure structure) {
    const bool areWeights = structure == Structure::Weights;
    switch (allocation) {
        case Allocation::Global:
            return {areWeights ? tr("one threshold for all layers")
                               : tr("one threshold for all groups"),
                    tr("one threshold"),
                    tr("The lowest scores of the whole model go: redundant layers lose more")};
        case Allocation::Sensitivity:
            return {tr("by sensitivity: the same loss of accuracy in each"), tr("by sensitivity"),
                    tr("What each loses alone, as the Sensitivity tab has measured it")};
        case Allocation::ErdosRenyi:
            return {tr("by shape (Erd\u0151s\u2013R\u00e9nyi kernel)"), tr("by shape"),
                    tr("Density in proportion to the sum of a weight's sizes over "
                       "their product: small layers keep more (Evci 2020)")};
        default:
            return {tr("the same share of each"), tr("uniform"), tr("Uniform")};
    }
}

int colorOf(Allocation allocation) {
    switch (allocation) {
        case Allocation::Global:
            return 1;
        case Allocation::ErdosRenyi:
            return 2;
        case Allocation::Sensitivity:
            return 3;
        default:
            return 0;
    }
}

QuantityWords wordsFor(Quantity quantity, Structure structure) {
    const bool isCut = structure == Structure::Channels;
    switch (quantity) {
        case Quantity::Parameters:
            return {tr("parameters"), tr("Of the whole model")};
        case Quantity::Macs:
            return isCut ? QuantityWords{tr("MACs"), tr("Multiply-accumulates of one forward pass")}
                         : QuantityWords{tr("effective MACs"),
                                         tr("Each layer's MACs times the share of its weights that "
                                            "is kept")};
        case Quantity::Bytes:
            return isCut ? QuantityWords{tr("file size"), tr("Estimate of the written file")}
                         : QuantityWords{tr("zipped size"), tr("Estimate of the file after gzip")};
        case Quantity::Latency:
            return {tr("latency, measured"),
                    tr("Time of one forward pass on this machine: cuts and times the model several "
                       "times")};
        default:
            return {tr("non-zeros"), tr("Parameters that are not zero")};
    }
}

AmountUnit amountUnit(Quantity quantity, double dense) {
    const bool isBytes = quantity == Quantity::Bytes;
    AmountUnit unit{isBytes ? QStringLiteral("B") : QString(), 1};
    for (const char* prefix : {"k", "M", "G"}) {
        if (dense < 1000 * unit.size) break;
        unit.size *= 1000;
        unit.name = QLatin1String(prefix) + (isBytes ? QStringLiteral("B") : QString());
    }
    return unit;
}

}  // namespace espalier::ui
