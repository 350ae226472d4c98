// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/window_notes.h"

#include <QStringList>

#include "ui/document/document.h"

namespace espalier::gui {

// A line of the layout, a line of the layer that is looked at, then one for each that is selected.
std::string windowNotes(const QByteArray& layout, const ui::Document& document) {
    std::string notes = layout.toBase64().toStdString();
    if (!document.hasModel() || !document.selection().isValid()) return notes;
    const model::Snapshot& snapshot = *document.snapshot();
    notes += '\n' + snapshot.layer(document.selection()).name;
    for (const model::LayerId layer : document.selectedLayers())
        notes += '\n' + snapshot.layer(layer).name;
    return notes;
}

QByteArray takeWindowNotes(const QString& notes, ui::Document& document) {
    const QStringList lines = notes.split(QLatin1Char('\n'));
    const auto find = [&](qsizetype line) {
        return document.snapshot()->find(lines[line].toStdString());
    };
    std::vector<model::LayerId> layers;
    for (qsizetype line = 2; document.hasModel() && line < lines.size(); ++line) {
        if (const auto layer = find(line)) layers.push_back(*layer);
    }
    if (!layers.empty()) document.select(layers, find(1).value_or(layers.front()));
    return QByteArray::fromBase64(lines.front().toLatin1());
}

}  // namespace espalier::gui
