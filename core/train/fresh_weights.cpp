// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/fresh_weights_torch.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include "core/data/random.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/channel_members_torch.h"

namespace espalier::train {
namespace {

using Shape = std::vector<std::int64_t>;

bool isNorm(const model::Layer& layer) {
    return layer.op.ends_with("_norm");
}

bool isRecurrent(const model::Layer& layer) {
    return layer.op == "lstm" || layer.op == "gru" || layer.op == "rnn";
}

/// Shapes of parameters once channels are cut, where they are.
std::map<std::string, Shape> shapesAfterCut(const prune::MasksPtr& masks) {
    std::map<std::string, Shape> shapes;
    if (!masks || !masks->channels()) return shapes;
    const channels::ChannelGroups& groups = *masks->channels()->groups;
    const channels::KeptChannels kept = masks->channels()->kept();
    for (const prune::CutTensor& tensor : prune::cutTensors(groups))
        shapes[tensor.path] = shapeAfter(tensor, positionsKept(tensor, groups, kept));
    return shapes;
}

/// torch.nn.init's: the size of axis 1 times the kernel. Products x·W sum over another axis.
std::int64_t fanIn(const model::Layer& layer, const Shape& shape) {
    std::int64_t elements = 1;
    for (const std::int64_t size : shape) elements *= size;
    const bool sumsOverRows = layer.op == "matmul" && !layer.inputShape.empty() &&
                              layer.inputShape.back() == layer.shape.front();
    return elements / std::max<std::int64_t>(shape.at(sumsOverRows ? 1 : 0), 1);
}

/// A recurrent weight has 4, 3 or 1 times as many rows as there are hidden units; biases too.
std::int64_t hiddenSize(const model::Layer& layer, const Shape& shape) {
    const std::int64_t gates = layer.op == "lstm" ? 4 : layer.op == "gru" ? 3 : 1;
    return shape.front() / gates;
}

class Drawer {
public:
    Drawer(const torch::jit::Module& module, std::uint64_t seed)
        : m_generator(at::detail::createCPUGenerator(data::SplitMix64(seed).next())) {
        for (const auto& each : module.named_parameters()) m_left[each.name] = each.value.detach();
    }

    void drawLayer(const model::Layer& layer, const Shape& shape) {
        if (isNorm(layer)) {
            fill(layer.name, 1);
            fill(layer.bias, 0);
        } else if (layer.op == "prelu") {
            fill(layer.name, 0.25);
        } else if (layer.op.starts_with("embedding")) {
            if (const at::Tensor weight = take(layer.name); weight.defined())
                weight.normal_(0, 1, m_generator);
        } else if (isRecurrent(layer)) {
            drawWithin(1 / std::sqrt(hiddenSize(layer, shape)), layer.name, layer.bias);
        } else if (shape.size() >= 2) {
            drawWithin(1 / std::sqrt(std::max<std::int64_t>(fanIn(layer, shape), 1)), layer.name,
                       layer.bias);
        }
    }
    std::vector<std::string> left() const {
        std::vector<std::string> paths;
        for (const auto& [path, value] : m_left) paths.push_back(path);
        return paths;
    }

private:
    at::Tensor take(const std::string& path) {
        const auto found = m_left.find(path);
        if (found == m_left.end()) return {};
        const at::Tensor value = found->second;
        m_left.erase(found);
        return value;
    }
    void fill(const std::string& path, double value) {
        if (const at::Tensor tensor = take(path); tensor.defined()) tensor.fill_(value);
    }
    void drawWithin(double bound, const std::string& weight, const std::string& bias) {
        for (const std::string& path : {weight, bias}) {
            if (const at::Tensor tensor = take(path); tensor.defined())
                tensor.uniform_(-bound, bound, m_generator);
        }
    }

    at::Generator m_generator;
    std::map<std::string, at::Tensor> m_left;  // what is not drawn yet, by path
};

/// As torch.nn's norms begin; other buffers are constants of the model.
void resetBuffers(const torch::jit::Module& module) {
    for (const auto& buffer : module.named_buffers()) {
        at::Tensor value = buffer.value.detach();
        if (buffer.name.ends_with("running_mean") || buffer.name.ends_with("num_batches_tracked"))
            value.zero_();
        if (buffer.name.ends_with("running_var")) value.fill_(1);
    }
}

}  // namespace

std::vector<std::string> drawAnew(const torch::jit::Module& module, const model::Snapshot& snapshot,
                                  const prune::MasksPtr& masks, std::uint64_t seed) {
    const at::NoGradGuard noGradients;
    const std::map<std::string, Shape> cut = shapesAfterCut(masks);
    const auto shapeOf = [&](const model::Layer& layer) {
        const auto found = cut.find(layer.name);
        return found == cut.end() ? layer.shape : found->second;
    };
    Drawer drawer(module, seed);
    for (const model::Layer& layer : snapshot.layers()) drawer.drawLayer(layer, shapeOf(layer));
    resetBuffers(module);
    return drawer.left();
}

}  // namespace espalier::train
