#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace quantide {

/** A new empty folder that goes away with what is in it. */
class TemporaryFolder {
public:
    TemporaryFolder() : path_(testing::TempDir() + "/quantide-XXXXXX") {
        if (mkdtemp(path_.data()) == nullptr) {
            throw std::filesystem::filesystem_error("mkdtemp", path_,
                                                    std::error_code(errno, std::generic_category()));
        }
    }
    TemporaryFolder(const TemporaryFolder &) = delete;
    TemporaryFolder &operator=(const TemporaryFolder &) = delete;
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }

    const std::string &path() const { return path_; }
    std::string operator/(const std::string &name) const { return path_ + "/" + name; }

    /** The path of a new file with this content. */
    std::string add(const std::string &name, const std::string &content) const {
        std::ofstream(*this / name, std::ios::binary) << content;
        return *this / name;
    }
    std::set<std::string> names() const {
        std::set<std::string> result;
        for (const auto &entry : std::filesystem::directory_iterator(path_)) {
            result.insert(entry.path().filename().string());
        }
        return result;
    }

private:
    std::string path_;
};

inline std::string content_of(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace quantide
