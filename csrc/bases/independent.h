// Independent features: each has a density of the same family, with parameters of its own.
//
// A family is a template over T,
//
//   static constexpr std::array<const char*, k> names;          of the k parameters of a feature
//   Family(const Spec&, Index n_features);
//   void start(T* p) const;                                      the k parameters at the start
//   void fit(Panels<const T> z, const double* weights, T* p);    those of the data in z's first feature, if there are any
//   Member member(Index feature, const T* p) const;
//
// and a Member, derived from a feature's parameters, knows that feature's density:
//
//   double normaliser;                        the part of log p that is the same for every row
//   R log_prob(R z) const;                    the rest
//   R backward(R z, R g, R* dparams) const;   for adjoints g of log p: returns that of z, adds those of the k parameters
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
  using Member = typename Family<T>::Member;
  static constexpr Index k = Family<T>::names.size();
  static constexpr Index kSome = k > 0 ? k : 1;  // an array has at least one entry

 public:
  Independent(const Spec& spec, Index n_features, Index) : n_(n_features), family_(spec, n_features) {
    for (const char* name : Family<T>::names) blocks_.emplace_back(this->params_, name, n_);
  }

  void start(T* params, Rng&) const override {
    for (Index j = 0; j < n_; ++j) {
      std::array<T, kSome> own{};
      family_.start(own.data());
      put(own, j, params);
    }
  }

  bool starts_from_data() const override { return kFits; }
  void start_from_data(const Sample<T>& sample, Rng&, T* params) const override {
    if constexpr (kFits)
      for (Index j = 0; j < n_; ++j) {
        std::array<T, kSome> own{};
        family_.fit(sample.rows.feature(j), sample.weights, own.data());
        put(own, j, params);
      }
  }

  void derive(const T* params, std::byte* derived) const override {
    for (Index j = 0; j < n_; ++j) {
      std::array<T, kSome> own{};
      for (Index i = 0; i < k; ++i) own[i] = blocks_[i](params)[j];
      members_(derived)[j] = family_.member(j, own.data());
    }
  }

  void log_prob(Panels<const T> z, Panels<double> log_prob, const Pass<T>& pass) const override {
    double normaliser = 0.0;
    for (Index j = 0; j < n_; ++j) {
      const Member member = members_(pass.derived)[j];
      normaliser += member.normaliser;
      for (Index p = 0; p < z.count; ++p)
        accumulate(log_prob.lanes(p, 0), member.log_prob(R::load(z.lanes(p, j))));
    }
    for (Index p = 0; p < z.count; ++p) accumulate(log_prob.lanes(p, 0), Rows<double>(normaliser));
  }

  void backward(Panels<const T> z, Panels<T> dz, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    for (Index j = 0; j < n_; ++j) {
      const Member member = members_(pass.derived)[j];
      R total[kSome] = {};
      for (Index p = 0; p < z.count; ++p)
        member.backward(R::load(z.lanes(p, j)), R::load(grads.dlog_det.lanes(p, 0)), total)
            .store(dz.lanes(p, j));
      for (Index i = 0; i < k; ++i) blocks_[i](grads.dparams)[j] += sum(total[i]);
    }
  }

 private:
  static constexpr bool kFits =
      requires(const Family<T>& f, Panels<const T> z, const double* w, T* p) { f.fit(z, w, p); };

  void put(const std::array<T, kSome>& own, Index j, T* params) const {
    for (Index i = 0; i < k; ++i) blocks_[i](params)[j] = own[i];
  }

  Index n_;
  Family<T> family_;
  std::vector<Numbers> blocks_;  // one per parameter
  Derived<Member> members_{this->derived_, n_};
};

}  // namespace nflows
