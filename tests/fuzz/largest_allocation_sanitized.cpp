// SPDX-License-Identifier: GPL-3.0-or-later
// The same watch where a sanitizer has taken the C library's allocation functions over: it tells of
// each piece that it gives away. What it refuses ends the test (allocator_may_return_null=0).
#include "tests/fuzz/largest_allocation.h"

#include <atomic>

// GCC 12 comes without <sanitizer/allocator_interface.h>, but with what it declares.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*,
                                                                  std::size_t),
                                                         void (*)(const volatile void*));

namespace {

std::atomic<std::size_t> largest{0};

void note(const volatile void*, std::size_t bytes) {
    std::size_t known = largest.load(std::memory_order_relaxed);
    while (bytes > known && !largest.compare_exchange_weak(known, bytes)) continue;
}

void ignore(const volatile void*) {}

const int installed = __sanitizer_install_malloc_and_free_hooks(note, ignore);

}  // namespace

namespace espalier::test {

std::size_t takeLargestAllocation() {
    return installed ? largest.exchange(0) : 0;
}

}  // namespace espalier::test
