// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/goal_words.h"

#include <QCoreApplication>

namespace espalier::ui {

namespace {

using prune::Allocation;
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

}  // namespace espalier::ui
