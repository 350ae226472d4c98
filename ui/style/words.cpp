// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/words.h"

#include <QRegularExpression>

namespace espalier::style {

QString withoutOptions(QString text) {
    static const QRegularExpression kOptions(
        QStringLiteral("\\s*\\((?:[^()]*\\s)?(?:--[a-z]|espalier-cli)[^()]*\\)"));
    return text.remove(kOptions);
}

}  // namespace espalier::style
