// SPDX-License-Identifier: GPL-3.0-or-later
// Another criterion beside the plan's on the weights of the layer that is looked at.
#pragma once

#include <QLabel>

#include "core/base/result.h"
#include "core/prune/layer_rankings.h"

class QComboBox;

namespace espalier::ui {

class Document;
class Workbench;

/// A line of text, hidden while nothing is compared. The box that chooses stands elsewhere.
class RankingsLine : public QLabel {
    Q_OBJECT
public:
    RankingsLine(Workbench* workbench, QWidget* parent);

    QComboBox* box() const { return m_box; }

private:
    void compare();
    void say(const Result<prune::RankingsCompared>& compared, const QString& mine,
             const QString& other);

    Workbench* m_workbench;
    Document* m_document;
    QComboBox* m_box;
    prune::ScoreKey m_asked;  // to be measured
};

}  // namespace espalier::ui
