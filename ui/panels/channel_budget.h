// SPDX-License-Identifier: GPL-3.0-or-later
// How many channels of a group stay, to be typed: a number, a ratio, a threshold, a multiple.
#pragma once

#include "core/prune/channel_plan.h"
#include "ui/document/channels.h"
#include "ui/panels/rule_form.h"

class QComboBox;
class QDoubleSpinBox;
class QSlider;
class QSpinBox;

namespace espalier::ui {

class Document;

/// Three views of one cut through the channels of the selected layer's group. The rule keeps the
/// kind that was touched last, which is marked. What was asked for and what came of it are both
/// shown.
class ChannelBudget : public RuleForm {
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
    void edit(Kind kind);
    void editMultiple();
    prune::ChannelRule ruleFor(Kind kind) const;
    std::int64_t requested() const;
    double thresholdFor(std::int64_t keep) const;
    void refreshReadout();

    Channels* m_channels;
    channels::GroupId m_group;
    QSpinBox* m_count;
    QSlider* m_slider;
    QDoubleSpinBox* m_ratio;
    QDoubleSpinBox* m_threshold;
    QComboBox* m_multiple;
};

}  // namespace espalier::ui
