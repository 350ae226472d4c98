// SPDX-License-Identifier: GPL-3.0-or-later
// A small image folder made of a large one.
#pragma once

#include <QDir>
#include <QFile>

namespace espalier::test {

/// The first images of every class folder in `source`, linked into `target`.
inline void linkSome(const QString& source, const QString& target, int imagesPerClass) {
    for (const QString& name : QDir(source).entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        const QDir from(source + '/' + name);
        QDir().mkpath(target + '/' + name);
        const auto files = from.entryList(QDir::Files, QDir::Name).first(imagesPerClass);
        for (const QString& file : files) {
            QFile::link(from.absoluteFilePath(file), target + '/' + name + '/' + file);
        }
    }
}

}  // namespace espalier::test
