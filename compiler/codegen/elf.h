#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quantide {

/** A symbol of a relocatable object that other objects can see or must provide. */
struct ElfSymbol {
    std::string name;
    bool defined = false;
    bool hidden = false;  ///< not exported from a shared object that contains the object
    bool operator==(const ElfSymbol &) const = default;
};

/** The global and weak symbols of an ELF64 object, in its order. Throws InternalError if `object` is
 * none. */
std::vector<ElfSymbol> elf_symbols(const std::string &object);

/** The object with every global and weak symbol renamed, and hidden, as `edit` says; a symbol for which it
 * returns nothing stays as it is. Sections named after functions follow; old names are gone from the file. */
std::string edit_elf_symbols(const std::string &object,
                             const std::function<std::optional<ElfSymbol>(const ElfSymbol &)> &edit);

/** The bytes of stack that the function of an object's code with the largest frame sets up, and what its
 * registers take at most: those of functions that call each other add up. Read from the instructions that
 * move the stack pointer, never too few. */
int64_t stack_frame_bytes(const std::string &object);

}  // namespace quantide
