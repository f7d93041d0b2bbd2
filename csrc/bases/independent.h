// Independent features: each has a density of the same family, with parameters of its own.
//
// A family is a template over T,
//
//   static constexpr std::array<const char*, k> names;          of the k parameters of a feature
//   Family(const Spec&, Index n_features);
//   void start(T* p) const;                                      the k parameters at the start
//   void fit(Panels<const T> z, const double* weights, T* p);    those of the data in z's first feature, if there are any
//   void derive(tables of the k parameters, Member* members) const;   once(...) for all features
//
// and a Member, derived from a feature's parameters, knows that feature's density:
//
//   double normaliser;                           the part of log p that is the same for every row
//   R log_prob(R z) const;                       the rest
//   R backward(R z, R g, Sum&... dparams) const; for adjoints g of log p: returns that of z, adds those of the k parameters
//
// The parameters lie one block after another: all features' first, then all features' second.
#pragma once

#include <array>
#include <utility>

#include "bases/base.h"
#include "bases/members.h"
#include "core/once.h"

namespace nflows {

template <class T, template <class> class Family>
class Independent final : public Base<T> {
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
    of_params([&](auto... block) {
      family_.derive(n_, Made(members_(derived), 1, 1), Table(block(params), 1, 1)...);
    });
  }

  void log_prob(Panels<const T> z, Panels<double> log_prob, const Pass<T>& pass) const override {
    each(n_, MemberLogProb{}, Given(members_(pass.derived)), In(z), Total{log_prob});
    each(1, MemberNormalisers{n_}, Table(members_(pass.derived), n_), Total{log_prob});
  }

  void backward(Panels<const T> z, Panels<T> dz, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    of_params([&](auto... block) {
      each(n_, MemberBackward{}, Given(members_(pass.derived)), In(z), In(grads.dlog_det, 0), Out(dz),
           Sum(block(grads.dparams))...);
    });
  }

 private:
  static constexpr bool kFits =
      requires(const Family<T>& f, Panels<const T> z, const double* w, T* p) { f.fit(z, w, p); };

  // use(blocks...), one for each parameter
  template <class Use>
  void of_params(const Use& use) const {
    [&]<std::size_t... i>(std::index_sequence<i...>) { use(blocks_[i]...); }(std::make_index_sequence<k>{});
  }

  void put(const std::array<T, kSome>& own, Index j, T* params) const {
    for (Index i = 0; i < k; ++i) blocks_[i](params)[j] = own[i];
  }

  Index n_;
  Family<T> family_;
  std::vector<Numbers> blocks_;  // one per parameter
  Derived<Member> members_{this->derived_, n_};
};

}  // namespace nflows
