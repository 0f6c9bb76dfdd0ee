//===- MBarrierKernels.h - kernels around mbarriers -------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_MBARRIERKERNELS_H
#define THRIFTJIT_TESTS_SIM_MBARRIERKERNELS_H

#include "tests/sim/SimHarness.h"

namespace thrift::sim::test {

inline constexpr Delivery kPolicies[] = {Delivery::Lazy, Delivery::Eager, Delivery::Random};

/// `text` with the first occurrence of `from` replaced.
std::string replaced(std::string text, const std::string &from, const std::string &to);

/// Eight mbarriers `bars` and 1024 words `data`; races are checked.
BodyOptions barriers(uint32_t threads, Delivery delivery = Delivery::Lazy, uint64_t seed = 0);

/// Declares registers; thread 0 (%p) initialises `bars[0]` for `count0` arrivals and `bars[1]` for `count1`;
/// `bar.sync`. %bar and %g are the address of `bars`, shared and generic; %s that of the thread's word in `data`, %o in
/// the output. Free for use: %v %w %i %n %st %q %r.
std::string start(const std::string &count0, const std::string &count1 = "1");

/// Ten rounds in which warp 0 writes 32 words of `data` and warp 1 reads and adds them up; out[32 + t] is
/// 4500 + 10 * t. The pieces may be replaced.
struct ProducerConsumer {
  std::string init = replaced(start("32", "32"), "bar.sync 0;", "st.shared.u32 [%s], 0;\n    bar.sync 0;");
  std::string waitEmpty =
      "mbarrier.try_wait.parity.acquire.cta.shared::cta.b64 %q, [%bar+8], %n, 1000; @!%q bra EMPTY;";
  std::string arriveFull = "mbarrier.arrive.release.cta.shared::cta.b64 _, [%bar];";
  std::string waitFull = "mbarrier.test_wait.parity.shared.b64 %q, [%bar], %n; @!%q bra FULL;";
  std::string arriveEmpty = "mbarrier.arrive.shared.b64 _, [%bar+8];";
  std::string firstEmptyParity = "1"; ///< of the producer's first wait
  std::string firstFullParity = "0";  ///< of the consumer's first wait
};
std::string producerConsumer(const ProducerConsumer &parts);

} // namespace thrift::sim::test

#endif // THRIFTJIT_TESTS_SIM_MBARRIERKERNELS_H
