// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/recipe_form.h"

#include <algorithm>

#include <QComboBox>
#include <QEvent>
#include <QLabel>
#include <QScopedValueRollback>
#include <QStandardItemModel>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/train/presets.h"
#include "ui/dialogs/inline_message.h"
#include "ui/panels/collapsible_section.h"
#include "ui/panels/field_grid.h"
#include "ui/panels/recipe_editor.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

constexpr int kSuggestion = 0;  // index in the box; the presets follow, then a person's own

const QString kDevice = QStringLiteral("device");
const QString kPrecision = QStringLiteral("precision");
const QString kRewind = QStringLiteral("schedule.rewind_to");

QString text(std::string_view utf8) {
    return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

// Of those that are always there: a longer one in a section makes room for itself.
int widestLabel(const QFontMetrics& metrics) {
    int widest = 0;
    for (const RecipeField& field : recipeFields()) {
        if (field.section == RecipeSection::Basic)
            widest = std::max(widest, metrics.horizontalAdvance(field.label));
    }
    return widest;
}

}  // namespace

RecipeForm::RecipeForm(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("recipeForm"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(style::kSpaceRelated);
    makePresets(layout);
    const int labelWidth = widestLabel(fontMetrics());
    for (const RecipeSection section :
         {RecipeSection::Basic, RecipeSection::Optimizer, RecipeSection::LearningRate,
          RecipeSection::Schedule, RecipeSection::Loss, RecipeSection::Distillation,
          RecipeSection::More})
        makeSection(section, labelWidth, layout);
    layout->addStretch();
    fillIn({});
}

void RecipeForm::makePresets(QVBoxLayout* layout) {
    m_preset = new QComboBox(this);
    m_preset->setObjectName(QStringLiteral("recipePreset"));
    m_preset->setAccessibleName(tr("Preset"));
    m_preset->setToolTip(
        tr("A known way of pruning: fills in epochs, pruning schedule, learning-rate schedule and "
           "regularisers; all else stays"));
    const auto addEntry = [this](const QString& title, const QString& tip) {
        m_preset->addItem(title);
        m_preset->setItemData(m_preset->count() - 1, tip, Qt::ToolTipRole);
    };
    addEntry(tr("Suggested"), tr("The values that suit this model and this data"));
    for (const train::Preset& preset : train::presets()) {
        addEntry(text(preset.title), text(preset.summary));
    }
    addEntry(tr("Custom"), tr("None of these"));
    // It says what is, and can be chosen by nobody.
    qobject_cast<QStandardItemModel*>(m_preset->model())
        ->item(m_preset->count() - 1)
        ->setEnabled(false);
    connect(m_preset, &QComboBox::activated, this, &RecipeForm::takePreset);
    m_reset = new QToolButton(this);
    m_reset->setObjectName(QStringLiteral("recipeReset"));
    m_reset->setIcon(style::icon(style::Icon::Undo));
    m_reset->setText(tr("Reset to suggested"));
    m_reset->setAccessibleName(m_reset->text());
    m_reset->setToolTip(tr("Reset to suggested: the values that suit this model and this data"));
    m_reset->setFocusPolicy(Qt::StrongFocus);
    connect(m_reset, &QToolButton::clicked, this, &RecipeForm::reset);
    auto* caption = new QLabel(tr("Preset"), this);
    caption->setBuddy(m_preset);
    m_header = new QHBoxLayout;
    m_header->setSpacing(style::kSpaceRelated);
    m_header->addWidget(caption);
    m_header->addSpacing(style::kSpaceRelated);
    m_header->addWidget(m_preset, 1);
    m_header->addWidget(m_reset);
    layout->addLayout(m_header);
}

void RecipeForm::addToHeader(QWidget* button) {
    m_header->addWidget(button);
}

void RecipeForm::makeSection(RecipeSection section, int labelWidth, QVBoxLayout* layout) {
    Part part;
    part.grid =
        new FieldGrid(QStringLiteral("recipeFields") + sectionName(section), labelWidth, this);
    std::vector<RecipeEditor*> editors;
    for (const RecipeField& field : recipeFields()) {
        if (field.section != section) continue;
        auto* editor = new RecipeEditor(field, part.grid);
        connect(editor, &RecipeEditor::edited, this, [this, editor] { take(editor); });
        editors.push_back(editor);
    }
    m_editors.insert(m_editors.end(), editors.begin(), editors.end());
    part.grid->setEditors(std::move(editors));
    if (section == RecipeSection::Basic) {
        layout->addWidget(part.grid);
    } else {
        part.section =
            new CollapsibleSection(QStringLiteral("recipeSection") + sectionName(section),
                                   sectionTitle(section), part.grid, this);
        layout->addWidget(part.section);
    }
    m_parts[section] = part;
}

RecipeEditor* RecipeForm::editor(const QString& key) const {
    return *std::ranges::find_if(m_editors,
                                 [&](const auto* each) { return each->field().key == key; });
}

train::Recipe RecipeForm::recipe() const {
    train::Recipe recipe = m_recipe;
    for (const RecipeEditor* editor : m_editors) editor->field().take(recipe, editor->text());
    return recipe;
}

void RecipeForm::setRecipe(const train::Recipe& recipe, const QString& title) {
    m_isOwn = true;
    m_title = title;
    fillIn(recipe);
}

void RecipeForm::setSuggested(const train::Recipe& recipe) {
    if (recipe == m_suggested) return;
    m_suggested = recipe;
    if (m_isOwn) {
        refresh();
    } else {
        reset();
    }
}

void RecipeForm::reset() {
    m_isOwn = false;
    m_title.clear();
    train::Recipe recipe = m_suggested;
    recipe.device = this->recipe().device;
    fillIn(recipe);
}

void RecipeForm::fillIn(const train::Recipe& recipe) {
    m_recipe = recipe;
    {
        const QScopedValueRollback filling(m_isFilling, true);
        for (RecipeEditor* editor : m_editors) editor->setText(editor->field().text(recipe));
    }
    refresh();
    Q_EMIT recipeChanged();
}

void RecipeForm::setDevices(const QStringList& names) {
    m_devices = names;
    editor(kDevice)->setChoices(names);
    refresh();
}

void RecipeForm::setStates(const QStringList& names) {
    editor(kRewind)->setChoices(names);
}

void RecipeForm::setDevice(const QString& name) {
    editor(kDevice)->setText(name);
}

void RecipeForm::take(const RecipeEditor* edited) {
    if (m_isFilling) return;
    const bool isDevice = edited->field().key == kDevice;
    if (!isDevice) m_isOwn = true;
    refresh();
    Q_EMIT recipeChanged();
    if (isDevice) Q_EMIT deviceChanged(edited->text());
}

// What presets decide comes from the suggestion, all else is as it is: one preset after another
// leaves no trace of the first.
train::Recipe RecipeForm::startOfPresets() const {
    train::Recipe start = recipe();
    start.epochs = m_suggested.epochs;
    start.schedule = m_suggested.schedule;
    start.scheduler.name = m_suggested.scheduler.name;
    start.regularisers = m_suggested.regularisers;
    return start;
}

void RecipeForm::takePreset(int index) {
    if (index == kSuggestion) return reset();
    const auto place = static_cast<std::size_t>(index - 1);
    if (place < train::presets().size()) setRecipe(train::presets()[place].from(startOfPresets()));
}

void RecipeForm::refresh() {
    const train::Recipe now = recipe();
    offerPrecisions(now);
    for (RecipeEditor* editor : m_editors) editor->refresh(now);
    refreshPreset(now);
    refreshProblem(now);
}

// fp16 is for accelerators; a recipe that has it all the same keeps it, and is refused.
void RecipeForm::offerPrecisions(const train::Recipe& recipe) {
    constexpr int kWithoutAny = 2;  // auto, cpu
    const bool isAuto = recipe.device == "auto";
    const bool hasNone = !m_devices.isEmpty() && m_devices.size() <= kWithoutAny;
    QStringList names = editor(kPrecision)->field().choices;
    if (recipe.device == "cpu" || (isAuto && hasNone)) names.removeAll(QStringLiteral("fp16"));
    editor(kPrecision)->setChoices(names);
}

// What is wrong is marked in a colour of the theme.
void RecipeForm::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) refreshProblem(recipe());
    QWidget::changeEvent(event);
}

/// Not what has been made of it since.
bool RecipeForm::isTitled(const train::Recipe& recipe) const {
    train::Recipe given = m_recipe;
    given.device = recipe.device;
    return !m_title.isEmpty() && recipe == given;
}

void RecipeForm::refreshPreset(const train::Recipe& recipe) {
    train::Recipe suggested = m_suggested;
    suggested.device = recipe.device;
    const int last = m_preset->count() - 1;
    m_preset->setItemText(last, isTitled(recipe) ? m_title : tr("Custom"));
    if (isTitled(recipe)) return m_preset->setCurrentIndex(last);
    if (recipe == suggested) return m_preset->setCurrentIndex(kSuggestion);
    const train::Recipe start = startOfPresets();
    const auto found = std::ranges::find_if(
        train::presets(), [&](const train::Preset& each) { return each.from(start) == recipe; });
    // Past the last of them stands a person's own.
    m_preset->setCurrentIndex(
        1 + static_cast<int>(std::ranges::distance(train::presets().begin(), found)));
}

void RecipeForm::refreshProblem(const train::Recipe& recipe) {
    const auto checked = train::check(recipe);
    const RecipeField* field = checked ? nullptr : fieldNamedBy(checked.error());
    const RecipeEditor* wrong = field ? editor(field->key) : nullptr;
    for (const auto& [name, part] : m_parts) {
        const bool isHere = field && field->section == name;
        part.grid->arrange(
            isHere ? wrong : nullptr,
            isHere ? asSentence(QString::fromStdString(checked.error().hint)) : QString());
        if (isHere && part.section) part.section->setExpanded(true);
    }
}

}  // namespace espalier::ui
