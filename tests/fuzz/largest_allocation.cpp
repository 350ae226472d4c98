// SPDX-License-Identifier: GPL-3.0-or-later
// The C library's allocation functions, as every library of the process then calls them: they note
// the size and pass it on.
#include "tests/fuzz/largest_allocation.h"

#include <atomic>
#include <cerrno>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

std::atomic<std::size_t> largest{0};

void note(std::size_t bytes) {
    std::size_t known = largest.load(std::memory_order_relaxed);
    while (bytes > known && !largest.compare_exchange_weak(known, bytes)) continue;
}

}  // namespace

namespace espalier::test {

std::size_t takeLargestAllocation() {
    return largest.exchange(0);
}

}  // namespace espalier::test

extern "C" {

void* malloc(std::size_t bytes) noexcept {
    note(bytes);
    return __libc_malloc(bytes);
}

void* calloc(std::size_t count, std::size_t bytes) noexcept {
    std::size_t all = 0;
    note(__builtin_mul_overflow(count, bytes, &all) ? SIZE_MAX : all);
    return __libc_calloc(count, bytes);
}

void* realloc(void* old, std::size_t bytes) noexcept {
    note(bytes);
    return __libc_realloc(old, bytes);
}

void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
    note(bytes);
    return __libc_memalign(alignment, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
    return memalign(alignment, bytes);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t bytes) noexcept {
    *result = memalign(alignment, bytes);
    return *result || bytes == 0 ? 0 : ENOMEM;
}

}  // extern "C"
