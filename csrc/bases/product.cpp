// A product of bases, each on columns of its own: log p(z) = sum_i log p_i(z[columns_i]).
//
// The spec has `columns`, the parts' columns one part after the other, a permutation of all; `sizes`, how many each
// part has; and `bases`. A part's columns are gathered into neighbouring rows, for it to see, and its dz goes back.
//
// Parameters: those of the parts, one part after the other.
#include <algorithm>

#include "bases/base.h"
#include "core/arena.h"

namespace nflows {
namespace {

template <class T>
class Product final : public Base<T> {
 public:
  Product(const Spec& spec, Index n_features) {
    const std::vector<Index>&columns = spec.integers("columns"), &sizes = spec.integers("sizes");
    const std::vector<Spec>& bases = spec.children("bases");
    check(!bases.empty() && bases.size() == sizes.size(), spec.name, ": sizes has ", sizes.size(),
          " entries for ", bases.size(), " bases");
    std::vector<bool> seen(n_features, false);
    for (const Index j : columns) {
      check(j >= 0 && j < n_features && !seen[j], spec.name, ": columns are no permutation of 0 .. ",
            n_features - 1, ": entry ", j);
      seen[j] = true;
    }
    Index first = 0, left = static_cast<Index>(columns.size());
    check(left == n_features, spec.name, ": columns has ", left, " entries for ", n_features, " features");
    for (std::size_t i = 0; i < bases.size(); ++i) {
      check(sizes[i] >= 1 && sizes[i] <= left, spec.name, ": sizes are not those of ", n_features,
            " columns: entry ", sizes[i]);
      parts_.push_back({make_base<T>(bases[i], sizes[i]),
                        {columns.begin() + first, columns.begin() + first + sizes[i]},
                        n_params_});
      const Part& part = parts_.back();
      n_params_ += part.base->n_params();
      widest_ = std::max(widest_, part.size());
      n_scratch_ = std::max(n_scratch_, part.base->n_scratch());
      first += sizes[i];
      left -= sizes[i];
    }
    check(left == 0, spec.name, ": sizes leave ", left, " columns without a base");
  }

  Index n_params() const override { return n_params_; }
  Index n_scratch() const override { return 2 * widest_ + n_scratch_; }  // a part's z, its dz, what it needs
  std::vector<Block> blocks() const override {
    std::vector<Block> all;
    for (std::size_t i = 0; i < parts_.size(); ++i)
      for (Block block : parts_[i].base->blocks()) {
        block.name = std::to_string(i) + "." + block.name;
        block.offset += parts_[i].params;
        all.push_back(std::move(block));
      }
    return all;
  }

  void start(T* params, Rng& rng) const override {
    for (const Part& part : parts_) part.base->start(params + part.params, rng);
  }

  bool starts_from_data() const override {
    return std::any_of(parts_.begin(), parts_.end(),
                       [](const Part& p) { return p.base->starts_from_data(); });
  }
  void start_from_data(Panels<const T> z, const double* weights, Rng& rng, T* params) const override {
    Arena<T> room(z.count * widest_ * kLanes);
    for (const Part& part : parts_) {
      const Panels<T> own = dense_panels(room.data(), part.size(), z.count);
      part.gather(z, own);
      part.base->start_from_data(own, weights, rng, params + part.params);
    }
  }

  void log_prob(const T* params, Panels<const T> z, Panels<double> log_prob,
                Panels<T> scratch) const override {
    for (const Part& part : parts_) {
      part.gather(z, scratch);
      part.base->log_prob(params + part.params, scratch, log_prob, scratch.feature(2 * widest_));
    }
  }

  void backward(const T* params, Panels<const T> z, Panels<const T> dlog_prob, Panels<T> dz, T* dparams,
                Panels<T> scratch) const override {
    const Panels<T> own = scratch, down = scratch.feature(widest_);
    for (const Part& part : parts_) {
      part.gather(z, own);
      part.base->backward(params + part.params, own, dlog_prob, down, dparams + part.params,
                          scratch.feature(2 * widest_));
      part.scatter(down, dz);
    }
  }

 private:
  struct Part {
    std::unique_ptr<Base<T>> base;
    std::vector<Index> columns;
    Index params;

    Index size() const { return static_cast<Index>(columns.size()); }

    // to_i = from_{columns[i]}, and back.
    void gather(Panels<const T> from, Panels<T> to) const {
      for (Index i = 0; i < size(); ++i) copy_features<T>(from.feature(columns[i]), to.feature(i), 1);
    }
    void scatter(Panels<const T> from, Panels<T> to) const {
      for (Index i = 0; i < size(); ++i) copy_features<T>(from.feature(i), to.feature(columns[i]), 1);
    }
  };

  std::vector<Part> parts_;
  Index n_params_ = 0, widest_ = 0, n_scratch_ = 0;
};

}  // namespace

void register_product() { register_base<Product>("product"); }

}  // namespace nflows
