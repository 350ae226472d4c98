// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/recent_choices.h"

#include <algorithm>

#include <QDateTime>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSettings>

#include "app/gui/recent_files.h"
#include "core/project/session_data.h"

namespace espalier::gui {
namespace {

const QString kKey = QStringLiteral("recent/choices");  // a list of JSON objects, newest first
const QString kModel = QStringLiteral("model");
const QString kVersion = QStringLiteral("version");  // of the file
const QString kData = QStringLiteral("data");
const QString kInputs = QStringLiteral("inputs");

QJsonObject parsed(const QString& entry) {
    return QJsonDocument::fromJson(entry.toUtf8()).object();
}

QString versionOf(const QFileInfo& file) {
    return QStringLiteral("%1 %2").arg(file.size()).arg(file.lastModified().toMSecsSinceEpoch());
}

QJsonObject entryOf(const QFileInfo& model, const RecentChoices& choices) {
    QJsonObject entry{{kModel, model.absoluteFilePath()}, {kVersion, versionOf(model)}};
    if (choices.data)
        entry[kData] = QString::fromStdString(project::sessionDataToJson(*choices.data));
    QJsonArray inputs;
    for (const script::InputSpec& input : choices.inputs)
        inputs.append(QString::fromStdString(script::toString(input)));
    entry[kInputs] = inputs;
    return entry;
}

// Nothing where one of them is not understood.
std::vector<script::InputSpec> inputsOf(const QJsonObject& entry) {
    std::vector<script::InputSpec> inputs;
    for (const auto& text : entry[kInputs].toArray()) {
        auto input = script::parseInputSpec(text.toString().toStdString());
        if (!input) return {};
        inputs.push_back(std::move(*input));
    }
    return inputs;
}

}  // namespace

void rememberChoices(const QString& model, const RecentChoices& choices) {
    const QFileInfo file(model);
    QSettings settings;
    QStringList entries = settings.value(kKey).toStringList();
    erase_if(entries, [&](const QString& entry) {
        return parsed(entry)[kModel].toString() == file.absoluteFilePath();
    });
    const QJsonDocument newest(entryOf(file, choices));
    entries.prepend(QString::fromUtf8(newest.toJson(QJsonDocument::Compact)));
    settings.setValue(kKey, entries.mid(0, RecentFiles::kMax));
}

RecentChoices recentChoices(const QString& model) {
    const QFileInfo file(model);
    const QStringList entries = QSettings().value(kKey).toStringList();
    for (const QString& text : entries) {
        const QJsonObject entry = parsed(text);
        if (entry[kModel].toString() != file.absoluteFilePath()) continue;
        RecentChoices choices;
        auto data = project::sessionDataFromJson(entry[kData].toString().toStdString());
        if (data) choices.data = std::move(*data);
        if (entry[kVersion].toString() == versionOf(file)) choices.inputs = inputsOf(entry);
        return choices;
    }
    return {};
}

}  // namespace espalier::gui
