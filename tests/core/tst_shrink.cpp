// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <numeric>

#include <QTemporaryDir>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <torch/csrc/jit/serialization/import.h>

#include "core/channels/shrink_torch.h"
#include "tests/support/snapshot_of_torch.h"

using namespace espalier;
using namespace espalier::channels;
using namespace espalier::test;

namespace {

using Indices = std::vector<std::int64_t>;

struct Case {
    ChannelGroupsPtr groups;
    CutModelPtr model;

    at::Tensor before(const std::string& path) const {
        return model::parameterAt(groups->snapshot()->state().module, path);
    }
    at::Tensor after(const std::string& path) const {
        return model::parameterAt(model->state().module, path);
    }
    Indices shape(const std::string& path) const { return after(path).sizes().vec(); }
    const torch::jit::Module& module() const { return model->state().module; }
};

ChannelGroupsPtr groupsOf(const torch::jit::Module& module,
                          const std::vector<std::string>& inputs) {
    RunControl control;
    auto groups = analyse(snapshotOf(module, inputs), control);
    if (!groups) qFatal("%s", groups.error().text().c_str());
    return *groups;
}

/// The first `share` of the channels of every open group go.
KeptChannels without(const ChannelGroups& groups, double share, bool allowInexact = false) {
    auto kept = allChannels(groups);
    for (const Group& group : groups.groups()) {
        if (group.locked || (!group.exact && !allowInexact)) continue;
        auto& channels = kept.groups[group.id.index()];
        channels.erase(channels.begin(),
                       channels.begin() +
                           static_cast<std::ptrdiff_t>(share * static_cast<double>(group.width)));
    }
    return kept;
}

Result<CutModelPtr> cutAt(const ChannelGroupsPtr& groups, const KeptChannels& kept,
                          const WeightMasks& masks = {}) {
    RunControl control;
    return cut(groups, kept, masks, {}, {}, control);
}

Case cutCase(const torch::jit::Module& module, const std::vector<std::string>& inputs,
             double share = 0.5, bool allowInexact = false) {
    Case result{groupsOf(module, inputs), nullptr};
    auto model = cutAt(result.groups, without(*result.groups, share, allowInexact));
    if (!model) qFatal("%s", model.error().text().c_str());
    for (const auto& whole : (*model)->leftWhole()) qWarning("%s", whole.reason.c_str());
    result.model = *model;
    return result;
}

/// 3 → 8 → 6 → 4, convolution, batch norm, ReLU, convolution, mean, linear.
torch::jit::Module smallNet() {
    torch::jit::Module net("net");
    net.register_module("conv1",
                        parametersOnly("conv1", {{"weight", {8, 3, 3, 3}}, {"bias", {8}}}));
    auto norm = parametersOnly("norm", {{"weight", {8}}, {"bias", {8}}});
    norm.register_buffer("mean", noise({8}, 11));
    norm.register_buffer("var", noise({8}, 12).abs().add_(0.5));
    net.register_module("norm", norm);
    net.register_module("conv2",
                        parametersOnly("conv2", {{"weight", {6, 8, 3, 3}}, {"bias", {6}}}));
    net.register_module("fc", parametersOnly("fc", {{"weight", {4, 6}}, {"bias", {4}}}));
    net.define(R"(
def forward(self, x):
    x = torch.conv2d(x, self.conv1.weight, self.conv1.bias, padding=[1, 1])
    x = torch.batch_norm(x, self.norm.weight, self.norm.bias, self.norm.mean, self.norm.var, False, 0.1, 1e-5, False)
    x = torch.relu(x)
    x = torch.sigmoid(torch.conv2d(x, self.conv2.weight, self.conv2.bias))
    x = x.mean([2, 3])
    return torch.linear(x, self.fc.weight, self.fc.bias)
)");
    return net;
}

/// Fused qkv, heads told by attributes, scale worked out from a size, batch left free.
torch::jit::Module attention() {
    torch::jit::Module net("attention");
    net.register_attribute("heads", c10::IntType::get(), 4);
    net.register_attribute("width", c10::IntType::get(), 16);
    net.register_module("inner", parametersOnly("inner", {{"weight", {16, 16}}, {"bias", {16}}}));
    net.register_module("qkv", parametersOnly("qkv", {{"weight", {48, 16}}, {"bias", {48}}}));
    net.register_module("out", parametersOnly("out", {{"weight", {5, 16}}, {"bias", {5}}}));
    net.define(R"(
def forward(self, x):
    x = torch.relu(torch.linear(x, self.inner.weight, self.inner.bias))
    assert x.size(2) == self.width, "wrong width"
    b, n = x.size(0), x.size(1)
    qkv = torch.linear(x, self.qkv.weight, self.qkv.bias)
    q, k, v = qkv.chunk(3, dim=2)
    d = self.width // self.heads
    q = q.contiguous().view(b, n, self.heads, d).transpose(1, 2).reshape(b * self.heads, n, d)
    k = k.contiguous().view(b, n, self.heads, d).transpose(1, 2).reshape(b * self.heads, n, d)
    v = v.contiguous().view(b, n, self.heads, d).transpose(1, 2).reshape(b * self.heads, n, d)
    scores = torch.softmax(torch.bmm(q, k.transpose(1, 2)) / float(q.size(2)) ** 0.5, dim=-1)
    y = torch.bmm(scores, v).view(b, self.heads, n, d).transpose(1, 2).reshape(b, n, self.width)
    return torch.linear(y, self.out.weight, self.out.bias)
)");
    return net;
}

}  // namespace

class TestShrink : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }
    void slicesWhatBelongsTogether();
    void givesWhatTheMaskedModelGives();
    void keepsTheOriginalAndItsNames();
    void combinesWithWeightMasks();
    void rewritesAttention();
    void splitsIntoUnequalParts();
    void takesStatisticsOverKeptChannels();
    void saysWhenEverythingWasZero();
    void cutsNothingWhenNothingIsAsked();
    void refusesWrongChannels();
    void savesBothModels();
    void stops();
};

void TestShrink::slicesWhatBelongsTogether() {
    const auto groups = groupsOf(smallNet(), {"1x3x8x8"});
    auto kept = allChannels(*groups);
    const auto id = groups->producing("conv1.weight");
    QVERIFY(id.has_value());
    kept.groups[id->index()] = {1, 3, 6};
    const auto model = cutAt(groups, kept);
    QVERIFY2(model.ok(), model ? "" : model.error().text().c_str());
    const Case result{groups, *model};
    const auto index = at::tensor(Indices{1, 3, 6}, at::kLong);
    for (const auto* path :
         {"conv1.weight", "conv1.bias", "norm.weight", "norm.mean", "norm.var"}) {
        QVERIFY2(at::equal(result.after(path), result.before(path).index_select(0, index)), path);
    }
    QVERIFY(at::equal(result.after("conv2.weight"),
                      result.before("conv2.weight").index_select(1, index)));
    QVERIFY(at::equal(result.after("fc.weight"), result.before("fc.weight")));
    QCOMPARE((*model)->kept().at("conv2.weight").at(1), (Indices{1, 3, 6}));
    QCOMPARE((*model)->kept().at("norm.var").at(0), (Indices{1, 3, 6}));
    QVERIFY(!(*model)->kept().contains("fc.weight"));
    // 3·27 + 3 + 2·3 + 6·27 + 6 + 28
    QCOMPARE((*model)->parameters(), std::int64_t{81 + 3 + 6 + 162 + 6 + 28});
    QCOMPARE(result.after("conv1.weight").requires_grad(),
             result.before("conv1.weight").requires_grad());
}

void TestShrink::givesWhatTheMaskedModelGives() {
    const auto result = cutCase(smallNet(), {"1x3x8x8"});
    QCOMPARE(result.shape("conv2.weight"), (Indices{3, 4, 3, 3}));
    QCOMPARE(result.shape("fc.weight"), (Indices{4, 3}));
    const auto& proof = result.model->proof();
    QVERIFY(proof.maxRelativeDifference <= 1e-5);
    QVERIFY(proof.exact);
    QVERIFY(!proof.alreadyZero);
    QCOMPARE(proof.inputs, (std::vector<std::string>{"1x3x8x8", "2x3x8x8", "1x3x12x12"}));
    // Judged once more, by hand: sigmoid(0) is not 0, so the consumer's columns count.
    const at::NoGradGuard noGrad;
    auto twin = *maskedTwin(*result.model);
    auto cut = result.module().deepcopy();
    const auto x = noise({3, 3, 10, 10}, 5);
    const auto expected = twin.forward({x}).toTensor(), actual = cut.forward({x}).toTensor();
    QVERIFY((expected - actual).abs().max().item<double>() <= 1e-5);
    QCOMPARE(model::parameterAt(twin, "fc.weight").select(1, 0).abs().sum().item<double>(), 0.0);
    QVERIFY(at::equal(model::parameterAt(twin, "norm.var"), result.before("norm.var")));
}

void TestShrink::keepsTheOriginalAndItsNames() {
    const auto net = smallNet();
    const auto weight = net.attr("conv1").toModule().attr("weight").toTensor().clone();
    const auto result = cutCase(net, {"1x3x8x8"});
    QVERIFY(at::equal(result.before("conv1.weight"), weight));
    std::vector<std::string> before, after;
    for (const auto& parameter : net.named_parameters()) before.push_back(parameter.name);
    for (const auto& parameter : result.module().named_parameters())
        after.push_back(parameter.name);
    QCOMPARE(after, before);
}

void TestShrink::combinesWithWeightMasks() {
    const auto groups = groupsOf(smallNet(), {"1x3x8x8"});
    auto mask = at::ones({8, 3, 3, 3}, at::kBool);
    mask.select(0, 7).fill_(false);
    mask.select(0, 0).fill_(false);
    const auto model = cutAt(groups, without(*groups, 0.5), {{"conv1.weight", mask}});
    QVERIFY2(model.ok(), model ? "" : model.error().text().c_str());
    const Case result{groups, *model};
    const auto weight = result.after("conv1.weight");
    QCOMPARE(weight.sizes().vec(), (Indices{4, 3, 3, 3}));
    QCOMPARE(weight.select(0, 3).abs().sum().item<double>(), 0.0);
    QVERIFY(at::equal(weight.select(0, 2), result.before("conv1.weight").select(0, 6)));
}

void TestShrink::rewritesAttention() {
    const auto result = cutCase(attention(), {"1x7x16"}, 0.25);
    QVERIFY(result.model->leftWhole().empty());
    QVERIFY(result.shape("qkv.weight")[0] < 48);
    QVERIFY(result.shape("inner.weight")[0] < 16);
    QVERIFY(result.model->proof().maxRelativeDifference <= 1e-5);
    // Batch and length stay free.
    const at::NoGradGuard noGrad;
    auto cut = result.module().deepcopy();
    const auto y = cut.forward({noise({3, 5, 16})}).toTensor();
    QCOMPARE(y.sizes().vec(), (Indices{3, 5, 5}));
}

void TestShrink::splitsIntoUnequalParts() {
    torch::jit::Module net("split");
    net.register_module("wide", parametersOnly("wide", {{"weight", {12, 6}}}));
    net.register_module("left", parametersOnly("left", {{"weight", {3, 6}}}));
    net.register_module("right", parametersOnly("right", {{"weight", {3, 6}}}));
    net.define(R"(
def forward(self, x):
    a, b = torch.relu(torch.linear(x, self.wide.weight)).chunk(2, dim=1)
    return torch.linear(a, self.left.weight) - torch.linear(b, self.right.weight)
)");
    const auto groups = groupsOf(net, {"1x6"});
    auto kept = allChannels(*groups);
    const auto id = groups->find("wide[0:6]");
    QVERIFY(id.has_value());
    kept.groups[id->index()] = {2, 4};
    const auto model = cutAt(groups, kept);
    QVERIFY2(model.ok(), model ? "" : model.error().text().c_str());
    const Case result{groups, *model};
    QCOMPARE(result.shape("wide.weight"), (Indices{8, 6}));
    QCOMPARE(result.shape("left.weight"), (Indices{3, 2}));
    QCOMPARE(result.shape("right.weight"), (Indices{3, 6}));
}

void TestShrink::takesStatisticsOverKeptChannels() {
    torch::jit::Module net("normed");
    net.register_module("in_", parametersOnly("in_", {{"weight", {10, 4}}, {"bias", {10}}}));
    net.register_module("norm", parametersOnly("norm", {{"weight", {10}}, {"bias", {10}}}));
    net.register_module("out", parametersOnly("out", {{"weight", {3, 10}}}));
    net.define(R"(
def forward(self, x):
    x = torch.linear(x, self.in_.weight, self.in_.bias)
    x = torch.layer_norm(x, [10], self.norm.weight, self.norm.bias)
    return torch.linear(x, self.out.weight)
)");
    const auto whole = cutCase(net, {"1x4"});
    QCOMPARE(whole.shape("in_.weight"), (Indices{10, 4}));  // inexact: only when asked for
    const auto result = cutCase(net, {"1x4"}, 0.5, true);
    QCOMPARE(result.shape("in_.weight"), (Indices{5, 4}));
    QVERIFY(!result.model->proof().exact);
    QVERIFY(result.model->proof().maxRelativeDifference <= 1e-5);
    // By hand: the normalisation of the five kept features.
    const at::NoGradGuard noGrad;
    const auto x = noise({2, 4}, 9);
    const auto hidden =
        at::linear(x, result.before("in_.weight"), result.before("in_.bias")).slice(1, 5, 10);
    const auto normed = at::layer_norm(hidden, {5}, result.before("norm.weight").slice(0, 5, 10),
                                       result.before("norm.bias").slice(0, 5, 10));
    const auto expected = at::linear(normed, result.before("out.weight").slice(1, 5, 10));
    auto twin = *maskedTwin(*result.model);
    QVERIFY(at::allclose(twin.forward({x}).toTensor(), expected, 1e-5, 1e-6));
    QCOMPARE(model::parameterAt(twin, "in_.weight").sizes().vec(), (Indices{10, 4}));
}

void TestShrink::saysWhenEverythingWasZero() {
    auto net = smallNet();
    {
        const at::NoGradGuard noGrad;
        for (const auto* name : {"weight", "bias"}) {
            net.attr("conv1").toModule().attr(name).toTensor().slice(0, 0, 4).zero_();
            net.attr("norm").toModule().attr(name).toTensor().slice(0, 0, 4).zero_();
        }
        net.attr("conv2").toModule().attr("weight").toTensor().slice(1, 0, 4).zero_();
    }
    const auto groups = groupsOf(net, {"1x3x8x8"});
    auto kept = allChannels(*groups);
    kept.groups[groups->producing("conv1.weight")->index()] = {4, 5, 6, 7};
    const auto model = cutAt(groups, kept);
    QVERIFY2(model.ok(), model ? "" : model.error().text().c_str());
    QVERIFY((*model)->proof().alreadyZero);
}

void TestShrink::cutsNothingWhenNothingIsAsked() {
    const auto groups = groupsOf(smallNet(), {"1x3x8x8"});
    const auto model = cutAt(groups, allChannels(*groups));
    QVERIFY2(model.ok(), model ? "" : model.error().text().c_str());
    QVERIFY((*model)->kept().empty());
    QCOMPARE((*model)->proof().maxRelativeDifference, 0.0);
}

void TestShrink::refusesWrongChannels() {
    const auto groups = groupsOf(smallNet(), {"1x3x8x8"});
    const auto id = groups->producing("conv1.weight")->index();
    auto kept = allChannels(*groups);
    kept.groups[id] = {0, 8};
    QCOMPARE(cutAt(groups, kept).error().kind, Error::Kind::BadArgument);
    kept.groups[id] = {};
    QCOMPARE(cutAt(groups, kept).error().kind, Error::Kind::Infeasible);
    kept.groups.pop_back();
    QCOMPARE(cutAt(groups, kept).error().kind, Error::Kind::BadArgument);
}

void TestShrink::savesBothModels() {
    QTemporaryDir folder;
    const auto path = [&](const char* name) {
        return std::filesystem::path(folder.path().toStdString()) / name;
    };
    const auto result = cutCase(smallNet(), {"1x3x8x8"});
    const auto cut = saveCut(*result.model, path("cut.pt"));
    QVERIFY2(cut.ok(), cut ? "" : cut.error().text().c_str());
    const auto masked = saveMasked(*result.model, path("masked.pt"));
    QVERIFY2(masked.ok(), masked ? "" : masked.error().text().c_str());
    auto small = torch::jit::load(path("cut.pt").string());
    auto large = torch::jit::load(path("masked.pt").string());
    const at::NoGradGuard noGrad;
    const auto x = noise({2, 3, 8, 8}, 4);
    QVERIFY(at::allclose(small.forward({x}).toTensor(), large.forward({x}).toTensor(), 1e-5, 1e-6));
    QCOMPARE(model::parameterAt(large, "conv1.weight").size(0), std::int64_t{8});
    QVERIFY(std::filesystem::file_size(path("cut.pt")) <=
            std::filesystem::file_size(path("masked.pt")));
}

void TestShrink::stops() {
    const auto groups = groupsOf(smallNet(), {"1x3x8x8"});
    RunControl control;
    control.requestStop();
    const auto model = cut(groups, without(*groups, 0.5), CutOptions{}, {}, control);
    QVERIFY(!model.ok());
    QCOMPARE(model.error().kind, Error::Kind::Cancelled);
}

QTEST_GUILESS_MAIN(TestShrink)
#include "tst_shrink.moc"
