// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/file_kind.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>

namespace espalier::gui {
namespace {

constexpr qint64 kMaxJsonBytes = 64 << 20;

FileKind kindOfJson(const QString& path) {
    QFile file(path);
    if (file.size() > kMaxJsonBytes || !file.open(QIODevice::ReadOnly)) return FileKind::Other;
    const QString format =
        QJsonDocument::fromJson(file.readAll()).object().value(QStringLiteral("format")).toString();
    if (format == QLatin1String("espalier-plan")) return FileKind::Plan;
    if (format == QLatin1String("espalier-recipe")) return FileKind::Recipe;
    return FileKind::Other;
}

bool looksLikeData(const QString& name) {
    static const QRegularExpression pattern(QStringLiteral("[-.]idx[13]-ubyte(\\.gz)?$"));
    return pattern.match(name).hasMatch();
}

}  // namespace

FileKind fileKind(const QString& path) {
    const QFileInfo file(path);
    if (!file.exists()) return FileKind::Missing;
    if (file.isDir() || looksLikeData(file.fileName())) return FileKind::Data;
    const QString suffix = file.suffix().toLower();
    if (suffix == QLatin1String("json")) return kindOfJson(path);
    if (suffix == QLatin1String("espalier")) return FileKind::Session;
    static const QStringList modelSuffixes{QStringLiteral("pt"), QStringLiteral("pth"),
                                           QStringLiteral("ts"), QStringLiteral("torchscript"),
                                           QStringLiteral("jit")};
    return modelSuffixes.contains(suffix) ? FileKind::Model : FileKind::Other;
}

}  // namespace espalier::gui
