#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace quantide {

/** A relocatable object for x86-64 in memory, with its code ready to run. Copies share it. */
class LoadedObject {
public:
    /** `resolve` gives the address of a symbol that the object lacks, or null. Throws InternalError where the
     * object cannot be loaded: it is none, a symbol is missing, or it has data that change. */
    LoadedObject(const std::string &object, const std::function<void *(const std::string &)> &resolve);
    /** The address of a function that the object defines. Throws InternalError if it does not. */
    void *function(const std::string &name) const;

private:
    std::shared_ptr<std::byte> memory;
    std::map<std::string, void *> defined;
};

}  // namespace quantide
