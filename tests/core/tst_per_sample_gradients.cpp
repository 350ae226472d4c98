// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <functional>
#include <map>

#include <ATen/Functions.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/measure/per_sample_gradients_torch.h"
#include "tests/support/noise_torch.h"

using namespace espalier;
using measure::UseGradient;
using measure::UseKind;
using test::noise;

namespace {

using Shape = std::vector<std::int64_t>;

/// An operator on an input and a weight, and how it is told to sumOfSquares.
struct Case {
    std::function<at::Tensor(const at::Tensor& input, const at::Tensor& weight)> run;
    UseGradient use;
    Shape weightShape;
};

/// Σ over samples of the squared gradient, by autograd and one sample after the other.
at::Tensor expected(const Case& each, std::int64_t samples) {
    const std::int64_t rows = each.use.outputGradient.size(0) / samples;
    at::Tensor sum = at::zeros(each.weightShape);
    for (std::int64_t sample = 0; sample < samples; ++sample) {
        const auto own = [&](const at::Tensor& all) {
            return all.slice(0, sample * rows, (sample + 1) * rows);
        };
        const at::Tensor weight = noise(each.weightShape, 3).requires_grad_(true);
        const at::Tensor product =
            each.run(own(each.use.input), weight) * own(each.use.outputGradient);
        sum += torch::autograd::grad({product.sum()}, {weight}).front().square();
    }
    return sum;
}

Case made(UseKind kind, const Shape& input, const Shape& weight, measure::Geometry geometry,
          decltype(Case::run) run) {
    const at::Tensor values = noise(input, 1);
    const at::Tensor output = run(values, noise(weight, 3));
    return {run, {kind, values, noise(output.sizes().vec(), 2), std::move(geometry), -1}, weight};
}

Case convolution(const Shape& input, const Shape& weight, const Shape& stride, const Shape& padding,
                 const Shape& dilation, std::int64_t groups) {
    return made(UseKind::Convolution, input, weight, {stride, padding, padding, dilation, groups},
                [=](const at::Tensor& x, const at::Tensor& w) {
                    return at::convolution(x, w, {}, stride, padding, dilation, false,
                                           Shape(stride.size()), groups);
                });
}

Case transposed(const Shape& input, const Shape& weight, const Shape& stride, const Shape& padding,
                const Shape& dilation, const Shape& outputPadding, std::int64_t groups) {
    return made(UseKind::TransposedConvolution, input, weight,
                {stride, padding, padding, dilation, groups},
                [=](const at::Tensor& x, const at::Tensor& w) {
                    return at::convolution(x, w, {}, stride, padding, dilation, true, outputPadding,
                                           groups);
                });
}

Case linear(const Shape& input) {
    return made(UseKind::Linear, input, {5, 4}, {},
                [](const at::Tensor& x, const at::Tensor& w) { return at::linear(x, w); });
}

Case product(const Shape& input) {
    return made(UseKind::Product, input, {4, 5}, {},
                [](const at::Tensor& x, const at::Tensor& w) { return at::matmul(x, w); });
}

Case embedding(std::int64_t paddingIndex) {
    Case each;
    each.run = [paddingIndex](const at::Tensor& x, const at::Tensor& w) {
        return at::embedding(w, x, paddingIndex);
    };
    each.use.kind = UseKind::Embedding;
    each.use.input = at::tensor({0L, 2L, 2L, 1L, 1L, 1L, 3L, 0L, 3L, 2L, 0L, 0L}).reshape({4, 3});
    each.use.outputGradient = noise({4, 3, 5}, 2);
    each.use.paddingIndex = paddingIndex;
    each.weightShape = {6, 5};
    return each;
}

const std::map<std::string, Case>& cases() {
    static const std::map<std::string, Case> all{
        {"conv1d", convolution({4, 3, 11}, {5, 3, 4}, {2}, {1}, {1}, 1)},
        {"conv2d", convolution({4, 3, 7, 9}, {5, 3, 3, 2}, {1, 2}, {1, 0}, {1, 1}, 1)},
        {"conv2d dilated", convolution({4, 3, 9, 9}, {5, 3, 3, 3}, {2, 1}, {2, 1}, {2, 3}, 1)},
        {"conv2d grouped", convolution({4, 6, 7, 7}, {9, 2, 3, 3}, {1, 1}, {1, 1}, {1, 1}, 3)},
        {"conv2d depthwise", convolution({4, 6, 7, 7}, {6, 1, 3, 3}, {2, 2}, {1, 1}, {1, 1}, 6)},
        {"conv3d",
         convolution({4, 2, 5, 6, 7}, {3, 2, 2, 3, 2}, {1, 2, 1}, {1, 0, 1}, {1, 1, 2}, 1)},
        {"conv1d, two rows a sample", convolution({8, 3, 11}, {5, 3, 4}, {1}, {0}, {1}, 1)},
        {"transposed 1d", transposed({4, 4, 6}, {4, 3, 3}, {2}, {1}, {1}, {1}, 1)},
        {"transposed 2d",
         transposed({4, 4, 5, 4}, {4, 2, 3, 2}, {2, 1}, {1, 0}, {1, 2}, {0, 0}, 2)},
        {"linear", linear({4, 4})},
        {"linear on tokens", linear({4, 6, 4})},
        {"linear, three rows a sample", linear({12, 4})},
        {"product", product({4, 4})},
        {"product on tokens", product({4, 2, 3, 4})},
        {"embedding", embedding(-1)},
        {"embedding with padding", embedding(2)},
    };
    return all;
}

bool isClose(const at::Tensor& a, const at::Tensor& b) {
    return at::allclose(a, b, 1e-4, 1e-5);
}

}  // namespace

class TestPerSampleGradients : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void agreeWithOneSampleAfterTheOther_data() {
        QTest::addColumn<QString>("name");
        for (const auto& [name, each] : cases())
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }
    void agreeWithOneSampleAfterTheOther() {
        QFETCH(QString, name);
        const Case& each = cases().at(name.toStdString());
        const at::Tensor found = measure::sumOfSquares({each.use}, each.weightShape, 4);
        QVERIFY(isClose(found, expected(each, 4)));
    }

    void usesAddUpBeforeTheyAreSquared() {
        const Case each = linear({4, 6, 4});
        const at::Tensor once = measure::sumOfSquares({each.use}, each.weightShape, 4);
        const at::Tensor twice = measure::sumOfSquares({each.use, each.use}, each.weightShape, 4);
        QVERIFY(isClose(twice, 4 * once));  // (2·g)²
    }

    /// More numbers than are taken at a time.
    void partsAddUp() {
        const Case each = convolution({40, 16, 64, 64}, {2, 16, 3, 3}, {1, 1}, {1, 1}, {1, 1}, 1);
        const at::Tensor found = measure::sumOfSquares({each.use}, each.weightShape, 40);
        const at::Tensor wanted = expected(each, 40);
        QVERIFY(at::allclose(found, wanted, 1e-3, 1e-2));
    }
};

QTEST_GUILESS_MAIN(TestPerSampleGradients)
#include "tst_per_sample_gradients.moc"
