// A training loop of one's own: no driver, no data set, only this program's memory. The images here have one
// column of eight brighter than the others, and the class says which.
#include <quantide/dsl.h>
#include <training/evaluator.h>
#include <training/trainer.h>

#include <algorithm>
#include <cstdio>
#include <random>

using namespace quantide;

namespace {

struct Examples {
    std::vector<uint8_t> images, labels;
};

Examples make_examples(int count, std::mt19937 &random) {
    Examples result;
    for (int i = 0; i < count; ++i) {
        const unsigned bright = random() % 8;
        for (unsigned pixel = 0; pixel < 64; ++pixel) {
            result.images.push_back(static_cast<uint8_t>(random() % 12 + (pixel % 8 == bright ? 5 : 0)));
        }
        result.labels.push_back(static_cast<uint8_t>(bright));
    }
    return result;
}

}  // namespace

int main(int argc, char **argv) try {
    const Graph network = find_network("my_network").graph();
    const Recipe recipe = find_network("my_network").recipe();
    std::mt19937 random(1);
    Trainer trainer(network, recipe, {.seed = 1, .threads = 2});
    for (int step = 0; step < 200; ++step) {
        const Examples batch = make_examples(recipe.batch, random);
        const float loss = trainer.step(batch.images.data(), batch.labels.data(), 1e-3);
        if (step % 50 == 0) {
            std::printf("step %d: loss %.3f\n", step, static_cast<double>(loss));
        }
    }

    const int rows = 1000;
    const Examples test = make_examples(rows, random);
    Evaluator evaluator(network, trainer.parameters());
    std::vector<float> scores(rows * 10);
    evaluator.run(test.images.data(), rows, scores.data());
    int wrong = 0;
    for (int row = 0; row < rows; ++row) {
        const auto first = scores.begin() + 10 * row;
        wrong += std::max_element(first, first + 10) - first != test.labels[static_cast<size_t>(row)];
    }
    std::printf("%d of %d wrong\n", wrong, rows);

    // Goes on: `my_driver compile my_network --checkpoint my_loop.safetensors -o DIR`.
    save_checkpoint(argc > 1 ? argv[1] : "my_loop.safetensors", trainer);
    return 0;
} catch (const CompileError &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
