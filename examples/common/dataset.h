#pragma once
#include "compiler/ir/array.h"

#include <span>
#include <string>

namespace quantide {

/** Labelled images: `images` is UInt(8) [n, features], `labels` is UInt(8) [n], each below `classes`. */
struct DataSet {
    Array images;
    Array labels;
    int classes = 0;

    int64_t size() const { return images.shape.at(0); }
    int64_t features() const { return images.shape.at(1); }
};

/** What a network learns from, what chooses the best epoch, and what the reported error is measured on. */
struct DataSplits {
    DataSet train;
    DataSet validation;
    DataSet test;
};

/** One row of the table of data sets. Rows are listed in datasets.inc; each is defined in NAME.cpp. */
struct DataSource {
    const char *name;
    /** One sentence for `quantide list` and the docs. */
    const char *summary;
    /** Reads the files in `folder`, or those that ship with Quantide if it is empty. Throws
     * CompileError that names the file, or says where to get it. */
    DataSplits (*load)(const std::string &folder);
};

/** The data set of that name. Throws CompileError that lists the known ones. */
const DataSource &find_data_source(const std::string &name);

/** Every data set, in the table's order. */
std::span<const DataSource *const> all_data_sources();

/** Joins images of any rank and their labels. Throws CompileError naming `name` when their numbers differ or
 * a label is not below `classes`. */
DataSet label(Array images, Array labels, int classes, const std::string &name);

/** Examples `begin` to `end` - 1. */
DataSet slice(const DataSet &data, int64_t begin, int64_t end);

#define DATA_SOURCE(name) extern const DataSource name##_source;
#include "examples/common/datasets.inc"
#undef DATA_SOURCE

}  // namespace quantide
