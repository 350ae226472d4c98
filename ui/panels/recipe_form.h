// SPDX-License-Identifier: GPL-3.0-or-later
// The recipe editor: presets, the few values that matter most, all others in sections.
#pragma once

#include <map>
#include <vector>

#include <QWidget>

#include "core/train/recipe.h"
#include "ui/panels/recipe_fields.h"

class QComboBox;
class QHBoxLayout;
class QToolButton;
class QVBoxLayout;

namespace espalier::ui {

class CollapsibleSection;
class FieldGrid;
class RecipeEditor;

/// Shows a recipe and reads it back; a problem that train::check finds stands beside its field.
class RecipeForm : public QWidget {
    Q_OBJECT
public:
    explicit RecipeForm(QWidget* parent = nullptr);

    train::Recipe recipe() const;
    /// A person's own: no suggestion replaces it. `title` names it among the presets, as long as
    /// nothing of it is changed.
    void setRecipe(const train::Recipe& recipe, const QString& title = {});
    /// What suits the model and data that are open: shown unless the recipe is a person's own.
    void setSuggested(const train::Recipe& recipe);
    /// Shows what is suggested, whatever was there.
    void reset();
    bool isOwn() const { return m_isOwn; }  ///< a person's, not the suggestion
    /// Names for the device box, "auto" first.
    void setDevices(const QStringList& names);
    void setDevice(const QString& name);
    /// Names of the history's states, for the box of what a ticket goes back to.
    void setStates(const QStringList& names);
    /// Puts buttons beside the presets.
    void addToHeader(QWidget* button);

Q_SIGNALS:
    void recipeChanged();
    void deviceChanged(const QString& name);

protected:
    void changeEvent(QEvent* event) override;

private:
    void makePresets(QVBoxLayout* layout);
    void makeSection(RecipeSection section, int labelWidth, QVBoxLayout* layout);
    RecipeEditor* editor(const QString& key) const;
    void fillIn(const train::Recipe& recipe);
    void take(const RecipeEditor* edited);
    void takePreset(int index);
    train::Recipe startOfPresets() const;
    void refresh();
    bool isTitled(const train::Recipe& recipe) const;
    void refreshPreset(const train::Recipe& recipe);
    void refreshProblem(const train::Recipe& recipe);
    void offerPrecisions(const train::Recipe& recipe);

    struct Part {
        FieldGrid* grid = nullptr;
        CollapsibleSection* section = nullptr;  ///< null: always shown
    };

    train::Recipe m_recipe;  // as last set
    QString m_title;         // of that
    train::Recipe m_suggested;
    bool m_isOwn = false;
    bool m_isFilling = false;
    QStringList m_devices;  // of this machine; empty: not known yet
    std::vector<RecipeEditor*> m_editors;
    std::map<RecipeSection, Part> m_parts;
    QHBoxLayout* m_header;
    QComboBox* m_preset;
    QToolButton* m_reset;
};

}  // namespace espalier::ui
