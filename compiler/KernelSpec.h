//===- KernelSpec.h - what is asked of the compiler, and how it is built ------===//
//
// A KernelSpec holds every compile-time choice that changes what a kernel computes; a KernelConfig holds those that
// change only how. Both are plain values: defaults, ==, print. Pure C++, no MLIR.

#ifndef THRIFTJIT_COMPILER_KERNELSPEC_H
#define THRIFTJIT_COMPILER_KERNELSPEC_H

#include "dialect/formats/Format.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thrift {

enum class Mask : uint8_t { None, Causal };
enum class Budget : uint8_t { Mixed, AllLow, AllHigh };

std::string_view name(Mask mask);     ///< "none", "causal"
std::string_view name(Budget budget); ///< "mixed", "all_low", "all_high"

struct KernelSpec {
  std::string kernel = "prefill"; ///< a template: quantize, rank, prefill, prefill_online
  DType dtype = DType::F16;       ///< of Q, K, V and O
  int64_t headDim = 128;          ///< of Q and K
  int64_t valueDim = 128;         ///< of V and O
  int64_t blockQ = 128;           ///< query rows of a routing block and of a tile
  int64_t blockKv = 64;           ///< keys of a routing block and of a tile
  LowPair low;                    ///< formats of the low tier
  Mask mask = Mask::Causal;
  Budget budget = Budget::Mixed;
  int64_t granule = 16; ///< query rows that decide together; of prefill_online only

  /// True for the kernels that compute attention.
  bool isPrefill() const { return kernel == "prefill" || kernel == "prefill_online"; }

  /// The values of the templates' parameters, by name, as thrift-specialize reads them.
  /// `multipliesPacked`: the target multiplies in the packed formats, so that P takes V's.
  std::vector<std::pair<std::string, std::string>> bindings(bool multipliesPacked = false) const;
  /// One line, the same for equal specs and different for different ones.
  std::string print() const;
};

bool operator==(const KernelSpec &a, const KernelSpec &b);
inline bool operator!=(const KernelSpec &a, const KernelSpec &b) { return !(a == b); }

struct KernelConfig {
  int stages = 2;              ///< tiles of K and of V in flight or in use
  std::string exp2 = "approx"; ///< approx: ex2.approx; poly: a polynomial on the FMA pipes, bit-equal on every machine

  int alignment = 16; ///< bytes that rows of the caller's tensors are aligned to: 16, or 2 for any strides
  /// Waits for mbarriers give up after a while and are recorded, so that a broken kernel ends. Changes nothing where a
  /// lowering has none, as the portable one.
  bool watchdog = false;

  std::string print() const;
};

inline bool operator==(const KernelConfig &a, const KernelConfig &b) {
  return a.stages == b.stages && a.exp2 == b.exp2 && a.alignment == b.alignment && a.watchdog == b.watchdog;
}
inline bool operator!=(const KernelConfig &a, const KernelConfig &b) { return !(a == b); }

} // namespace thrift

#endif // THRIFTJIT_COMPILER_KERNELSPEC_H
