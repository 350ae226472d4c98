// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/dialogs.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialog>
#include <QDir>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QTextBrowser>
#include <QToolButton>
#include <QTreeWidget>

#include "core/base/format.h"
#include "tests/support/gui_test.h"
#include "tests/support/open_model.h"
#include "ui/dialogs/about_dialog.h"
#include "ui/dialogs/data_dialog.h"
#include "ui/dialogs/export_dialog.h"
#include "ui/dialogs/help_window.h"
#include "ui/dialogs/inline_message.h"
#include "ui/dialogs/input_dialog.h"
#include "ui/dialogs/prune_dialog.h"
#include "ui/dialogs/shortcuts_dialog.h"

using namespace espalier;
using ui::DialogScript;
namespace dialogs = ui::dialogs;

namespace {

QString shownText(const QDialog& dialog, const char* name) {
    return test::find<ui::InlineMessage>(dialog, name)->text();
}

bool isError(const QDialog& dialog, const char* name) {
    return test::find<ui::InlineMessage>(dialog, name)->isError();
}

}  // namespace

class TestDialogs : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_settings = std::make_unique<test::OwnSettings>(); }
    void init() { test::failOnAnyWarning(); }

    // The seam

    void scriptAnswersInOrder() {
        DialogScript script;
        script.nextFile("/a.pt");
        script.nextFile("");
        script.nextAnswer(2);
        script.nextText("name");
        QCOMPARE(dialogs::openFile(nullptr, {"Open", {}, {}}), QString("/a.pt"));
        QCOMPARE(dialogs::saveFile(nullptr, {"Save", {}, {}}), QString());
        QCOMPARE(dialogs::ask(nullptr, {"Sure", "text", {}, {"Yes", "No", "Cancel"}, 2, 0}), 2);
        QCOMPARE(dialogs::askText(nullptr, "Name", {}, {}), std::optional<QString>("name"));
        QVERIFY(script.isUsedUp());
        QCOMPARE(script.shown(), (QStringList{"Open", "Save", "Sure", "Name"}));
    }

    void unexpectedDialogWarnsAndDeclines() {
        DialogScript script;
        QTest::ignoreMessage(QtWarningMsg, "A dialog that the test did not expect: Sure");
        QCOMPARE(dialogs::ask(nullptr, {"Sure", "text", {}, {"Yes", "Cancel"}, 1, 0}), 1);
    }

    void scriptFillsInADialog() {
        DialogScript script;
        script.nextDialog([](QDialog& dialog) {
            auto* search = test::find<QLineEdit>(dialog, "shortcutsSearch");
            search->setText("undo");
            return true;
        });
        ui::ShortcutsDialog dialog({{"Edit", "Undo", "Ctrl+Z", {}}});
        QVERIFY(dialogs::run(dialog));
        QCOMPARE(dialog.result(), static_cast<int>(QDialog::Accepted));
    }

    void enterTakesWhatWasTypedLast() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        QVERIFY(model.open());
        ui::PruneDialog dialog(&model.document, &model.jobs);
        dialog.show();
        QSignalSpy previewed(&dialog, &ui::PruneDialog::previewed);
        QVERIFY(previewed.wait(test::kPatienceMs));  // of the share that is offered
        auto* number = test::find<QDoubleSpinBox>(dialog, "prunePercent");
        number->selectAll();
        QTest::keyClicks(number, "73");
        QTest::keyClick(number, Qt::Key_Return);
        QVERIFY(dialog.isVisible());  // its preview is being made
        QTRY_COMPARE_WITH_TIMEOUT(dialog.result(), int(QDialog::Accepted), test::kPatienceMs);
        QCOMPARE(dialog.share(), 0.73);
        const prune::PlanPtr plan = dialog.plan();
        QVERIFY(plan);
        double removed = 0;
        double weights = 0;
        for (const model::Layer& layer : model.document.snapshot()->layers()) {
            const auto rule = plan->weights.find(layer.name);
            if (rule == plan->weights.end()) continue;
            weights += static_cast<double>(layer.weightCount);
            removed += rule->second.value * static_cast<double>(layer.weightCount);
        }
        QVERIFY2(std::abs(removed / weights - 0.73) < 0.01, qPrintable(QString::number(removed)));
    }

    // Input shapes

    void inputIsCheckedWhileTyping_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("inputs");
        QTest::newRow("an image") << "1x3x224x224" << 1;
        QTest::newRow("tokens") << "1x128:int64:0..30522" << 1;
        QTest::newRow("two arguments") << "1x8  1x8:int64" << 2;
        QTest::newRow("a list") << "list:3x320x320" << 1;
        QTest::newRow("nothing") << "" << 0;
        QTest::newRow("words") << "an image" << 0;
        QTest::newRow("one bad of two") << "1x8 0x8" << 0;
    }
    void inputIsCheckedWhileTyping() {
        QFETCH(QString, text);
        QFETCH(int, inputs);
        ui::InputDialog dialog("model.pt", "");
        test::find<QLineEdit>(dialog, "inputSpec")->setText(text);
        QCOMPARE(static_cast<int>(dialog.inputs().size()), inputs);
        QCOMPARE(test::find<QPushButton>(dialog, "inputAccept")->isEnabled(), inputs > 0);
        QCOMPARE(isError(dialog, "inputMessage"), inputs == 0 && !text.isEmpty());
    }

    // Data

    void dataIsLookedAt() {
        QTemporaryDir folder;
        test::writeTinyMnist(folder.path().toStdString());
        ui::JobRunner jobs;
        data::DataSpec spec;
        spec.path = folder.path().toStdString();
        spec.validation = 0.2;
        ui::DataDialog dialog(&jobs, nullptr, spec);
        QSignalSpy previewed(&dialog, &ui::DataDialog::previewed);
        QVERIFY(previewed.wait(test::kPatienceMs));
        QVERIFY2(dialog.isReady(), qPrintable(shownText(dialog, "dataMessage")));
        QVERIFY(test::find<QPushButton>(dialog, "dataAccept")->isEnabled());
        // 600 training samples, a fifth of them held out
        QVERIFY2(shownText(dialog, "dataMessage")
                     .contains("480 for training, 120 for validation, 100 for test"),
                 qPrintable(shownText(dialog, "dataMessage")));
        QCOMPARE(dialog.spec(), spec);
    }

    void missingDataIsSaidInline() {
        ui::JobRunner jobs;
        data::DataSpec spec;
        spec.path = "/nowhere/at/all";
        ui::DataDialog dialog(&jobs, nullptr, spec);
        QSignalSpy previewed(&dialog, &ui::DataDialog::previewed);
        QVERIFY(previewed.wait(test::kPatienceMs));
        QVERIFY(!dialog.isReady());
        QVERIFY(isError(dialog, "dataMessage"));
        QVERIFY(!test::find<QPushButton>(dialog, "dataAccept")->isEnabled());
    }

    void dataNumbersAreChecked() {
        ui::JobRunner jobs;
        data::DataSpec spec;
        spec.path = "/nowhere/at/all";
        ui::DataDialog dialog(&jobs, nullptr, spec);
        test::find<QLineEdit>(dialog, "dataMean")->setText("0.5, red");
        QVERIFY(isError(dialog, "dataMessage"));
        QVERIFY(shownText(dialog, "dataMessage").startsWith("Mean"));
        test::find<QLineEdit>(dialog, "dataMean")->setText("0.5, 0.4 0.3");
        QCOMPARE(dialog.spec().mean, (std::vector<double>{0.5, 0.4, 0.3}));
    }

    void dataIsPickedThroughTheSeam() {
        DialogScript script;
        script.nextFile("/nowhere/else");
        ui::JobRunner jobs;
        ui::DataDialog dialog(&jobs, nullptr, {});
        QVERIFY(!isError(dialog, "dataMessage"));
        test::find<QPushButton>(dialog, "dataPickFolder")->click();
        QCOMPARE(dialog.spec().path, std::filesystem::path("/nowhere/else"));
    }

    // Pruning everywhere

    void pruningIsPreviewed() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        QVERIFY(model.open());
        ui::PruneDialog dialog(&model.document, &model.jobs);
        QSignalSpy previewed(&dialog, &ui::PruneDialog::previewed);
        QCOMPARE(dialog.focusWidget(), test::find<QDoubleSpinBox>(dialog, "prunePercent"));
        test::find<QDoubleSpinBox>(dialog, "prunePercent")->setValue(80);
        QVERIFY(previewed.wait(test::kPatienceMs));
        QCOMPARE(dialog.share(), 0.8);
        QCOMPARE(test::find<QSlider>(dialog, "pruneSlider")->value(), 800);
        QVERIFY(dialog.plan());
        // The plan's rules add up to 80 % of all prunable weights.
        std::int64_t removed = 0;
        std::int64_t all = 0;
        for (const model::Layer& layer : model.document.snapshot()->layers()) {
            if (!layer.prunable.weights) continue;
            all += layer.weightCount;
            removed += std::llround(dialog.plan()->weights.at(layer.name).value *
                                    static_cast<double>(layer.weightCount));
        }
        QCOMPARE(removed, std::llround(0.8 * static_cast<double>(all)));
        QVERIFY(model.document.plan().weights.empty());  // nothing is applied by looking
    }

    void pruningFollowsTheFields() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        QVERIFY(model.open());
        ui::PruneDialog dialog(&model.document, &model.jobs);
        QSignalSpy previewed(&dialog, &ui::PruneDialog::previewed);
        test::find<QComboBox>(dialog, "pruneScope")->setCurrentIndex(1);
        auto* criteria = test::find<QComboBox>(dialog, "pruneCriterion");
        criteria->setCurrentIndex(criteria->findData("lamp"));
        test::find<QSlider>(dialog, "pruneSlider")->setValue(250);
        QVERIFY(!dialog.plan());
        QVERIFY(!test::find<QPushButton>(dialog, "pruneAccept")->isEnabled());
        QVERIFY(previewed.wait(test::kPatienceMs));
        QCOMPARE(dialog.scope(), prune::Scope::Layer);
        QCOMPARE(dialog.plan()->weightCriterion, std::string("lamp"));
        for (const auto& [name, rule] : dialog.plan()->weights)
            QCOMPARE(rule, prune::WeightRule::sparsity(0.25));
        QVERIFY(test::find<QPushButton>(dialog, "pruneAccept")->isEnabled());
    }

    void cutsThatAreThereAreReplacedOrKept() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        QVERIFY(model.open());
        const model::LayerId first = model.document.selection();
        const std::string name = model.document.snapshot()->layer(first).name;
        model.document.setRule(first, prune::WeightRule::threshold(0.05));
        QVERIFY(model.rest());
        ui::PruneDialog dialog(&model.document, &model.jobs);
        QSignalSpy previewed(&dialog, &ui::PruneDialog::previewed);
        QVERIFY(previewed.wait(test::kPatienceMs));
        QVERIFY2(shownText(dialog, "pruneMessage").contains("Replaces the cut of 1 layer"),
                 qPrintable(shownText(dialog, "pruneMessage")));
        QCOMPARE(dialog.plan()->weights.at(name).kind, prune::WeightRule::Kind::Sparsity);
        test::find<QCheckBox>(dialog, "pruneKeep")->setChecked(true);
        QVERIFY(previewed.wait(test::kPatienceMs));
        QCOMPARE(dialog.plan()->weights.at(name), prune::WeightRule::threshold(0.05));
        QVERIFY(dialog.plan()->weights.size() > 1);
        QVERIFY(dialog.plan()->locked.empty());
        const QString note = shownText(dialog, "pruneMessage");
        model.document.setPlan(*dialog.plan(), "all");
        QVERIFY(model.rest());
        const auto left = siCount(static_cast<double>(model.document.footprint().nonzeros));
        QVERIFY2(note.contains(ui::unbroken(QString::fromStdString(left))), qPrintable(note));
    }

    void withoutCutsNothingIsOfferedToBeKept() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        QVERIFY(model.open());
        const ui::PruneDialog dialog(&model.document, &model.jobs);
        QVERIFY(!test::find<QCheckBox>(dialog, "pruneKeep")->isVisibleTo(&dialog));
    }

    // Export

    void exportSaysWhatWillBeWritten() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        QVERIFY(model.open());
        const model::LayerId layer = model.document.selection();
        model.document.setRule(layer, prune::WeightRule::sparsity(0.5));
        QTRY_VERIFY_WITH_TIMEOUT(model.document.masks(), test::kPatienceMs);
        const ui::ExportDialog dialog(&model.document);
        auto* list = test::find<QTreeWidget>(dialog, "exportLayers");
        QCOMPARE(list->topLevelItemCount(), 1);
        QCOMPARE(list->topLevelItem(0)->text(0).toStdString(),
                 model.document.snapshot()->layer(layer).name);
        QVERIFY(list->topLevelItem(0)->text(3).startsWith("50"));
    }

    void exportOfAnUntouchedModelSaysSo() {
        if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
        test::OpenModel model;
        QVERIFY(model.open());
        const ui::ExportDialog dialog(&model.document);
        QVERIFY(test::find<QTreeWidget>(dialog, "exportLayers")
                    ->topLevelItem(0)
                    ->text(0)
                    .startsWith("Nothing"));
    }

    // Help

    void shortcutsAreSearched() {
        ui::ShortcutsDialog dialog(
            {{"File", "Open model", "Ctrl+O", {}}, {"Edit", "Undo", "Ctrl+Z", {}}});
        auto* list = test::find<QTreeWidget>(dialog, "shortcutsList");
        dialog.setFilter("file OPEN");
        QVERIFY(!list->topLevelItem(0)->isHidden());
        QVERIFY(list->topLevelItem(1)->isHidden());
        dialog.setFilter("ctrl+z");
        QVERIFY(list->topLevelItem(0)->isHidden());
        dialog.setFilter("");
        QVERIFY(!list->topLevelItem(0)->isHidden());
    }

    void aboutShowsVersions() {
        const ui::AboutDialog dialog("Espalier 9.9\nQt 6");
        QCOMPARE(test::find<QLabel>(dialog, "aboutVersions")->text(),
                 QString("Espalier 9.9\nQt 6"));
    }

    void documentationIsReadByItsLinks() {
        const QString folder = QStringLiteral(ESPALIER_SOURCE_DIR "/docs");
        DialogScript script;
        QWidget owner;
        auto* help = new ui::HelpWindow(folder, &owner);
        help->show();
        QCOMPARE(help->page(), QString("README.md"));
        auto* browser = test::find<QTextBrowser>(*help, "helpBrowser");
        QVERIFY(browser->toPlainText().contains("Glossary"));
        Q_EMIT browser->anchorClicked(QUrl("glossary.md"));
        QCOMPARE(help->page(), QString("glossary.md"));
        test::find<QToolButton>(*help, "helpBack")->click();
        QCOMPARE(help->page(), QString("README.md"));
        Q_EMIT browser->anchorClicked(QUrl("images/cut.png"));  // the desktop's
        QCOMPARE(help->page(), QString("README.md"));
        QCOMPARE(script.shown(), QStringList{folder + "/images/cut.png"});
        QCOMPARE(test::focusableWithoutName(*help).join("; "), QString());
    }

    void documentationHasNoDeadLinks() {
        const QDir folder(QStringLiteral(ESPALIER_SOURCE_DIR "/docs"));
        static const QRegularExpression kLink(QStringLiteral("\\]\\(([^)#]+)[)#]"));
        for (const QString& name : folder.entryList({"*.md"})) {
            QFile page(folder.filePath(name));
            QVERIFY(page.open(QIODevice::ReadOnly));
            auto found = kLink.globalMatch(QString::fromUtf8(page.readAll()));
            while (found.hasNext()) {
                const QString target = found.next().captured(1);
                if (target.contains("://")) continue;
                QVERIFY2(QFileInfo::exists(folder.filePath(target)),
                         qPrintable(name + ": " + target));
            }
        }
    }

    void everyFieldHasAName() {
        ui::JobRunner jobs;
        ui::DataDialog data(&jobs, nullptr, {});
        ui::InputDialog input("model.pt", "");
        ui::ShortcutsDialog shortcuts({});
        ui::AboutDialog about("1");
        for (QDialog* dialog : std::initializer_list<QDialog*>{&data, &input, &shortcuts, &about}) {
            dialog->show();
            QCOMPARE(test::focusableWithoutName(*dialog).join("; "), QString());
            QCOMPARE(test::clippedTexts(*dialog).join("; "), QString());
        }
    }

private:
    std::unique_ptr<test::OwnSettings> m_settings;
};

QTEST_MAIN(TestDialogs)
#include "tst_dialogs.moc"
