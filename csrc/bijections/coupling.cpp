// Coupling: some features stay as they are and say, through an MLP, how the others move.
//
//   z_kept = x_kept,   z_j = f(x_j; p_j),   p = mlp([context, u(x_kept)])     NICE, Dinh et al. 2014, sec. 3.2
//   log|det| = sum_j log f'(x_j; p_j)                                       RealNVP, Dinh et al. 2016
//
// Both directions are one pass, and so are their gradients. With nothing kept the MLP has the context for
// input, or nothing at all and is then one free vector: this is the elementwise wiring, and what a coupling
// of one feature becomes.
#include "bijections/conditioner.h"
#include "core/selection.h"

namespace nflows {
namespace {

template <class T>
class Coupling final : public Bijection<T> {
 public:
  Coupling(const Spec& spec, Index n_features, Index n_context)
      : stays_(spec.name == "elementwise" ? std::vector<Index>{} : check_columns(spec, "kept", n_features)),
        moved_(others(spec, stays_, n_features)),
        columns_(spec, stays_, n_features),
        first_param_(columns_.first_param(moved_)),
        conditioner_(
            mlp<T>(n_context + columns_.first_seen(stays_).back(), Hidden(spec), first_param_.back()),
            n_context, columns_, stays_, this->params_, this->kept_, this->scratch_) {}

  void start(T* params, Rng& rng) const override { conditioner_.start(params, rng); }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    run(&Transformer<T>::forward, x, z, log_det, pass);
  }

  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    run_backward(&Transformer<T>::backward, x, dz, dx, pass, grads);
  }

  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    run(&Transformer<T>::inverse, z, x, log_det, pass);
  }

  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    run_backward(&Transformer<T>::inverse_backward, x, dx, dz, pass, grads);
  }

 private:
  static std::vector<Index> others(const Spec& spec, const std::vector<Index>& stay, Index n_features) {
    std::vector<bool> stays(n_features, false);
    for (const Index j : stay) stays[j] = true;
    std::vector<Index> moved;
    for (Index j = 0; j < n_features; ++j)
      if (!stays[j]) moved.push_back(j);
    check(!moved.empty(), spec.name, ": all ", n_features, " features are kept, none is left to move");
    return moved;
  }

  // Either direction: what is kept is the same on both sides, so the net's input is too.
  template <class Map>
  void run(Map map, Panels<const T> from, Panels<T> to, Panels<double> log_det, const Pass<T>& pass) const {
    const Panels<T> p = conditioner_.output(pass);
    conditioner_.take_context(pass);
    for (std::size_t i = 0; i < stays_.size(); ++i) {
      copy_features(from.feature(stays_[i]), to.feature(stays_[i]), 1);
      conditioner_.take_feature(i, from.feature(stays_[i]), pass);
    }
    conditioner_.forward(pass);
    for (std::size_t i = 0; i < moved_.size(); ++i) {
      const Index j = moved_[i];
      (columns_[j].*map)(from.feature(j), p.feature(first_param_[i]), to.feature(j), log_det);
    }
  }

  // Either direction's gradient; transformers want the data side x in both.
  template <class Backward>
  void run_backward(Backward backward, Panels<const T> x, Panels<const T> dto, Panels<T> dfrom,
                    const Pass<T>& pass, const Gradients<T>& grads) const {
    const Panels<T> p = conditioner_.output(pass), dp = conditioner_.doutput(pass);
    for (std::size_t i = 0; i < moved_.size(); ++i) {
      const Index j = moved_[i], at = first_param_[i];
      (columns_[j].*backward)(x.feature(j), p.feature(at), dto.feature(j), grads.dlog_det, dfrom.feature(j),
                              dp.feature(at));
    }
    conditioner_.backward(pass, grads);
    for (std::size_t i = 0; i < stays_.size(); ++i) {
      copy_features(dto.feature(stays_[i]), dfrom.feature(stays_[i]), 1);
      add_features(conditioner_.dfeature(i, pass), dfrom.feature(stays_[i]), 1);
    }
  }

  std::vector<Index> stays_, moved_;
  Columns<T> columns_;
  std::vector<Index> first_param_;
  Conditioner<T> conditioner_;
};

}  // namespace

void register_coupling() {
  register_bijection<Coupling>("coupling");
  register_bijection<Coupling>("elementwise");
}

}  // namespace nflows
