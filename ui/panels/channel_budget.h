// SPDX-License-Identifier: GPL-3.0-or-later
// How many channels of a group stay, to be typed: a number, a ratio, a threshold, a multiple.
#pragma once

#include <QWidget>

#include "core/prune/channel_plan.h"
#include "ui/document/channels.h"

class QButtonGroup;
class QComboBox;
class QDoubleSpinBox;
class QGridLayout;
class QLabel;
class QSlider;
class QSpinBox;

namespace espalier::ui {

class Document;

/// Three views of one cut through the channels of the selected layer's group. The rule keeps the
/// kind that was touched last, which is marked. What was asked for and what came of it are both
/// shown.
class ChannelBudget : public QWidget {
    Q_OBJECT
public:
    explicit ChannelBudget(Document* document, QWidget* parent = nullptr);

    /// Shows `group`; the budget of another one is out of sight.
    void refresh(channels::GroupId group);

private:
    using Kind = prune::ChannelRule::Kind;

    void buildCount();
    void buildRatio();
    void buildThreshold();
    void buildMultiple();
    void addRow(Kind kind, const QString& name, const QString& text, const QString& tip,
                QWidget* editor);
    void edit(Kind kind);
    void editMultiple();
    prune::ChannelRule ruleFor(Kind kind) const;
    std::int64_t requested() const;
    double thresholdFor(std::int64_t keep) const;
    void refreshKind(const prune::ChannelRule* rule);
    void refreshReadout();
    void endEdit() { ++m_editNumber; }

    Document* m_document;
    Channels* m_channels;
    channels::GroupId m_group;
    QGridLayout* m_layout;
    QButtonGroup* m_kinds;
    QSpinBox* m_count;
    QSlider* m_slider;
    QDoubleSpinBox* m_ratio;
    QDoubleSpinBox* m_threshold;
    QComboBox* m_multiple;
    QLabel* m_readout;
    int m_editNumber = 0;  // numbers being typed are one undo step until the box is left
};

}  // namespace espalier::ui
