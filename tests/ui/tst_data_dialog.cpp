// SPDX-License-Identifier: GPL-3.0-or-later
// Attaching data: samples with labels, whether the model takes them, sizes.
#include <QComboBox>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>

#include "tests/support/grab.h"
#include "tests/support/gui_test.h"
#include "tests/support/image_files.h"
#include "tests/support/open_model.h"
#include "tests/support/session.h"
#include "tests/support/tiny_data.h"
#include "ui/dialogs/data_dialog.h"
#include "ui/dialogs/data_fields.h"
#include "ui/dialogs/dialogs.h"
#include "ui/dialogs/inline_message.h"
#include "ui/dialogs/sample_strip.h"

using namespace espalier;

class TestDataDialog : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() {
        test::failOnAnyWarning();
        m_folder = std::make_unique<QTemporaryDir>();
    }
    void samplesAreShownWithLabels();
    void aModelThatFits();
    void aModelThatDoesNotFit();
    void fewerClassesThanTheModelHasOutputs();
    void colourPhotosAreScaled();
    void oneOfSeveralOutputsIsChosen();
    void aModelWithOneOutputLeavesNoChoice();
    void photosWithoutLabelsAreTaken();
    void whatJudgesIsChosen();
    void aJudgeFromAFileIsTried();
    void sizesAreChecked();
    void everythingComesBack();
    void aBrokenFolderShowsNothing();
    void labelsStayBesideLongNotes();
    void looksAgainWithTheNewestOptions();

private:
    std::filesystem::path root() const { return m_folder->path().toStdString(); }
    data::DataSpec tinyMnist() {
        test::writeTinyMnist(root());
        data::DataSpec spec;
        spec.path = root();
        return spec;
    }
    static QString message(const QDialog& dialog) {
        return test::find<ui::InlineMessage>(dialog, "dataMessage")->text();
    }
    static bool look(ui::DataDialog& dialog) {
        QSignalSpy previewed(&dialog, &ui::DataDialog::previewed);
        return previewed.wait(test::kPatienceMs);
    }
    static void choose(QComboBox* box, const char* text) {
        const int index = box->findText(QLatin1String(text), Qt::MatchStartsWith);
        QVERIFY2(index >= 0, text);
        box->setCurrentIndex(index);
        Q_EMIT box->activated(index);
    }
    std::unique_ptr<QTemporaryDir> m_folder;
    ui::JobRunner m_jobs;
};

void TestDataDialog::samplesAreShownWithLabels() {
    ui::DataDialog dialog(&m_jobs, nullptr, tinyMnist());
    auto* samples = test::find<ui::SampleStrip>(dialog, "dataSamples");
    QCOMPARE(samples->count(), 0);
    QVERIFY(look(dialog));
    QVERIFY2(dialog.isReady(), qPrintable(message(dialog)));
    QCOMPARE(samples->count(), 12);
    QVERIFY(!samples->item(0)->icon().isNull());
    bool isDigit = false;
    samples->item(5)->text().toInt(&isDigit);
    QVERIFY(isDigit);
    // (0 - 0.1307) / 0.3081 to (200 … 249 / 255 - 0.1307) / 0.3081
    QVERIFY2(message(dialog).contains("Values from −0.424 to 2."), qPrintable(message(dialog)));
    dialog.show();
    QCOMPARE(test::focusableWithoutName(dialog).join("; "), QString());
    test::grab(dialog, "data_dialog");
}

void TestDataDialog::aModelThatFits() {
    if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
    test::OpenModel model;
    QVERIFY(model.open());
    ui::DataDialog dialog(&m_jobs, model.document.snapshot(), tinyMnist());
    QVERIFY(look(dialog));
    QVERIFY2(dialog.isReady(), qPrintable(message(dialog)));
    QVERIFY2(message(dialog).contains(" runs on it."), qPrintable(message(dialog)));
}

void TestDataDialog::aModelThatDoesNotFit() {
    if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
    test::OpenModel model;
    QVERIFY(model.open());
    data::DataSpec spec = tinyMnist();
    spec.resize = {20};
    ui::DataDialog dialog(&m_jobs, model.document.snapshot(), spec);
    QVERIFY(look(dialog));
    QVERIFY(!dialog.isReady());
    QVERIFY(!test::find<QPushButton>(dialog, "dataAccept")->isEnabled());
    QVERIFY(test::find<ui::InlineMessage>(dialog, "dataMessage")->isError());
    QVERIFY2(message(dialog).contains("1x1x28x28") && message(dialog).contains("1x1x20x20"),
             qPrintable(message(dialog)));
    QVERIFY2(message(dialog).contains("Scale the images to 28 and cut out 28."),
             qPrintable(message(dialog)));  // and nothing of the options of the command line
    // What does not fit is shown all the same; mending it makes it fit.
    QCOMPARE(test::find<ui::SampleStrip>(dialog, "dataSamples")->count(), 12);
    test::find<QLineEdit>(dialog, "dataResize")->setText("28");
    QVERIFY(look(dialog));
    QVERIFY2(dialog.isReady(), qPrintable(message(dialog)));
}

void TestDataDialog::fewerClassesThanTheModelHasOutputs() {
    if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
    test::OpenModel model;
    QVERIFY(model.open());
    for (const std::string name : {"cat/0.png", "cat/1.png", "dog/0.png"})
        test::writeFile(root() / "train" / name, test::solidPng(28, 28, 200, 100, 50));
    data::DataSpec spec;
    spec.path = root();
    spec.preset = "mnist";
    ui::DataDialog dialog(&m_jobs, model.document.snapshot(), spec);
    QVERIFY(look(dialog));
    QVERIFY2(dialog.isReady(), qPrintable(message(dialog)));
    QVERIFY2(message(dialog).contains("2 classes: cat, dog are taken for its outputs 0 to 1"),
             qPrintable(message(dialog)));
    QVERIFY2(!message(dialog).contains("--"), qPrintable(message(dialog)));
}

void TestDataDialog::colourPhotosAreScaled() {
    for (const std::string name : {"a/0.png", "a/1.png", "b/0.png"}) {
        const auto width = static_cast<std::uint32_t>(name == "b/0.png" ? 40 : 30);
        test::writeFile(root() / "train" / name, test::solidPng(width, 20, 200, 100, 50));
    }
    data::DataSpec spec;
    spec.path = root();
    ui::DataDialog dialog(&m_jobs, nullptr, spec);
    QVERIFY(look(dialog));
    QVERIFY(!dialog.isReady());
    QVERIFY2(message(dialog).contains("30x20") && message(dialog).contains("40x20"),
             qPrintable(message(dialog)));
    test::find<QLineEdit>(dialog, "dataResize")->setText("16");
    test::find<QLineEdit>(dialog, "dataCrop")->setText("12 × 14");
    QVERIFY(look(dialog));
    QVERIFY2(message(dialog).contains("samples of 3 × 12 × 14"), qPrintable(message(dialog)));
    QCOMPARE(test::find<ui::SampleStrip>(dialog, "dataSamples")->item(0)->text(), QString("a"));
}

void TestDataDialog::oneOfSeveralOutputsIsChosen() {
    const auto file = test::fixture("image_outputs.script.pt");
    NEED_FILE(file);
    test::OpenModel model;
    QVERIFY(model.open(file));
    for (int i = 0; i < 6; ++i) {
        const std::string name = std::to_string(i % 2) + "/" + std::to_string(i) + ".png";
        test::writeFile(root() / "train" / name, test::solidPng(16, 16, 20 * i, 100, 50));
    }
    data::DataSpec spec;
    spec.path = root();
    ui::DataDialog dialog(&m_jobs, model.document.snapshot(), spec);
    auto* output = test::find<QComboBox>(dialog, "dataOutput");
    QVERIFY(look(dialog));
    QVERIFY(!dialog.isReady());
    QVERIFY2(message(dialog).contains("features: 2x20 float32; logits: 2x5 float32"),
             qPrintable(message(dialog)));
    QCOMPARE(output->count(), 3);
    QCOMPARE(output->itemText(2), QString("logits: 2 × 5, float32"));
    QVERIFY(output->isEnabled());
    output->setCurrentIndex(2);
    Q_EMIT output->activated(2);
    QVERIFY(look(dialog));
    QVERIFY2(dialog.isReady(), qPrintable(message(dialog)));
    QCOMPARE(dialog.metrics().output, std::string("logits"));
    QCOMPARE(output->currentIndex(), 2);
    dialog.show();
    test::grab(dialog, "data_dialog_outputs");
    QCOMPARE(test::clippedText(dialog), QString());

    // What was chosen is measured, and what is chosen comes back.
    model.workbench.attachData(dialog.spec(), dialog.metrics());
    QTRY_VERIFY_WITH_TIMEOUT(model.document.dataset(), test::kPatienceMs);
    QCOMPARE(model.document.metricOptions().output, std::string("logits"));
    model.workbench.evaluate(data::Split::Train);
    QTRY_VERIFY_WITH_TIMEOUT(model.document.evaluation(), test::kPatienceMs);
    ui::DataDialog again(&m_jobs, model.document.snapshot(), spec, nullptr, dialog.metrics());
    QVERIFY(look(again));
    QCOMPARE(test::find<QComboBox>(again, "dataOutput")->currentIndex(), 2);
}

void TestDataDialog::aModelWithOneOutputLeavesNoChoice() {
    if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
    test::OpenModel model;
    QVERIFY(model.open());
    ui::DataDialog dialog(&m_jobs, model.document.snapshot(), tinyMnist());
    QVERIFY(look(dialog));
    auto* output = test::find<QComboBox>(dialog, "dataOutput");
    QCOMPARE(output->currentText(), QString("2 × 10, float32"));
    QVERIFY(!output->isEnabled());
}

void TestDataDialog::photosWithoutLabelsAreTaken() {
    for (int i = 0; i < 6; ++i) {
        const std::string name = std::to_string(i) + ".png";
        test::writeFile(root() / "flat" / name, test::solidPng(16, 16, 20 * i, 100, 50));
    }
    data::DataSpec spec;
    spec.path = root() / "flat";
    ui::DataDialog dialog(&m_jobs, nullptr, spec);
    QVERIFY(look(dialog));
    QVERIFY2(dialog.isReady(), qPrintable(message(dialog)));
    QVERIFY2(message(dialog).contains("no labels: agreement with the dense model"),
             qPrintable(message(dialog)));
    QCOMPARE(test::find<ui::SampleStrip>(dialog, "dataSamples")->item(0)->text(), QString());
}

void TestDataDialog::whatJudgesIsChosen() {
    if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
    test::OpenModel model;
    QVERIFY(model.open());
    ui::DataDialog dialog(&m_jobs, model.document.snapshot(), tinyMnist());
    auto* metric = test::find<QComboBox>(dialog, "dataMetric");
    auto* loss = test::find<QComboBox>(dialog, "dataLoss");
    QVERIFY(look(dialog));
    QVERIFY2(message(dialog).contains("judged by top-1 and the loss cross_entropy"),
             qPrintable(message(dialog)));
    for (const std::string& name : measure::metricNames())
        QVERIFY(metric->findText(QString::fromStdString(name)) > 0);
    for (const std::string& name : measure::lossNames())
        QVERIFY(loss->findText(QString::fromStdString(name)) > 0);
    choose(metric, "top5");
    QVERIFY(look(dialog));
    QCOMPARE(dialog.metrics().metric, std::string("top5"));
    QVERIFY2(message(dialog).contains("judged by top-5"), qPrintable(message(dialog)));
    // A loss that does not go with classes is refused before anything runs.
    choose(loss, "mse");
    QVERIFY(look(dialog));
    QCOMPARE(dialog.metrics().loss, std::string("mse"));
    QVERIFY(!dialog.isReady());
    choose(loss, "By the data");
    QVERIFY(look(dialog));
    QVERIFY(dialog.isReady());
}

void TestDataDialog::aJudgeFromAFileIsTried() {
    const auto judge = test::fixture("margin_judge.script.pt");
    const auto other = test::fixture("mlp.script.pt");
    NEED_FILE(judge);
    if (!test::OpenModel::hasExample()) QSKIP("the built-in example is not there");
    test::OpenModel model;
    QVERIFY(model.open());
    ui::DataDialog dialog(&m_jobs, model.document.snapshot(), tinyMnist());
    auto* metric = test::find<QComboBox>(dialog, "dataMetric");
    QVERIFY(look(dialog));
    ui::DialogScript script;
    script.nextFile(QString::fromStdString(judge.string()));
    choose(metric, "From a TorchScript file");
    QVERIFY(look(dialog));
    QVERIFY2(dialog.isReady(), qPrintable(message(dialog)));
    QCOMPARE(metric->currentText(), QString("margin_judge.script.pt"));
    QCOMPARE(dialog.metrics().metric, judge.string());
    QVERIFY2(message(dialog).contains("judged by margin_judge.script.pt"),
             qPrintable(message(dialog)));
    dialog.show();
    test::grab(dialog, "data_dialog_judge");
    // A model is no judge: the message says what one is.
    script.nextFile(QString::fromStdString(other.string()));
    choose(metric, "From a TorchScript file");
    QVERIFY(look(dialog));
    QVERIFY(!dialog.isReady());
    QVERIFY2(message(dialog).contains("does not take two arguments") &&
                 message(dialog).contains("forward(output, target)"),
             qPrintable(message(dialog)));
    // Whoever picks no file keeps what there was.
    script.nextFile({});
    choose(metric, "From a TorchScript file");
    QCOMPARE(metric->currentText(), QString("mlp.script.pt"));
    // What was chosen comes back with the dialog.
    const ui::DataDialog again(&m_jobs, model.document.snapshot(), tinyMnist(), nullptr,
                               {.metric = judge.string()});
    QCOMPARE(test::find<QComboBox>(again, "dataMetric")->currentText(),
             QString("margin_judge.script.pt"));
}

void TestDataDialog::sizesAreChecked() {
    ui::DataDialog dialog(&m_jobs, nullptr, tinyMnist());
    auto* resize = test::find<QLineEdit>(dialog, "dataResize");
    for (const char* text : {"large", "0", "1 2 3", "-5"}) {
        resize->setText(text);
        QVERIFY2(message(dialog).startsWith("Scale to is not a size"), text);
    }
    resize->setText("32");
    QVERIFY(look(dialog));
    QVERIFY2(message(dialog).contains("samples of 1 × 32 × 32"), qPrintable(message(dialog)));
}

void TestDataDialog::everythingComesBack() {
    data::DataSpec spec = tinyMnist();
    spec.preset = "mnist";
    spec.mean = {0.25};
    spec.deviation = {0.5};
    spec.resize = {30, 31};
    spec.crop = {24};
    spec.augment = "mnist";
    spec.workers = 3;
    spec.validation = 0.2;
    const ui::DataDialog dialog(&m_jobs, nullptr, spec);
    QCOMPARE(dialog.spec(), spec);
}

void TestDataDialog::aBrokenFolderShowsNothing() {
    ui::DataDialog dialog(&m_jobs, nullptr, tinyMnist());
    QVERIFY(look(dialog));
    test::find<QLineEdit>(dialog, "dataPath")->setText("/nowhere/at/all");
    QCOMPARE(test::find<ui::SampleStrip>(dialog, "dataSamples")->count(), 0);
    QVERIFY(look(dialog));
    QVERIFY(!dialog.isReady());
    QCOMPARE(test::find<ui::SampleStrip>(dialog, "dataSamples")->count(), 0);
}

/// Long class names, a note of many lines, and no more than a small screen has.
void TestDataDialog::labelsStayBesideLongNotes() {
    const std::string longName = "a_class_whose_name_is_longer_than_any_picture_is_wide";
    for (int i = 0; i < 12; ++i) {
        const std::string folder = i % 2 == 0 ? longName : "b";
        test::writeFile(root() / "train" / folder / (std::to_string(i) + ".png"),
                        test::solidPng(16, 16, 100, 100, 100));  // all alike: warned of
    }
    for (const char* name : {"broken-one", "broken-two", "broken-three"})
        test::writeFile(root() / "train" / "b" / (name + std::string(".png")), "no picture");
    data::DataSpec spec;
    spec.path = root();
    ui::DataDialog dialog(&m_jobs, nullptr, spec);
    dialog.show();
    QVERIFY(look(dialog));
    QVERIFY2(dialog.isReady(), qPrintable(message(dialog)));
    QVERIFY2(message(dialog).count('\n') >= 4, qPrintable(message(dialog)));
    QCoreApplication::processEvents();
    auto* strip = test::find<ui::SampleStrip>(dialog, "dataSamples");
    for (int i = 0; i < 4; ++i) {
        QVERIFY(!strip->item(i)->text().isEmpty());
        const QRect place = strip->visualItemRect(strip->item(i));
        QVERIFY2(strip->viewport()->rect().contains(place), qPrintable(QString::number(i)));
    }
    const auto* note = test::find<ui::InlineMessage>(dialog, "dataMessage");
    QVERIFY(note->height() >= note->heightForWidth(note->width()));
    QVERIFY(dialog.height() <= 640);
    QCOMPARE(test::clippedTexts(dialog).join("; "), QString());
    test::grab(dialog, "data_dialog_long");
}

void TestDataDialog::looksAgainWithTheNewestOptions() {
    ui::DataDialog dialog(&m_jobs, nullptr, tinyMnist());
    auto* resize = test::find<QLineEdit>(dialog, "dataResize");
    for (const char* text : {"1", "12", "12x", "12x1", "12x16"}) resize->setText(text);
    QTRY_VERIFY(message(dialog).contains("samples of 1 × 12 × 16"));
}

QTEST_MAIN(TestDataDialog)
#include "tst_data_dialog.moc"
