// SPDX-License-Identifier: GPL-3.0-or-later
// The fields of a fine-tuning recipe.
#pragma once

#include <QWidget>

#include "core/train/recipe.h"

class QComboBox;
class QGridLayout;
class QLineEdit;
class QSpinBox;

namespace espalier::ui {

class SeedEdit;

/// Shows a recipe and reads it back; what has no field here is kept as it came.
class RecipeForm : public QWidget {
    Q_OBJECT
public:
    explicit RecipeForm(QWidget* parent = nullptr);

    train::Recipe recipe() const;
    void setRecipe(const train::Recipe& recipe);
    /// Names for the device box, "auto" first.
    void setDevices(const QStringList& names);
    void setDevice(const QString& name);

Q_SIGNALS:
    void recipeChanged();
    void deviceChanged(const QString& name);

private:
    void placeFields();
    void addField(int row, int column, const QString& label, QWidget* field);
    QComboBox* makeBox(const QString& name, const QString& label, const QString& tip,
                       const std::vector<std::string>& values);
    QSpinBox* makeCount(const QString& name, const QString& label, const QString& tip, int low,
                        int high);
    QLineEdit* makeNumber(const QString& name, const QString& label, const QString& tip);
    void refreshEnabled();

    train::Recipe m_recipe;  // as last set
    QGridLayout* m_grid;
    QSpinBox* m_epochs;
    QSpinBox* m_batchSize;
    QComboBox* m_optimizer;
    QLineEdit* m_lr;
    QLineEdit* m_momentum;
    QLineEdit* m_weightDecay;
    QComboBox* m_scheduler;
    SeedEdit* m_seed;
    QComboBox* m_device;
};

}  // namespace espalier::ui
