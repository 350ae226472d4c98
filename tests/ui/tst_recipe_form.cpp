// SPDX-License-Identifier: GPL-3.0-or-later
// The recipe editor: every value comes back as it went in, idle fields say why, errors stand beside
// their field, presets and suggestions.
#include "ui/panels/recipe_form.h"

#include <set>

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QSignalSpy>
#include <QSpinBox>
#include <QToolButton>
#include <QWheelEvent>

#include <nlohmann/json.hpp>

#include "core/exchange/recipe_file.h"
#include "core/train/presets.h"
#include "tests/support/gui_test.h"
#include "ui/dialogs/dialogs.h"
#include "ui/dialogs/inline_message.h"

using namespace espalier;
using train::Recipe;
using ui::RecipeForm;

namespace {

/// Every value other than the default.
Recipe unusual() {
    Recipe r;
    r.epochs = 7;
    r.batchSize = 200'000;
    r.seed = 0xFFFFFFFFFFFFFFF1;
    r.device = "xpu:3";
    r.precision = "bf16";
    r.halveBatchToFit = false;
    r.validation = 0.2;
    r.optimizer = {"adamw", 0.000123456789, 0.5, false, 0.25, 0.8, 0.9, 1e-6};
    r.clipNorm = 1.5;
    r.scheduler.name = "step";
    r.scheduler.warmupSteps = 55;
    r.scheduler.stepEpochs = 4;
    r.scheduler.milestones = {2, 5};
    r.scheduler.gamma = 0.3;
    r.scheduler.peak = 0.4;
    r.scheduler.patience = 0;
    r.scheduler.factor = 0.25;
    r.metrics = {"1", "mse", "/models/metric.pt"};
    r.labelSmoothing = 0.1;
    r.regularisers = {{"bn_l1", 1e-4}, {"l2", 0}};
    r.distillation = train::Distillation{0.25, 4};
    r.dropout = 0.1;
    r.schedule = {"one_shot", 9, 3, 0.5, false, "/models/early.pt", 10, 0.1, 0.9, true};
    r.fromScratch = true;
    r.batchNormBatches = 12;
    r.earlyStopping = 3;
    r.augment = "mnist";
    r.masks = train::MaskMode::Off;
    return r;
}

std::set<QString> keysOf(const nlohmann::json& json, const QString& prefix = {}) {
    std::set<QString> keys;
    for (const auto& [key, value] : json.items()) {
        const QString path = prefix + QString::fromStdString(key);
        if (value.is_object()) {
            keys.merge(keysOf(value, path + u'.'));
        } else {
            keys.insert(path);
        }
    }
    return keys;
}

bool isShown(const RecipeForm& form, const char* name) {
    return test::find<QWidget>(form, name)
        ->isVisibleTo(test::find<QWidget>(form, name)->parentWidget());
}

}  // namespace

class TestRecipeForm : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnAnyWarning(); }

    void everyValueComesBack() {
        RecipeForm form;
        QCOMPARE(form.recipe(), Recipe{});
        form.setRecipe(unusual());
        QCOMPARE(form.recipe(), unusual());
        form.setRecipe({});
        QCOMPARE(form.recipe(), Recipe{});
    }

    // A new key of recipe files without a field here makes this fail.
    void everyKeyOfAFileHasAField() {
        Recipe recipe;
        recipe.earlyStopping = 1;
        recipe.distillation = train::Distillation{};
        std::set<QString> keys = keysOf(nlohmann::json::parse(exchange::recipeToJson(recipe)));
        for (const char* other : {"format", "version", "regularisers"}) keys.erase(other);
        std::set<QString> fields;
        for (const ui::RecipeField& field : ui::recipeFields()) fields.insert(field.key);
        for (const QString& key : keys) QVERIFY2(fields.contains(key), qPrintable(key));
        for (const std::string& term : train::regulariserNames())
            QVERIFY(fields.contains("regularisers." + QString::fromStdString(term)));
    }

    void everyFieldHasNameTermAndKey() {
        RecipeForm form;
        std::set<QString> names;
        for (const ui::RecipeField& field : ui::recipeFields()) {
            QVERIFY2(names.insert(field.name).second, qPrintable(field.name));
            auto* widget = test::find<QWidget>(form, qPrintable(field.name));
            QCOMPARE(widget->accessibleName(), field.label);
            QVERIFY2(widget->toolTip().contains(field.tip), qPrintable(widget->toolTip()));
            QVERIFY2(widget->toolTip().contains(field.key), qPrintable(widget->toolTip()));
        }
        for (auto* title : form.findChildren<QToolButton*>()) {
            if (title->objectName().startsWith("recipeSection")) title->click();
        }
        form.show();
        QCOMPARE(test::focusableWithoutName(form).join("; "), QString());
        QCOMPARE(test::clippedTexts(form).join("; "), QString());
    }

    void fewFieldsAreShownAtFirst() {
        RecipeForm form;
        form.show();
        for (const ui::RecipeField& field : ui::recipeFields()) {
            const bool isBasic = field.section == ui::RecipeSection::Basic;
            QCOMPARE(test::find<QWidget>(form, qPrintable(field.name))->isVisible(), isBasic);
        }
    }

    void sectionsOpenByKeyboard() {
        RecipeForm form;
        form.show();
        QVERIFY(!test::find<QLineEdit>(form, "recipeMomentum")->isVisible());
        auto* title = test::find<QToolButton>(form, "recipeSectionOptimizer");
        title->setFocus();
        QTest::keyClick(title, Qt::Key_Space);
        QVERIFY(test::find<QLineEdit>(form, "recipeMomentum")->isVisible());
        QTest::keyClick(title, Qt::Key_Space);
        QVERIFY(!test::find<QLineEdit>(form, "recipeMomentum")->isVisible());
    }

    void valuesThatDoNothingAreHidden_data() {
        QTest::addColumn<QString>("box");
        QTest::addColumn<QString>("choice");
        QTest::addColumn<QStringList>("shown");
        QTest::addColumn<QStringList>("hidden");
        const auto list = [](const char* names) { return QString(names).split(' '); };
        QTest::newRow("sgd") << "recipeOptimizer"
                             << "sgd" << list("recipeMomentum recipeNesterov")
                             << list("recipeBeta1 recipeBeta2 recipeEps");
        QTest::newRow("adam") << "recipeOptimizer"
                              << "adam" << list("recipeBeta1 recipeBeta2 recipeEps")
                              << list("recipeMomentum recipeNesterov");
        QTest::newRow("step") << "recipeScheduler"
                              << "step" << list("recipeStepEpochs recipeGamma")
                              << list("recipeMilestones recipePeak recipePatience recipeFactor");
        QTest::newRow("plateau") << "recipeScheduler"
                                 << "plateau" << list("recipePatience recipeFactor")
                                 << list("recipeStepEpochs recipeGamma");
        QTest::newRow("one_shot")
            << "recipeSchedule"
            << "one_shot" << list("recipeMasks")
            << list("recipeRounds recipeEpochsPerRound recipeEverySteps recipeRewindTo");
        QTest::newRow("iterative")
            << "recipeSchedule"
            << "iterative"
            << list(
                   "recipeRounds recipeEpochsPerRound recipeRoundLr recipeResetMomentum "
                   "recipeCutBetweenRounds")
            << list("recipeEverySteps recipeBegin recipeEnd recipeRewindTo");
        QTest::newRow("lottery") << "recipeSchedule"
                                 << "lottery"
                                 << list("recipeRounds recipeEpochsPerRound recipeRewindTo")
                                 << list("recipeRoundLr recipeEverySteps");
        QTest::newRow("agp") << "recipeSchedule"
                             << "agp" << list("recipeEverySteps recipeBegin recipeEnd")
                             << list("recipeRounds recipeRewindTo");
    }
    void valuesThatDoNothingAreHidden() {
        QFETCH(QString, box);
        QFETCH(QString, choice);
        QFETCH(QStringList, shown);
        QFETCH(QStringList, hidden);
        const RecipeForm form;
        test::find<QComboBox>(form, qPrintable(box))->setCurrentText(choice);
        for (const QString& name : shown)
            QVERIFY2(isShown(form, qPrintable(name)), qPrintable(name));
        for (const QString& name : hidden)
            QVERIFY2(!isShown(form, qPrintable(name)), qPrintable(name));
    }

    void disabledFieldsSayWhy() {
        const RecipeForm form;
        auto* epochs = test::find<QSpinBox>(form, "recipeEpochs");
        QVERIFY(epochs->isEnabled());
        test::find<QComboBox>(form, "recipeSchedule")->setCurrentText("iterative");
        QVERIFY(!epochs->isEnabled());
        QVERIFY2(epochs->toolTip().startsWith("The rounds count instead: 5 rounds of 2 epochs."),
                 qPrintable(epochs->toolTip()));
        auto* smoothing = test::find<QLineEdit>(form, "recipeLabelSmoothing");
        QVERIFY(smoothing->isEnabled());
        test::find<QComboBox>(form, "recipeLoss")->setEditText("mse");
        QVERIFY(!smoothing->isEnabled());
        QVERIFY(smoothing->toolTip().startsWith("Acts with cross_entropy only."));
    }

    void errorsStandBesideTheirField_data() {
        QTest::addColumn<QString>("field");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("grid");
        QTest::addColumn<QString>("message");
        QTest::newRow("empty") << "recipeLr"
                               << ""
                               << "Basic"
                               << "Use a number above 0.";
        QTest::newRow("zero") << "recipeLr"
                              << "0"
                              << "Basic"
                              << "Use a number above 0.";
        QTest::newRow("momentum") << "recipeMomentum"
                                  << "1"
                                  << "Optimizer"
                                  << "Use a number from 0 to below 1.";
        QTest::newRow("validation") << "recipeValidation"
                                    << "1"
                                    << "More"
                                    << "Use a number between 0 and 1, such as 0.1: the best epoch "
                                       "is chosen on it.";
        QTest::newRow("dropout") << "recipeDropout"
                                 << "1"
                                 << "More"
                                 << "Use a number from 0 to below 1, or null.";
    }
    void errorsStandBesideTheirField() {
        QFETCH(QString, field);
        QFETCH(QString, text);
        QFETCH(QString, grid);
        QFETCH(QString, message);
        RecipeForm form;
        form.show();
        auto* edit = test::find<QLineEdit>(form, qPrintable(field));
        const QString before = edit->text();
        auto* shown =
            test::find<ui::InlineMessage>(form, qPrintable("recipeFields" + grid + "Message"));
        QVERIFY(!shown->isVisible());
        edit->setText(text);
        QVERIFY(shown->isVisible());  // its section has opened
        QVERIFY(shown->isError());
        QCOMPARE(shown->text(), message);
        QTRY_VERIFY(shown->y() > edit->y() && shown->y() < edit->y() + 3 * edit->height());
        QVERIFY(!train::check(form.recipe()));
        edit->setText(before);
        QVERIFY(!shown->isVisible());
        QVERIFY(train::check(form.recipe()));
    }

    void theWrongFieldIsMarked() {
        RecipeForm form;
        form.show();
        auto* rate = test::find<QLineEdit>(form, "recipeLr");
        auto* message = test::find<ui::InlineMessage>(form, "recipeFieldsBasicMessage");
        auto* batch = test::find<QSpinBox>(form, "recipeBatchSize");  // left of it
        rate->setText("0");
        QVERIFY(rate->styleSheet().contains("border"));
        QCOMPARE(rate->accessibleDescription(), message->text());
        QVERIFY(batch->styleSheet().isEmpty());
        QTRY_VERIFY(message->x() > batch->geometry().right() && message->x() < rate->x());
        rate->setText("0.1");
        QVERIFY(rate->styleSheet().isEmpty());
        QVERIFY(rate->accessibleDescription().isEmpty());
        test::find<QLineEdit>(form, "recipeMomentum")->setText("1");  // in the left column
        auto* other = test::find<ui::InlineMessage>(form, "recipeFieldsOptimizerMessage");
        QTRY_VERIFY(other->isVisible() && other->x() < batch->x());
    }

    void ticketsGoBackToAStateOfTheHistory() {
        RecipeForm form;
        auto* rewind = test::find<QComboBox>(form, "recipeRewindTo");
        form.setStates({"net.pt", "fine-tuned 5 epochs"});
        QCOMPARE(rewind->count(), 4);  // the start before them, a file after them
        QCOMPARE(form.recipe().schedule.rewindTo, std::string());
        rewind->setCurrentIndex(2);
        QCOMPARE(form.recipe().schedule.rewindTo, std::string("fine-tuned 5 epochs"));
        form.setStates({"net.pt", "fine-tuned 5 epochs", "pinned"});
        QCOMPARE(form.recipe().schedule.rewindTo, std::string("fine-tuned 5 epochs"));
        QVERIFY2(rewind->toolTip().contains("State of the history"), qPrintable(rewind->toolTip()));
        ui::DialogScript script;
        script.nextFile("/models/early.pt");
        rewind->setCurrentIndex(rewind->count() - 1);
        Q_EMIT rewind->activated(rewind->count() - 1);
        QCOMPARE(form.recipe().schedule.rewindTo, std::string("/models/early.pt"));
    }

    void presetsFillInAndAreRecognised() {
        RecipeForm form;
        auto* preset = test::find<QComboBox>(form, "recipePreset");
        QCOMPARE(preset->count(), 8);
        QCOMPARE(preset->currentText(), QString("Suggested"));
        test::find<QLineEdit>(form, "recipeLr")->setText("0.05");
        QCOMPARE(preset->currentText(), QString("Custom"));
        for (int i = 1; i <= 6; ++i) {
            preset->setFocus();
            preset->setCurrentIndex(i);
            Q_EMIT preset->activated(i);
            QCOMPARE(preset->currentIndex(), i);
            QCOMPARE(form.recipe().optimizer.lr, 0.05);  // a person's own stays
            QVERIFY(!preset->itemData(i, Qt::ToolTipRole).toString().isEmpty());
        }
        Recipe expected;
        expected.optimizer.lr = 0.05;
        QCOMPARE(form.recipe(), *train::withPreset(expected, "movement"));  // no trace of others
        test::find<QLineEdit>(form, "recipeEnd")->setText("0.5");
        QCOMPARE(preset->currentText(), QString("Custom"));
        Q_EMIT preset->activated(0);
        QCOMPARE(form.recipe(), Recipe{});
    }

    void aTitledRecipeIsCalledThatUntilItIsChanged() {
        RecipeForm form;
        auto* preset = test::find<QComboBox>(form, "recipePreset");
        Recipe given;
        given.epochs = 7;
        given.optimizer.lr = 0.0123;
        form.setRecipe(given, "gentle");
        QCOMPARE(preset->currentText(), QString("gentle"));
        form.setDevice("cpu");
        QCOMPARE(preset->currentText(), QString("gentle"));
        test::find<QLineEdit>(form, "recipeLr")->setText("0.05");
        QCOMPARE(preset->currentText(), QString("Custom"));
        test::find<QLineEdit>(form, "recipeLr")->setText("0.0123");
        QCOMPARE(preset->currentText(), QString("gentle"));
        form.reset();
        QCOMPARE(preset->currentText(), QString("Suggested"));
        QCOMPARE(preset->itemText(preset->count() - 1), QString("Custom"));
    }

    void suggestionsGiveWayToAPersonsOwn() {
        RecipeForm form;
        Recipe suggested;
        suggested.epochs = 11;
        suggested.batchSize = 64;
        form.setDevice("cuda:0");
        form.setSuggested(suggested);
        QCOMPARE(form.recipe().epochs, 11);
        QCOMPARE(form.recipe().device, std::string("cuda:0"));  // chosen for the machine
        test::find<QSpinBox>(form, "recipeEpochs")->setValue(4);
        suggested.epochs = 13;
        form.setSuggested(suggested);
        QCOMPARE(form.recipe().epochs, 4);
        test::find<QToolButton>(form, "recipeReset")->click();
        QCOMPARE(form.recipe().epochs, 13);
        QCOMPARE(form.recipe().device, std::string("cuda:0"));
        suggested.epochs = 17;
        form.setSuggested(suggested);
        QCOMPARE(form.recipe().epochs, 17);
    }

    void distillationSwitchesItsValuesOn() {
        const RecipeForm form;
        QVERIFY(!form.recipe().distillation);
        QVERIFY(!isShown(form, "recipeTemperature"));
        test::find<QCheckBox>(form, "recipeDistillation")->click();
        QVERIFY(isShown(form, "recipeTemperature"));
        test::find<QLineEdit>(form, "recipeTemperature")->setText("3");
        QCOMPARE(form.recipe().distillation, (std::optional(train::Distillation{0.5, 3})));
    }

    void lossModulesAreChosenByFile() {
        ui::DialogScript script;
        const RecipeForm form;
        auto* loss = test::find<QComboBox>(form, "recipeLoss");
        script.nextFile("/models/loss.pt");
        loss->setCurrentIndex(loss->count() - 1);
        Q_EMIT loss->activated(loss->count() - 1);
        QCOMPARE(form.recipe().metrics.loss, std::string("/models/loss.pt"));
        script.nextFile({});  // declined: the loss that follows from the data
        loss->setCurrentIndex(loss->count() - 1);
        Q_EMIT loss->activated(loss->count() - 1);
        QCOMPARE(form.recipe().metrics.loss, std::string());
    }

    void theWheelTurnsNoValueItComesAcross() {
        RecipeForm form;
        form.show();
        auto* epochs = test::find<QSpinBox>(form, "recipeEpochs");
        const auto turn = [&] {
            QWheelEvent event(QPointF(5, 5), epochs->mapToGlobal(QPointF(5, 5)), {}, {0, 120},
                              Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
            QCoreApplication::sendEvent(epochs, &event);
        };
        form.setFocus();
        epochs->clearFocus();
        turn();
        QCOMPARE(epochs->value(), Recipe{}.epochs);
    }

    void fp16IsOfferedWhereItWorks() {
        RecipeForm form;
        const auto* precision = test::find<QComboBox>(form, "recipePrecision");
        const auto isOffered = [&] { return precision->findText("fp16") >= 0; };
        QVERIFY(isOffered());  // what there is is not known yet
        form.setDevices({"auto", "cpu"});
        QVERIFY(!isOffered());
        QVERIFY(precision->findText("bf16") >= 0);
        form.setDevices({"auto", "cpu", "cuda:0"});
        QVERIFY(isOffered());
        form.setDevice("cpu");
        QVERIFY(!isOffered());
        form.setDevice("cuda:0");
        QVERIFY(isOffered());
        Recipe recipe;
        recipe.device = "cpu";
        recipe.precision = "fp16";
        form.setRecipe(recipe);  // of a file: kept, and refused when training starts
        QCOMPARE(form.recipe(), recipe);
    }

    void theSummaryTellsWhatIsUnusual() {
        Recipe recipe;
        recipe.optimizer.lr = 0.5;
        recipe.clipNorm = 2;
        recipe.optimizer.beta1 = 0.1;  // of Adam: does nothing
        const QStringList lines = ui::recipeSummary(recipe).split('\n');
        QVERIFY(lines.contains("Learning rate: 0.5"));
        QVERIFY(lines.contains("Clip norm: 2"));
        QVERIFY(lines.contains("Epochs: 5"));
        QVERIFY(lines.filter("Beta").isEmpty());
        QVERIFY(lines.filter("Dropout").isEmpty());
    }
};

QTEST_MAIN(TestRecipeForm)
#include "tst_recipe_form.moc"
