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
// The identity at outer = 0.
#include "bijections/bijection.h"
#include "bijections/ridge.h"
#include "linalg/orthonormal.h"
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
  using R = Rows<T>;

 public:
  Sylvester(const Spec& spec, Index n_features, Index)
      : n_(n_features),
        m_(rank_of(spec, n_features)),
        columns_(Staircase::full(n_, m_)),
        lower_(triangle(m_, 1)),
        strict_(triangle(m_, 0)),
        basis_(n_, m_) {}

  Index n_params() const override { return inner_at() + 2 * m_ * m_; }
  Index n_kept() const override { return 3 * m_; }  // y, h and h'
  Index n_scratch() const override { return n_arrays() + 4 * m_ + kGradientScratch; }
  std::vector<Block> blocks() const override {
    return {{"reflections", 0, n_ * m_, false},
            {"bias", n_ * m_, m_, false},
            {"inner", inner_at(), m_ * m_, false},
            {"outer", inner_at() + m_ * m_, m_ * m_, false}};
  }

  // S = I: on whitened rows the arguments of h have variance 1.
  void start(T* params, Rng& rng) const override {
    for (Index i = 0; i < inner_at(); ++i) params[i] = static_cast<T>(rng.symmetric());
    std::fill_n(params + inner_at(), 2 * m_ * m_, T(0));
    for (Index i = 0; i < m_; ++i) inner(params)[i * m_ + i] = T(1);
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    const auto [q, r] = matrices(pass);
    const Panels<T> y = pass.kept, h = y.feature(m_), slope = h.feature(m_), v = rows(pass);
    data_gradient<T>(columns_, q, x, y, 0, m_);
    put_bias(pass.params, h);
    data_gradient<T>(lower_, inner(pass.params), y, h, 0, m_, Into::kAdd);
    for (Index i = 0; i < m_; ++i) ridge(pass, i).forward(h.feature(i), h.feature(i), slope.feature(i), log_det);
    data_gradient<T>(lower_, r, h, v, 0, m_);
    copy_features<T>(x, z, n_);
    forward_product<T>(columns_, q, nullptr, v, z, 0, n_, Into::kAdd);
  }

  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const auto [q, r] = matrices(pass);
    const Panels<T> h = pass.kept.feature(m_), slope = h.feature(m_);
    const Panels<T> v = rows(pass), dv = v.feature(m_), dt = dv.feature(m_), dy = dt.feature(m_);
    data_gradient<T>(lower_, r, h, v, 0, m_);
    data_gradient<T>(columns_, q, dz, dv, 0, m_);
    forward_product<T>(lower_, r, nullptr, dv, dt, 0, m_);
    for (Index i = 0; i < m_; ++i) {
      T dm = 0;
      ridge(pass, i).backward(h.feature(i), slope.feature(i), dt.feature(i), grads.dlog_det, dt.feature(i), &dm);
      pull_steepness(pass.params, i, dm, grads.dparams);
    }
    forward_product<T>(lower_, inner(pass.params), nullptr, dt, dy, 0, m_);
    copy_features<T>(dz, dx, n_);
    forward_product<T>(columns_, q, nullptr, dy, dx, 0, n_, Into::kAdd);
    pull_matrices(x, dz, pass, grads);
  }

  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    const auto [q, r] = matrices(pass);
    const T* s = inner(pass.params);
    const Panels<T> y = pass.kept, h = y.feature(m_), slope = h.feature(m_), v = rows(pass);
    data_gradient<T>(columns_, q, z, y, 0, m_);
    put_bias(pass.params, h);
    for (Index i = m_ - 1; i >= 0; --i) {  // y_i is e_i until here, and h_i the constant of t_i
      data_gradient<T>(strict_, r, h, y, i, i + 1, Into::kSubtract);
      data_gradient<T>(strict_, s, y, h, i, i + 1, Into::kAdd);
      add_multiple(s[i * m_ + i], y.feature(i), h.feature(i));
      ridge(pass, i).inverse(h.feature(i), h.feature(i), slope.feature(i), log_det);
      add_multiple(-r[i * m_ + i], h.feature(i), y.feature(i));
    }
    data_gradient<T>(lower_, r, h, v, 0, m_);
    copy_features<T>(z, x, n_);
    forward_product<T>(columns_, q, nullptr, v, x, 0, n_, Into::kSubtract);
  }

  // dz = J^-T (dx - dlog_det d(log_det)/dx) is dx + Q S^T dt, and parameters see forward's backward with -dz: its dv
  // is -Q^T dz. Row by row, from Q^T dz = Q^T dx + S^T dt and dt = -(h' R^T Q^T dz + dlog_det m h'' / (1 + m h')).
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    const auto [q, r] = matrices(pass);
    const T* s = inner(pass.params);
    const Panels<T> h = pass.kept.feature(m_), slope = h.feature(m_);
    const Panels<T> v = rows(pass), dv = v.feature(m_), dt = dv.feature(m_), dy = dt.feature(m_);
    data_gradient<T>(columns_, q, dx, dv, 0, m_);
    for (Index i = 0; i < m_; ++i) {
      T dm = 0;
      forward_product<T>(strict_, s, nullptr, dt, dv, i, i + 1, Into::kAdd);
      forward_product<T>(strict_, r, nullptr, dv, dt, i, i + 1);
      add_multiple(r[i * m_ + i], dv.feature(i), dt.feature(i));
      ridge(pass, i).inverse_backward(h.feature(i), slope.feature(i), dt.feature(i), grads.dlog_det, dt.feature(i), &dm);
      add_multiple(s[i * m_ + i], dt.feature(i), dv.feature(i));
      pull_steepness(pass.params, i, dm, grads.dparams);
    }
    forward_product<T>(lower_, s, nullptr, dt, dy, 0, m_);
    copy_features<T>(dx, dz, n_);
    forward_product<T>(columns_, q, nullptr, dy, dz, 0, n_, Into::kAdd);
    data_gradient<T>(lower_, r, h, v, 0, m_);
    negate_features<T>(v, v, m_);
    negate_features<T>(dv, dv, m_);
    pull_matrices(x, dz, pass, grads);
  }

 private:
  Index inner_at() const { return (n_ + 1) * m_; }
  template <class P>
  P* inner(P* params) const {
    return params + inner_at();
  }
  template <class P>
  P* outer(P* params) const {
    return params + inner_at() + m_ * m_;
  }

  // The scratch begins with plain arrays, in the first panel, whose rows are neighbours: Q, R^T, their adjoints and
  // what the reflections need. Rows of all panels follow.
  Index q_rows() const { return panels_for(n_ * m_); }
  Index r_rows() const { return panels_for(m_ * m_); }
  Index n_arrays() const { return 2 * (q_rows() + r_rows()) + panels_for(basis_.n_scratch()); }
  Panels<T> rows(const Pass<T>& pass) const { return pass.scratch.feature(n_arrays()); }

  struct Matrices {
    T *q, *r;
  };
  Matrices arrays(const Pass<T>& pass, Index first) const {
    return {pass.scratch.lanes(0, first), pass.scratch.lanes(0, first + q_rows())};
  }
  Matrices adjoints(const Pass<T>& pass) const { return arrays(pass, q_rows() + r_rows()); }
  T* basis_scratch(const Pass<T>& pass) const { return pass.scratch.lanes(0, 2 * (q_rows() + r_rows())); }

  Matrices matrices(const Pass<T>& pass) const {
    const Matrices at = arrays(pass, 0);
    basis_.columns(pass.params, basis_scratch(pass), at.q);
    std::copy_n(outer(pass.params), m_ * m_, at.r);
    for (Index i = 0; i < m_; ++i)
      at.r[i * m_ + i] = static_cast<T>(at.r[i * m_ + i] * steepness(pass.params, i).ratio());
    return at;
  }

  Steepness steepness(const T* params, Index i) const {
    const Index at = i * m_ + i;
    return Steepness(static_cast<double>(inner(params)[at]) * outer(params)[at]);
  }
  Ridge<T> ridge(const Pass<T>& pass, Index i) const { return Ridge<T>(steepness(pass.params, i)); }

  // From the adjoint of m_i to those of the two numbers whose product is a.
  void pull_steepness(const T* params, Index i, T dm, T* dparams) const {
    const Index at = i * m_ + i;
    const T da = static_cast<T>(steepness(params, i).slope() * dm);
    inner(dparams)[at] += da * outer(params)[at];
    outer(dparams)[at] += da * inner(params)[at];
  }

  // The gradients of all matrices and of b, from the rows v, dv, dt and dy and the adjoint dz of z = x + Q v.
  void pull_matrices(Panels<const T> x, Panels<const T> dz, const Pass<T>& pass,
                     const Gradients<T>& grads) const {
    const Panels<const T> y = pass.kept, h = y.feature(m_), v = rows(pass);
    const Panels<const T> dv = v.feature(m_), dt = dv.feature(m_), dy = dt.feature(m_);
    const Panels<T> scratch = rows(pass).feature(4 * m_);
    const auto [dq, dr] = adjoints(pass);
    std::fill_n(dq, n_ * m_, T(0));
    weight_gradient<T>(columns_, dz, v, scratch, dq);
    weight_gradient<T>(columns_, x, dy, scratch, dq);
    basis_.gradient(pass.params, arrays(pass, 0).q, dq, basis_scratch(pass), grads.dparams);
    bias_gradient<T>(m_, dt, grads.dparams + n_ * m_);
    weight_gradient<T>(lower_, y, dt, scratch, inner(grads.dparams));

    std::fill_n(dr, m_ * m_, T(0));
    weight_gradient<T>(lower_, h, dv, scratch, dr);
    for (Index i = 0; i < m_; ++i) {
      const Index at = i * m_ + i;
      const Steepness m = steepness(pass.params, i);
      const double raw = outer(pass.params)[at], lift = m.s * (m.s + Steepness::kLowest);
      inner(grads.dparams)[at] += static_cast<T>(raw * raw * Steepness::kLowest / lift * dr[at]);
      dr[at] = static_cast<T>(m.slope() * dr[at]);
    }
    for (Index i = 0; i < m_ * m_; ++i) outer(grads.dparams)[i] += dr[i];
  }

  void put_bias(const T* params, Panels<T> t) const {
    for (Index p = 0; p < t.count; ++p)
      for (Index i = 0; i < m_; ++i) R(params[n_ * m_ + i]).store(t.lanes(p, i));
  }

  // to += factor from, of one row.
  static void add_multiple(T factor, Panels<const T> from, Panels<T> to) {
    for (Index p = 0; p < from.count; ++p)
      fma(R(factor), R::load(from.lanes(p, 0)), R::load(to.lanes(p, 0))).store(to.lanes(p, 0));
  }

  Index n_, m_;
  Staircase columns_, lower_, strict_;
  OrthonormalColumns<T> basis_;
};

}  // namespace

void register_sylvester() { register_bijection<Sylvester>("sylvester"); }

}  // namespace nflows
