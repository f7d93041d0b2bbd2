// Masked autoregressive: feature i moves as the features before it say, through a MADE.
//
//   z_i = f(x_i; p_i),   p_i = made([context, u(x_0) .. u(x_{i-1})])      MAF, Papamakarios et al. 2017
//   log|det| = sum_i log f'(x_i; p_i)                                   the Jacobian is triangular
//
// x -> z is one pass of the net. z -> x is sequential, and still costs about one pass: when x_i becomes
// known, only the hidden units of degree i + 1 are new. Its gradient is the mirror image: the adjoint of x_i
// is complete once features i+1 .. D-1 are done, gives the adjoint of p_i, and with it that of the units of
// degree i. Inverse(autoregressive) is IAF (Kingma et al. 2016), trainable by maximum likelihood thanks to
// that.
//
// The spec's `conditionals` are columns of their own kinds (conditionals/conditional.h): the features `conditional_columns`.
#include <numeric>

#include "bijections/conditioner.h"
#include "conditionals/conditional.h"
#include "core/selection.h"

namespace nflows {
namespace {

template <class T>
class Autoregressive final : public Bijection<T> {
 public:
  Autoregressive(const Spec& spec, Index n_features, Index n_context)
      : n_features_(n_features),
        conditionals_(conditionals(spec, n_features)),
        columns_(with_conditionals({spec, {}, n_features})),
        first_param_(columns_.first_param(all(n_features))),
        conditioner_(made<T>(n_context, columns_.first_seen(all(n_features)), Hidden(spec), first_param_),
                     n_context, columns_, all(n_features), this->params_, this->kept_, this->scratch_) {}

  void start(T* params, Rng& rng) const override {
    conditioner_.start(params, rng);
    for (const auto& [j, own] : conditionals_) own->start(conditioner_.output_bias(params) + first_param_[j]);
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    const Panels<T> p = conditioner_.output(pass);
    conditioner_.take_context(pass);
    for (Index i = 0; i < n_features_; ++i) conditioner_.take_feature(i, x.feature(i), pass);
    conditioner_.forward(pass);
    for (Index i = 0; i < n_features_; ++i)
      columns_[i].forward(x.feature(i), p.feature(first_param_[i]), z.feature(i), log_det);
  }

  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const Panels<T> p = conditioner_.output(pass), dp = conditioner_.doutput(pass);
    for (Index i = 0; i < n_features_; ++i)
      columns_[i].backward(x.feature(i), p.feature(first_param_[i]), dz.feature(i), grads.dlog_det,
                           dx.feature(i), dp.feature(first_param_[i]));
    conditioner_.backward(pass, grads);
    for (Index i = 0; i < n_features_; ++i) add_features(conditioner_.dfeature(i, pass), dx.feature(i), 1);
  }

  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    const Panels<T> p = conditioner_.output(pass);
    conditioner_.take_context(pass);
    for (Index i = 0; i < n_features_; ++i) {
      conditioner_.forward_degree(i, pass);
      columns_[i].inverse(z.feature(i), p.feature(first_param_[i]), x.feature(i), log_det);
      conditioner_.take_feature(i, x.feature(i), pass);
    }
  }

  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    const Panels<T> p = conditioner_.output(pass), dp = conditioner_.doutput(pass);
    for (Index i = n_features_ - 1; i >= 0; --i) {
      conditioner_.backward_feature(i, pass);
      const Panels<T> total =
          conditioner_.dfeature(i, pass);  // what later features add to dx_i, then the sum
      add_features(dx.feature(i), total, 1);
      columns_[i].inverse_backward(x.feature(i), p.feature(first_param_[i]), total, grads.dlog_det,
                                   dz.feature(i), dp.feature(first_param_[i]));
      conditioner_.backward_degree(i, pass);
    }
    conditioner_.backward_rest(pass, grads);
  }

 private:
  static std::vector<Index> all(Index n_features) {
    std::vector<Index> features(n_features);
    std::iota(features.begin(), features.end(), Index{0});
    return features;
  }

  using Conditionals = std::vector<std::pair<Index, std::shared_ptr<const Conditional<T>>>>;
  static Conditionals conditionals(const Spec& spec, Index n_features) {
    Conditionals found;
    const std::vector<Spec>& specs = spec.children("conditionals");
    const std::vector<Index>& places = check_columns(spec, "conditional_columns", n_features);
    check(specs.size() == places.size(), spec.name, ": ", specs.size(), " conditionals for ", places.size(),
          " columns");
    for (std::size_t i = 0; i < specs.size(); ++i)
      found.emplace_back(places[i], make_conditional<T>(specs[i]));
    return found;
  }
  Columns<T> with_conditionals(Columns<T> columns) const {
    for (const auto& [j, own] : conditionals_) columns.put(j, own);
    return columns;
  }

  Index n_features_;
  Conditionals conditionals_;
  Columns<T> columns_;
  std::vector<Index> first_param_;
  Conditioner<T> conditioner_;
};

}  // namespace

void register_autoregressive() { register_bijection<Autoregressive>("autoregressive"); }

}  // namespace nflows
