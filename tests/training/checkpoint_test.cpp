#include "training/checkpoint.h"

#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"
#include "tests/dsl/random_network.h"
#include "training/safetensors.h"

namespace quantide {

namespace {

Graph network(const std::string &name = "net") {
    return build(name, [] {
        Tensor x = input("image", {5}, UInt(8));
        x = quantize(batch_norm(dense(x, {.units = 3, .weights = sign()})), sign());
        return dense(x, {.units = 2});
    });
}

Checkpoint sample(uint32_t seed = 1) {
    Random random(seed);
    Checkpoint checkpoint;
    checkpoint.network = "net";
    checkpoint.parameters = random_parameters(network(), random);
    checkpoint.best = random_parameters(network(), random);
    checkpoint.moments = {{"dense1.weight.m", random.floats({3, 5})},
                          {"dense1.weight.v", random.floats({3, 5}, 0, 1)}};
    checkpoint.seed = UINT64_MAX;
    checkpoint.steps = 1234567890123;
    checkpoint.epoch = 3;
    checkpoint.position = 17;
    checkpoint.loss_sum = 0.1 + 0.2;
    checkpoint.best_error = 1.0 / 3;
    checkpoint.best_epoch = 2;
    checkpoint.recipe = "a recipe";
    checkpoint.losses = {0.1 + 0.2, 1e-9, std::numeric_limits<double>::infinity()};
    checkpoint.validation_errors = {1, 1.0 / 3, 0.5};
    checkpoint.preprocessing = {{"whitening.mean", random.floats({5})}};
    return checkpoint;
}

class CheckpointFile : public testing::Test {
protected:
    /** A file with `content`, changed. */
    std::string write(const std::function<void(SafeTensors &)> &change) {
        save_checkpoint(folder / "sound", sample());
        SafeTensors content = read_safetensors(folder / "sound");
        change(content);
        write_safetensors(folder / "changed", content);
        return folder / "changed";
    }

    /** Expects both readers to refuse `path` with the same fragments, and the path. */
    void expect_refused(const std::string &path, std::initializer_list<std::string> fragments) {
        expect_error([&] { load_checkpoint(path, network()); }, fragments);
        expect_error([&] { load_checkpoint(path, network()); }, {path});
        expect_error([&] { load_parameters(path, network(), false); }, fragments);
        expect_error([&] { load_parameters(path, network(), false); }, {path});
    }

    TemporaryFolder folder;
};

TEST_F(CheckpointFile, HoldsAllOfARun) {
    const Checkpoint saved = sample();
    save_checkpoint(folder / "c", saved);
    const Checkpoint found = load_checkpoint(folder / "c", network());
    EXPECT_EQ(found.network, saved.network);
    EXPECT_EQ(found.parameters, saved.parameters);
    EXPECT_EQ(found.best, saved.best);
    EXPECT_EQ(found.moments, saved.moments);
    EXPECT_EQ(found.seed, saved.seed);
    EXPECT_EQ(found.steps, saved.steps);
    EXPECT_EQ(found.epoch, saved.epoch);
    EXPECT_EQ(found.position, saved.position);
    EXPECT_EQ(found.loss_sum, saved.loss_sum);
    EXPECT_EQ(found.best_error, saved.best_error);
    EXPECT_EQ(found.best_epoch, saved.best_epoch);
    EXPECT_EQ(found.recipe, saved.recipe);
    EXPECT_EQ(found.losses, saved.losses);
    EXPECT_EQ(found.validation_errors, saved.validation_errors);
    EXPECT_EQ(found.preprocessing, saved.preprocessing);
    EXPECT_EQ(load_preprocessing(folder / "c"), saved.preprocessing);
    save_checkpoint(folder / "again", found);
    EXPECT_EQ(content_of(folder / "again"), content_of(folder / "c"));
    EXPECT_EQ(folder.names(), (std::set<std::string>{"again", "c"}));
}

TEST_F(CheckpointFile, GivesTheBestParametersOrTheLast) {
    Checkpoint saved = sample();
    save_checkpoint(folder / "c", saved);
    EXPECT_EQ(load_parameters(folder / "c", network()), saved.best);
    EXPECT_EQ(load_parameters(folder / "c", network(), false), saved.parameters);
    saved.best.clear();
    saved.epoch = saved.best_epoch = 0;
    saved.losses = saved.validation_errors = {};
    save_checkpoint(folder / "c", saved);
    EXPECT_EQ(load_parameters(folder / "c", network()), saved.parameters);
    EXPECT_TRUE(load_checkpoint(folder / "c", network()).best.empty());
}

TEST_F(CheckpointFile, HasTheErrorsOfItsLastEpochs) {
    const auto expect_refused_lists = [&](const char *losses, const char *errors,
                                          std::initializer_list<std::string> fragments) {
        const std::string path = write([&](SafeTensors &c) {
            c.metadata["losses"] = losses;
            c.metadata["validation_errors"] = errors;
        });
        expect_error([&] { load_checkpoint(path, network()); }, fragments);
        expect_error([&] { load_checkpoint(path, network()); }, {path});
    };
    expect_refused_lists("1 2 3 4", "1 1 1 1", {"at most 3 numbers", "'losses'", "found 4"});
    expect_refused_lists("1 2", "1 1 1", {"as many", "3 and 2"});
    for (const char *bad : {"1,2", "1 ", " 1", "1  2", "x", "1\n2"}) {
        expect_refused_lists(bad, "1", {"numbers as 'losses'", "found"});
    }
    // A file from before these were kept, or that began without them.
    const std::string older = write([](SafeTensors &c) {
        c.metadata.erase("losses");
        c.metadata.erase("validation_errors");
    });
    EXPECT_TRUE(load_checkpoint(older, network()).losses.empty());
    const std::string some =
        write([](SafeTensors &c) { c.metadata["losses"] = c.metadata["validation_errors"] = "0.5"; });
    EXPECT_EQ(load_checkpoint(some, network()).losses, std::vector<double>{0.5});
}

TEST_F(CheckpointFile, MayBeMadeByPyTorch) {
    SafeTensors content{.tensors = sample().parameters, .metadata = {{"format", "pt"}}};
    content.tensors["batch_norm1.num_batches_tracked"] = make_array<int64_t>(Int(64), {}, {7});
    write_safetensors(folder / "pt", content);
    EXPECT_EQ(load_parameters(folder / "pt", network()), sample().parameters);
    expect_error([&] { load_checkpoint(folder / "pt", network()); }, {folder / "pt", "'seed'", "metadata"});
}

TEST_F(CheckpointFile, OfAnotherNetworkIsRefused) {
    expect_refused(write([](SafeTensors &c) { c.metadata["network"] = "other"; }),
                   {"network 'net'", "\"other\""});
    expect_refused(write([](SafeTensors &c) { c.metadata["network"] = "two\nlines"; }),
                   {"network 'net'", "two\\nlines"});
    expect_error(
        [&] {
            load_parameters(write([](SafeTensors &c) { c.tensors["dense9.weight"] = Array(Float(32), {1}); }),
                            network());
        },
        {folder / "changed", "network 'net'", "dense9.weight"});
    expect_error(
        [&] {
            load_parameters(write([](SafeTensors &c) { c.tensors["two\nlines"] = Array(Float(32), {1}); }),
                            network());
        },
        {folder / "changed", "two\\nlines"});
}

TEST_F(CheckpointFile, WithTensorsThatDoNotFitIsRefused) {
    expect_refused(write([](SafeTensors &c) { c.tensors.erase("batch_norm1.bias"); }),
                   {"'batch_norm1.bias'", "none"});
    expect_refused(write([](SafeTensors &c) {
                       c.tensors["dense1.weight"] = Array(Float(32), {5, 3});
                   }),
                   {"'dense1.weight'", "f32[3, 5]", "f32[5, 3]"});
    expect_refused(write([](SafeTensors &c) {
                       c.tensors["dense1.weight"] = Array(Float(64), {3, 5});
                   }),
                   {"'dense1.weight'", "f32[3, 5]", "f64[3, 5]"});
    expect_refused(write([](SafeTensors &c) { c.tensors["dense1.weight"] = Array(Float(32), {15}); }),
                   {"'dense1.weight'", "f32[15]"});
    expect_refused(write([](SafeTensors &c) { c.tensors["batch_norm1.running_var"].floats()[2] = -1e-30F; }),
                   {"'batch_norm1.running_var'", "negative"});
    for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        expect_refused(write([&](SafeTensors &c) { c.tensors["dense2.weight"].floats()[1] = bad; }),
                       {"dense2.weight", "finite"});
    }
}

TEST_F(CheckpointFile, WithABadBestCopyIsRefused) {
    const std::string missing = write([](SafeTensors &c) { c.tensors.erase("best.batch_norm1.bias"); });
    expect_error([&] { load_checkpoint(missing, network()); }, {missing, "'best.batch_norm1.bias'"});
    expect_error([&] { load_parameters(missing, network()); }, {missing, "'best.batch_norm1.bias'"});
    expect_error([&] { load_parameters(missing, network(), false); }, {missing, "'best.batch_norm1.bias'"});
    const std::string negative =
        write([](SafeTensors &c) { c.tensors["best.batch_norm1.running_var"].floats()[0] = -1; });
    expect_error([&] { load_parameters(negative, network()); },
                 {negative, "'best.batch_norm1.running_var'", "negative"});
    const std::string unknown =
        write([](SafeTensors &c) { c.tensors["best.dense9.weight"] = Array(Float(32), {1}); });
    expect_error([&] { load_parameters(unknown, network()); },
                 {unknown, "network 'net'", "best.dense9.weight"});
    const std::string none = write([](SafeTensors &c) {
        std::erase_if(c.tensors, [](const auto &t) { return t.first.starts_with("best."); });
    });
    expect_error([&] { load_checkpoint(none, network()); }, {none, "best", "3 epochs"});
}

TEST_F(CheckpointFile, WhoseOtherCopyIsBadIsRefused) {
    const std::vector<std::function<void(SafeTensors &, const std::string &)>> changes = {
        [](SafeTensors &c, const std::string &prefix) {
            c.tensors[prefix + "dense1.weight"].floats()[0] = std::numeric_limits<float>::quiet_NaN();
        },
        [](SafeTensors &c, const std::string &prefix) {
            c.tensors[prefix + "dense1.weight"] = Array(Float(32), {5, 3});
        },
        [](SafeTensors &c, const std::string &prefix) {
            c.tensors[prefix + "dense1.weight"] = Array(Float(64), {3, 5});
        },
        [](SafeTensors &c, const std::string &prefix) {
            c.tensors[prefix + "batch_norm1.running_var"].floats()[0] = -1;
        }};
    for (const auto &change : changes) {
        for (const bool best : {true, false}) {
            const std::string path = write([&](SafeTensors &c) { change(c, best ? "" : "best."); });
            expect_error([&] { load_parameters(path, network(), best); }, {path});
        }
    }
}

TEST_F(CheckpointFile, SaysWhichCopyItGives) {
    Checkpoint saved = sample();
    std::string which;
    save_checkpoint(folder / "c", saved);
    load_parameters(folder / "c", network(), true, &which);
    EXPECT_EQ(which, "best epoch 2 of 3");
    load_parameters(folder / "c", network(), false, &which);
    EXPECT_EQ(which, "last epoch 3");
    load_parameters(write([](SafeTensors &c) { c.metadata.clear(); }), network(), true, &which);
    EXPECT_EQ(which, "best epoch");
    saved.best.clear();
    save_checkpoint(folder / "c", saved);
    load_parameters(folder / "c", network(), true, &which);
    EXPECT_EQ(which, "");
}

TEST_F(CheckpointFile, WithAnImpossibleTrainingStateIsRefused) {
    const std::string negative =
        write([](SafeTensors &c) { c.tensors["optimizer.dense1.weight.v"].floats()[4] = -1e-30F; });
    expect_error([&] { load_checkpoint(negative, network()); },
                 {negative, "'optimizer.dense1.weight.v'", "negative"});
    for (const char *epoch : {"0", "4", "77"}) {
        const std::string path = write([&](SafeTensors &c) { c.metadata["best_epoch"] = epoch; });
        expect_error([&] { load_checkpoint(path, network()); }, {path, "best epoch", "3", epoch});
    }
    for (const char *key : {"loss_sum", "best_error"}) {
        const std::string path = write([&](SafeTensors &c) { c.metadata[key] = "inf"; });
        expect_error([&] { load_checkpoint(path, network()); }, {path, key, "inf"});
    }
    const std::string error = write([](SafeTensors &c) { c.metadata["best_error"] = "1.5"; });
    expect_error([&] { load_checkpoint(error, network()); }, {error, "best error", "1.5"});
}

TEST_F(CheckpointFile, WithoutItsTrainingStateIsRefused) {
    for (const char *key : {"seed", "steps", "epoch", "position", "loss_sum", "best_error", "best_epoch"}) {
        const std::string missing = write([&](SafeTensors &c) { c.metadata.erase(key); });
        expect_error([&] { load_checkpoint(missing, network()); }, {missing, key, "none"});
        for (const char *bad : {"", "x", "-1", "1x", " 1", "nan", "99999999999999999999999", "a\nb"}) {
            const bool large_real =
                std::string(key).find("_sum") != std::string::npos || std::string(key) == "best_error";
            if (large_real && bad[0] == '9') {
                continue;
            }
            const std::string path = write([&](SafeTensors &c) { c.metadata[key] = bad; });
            expect_error([&] { load_checkpoint(path, network()); }, {path, key, "number >= 0"});
        }
    }
}

TEST_F(CheckpointFile, ThatIsDamagedIsRefused) {
    save_checkpoint(folder / "sound", sample());
    const std::string bytes = content_of(folder / "sound");
    for (size_t length : {size_t{0}, size_t{7}, size_t{8}, size_t{100}, bytes.size() / 2, bytes.size() - 1}) {
        SCOPED_TRACE(length);
        expect_refused(folder.add("cut", bytes.substr(0, length)), {});
    }
    expect_refused(folder.add("long", bytes + "x"), {});
    for (uint64_t header : {uint64_t{1} << 63, UINT64_MAX, uint64_t{bytes.size()}}) {
        std::string lying = bytes;
        std::memcpy(lying.data(), &header, sizeof header);
        expect_refused(folder.add("lying", lying), {"header"});
    }
    expect_refused(folder / "absent", {});
}

TEST_F(CheckpointFile, OfAFailedWriteLeavesTheOldOne) {
    save_checkpoint(folder / "c", sample());
    const std::string before = content_of(folder / "c");
    Checkpoint bad = sample(2);
    bad.parameters["dense1.weight"] = to_layout(bad.parameters["dense1.weight"], Layout::OutputPanels);
    EXPECT_THROW(save_checkpoint(folder / "c", bad), InternalError);
    EXPECT_EQ(content_of(folder / "c"), before);
    EXPECT_EQ(folder.names(), std::set<std::string>{"c"});
    expect_error([&] { save_checkpoint(folder / "no_such_folder/c", sample()); }, {"no_such_folder"});
}

}  // namespace

}  // namespace quantide
