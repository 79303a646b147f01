#pragma once
#include "dsl/layers.h"
#include "dsl/recipe.h"

namespace quantide {

/** A network that this program knows by name. */
struct Network {
    std::string name;
    Tensor (*network)() = nullptr;
    Recipe (*recipe)() = nullptr;  ///< null: cannot be trained by `quantide train`

    Graph graph() const { return build(name, network); }
};

/** The network of that name. Throws CompileError that lists the known ones, or if two have that name. */
const Network &find_network(const std::string &name);

/** Every network linked into this program, by name. */
std::vector<Network> all_networks();

/** Throws CompileError if two networks or two recipes of this program have one name, or a recipe stands
 * beside no network. */
void check_networks();

/** Called by the macros below; returns true. */
bool register_network(const char *name, Tensor (*network)());
bool register_recipe(const char *name, Recipe (*recipe)());

}  // namespace quantide

/** QUANTIDE_NETWORK(name) { ...; return scores; } defines a network that the driver knows by name. */
#define QUANTIDE_NETWORK(name)                                       \
    static quantide::Tensor quantide_network_##name();               \
    [[maybe_unused]] static const bool quantide_has_network_##name = \
        quantide::register_network(#name, quantide_network_##name);  \
    static quantide::Tensor quantide_network_##name()

/** QUANTIDE_RECIPE(name) { return {.data = ..., .loss = ...}; } says how to train it. */
#define QUANTIDE_RECIPE(name)                                       \
    static quantide::Recipe quantide_recipe_##name();               \
    [[maybe_unused]] static const bool quantide_has_recipe_##name = \
        quantide::register_recipe(#name, quantide_recipe_##name);   \
    static quantide::Recipe quantide_recipe_##name()
