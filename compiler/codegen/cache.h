#pragma once
#include <memory>
#include <optional>
#include <string>

namespace quantide {

/** Compiled code on disk, by the text that it was made from. Any number of processes may share one. What
 * cannot be read, is damaged or belongs to another text counts as absent; what cannot be written is not
 * kept. */
class CodeCache {
public:
    /** Keeps nothing. */
    CodeCache() = default;
    /** Keeps files in `directory`, which is made when first needed. */
    explicit CodeCache(std::string directory);
    /** $XDG_CACHE_HOME/quantide, or ~/.cache/quantide; one that keeps nothing if neither is set. */
    static CodeCache standard();

    std::optional<std::string> load(const std::string &key) const;
    void store(const std::string &key, const std::string &code) const;

    /** The file of a key; empty if this cache keeps nothing. */
    std::string path(const std::string &key) const;

    /** Why something could not be kept, of this cache or a copy of it; empty if everything was. */
    std::string problem() const;

private:
    struct Problem;

    std::string directory;
    std::shared_ptr<Problem> shared;
};

/** Identifies the program that runs: its linker's build id. Another build may make other code of the same
 * text, so this is part of every key; empty, and then nothing is cached, if the program has none. */
std::string build_identity();

}  // namespace quantide
