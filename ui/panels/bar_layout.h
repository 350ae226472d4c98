// SPDX-License-Identifier: GPL-3.0-or-later
// A title and options in one row, or in more where they do not fit.
#pragma once

#include <vector>

#include <QLayout>

namespace espalier::ui {

/// The first item takes the room that the others leave in its row. Where they do not all fit it has
/// a row of its own, and they follow from the left, in as many rows as they need.
class BarLayout : public QLayout {
public:
    explicit BarLayout(QWidget* parent) : QLayout(parent) {}
    ~BarLayout() override;

    void addItem(QLayoutItem* item) override { m_items.push_back(item); }
    int count() const override { return static_cast<int>(m_items.size()); }
    QLayoutItem* itemAt(int index) const override;
    QLayoutItem* takeAt(int index) override;
    Qt::Orientations expandingDirections() const override { return Qt::Horizontal; }
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;
    QSize sizeHint() const override;  ///< of one row
    QSize minimumSize() const override;
    void setGeometry(const QRect& rect) override;

private:
    struct Place {
        QLayoutItem* item = nullptr;
        QRect rect{};
    };
    /// What is shown, in a bar of this width.
    std::vector<Place> places(int width) const;

    std::vector<QLayoutItem*> m_items;
};

}  // namespace espalier::ui
