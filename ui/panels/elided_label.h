// SPDX-License-Identifier: GPL-3.0-or-later
// A line of text that gives way where there is no room for all of it: names of layers first, then
// its end. Its tooltip, unless it has one of its own, says the rest.
#pragma once

#include <QLabel>

namespace espalier::ui {

class ElidedLabel : public QLabel {
    Q_OBJECT
public:
    using QLabel::QLabel;

    QSize minimumSizeHint() const override;

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    QString shownText() const;
};

}  // namespace espalier::ui
