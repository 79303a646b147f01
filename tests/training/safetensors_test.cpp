#include "training/safetensors.h"

#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"

#include <cstring>
#include <limits>

namespace quantide {

namespace {

using testing::ElementsAre;
using testing::Pair;

std::string little_endian(uint64_t value) {
    std::string bytes(sizeof(value), '\0');
    std::memcpy(bytes.data(), &value, sizeof(value));
    return bytes;
}

/** A file with this header and data. */
std::string make_file(const std::string &header, const std::string &data) {
    return little_endian(header.size()) + header + data;
}

SafeTensors read(const std::string &bytes, const SafeTensorsOptions &options = {}) {
    return read_safetensors(open_memory(bytes, "f"), options);
}

void expect_read_error(const std::string &bytes, std::initializer_list<std::string> fragments) {
    expect_error([&] { read(bytes); }, fragments);
}

/** A file of one float tensor `t` of 16 bytes, but for `entry`. */
std::string one_tensor(const std::string &entry, size_t data_bytes = 16) {
    return make_file("{\"t\":" + entry + "}", std::string(data_bytes, '\0'));
}

template<typename T>
Array make_array(ElementType type, const Shape &shape, const std::vector<T> &values) {
    Array array(type, shape);
    std::copy(values.begin(), values.end(), array.as<T>().begin());
    return array;
}

SafeTensors example() {
    SafeTensors content;
    content.tensors["dense1.weight"] = make_array<float>(Float(32), {2, 3}, {1, -2, 0.5, 0, 3, -0.0F});
    content.tensors["a"] = make_array<uint8_t>(UInt(8), {3}, {1, 2, 255});
    content.tensors["step"] = make_array<int64_t>(Int(64), {}, {-7});
    content.tensors["codes"] = make_array<int32_t>(Int(32), {1, 2}, {INT32_MIN, 5});
    content.metadata = {{"eps", "1e-4"}, {"na\"me\n", "\u00e9"}};
    return content;
}

// What the Python package safetensors 0.8 writes for the same content.
const std::string kExampleFile = make_file(
    R"({"__metadata__":{"eps":"1e-4","na\"me\n":"é"},"step":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
    R"("dense1.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},)"
    R"("codes":{"dtype":"I32","shape":[1,2],"data_offsets":[32,40]},)"
    R"("a":{"dtype":"U8","shape":[3],"data_offsets":[40,43]}}   )",
    std::string(
        "\xf9\xff\xff\xff\xff\xff\xff\xff"
        "\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f\x00\x00\x00\x00\x00\x00\x40\x40\x00\x00\x00\x80"
        "\x00\x00\x00\x80\x05\x00\x00\x00"
        "\x01\x02\xff",
        43));

TEST(SafeTensors, WritesTheKnownBytes) {
    const TemporaryFolder folder;
    write_safetensors(folder / "f", example());
    EXPECT_EQ(content_of(folder / "f"), kExampleFile);
    EXPECT_THAT(folder.names(), ElementsAre("f"));
}

TEST(SafeTensors, ReadsTheKnownBytes) { EXPECT_EQ(read(kExampleFile), example()); }

TEST(SafeTensors, ReadsWhatItWrote) {
    const TemporaryFolder folder;
    for (int64_t size : {1, 3, 63, 64, 65, 127, 128, 129}) {
        SafeTensors content;
        int seed = 0;
        for (ElementType type : {Float(64), Float(32), Float(16), Int(64), Int(32), Int(16), Int(8), UInt(64),
                                 UInt(32), UInt(16), UInt(8)}) {
            Array array(type, {size, 3});
            for (std::byte &byte : array.bytes) {
                byte = static_cast<std::byte>(seed++ % 0x70);
            }
            content.tensors[to_string(type)] = array;
        }
        write_safetensors(folder / "f", content);
        EXPECT_EQ(read_safetensors(folder / "f"), content);
    }
}

TEST(SafeTensors, HoldsNothing) {
    const TemporaryFolder folder;
    write_safetensors(folder / "f", {});
    EXPECT_EQ(read_safetensors(folder / "f"), SafeTensors());
}

TEST(SafeTensors, ReadsOnlyWhatIsWanted) {
    const auto content = read(kExampleFile, {.wanted = [](const std::string &name) { return name == "a"; }});
    EXPECT_THAT(content.tensors, ElementsAre(Pair("a", example().tensors["a"])));
    EXPECT_EQ(content.metadata, example().metadata);
}

TEST(SafeTensors, ReadsTensorsInAnyOrder) {
    const std::string file = make_file(R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},)"
                                       R"( "a":{"data_offsets":[0,1],"shape":[1],"dtype":"U8"}})",
                                       "ab");
    EXPECT_EQ(read(file).tensors["a"].as<uint8_t>()[0], 'a');
    EXPECT_EQ(read(file).tensors["b"].as<uint8_t>()[0], 'b');
}

TEST(SafeTensors, RefusesEveryTruncationAndWhatFollows) {
    for (size_t size = 0; size < kExampleFile.size(); ++size) {
        expect_read_error(kExampleFile.substr(0, size), {"f: ", "expected", "found"});
    }
    expect_read_error(kExampleFile.substr(0, 7), {"f: expected a safetensors file, found 7 bytes"});
    expect_read_error(kExampleFile + "x", {"f: expected 43 bytes of data", "found 44"});
}

TEST(SafeTensors, RefusesALyingHeaderLength) {
    for (uint64_t length :
         {uint64_t{250}, uint64_t{1} << 32, (uint64_t{1} << 63) - 1, uint64_t{1} << 63, UINT64_MAX}) {
        expect_read_error(little_endian(length) + "{}",
                          {"f: ", "header of at most 2 bytes", std::to_string(length)});
    }
    expect_read_error(little_endian(1) + "{}", {"f: ", "expected a header in JSON"});
    expect_read_error(little_endian(0) + "{}", {"f: ", "starts with '{'"});
}

TEST(SafeTensors, RefusesAHeaderThatIsNotOne) {
    expect_read_error(make_file("[]", ""), {"f: ", "starts with '{'", "found \"[\""});
    expect_read_error(make_file("\xef\xbb\xbf{}", ""), {"f: ", "starts with '{'"});
    expect_read_error(make_file("{\"t\"", ""), {"f: ", "expected a header in JSON"});
    expect_read_error(make_file("{\n\"t\n\"}", ""), {"f: ", "expected a header in JSON"});
    expect_read_error(make_file("{} {}", ""), {"f: ", "expected a header in JSON"});
    expect_read_error(make_file("{\"\xff\":1}", ""), {"f: ", "expected a header in JSON", "UTF-8"});
    expect_read_error(make_file("{\"__metadata__\":{\"a\":\"\xc3\x28\"}}", ""), {"f: ", "UTF-8"});
    expect_read_error(make_file("{\"t\":" + std::string(100000, '['), ""), {"f: ", "at most 3 levels"});
    expect_read_error(make_file("{\"t\":" + std::string(100000, '{'), ""),
                      {"f: ", "expected a header in JSON"});
}

TEST(SafeTensors, RefusesEqualNames) {
    const std::string entry = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
    expect_read_error(make_file("{\"t\":" + entry + ",\"t\":" + entry + "}", "x"),
                      {"f: ", "unique names", "\"t\" twice"});
    expect_read_error(make_file(R"({"__metadata__":{"a":"1","a":"2"}})", ""),
                      {"f: ", "unique names", "\"a\" twice"});
    expect_read_error(one_tensor(R"({"dtype":"F32","shape":[4],"shape":[4],"data_offsets":[0,16]})"),
                      {"f: ", "unique names", "\"shape\" twice"});
}

TEST(SafeTensors, RefusesMetadataThatAreNotStrings) {
    expect_read_error(make_file(R"({"__metadata__":[]})", ""), {"f: ", "__metadata__", "found []"});
    expect_read_error(make_file(R"({"__metadata__":{"a":1}})", ""),
                      {"f: ", "expected a string for \"a\"", "found 1"});
}

TEST(SafeTensors, RefusesABadEntry) {
    expect_read_error(one_tensor("[]"),
                      {"f: tensor \"t\": expected dtype, shape and data_offsets, found []"});
    expect_read_error(one_tensor(R"({"dtype":"F32","shape":[4]})"), {"f: tensor \"t\"", "data_offsets"});
    expect_read_error(one_tensor(R"({"dtype":"F32","shape":[4],"data_offsets":[0,16],"x":1})"),
                      {"f: tensor \"t\""});
    expect_read_error(one_tensor(R"({"dtype":"BF16","shape":[8],"data_offsets":[0,16]})"),
                      {"f: tensor \"t\"", "expected as dtype one of U64, I64", "found \"BF16\""});
    expect_read_error(one_tensor(R"({"dtype":4,"shape":[4],"data_offsets":[0,16]})"),
                      {"f: tensor \"t\"", "dtype", "4"});
    expect_read_error(one_tensor(R"({"dtype":"F32","shape":4,"data_offsets":[0,16]})"),
                      {"f: tensor \"t\"", "shape"});
    for (const char *number :
         {"-4", "4.0", "4e0", "\"4\"", "null", "9223372036854775808", "99999999999999999999"}) {
        expect_read_error(
            one_tensor(fmt::format(R"({{"dtype":"F32","shape":[{}],"data_offsets":[0,16]}})", number)),
            {"f: tensor \"t\"", "expected whole numbers below 2^63 in shape"});
        expect_read_error(
            one_tensor(fmt::format(R"({{"dtype":"F32","shape":[4],"data_offsets":[0,{}]}})", number)),
            {"f: tensor \"t\"", "expected whole numbers below 2^63 in data_offsets"});
    }
    expect_read_error(make_file(R"({"a\nb":1})", ""), {R"(tensor "a\nb")"});
}

TEST(SafeTensors, RefusesDimensionsThatCannotBe) {
    expect_read_error(one_tensor(R"({"dtype":"F32","shape":[0],"data_offsets":[0,0]})", 0),
                      {"f: tensor \"t\"", "positive dimensions", "[0]"});
    expect_read_error(one_tensor(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,16]})"),
                      {"f: tensor \"t\"", "overflows"});
    expect_read_error(one_tensor(R"({"dtype":"F32","shape":[4611686018427387908],"data_offsets":[0,16]})"),
                      {"f: tensor \"t\"", "overflows", "[4611686018427387908]"});
    expect_read_error(one_tensor(R"({"dtype":"F32","shape":[1125899906842624],"data_offsets":[0,16]})"),
                      {"f: tensor \"t\"", "expected 1125899906842624 elements of 4 bytes, found 16 bytes"});
    expect_read_error(one_tensor(R"({"dtype":"F32","shape":[3],"data_offsets":[0,16]})"),
                      {"f: tensor \"t\"", "expected 3 elements of 4 bytes, found 16 bytes"});
    expect_read_error(one_tensor(R"({"dtype":"F64","shape":[4],"data_offsets":[0,16]})"),
                      {"f: tensor \"t\"", "expected 4 elements of 8 bytes, found 16 bytes"});
    expect_read_error(one_tensor(R"({"dtype":"F32","shape":[4],"data_offsets":[0,17]})", 17),
                      {"found 17 bytes"});
}

TEST(SafeTensors, RefusesOffsetsThatDoNotTileTheData) {
    const auto two = [](const char *first, const char *second, size_t data) {
        return make_file(fmt::format(R"({{"a":{{"dtype":"U8","shape":[4],"data_offsets":{}}},)"
                                     R"("b":{{"dtype":"U8","shape":[4],"data_offsets":{}}}}})",
                                     first, second),
                         std::string(data, '\0'));
    };
    EXPECT_NO_THROW(read(two("[0,4]", "[4,8]", 8)));
    expect_read_error(two("[0,4]", "[3,7]", 7), {"f: tensor \"b\"", "expected its data at 4", "found 3"});
    expect_read_error(two("[0,4]", "[0,4]", 4), {"expected its data at 4", "found 0"});
    expect_read_error(two("[0,4]", "[5,9]", 9), {"f: tensor \"b\"", "expected its data at 4", "found 5"});
    expect_read_error(two("[1,5]", "[5,9]", 9), {"f: tensor \"a\"", "expected its data at 0", "found 1"});
    expect_read_error(two("[0,4]", "[4,8]", 7), {"f: tensor \"b\"", "within 7 bytes", "found it up to 8"});
    expect_read_error(two("[0,4]", "[4,8]", 9), {"f: expected 8 bytes of data", "found 9"});
    expect_read_error(two("[0,4]", "[8,4]", 8), {"f: tensor \"b\"", "an end not before it", "[8,4]"});
    expect_read_error(two("[0,4]", "[4]", 8), {"f: tensor \"b\"", "data_offsets", "[4]"});
    expect_read_error(two("[0,4]", "[9223372036854775803,9223372036854775807]", 8),
                      {"found 9223372036854775803"});
}

TEST(SafeTensors, RefusesNumbersThatAreNotFinite) {
    const float infinity = std::numeric_limits<float>::infinity();
    for (float bad : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN(),
                      -std::numeric_limits<float>::signaling_NaN()}) {
        const TemporaryFolder folder;
        SafeTensors content;
        content.tensors["good"] = make_array<float>(Float(32), {1}, {std::numeric_limits<float>::max()});
        content.tensors["w\n"] = make_array<float>(Float(32), {3}, {0, 1, bad});
        write_safetensors(folder / "f", content);
        expect_error([&] { read_safetensors(folder / "f"); },
                     {folder / "f", R"(tensor "w\n")", "expected finite numbers, found NaN or infinity"});
        EXPECT_NO_THROW(read_safetensors(folder / "f", {.finite = false}));
        EXPECT_NO_THROW(read_safetensors(folder / "f",
                                         {.wanted = [](const std::string &name) { return name == "good"; }}));
    }
    expect_read_error(
        make_file(R"({"h":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})", std::string("\x00\x7c", 2)),
        {"tensor \"h\"", "finite"});
    expect_read_error(make_file(R"({"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}})",
                                little_endian(0xfff0000000000000)),
                      {"tensor \"d\"", "finite"});
}

TEST(SafeTensors, RefusesToWriteWhatCannotBeRead) {
    const TemporaryFolder folder;
    const auto refuses = [&](const std::string &name, const Array &array) {
        SafeTensors content;
        content.tensors[name] = array;
        content.metadata = {{"a", "b"}};
        EXPECT_THROW(write_safetensors(folder / "f", content), InternalError);
    };
    refuses("__metadata__", Array(Float(32), {1}));
    refuses("codes", Array(UInt(1), {1}));
    refuses("packed", Array(UInt(1), {1, 1}, Layout::PackedWords));
    expect_error([&] { write_safetensors(folder / "no/f", {}); }, {folder / "no/f", "cannot write"});
    EXPECT_TRUE(folder.names().empty());
}

}  // namespace

}  // namespace quantide
