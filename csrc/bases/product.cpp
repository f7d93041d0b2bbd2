// A product of bases, each on columns of its own: log p(z) = sum_i log p_i(z[columns_i]).
//
// The spec has `columns`, the parts' columns one part after the other, a permutation of all; `sizes`, how many each
// part has; and `bases`. A part's columns are gathered, for it to see, and its dz goes back.
//
// Parameters: those of the parts, one part after the other.
#include <algorithm>

#include "bases/base.h"
#include "core/selection.h"

namespace nflows {
namespace {

template <class T>
class Product final : public Base<T> {
 public:
  Product(const Spec& spec, Index n_features, Index n_context) {
    const std::vector<Index>&columns = check_order(spec, "columns", n_features),
          &sizes = spec.integers("sizes");
    const std::vector<Spec>& bases = spec.children("bases");
    check(!bases.empty() && bases.size() == sizes.size(), spec.name, ": sizes has ", sizes.size(),
          " entries for ", bases.size(), " bases");
    auto next = columns.begin();
    for (std::size_t i = 0; i < bases.size(); ++i) {
      check(sizes[i] >= 1 && sizes[i] <= columns.end() - next, spec.name, ": sizes are not those of ",
            n_features, " columns: entry ", sizes[i]);
      parts_.push_back({this->part(make_base<T>(bases[i], sizes[i], n_context), std::to_string(i) + "."),
                        {next, next + sizes[i]}});
      next += sizes[i];
    }
    check(next == columns.end(), spec.name, ": sizes leave ", columns.end() - next,
          " columns without a base");
    for (const Part& part : parts_) {
      widest_ = std::max(widest_, part.size());
      inner_scratch_ = std::max(inner_scratch_, part.base->n_scratch());
    }
    this->scratch_.take(2 * widest_ + inner_scratch_);  // a part's z, its dz, what it needs
  }

  bool starts_from_data() const override {
    return std::any_of(parts_.begin(), parts_.end(),
                       [](const Part& part) { return part.base->starts_from_data(); });
  }
  void start_from_data(const Sample<T>& sample, Rng& rng, T* params) const override {
    Arena<T> room(sample.rows.count * widest_ * kLanes);
    for (const Part& part : parts_) {
      const Panels<T> own = dense_panels(room.data(), part.size(), sample.rows.count);
      gather(part.columns, sample.rows, own);
      part.base->start_from_data({own, sample.context, sample.weights}, rng, params + part.base.params);
    }
  }

  void log_prob(Panels<const T> z, Panels<double> log_prob, const Pass<T>& pass) const override {
    const Panels<T> own = pass.scratch;
    for (const Part& part : parts_) {
      gather(part.columns, z, own);
      part.base->log_prob(own, log_prob, pass_of(part, pass));
    }
  }

  void backward(Panels<const T> z, Panels<T> dz, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const Panels<T> own = pass.scratch, down = pass.scratch.feature(widest_);
    for (const Part& part : parts_) {
      gather(part.columns, z, own);
      part.base->backward(own, down, pass_of(part, pass), part.base.gradients(grads));
      scatter(part.columns, down, dz);
    }
  }

 private:
  struct Part {
    typename Layer<T>::template Part<Base<T>> base;
    std::vector<Index> columns;
    Index size() const { return static_cast<Index>(columns.size()); }
  };

  // No base keeps anything for its backward pass.
  Pass<T> pass_of(const Part& part, const Pass<T>& pass) const {
    return part.base.pass(pass, pass.kept, pass.scratch.feature(2 * widest_));
  }

  std::vector<Part> parts_;
  Index widest_ = 0, inner_scratch_ = 0;
};

}  // namespace

void register_product() { register_base<Product>("product"); }

}  // namespace nflows
