#pragma once
#include "compiler/base/error.h"

#include <elf.h>

#include <cstring>
#include <string>
#include <vector>

namespace quantide {

/** A relocatable ELF64 object, read and written with bounds checked. */
class ElfFile {
public:
    explicit ElfFile(std::string object) : bytes(std::move(object)) {
        header = get<Elf64_Ehdr>(0);
        internal_check(std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
                           header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_type == ET_REL,
                       "expected a relocatable ELF64 object");
        for (size_t i = 0; i < header.e_shnum; i++) {
            sections.push_back(get<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr)));
        }
    }

    template<typename T>
    T get(uint64_t offset) const {
        T value;
        internal_check(offset <= bytes.size() && sizeof value <= bytes.size() - offset,
                       "ELF object is truncated");
        std::memcpy(&value, &bytes[offset], sizeof value);
        return value;
    }

    template<typename T>
    void put(uint64_t offset, const T &value) {
        get<T>(offset);
        std::memcpy(&bytes[offset], &value, sizeof value);
    }

    std::string name(const Elf64_Shdr &strings, uint64_t offset) const {
        const uint64_t at = strings.sh_offset + offset;
        const size_t end = at < bytes.size() ? bytes.find('\0', at) : std::string::npos;
        internal_check(end != std::string::npos, "ELF object has a name outside its strings");
        return bytes.substr(at, end - at);
    }

    std::string bytes;
    Elf64_Ehdr header;
    std::vector<Elf64_Shdr> sections;
};

}  // namespace quantide
