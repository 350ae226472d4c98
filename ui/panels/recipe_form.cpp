// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/recipe_form.h"

#include <QComboBox>
#include <QDoubleValidator>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QSpinBox>

#include "ui/panels/seed_edit.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

void choose(QComboBox& box, const std::string& value) {
    const int index = box.findText(QString::fromStdString(value));
    if (index >= 0) box.setCurrentIndex(index);
}

double number(const QLineEdit& edit) {
    return QLocale::c().toDouble(edit.text());
}

// As few digits as give the same number again, but no "5e-04" where "0.0005" says it.
QString exactText(double value) {
    QString text;
    for (int digits = 6; digits <= 17; ++digits) {
        text = QString::number(value, 'g', digits);
        if (text.toDouble() == value) break;
    }
    return text;
}

}  // namespace

RecipeForm::RecipeForm(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("recipeForm"));
    m_grid = new QGridLayout(this);
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(style::kSpacePanel);
    m_grid->setVerticalSpacing(style::kSpaceRelated);

    m_epochs = makeCount(QStringLiteral("recipeEpochs"), tr("Epochs"),
                         tr("Passes over the training split"), 1, 10000);
    m_batchSize = makeCount(QStringLiteral("recipeBatchSize"), tr("Batch size"),
                            tr("Samples per optimizer step"), 1, 65536);
    m_optimizer = makeBox(
        QStringLiteral("recipeOptimizer"), tr("Optimizer"),
        tr("Stochastic gradient descent with momentum, Adam, or Adam with decoupled weight decay"),
        train::optimizerNames());
    m_scheduler =
        makeBox(QStringLiteral("recipeScheduler"), tr("Schedule"),
                tr("How the learning rate falls from epoch to epoch"), train::schedulerNames());
    m_lr = makeNumber(QStringLiteral("recipeLr"), tr("Learning rate"),
                      tr("Step size at the start; a tenth of what the model was trained with is a "
                         "good first guess"));
    m_momentum = makeNumber(QStringLiteral("recipeMomentum"), tr("Momentum"),
                            tr("Share of the last step that is taken again, 0 to 1 (sgd only)"));
    m_weightDecay = makeNumber(QStringLiteral("recipeWeightDecay"), tr("Weight decay"),
                               tr("Strength of the pull of every weight towards zero"));
    m_seed = new SeedEdit(this);
    m_seed->setObjectName(QStringLiteral("recipeSeed"));
    m_seed->setAccessibleName(tr("Seed"));
    m_seed->setToolTip(tr("The same seed on the same machine gives the same run"));
    connect(m_seed, &QLineEdit::textChanged, this, &RecipeForm::recipeChanged);
    m_device = makeBox(QStringLiteral("recipeDevice"), tr("Device"), tr("Where the training runs"),
                       {"auto", "cpu"});
    placeFields();
    connect(m_optimizer, &QComboBox::currentIndexChanged, this, &RecipeForm::refreshEnabled);
    connect(m_device, &QComboBox::currentTextChanged, this, &RecipeForm::deviceChanged);
    setRecipe({});
}

void RecipeForm::placeFields() {
    addField(0, 0, tr("Epochs"), m_epochs);
    addField(1, 0, tr("Batch size"), m_batchSize);
    addField(2, 0, tr("Seed"), m_seed);
    addField(0, 1, tr("Optimizer"), m_optimizer);
    addField(1, 1, tr("Schedule"), m_scheduler);
    addField(2, 1, tr("Device"), m_device);
    addField(0, 2, tr("Learning rate"), m_lr);
    addField(1, 2, tr("Momentum"), m_momentum);
    addField(2, 2, tr("Weight decay"), m_weightDecay);
    m_grid->setRowStretch(3, 1);
}

void RecipeForm::addField(int row, int column, const QString& label, QWidget* field) {
    auto* caption = new QLabel(label, this);
    caption->setBuddy(field);
    m_grid->addWidget(caption, row, column * 2);
    m_grid->addWidget(field, row, column * 2 + 1);
}

QComboBox* RecipeForm::makeBox(const QString& name, const QString& label, const QString& tip,
                               const std::vector<std::string>& values) {
    auto* box = new QComboBox(this);
    box->setObjectName(name);
    box->setAccessibleName(label);
    box->setToolTip(tip);
    for (const std::string& value : values) box->addItem(QString::fromStdString(value));
    connect(box, &QComboBox::currentIndexChanged, this, &RecipeForm::recipeChanged);
    return box;
}

QSpinBox* RecipeForm::makeCount(const QString& name, const QString& label, const QString& tip,
                                int low, int high) {
    auto* box = new QSpinBox(this);
    box->setObjectName(name);
    box->setAccessibleName(label);
    box->setToolTip(tip);
    box->setRange(low, high);
    box->setMinimumWidth(80);
    connect(box, &QSpinBox::valueChanged, this, &RecipeForm::recipeChanged);
    return box;
}

QLineEdit* RecipeForm::makeNumber(const QString& name, const QString& label, const QString& tip) {
    auto* edit = new QLineEdit(this);
    edit->setObjectName(name);
    edit->setAccessibleName(label);
    edit->setToolTip(tip);
    edit->setAlignment(Qt::AlignRight);
    edit->setMinimumWidth(72);
    auto* validator = new QDoubleValidator(0, 1000, 12, edit);
    validator->setLocale(QLocale::c());
    edit->setValidator(validator);
    connect(edit, &QLineEdit::textChanged, this, &RecipeForm::recipeChanged);
    return edit;
}

void RecipeForm::refreshEnabled() {
    m_momentum->setEnabled(m_optimizer->currentText() == QLatin1String("sgd"));
}

train::Recipe RecipeForm::recipe() const {
    train::Recipe recipe = m_recipe;
    recipe.epochs = m_epochs->value();
    recipe.batchSize = m_batchSize->value();
    recipe.seed = m_seed->seed();
    recipe.device = m_device->currentText().toStdString();
    recipe.optimizer.name = m_optimizer->currentText().toStdString();
    recipe.optimizer.lr = number(*m_lr);
    recipe.optimizer.momentum = number(*m_momentum);
    recipe.optimizer.weightDecay = number(*m_weightDecay);
    recipe.scheduler.name = m_scheduler->currentText().toStdString();
    return recipe;
}

void RecipeForm::setRecipe(const train::Recipe& recipe) {
    m_recipe = recipe;
    const QSignalBlocker quiet(this);
    m_epochs->setValue(recipe.epochs);
    m_batchSize->setValue(static_cast<int>(recipe.batchSize));
    m_seed->setSeed(recipe.seed);
    setDevice(QString::fromStdString(recipe.device));
    choose(*m_optimizer, recipe.optimizer.name);
    choose(*m_scheduler, recipe.scheduler.name);
    m_lr->setText(exactText(recipe.optimizer.lr));
    m_momentum->setText(exactText(recipe.optimizer.momentum));
    m_weightDecay->setText(exactText(recipe.optimizer.weightDecay));
    refreshEnabled();
}

void RecipeForm::setDevices(const QStringList& names) {
    const QString current = m_device->currentText();
    const QSignalBlocker quiet(m_device);
    m_device->clear();
    m_device->addItems(names);
    setDevice(current);
}

void RecipeForm::setDevice(const QString& name) {
    // A recipe may name a device that this machine does not have: it is kept and refused when
    // training starts.
    if (m_device->findText(name) < 0) m_device->addItem(name);
    m_device->setCurrentText(name);
}

}  // namespace espalier::ui
