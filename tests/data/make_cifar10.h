#pragma once
#include <fmt/format.h>

#include <fstream>
#include <string>

namespace quantide {

/** A binary CIFAR-10 file of `n` records: that of number i from `first` on has the label i % 10, red pixels
 * i, green pixels i + 1 and blue pixels i + 2. */
inline std::string make_cifar10(int n, int first = 0) {
    std::string bytes;
    for (int i = first; i < first + n; ++i) {
        bytes += static_cast<char>(i % 10);
        for (int plane = 0; plane < 3; ++plane) {
            bytes += std::string(32 * 32, static_cast<char>(i + plane));
        }
    }
    return bytes;
}

/** Writes the six files of a small CIFAR-10, `n` images each. */
inline void write_cifar10(const std::string &folder, int n) {
    const auto write = [&](const std::string &name, int first) {
        std::ofstream(folder + "/" + name, std::ios::binary) << make_cifar10(n, first);
    };
    for (int i = 0; i < 5; ++i) {
        write(fmt::format("data_batch_{}.bin", i + 1), i * n);
    }
    write("test_batch.bin", 0);
}

}  // namespace quantide
