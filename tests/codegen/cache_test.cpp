#include "compiler/codegen/cache.h"

#include "runtime/parallel.h"
#include "tests/base/temporary_folder.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

namespace quantide {
namespace {

TEST(CodeCache, ReturnsWhatWasStored) {
    const TemporaryFolder folder;
    const CodeCache cache(folder / "new" + "/nested");
    EXPECT_EQ(cache.load("key"), std::nullopt);
    cache.store("key", std::string("code\0with zero", 14));
    EXPECT_EQ(cache.load("key"), std::string("code\0with zero", 14));
    EXPECT_EQ(cache.load("key2"), std::nullopt);
    cache.store("key", "other");
    EXPECT_EQ(cache.load("key"), "other");
}

TEST(CodeCache, EmptyOneKeepsNothing) {
    const CodeCache cache;
    cache.store("key", "code");
    EXPECT_EQ(cache.load("key"), std::nullopt);
    EXPECT_EQ(cache.path("key"), "");
}

TEST(CodeCache, DamagedFilesCountAsAbsent) {
    const TemporaryFolder folder;
    const CodeCache cache(folder.path());
    cache.store("key", "the code");
    const std::string path = cache.path("key"), whole = content_of(path);
    ASSERT_FALSE(whole.empty());
    auto with = [&](const std::string &content) {
        std::ofstream(path, std::ios::binary) << content;
        return cache.load("key");
    };
    for (size_t size = 0; size < whole.size(); size++) {
        EXPECT_EQ(with(whole.substr(0, size)), std::nullopt) << "cut to " << size;
    }
    for (size_t i = 0; i < whole.size(); i++) {
        std::string flipped = whole;
        flipped[i] = static_cast<char>(flipped[i] ^ 1);
        EXPECT_EQ(with(flipped), std::nullopt) << "flipped byte " << i;
    }
    EXPECT_EQ(with(whole + "x"), std::nullopt);
    EXPECT_EQ(with(std::string(100000, 'x')), std::nullopt);
    EXPECT_EQ(with(whole), "the code");
}

TEST(CodeCache, AFileOfAnotherKeyCountsAsAbsent) {
    const TemporaryFolder folder;
    const CodeCache cache(folder.path());
    cache.store("one", "code of one");
    std::filesystem::copy_file(cache.path("one"), cache.path("two"));
    EXPECT_EQ(cache.load("two"), std::nullopt);
}

TEST(CodeCache, ADirectoryInPlaceOfAFileCountsAsAbsent) {
    const TemporaryFolder folder;
    const CodeCache cache(folder.path());
    std::filesystem::create_directories(cache.path("key") + "/x");
    EXPECT_EQ(cache.load("key"), std::nullopt);
    cache.store("key", "code");
    EXPECT_EQ(cache.load("key"), std::nullopt);
    EXPECT_NE(cache.problem().find(cache.path("key")), std::string::npos) << cache.problem();
}

TEST(CodeCache, WhereItCannotWriteItOnlySaysSo) {
    const TemporaryFolder folder;
    const std::string file = folder.add("file", "not a folder");
    const CodeCache cache(file + "/cache");
    EXPECT_EQ(cache.problem(), "");
    const CodeCache copy = cache;
    copy.store("key", "code");
    EXPECT_EQ(cache.load("key"), std::nullopt);
    EXPECT_NE(cache.problem().find(file + "/cache"), std::string::npos) << cache.problem();
    EXPECT_EQ(content_of(file), "not a folder");
}

TEST(CodeCache, ManyAtOnce) {
    const TemporaryFolder folder;
    std::atomic<int> wrong = 0;
    parallel_for(200, 8, [&](size_t i) {
        const CodeCache cache(folder.path());
        const std::string key = "key" + std::to_string(i % 3), code(50000 + i % 3, 'c');
        cache.store(key, code);
        const auto found = cache.load(key);
        wrong += found != code;
    });
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(folder.names().size(), 3U) << "temporary files are left";
}

TEST(CodeCache, StandardPlaceFollowsTheEnvironment) {
    const TemporaryFolder folder;
    auto with = [](const char *cache, const char *home) {
        cache != nullptr ? setenv("XDG_CACHE_HOME", cache, 1) : unsetenv("XDG_CACHE_HOME");
        home != nullptr ? setenv("HOME", home, 1) : unsetenv("HOME");
        return CodeCache::standard().path("key");
    };
    const auto variable = [](const char *name) {
        const char *value = std::getenv(name);
        return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
    };
    const auto cache_before = variable("XDG_CACHE_HOME"), home_before = variable("HOME");
    EXPECT_TRUE(with("/a", "/b").starts_with("/a/quantide/"));
    EXPECT_TRUE(with(nullptr, "/b").starts_with("/b/.cache/quantide/"));
    EXPECT_TRUE(with("relative", "/b").starts_with("/b/.cache/quantide/"));
    EXPECT_EQ(with(nullptr, nullptr), "");
    with(cache_before ? cache_before->c_str() : nullptr, home_before ? home_before->c_str() : nullptr);
}

TEST(CodeCache, ThisProgramHasABuildIdentity) { EXPECT_GE(build_identity().size(), 16U); }

}  // namespace
}  // namespace quantide
