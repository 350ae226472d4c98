// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/memory_images_torch.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace espalier::data {
namespace {

std::vector<std::int64_t> allOf(const LabelledImages& images) {
    std::vector<std::int64_t> indices(images.labels.size());
    std::iota(indices.begin(), indices.end(), 0);
    return indices;
}

class MemoryImages final : public Dataset {
public:
    MemoryImages(std::shared_ptr<const ImageCollection> images, double validation);

    const DatasetInfo& info() const override { return m_info; }
    const DataSpec& spec() const override { return m_spec; }
    Batch batch(Split split, std::span<const std::int64_t> indices) const override;
    DatasetPtr withValidation(double share) const override {
        return std::make_shared<MemoryImages>(m_images, share);
    }

private:
    const LabelledImages& pool(Split split) const;
    const std::vector<std::int64_t>& positions(Split split) const;

    std::shared_ptr<const ImageCollection> m_images;
    DatasetInfo m_info;
    DataSpec m_spec;
    std::vector<std::vector<float>> m_tables;  // per channel: what a byte becomes
    std::vector<std::int64_t> m_train;         // positions within the pool of the split
    std::vector<std::int64_t> m_validation;
    std::vector<std::int64_t> m_test;
};

MemoryImages::MemoryImages(std::shared_ptr<const ImageCollection> images, double validation)
    : m_images(std::move(images)), m_info(m_images->info), m_spec(m_images->spec) {
    m_spec.validation = validation;
    for (std::int64_t channel = 0; channel < m_info.sampleShape.at(0); ++channel) {
        m_tables.push_back(m_images->normalisation.table(channel));
    }
    m_test = allOf(m_images->test);
    if (!m_images->validation.labels.empty()) {
        m_train = allOf(m_images->train);
        m_validation = allOf(m_images->validation);
    } else if (m_images->train.labels.empty()) {
        m_validation = m_test;
        m_info.notes.emplace_back("choices are made on the test split: there is no training split");
    } else {
        TrainValidation split = stratifiedSplit(m_images->train.labels, validation);
        m_train = std::move(split.train);
        m_validation = std::move(split.validation);
    }
    if (m_test.empty()) m_info.notes.emplace_back("there is no test split");
    m_info.train = std::ssize(m_train);
    m_info.validation = std::ssize(m_validation);
    m_info.test = std::ssize(m_test);
}

const LabelledImages& MemoryImages::pool(Split split) const {
    if (split == Split::Test) return m_images->test;
    if (split == Split::Validation && !m_images->validation.labels.empty())
        return m_images->validation;
    return m_images->train.labels.empty() ? m_images->test : m_images->train;
}

const std::vector<std::int64_t>& MemoryImages::positions(Split split) const {
    switch (split) {
        case Split::Train:
            return m_train;
        case Split::Validation:
            return m_validation;
        case Split::Test:
            break;
    }
    return m_test;
}

Batch MemoryImages::batch(Split split, std::span<const std::int64_t> indices) const {
    const LabelledImages& images = pool(split);
    const std::vector<std::int64_t>& places = positions(split);
    std::vector<std::int64_t> shape{std::ssize(indices)};
    shape.insert(shape.end(), m_info.sampleShape.begin(), m_info.sampleShape.end());
    at::Tensor pixels = at::empty(shape, at::kFloat);
    at::Tensor targets = at::empty({std::ssize(indices)}, at::kLong);

    const std::size_t area = static_cast<std::size_t>(shape[2] * shape[3]);
    auto* out = pixels.mutable_data_ptr<float>();
    auto* target = targets.mutable_data_ptr<std::int64_t>();
    for (const std::int64_t index : indices) {
        const auto place = static_cast<std::size_t>(places.at(static_cast<std::size_t>(index)));
        const std::uint8_t* in = images.pixels.data() + place * area * m_tables.size();
        for (const std::vector<float>& table : m_tables) {
            out = std::transform(in, in + area, out,
                                 [&table](std::uint8_t byte) { return table[byte]; });
            in += area;
        }
        *target++ = images.labels[place];
    }
    return {{pixels}, targets};
}

}  // namespace

DatasetPtr makeMemoryImages(ImageCollection collection) {
    const double validation = collection.spec.validation;
    return std::make_shared<MemoryImages>(
        std::make_shared<const ImageCollection>(std::move(collection)), validation);
}

}  // namespace espalier::data
