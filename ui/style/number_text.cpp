// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/number_text.h"

#include <QLocale>

namespace espalier::style {

QString numberText(const std::string& number) {
    return QString::fromStdString(number).replace(QLatin1Char('.'), QLocale().decimalPoint());
}

}  // namespace espalier::style
