// SPDX-License-Identifier: GPL-3.0-or-later
// LayerModel, its filter and its order.
#include <QAbstractItemModelTester>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>
#include <QUndoStack>

#include "tests/support/session.h"
#include "ui/models/layer_filter.h"
#include "ui/models/layer_model.h"
#include "ui/style/sparsity_bar.h"

using namespace espalier;
using namespace espalier::ui;
using test::fixture;
using test::Session;

namespace {

constexpr const char* kModel = "cnn_bn.script.pt";

model::Layer layerOf(std::int64_t weights) {
    model::Layer layer;
    layer.name = "features.conv1.weight";
    layer.op = "conv2d";
    layer.shape = {weights, 1};
    layer.weightCount = weights;
    layer.parameters = weights + 10;
    layer.macs = weights * 100;
    layer.prunable.weights = true;
    return layer;
}

}  // namespace

class TestLayerModel : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
    }

    void filterUnderstands_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("accepted");
        // The layer: features.conv1.weight, conv2d, 1000 weights, 1010 parameters, 100 k MACs, 30 %
        // removed, locked.
        QTest::newRow("empty") << "" << true;
        QTest::newRow("spaces") << "   " << true;
        QTest::newRow("part of the name") << "CONV1" << true;
        QTest::newRow("other name") << "fc" << false;
        QTest::newRow("sparsity below") << "sparsity<0.3" << false;
        QTest::newRow("sparsity at most") << "sparsity<=0.3" << true;
        QTest::newRow("sparsity in percent") << "sparsity>25%" << true;
        QTest::newRow("sparsity equal") << "sparsity=0.3" << true;
        QTest::newRow("sparsity not equal") << "sparsity=0.31" << false;
        QTest::newRow("params") << "params>1e3" << true;
        QTest::newRow("params not") << "params>1e6" << false;
        QTest::newRow("weights equal") << "weights=1000" << true;
        QTest::newRow("weights nearly") << "weights=1001" << false;
        QTest::newRow("macs") << "macs>=100000" << true;
        QTest::newRow("upper case key") << "PARAMS<2000" << true;
        QTest::newRow("type") << "type:conv" << true;
        QTest::newRow("other type") << "type:linear" << false;
        QTest::newRow("locked") << "is:locked" << true;
        QTest::newRow("prunable") << "is:prunable" << true;
        QTest::newRow("all must hold") << "conv type:conv params<100" << false;
        QTest::newRow("unfinished") << "sparsity<" << true;
        QTest::newRow("no number") << "sparsity<abc" << true;
        QTest::newRow("unknown key") << "size<3" << true;
        QTest::newRow("unknown property") << "is:big" << true;
    }
    void filterUnderstands() {
        QFETCH(QString, text);
        QFETCH(bool, accepted);
        const model::Layer layer = layerOf(1000);
        QCOMPARE(LayerFilter(text).accepts({layer, 0.3, true}), accepted);
    }

    void filterSaysWhatItDoesNotUnderstand() {
        for (const char* text : {"sparsity<", "sparsity<abc", "size<3", "is:big"}) {
            QVERIFY2(!LayerFilter(QString::fromLatin1(text)).problem().isEmpty(), text);
        }
        QVERIFY(LayerFilter("conv sparsity<0.3 type:conv is:locked").problem().isEmpty());
    }

    void modelIsWellBehavedThroughEverything() {
        NEED_FILE(fixture(kModel));
        Session session;
        LayerModel model(&session.document);
        LayerProxyModel proxy(&model);
        const QAbstractItemModelTester tester(
            &model, QAbstractItemModelTester::FailureReportingMode::Fatal);
        const QAbstractItemModelTester proxyTester(
            &proxy, QAbstractItemModelTester::FailureReportingMode::Fatal);
        QCOMPARE(model.rowCount(), 0);
        QVERIFY(session.open(fixture(kModel)));
        QCOMPARE(model.rowCount(), int(session.document.snapshot()->layers().size()));
        session.document.setRule(session.document.selection(), prune::WeightRule::sparsity(0.5));
        QVERIFY(session.settle());
        proxy.setFilter("sparsity>0.4");
        QCOMPARE(proxy.rowCount(), 1);
        proxy.sort(LayerModel::Parameters, Qt::DescendingOrder);
        proxy.setFilter({});
        session.document.undoStack()->undo();
        session.document.closeModel();
        QCOMPARE(model.rowCount(), 0);
        QVERIFY(session.open(fixture(kModel)));
        QCOMPARE(proxy.rowCount(), model.rowCount());
    }

    void cellsSayWhatALayerIs() {
        NEED_FILE(fixture(kModel));
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        const LayerModel model(&session.document);
        const model::LayerId conv = session.document.selection();
        const model::Layer& layer = session.document.snapshot()->layer(conv);
        session.document.setRule(conv, prune::WeightRule::sparsity(0.5));
        const auto text = [&](int column) { return model.indexOf(conv, column).data().toString(); };
        QCOMPARE(text(LayerModel::Name), QString::fromStdString(layer.modulePath()));
        QCOMPARE(text(LayerModel::Type), "conv2d");
        QCOMPARE(text(LayerModel::Shape), shapeText(layer));
        QVERIFY(text(LayerModel::Shape).contains(QStringLiteral("×3×")));
        QCOMPARE(text(LayerModel::Removed), QStringLiteral("50.0\u2009%"));
        const auto bar = model.indexOf(conv, LayerModel::Removed)
                             .data(LayerModel::BarRole)
                             .value<style::SparsityBar>();
        QCOMPARE(bar.removed, 0.5);
        QVERIFY(bar.state == style::SparsityBar::State::Prunable);
        session.document.setLocked({conv}, true);
        const auto locked = model.indexOf(conv, LayerModel::Removed)
                                .data(LayerModel::BarRole)
                                .value<style::SparsityBar>();
        QVERIFY(locked.state == style::SparsityBar::State::Locked);
        QVERIFY(!model.indexOf(conv, LayerModel::State).data(Qt::DecorationRole).isNull());
    }

    void rowsThatCannotBePrunedSayWhy() {
        NEED_FILE(fixture(kModel));
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        const LayerModel model(&session.document);
        int unprunable = 0;
        for (const model::Layer& layer : session.document.snapshot()->layers()) {
            if (layer.prunable.weights) continue;
            ++unprunable;
            const QModelIndex name = model.indexOf(layer.id);
            QVERIFY(name.data(Qt::ToolTipRole)
                        .toString()
                        .contains(QString::fromStdString(layer.prunable.reason)));
            QVERIFY(name.data(Qt::ForegroundRole).isValid());
            QVERIFY(model.indexOf(layer.id, LayerModel::Removed).data().toString().isEmpty());
        }
        QVERIFY(unprunable > 0);
    }

    void sortsByNumbersNotByTheirText() {
        NEED_FILE(fixture(kModel));
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        LayerModel model(&session.document);
        LayerProxyModel proxy(&model);
        proxy.sort(LayerModel::Parameters, Qt::DescendingOrder);
        std::int64_t previous = std::numeric_limits<std::int64_t>::max();
        for (int row = 0; row < proxy.rowCount(); ++row) {
            const auto now =
                session.document.snapshot()->layer(proxy.layerAt(proxy.index(row, 0))).parameters;
            QVERIFY(now <= previous);
            previous = now;
        }
    }

    void rowsStayWhileACutIsDragged() {
        NEED_FILE(fixture(kModel));
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        LayerModel model(&session.document);
        LayerProxyModel proxy(&model);
        proxy.setFilter("sparsity<0.3 is:prunable");
        const int rows = proxy.rowCount();
        QVERIFY(rows > 1);
        session.document.setRule(session.document.selection(), prune::WeightRule::sparsity(0.5));
        QVERIFY(session.settle());
        QCOMPARE(proxy.rowCount(), rows);
        proxy.setFilter("sparsity<0.3 is:prunable");
        QCOMPARE(proxy.rowCount(), rows - 1);
    }
};

QTEST_MAIN(TestLayerModel)
#include "tst_layer_model.moc"
