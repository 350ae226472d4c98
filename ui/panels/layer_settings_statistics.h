// SPDX-License-Identifier: GPL-3.0-or-later
// The figures of one weight tensor as a small table.
#pragma once

#include <map>

#include <QWidget>

#include "core/model/layer.h"
#include "core/model/weight_index.h"

class QGridLayout;
class QLabel;

namespace espalier::ui {

class LayerStatistics : public QWidget {
    Q_OBJECT
public:
    explicit LayerStatistics(QWidget* parent = nullptr);

    /// `index` may be null: then only what the shape says is shown. `removed` counts what the plan
    /// removes now.
    void show(const model::Layer& layer, const model::WeightIndex* index, std::int64_t removed);
    void clear();

private:
    void addRow(const QString& name, const QString& title, const QString& tip);
    void set(const QString& name, const QString& text, const QString& exact = {});
    void setNumber(const QString& name, double value);

    QGridLayout* m_layout;
    std::map<QString, QLabel*> m_values;
};

}  // namespace espalier::ui
