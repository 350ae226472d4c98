// SPDX-License-Identifier: GPL-3.0-or-later
// LayerModel and its order.
#include <algorithm>

#include <QAbstractItemModelTester>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>
#include <QUndoStack>

#include "tests/support/session.h"
#include "ui/document/channels.h"
#include "ui/models/layer_model.h"
#include "ui/style/sparsity_bar.h"

using namespace espalier;
using namespace espalier::ui;
using test::fixture;
using test::Session;

namespace {

constexpr const char* kModel = "cnn_bn.script.pt";

int layersWithAGroup(const Document& document) {
    return static_cast<int>(
        std::ranges::count_if(document.snapshot()->layers(), [&](const model::Layer& layer) {
            return document.channels()->groupOf(layer.id).has_value();
        }));
}

}  // namespace

class TestLayerModel : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
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
        proxy.setFilter("sparsity>");  // not understood
        QCOMPARE(proxy.rowCount(), 1);
        QVERIFY(session.document.channels()->found());
        proxy.setFilter("nonzeros>0 channels>0 rows>0");  // those with a group
        QCOMPARE(proxy.rowCount(), layersWithAGroup(session.document));
        proxy.setFilter("-channels>0");
        QCOMPARE(proxy.rowCount(), model.rowCount() - layersWithAGroup(session.document));
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
