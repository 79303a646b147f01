#include "dsl/network.h"

namespace quantide {

namespace {

std::map<std::string, Network> &networks() {
    static std::map<std::string, Network> table;
    return table;
}

}  // namespace

const Network &find_network(const std::string &name) {
    auto found = networks().find(name);
    if (found != networks().end() && found->second.network != nullptr) {
        return found->second;
    }
    std::string known;
    for (const Network &network : all_networks()) {
        known += known.empty() ? network.name : ", " + network.name;
    }
    throw CompileError(fmt::format("unknown network '{}': expected one of {}", name, known));
}

std::vector<Network> all_networks() {
    std::vector<Network> result;
    for (const auto &[key, network] : networks()) {
        if (network.network != nullptr) {
            result.push_back(network);
        }
    }
    return result;
}

bool register_network(const char *name, Tensor (*network)()) {
    networks()[name].name = name;
    networks()[name].network = network;
    return true;
}

bool register_recipe(const char *name, Recipe (*recipe)()) {
    networks()[name].name = name;
    networks()[name].recipe = recipe;
    return true;
}

}  // namespace quantide
