// SPDX-License-Identifier: GPL-3.0-or-later
// Another criterion beside the plan's on the weights of the layer that is looked at.
#pragma once

#include <optional>

#include <QLabel>

#include "core/base/result.h"
#include "core/prune/layer_rankings.h"

class QComboBox;

namespace espalier::ui {

class Document;
class Workbench;

/// What two rankings compare to on a layer.
struct LayerRankings {
    QString mine;   ///< the plan's criterion
    QString other;  ///< the one beside it
    prune::RankingsCompared compared;
};

/// A line of text, hidden while nothing is compared. The box that chooses stands elsewhere.
class RankingsLine : public QLabel {
    Q_OBJECT
public:
    RankingsLine(Workbench* workbench, QWidget* parent);

    QComboBox* box() const { return m_box; }
    /// Null while there are none that could be drawn.
    const LayerRankings* rankings() const { return m_rankings ? &*m_rankings : nullptr; }

Q_SIGNALS:
    void rankingsChanged();

private:
    void compare();
    void forget();
    QString sharedText(const LayerRankings& rankings) const;
    void say(const Result<prune::RankingsCompared>& compared, const QString& mine,
             const QString& other);

    Workbench* m_workbench;
    Document* m_document;
    QComboBox* m_box;
    prune::ScoreKey m_asked;  // to be measured
    std::optional<LayerRankings> m_rankings;
    model::LayerId m_layer;  // of m_rankings
};

}  // namespace espalier::ui
