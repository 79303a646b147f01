#pragma once
/** \file
 * Quantide's whole vocabulary for writing a network and its recipe. */
#include "dsl/image_layers.h"
#include "dsl/layers.h"
#include "dsl/network.h"
#include "dsl/recipe.h"
