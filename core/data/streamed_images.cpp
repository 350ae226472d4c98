// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/streamed_images_torch.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>
#include <set>

#include "core/base/format.h"
#include "core/base/log.h"
#include "core/data/broken_files.h"
#include "core/data/image_batch_torch.h"
#include "core/data/image_decoder.h"
#include "core/data/image_folder_survey.h"
#include "core/data/image_scaling.h"
#include "core/data/partition.h"

namespace espalier::data {
namespace {

using Pixels = std::shared_ptr<const std::vector<std::uint8_t>>;

/// What was read, as far as the memory goes, and what cannot be read. Thread-safe.
class PixelCache {
public:
    explicit PixelCache(double bytes) : m_left(bytes) {}

    /// Null when it is not there.
    Pixels find(const ImageFile& file) {
        const std::lock_guard lock(m_mutex);
        const auto found = m_pixels.find(&file);
        return found == m_pixels.end() ? nullptr : found->second;
    }
    void keep(const ImageFile& file, const Pixels& pixels) {
        const std::lock_guard lock(m_mutex);
        const auto bytes = static_cast<double>(pixels->size());
        if (m_left < bytes || !m_pixels.emplace(&file, pixels).second) return;
        m_left -= bytes;
    }
    /// Whether this is the first time.
    bool noteBroken(const ImageFile& file) {
        const std::lock_guard lock(m_mutex);
        return m_broken.insert(&file).second;
    }

private:
    std::mutex m_mutex;
    double m_left;
    std::map<const ImageFile*, Pixels> m_pixels;
    std::set<const ImageFile*> m_broken;
};

/// What copies with another validation share have in common.
struct Shared {
    explicit Shared(StreamedCollection given)
        : collection(std::move(given)), cache(collection.memoryBytes) {}

    StreamedCollection collection;
    mutable PixelCache cache;
};

std::vector<std::int64_t> labelsOf(const std::vector<ImageFile>& files) {
    std::vector<std::int64_t> labels;
    for (const ImageFile& file : files) labels.push_back(file.label);
    return labels;
}

class StreamedImages final : public Dataset {
public:
    StreamedImages(std::shared_ptr<const Shared> shared, double validation);

    const DatasetInfo& info() const override { return m_info; }
    const DataSpec& spec() const override { return m_spec; }
    bool readsFiles() const override { return true; }
    void addContent(Sha256& hash, Split split, std::int64_t samples) const override;
    Batch batch(Split split, std::span<const std::int64_t> indices) const override {
        return collect(split, indices,
                       [this](ImageBatch& batch, const ImageFile& file, std::int64_t) {
                           addPlain(batch, file);
                       });
    }
    Batch augmented(Split split, std::span<const std::int64_t> indices,
                    std::uint64_t seed) const override;
    std::vector<std::int64_t> labels(Split split) const override {
        return m_partition.labels(split, labelsOf(pool(split)));
    }
    DatasetPtr withValidation(double share) const override {
        return std::make_shared<StreamedImages>(m_shared, share);
    }

private:
    const std::vector<ImageFile>& pool(Split split) const;
    template <class Add>
    Batch collect(Split split, std::span<const std::int64_t> indices, Add add) const;
    void addPlain(ImageBatch& batch, const ImageFile& file) const;
    Pixels plain(const ImageFile& file) const;
    std::optional<DecodedImage> decoded(const ImageFile& file) const;
    void leaveOut(const ImageFile& file, const std::string& why) const;

    std::shared_ptr<const Shared> m_shared;
    DatasetInfo m_info;
    DataSpec m_spec;
    ByteTables m_tables;
    Partition m_partition;
};

StreamedImages::StreamedImages(std::shared_ptr<const Shared> shared, double validation)
    : m_shared(std::move(shared)),
      m_info(m_shared->collection.info),
      m_spec(m_shared->collection.spec),
      m_tables(byteTables(m_shared->collection.normalisation)),
      m_partition(labelsOf(m_shared->collection.files.train),
                  labelsOf(m_shared->collection.files.validation),
                  labelsOf(m_shared->collection.files.test), validation) {
    m_spec.validation = validation;
    m_info.inputs = {{m_info.sampleShape}};
    m_partition.describe(m_info);
}

const std::vector<ImageFile>& StreamedImages::pool(Split split) const {
    const ImageFolderLayout& files = m_shared->collection.files;
    switch (m_partition.pool(split)) {
        case Pool::Train:
            return files.train;
        case Pool::Validation:
            return files.validation;
        case Pool::Test:
            break;
    }
    return files.test;
}

/// `add(batch, file, place)` for each sample.
template <class Add>
Batch StreamedImages::collect(Split split, std::span<const std::int64_t> indices, Add add) const {
    const std::vector<ImageFile>& files = pool(split);
    const std::vector<std::int64_t>& places = m_partition.places(split);
    ImageBatch images(m_info.sampleShape, m_tables, indices.size());
    for (const std::int64_t index : indices) {
        const std::int64_t place = places.at(static_cast<std::size_t>(index));
        add(images, files[static_cast<std::size_t>(place)], place);
    }
    Batch batch = std::move(images).take();
    if (m_info.targets == Targets::None) batch.targets = at::Tensor();
    if (batch.samples() > 0) return batch;
    throw ReadError({Error::Kind::Damaged, cat("Cannot read the data of ", m_info.name),
                     cat("none of ", indices.size(), " images in a row can be read"),
                     cat("Look at the files that are named in ", logFilePath())});
}

/// Decoding everything would take as long as the scan that wants to know.
void StreamedImages::addContent(Sha256& hash, Split split, std::int64_t samples) const {
    constexpr std::int64_t kSeen = 32;
    const std::vector<ImageFile>& files = pool(split);
    const std::vector<std::int64_t>& places = m_partition.places(split);
    for (std::int64_t i = 0; i < samples; ++i) {
        const ImageFile& file =
            files[static_cast<std::size_t>(places.at(static_cast<std::size_t>(i)))];
        std::error_code gone;
        const auto bytes = std::filesystem::file_size(file.path, gone);
        const auto written = std::filesystem::last_write_time(file.path, gone);
        hash.add(cat(file.path.string(), "|", gone ? 0 : bytes, "|",
                     gone ? 0 : written.time_since_epoch().count(), "|", file.label, "\n"));
    }
    std::vector<std::int64_t> first(static_cast<std::size_t>(std::min(kSeen, samples)));
    std::iota(first.begin(), first.end(), 0);
    addBatch(hash, batch(split, first));
}

/// Nothing when the file is broken. Throws ReadError when it has gone.
std::optional<DecodedImage> StreamedImages::decoded(const ImageFile& file) const {
    const auto& root = m_shared->collection.root;
    const auto bytes = readImageFile(file.path);
    if (!bytes) {
        throw ReadError(
            {bytes.error().kind, cat("Cannot read ", shortName(file.path, root)),
             "the file was there when the data was opened and cannot be read now",
             cat("Check that ", root.string(), " is still there, and open the data again")});
    }
    auto image = decode(*bytes, static_cast<int>(m_info.sampleShape[0]));
    if (image) return std::move(*image);
    leaveOut(file, image.error().why);
    return {};
}

/// Says so once.
void StreamedImages::leaveOut(const ImageFile& file, const std::string& why) const {
    if (!m_shared->cache.noteBroken(file)) return;
    const std::string name = shortName(file.path, m_shared->collection.root);
    log(LogLevel::Warning, cat("Left out: ", name, " (", why, ")"));
}

Raster rasterOf(const DecodedImage& image) {
    return {image.pixels.data(),
            {image.height, image.width},
            image.channels,
            std::int64_t{image.width} * image.channels};
}

/// Null when the file is broken.
Pixels StreamedImages::plain(const ImageFile& file) const {
    if (Pixels kept = m_shared->cache.find(file)) return kept;
    const auto image = decoded(file);
    if (!image) return nullptr;
    const Raster raster = rasterOf(*image);
    const auto window = m_shared->collection.geometry.windowFor(raster.size);
    if (!window || window->size() != ImageSize{m_info.sampleShape[1], m_info.sampleShape[2]}) {
        leaveOut(file, "its size has changed since the data was opened");
        return nullptr;
    }
    auto pixels = std::make_shared<const std::vector<std::uint8_t>>(scaled(raster, *window));
    m_shared->cache.keep(file, pixels);
    return pixels;
}

void StreamedImages::addPlain(ImageBatch& batch, const ImageFile& file) const {
    if (const Pixels pixels = plain(file)) batch.add(pixels->data(), file.label);
}

Batch StreamedImages::augmented(Split split, std::span<const std::int64_t> indices,
                                std::uint64_t seed) const {
    const Augmentation* augmentation = findAugmentation(m_spec.augment).value();
    if (!augmentation) return batch(split, indices);
    const std::int64_t height = m_info.sampleShape[1];
    const std::int64_t width = m_info.sampleShape[2];
    if (!augmentation->takesRegions) {
        return collect(split, indices,
                       [&](ImageBatch& target, const ImageFile& file, std::int64_t place) {
                           SplitMix64 random = randomOf(seed, place);
                           const ImageChange change = augmentation->draw(random, height, width);
                           if (const Pixels pixels = plain(file))
                               target.add(pixels->data(), file.label, change);
                       });
    }
    const Window window{{height, width}, {0, 0, height, width}};
    return collect(
        split, indices, [&](ImageBatch& target, const ImageFile& file, std::int64_t place) {
            const auto image = decoded(file);
            if (!image) return;
            SplitMix64 random = randomOf(seed, place);
            const ImageChange change = augmentation->draw(random, image->height, image->width);
            const auto pixels = scaled(rasterOf(*image).part(*change.region), window);
            target.add(pixels.data(), file.label, change);
        });
}

}  // namespace

Result<DatasetPtr> makeStreamedImages(StreamedCollection collection) {
    if (auto known = findAugmentation(collection.spec.augment); !known) return known.error();
    const double validation = collection.spec.validation;
    return DatasetPtr(std::make_shared<StreamedImages>(
        std::make_shared<const Shared>(std::move(collection)), validation));
}

}  // namespace espalier::data
