// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/palette.h"

#include <QCoreApplication>
#include <QSettings>

#include "app/gui/actions.h"
#include "core/base/format.h"
#include "ui/dialogs/command_palette.h"
#include "ui/dialogs/dialogs.h"
#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/models/layer_model.h"
#include "ui/style/number_text.h"

namespace espalier::gui {
namespace {

using ui::PaletteEntry;

const QString kRecentKey = QStringLiteral("palette/recent");
constexpr int kRecent = 8;
const QString kSelf = QStringLiteral("view.palette");
const QString kLayer = QStringLiteral("layer:");  // before the parameter's path
const QString kGroup = QStringLiteral("group:");  // before the key

QString tr(const char* text) {
    return QCoreApplication::translate("Palette", text);
}

void addCommands(std::vector<PaletteEntry>& entries, const Actions& actions) {
    for (const ActionSpec& spec : actionTable()) {
        if (spec.id == kSelf) continue;
        const QAction* action = actions[spec.id];
        entries.push_back({QString::fromLatin1(spec.id), withoutMnemonic(action->text()),
                           menuPath(spec), action->shortcut().toString(QKeySequence::NativeText),
                           actions.whyNot(spec), action->isEnabled(), action->icon()});
    }
}

void addLayers(std::vector<PaletteEntry>& entries, const ui::Document& document) {
    for (const model::Layer& layer : document.snapshot()->layers()) {
        QStringList details{tr("Layer"), QString::fromStdString(layer.op), ui::shapeText(layer)};
        if (layer.prunable.weights) {
            details
                << tr("%1 removed").arg(style::numberText(percent(document.sparsity(layer.id))));
        }
        entries.push_back({kLayer + QString::fromStdString(layer.name),
                           ui::displayName(layer),
                           details.join(QStringLiteral(", ")),
                           {},
                           {},
                           true,
                           style::icon(style::Icon::Model)});
    }
}

void addGroups(std::vector<PaletteEntry>& entries, const ui::FoundGroups& found) {
    for (const channels::Group& group : found.groups->groups()) {
        const QString& letter = found.letters[group.id.index()];
        if (letter.isEmpty()) continue;  // nothing of it can go
        entries.push_back({kGroup + QString::fromStdString(group.key),
                           tr("Group %1: %2").arg(letter, QString::fromStdString(group.key)),
                           ui::headline(found, group.id),
                           {},
                           {},
                           true,
                           style::icon(style::Icon::Group)});
    }
}

std::vector<PaletteEntry> entriesOf(const Actions& actions, const ui::Document& document) {
    std::vector<PaletteEntry> entries;
    addCommands(entries, actions);
    if (!document.hasModel()) return entries;
    if (const ui::FoundGroups* found = document.channels()->found()) addGroups(entries, *found);
    addLayers(entries, document);
    return entries;
}

/// All layers of the group, the first of them looked at.
void selectGroup(ui::Document& document, const QString& key) {
    const ui::FoundGroups* found = document.channels()->found();
    const auto id = found ? found->groups->find(key.toStdString()) : std::nullopt;
    if (!id) return;
    auto layers = ui::producersOf(*found, *id);
    if (layers.empty()) return;
    const model::LayerId first = layers.front();
    document.select(std::move(layers), first);
}

void choose(const Actions& actions, ui::Document& document, const QString& id) {
    if (id.startsWith(kGroup)) {
        selectGroup(document, id.mid(kGroup.size()));
    } else if (id.startsWith(kLayer)) {
        if (const auto layer = document.snapshot()->find(id.mid(kLayer.size()).toStdString()))
            document.select(*layer);
    } else {
        actions[id.toStdString()]->trigger();
    }
}

/// Commands alone: layers belong to one model.
void remember(const QString& id) {
    if (id.startsWith(kLayer) || id.startsWith(kGroup)) return;
    QStringList recent = QSettings().value(kRecentKey).toStringList();
    recent.removeAll(id);
    recent.prepend(id);
    QSettings().setValue(kRecentKey, QStringList(recent.mid(0, kRecent)));
}

}  // namespace

void connectPalette(const Actions& actions, ui::Document* document, QWidget* window) {
    QObject::connect(
        actions["view.palette"], &QAction::triggered, window, [&actions, document, window] {
            ui::CommandPalette palette(entriesOf(actions, *document),
                                       QSettings().value(kRecentKey).toStringList(), window);
            ui::dialogs::run(palette);
            if (palette.chosen().isEmpty()) return;
            remember(palette.chosen());
            choose(actions, *document, palette.chosen());
        });
}

}  // namespace espalier::gui
