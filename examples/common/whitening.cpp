#include "examples/common/whitening.h"

#include <Eigen/Dense>
#include <algorithm>

namespace quantide {

namespace {

using Eigen::Index;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/** Images at once: enough for the products to be fast, few enough to need little memory. */
constexpr Index kRows = 1000;

/** Images `begin` to `begin` + `rows` - 1, their contrast normalized, one a row. */
Eigen::MatrixXd normalized(const Array &images, double contrast, Index begin, Index rows) {
    constexpr double kNoContrast = 1e-8;
    const Index features = images.size() / images.shape.at(0);
    const Eigen::Map<const Eigen::Matrix<uint8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> pixels(
        images.as<uint8_t>().data() + begin * features, rows, features);
    Eigen::MatrixXd result = pixels.cast<double>();
    result.colwise() -= result.rowwise().mean();
    for (Index row = 0; row < rows; ++row) {
        const double length = result.row(row).norm() / contrast;
        result.row(row) /= length < kNoContrast ? 1 : length;
    }
    return result;
}

template<typename Body>
void for_each_part(const Array &images, const Body &body) {
    const Index n = images.shape.at(0);
    for (Index begin = 0; begin < n; begin += kRows) {
        body(begin, std::min(kRows, n - begin));
    }
}

}  // namespace

FittedWhitening fit_whitening(const Array &images, double contrast, double bias) {
    const Index n = images.shape.at(0), features = images.size() / n;
    Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(features);
    for_each_part(images, [&](Index begin, Index rows) {
        mean += normalized(images, contrast, begin, rows).colwise().sum();
    });
    mean /= static_cast<double>(n);
    Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(features, features);
    for_each_part(images, [&](Index begin, Index rows) {
        Eigen::MatrixXd part = normalized(images, contrast, begin, rows);
        part.rowwise() -= mean;
        covariance.selfadjointView<Eigen::Lower>().rankUpdate(part.transpose());
    });
    covariance /= static_cast<double>(n);
    covariance.diagonal().array() += bias;
    // Reads the lower triangle alone.
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(covariance);
    user_check(eigen.info() == Eigen::Success, "whitening: the eigenvalues of {} features do not converge",
               features);
    const Eigen::MatrixXd matrix = eigen.operatorInverseSqrt();

    FittedWhitening result{contrast, Array(Float(32), {features}), Array(Float(32), {features, features})};
    Eigen::Map<Eigen::RowVectorXf>(result.mean.floats().data(), features) = mean.cast<float>();
    Eigen::Map<RowMajor>(result.matrix.floats().data(), features, features) = matrix.cast<float>();
    return result;
}

Array whiten(const FittedWhitening &whitening, const Array &images) {
    const Index n = images.shape.at(0), features = images.size() / n;
    internal_check(
        whitening.matrix.shape == Shape{features, features} && whitening.mean.shape == Shape{features},
        "whitening of {} features", features);
    const Eigen::Map<const Eigen::RowVectorXf> mean(whitening.mean.floats().data(), features);
    const Eigen::Map<const RowMajor> matrix(whitening.matrix.floats().data(), features, features);
    Array result(Float(32), {n, features});
    for_each_part(images, [&](Index begin, Index rows) {
        RowMajor part = normalized(images, whitening.contrast, begin, rows).cast<float>();
        part.rowwise() -= mean;
        Eigen::Map<RowMajor>(result.floats().data() + begin * features, rows, features).noalias() =
            part * matrix;
    });
    return result;
}

}  // namespace quantide
