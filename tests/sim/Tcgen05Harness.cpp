//===- Tcgen05Harness.cpp - kernels around a few tcgen05 instructions --------===//

#include "tests/sim/Tcgen05Harness.h"

namespace thrift::sim::test {

TmemImage randomTmem(std::mt19937_64 &random) {
  TmemImage image(kTcLanes * kTcColumns);
  for (uint32_t &cell : image)
    cell = static_cast<uint32_t>(random());
  return image;
}

std::vector<Options> allPolicies() {
  std::vector<Options> all;
  for (Delivery delivery : {Delivery::Lazy, Delivery::Eager, Delivery::Random})
    for (uint64_t seed = 1; seed <= (delivery == Delivery::Random ? 3u : 1u); ++seed) {
      Options options;
      options.delivery = delivery;
      options.seed = delivery == Delivery::Random ? seed : 0;
      options.checkRaces = options.lints = true;
      all.push_back(options);
    }
  return all;
}

std::string tcgenPrologue() {
  return R"(
    .reg .b32 %tm, %tq, %data, %bar, %slot, %i, %n, %w, %x<8>;
    .reg .b64 %g, %o, %d<8>;
    .reg .pred %p0, %pw, %q, %r;
    mov.u32 %bar, )" +
         std::to_string(kSharedBarrier) + ";\n    mov.u32 %slot, " + std::to_string(kSharedSlot) +
         ";\n    mov.u32 %data, " + std::to_string(kSharedData) + R"(;
    setp.eq.u32 %p0, %t, 0;
    setp.lt.u32 %pw, %t, 32;
    @%p0 mbarrier.init.shared::cta.b64 [%bar], 1;
    @%pw tcgen05.alloc.cta_group::1.sync.aligned.shared::cta.b32 [%slot], 512;
    bar.sync 0;
    ld.shared.u32 %tm, [%slot];
    shr.u32 %w, %t, 5;  and.b32 %w, %w, 3;  shl.b32 %tq, %w, 21;  add.u32 %tq, %tm, %tq;
)";
}

std::string tcgenEpilogue() {
  return R"(
    tcgen05.fence::before_thread_sync;
    bar.sync 0;
    @%pw tcgen05.dealloc.cta_group::1.sync.aligned.b32 %tm, 512;
)";
}

std::string tcgenWait(const std::string &parity, const std::string &label) {
  return "  " + label + ":\n    mbarrier.try_wait.parity.shared::cta.b64 %q, [%bar], " + parity + ";\n    @!%q bra " +
         label + ";\n    tcgen05.fence::after_thread_sync;\n";
}

BodyOptions tcgenOptions(const Options &options) {
  BodyOptions body;
  body.threads = 128;
  body.before = ".extern .shared .align 1024 .b8 memory[];\n";
  body.dynamicSharedBytes = kSharedData + 160 * 1024;
  body.options = options;
  return body;
}

static constexpr int kGroup = 32; // columns per load or store

static std::string vectorOf(int count) {
  std::string text = "{";
  for (int i = 0; i < count; ++i)
    text += (i ? ", %v" : "%v") + std::to_string(i);
  return text + "}";
}

/// Moves the words of the thread's lane between global memory and registers, 4 at a time.
static std::string moveWords(bool load) {
  std::string text;
  for (int i = 0; i < kGroup; i += 4) {
    std::string four = "{%v" + std::to_string(i) + ", %v" + std::to_string(i + 1) + ", %v" + std::to_string(i + 2) +
                       ", %v" + std::to_string(i + 3) + "}";
    std::string place = "[%g+" + std::to_string(4 * i) + "]";
    text += load ? "    ld.global.v4.u32 " + four + ", " + place + ";\n"
                 : "    st.global.v4.u32 " + place + ", " + four + ";\n";
  }
  return text;
}

/// A loop over the columns of the thread's lane.
static std::string columnLoop(const std::string &label, const std::string &base, const std::string &body) {
  return "    mul.wide.u32 %g, %t, " + std::to_string(4 * kTcColumns) + ";\n    add.s64 %g, " + base +
         ", %g;\n    mov.u32 %i, 0;\n    mov.u32 %n, %tq;\n  " + label + ":\n" + body +
         "    add.s64 %g, %g, 128;  add.u32 %n, %n, 32;  add.u32 %i, %i, 32;\n    setp.lt.u32 %q, %i, 512;\n"
         "    @%q bra " +
         label + ";\n";
}

TcgenRun runTcgen(const TcgenProgram &program) {
  std::vector<uint32_t> in = program.tmem;
  std::vector<uint8_t> shared = program.shared;
  shared.resize((shared.size() + 511) / 512 * 512);
  in.resize(in.size() + shared.size() / 4);
  std::memcpy(in.data() + program.tmem.size(), shared.data(), shared.size());

  const std::string registers = vectorOf(kGroup);
  std::string body =
      tcgenPrologue() + "    .reg .b32 %v<32>;\n" +
      columnLoop("FILL", "%in",
                 moveWords(true) + "    tcgen05.st.sync.aligned.32x32b.x32.b32 [%n], " + registers + ";\n") +
      "    tcgen05.wait::st.sync.aligned;\n    mul.wide.u32 %g, %t, 4;\n    add.s64 %g, %in, %g;\n"
      "    add.s64 %g, %g, " +
      std::to_string(4 * program.tmem.size()) +
      ";\n    shl.b32 %n, %t, 2;\n    add.u32 %n, %n, %data;\n    mov.u32 %i, 0;\n  COPY:\n"
      "    setp.ge.u32 %q, %i, " +
      std::to_string(shared.size()) +
      ";\n    @%q bra COPIED;\n    ld.global.u32 %x0, [%g];\n    st.shared.u32 [%n], %x0;\n"
      "    add.s64 %g, %g, 512;  add.u32 %n, %n, 512;  add.u32 %i, %i, 512;\n    bra COPY;\n"
      "  COPIED:\n    fence.proxy.async.shared::cta;\n    tcgen05.fence::before_thread_sync;\n"
      "    bar.sync 0;\n    tcgen05.fence::after_thread_sync;\n    @!%p0 bra WAIT;\n" +
      program.core + "    tcgen05.commit.cta_group::1.mbarrier::arrive::one.shared::cluster.b64 [%bar];\n  WAIT:\n" +
      tcgenWait() +
      columnLoop("DUMP", "%out",
                 "    tcgen05.ld.sync.aligned.32x32b.x32.b32 " + registers +
                     ", [%n];\n    tcgen05.wait::ld.sync.aligned;\n" + moveWords(false)) +
      tcgenEpilogue();
  BodyOptions options = tcgenOptions(program.options);
  options.in = std::move(in);
  options.outWords = program.tmem.size();
  BodyRun run = runBody(body, options);
  EXPECT_TRUE(run.report.findings.empty() || !run.report.status) << run.report.findings.front().describe();
  return {std::move(run.report), std::move(run.out)};
}

} // namespace thrift::sim::test
