#include "examples/common/dataset.h"

#include <algorithm>

namespace quantide {

namespace {

const DataSource *const kSources[] = {
#define DATA_SOURCE(name) &name##_source,
#include "examples/common/datasets.inc"
#undef DATA_SOURCE
};

Array slice_rows(const Array &array, int64_t begin, int64_t end) {
    Shape shape = array.shape;
    shape[0] = end - begin;
    Array result(array.type, shape);
    const auto row = static_cast<int64_t>(array.bytes.size()) / array.shape[0];
    std::copy(array.bytes.begin() + begin * row, array.bytes.begin() + end * row, result.bytes.begin());
    return result;
}

}  // namespace

std::span<const DataSource *const> all_data_sources() { return kSources; }

const DataSource &find_data_source(const std::string &name) {
    std::string known;
    for (const DataSource *source : kSources) {
        if (source->name == name) {
            return *source;
        }
        known += known.empty() ? source->name : std::string(", ") + source->name;
    }
    throw CompileError(fmt::format("unknown data set '{}': expected one of {}", name, known));
}

DataSet label(Array images, Array labels, int classes, const std::string &name) {
    const int64_t n = images.shape.at(0);
    user_check(labels.shape == Shape{n}, "{}: expected {} labels for {} images, found {}", name, n, n,
               to_string(labels.shape));
    const auto values = labels.as<uint8_t>();
    const auto bad =
        std::find_if(values.begin(), values.end(), [&](uint8_t value) { return value >= classes; });
    user_check(bad == values.end(), "{}: expected labels from 0 to {}, found {} at {}", name, classes - 1,
               bad == values.end() ? 0 : *bad, bad - values.begin());
    images.shape = {n, images.size() / n};
    return {std::move(images), std::move(labels), classes};
}

DataSet slice(const DataSet &data, int64_t begin, int64_t end) {
    internal_check(0 <= begin && begin < end && end <= data.size(), "slice [{}, {}) of {} examples", begin,
                   end, data.size());
    return {slice_rows(data.images, begin, end), slice_rows(data.labels, begin, end), data.classes};
}

}  // namespace quantide
