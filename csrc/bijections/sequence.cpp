#include "bijections/sequence.h"

#include "core/copy.h"

namespace nflows {

template <class T>
Sequence<T>::Sequence(const Spec& spec, Index n_features, Index n_context)
    : n_(n_features), saturates_(true) {
  for (const Spec& part : spec.children("bijections"))
    parts_.push_back(
        this->part(make_bijection<T>(part, n_features, n_context), std::to_string(parts_.size()) + "."));
  plan();
}

template <class T>
Sequence<T>::Sequence(Factors factors, const std::vector<Index>& params_of, Index n_features)
    : n_(n_features), saturates_(false), parts_(factors.size()) {
  for (const Index i : params_of) parts_[i] = this->part(std::move(factors[i]));
  plan();
}

template <class T>
void Sequence<T>::plan() {
  const Index n_between = std::max<Index>(n_parts() - 1, 0);
  for (const Part& part : parts_) {
    kept_.push_back(all_values_);
    all_values_ += part->n_kept(Keep::kForBackward);
    lean_values_ = std::max(lean_values_, part->n_kept(Keep::kNothing));
    adjoints_ = std::max(adjoints_, part->n_scratch());
  }
  all_kept_ = all_values_ + n_between * n_;
  lean_kept_ = lean_values_ + std::min<Index>(n_between, 2) * n_;
  this->scratch_.take(adjoints_ + std::min<Index>(n_between, 2) * n_);
}

template <class T>
void Sequence<T>::run(Direction direction, Panels<const T> from, Panels<T> to, Panels<double> log_det,
                      const Pass<T>& pass) const {
  if (parts_.empty()) copy_features(from, to, n_);
  for (Index step = 0; step < n_parts(); ++step) {
    const Index at = place(direction, step);
    const Panels<T> out = step == n_parts() - 1 ? to : value(step, pass);
    if (direction == Direction::kForward)
      parts_[at]->forward(from, out, log_det, pass_of(at, pass));
    else
      parts_[at]->inverse(from, out, log_det, pass_of(at, pass));
    if (saturates_) saturate(out, out, n_);
    from = out;
  }
}

template <class T>
void Sequence<T>::run_backward(Direction direction, Panels<const T> from, Panels<const T> to,
                               Panels<const T> dto, Panels<T> dfrom, const Pass<T>& pass,
                               const Gradients<T>& grads) const {
  if (parts_.empty()) copy_features(dto, dfrom, n_);
  for (Index step = n_parts() - 1; step >= 0; --step) {
    const Index at = place(direction, step);
    const Panels<const T> in = step == 0 ? from : value(step - 1, pass);
    const Panels<T> din = step == 0 ? dfrom : pass.scratch.feature(adjoints_ + (step - 1) % 2 * n_);
    if (direction == Direction::kForward)
      parts_[at]->backward(in, to, dto, din, pass_of(at, pass), parts_[at].gradients(grads));
    else
      parts_[at]->inverse_backward(in, to, dto, din, pass_of(at, pass), parts_[at].gradients(grads));
    to = in;
    dto = din;
  }
}

template <class T>
Index Sequence<T>::last_start() const {
  Index last = n_parts() - 1;
  while (last >= 0 && !parts_[last]->starts_from_data()) --last;
  return last;
}

template <class T>
void Sequence<T>::start_from_data(const Sample<T>& sample, Rng& rng, T* params) const {
  Arena<T> rows(sample.rows.count * n_ * kLanes);
  const Panels<T> own = dense_panels(rows.data(), n_, sample.rows.count);
  copy_features(sample.rows, own, n_);
  start_from_data(own, sample, rng, params, false);
}

template <class T>
void Sequence<T>::start_from_data(Panels<T> rows, const Sample<T>& sample, Rng& rng, T* params,
                                  bool to_the_end) const {
  const Index last = to_the_end ? n_parts() : last_start();
  Arena<T> room((n_ + lean_values_ + this->n_scratch()) * kLanes);
  const Panels<T> out = dense_panels(room.data(), room.size() / kLanes, 1);
  double unused[kLanes] = {};
  for (Index i = 0; i < n_parts() && i <= last; ++i) {
    const Part& part = parts_[i];
    part->start_from_data({rows, sample.context, sample.weights}, rng, params + part.params);
    if (i == last) break;
    const DerivedValues<T> derived(*part.own, params + part.params);
    for (Index p = 0; p < rows.count; ++p) {
      const Panels<T> one = rows.slice(p, 1);
      part->forward(one, out, dense_panels(unused, 1, 1),
                    {params + part.params, derived.data(), sample.context.slice(p, 1), out.feature(n_),
                     out.feature(n_ + lean_values_), Keep::kNothing});
      saturate(out, one, n_);
    }
  }
}

template class Sequence<float>;
template class Sequence<double>;

void register_sequence() { register_bijection<Sequence>("sequence"); }

}  // namespace nflows
