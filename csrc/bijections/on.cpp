// On: a bijection that moves some of the features and leaves the others as they are.
//
//   z[columns] = f(x[columns]),   z_j = x_j elsewhere        log|det dz/dx| = log|det| of f
#include "bijections/bijection.h"
#include "core/selection.h"

namespace nflows {
namespace {

template <class T>
class On final : public Bijection<T> {
 public:
  On(const Spec& spec, Index n_features, Index n_context)
      : n_(n_features),
        columns_(some(spec, n_features)),
        of_(this->part(make_bijection<T>(spec.child("bijection"), size(), n_context))) {
    this->scratch_.take(of_->n_scratch());
  }

  Index n_kept(Keep keep) const override { return this->kept_.size() + of_->n_kept(keep); }

  bool starts_from_data() const override { return of_->starts_from_data(); }
  void start_from_data(const Sample<T>& sample, Rng& rng, T* params) const override {
    Arena<T> room(sample.rows.count * size() * kLanes);
    const Panels<T> own = dense_panels(room.data(), size(), sample.rows.count);
    gather(columns_, sample.rows, own);
    of_->start_from_data({own, sample.context, sample.weights}, rng, params);
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    gather(columns_, x, x_(pass.kept));
    of_->forward(x_(pass.kept), z_(pass.kept), log_det, inner(pass));
    put(z_(pass.kept), x, z);
  }
  void backward(Panels<const T>, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    gather(columns_, dz, dout_(pass.scratch));
    of_->backward(x_(pass.kept), z_(pass.kept), dout_(pass.scratch), din_(pass.scratch), inner(pass), grads);
    put(din_(pass.scratch), dz, dx);
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    gather(columns_, z, z_(pass.kept));
    of_->inverse(z_(pass.kept), x_(pass.kept), log_det, inner(pass));
    put(x_(pass.kept), z, x);
  }
  void inverse_backward(Panels<const T>, Panels<const T>, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    gather(columns_, dx, dout_(pass.scratch));
    of_->inverse_backward(z_(pass.kept), x_(pass.kept), dout_(pass.scratch), din_(pass.scratch), inner(pass),
                          grads);
    put(din_(pass.scratch), dx, dz);
  }

 private:
  static const std::vector<Index>& some(const Spec& spec, Index n_features) {
    const std::vector<Index>& columns = check_columns(spec, "columns", n_features);
    check(!columns.empty(), spec.name, ": columns: at least one feature is needed");
    return columns;
  }
  Index size() const { return static_cast<Index>(columns_.size()); }
  Pass<T> inner(const Pass<T>& pass) const {
    return of_.pass(pass, pass.kept.feature(this->kept_.size()), pass.scratch.feature(2 * size()));
  }

  // to = `all`, but for the columns, which `moved` has.
  void put(Panels<const T> moved, Panels<const T> all, Panels<T> to) const {
    copy_features(all, to, n_);
    scatter(columns_, moved, to);
  }

  Index n_;
  std::vector<Index> columns_;
  Slots x_{this->kept_, size()}, z_{this->kept_, size()};
  Slots dout_{this->scratch_, size()}, din_{this->scratch_, size()};
  typename Layer<T>::template Part<Bijection<T>> of_;
};

}  // namespace

void register_on() { register_bijection<On>("on"); }

}  // namespace nflows
