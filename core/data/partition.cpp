// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/partition.h"

#include <numeric>

#include "core/base/format.h"
#include "core/data/dataset_torch.h"

namespace espalier::data {
namespace {

constexpr double kTestShare = 0.1;

std::vector<std::int64_t> allOf(std::span<const std::int64_t> labels) {
    std::vector<std::int64_t> places(labels.size());
    std::iota(places.begin(), places.end(), 0);
    return places;
}

}  // namespace

Partition::Partition(std::span<const std::int64_t> train, std::span<const std::int64_t> validation,
                     std::span<const std::int64_t> test, double share)
    : m_test(allOf(test)) {
    if (!validation.empty()) {
        m_train = allOf(train);
        m_validation = allOf(validation);
        m_validationPool = Pool::Validation;
    } else if (train.empty()) {
        m_validation = m_test;
        m_validationPool = Pool::Test;
    } else {
        TrainValidation split = stratifiedSplit(train, share);
        m_train = std::move(split.train);
        m_validation = std::move(split.validation);
    }
}

Pool Partition::pool(Split split) const {
    switch (split) {
        case Split::Train:
            return Pool::Train;
        case Split::Validation:
            return m_validationPool;
        case Split::Test:
            break;
    }
    return Pool::Test;
}

const std::vector<std::int64_t>& Partition::places(Split split) const {
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

std::vector<std::int64_t> Partition::labels(Split split,
                                            std::span<const std::int64_t> ofPool) const {
    std::vector<std::int64_t> labels;
    for (const std::int64_t place : places(split))
        labels.push_back(ofPool[static_cast<std::size_t>(place)]);
    return labels;
}

void Partition::describe(DatasetInfo& info) const {
    if (m_validationPool == Pool::Test)
        info.notes.emplace_back("choices are made on the test split: there is no training split");
    if (m_test.empty()) info.notes.emplace_back("there is no test split");
    if (info.classes.size() == 1)
        info.notes.push_back(cat("all samples are of one class, ", info.classes[0],
                                 ": accuracy says how often the model names it, and nothing about "
                                 "telling classes apart"));
    info.train = std::ssize(m_train);
    info.validation = std::ssize(m_validation);
    info.test = std::ssize(m_test);
}

HeldOut holdOutTest(std::span<const std::int64_t> labels) {
    TrainValidation split = stratifiedSplit(labels, kTestShare);
    return {std::move(split.train), std::move(split.validation)};
}

}  // namespace espalier::data
