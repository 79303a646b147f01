#pragma once
#include <string>
#include <vector>

namespace quantide {

/** One object of a static library. */
struct ArchiveMember {
    std::string name;  ///< "digits_k0_avx2.o"
    std::string object;
};

/** A static library ("ar" file with a symbol index) of ELF64 objects; no dates or owners, so that equal
 * members give equal bytes. */
std::string make_archive(const std::vector<ArchiveMember> &members);

}  // namespace quantide
