// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/same_removal.h"

#include <algorithm>
#include <utility>

#include "ui/document/channels.h"
#include "ui/document/document.h"

namespace espalier::ui {

SameRemoval::SameRemoval(Document* document, QObject* parent)
    : QObject(parent), m_document(document) {
    const auto forget = [this] { m_measured.clear(); };
    connect(document, &Document::modelChanged, this, forget);
    connect(document, &Document::datasetChanged, this, forget);
    connect(document, &Document::measurementsChanged, this, &SameRemoval::remember);
    connect(document->channels(), &Channels::choiceChanged, this, &SameRemoval::recall);
}

/// While channels are being chosen, or dragged, nobody knows which stay.
bool SameRemoval::isKnown() const {
    const Channels* channels = m_document->channels();
    return m_document->hasModel() && !channels->isPreviewing() && channels->isCurrent();
}

SameRemoval::Removal SameRemoval::current() const {
    prune::Plan weights = m_document->plan();
    weights.channels.clear();
    weights.marks.clear();
    const auto& choice = m_document->channels()->choice();
    const bool isWhole = !choice || choice->isWhole();
    return {m_document->snapshot(), effective(weights),
            isWhole ? channels::KeptChannels() : choice->kept()};
}

void SameRemoval::remember() {
    const auto evaluation = m_document->evaluation();
    if (!evaluation || !isKnown()) return;
    Removal removal = current();
    std::erase_if(m_measured, [&](const Measured& old) {
        return old.removal == removal && old.evaluation.split == evaluation->split;
    });
    m_measured.push_back({std::move(removal), *evaluation});
}

void SameRemoval::recall() {
    if (m_document->evaluation() || !isKnown()) return;
    const Removal removal = current();
    const auto same = std::ranges::find(m_measured, removal, &Measured::removal);
    if (same == m_measured.end()) return;
    const measure::Evaluation evaluation = same->evaluation;  // the next line changes the list
    m_document->setEvaluation(evaluation);
}

}  // namespace espalier::ui
