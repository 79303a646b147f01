#include "compiler/codegen/elf.h"

#include "compiler/base/error.h"
#include "compiler/codegen/archive.h"
#include "compiler/codegen/stubs.h"
#include "runtime/cpu_features.h"
#include "tests/base/temporary_folder.h"
#include "tests/codegen/command.h"

#include <gmock/gmock.h>

#include <cstring>

namespace quantide {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::span<const std::byte> bytes_of(const std::string &text) { return std::as_bytes(std::span(text)); }

/** An object with data and one function of every kind. */
std::string make_object(const std::string &architecture) {
    ObjectWriter writer(architecture);
    const std::string first(100, 'a'), second = "second";
    writer.add_data(bytes_of(first));
    const int64_t at = writer.add_data(bytes_of(second + '\0'));
    const int external = writer.add_external("external_index");
    writer.add_function("get_data", return_address(architecture, writer.data_symbol(), at), false);
    writer.add_function("get_number", return_constant(architecture, 0x123456789abcdef0), false);
    writer.add_function(
        "get_scaled",
        return_scaled_index(architecture,
                            {.last = 1000000, .otherwise = 7, .stride = 5000000000, .table = {}, .call = {}}),
        false);
    writer.add_function("get_entry",
                        return_scaled_index(architecture, {.last = 2,
                                                           .otherwise = 2,
                                                           .stride = 1,
                                                           .table = std::pair{writer.data_symbol(), at},
                                                           .call = {}}),
                        false);
    writer.add_function("get_called",
                        return_scaled_index(architecture, {.last = 2,
                                                           .otherwise = 0,
                                                           .stride = 2,
                                                           .table = std::pair{writer.data_symbol(), at},
                                                           .call = external}),
                        true);
    return writer.finish();
}

const char *const kCaller = R"(
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
const char *get_data(void);
size_t get_number(void);
size_t get_scaled(int32_t);
const char *get_entry(int32_t);
const char *get_called(void);
static int calls;
int external_index(void) { calls++; return 1; }
int main(void) {
    int bad = 0;
    bad += strcmp(get_data(), "second") != 0 || (uintptr_t)get_data() % 64 != 0;
    bad += 2 * (get_number() != 0x123456789abcdef0u);
    bad += 4 * (get_scaled(0) != 0 || get_scaled(3) != 15000000000u || get_scaled(1000000) != 5000000000u * 1000000);
    bad += 8 * (get_scaled(1000001) != 35000000000u || get_scaled(-1) != 35000000000u || get_scaled(INT32_MIN) != 35000000000u);
    bad += 16 * (get_entry(1) != get_data() + 1 || get_entry(99) != get_data() + 2 || get_entry(-1) != get_data() + 2);
    bad += 32 * (get_called() != get_data() + 2 || calls != 1);
    return bad;
}
)";

TEST(ObjectWriter, FunctionsReturnWhatTheyShould) {
    const TemporaryFolder folder;
    const std::string object = folder.add("data.o", make_object(host_architecture()));
    const std::string main = folder.add("main.c", kCaller);
    for (const char *mode : {"-no-pie", "-fPIE -pie", "-static"}) {
        const std::string program = folder / "program";
        expect_runs("gcc -O1 " + std::string(mode) + " " + main + " " + object + " -o " + program + " && " +
                    program);
    }
}

TEST(ObjectWriter, FunctionsReturnWhatTheyShouldOnArm) {
    if (!have_command("aarch64-linux-gnu-gcc") || !have_command("qemu-aarch64")) {
        GTEST_SKIP() << "needs aarch64-linux-gnu-gcc and qemu-aarch64";
    }
    const TemporaryFolder folder;
    const std::string object = folder.add("data.o", make_object("arm-64")), program = folder / "program";
    const std::string main = folder.add("main.c", kCaller);
    expect_runs("aarch64-linux-gnu-gcc -static " + main + " " + object + " -o " + program +
                " && qemu-aarch64 " + program);
}

TEST(ObjectWriter, SameCallsSameBytes) {
    for (const char *architecture : {"x86-64", "arm-64"}) {
        EXPECT_EQ(make_object(architecture), make_object(architecture));
    }
}

TEST(Elf, ListsGlobalSymbols) {
    EXPECT_THAT(elf_symbols(make_object("x86-64")),
                ElementsAre(ElfSymbol{"external_index", false, false}, ElfSymbol{"get_data", true, false},
                            ElfSymbol{"get_number", true, false}, ElfSymbol{"get_scaled", true, false},
                            ElfSymbol{"get_entry", true, false}, ElfSymbol{"get_called", true, true}));
}

TEST(Elf, RenamesAndHides) {
    const std::string object = edit_elf_symbols(make_object("x86-64"), [](const ElfSymbol &s) {
        return s.name == "get_data" ? std::optional(ElfSymbol{"a_much_longer_name_than_before", true, true})
                                    : std::nullopt;
    });
    EXPECT_EQ(elf_symbols(object)[1], (ElfSymbol{"a_much_longer_name_than_before", true, true}));
    EXPECT_EQ(elf_symbols(object)[2], (ElfSymbol{"get_number", true, false}));
    EXPECT_EQ(object.find("get_data"), std::string::npos) << "the old name is still in the file";
}

TEST(Elf, RenamesWhatACompilerMade) {
    const TemporaryFolder folder;
    const std::string source = folder.add("a.c",
                                          "int first(int x) { return x + 1; }\nint second(int x) { return "
                                          "first(x) * 2; }\nextern int other(void);\n"
                                          "int third(void) { return other(); }\n");
    expect_runs("gcc -O0 -ffunction-sections -c " + source + " -o " + (folder / "a.o"));
    folder.add("b.o", edit_elf_symbols(content_of(folder / "a.o"), [](const ElfSymbol &s) {
                   return std::optional(ElfSymbol{"lib_" + s.name, s.defined, false});
               }));
    const std::string main =
        folder.add("main.c",
                   "int lib_second(int); int lib_third(void); int lib_other(void) { return 5; }\n"
                   "int main(void) { return lib_second(3) != 8 || lib_third() != 5; }\n");
    expect_runs("gcc " + main + " " + (folder / "b.o") + " -o " + (folder / "main") + " && " +
                (folder / "main"));
    EXPECT_THAT(expect_runs("readelf -WS " + (folder / "b.o")), HasSubstr(".text.lib_first"));
}

TEST(Elf, RefusesOtherBytes) {
    const std::string object = make_object("x86-64");
    EXPECT_THROW(elf_symbols(""), InternalError);
    EXPECT_THROW(
        elf_symbols("not an object, but longer than the sixty-four bytes that an ELF header takes up"),
        InternalError);
    for (size_t size : {size_t{10}, size_t{64}, object.size() / 2, object.size() - 1}) {
        EXPECT_THROW(elf_symbols(object.substr(0, size)), InternalError) << size;
    }
}

TEST(Archive, IsReadByTheLinkerAndByAr) {
    const TemporaryFolder folder;
    const std::string archive =
        make_archive({{"a_name_longer_than_fifteen.o", make_object(host_architecture())},
                      {"b.o", make_object(host_architecture())}});
    const std::string path = folder.add("lib.a", archive);
    EXPECT_EQ(expect_runs("ar t " + path), "a_name_longer_than_fifteen.o\nb.o\n");
    EXPECT_THAT(expect_runs("nm -s " + path), HasSubstr("get_called in a_name_longer_than_fifteen.o"));
    expect_runs("cd " + folder.path() + " && ar x lib.a && ar rcD again.a a_name_longer_than_fifteen.o b.o");
    EXPECT_EQ(content_of(folder / "b.o"), make_object(host_architecture()));
    const std::string main = folder.add("main.c", kCaller);
    expect_runs("gcc " + main + " " + path + " -o " + (folder / "main") + " && " + (folder / "main"));
}

TEST(Archive, OddSizesArePadded) {
    const TemporaryFolder folder;
    const std::string object = make_object("x86-64") + "x";
    const std::string path = folder.add("lib.a", make_archive({{"a.o", object}, {"b.o", object}}));
    expect_runs("cd " + folder.path() + " && ar x lib.a");
    EXPECT_EQ(content_of(folder / "b.o"), object);
}

}  // namespace
}  // namespace quantide
