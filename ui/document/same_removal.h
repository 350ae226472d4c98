// SPDX-License-Identifier: GPL-3.0-or-later
// A mark may take away nothing that did not go before: then what was measured still holds.
#pragma once

#include <vector>

#include <QObject>

#include "core/channels/groups.h"
#include "core/measure/evaluate.h"
#include "core/prune/plan.h"

namespace espalier::ui {

class Document;

/// Lives on the GUI thread. Remembers what was measured by the channels that stayed, and gives it
/// to the Document for another plan with the same weight rules that keeps the same channels.
class SameRemoval : public QObject {
    Q_OBJECT
public:
    SameRemoval(Document* document, QObject* parent);

private:
    /// What decides which weights are there.
    struct Removal {
        model::SnapshotPtr snapshot;
        prune::Plan weights;
        channels::KeptChannels kept;  // empty: all
        bool operator==(const Removal&) const = default;
    };
    struct Measured {
        Removal removal;
        measure::Evaluation evaluation;
    };

    bool isKnown() const;
    Removal current() const;
    void remember();
    void recall();

    Document* m_document;
    std::vector<Measured> m_measured;
};

}  // namespace espalier::ui
