// SPDX-License-Identifier: GPL-3.0-or-later
// The channels of the selected layer's group as ranked bars, with the cut that can be dragged.
#pragma once

#include <optional>

#include <QWidget>

#include "core/channels/groups.h"
#include "ui/document/channel_jobs.h"
#include "ui/plots/bars_data.h"

class QComboBox;
class QLabel;

namespace espalier::plots {
class BarsView;
}

namespace espalier::ui {

class Channels;
class Document;
class ElidedLabel;
class Workbench;

class ChannelsPanel : public QWidget {
    Q_OBJECT
public:
    explicit ChannelsPanel(Workbench* workbench, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;

private:
    QWidget* buildOptions();
    QWidget* buildRanking();
    void buildCriterion();
    void buildComparison();
    void connectView();
    void connectDocument();
    void takeRanking();
    void showOptions();
    void reload();
    void reloadNow();
    void showGroup(channels::GroupId id);
    void showChoice();
    void requestComparison();
    void commit(int keep);
    QString emptyText() const;
    plots::ChannelBars barsOf(channels::GroupId id) const;
    QString noteOf(channels::GroupId id) const;
    QString compared() const;  ///< the criterion to compare with; empty: none
    QString correlation() const;

    Workbench* m_workbench;
    Document* m_document;
    Channels* m_channels;
    ElidedLabel* m_title;
    QLabel* m_note;
    QComboBox* m_criterion;
    QComboBox* m_order;
    QComboBox* m_compare;
    plots::BarsView* m_view;
    std::optional<channels::GroupId> m_group;  ///< that is shown
    ComparedScores m_compared;                 ///< of m_group; empty: none asked for, or not there
    bool m_isStale = true;                     ///< reloaded when it is next seen
};

}  // namespace espalier::ui
