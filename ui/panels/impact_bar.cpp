// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/impact_bar.h"

#include <QHBoxLayout>

#include "ui/document/probe.h"
#include "ui/document/workbench.h"
#include "ui/panels/impact_card.h"
#include "ui/style/theme.h"

namespace espalier::ui {

using Action = ImpactFigure::Action;

namespace {

constexpr int kCards = 6;

QString whyNotWhileTraining(Action action) {
    if (action != Action::MeasureAccuracy && action != Action::MeasureLatency) return {};
    return ImpactBar::tr("Measuring needs the model at rest: a fine-tuning is under way");
}

}  // namespace

ImpactBar::ImpactBar(Workbench* workbench, QWidget* parent)
    : QWidget(parent), m_workbench(workbench) {
    setObjectName(QStringLiteral("impactBar"));
    setAccessibleName(tr("Impact of pruning"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(style::kSpaceRelated, 0, style::kSpaceRelated, 0);
    layout->setSpacing(0);
    for (int i = 0; i < kCards; ++i) {
        auto* card = new ImpactCard(this);
        connect(card, &ImpactCard::actionTriggered, this, &ImpactBar::perform);
        layout->addWidget(card, 1);
        m_cards.push_back(card);
    }
    const Document* document = workbench->document();
    connect(document, &Document::modelChanged, this, &ImpactBar::refresh);
    connect(document, &Document::footprintChanged, this, &ImpactBar::refresh);
    connect(document, &Document::measurementsChanged, this, &ImpactBar::refresh);
    connect(document, &Document::datasetChanged, this, &ImpactBar::refresh);
    connect(workbench->probe(), &Probe::changed, this, &ImpactBar::refresh);
    connect(workbench, &Workbench::trainingStarted, this, &ImpactBar::refresh);
    connect(workbench, &Workbench::trainingEnded, this, &ImpactBar::refresh);
    refresh();
}

void ImpactBar::refresh() {
    auto figures = impactFigures(*m_workbench->document(), m_workbench->probe());
    setVisible(!figures.empty());
    if (m_workbench->isTraining()) {
        for (ImpactFigure& figure : figures) figure.whyNot = whyNotWhileTraining(figure.action);
    }
    for (std::size_t i = 0; i < figures.size(); ++i) m_cards[i]->setFigure(figures[i]);
}

void ImpactBar::perform(Action action) {
    switch (action) {
        case Action::MeasureAccuracy:
            return m_workbench->evaluate(data::Split::Validation);
        case Action::MeasureLatency:
            return m_workbench->measureLatency();
        case Action::AttachData:
            Q_EMIT attachDataRequested();
            return;
        case Action::None:
            return;
    }
}

}  // namespace espalier::ui
