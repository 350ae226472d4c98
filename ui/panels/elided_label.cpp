// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/elided_label.h"

#include <QPainter>
#include <QStyle>

#include "ui/style/elided_names.h"

namespace espalier::ui {

namespace {
constexpr int kFewestLetters = 6;
}

QSize ElidedLabel::minimumSizeHint() const {
    const int width = fontMetrics().averageCharWidth() * kFewestLetters;
    return {std::min(width, sizeHint().width()), QLabel::minimumSizeHint().height()};
}

void ElidedLabel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QString shown = style::elidedNames(fontMetrics(), text(), contentsRect().width());
    style()->drawItemText(&painter, contentsRect(), Qt::AlignLeft | Qt::AlignVCenter, palette(),
                          isEnabled(), shown, foregroundRole());
}

}  // namespace espalier::ui
