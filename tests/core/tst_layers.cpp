// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <ATen/Functions.h>

#include "core/model/layer_finder_torch.h"

using namespace espalier;
using namespace espalier::model;

namespace {

using Shape = std::vector<std::int64_t>;

/// Parameters by name and shape, and the body of forward.
struct Toy {
    std::vector<std::pair<const char*, Shape>> parameters;
    std::string body;
    std::vector<Shape> inputs;
    at::ScalarType inputType = at::kFloat;
};

FoundLayers layersOf(const torch::jit::Module& module, std::vector<c10::IValue> inputs) {
    const auto parameters = uniqueParameters(module);
    const auto program = script::makeProgram(module);
    LayerFinder finder(module, parameters);
    RunControl control;
    const auto output = script::runObserved(*program, std::move(inputs), finder, control);
    if (!output) qWarning("%s", output.error().text().c_str());
    return finder.finish();
}

FoundLayers layersOf(const Toy& toy) {
    torch::jit::Module module("m");
    for (const auto& [name, shape] : toy.parameters) {
        module.register_parameter(name, at::ones(shape), false);
    }
    module.register_buffer("buffer", at::ones({4, 3}));
    const char* names[] = {"x", "y", "z"};
    std::string arguments;
    std::vector<c10::IValue> inputs;
    for (std::size_t i = 0; i < toy.inputs.size(); ++i) {
        arguments += std::string(", ") + names[i];
        inputs.emplace_back(at::ones(toy.inputs[i], toy.inputType));
    }
    module.define("def forward(self" + arguments + "):\n  " + toy.body + "\n");
    return layersOf(module, std::move(inputs));
}

const Layer& named(const FoundLayers& found, const std::string& name) {
    for (const auto& layer : found.layers) {
        if (layer.name == name) return layer;
    }
    static const Layer none;
    return none;
}

bool has(const Layer& layer, const char* reason) {
    return QString::fromStdString(layer.prunable.reason).contains(reason);
}

}  // namespace

class TestLayers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void countsLeNet5();
    void readsOneOperator_data();
    void readsOneOperator();
    void tellsLinearLayersFromProducts();
    void takesABiasThatIsAddedAfterwards();
    void countsASharedWeightTwice();
    void seesTiedWeightsAsOne();
    void seesFlattenedWeightsApart();
    void countsProductsOfActivationsApart();
    void explainsWhatCannotBePruned_data();
    void explainsWhatCannotBePruned();
    void listsUnusedParametersLast();
    void keepsTheOrderOfExecution();
    void readsTheFusedEncoderLayer();
    void recognisesParametersThatAreWrittenTo();
};

void TestLayers::countsLeNet5() {
    // As in Caffe: 28x28 → 20@24x24 → 12x12 → 50@8x8 → 4x4 → 800 → 500 → 10.
    const auto found = layersOf(
        Toy{{{"conv1", {20, 1, 5, 5}},
             {"conv1_bias", {20}},
             {"conv2", {50, 20, 5, 5}},
             {"conv2_bias", {50}},
             {"fc1", {500, 800}},
             {"fc1_bias", {500}},
             {"fc2", {10, 500}},
             {"fc2_bias", {10}}},
            "x = torch.max_pool2d(torch.conv2d(x, self.conv1, self.conv1_bias), 2, 2)\n"
            "  x = torch.max_pool2d(torch.conv2d(x, self.conv2, self.conv2_bias), 2, 2)\n"
            "  x = torch.relu(torch.linear(torch.flatten(x, 1), self.fc1, self.fc1_bias))\n"
            "  return torch.linear(x, self.fc2, self.fc2_bias)",
            {{1, 1, 28, 28}}});
    QCOMPARE(found.layers.size(), std::size_t(4));
    const std::int64_t macs[] = {288'000, 1'600'000, 400'000, 5'000};
    const std::int64_t parameters[] = {520, 25'050, 400'500, 5'010};
    for (int i = 0; i < 4; ++i) {
        QCOMPARE(found.layers[i].macs, macs[i]);
        QCOMPARE(found.layers[i].parameters, parameters[i]);
        QCOMPARE(found.layers[i].bias, found.layers[i].name + "_bias");
        QVERIFY(found.layers[i].prunable.weights);
    }
    QCOMPARE(found.otherMacs, 0);
    QCOMPARE(found.layers[1].inputShape, (Shape{1, 20, 12, 12}));
    QCOMPARE(found.layers[1].outputShape, (Shape{1, 50, 8, 8}));
}

void TestLayers::readsOneOperator_data() {
    QTest::addColumn<QString>("body");
    QTest::addColumn<QList<qint64>>("weight");
    QTest::addColumn<QList<qint64>>("input");
    QTest::addColumn<QString>("op");
    QTest::addColumn<qint64>("macs");
    const auto row = [](const char* body, QList<qint64> weight, QList<qint64> input, const char* op,
                        qint64 macs) {
        QTest::addRow("%s", body) << body << weight << input << op << macs;
    };
    row("torch.conv1d(x, self.w)", {6, 4, 3}, {1, 4, 10}, "conv1d", 6 * 8 * 12);
    row("torch.conv3d(x, self.w)", {2, 3, 1, 2, 2}, {1, 3, 4, 5, 5}, "conv3d", 2 * 4 * 16 * 12);
    row("torch.conv2d(x, self.w, None, 1, 'same')", {2, 3, 3, 3}, {1, 3, 5, 5}, "conv2d",
        2 * 25 * 27);
    row("torch.conv2d(x, self.w, None, 2, 1, 1, 4)", {4, 1, 3, 3}, {1, 4, 8, 8}, "conv2d",
        4 * 16 * 9);
    row("torch.conv_transpose1d(x, self.w)", {4, 6, 2}, {1, 4, 10}, "conv_transpose1d", 40 * 12);
    row("torch.conv_transpose2d(x, self.w, None, 2)", {4, 6, 2, 2}, {1, 4, 5, 5},
        "conv_transpose2d", 100 * 24);
    row("torch._convolution(x, self.w, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, False, "
        "False, True, True)",
        {2, 3, 3, 3}, {1, 3, 5, 5}, "conv2d", 2 * 9 * 27);
    row("torch._convolution(x, self.w, None, [1, 1], [0, 0], [1, 1], True, [0, 0], 1, False, "
        "False, True, True)",
        {3, 2, 3, 3}, {1, 3, 5, 5}, "conv_transpose2d", 75 * 18);
    row("torch.linear(x, self.w)", {5, 4}, {1, 3, 4}, "linear", 3 * 20);
    row("torch.mm(x, self.w.t())", {5, 4}, {2, 4}, "linear", 2 * 20);
    row("torch.matmul(x, self.w)", {4, 5}, {2, 3, 4}, "matmul", 6 * 20);
    row("torch.matmul(self.w, x)", {5, 4}, {4, 3}, "matmul", 5 * 3 * 4);
    row("torch.bmm(x, self.w.unsqueeze(0).expand(2, 4, 5))", {4, 5}, {2, 3, 4}, "matmul", 6 * 20);
    row("torch.einsum('nik,ok->nio', x, self.w)", {5, 4}, {2, 3, 4}, "einsum", 6 * 20);
    row("torch.tensordot(x, self.w, [1], [1])", {5, 4}, {3, 4}, "tensordot", 3 * 20);
    row("torch.bilinear(x, x, self.w, None)", {5, 4, 4}, {2, 4}, "bilinear", 2 * 5 * 16);
    row("torch.lstm_cell(x, [torch.zeros(2, 3), torch.zeros(2, 3)], self.w, torch.zeros(12, 3))[0]",
        {12, 4}, {2, 4}, "lstm", 2 * 48);
}

void TestLayers::readsOneOperator() {
    QFETCH(QString, body);
    QFETCH(QList<qint64>, weight);
    QFETCH(QList<qint64>, input);
    QFETCH(QString, op);
    QFETCH(qint64, macs);
    const auto found = layersOf(Toy{{{"w", Shape(weight.begin(), weight.end())}},
                                    "return " + body.toStdString(),
                                    {Shape(input.begin(), input.end())}});
    QCOMPARE(found.layers.size(), std::size_t(1));
    const auto& layer = found.layers.front();
    QCOMPARE(QString::fromStdString(layer.op), op);
    QCOMPARE(qint64(layer.macs), macs);
    QCOMPARE(layer.inputShape, Shape(input.begin(), input.end()));
    QCOMPARE(layer.uses, 1);
    QVERIFY2(layer.prunable.weights, layer.prunable.reason.c_str());
}

void TestLayers::tellsLinearLayersFromProducts() {
    const Toy square{{{"a", {4, 4}}, {"b", {4, 4}}},
                     "return torch.mm(torch.mm(x, self.a), self.b.t())",
                     {{2, 4}}};
    const auto found = layersOf(square);
    QCOMPARE(named(found, "a").op, std::string("matmul"));
    QCOMPARE(named(found, "b").op, std::string("linear"));
    const Toy fused{
        {{"w", {5, 4}}, {"b", {5}}}, "return torch.addmm(self.b, x, self.w.t())", {{2, 4}}};
    QCOMPARE(layersOf(fused).layers.size(), std::size_t(1));
    QCOMPARE(layersOf(fused).layers[0].op, std::string("linear"));
    QCOMPARE(layersOf(fused).layers[0].bias, std::string("b"));
}

void TestLayers::takesABiasThatIsAddedAfterwards() {
    const auto found = layersOf(Toy{{{"w", {5, 4}}, {"b", {5}}},
                                    "return torch.add(torch.matmul(x, self.w.t()), self.b)",
                                    {{2, 3, 4}}});
    QCOMPARE(found.layers.size(), std::size_t(1));
    QCOMPARE(found.layers[0].bias, std::string("b"));
    QCOMPARE(found.layers[0].parameters, 25);
}

void TestLayers::countsASharedWeightTwice() {
    const auto found =
        layersOf(Toy{{{"w", {4, 4}}, {"b", {4}}},
                     "return torch.linear(torch.linear(x, self.w, self.b), self.w, self.b)",
                     {{1, 4}}});
    QCOMPARE(found.layers.size(), std::size_t(1));
    QCOMPARE(found.layers[0].uses, 2);
    QCOMPARE(found.layers[0].macs, 32);
    QCOMPARE(found.layers[0].bias, std::string("b"));
    QCOMPARE(found.layers[0].parameters, 20);
}

void TestLayers::seesTiedWeightsAsOne() {
    torch::jit::Module module("m");
    const auto weight = at::ones({7, 4});
    module.register_parameter("embed", weight, false);
    module.register_parameter("decode", weight, false);
    module.define(
        "def forward(self, x):\n  return torch.linear(torch.embedding(self.embed, x), "
        "self.decode)\n");
    QCOMPARE(uniqueParameters(module).size(), std::size_t(1));
    const auto found = layersOf(module, {at::zeros({1, 3}, at::kLong)});
    QCOMPARE(found.layers.size(), std::size_t(1));
    QCOMPARE(found.layers[0].name, std::string("embed"));
    QCOMPARE(found.layers[0].op, std::string("embedding"));
    QCOMPARE(found.layers[0].uses, 2);
    QCOMPARE(found.layers[0].macs, 3 * 28);
    QVERIFY(found.layers[0].prunable.weights);
}

void TestLayers::seesFlattenedWeightsApart() {
    // Parameters that are parts of one storage, as recurrent layers keep them on a GPU.
    torch::jit::Module module("m");
    const auto all = at::ones({24});
    module.register_parameter("a", all.slice(0, 0, 12).view({3, 4}), false);
    module.register_parameter("b", all.slice(0, 12, 24).view({4, 3}), false);
    module.define(
        "def forward(self, x):\n  return torch.linear(torch.linear(x, self.a), self.b)\n");
    const auto found = layersOf(module, {at::ones({1, 4})});
    QCOMPARE(found.layers.size(), std::size_t(2));
    QCOMPARE(found.layers[0].name, std::string("a"));
    QCOMPARE(found.layers[1].name, std::string("b"));
    QVERIFY(found.layers[0].prunable.weights && found.layers[1].prunable.weights);
}

void TestLayers::countsProductsOfActivationsApart() {
    const auto found = layersOf(Toy{{{"w", {4, 4}}},
                                    "q = torch.linear(x, self.w)\n"
                                    "  a = torch.softmax(torch.matmul(q, x.transpose(1, 2)), -1)\n"
                                    "  y = torch.bmm(a, x)\n"
                                    "  return torch.scaled_dot_product_attention(y.unsqueeze(1), "
                                    "y.unsqueeze(1), y.unsqueeze(1))",
                                    {{2, 6, 4}}});
    QCOMPARE(found.layers.size(), std::size_t(1));
    QCOMPARE(found.layers[0].macs, 2 * 6 * 16);
    QCOMPARE(found.otherMacs, 4 * (2 * 6 * 6 * 4));
}

void TestLayers::explainsWhatCannotBePruned_data() {
    QTest::addColumn<QString>("body");
    QTest::addColumn<QList<qint64>>("weight");
    QTest::addColumn<QString>("op");
    QTest::addColumn<QString>("reason");
    const auto row = [](const char* body, QList<qint64> weight, const char* op,
                        const char* reason) {
        QTest::addRow("%s", body) << body << weight << op << reason;
    };
    row("x * self.w", {4}, "mul", "one dimension");
    row("x * self.w", {1}, "mul", "one dimension");
    row("x * self.w", {}, "mul", "a single number");
    row("x + self.w", {3, 4}, "add", "aten::add is not known to prune");
    row("torch.cat([x, self.w])", {2, 4}, "cat", "aten::cat is not known to prune");
    row("torch.layer_norm(x, [3, 4], self.w)", {3, 4}, "layer_norm", "only scales");
    row("torch.prelu(x, self.w)", {4}, "prelu", "one dimension");
    row("torch.linear(x, self.w * 2)", {5, 4}, "linear", "computed from it by aten::mul");
    row("torch.linear(x, self.w - self.w.mean(1, True))", {5, 4}, "linear",
        "computed from it by aten::mean");
    row("torch.linear(x, torch._weight_norm(self.w, torch.ones([5, 1]), 0))", {5, 4}, "linear",
        "aten::_weight_norm");
    row("self.w[x.to(4)[:, 0]]", {5, 4}, "index", "aten::index is not known to prune");
    row("x * self.w.new_zeros(4)", {5, 4}, "unused", "not used by forward");
}

void TestLayers::explainsWhatCannotBePruned() {
    QFETCH(QString, body);
    QFETCH(QList<qint64>, weight);
    QFETCH(QString, op);
    QFETCH(QString, reason);
    const auto found = layersOf(Toy{
        {{"w", Shape(weight.begin(), weight.end())}}, "return " + body.toStdString(), {{3, 4}}});
    QCOMPARE(found.layers.size(), std::size_t(1));
    QCOMPARE(QString::fromStdString(found.layers[0].op), op);
    QVERIFY(!found.layers[0].prunable.weights);
    QVERIFY2(has(found.layers[0], qPrintable(reason)), found.layers[0].prunable.reason.c_str());
}

void TestLayers::listsUnusedParametersLast() {
    const auto found = layersOf(Toy{
        {{"never", {3, 3}}, {"w", {5, 4}}, {"other", {6, 6}}},
        "if x.dim() == 7:\n    x = torch.linear(x, self.other)\n  return torch.linear(x, self.w)",
        {{2, 4}}});
    QCOMPARE(found.layers.size(), std::size_t(3));
    QCOMPARE(found.layers[0].name, std::string("w"));
    QCOMPARE(found.layers[1].name, std::string("never"));
    QCOMPARE(found.layers[2].name, std::string("other"));
    QCOMPARE(found.layers[2].uses, 0);
    QVERIFY(!found.layers[2].prunable.weights);
    QVERIFY(has(found.layers[2], "not used by forward on this example"));
    for (std::size_t i = 0; i < found.layers.size(); ++i) {
        QCOMPARE(found.layers[i].id.value, int(i));
    }
}

void TestLayers::keepsTheOrderOfExecution() {
    const auto found =
        layersOf(Toy{{{"a", {4, 4}}, {"b", {4, 4}}, {"c", {4, 4}}},
                     "return torch.linear(torch.linear(torch.linear(x, self.c), self.a), self.b)",
                     {{1, 4}}});
    QCOMPARE(found.layers[0].name + found.layers[1].name + found.layers[2].name,
             std::string("cab"));
}

void TestLayers::readsTheFusedEncoderLayer() {
    // What tracing an encoder layer in evaluation mode leaves: 2 samples of 6 tokens, width 8, 2
    // heads, hidden 16.
    const Toy toy{{{"qkv", {24, 8}},
                   {"qkv_b", {24}},
                   {"proj", {8, 8}},
                   {"proj_b", {8}},
                   {"n1", {8}},
                   {"n1_b", {8}},
                   {"n2", {8}},
                   {"n2_b", {8}},
                   {"f1", {16, 8}},
                   {"f1_b", {16}},
                   {"f2", {8, 16}},
                   {"f2_b", {8}}},
                  "return torch._transformer_encoder_layer_fwd(x, 8, 2, self.qkv, self.qkv_b, "
                  "self.proj, self.proj_b, "
                  "False, False, 1e-5, self.n1, self.n1_b, self.n2, self.n2_b, self.f1, self.f1_b, "
                  "self.f2, self.f2_b)",
                  {{2, 6, 8}}};
    const c10::NoGradGuard noGrad;
    const auto found = layersOf(toy);
    QCOMPARE(found.layers.size(), std::size_t(6));
    QCOMPARE(named(found, "qkv").macs, 12 * 24 * 8);
    QCOMPARE(named(found, "proj").macs, 12 * 64);
    QCOMPARE(named(found, "f1").macs, 12 * 128);
    QCOMPARE(named(found, "f2").macs, 12 * 128);
    QCOMPARE(named(found, "f1").bias, std::string("f1_b"));
    QVERIFY(named(found, "f2").prunable.weights);
    QVERIFY(!named(found, "n1").prunable.weights);
    QCOMPARE(found.otherMacs, 2 * (2 * 6 * 6 * 8));
}

void TestLayers::recognisesParametersThatAreWrittenTo() {
    // The run sees a copy of such a parameter; it must still be known by its name.
    const auto found = layersOf(
        Toy{{{"w", {5, 4}}}, "self.w.clamp_(-1, 1)\n  return torch.linear(x, self.w)", {{2, 4}}});
    QCOMPARE(found.layers.size(), std::size_t(1));
    QCOMPARE(found.layers[0].name, std::string("w"));
    QCOMPARE(found.layers[0].op, std::string("linear"));
}

QTEST_GUILESS_MAIN(TestLayers)
#include "tst_layers.moc"
