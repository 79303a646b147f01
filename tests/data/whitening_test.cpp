#include "examples/common/whitening.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace quantide {

namespace {

/** Images whose neighboring pixels are alike. */
Array correlated_images(int64_t n, int64_t features, uint32_t seed) {
    std::mt19937 random(seed);
    Array images(UInt(8), {n, features});
    const auto pixels = images.as<uint8_t>();
    for (size_t i = 0; i < pixels.size(); ++i) {
        const auto noise = static_cast<int>(random() % 101) - 50;
        const int before = i % static_cast<size_t>(features) == 0 ? 128 : pixels[i - 1];
        pixels[i] = static_cast<uint8_t>(std::min(255, std::max(0, before + noise)));
    }
    return images;
}

using Rows = std::vector<std::vector<double>>;

/** Contrast normalization by its definition. */
Rows naive_contrast(const Array &images, double contrast) {
    const auto n = static_cast<size_t>(images.shape[0]), features = static_cast<size_t>(images.shape[1]);
    Rows result(n, std::vector<double>(features));
    for (size_t row = 0; row < n; ++row) {
        double mean = 0, squares = 0;
        for (size_t i = 0; i < features; ++i) {
            mean += images.as<uint8_t>()[row * features + i] / static_cast<double>(features);
        }
        for (size_t i = 0; i < features; ++i) {
            result[row][i] = images.as<uint8_t>()[row * features + i] - mean;
            squares += result[row][i] * result[row][i];
        }
        for (double &x : result[row]) {
            x = x * contrast / std::sqrt(squares);
        }
    }
    return result;
}

std::vector<double> mean_of(const Rows &rows) {
    std::vector<double> mean(rows[0].size());
    for (const auto &row : rows) {
        for (size_t i = 0; i < mean.size(); ++i) {
            mean[i] += row[i] / static_cast<double>(rows.size());
        }
    }
    return mean;
}

Rows covariance_of(const Rows &rows) {
    const std::vector<double> mean = mean_of(rows);
    Rows result(mean.size(), std::vector<double>(mean.size()));
    for (const auto &row : rows) {
        for (size_t i = 0; i < mean.size(); ++i) {
            for (size_t j = 0; j < mean.size(); ++j) {
                result[i][j] += (row[i] - mean[i]) * (row[j] - mean[j]) / static_cast<double>(rows.size());
            }
        }
    }
    return result;
}

Rows product(const Rows &a, const Rows &b) {
    Rows result(a.size(), std::vector<double>(b[0].size()));
    for (size_t i = 0; i < a.size(); ++i) {
        for (size_t k = 0; k < b.size(); ++k) {
            for (size_t j = 0; j < b[0].size(); ++j) {
                result[i][j] += a[i][k] * b[k][j];
            }
        }
    }
    return result;
}

Rows rows_of(const Array &array) {
    const auto n = static_cast<size_t>(array.shape[0]), features = static_cast<size_t>(array.shape[1]);
    Rows result(n, std::vector<double>(features));
    for (size_t i = 0; i < n * features; ++i) {
        result[i / features][i % features] = array.floats()[i];
    }
    return result;
}

double distance(const Rows &a, const Rows &b) {
    double largest = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        for (size_t j = 0; j < a[0].size(); ++j) {
            largest = std::max(largest, std::abs(a[i][j] - b[i][j]));
        }
    }
    return largest;
}

constexpr int64_t kImages = 2300, kFeatures = 24;

TEST(Whitening, MatrixIsTheInverseRootOfTheCovariance) {
    const Array images = correlated_images(kImages, kFeatures, 1);
    for (const double bias : {0.1, 3.0}) {
        const FittedWhitening fitted = fit_whitening(images, 55, bias);
        const Rows contrast = naive_contrast(images, 55);
        Rows covariance = covariance_of(contrast);
        Rows identity(kFeatures, std::vector<double>(kFeatures));
        for (size_t i = 0; i < kFeatures; ++i) {
            covariance[i][i] += bias;
            identity[i][i] = 1;
        }
        const Rows matrix = rows_of(fitted.matrix);
        // M (C + bias I) M = I. An element of M is off by its rounding to float, 2^-24 of it or less; C is up
        // to about 1000 and M up to 4, in sums of 24 terms.
        EXPECT_LT(distance(product(product(matrix, covariance), matrix), identity), 1e-2) << bias;
        double asymmetry = 0;
        for (size_t i = 0; i < kFeatures; ++i) {
            for (size_t j = 0; j < kFeatures; ++j) {
                asymmetry = std::max(asymmetry, std::abs(matrix[i][j] - matrix[j][i]));
            }
        }
        EXPECT_LT(asymmetry, 1e-5) << "zero-phase: M is symmetric";
        const std::vector<double> mean = mean_of(contrast);
        for (size_t i = 0; i < kFeatures; ++i) {
            EXPECT_NEAR(fitted.mean.floats()[i], mean[i], 1e-5);
        }
    }
}

TEST(Whitening, FollowsItsFormula) {
    const Array images = correlated_images(kImages, kFeatures, 1),
                others = correlated_images(7, kFeatures, 2);
    const FittedWhitening fitted = fit_whitening(images, 55, 0.1);
    Rows expected = naive_contrast(others, 55);
    for (auto &row : expected) {
        for (size_t i = 0; i < row.size(); ++i) {
            row[i] -= fitted.mean.floats()[i];
        }
    }
    EXPECT_LT(distance(rows_of(whiten(fitted, others)), product(expected, rows_of(fitted.matrix))), 1e-3);
}

TEST(Whitening, LeavesNoCorrelation) {
    const Array images = correlated_images(kImages, kFeatures, 1);
    const Rows covariance = covariance_of(rows_of(whiten(fit_whitening(images, 55, 1e-4), images)));
    // Contrast normalization takes one direction away, that of equal pixels: there the variance is 0.
    for (size_t i = 0; i < kFeatures; ++i) {
        for (size_t j = 0; j < kFeatures; ++j) {
            EXPECT_NEAR(covariance[i][j], (i == j ? 1.0 : 0.0) - 1.0 / kFeatures, 1e-3) << i << " " << j;
        }
    }
}

TEST(Whitening, TakesImagesWithoutContrast) {
    Array images = correlated_images(50, kFeatures, 3);
    std::fill_n(images.as<uint8_t>().begin(), kFeatures, uint8_t{200});
    const Array result = whiten(fit_whitening(images, 55, 0.1), images);
    for (float x : result.floats()) {
        EXPECT_TRUE(std::isfinite(x));
    }
}

}  // namespace

}  // namespace quantide
