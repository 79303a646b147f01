#pragma once
#include "compiler/base/error.h"
#include "compiler/ir/type.h"

#include <cstddef>
#include <cstdlib>
#include <span>
#include <utility>

namespace quantide {

/** Memory on a 64-byte boundary, which every kernel may rely on. Zeros until written: pages that nothing
 * touches cost nothing. */
class AlignedBytes {
public:
    AlignedBytes() = default;
    explicit AlignedBytes(size_t size);
    AlignedBytes(const AlignedBytes &other);
    AlignedBytes(AlignedBytes &&other) noexcept { swap(other); }
    AlignedBytes &operator=(AlignedBytes other) noexcept {
        swap(other);
        return *this;
    }
    ~AlignedBytes() { std::free(block_); }
    bool operator==(const AlignedBytes &other) const;
    /** Where there are fewer than `size` bytes, so many new ones. */
    void grow(size_t size);

    size_t size() const { return size_; }
    std::byte *data() { return data_; }
    const std::byte *data() const { return data_; }
    std::byte *begin() { return data_; }
    std::byte *end() { return data_ + size_; }
    const std::byte *begin() const { return data_; }
    const std::byte *end() const { return data_ + size_; }
    std::byte &operator[](size_t i) { return data_[i]; }
    const std::byte &operator[](size_t i) const { return data_[i]; }

private:
    void swap(AlignedBytes &other) noexcept {
        std::swap(block_, other.block_);
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
    }

    void *block_ = nullptr;
    std::byte *data_ = nullptr;
    size_t size_ = 0;
};

/** Typed numbers in host memory: parameters, constants, batches. Row-major and logical unless
 * `layout` says otherwise. */
struct Array {
    ElementType type = Float(32);
    Shape shape;
    Layout layout = Layout::Logical;
    AlignedBytes bytes;

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
