//===- MBarrierKernels.cpp - kernels around mbarriers -----------------------===//

#include "tests/sim/MBarrierKernels.h"

namespace thrift::sim::test {

BodyOptions barriers(uint32_t threads, Delivery delivery, uint64_t seed) {
  BodyOptions options;
  options.threads = threads;
  options.before = ".shared .align 8 .b64 bars[8];\n.shared .align 16 .b32 data[1024];\n";
  options.options.delivery = delivery;
  options.options.seed = seed;
  options.options.checkRaces = true;
  return options;
}

std::string start(const std::string &count0, const std::string &count1) {
  return R"(
    .reg .b32 %bar, %v, %w, %i, %n, %s; .reg .b64 %st, %o, %g; .reg .pred %p, %q, %r;
    mov.u32 %bar, bars;
    cvta.shared.u64 %g, bars;
    mul.wide.u32 %o, %t, 4;  add.s64 %o, %out, %o;
    mov.u32 %s, data;  shl.b32 %v, %t, 2;  add.u32 %s, %s, %v;
    setp.eq.u32 %p, %t, 0;
    @%p mbarrier.init.shared::cta.b64 [%bar], )" +
         count0 + ";\n    @%p mbarrier.init.shared::cta.b64 [%bar+8], " + count1 + ";\n    bar.sync 0;\n";
}

std::string producerConsumer(const ProducerConsumer &parts) {
  return parts.init + R"(
    mov.u32 %i, 0;  mov.u32 %w, 0;
    setp.ge.u32 %p, %t, 32;
    @%p bra CONSUMER;
    mov.u32 %n, )" +
         parts.firstEmptyParity + R"(;
  PRODUCER:
  EMPTY:
    )" + parts.waitEmpty +
         R"(
    mad.lo.u32 %v, %i, 100, %t;
    st.shared.u32 [%s], %v;
    )" + parts.arriveFull +
         R"(
    xor.b32 %n, %n, 1;
    add.u32 %i, %i, 1;
    setp.lt.u32 %q, %i, 10;
    @%q bra PRODUCER;
    ret;
  CONSUMER:
    mov.u32 %n, )" +
         parts.firstFullParity + R"(;
  NEXT:
  FULL:
    )" + parts.waitFull +
         R"(
    ld.shared.u32 %v, [%s+-128];
    add.u32 %w, %w, %v;
    )" + parts.arriveEmpty +
         R"(
    xor.b32 %n, %n, 1;
    add.u32 %i, %i, 1;
    setp.lt.u32 %q, %i, 10;
    @%q bra NEXT;
    st.global.u32 [%o], %w;)";
}

std::string replaced(std::string text, const std::string &from, const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

} // namespace thrift::sim::test
