// A column that a layer leaves as it is, and shows to its net as a conditional shows it: the last layer's turn is still to
// come. No parameters.
#include "conditionals/conditional.h"
#include "core/copy.h"

namespace nflows {
namespace {

template <class T>
class Kept final : public Conditional<T> {
 public:
  explicit Kept(const Spec& spec) : shown_(make_conditional<T>(spec.child("conditional"))) {}

  Index n_params() const override { return 0; }
  void start(T*) const override {}

  void forward(Panels<const T> x, Panels<const T>, Panels<T> z, Panels<double>) const override {
    copy_features(x, z, 1);
  }
  void inverse(Panels<const T> z, Panels<const T>, Panels<T> x, Panels<double>) const override {
    copy_features(z, x, 1);
  }
  void backward(Panels<const T>, Panels<const T>, Panels<const T> dz, Panels<const T>, Panels<T> dx,
                Panels<T>) const override {
    copy_features(dz, dx, 1);
  }
  void inverse_backward(Panels<const T>, Panels<const T>, Panels<const T> dx, Panels<const T>, Panels<T> dz,
                        Panels<T>) const override {
    copy_features(dx, dz, 1);
  }

  Index n_seen() const override { return shown_->n_seen(); }
  void show(Panels<const T> x, Panels<T> u) const override { shown_->show(x, u); }
  void show_backward(Panels<const T> u, Panels<T> du) const override { shown_->show_backward(u, du); }

 private:
  std::unique_ptr<Conditional<T>> shown_;
};

}  // namespace

void register_kept() { register_conditional<Kept>("kept"); }

}  // namespace nflows
