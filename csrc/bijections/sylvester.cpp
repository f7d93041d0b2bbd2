// Sylvester flow with Householder reflections (van den Berg et al. 2018, arXiv:1803.05649, sec. 3 and 4.2).
//
//   z = x + Q R h(S Q^T x + b),  h = tanh        log|det| = sum_i log(1 + m_i h'_i),  m_i = r_ii s_ii
//
// Q is (D, M) with orthonormal columns, R and S (the paper's R~) are upper triangular, and Sylvester's identity makes
// the determinant that of a triangular matrix. m_i > -1 as in ridge.h: s_ii is free, and so is a number u in place of
// r_ii = m(s_ii u) / s_ii. With y = Q^T x, t = S y + b and e = Q^T z the inverse solves y + R h(t) = e, from the last
// row up:
//
//   t_i + m_i h(t_i) = s_ii (e_i - sum_{j>i} r_ij h_j) + sum_{j>i} s_ij y_j + b_i
//
// Its adjoints solve the transpose of the same triangular system, from the first row down.
//
// Parameters: reflections (M, D), bias b (M,), inner S^T (M, M) lower, outer R^T (M, M) lower with u on its diagonal.
// Derived: Q, R^T and the m_i. The identity at outer = 0.
#include "bijections/bijection.h"
#include "bijections/sylvester_derived.h"
#include "linalg/products.h"
#include "simd/panel_sums.h"

namespace nflows {
namespace {

Index rank_of(const Spec& spec, Index n_features) {
  const Index rank = spec.integer("rank");
  check(rank >= 1 && rank <= n_features, spec.name, ": rank must be from 1 to the ", n_features,
        " features, got ", rank);
  return rank;
}

// Lower triangular, with the diagonal (1) or without (0).
Staircase triangle(Index m, Index diagonal) {
  std::vector<Index> row_end(m);
  for (Index i = 0; i < m; ++i) row_end[i] = i + diagonal;
  return Staircase::steps(std::move(row_end), m);
}

template <class T>
class Sylvester final : public Bijection<T> {
 public:
  Sylvester(const Spec& spec, Index n_features, Index)
      : n_(n_features),
        m_(rank_of(spec, n_features)),
        columns_(Staircase::full(n_, m_)),
        lower_(triangle(m_, 1)),
        strict_(triangle(m_, 0)),
        basis_(n_, m_) {}

  // S = I: on whitened rows the arguments of h have variance 1.
  void start(T* params, Rng& rng) const override {
    for (Index i = 0; i < n_ * m_; ++i) reflections_(params)[i] = static_cast<T>(rng.symmetric());
    for (Index i = 0; i < m_; ++i) bias_(params)[i] = static_cast<T>(rng.symmetric());
    std::fill_n(inner_(params), m_ * m_, T(0));
    std::fill_n(outer_(params), m_ * m_, T(0));
    for (Index i = 0; i < m_; ++i) inner_(params)[i * m_ + i] = T(1);
  }

  void derive(const T* params, std::byte* derived) const override {
    once(1, SylvesterDerive<T>{basis_}, Table(reflections_(params), n_ * m_), Table(inner_(params), m_ * m_),
         Table(outer_(params), m_ * m_), Made(room_(derived), basis_.n_scratch()), Made(q_(derived), n_ * m_),
         Made(r_(derived), m_ * m_), Made(ridges_(derived), m_));
  }
  void derive_backward(const T* params, const std::byte* derived, T* dderived, T* dparams) const override {
    once(1, SylvesterDeriveBasisBackward<T>{basis_}, Table(reflections_(params), n_ * m_),
         Table(q_(derived), n_ * m_), Made(dq_(dderived), n_ * m_),
         Made(droom_(dderived), basis_.n_scratch()), Made(reflections_(dparams), n_ * m_));
    once(1, SylvesterDeriveBackward<T>{m_}, Table(inner_(params), m_ * m_), Table(outer_(params), m_ * m_),
         Table(dm_(dderived), m_), Made(dr_(dderived), m_ * m_), Made(inner_(dparams), m_ * m_),
         Made(outer_(dparams), m_ * m_));
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    const T *q = q_(pass.derived), *r = r_(pass.derived);
    const Panels<T> y = y_(pass.kept), h = h_(pass.kept), slope = slope_(pass.kept), v = v_(pass.scratch);
    data_gradient(columns_, q, x, y, 0, m_);
    put_bias(pass.params, h);
    data_gradient(lower_, inner_(pass.params), y, h, 0, m_, Into::kAdd);
    each(m_, RidgeForward{}, Given(ridges_(pass.derived)), In(h), Out(h), Out(slope), Total{log_det});
    data_gradient(lower_, r, h, v, 0, m_);
    copy_features(x, z, n_);
    forward_product(columns_, q, nullptr, v, z, 0, n_, Into::kAdd);
  }

  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const T *q = q_(pass.derived), *r = r_(pass.derived);
    const Panels<T> h = h_(pass.kept), slope = slope_(pass.kept);
    const Panels<T> v = v_(pass.scratch), dv = dv_(pass.scratch), dt = dt_(pass.scratch),
                    dy = dy_(pass.scratch);
    data_gradient(lower_, r, h, v, 0, m_);
    data_gradient(columns_, q, dz, dv, 0, m_);
    forward_product(lower_, r, nullptr, dv, dt, 0, m_);
    each(m_, RidgeBackward{}, Given(ridges_(pass.derived)), In(h), In(slope), In(dt), In(grads.dlog_det, 0),
         Out(dt), Sum(dm_(grads.dderived)));
    forward_product(lower_, inner_(pass.params), nullptr, dt, dy, 0, m_);
    copy_features(dz, dx, n_);
    forward_product(columns_, q, nullptr, dy, dx, 0, n_, Into::kAdd);
    add_gradients(x, dz, pass, grads);
  }

  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    const T *q = q_(pass.derived), *r = r_(pass.derived);
    const T* s = inner_(pass.params);
    const Panels<T> y = y_(pass.kept), h = h_(pass.kept), slope = slope_(pass.kept), v = v_(pass.scratch);
    data_gradient(columns_, q, z, y, 0, m_);
    put_bias(pass.params, h);
    for (Index i = m_ - 1; i >= 0; --i) {  // y_i is e_i until here, and h_i the constant of t_i
      data_gradient(strict_, r, h, y, i, i + 1, Into::kSubtract);
      data_gradient(strict_, s, y, h, i, i + 1, Into::kAdd);
      add_multiple(s + i * m_ + i, y.feature(i), h.feature(i));
      each(1, RidgeInverse{}, Given(ridges_(pass.derived) + i), In(h.feature(i)), Out(h.feature(i)),
           Out(slope.feature(i)), Total{log_det});
      subtract_multiple(r + i * m_ + i, h.feature(i), y.feature(i));
    }
    data_gradient(lower_, r, h, v, 0, m_);
    copy_features(z, x, n_);
    forward_product(columns_, q, nullptr, v, x, 0, n_, Into::kSubtract);
  }

  // dz = J^-T (dx - dlog_det d(log_det)/dx) is dx + Q S^T dt, and parameters see forward's backward with -dz: its dv
  // is -Q^T dz. Row by row, from Q^T dz = Q^T dx + S^T dt and dt = -(h' R^T Q^T dz + dlog_det m h'' / (1 + m h')).
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    const T *q = q_(pass.derived), *r = r_(pass.derived);
    const T* s = inner_(pass.params);
    const Panels<T> h = h_(pass.kept), slope = slope_(pass.kept);
    const Panels<T> v = v_(pass.scratch), dv = dv_(pass.scratch), dt = dt_(pass.scratch),
                    dy = dy_(pass.scratch);
    data_gradient(columns_, q, dx, dv, 0, m_);
    for (Index i = 0; i < m_; ++i) {
      forward_product(strict_, s, nullptr, dt, dv, i, i + 1, Into::kAdd);
      forward_product(strict_, r, nullptr, dv, dt, i, i + 1);
      add_multiple(r + i * m_ + i, dv.feature(i), dt.feature(i));
      each(1, RidgeInverseBackward{}, Given(ridges_(pass.derived) + i), In(h.feature(i)),
           In(slope.feature(i)), In(dt.feature(i)), In(grads.dlog_det), Out(dt.feature(i)),
           Sum(dm_(grads.dderived) + i));
      add_multiple(s + i * m_ + i, dt.feature(i), dv.feature(i));
    }
    forward_product(lower_, s, nullptr, dt, dy, 0, m_);
    copy_features(dx, dz, n_);
    forward_product(columns_, q, nullptr, dy, dz, 0, n_, Into::kAdd);
    data_gradient(lower_, r, h, v, 0, m_);
    negate_features(v, v, m_);
    negate_features(dv, dv, m_);
    add_gradients(x, dz, pass, grads);
  }

 private:
  // Of all matrices and of b, from v, dv, dt and dy and the adjoint dz of z = x + Q v.
  void add_gradients(Panels<const T> x, Panels<const T> dz, const Pass<T>& pass,
                     const Gradients<T>& grads) const {
    const Panels<T> sums = sums_(pass.scratch), dt = dt_(pass.scratch);
    weight_gradient(columns_, dz, v_(pass.scratch), sums, dq_(grads.dderived));
    weight_gradient(columns_, x, dy_(pass.scratch), sums, dq_(grads.dderived));
    bias_gradient(m_, dt, bias_(grads.dparams));
    weight_gradient(lower_, y_(pass.kept), dt, sums, inner_(grads.dparams));
    weight_gradient(lower_, h_(pass.kept), dv_(pass.scratch), sums, dr_(grads.dderived));
  }

  void put_bias(const T* params, Panels<T> t) const { each(m_, Put{}, Given(bias_(params)), Out(t)); }

  // to += factor from, and to -= factor from, of one feature.
  static void add_multiple(const T* factor, Panels<const T> from, Panels<T> to) {
    each(1, AddMultiple{1}, Given(factor), In(from), Out(to));
  }
  static void subtract_multiple(const T* factor, Panels<const T> from, Panels<T> to) {
    each(1, AddMultiple{-1}, Given(factor), In(from), Out(to));
  }

  Index n_, m_;
  Staircase columns_, lower_, strict_;
  OrthonormalColumns<T> basis_;
  Numbers reflections_{this->params_, "reflections", n_ * m_}, bias_{this->params_, "bias", m_},
      inner_{this->params_, "inner", m_ * m_}, outer_{this->params_, "outer", m_ * m_};
  Derived<T> q_{this->derived_, n_ * m_}, r_{this->derived_, m_ * m_},
      room_{this->derived_, basis_.n_scratch()};  // of derive
  Derived<Ridge<T>> ridges_{this->derived_, m_};
  Numbers dq_{this->dderived_, n_ * m_}, dr_{this->dderived_, m_ * m_}, dm_{this->dderived_, m_},
      droom_{this->dderived_, basis_.n_scratch()};  // of derive_backward
  Slots y_{this->kept_, m_}, h_{this->kept_, m_}, slope_{this->kept_, m_};
  Slots v_{this->scratch_, m_}, dv_{this->scratch_, m_}, dt_{this->scratch_, m_}, dy_{this->scratch_, m_},
      sums_{this->scratch_, kGradientScratch};
};

}  // namespace

void register_sylvester() { register_bijection<Sylvester>("sylvester"); }

}  // namespace nflows
