// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/layer_actions.h"

#include <algorithm>

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QMenu>
#include <QWidget>

#include "ui/document/document.h"
#include "ui/style/icons.h"

namespace espalier::ui {

LayerActions::LayerActions(Document* document, QWidget* list, QObject* parent)
    : QObject(parent), m_document(document), m_list(list) {
    m_lock = add(QStringLiteral("layer.lock"), tr("Lock"), Qt::Key_L, &LayerActions::toggleLock);
    m_keepAll = add(QStringLiteral("layer.keepAll"), tr("Keep all weights"), Qt::Key_Delete,
                    &LayerActions::keepAll);
    m_keepAll->setIcon(style::icon(style::Icon::Undo));
    m_selectPrunable = add(QStringLiteral("layer.selectPrunable"),
                           tr("Select all that can be pruned"), {}, &LayerActions::selectPrunable);
    m_copyNames = add(QStringLiteral("layer.copyNames"), tr("Copy names"), QKeySequence::Copy,
                      &LayerActions::copyNames);
    m_copyNames->setIcon(style::icon(style::Icon::Copy));
    connect(document, &Document::planChanged, this, &LayerActions::refresh);
    refresh();
}

QAction* LayerActions::add(const QString& name, const QString& text, const QKeySequence& shortcut,
                           void (LayerActions::*trigger)()) {
    auto* action = new QAction(text, this);
    action->setObjectName(name);
    action->setShortcut(shortcut);
    action->setShortcutContext(Qt::WidgetShortcut);
    m_list->addAction(action);
    connect(action, &QAction::triggered, this, trigger);
    return action;
}

void LayerActions::addTo(QMenu* menu) {
    refresh();
    menu->addActions({m_lock, m_keepAll});
    menu->addSeparator();
    menu->addActions({m_selectPrunable, m_copyNames});
}

bool LayerActions::isAllLocked() const {
    return std::ranges::all_of(m_document->selectedLayers(), [this](model::LayerId id) {
        return m_document->isLocked(id) || !m_document->snapshot()->layer(id).prunable.weights;
    });
}

void LayerActions::refresh() {
    const auto& layers = m_document->selectedLayers();
    const auto isPrunable = [this](model::LayerId id) {
        return m_document->snapshot()->layer(id).prunable.weights;
    };
    const auto hasRule = [this](model::LayerId id) {
        return m_document->rule(id) && m_document->isEditable(id);
    };
    m_lock->setEnabled(std::ranges::any_of(layers, isPrunable));
    const bool unlocks = isAllLocked() && m_lock->isEnabled();
    m_lock->setText(unlocks ? tr("Unlock") : tr("Lock"));
    m_lock->setIcon(style::icon(unlocks ? style::Icon::Unlock : style::Icon::Lock));
    m_keepAll->setEnabled(std::ranges::any_of(layers, hasRule));
    m_selectPrunable->setEnabled(m_document->hasModel());
    m_copyNames->setEnabled(!layers.empty());
}

void LayerActions::toggleLock() {
    m_document->setLocked(m_document->selectedLayers(), !isAllLocked());
}

void LayerActions::keepAll() {
    m_document->setRules(m_document->selectedLayers(), {});
}

void LayerActions::selectPrunable() {
    std::vector<model::LayerId> layers;
    for (const model::Layer& layer : m_document->snapshot()->layers()) {
        if (layer.prunable.weights) layers.push_back(layer.id);
    }
    const bool keepsCurrent = std::ranges::find(layers, m_document->selection()) != layers.end();
    if (!layers.empty())
        m_document->select(layers, keepsCurrent ? m_document->selection() : layers.front());
}

void LayerActions::copyNames() {
    QStringList names;
    for (const model::LayerId id : m_document->selectedLayers())
        names << QString::fromStdString(m_document->snapshot()->layer(id).name);
    QGuiApplication::clipboard()->setText(names.join(QLatin1Char('\n')));
}

}  // namespace espalier::ui
