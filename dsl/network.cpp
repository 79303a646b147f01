#include "dsl/network.h"

namespace quantide {

namespace {

/** What was registered under one name. Mistakes wait until somebody asks: nothing may be thrown before main.
 */
struct Entry {
    Network network;
    int networks = 0, recipes = 0;
};

std::map<std::string, Entry> &entries() {
    static std::map<std::string, Entry> table;
    return table;
}

void check_entry(const Entry &entry) {
    const std::string &name = entry.network.name;
    user_check(entry.networks <= 1, "network '{}': expected one QUANTIDE_NETWORK of that name, found {}",
               name, entry.networks);
    user_check(entry.recipes <= 1, "network '{}': expected one QUANTIDE_RECIPE of that name, found {}", name,
               entry.recipes);
    user_check(entry.networks == 1, "recipe '{}': expected a QUANTIDE_NETWORK of that name, found none",
               name);
}

}  // namespace

const Network &find_network(const std::string &name) {
    const auto found = entries().find(name);
    if (found != entries().end()) {
        check_entry(found->second);
        return found->second.network;
    }
    std::string known;
    for (const Network &network : all_networks()) {
        known += known.empty() ? network.name : ", " + network.name;
    }
    throw CompileError(fmt::format("unknown network '{}': expected one of {}", name, known));
}

std::vector<Network> all_networks() {
    std::vector<Network> result;
    for (const auto &[name, entry] : entries()) {
        if (entry.networks != 0) {
            result.push_back(entry.network);
        }
    }
    return result;
}

void check_networks() {
    for (const auto &[name, entry] : entries()) {
        check_entry(entry);
    }
}

bool register_network(const char *name, Tensor (*network)()) {
    Entry &entry = entries()[name];
    entry.network.name = name;
    entry.network.network = network;
    ++entry.networks;
    return true;
}

bool register_recipe(const char *name, Recipe (*recipe)()) {
    Entry &entry = entries()[name];
    entry.network.name = name;
    entry.network.recipe = recipe;
    ++entry.recipes;
    return true;
}

}  // namespace quantide
