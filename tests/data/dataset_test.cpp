#include "examples/common/dataset.h"

#include "tests/base/expect_error.h"

namespace quantide {

namespace {

using testing::ElementsAre;

DataSet three_examples() {
    Array images(UInt(8), {3, 2, 2});
    for (size_t i = 0; i < 12; ++i) {
        images.as<uint8_t>()[i] = static_cast<uint8_t>(i);
    }
    Array labels(UInt(8), {3});
    labels.as<uint8_t>()[1] = 1;
    labels.as<uint8_t>()[2] = 2;
    return label(images, labels, 3, "f");
}

TEST(DataSet, FlattensImages) {
    const DataSet data = three_examples();
    EXPECT_EQ(data.size(), 3);
    EXPECT_EQ(data.features(), 4);
}

TEST(DataSet, SliceTakesWholeExamples) {
    const DataSet part = slice(three_examples(), 1, 3);
    EXPECT_THAT(part.images.shape, ElementsAre(2, 4));
    EXPECT_THAT(part.images.as<uint8_t>(), ElementsAre(4, 5, 6, 7, 8, 9, 10, 11));
    EXPECT_THAT(part.labels.as<uint8_t>(), ElementsAre(1, 2));
    EXPECT_EQ(part.classes, 3);
    EXPECT_THROW(slice(three_examples(), 1, 4), InternalError);
    EXPECT_THROW(slice(three_examples(), 1, 1), InternalError);
}

TEST(DataSource, NamesTheKnownOnes) {
    for (const DataSource *source : all_data_sources()) {
        EXPECT_EQ(&find_data_source(source->name), source);
        EXPECT_STRNE(source->summary, "");
    }
    expect_error([] { find_data_source("imagenet"); },
                 {"unknown data set 'imagenet'", "expected one of optdigits, mnist"});
}

}  // namespace

}  // namespace quantide
