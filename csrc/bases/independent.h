// Independent features: each has a density of the same family, with parameters of its own.
//
// A family is a template over T,
//
//   static constexpr std::array<const char*, k> names;          of the k parameters of a feature
//   Family(const Spec&, Index n_features);
//   void start(T* p) const;                                      the k parameters at the start
//   void fit(Panels<const T> z, const double* weights, T* p);    those of the data in z's first row, if there are any
//   Member member(Index feature, const T* p) const;
//
// and a Member, made once per feature and tile, knows that feature's density:
//
//   double normaliser;                    the part of log p that is the same for every row
//   R log_prob(R z) const;                the rest
//   R pull(R z, R g, R* dparams) const;   for adjoints g of log p: returns that of z, adds those of the k parameters
//
// The parameters lie one block after another: all features' first, then all features' second.
#pragma once

#include <array>

#include "bases/base.h"
#include "simd/rows.h"

namespace nflows {

template <class T, template <class> class Family>
class Independent final : public Base<T> {
  using R = Rows<T>;
  static constexpr Index k = Family<T>::names.size();
  static constexpr Index kSome = k > 0 ? k : 1;  // an array has at least one entry

 public:
  Independent(const Spec& spec, Index n_features) : n_(n_features), family_(spec, n_features) {}

  Index n_params() const override { return k * n_; }
  std::vector<Block> blocks() const override {
    std::vector<Block> all;
    for (Index i = 0; i < k; ++i) all.push_back({Family<T>::names[i], i * n_, n_, false});
    return all;
  }

  void start(T* params, Rng&) const override {
    for (Index j = 0; j < n_; ++j) {
      std::array<T, kSome> own{};
      family_.start(own.data());
      put(own, j, params);
    }
  }

  bool starts_from_data() const override { return kFits; }
  void start_from_data(Panels<const T> z, const double* weights, Rng&, T* params) const override {
    if constexpr (kFits)
      for (Index j = 0; j < n_; ++j) {
        std::array<T, kSome> own{};
        family_.fit(z.feature(j), weights, own.data());
        put(own, j, params);
      }
  }

  void log_prob(const T* params, Panels<const T> z, Panels<double> log_prob, Panels<T>) const override {
    double normaliser = 0.0;
    for (Index j = 0; j < n_; ++j) {
      const auto member = family_.member(j, own(params, j).data());
      normaliser += member.normaliser;
      for (Index p = 0; p < z.count; ++p)
        accumulate(log_prob.lanes(p, 0), member.log_prob(R::load(z.lanes(p, j))));
    }
    for (Index p = 0; p < z.count; ++p) accumulate(log_prob.lanes(p, 0), Rows<double>(normaliser));
  }

  void backward(const T* params, Panels<const T> z, Panels<const T> dlog_prob, Panels<T> dz, T* dparams,
                Panels<T>) const override {
    for (Index j = 0; j < n_; ++j) {
      const auto member = family_.member(j, own(params, j).data());
      R total[kSome] = {};
      for (Index p = 0; p < z.count; ++p)
        member.pull(R::load(z.lanes(p, j)), R::load(dlog_prob.lanes(p, 0)), total).store(dz.lanes(p, j));
      for (Index i = 0; i < k; ++i) dparams[i * n_ + j] += sum(total[i]);
    }
  }

 private:
  static constexpr bool kFits =
      requires(const Family<T>& f, Panels<const T> z, const double* w, T* p) { f.fit(z, w, p); };

  std::array<T, kSome> own(const T* params, Index j) const {
    std::array<T, kSome> p{};
    for (Index i = 0; i < k; ++i) p[i] = params[i * n_ + j];
    return p;
  }
  void put(const std::array<T, kSome>& p, Index j, T* params) const {
    for (Index i = 0; i < k; ++i) params[i * n_ + j] = p[i];
  }

  Index n_;
  Family<T> family_;
};

}  // namespace nflows
