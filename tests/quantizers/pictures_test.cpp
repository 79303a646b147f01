#include "tests/quantizers/pictures.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace quantide {

namespace {

std::string read(const std::filesystem::path &path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// With QUANTIDE_UPDATE_GOLDEN=1 it writes them: tools/plot_quantizers.
TEST(QuantizerPictures, AreThoseOfTheTable) {
    const std::filesystem::path docs = std::filesystem::path(QUANTIDE_SOURCE_DIR) / "docs";
    const bool update = std::getenv("QUANTIDE_UPDATE_GOLDEN") != nullptr;
    std::filesystem::create_directories(docs / "quantizers");
    std::set<std::string> pictures;
    for (const auto &[path, text] : quantizer_pages()) {
        if (update) {
            std::ofstream(docs / path) << text;
        }
        EXPECT_EQ(read(docs / path), text) << path << " is not that of the table: see tools/plot_quantizers";
        pictures.insert((docs / path).filename());
    }
    for (const auto &entry : std::filesystem::directory_iterator(docs / "quantizers")) {
        EXPECT_TRUE(pictures.contains(entry.path().filename())) << entry.path() << " belongs to no quantizer";
    }
}

}  // namespace

}  // namespace quantide
