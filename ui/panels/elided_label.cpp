// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/elided_label.h"

#include <QHelpEvent>
#include <QPainter>
#include <QStyle>
#include <QToolTip>

#include "ui/style/elided_names.h"

namespace espalier::ui {

namespace {
constexpr int kFewestLetters = 6;
}

QSize ElidedLabel::minimumSizeHint() const {
    const int width = fontMetrics().averageCharWidth() * kFewestLetters;
    return {std::min(width, sizeHint().width()), QLabel::minimumSizeHint().height()};
}

QString ElidedLabel::shownText() const {
    return style::elidedNames(fontMetrics(), text(), contentsRect().width(), Qt::ElideRight);
}

bool ElidedLabel::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip || !toolTip().isEmpty()) return QLabel::event(event);
    const bool isWhole = shownText() == text();
    QToolTip::showText(static_cast<QHelpEvent*>(event)->globalPos(), isWhole ? QString() : text(),
                       this);
    return true;
}

void ElidedLabel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    style()->drawItemText(&painter, contentsRect(), Qt::AlignLeft | Qt::AlignVCenter, palette(),
                          isEnabled(), shownText(), foregroundRole());
}

}  // namespace espalier::ui
