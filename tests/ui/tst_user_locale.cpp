// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers on the screen are written as the user's language has them; those of files, tables and
// commands are the same everywhere.
#include <algorithm>

#include <QLabel>
#include <QLocale>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include "core/base/format.h"
#include "core/data/dataset.h"
#include "core/exchange/plan_file.h"
#include "tests/support/grab.h"
#include "tests/support/session.h"
#include "tests/support/tiny_data.h"
#include "tests/ui/plots_testing.h"
#include "ui/document/command_draft.h"
#include "ui/models/layer_model.h"
#include "ui/panels/impact_bar.h"
#include "ui/panels/impact_card.h"
#include "ui/panels/number_edit.h"
#include "ui/panels/recipe_form.h"
#include "ui/plots/curves_view.h"
#include "ui/plots/histogram_view.h"
#include "ui/plots/tickers.h"
#include "ui/style/number_text.h"

#include "ui/plots/qcp.h"

using namespace espalier;
using namespace espalier::ui;
using test::fixture;
using test::Session;

namespace {

constexpr const char* kModel = "cnn_bn.script.pt";

/// Everything that is written on the axes of `plot`.
QStringList tickLabels(QCustomPlot* plot) {
    return plot->xAxis->tickVectorLabels() + plot->yAxis->tickVectorLabels();
}

bool anyHas(const QStringList& texts, QChar sign) {
    return std::ranges::any_of(texts, [sign](const QString& text) { return text.contains(sign); });
}

}  // namespace

class TestUserLocale : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        QLocale::setDefault(QLocale(QLocale::German, QLocale::Germany));
        QCOMPARE(QLocale().decimalPoint(), QString(","));
    }
    void init() { plots::testing::failOnWarnings(); }

    void aNumberHasTheUsersDecimalSign() {
        QCOMPARE(style::numberText(percent(0.6241)), QString("62,4\u2009%"));
        QCOMPARE(style::numberText(siCount(1'470'000)), QString("1,47\u2009M"));
        QCOMPARE(style::numberText(significant(-0.031)), QString("\u22120,031"));
        QCOMPARE(style::numberText(exactCount(431'080)), QString("431\u2009080"));
        QCOMPARE(significant(0.031), std::string("0.031"));  // of the core: as in files
    }

    void recipesAreTypedWithEitherSign() {
        RecipeForm form;
        form.setRecipe(train::Recipe());
        auto* rate = form.findChild<NumberEdit*>("recipeLr");
        QVERIFY(rate);
        QCOMPARE(rate->text(), QString("0,01"));
        for (const char* typed : {"0,02", "0.02"}) {
            rate->clear();
            QTest::keyClicks(rate, typed);
            QCOMPARE(rate->text(), QString("0,02"));
            QCOMPARE(form.recipe().optimizer.lr, 0.02);
        }
    }

    void ourTickersFollow() {
        QCOMPARE(plots::siTickText(1500), QString("1,5\u2009k"));
        QCOMPARE(plots::plainTickText(-0.25, 0.1), QString("\u22120,25"));
    }

    void axesFollowAndTheirTablesDoNot() {
        plots::CurvesView view;
        view.setAxisTitles("epoch", "loss");
        view.addSeries({.name = "a"});
        view.setPoints(0, {{0, 0.5, 1}, {0.1, 0.25, 0.3}});
        plots::testing::showNow(view);
        const QStringList shown = tickLabels(view.canvas());
        QVERIFY2(anyHas(shown, u',') && !anyHas(shown, u'.'), qPrintable(shown.join(u'|')));
        QVERIFY(view.csv().contains("0.25") && !view.csv().contains("0,25,"));
    }

    void theReadOutOfAHistogramFollows() {
        plots::HistogramView view;
        view.setData(plots::testing::smallHistogram());
        plots::testing::showNow(view);
        const QString said = view.accessibleDescription();
        QVERIFY2(said.contains("0,4") && !said.contains("0.4"), qPrintable(said));
        QVERIFY(view.csv().contains("0.1") && !view.csv().contains("0,1,"));
    }

    void cardsAndListsFollowAndPlansAndCommandsDoNot() {
        NEED_FILE(fixture(kModel));
        Session session;
        QVERIFY(session.open(fixture(kModel), {*script::parseInputSpec("1x3x16x16")}));
        const auto fc1 = session.layer("fc1.weight");
        session.document.setRule(fc1, prune::WeightRule::sparsity(0.625));
        QVERIFY(session.settle());

        ImpactBar bar(&session.workbench);
        test::showAt(bar, {1024, 80});
        const auto* card = bar.findChild<ImpactCard*>("impact.nonzeros");
        QStringList texts;
        for (const QLabel* label : card->findChildren<QLabel*>()) texts << label->text();
        QVERIFY2(anyHas(texts, u',') && !anyHas(texts, u'.'), qPrintable(texts.join(u'|')));

        const LayerModel model(&session.document);
        const auto cell = model.index(int(fc1.index()), LayerModel::Removed).data().toString();
        QVERIFY2(cell.contains("62,5"), qPrintable(cell));

        const std::string plan = exchange::planToJson(*session.document.state().plan);
        QVERIFY(plan.find("0.625") != std::string::npos);
        const QTemporaryDir folder;
        test::writeTinyMnist(test::path(folder.path()));
        RunControl control;
        const auto data = data::openDataset({.path = test::path(folder.path())}, control);
        QVERIFY(data.ok());
        session.document.setDataset(*data);
        const auto [spec, draft] = tuneDraft(session.document, {});
        QString written = draft.command;
        for (const auto& [path, text] : draft.texts) written += QString::fromStdString(text);
        static const QRegularExpression comma("[0-9],[0-9]");
        QVERIFY2(written.contains("0.01") && !written.contains(comma), qPrintable(written));
    }
};

QTEST_MAIN(TestUserLocale)
#include "tst_user_locale.moc"
