// All operations that a device can carry out, as they are called where layers write them down. A flow with another one
// has no path on a device, and is told so when its program is loaded.
//
// They come in groups: the common ones, and those of each formula. Each group is compiled once (group.cpp.in), and a kernel
// calls those that its flows have, so that it needs the registers of these alone.
#pragma once

#include "bases/full_normal.h"
#include "bases/members.h"
#include "bases/mixture_rows.h"
#include "bases/standard_normal.h"
#include "bases/student_member.h"
#include "bases/uniform_member.h"
#include "bases/von_mises_member.h"
#include "bijections/free_scale.h"
#include "bijections/planar_derived.h"
#include "bijections/pointwise_maps.h"
#include "bijections/radial_rows.h"
#include "bijections/reflections_rows.h"
#include "bijections/saturate.h"
#include "bijections/sylvester_derived.h"
#include "core/copy.h"
#include "cuda/group.h"
#include "cuda/products.h"
#include "nets/activations.h"
#include "simd/panel_sums.h"
#include "transformers/passes.h"
#include "transformers/shown.h"

namespace nflows {

template <class... Operations>
struct List {
  static constexpr int size = sizeof...(Operations);
};
template <class... Lists>
struct Joined;
template <class... A>
struct Joined<List<A...>> {
  using type = List<A...>;
};
template <class... A, class... B, class... Rest>
struct Joined<List<A...>, List<B...>, Rest...> {
  using type = typename Joined<List<A..., B...>, Rest...>::type;
};
template <class... Lists>
using Join = typename Joined<Lists...>::type;

// ---- Of a pass

template <class T>
using BasicOperations =
    List<Op<ForwardProduct, Table<T>, Table<T>, In<T>, Out<T>, Table<std::int32_t>>,
         Op<DataGradient, Table<T>, In<T>, Out<T>, In<T>, Table<std::int32_t>>,
         Op<WeightGradient, In<T>, In<T>, Made<T>, Table<std::int32_t>>, Op<BiasGradient, In<T>, Sum<T>>,
         Op<Copy, In<T>, Out<T>>, Op<Add, In<T>, Out<T>>, Op<AddShift, Given<T>, Out<T>>,
         Op<Negate, In<T>, Out<T>>, Op<Put, Given<T>, Out<T>>, Op<Saturate, In<T>, Out<T>>,
         Op<ShownNumber::Show, In<T>, Out<T>>, Op<ShownNumber::Backward, In<T>, Out<T>>,
         Op<ShownAngle::Show, In<T>, Out<T>>, Op<ShownAngle::Backward, In<T>, Out<T>>>;

template <class T, class A>
using ActivationOperations =
    List<Op<Activate<A>, In<T>, Out<T>>, Op<ActivateBackward<A>, In<T>, In<T>, Out<T>>>;

template <class T, class Free = FreeScale<T>>
using ScaleOperations =
    List<Op<FreeScaleForward, Given<Free>, Given<T>, In<T>, Out<T>, Total>,
         Op<FreeScaleInverse, Given<Free>, Given<T>, In<T>, Out<T>, Total>,
         Op<FreeScaleBackward, Given<Free>, In<T>, In<T>, In<T>, Out<T>, Sum<T>, Sum<T>>,
         Op<FreeScaleInverseBackward, Given<Free>, In<T>, In<T>, In<T>, Out<T>, Sum<T>, Sum<T>>>;

template <class T>
using ReflectionOperations = List<Op<Along, Table<T>, In<T>, Out<T>>, Op<Reflect, Table<T>, Out<T>>,
                                  Op<ReflectBackward, Given<T>, Given<T>, In<T>, Out<T>, Out<T>, Sum<T>>>;

template <class T, class Curve = Ridge<T>>
using RidgeOperations =
    List<Op<RidgeForward, Given<Curve>, In<T>, Out<T>, Out<T>, Total>,
         Op<RidgeInverse, Given<Curve>, In<T>, Out<T>, Out<T>, Total>,
         Op<RidgeBackward, Given<Curve>, In<T>, In<T>, In<T>, In<T>, Out<T>, Sum<T>>,
         Op<RidgeInverseBackward, Given<Curve>, In<T>, In<T>, In<T>, In<T>, Out<T>, Sum<T>>,
         Op<AddMultiple, Given<T>, In<T>, Out<T>>>;

template <class T, class Shape = RadialShape<T>>
using RadialOperations = List<
    Op<RadialForward, Given<Shape>, Table<T>, In<T>, Out<T>, Out<T>, Total>,
    Op<RadialInverse, Given<Shape>, Table<T>, In<T>, Out<T>, Out<T>, Total>,
    Op<RadialBackward, Given<Shape>, Table<T>, In<T>, In<T>, In<T>, In<T>, Out<T>, Sum<T>, Sum<T>>,
    Op<RadialInverseBackward, Given<Shape>, Table<T>, In<T>, In<T>, In<T>, In<T>, Out<T>, Sum<T>, Sum<T>>,
    Op<RadialMoveBackward, Given<T>, In<T>, In<T>, In<T>, Out<T>, Sum<T>>>;

template <class T, class Map>
using MapOperations = List<Op<PointwiseForward, Given<Map>, In<T>, Out<T>, Total>,
                           Op<PointwiseInverse, Given<Map>, In<T>, Out<T>, Total>,
                           Op<PointwiseBackward, Given<Map>, In<T>, In<T>, In<T>, Out<T>>,
                           Op<PointwiseInverseBackward, Given<Map>, In<T>, In<T>, In<T>, In<T>, Out<T>>>;

template <class T, class Member, class... Params>
using MemberOperations =
    List<Op<MemberLogProb, Given<Member>, In<T>, Total>, Op<MemberNormalisers, Table<Member>, Total>,
         Op<MemberBackward, Given<Member>, In<T>, In<T>, Out<T>, Sum<Params>...>>;

template <class T, class Feature = NormalFeature<T>>
using MixtureOperations =
    List<Op<MixtureLogProb, Table<double>, Table<Feature>, In<T>, Total>,
         Op<MixtureDensity, Table<double>, Table<Feature>, In<T>, Out<T>>,
         Op<MixtureTermBackward, Table<double>, Table<Feature>, In<T>, In<T>, In<T>, Out<T>, Sum<T>>,
         Op<MixtureFeatureBackward, Given<Feature>, In<T>, In<T>, Out<T>, Sum<T>, Sum<T>>>;

template <class T>
using BaseOperations =
    Join<List<Op<StandardNormalLogProb, In<T>, Total>, Op<StandardNormalBackward, In<T>, In<T>, Out<T>>,
              Op<Centre, Given<T>, In<T>, Out<T>>, Op<SubtractSum, In<T>, Sum<T>>>,
         MemberOperations<T, NormalFeature<T>, T, T>, MemberOperations<T, StudentMember<T>, T>,
         MemberOperations<T, VonMisesMember<T>, T, T>, MemberOperations<T, UniformMember<T>>,
         MixtureOperations<T>>;

template <class T>
using CommonOperations =
    Join<BasicOperations<T>, ActivationOperations<T, Relu>, ActivationOperations<T, Tanh>,
         ActivationOperations<T, Silu>, ActivationOperations<T, Elu>, ScaleOperations<T>,
         ReflectionOperations<T>, RidgeOperations<T>, RadialOperations<T>, MapOperations<T, Exp<T>>,
         MapOperations<T, Softplus<T>>, MapOperations<T, Sigmoid<T>>, MapOperations<T, LeakyRelu<T>>,
         MapOperations<T, FixedAffine<T>>, BaseOperations<T>>;

template <class T, class Formula>
using FormulaOperations =
    List<Op<FormulaForward<Formula>, In<T>, In<T>, Out<T>, Total>,
         Op<FormulaInverse<Formula>, In<T>, In<T>, Out<T>, Total>,
         Op<FormulaBackward<Formula>, In<T>, In<T>, In<T>, In<T>, Out<T>, Out<T>>,
         Op<FormulaInverseBackward<Formula>, In<T>, In<T>, In<T>, In<T>, Out<T>, Out<T>>>;

// The same where the formula is small: its functions have the layout of the whole one's.
template <class Whole, class Small>
struct SmallOp {
  static std::string name() { return std::string(Whole::name()) + kSmallOp; }
};
template <class Whole, class Small>
struct Replay<SmallOp<Whole, Small>> : Replay<Small> {};

template <class Whole, class Small>
struct SmallOps;
template <class... Whole, class... Small>
struct SmallOps<List<Whole...>, List<Small...>> {
  using type = List<SmallOp<Whole, Small>...>;
};

// A group by its name: CommonGroup, or a formula.
template <class T, class Group>
struct OperationsOf {
  using type = FormulaOperations<T, Group>;
};
template <class T, class Formula>
struct OperationsOf<T, SmallGroup<Formula>> {
  using type =
      typename SmallOps<FormulaOperations<T, Formula>, FormulaOperations<T, typename Formula::Small>>::type;
};
template <class T>
struct OperationsOf<T, CommonGroup> {
  using type = CommonOperations<T>;
};

// ---- Of derived values

template <class T>
using DeriveOperations =
    List<Op<typename FreeScale<T>::Derive, Table<T>, Made<FreeScale<T>>>,
         Op<DeriveReflection<T>, Table<T>, Made<T>, Made<T>>,
         Op<PlanarDerive<T>, Table<T>, Table<T>, Made<T>, Made<Ridge<T>>>,
         Op<PlanarDeriveBackward<T>, Table<T>, Table<T>, Table<T>, Table<T>, Made<T>, Made<T>>,
         Op<SylvesterDerive<T>, Table<T>, Table<T>, Table<T>, Made<T>, Made<T>, Made<T>, Made<Ridge<T>>>,
         Op<SylvesterDeriveBasisBackward<T>, Table<T>, Table<T>, Made<T>, Made<T>, Made<T>>,
         Op<SylvesterDeriveBackward<T>, Table<T>, Table<T>, Table<T>, Made<T>, Made<T>, Made<T>>,
         Op<typename RadialShape<T>::Derive, Table<T>, Table<T>, Made<RadialShape<T>>>,
         Op<NormalDerive<T>, Table<T>, Table<T>, Made<NormalFeature<T>>>,
         Op<ScaleDerive<T>, Table<T>, Made<NormalFeature<T>>>,
         Op<typename StudentMember<T>::Derive, Table<T>, Made<StudentMember<T>>>,
         Op<typename VonMisesMember<T>::Derive, Table<T>, Table<T>, Made<VonMisesMember<T>>>,
         Op<typename UniformMember<T>::Derive, Table<UniformMember<T>>, Made<UniformMember<T>>>,
         Op<MixtureWeights<T>, Table<T>, Made<double>>>;

// ---- Carrying a step out

template <class Operations>
struct Dispatch;
template <class... Operations>
struct Dispatch<List<Operations...>> {
  // Names of the operations, by their numbers.
  static std::vector<std::string> names() { return {Operations::name()...}; }

  static NFLOWS_KERNEL void row(const Tile& tile, const Step& step, int op) {
    find<Replay>(tile, step, op, all());
  }
  static NFLOWS_KERNEL void once(const Tile& tile, const Step& step, int op) {
    find<ReplayOnce>(tile, step, op, all());
  }

 private:
  using All = std::make_integer_sequence<int, sizeof...(Operations)>;
  static NFLOWS_KERNEL All all() { return {}; }
  template <template <class> class How, int... i>
  static NFLOWS_KERNEL void find(const Tile& tile, const Step& step, int op,
                                 std::integer_sequence<int, i...>) {
    (void)((op == i && (How<Operations>::run(tile, step), true)) || ...);
  }
};

template <class T, class Group>
std::vector<std::string> PassGroup<T, Group>::names() {
  return Dispatch<typename OperationsOf<T, Group>::type>::names();
}
template <class T, class Group>
NFLOWS_DEVICE void PassGroup<T, Group>::run(const Tile& tile, const Step& step, int op) {
  Dispatch<typename OperationsOf<T, Group>::type>::row(tile, step, op);
}

template <class T>
std::vector<std::string> DeriveGroup<T>::names() {
  return Dispatch<DeriveOperations<T>>::names();
}
template <class T>
NFLOWS_DEVICE void DeriveGroup<T>::run(const Tile& tile, const Step& step, int op) {
  Dispatch<DeriveOperations<T>>::once(tile, step, op);
}

}  // namespace nflows
