// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/words.h"

#include "core/base/option_names.h"

namespace espalier::style {

QString withoutOptions(const QString& text) {
    return QString::fromStdString(espalier::withoutOptions(text.toStdString()));
}

}  // namespace espalier::style
