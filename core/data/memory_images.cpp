// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/memory_images_torch.h"

#include <utility>

#include "core/base/format.h"
#include "core/data/geometry.h"
#include "core/data/image_batch_torch.h"
#include "core/data/image_scaling.h"
#include "core/data/partition.h"

namespace espalier::data {
namespace {

class MemoryImages final : public Dataset {
public:
    MemoryImages(std::shared_ptr<const ImageCollection> images, double validation);

    const DatasetInfo& info() const override { return m_info; }
    const DataSpec& spec() const override { return m_spec; }
    Batch batch(Split split, std::span<const std::int64_t> indices) const override;
    Batch augmented(Split split, std::span<const std::int64_t> indices,
                    std::uint64_t seed) const override;
    std::vector<std::int64_t> labels(Split split) const override {
        return m_partition.labels(split, pool(split).labels);
    }
    DatasetPtr withValidation(double share) const override {
        return std::make_shared<MemoryImages>(m_images, share);
    }

private:
    const LabelledImages& pool(Split split) const;
    template <class Add>
    Batch collect(Split split, std::span<const std::int64_t> indices, Add add) const;

    std::shared_ptr<const ImageCollection> m_images;
    DatasetInfo m_info;
    DataSpec m_spec;
    ByteTables m_tables;
    Partition m_partition;
};

MemoryImages::MemoryImages(std::shared_ptr<const ImageCollection> images, double validation)
    : m_images(std::move(images)),
      m_info(m_images->info),
      m_spec(m_images->spec),
      m_tables(byteTables(m_images->normalisation)),
      m_partition(m_images->train.labels, m_images->validation.labels, m_images->test.labels,
                  validation) {
    m_spec.validation = validation;
    m_info.inputs = {{m_info.sampleShape}};
    m_partition.describe(m_info);
}

const LabelledImages& MemoryImages::pool(Split split) const {
    switch (m_partition.pool(split)) {
        case Pool::Train:
            return m_images->train;
        case Pool::Validation:
            return m_images->validation;
        case Pool::Test:
            break;
    }
    return m_images->test;
}

/// `add(batch, place, pixels, label)` for each sample.
template <class Add>
Batch MemoryImages::collect(Split split, std::span<const std::int64_t> indices, Add add) const {
    const LabelledImages& images = pool(split);
    const std::vector<std::int64_t>& places = m_partition.places(split);
    const auto& shape = m_info.sampleShape;
    const auto size = static_cast<std::size_t>(shape[0] * shape[1] * shape[2]);
    ImageBatch batch(shape, m_tables, indices.size());
    for (const std::int64_t index : indices) {
        const std::int64_t place = places.at(static_cast<std::size_t>(index));
        const auto at = static_cast<std::size_t>(place);
        add(batch, place, images.pixels.data() + at * size, images.labels[at]);
    }
    Batch taken = std::move(batch).take();
    if (m_info.targets == Targets::None) taken.targets = at::Tensor();
    return taken;
}

Batch MemoryImages::batch(Split split, std::span<const std::int64_t> indices) const {
    return collect(split, indices,
                   [](ImageBatch& batch, std::int64_t, const std::uint8_t* pixels,
                      std::int64_t label) { batch.add(pixels, label); });
}

Batch MemoryImages::augmented(Split split, std::span<const std::int64_t> indices,
                              std::uint64_t seed) const {
    const Augmentation* augmentation = findAugmentation(m_spec.augment).value();
    if (!augmentation) return batch(split, indices);
    const auto& shape = m_info.sampleShape;
    const auto add = [&](ImageBatch& target, std::int64_t place, const std::uint8_t* pixels,
                         std::int64_t label) {
        SplitMix64 random = randomOf(seed, place);
        const ImageChange change = augmentation->draw(random, shape[1], shape[2]);
        if (!change.region) return target.add(pixels, label, change);
        const ImageSize size{shape[1], shape[2]};
        const Window all{size, {0, 0, shape[1], shape[2]}};
        const auto scaled = scaledPlanes(pixels, shape[0], size, *change.region, all);
        target.add(scaled.data(), label, change);
    };
    return collect(split, indices, add);
}

LabelledImages through(const LabelledImages& images, const DatasetInfo& info,
                       const Window& window) {
    const auto& shape = info.sampleShape;
    const ImageSize size{shape[1], shape[2]};
    const auto bytes = static_cast<std::size_t>(shape[0] * shape[1] * shape[2]);
    LabelledImages result{{}, images.labels};
    for (std::size_t i = 0; i < images.labels.size(); ++i) {
        const auto pixels = scaledPlanes(images.pixels.data() + i * bytes, shape[0], size,
                                         {0, 0, shape[1], shape[2]}, window);
        result.pixels.insert(result.pixels.end(), pixels.begin(), pixels.end());
    }
    return result;
}

/// Scales and crops all images as the options say.
Result<void> applyGeometry(ImageCollection& collection) {
    const auto geometry = Geometry::from(collection.spec);
    if (!geometry) return geometry.error();
    if (geometry->isIdentity()) return {};
    std::vector<std::int64_t>& shape = collection.info.sampleShape;
    const auto window = geometry->windowFor({shape[1], shape[2]});
    if (!window) {
        Error error = window.error();
        error.what = cat("Cannot prepare the images of ", collection.info.name);
        return error;
    }
    for (LabelledImages* images : {&collection.train, &collection.validation, &collection.test})
        *images = through(*images, collection.info, *window);
    shape = {shape[0], window->part.height, window->part.width};
    return {};
}

}  // namespace

Result<DatasetPtr> makeMemoryImages(ImageCollection collection) {
    if (auto known = findAugmentation(collection.spec.augment); !known) return known.error();
    if (auto prepared = applyGeometry(collection); !prepared) return prepared.error();
    const double validation = collection.spec.validation;
    return DatasetPtr(std::make_shared<MemoryImages>(
        std::make_shared<const ImageCollection>(std::move(collection)), validation));
}

}  // namespace espalier::data
