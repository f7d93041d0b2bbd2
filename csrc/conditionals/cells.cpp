// A column of numbers in steps, each the mass of its cell: integers, ranks, rounded numbers.
//
//   p(x) = F(x + w/2) - F(x - w/2),   F = Phi o spline o affine o g,   g(x) = c asinh(x / c),  c = 3
//
// F is the distribution function that the affine map and spline of a continuous column have; g lets the tails of counts be
// those of logarithms. The cells of the lowest and the highest number, if there are such, are open: nothing lies beyond.
// Where float32 cannot tell the ends of a cell apart, its width comes from the slopes there.
//
// A step has to be wide beside what a spline can bend (rational_quadratic.h): cells narrower than a hundredth of the
// column's spread are better taken for a density, times their width.
//
// Parameters per column: those of affine_spline.h. Nets see g(x), and whether the cell is left out if that happens.
#include "conditionals/conditional.h"
#include "conditionals/normal_interval.h"
#include "transformers/affine_spline.h"

namespace nflows {
namespace {

struct CellsFormula {
  static constexpr double kBend = 3.0;

  AffineSpline map;
  double width, low, high;
  bool missing;
  int n_params, n_seen;

  explicit CellsFormula(const Spec& spec)
      : map(spec),
        width(spec.real("width")),
        low(spec.real("low")),
        high(spec.real("high")),
        missing(spec.flag("missing")),
        n_params(map.n_params),
        n_seen(missing ? 2 : 1) {
    check(width > 0.0 && width < 1e15, spec.name, ": width must be positive, got ", width);
    check(low <= high, spec.name, ": low ", low, " is above high ", high);
  }

  template <class R, class P>
  NFLOWS_PART Mapped<R> forward(R x, P p) const {
    const MaskOf<R> present = x == x;
    const Cell<R> cell(*this, select(present, x, R(0)), p);
    const R z = cell.mass.middle, half = scalar<R>(0.5), turn = scalar<R>(kHalfLogTurn);
    return {select(present, z, R(0)), select(present, cell.mass.log_mass + half * z * z, R(0)) + turn};
  }

  template <class R, class P>
  NFLOWS_PART Mapped<R> inverse(R z, P p) const {
    const R v = map.inverse(z, p).value * scalar<R>(1.0 / kBend), a = min(R(60), abs(v));
    const R grown = scalar<R>(0.5 * kBend) * (exp(a) - exp(-a));
    const R code = nearest(copysign(grown, v) * scalar<R>(1.0 / width)) * scalar<R>(width);
    return {select(z == z, max(scalar<R>(low), min(scalar<R>(high), code)), z), R(0)};
  }

  template <class R, class P, class D>
  NFLOWS_PART R backward(R x, P p, R dz, R dlog_det, D dp) const {
    const MaskOf<R> present = x == x;
    const Cell<R> cell(*this, select(present, x, R(0)), p);
    const IntervalMass<R>& mass = cell.mass;
    const R by_mass = select(present, dlog_det, R(0));
    const R by_middle = select(present, fma(dlog_det, mass.middle, dz), R(0));
    const R half = scalar<R>(0.5), none = R(0);
    R da = fma(by_mass, mass.by_low(cell.a), by_middle * mass.middle_by(cell.a));
    R db = fma(by_mass, mass.by_high(cell.b), by_middle * mass.middle_by(cell.b));
    const R together = half * (by_middle - by_mass * half * (cell.a + cell.b));
    da = select(cell.open_low, none, select(cell.tiny, together, da));
    db = select(cell.open_high, none, select(cell.tiny, together, db));
    const R dslope = select(cell.tiny, half * by_mass, none);
    Aside<R, 2 + 3 * AffineSpline::kMost> first;
    using To = decltype(first);
    map.backward(cell.from, p, da, dslope, typename To::Into{first.of});
    map.backward(cell.to, p, db, dslope, typename To::template Plus<D>{first.of, dp});
    return none;
  }

  template <class R, class U>
  NFLOWS_FN void show(R x, U u) const {
    const MaskOf<R> present = x == x;
    u.set(0, bent(select(present, x, R(0))));
    if (missing) u.set(1, select(present, R(0), R(1)));
  }
  template <class U, class DU>
  NFLOWS_FN auto show_backward(U u, DU) const {
    return u[0] - u[0];
  }

 private:
  template <class R>
  struct Cell {
    R from, to, a, b;  // the ends, before and after the map
    MaskOf<R> open_low, open_high, tiny;
    IntervalMass<R> mass;

    template <class P>
    NFLOWS_FN Cell(const CellsFormula& f, R x, P p)
        : Cell(f, x, p, f.map.forward(bent(x - scalar<R>(0.5 * f.width)), p),
               f.map.forward(bent(x + scalar<R>(0.5 * f.width)), p)) {}

   private:
    template <class P>
    NFLOWS_FN Cell(const CellsFormula& f, R x, P, Mapped<R> lower, Mapped<R> upper)
        : from(bent(x - scalar<R>(0.5 * f.width))),
          to(bent(x + scalar<R>(0.5 * f.width))),
          a(select(x < scalar<R>(f.low + 0.5 * f.width), scalar<R>(-kOpenEnd<R>), lower.value)),
          b(select(x > scalar<R>(f.high - 0.5 * f.width), scalar<R>(kOpenEnd<R>), upper.value)),
          open_low(x < scalar<R>(f.low + 0.5 * f.width)),
          open_high(x > scalar<R>(f.high - 0.5 * f.width)),
          tiny(b - a < scalar<R>(kSingle<R> ? 1e-3 : 1e-8) * (R(1) + abs(a))),
          mass(a, b, select(tiny, by_slopes(f, x, lower.log_det + upper.log_det), b - a)) {}

    static NFLOWS_FN R by_slopes(const CellsFormula& f, R x, R log_slopes) {
      const R t = x * scalar<R>(1.0 / kBend);
      return scalar<R>(f.width) * exp(scalar<R>(0.5) * log_slopes) / sqrt(fma(t, t, R(1)));
    }
  };

  template <class R>
  static NFLOWS_FN R bent(R x) {
    const R t = abs(x) * scalar<R>(1.0 / kBend);
    return copysign(scalar<R>(kBend) * log1p(t + t * (t / (R(1) + sqrt(fma(t, t, R(1)))))), x);
  }

  // Numbers too large for it are whole as they are.
  template <class R>
  static NFLOWS_FN R nearest(R x) {
    const R shift = scalar<R>(kSingle<R> ? 0x1.8p23 : 0x1.8p52),
            limit = scalar<R>(kSingle<R> ? 0x1p22 : 0x1p51);
    return select(abs(x) < limit, (x + shift) - shift, x);
  }
};

template <class T>
class Cells final : public ConditionalLanes<T, CellsFormula> {
 public:
  using ConditionalLanes<T, CellsFormula>::ConditionalLanes;
  void start(T*) const override {}
};

}  // namespace

void register_cells() { register_conditional<Cells>("cells"); }

}  // namespace nflows
