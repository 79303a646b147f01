#pragma once
#include "compiler/base/error.h"
#include "compiler/ir/type.h"

#include <cstddef>
#include <new>
#include <span>

namespace quantide {

/** Allocates on 64-byte boundaries, which every kernel may rely on. */
template<typename T>
struct AlignedAllocator {
    using value_type = T;
    AlignedAllocator() = default;
    template<typename U>
    explicit AlignedAllocator(const AlignedAllocator<U> &) {}
    T *allocate(size_t n) { return static_cast<T *>(::operator new (n * sizeof(T), std::align_val_t{64})); }
    void deallocate(T *p, size_t) { ::operator delete (p, std::align_val_t{64}); }
    bool operator==(const AlignedAllocator &) const { return true; }
};

/** Typed numbers in host memory: parameters, constants, batches. Row-major and logical unless
 * `layout` says otherwise. */
struct Array {
    ElementType type = Float(32);
    Shape shape;
    Layout layout = Layout::Logical;
    std::vector<std::byte, AlignedAllocator<std::byte>> bytes;

    Array() = default;
    /** Zeros. `extents` must not contain kBatch. */
    Array(ElementType element, Shape extents, Layout order = Layout::Logical);

    bool operator==(const Array &) const = default;
    int64_t size() const { return element_count(shape, 1, "array"); }

    template<typename T>
    std::span<T> as() {
        return {reinterpret_cast<T *>(bytes.data()), bytes.size() / sizeof(T)};
    }
    template<typename T>
    std::span<const T> as() const {
        return {reinterpret_cast<const T *>(bytes.data()), bytes.size() / sizeof(T)};
    }
    std::span<float> floats() { return as<float>(); }
    std::span<const float> floats() const { return as<float>(); }
};

/** The same numbers in another layout (see Layout). Both directions; exact. */
Array to_layout(const Array &array, Layout layout);

}  // namespace quantide
