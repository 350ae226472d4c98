// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/when_text.h"

#include <QCoreApplication>
#include <QLocale>

namespace espalier::ui {

QString whenText(const QDateTime& when) {
    const QLocale locale;
    const QString time = locale.toString(when.time(), QLocale::ShortFormat);
    if (when.date() == QDate::currentDate())
        return QCoreApplication::translate("WhenText", "today %1").arg(time);
    return QStringLiteral("%1 %2").arg(locale.toString(when.date(), QLocale::ShortFormat), time);
}

}  // namespace espalier::ui
