#include "compiler/codegen/archive.h"

#include "compiler/base/error.h"
#include "compiler/codegen/elf.h"

#include <cstdint>

namespace quantide {

namespace {

constexpr size_t kMemberHeader = 60;

std::string member_header(const std::string &name, size_t size) {
    // name, date, user, group, mode, size, end mark
    return fmt::format("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", name, 0, 0, 0, 644, size);
}

std::string big_endian(size_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes += static_cast<char>(value >> shift);
    }
    return bytes;
}

size_t even(size_t size) { return size + size % 2; }

}  // namespace

std::string make_archive(const std::vector<ArchiveMember> &members) {
    // GNU's form: the index of symbols, then the table of names longer than 15 bytes, then the members.
    std::string symbol_names, long_names;
    std::vector<size_t> symbol_member;
    for (size_t i = 0; i < members.size(); i++) {
        for (const ElfSymbol &symbol : elf_symbols(members[i].object)) {
            if (symbol.defined) {
                symbol_names += symbol.name + '\0';
                symbol_member.push_back(i);
            }
        }
        long_names += members[i].name + "/\n";
    }
    const size_t index_size = 4 + 4 * symbol_member.size() + symbol_names.size();
    const std::string magic = "!<arch>\n";

    std::vector<size_t> offsets;
    size_t at = magic.size() + kMemberHeader + even(index_size) + kMemberHeader + even(long_names.size());
    for (const ArchiveMember &member : members) {
        offsets.push_back(at);
        at += kMemberHeader + even(member.object.size());
    }
    internal_check(at <= UINT32_MAX, "a static library of {} bytes does not fit its index", at);

    std::string archive;
    archive.reserve(at);
    archive += magic;
    auto append = [&](const std::string &name, const std::string &bytes) {
        archive += member_header(name, bytes.size()) + bytes;
        if (bytes.size() % 2 != 0) {
            archive += '\n';
        }
    };
    std::string index = big_endian(symbol_member.size());
    for (size_t member : symbol_member) {
        index += big_endian(offsets[member]);
    }
    append("/", index + symbol_names);
    append("//", long_names);
    size_t name_at = 0;
    for (const ArchiveMember &member : members) {
        append(fmt::format("/{}", name_at), member.object);
        name_at += member.name.size() + 2;
    }
    return archive;
}

}  // namespace quantide
