//===- Tcgen05FaultTest.cpp - what goes wrong with tcgen05, and is named --------===//

#include "tests/sim/Tcgen05Harness.h"
#include "tests/sim/Tcgen05Layouts.h"

namespace thrift::sim::test {

namespace {

constexpr uint32_t kF16Descriptor = 0x08200010; // f16 to f32, 128 x 128
constexpr uint32_t kF16Narrow = 0x08100010;     // f16 to f32, 128 x 64

std::string operand(uint32_t offset) {
  SharedOperand matrix;
  matrix.span = 8;
  matrix.base = kSharedData + offset;
  matrix.sbo = 1024;
  return std::to_string(matrix.descriptor());
}

/// Zeros in the first 32 KiB of data, with or without the fence for the async proxy.
std::string fillShared(bool fence = true) {
  return R"(
    shl.b32 %n, %t, 4;  add.u32 %n, %n, %data;  mov.u32 %i, 0;  mov.u32 %x0, 0;
  ZERO:
    st.shared.v4.u32 [%n], {%x0, %x0, %x0, %x0};
    add.u32 %n, %n, 2048;  add.u32 %i, %i, 2048;
    setp.lt.u32 %q, %i, 32768;
    @%q bra ZERO;
)" + std::string(fence ? "    fence.proxy.async.shared::cta;\n" : "") +
         "    bar.sync 0;\n    setp.ne.u32 %r, 0, 0;\n    mov.b64 %d0, " + operand(0) + ";\n    mov.b64 %d1, " +
         operand(16384) + ";\n    mov.b32 %x1, " + std::to_string(kF16Descriptor) + ";\n    mov.b32 %x2, " +
         std::to_string(kF16Narrow) + ";\n";
}

const char *kMma = "    @%p0 tcgen05.mma.cta_group::1.kind::f16 [%tm], %d0, %d1, %x1, %r;\n";
const char *kCommit = "    @%p0 tcgen05.commit.cta_group::1.mbarrier::arrive::one.shared::cluster.b64 [%bar];\n";
const char *kLoad = "    tcgen05.ld.sync.aligned.32x32b.x1.b32 {%x7}, [%tq];\n";
/// By the warp that issues the mma: the others may come before it.
const char *kLoadOfIssuer = "    @%pw tcgen05.ld.sync.aligned.32x32b.x1.b32 {%x7}, [%tq];\n";
const char *kWaitLoad = "    tcgen05.wait::ld.sync.aligned;\n";
const char *kStore = "    tcgen05.st.sync.aligned.32x32b.x1.b32 [%tq], {%t};\n";
const char *kWaitStore = "    tcgen05.wait::st.sync.aligned;\n";
const char *kMeet = "    tcgen05.fence::before_thread_sync;\n    bar.sync 0;\n    tcgen05.fence::after_thread_sync;\n";

std::string whole(const std::string &middle) { return tcgenPrologue() + middle + tcgenEpilogue(); }

Options with(Delivery delivery, bool races, bool lints = false) {
  Options options;
  options.delivery = delivery;
  options.checkRaces = races;
  options.lints = lints;
  return options;
}
const Options kLazy = with(Delivery::Lazy, false), kEager = with(Delivery::Eager, true);

Finding fails(const std::string &middle, Check check, const Options &options = kLazy) {
  return expectError(whole(middle), check, tcgenOptions(options));
}
void says(const Finding &finding, const std::string &text) {
  EXPECT_NE(finding.message.find(text), std::string::npos) << finding.message;
}
void isClean(const std::string &middle) {
  for (const Options &policy : allPolicies()) {
    BodyRun run = runBody(whole(middle), tcgenOptions(policy));
    EXPECT_TRUE(run.report.status) << run.report.status.message();
    for (const Finding &finding : run.report.findings)
      ADD_FAILURE() << finding.describe();
  }
}

//===----------------------------------------------------------------------===//
// Synchronisation
//===----------------------------------------------------------------------===//

TEST(Tcgen05Fault, TheRightWayIsClean) {
  isClean(fillShared() + kMma + kCommit + tcgenWait() + kLoad + kWaitLoad + kMeet + kStore + kWaitStore);
}

TEST(Tcgen05Fault, AccumulatorReadBeforeTheWait) {
  std::string middle = fillShared() + kMma + kCommit + kLoadOfIssuer + kWaitLoad + tcgenWait();
  says(fails(middle, Check::PendingAsync), "which the tcgen05.mma.cta_group::1.kind::f16 of line");
  // Delivered at once the value is right, but nothing ordered the two.
  fails(middle, Check::Race, kEager);
}

TEST(Tcgen05Fault, WaitForTheWrongParity) {
  // Parity 1 of a fresh barrier is complete at once.
  std::string middle =
      fillShared() + kMma + kCommit + tcgenWait("1") + kLoadOfIssuer + kWaitLoad + tcgenWait("0", "AGAIN");
  fails(middle, Check::PendingAsync);
  // Delivered at once, the phase is over before anybody waits for the other one.
  fails(middle, Check::Deadlock, kEager);
}

TEST(Tcgen05Fault, CommitFromTheWrongLane) {
  std::string middle = fillShared() + kMma +
                       "    setp.eq.u32 %q, %t, 1;\n    @%q tcgen05.commit.cta_group::1."
                       "mbarrier::arrive::one.shared::cluster.b64 [%bar];\n" +
                       tcgenWait();
  for (const Options &options : {kLazy, kEager}) {
    Finding finding = fails(middle, Check::MBarrierMisuse, options);
    says(finding, "tracks nothing");
    says(finding, "of lane 0");
    EXPECT_EQ(finding.lane, 1);
  }
}

TEST(Tcgen05Fault, CommitThatTracksNothing) {
  std::string middle = fillShared() + kCommit + tcgenWait();
  BodyRun run = runBody(whole(middle), tcgenOptions());
  EXPECT_TRUE(run.report.status && run.report.findings.empty());
  run = runBody(whole(middle), tcgenOptions(with(Delivery::Lazy, false, true)));
  ASSERT_EQ(run.report.findings.size(), 1u);
  EXPECT_EQ(run.report.findings[0].severity, Severity::Warning);
  says(run.report.findings[0], "tracks nothing");
}

TEST(Tcgen05Fault, MissingProxyFence) {
  std::string middle = fillShared(false) + kMma + kCommit + tcgenWait();
  says(fails(middle, Check::MissingProxyFence, kEager), "fence.proxy.async");
  // By the reader, behind the barrier, it is as good.
  isClean(fillShared(false) + "    fence.proxy.async;\n" + kMma + kCommit + tcgenWait());
  std::string copy =
      fillShared(false) + "    @%p0 tcgen05.cp.cta_group::1.128x256b [%tm], %d0;\n" + kCommit + tcgenWait();
  fails(copy, Check::MissingProxyFence, kEager);
}

TEST(Tcgen05Fault, OperandsNotSynchronised) {
  // No barrier between the stores of all warps and the mma.
  std::string middle = fillShared() + kMma + kCommit + tcgenWait();
  size_t barrier = middle.find("bar.sync 0;");
  Options options = kEager;
  options.checkUninitialized = false;
  fails(middle.replace(barrier, 11, ""), Check::Race, options);
}

TEST(Tcgen05Fault, StoreWithoutWait) {
  // P: registers to TMEM, then an mma that reads it there.
  const char *mma = "    @%p0 tcgen05.mma.cta_group::1.kind::f16 [%tm+128], [%tm], %d1, %x1, %r;\n";
  std::string store = "    tcgen05.st.sync.aligned.32x32b.x8.b32 [%tq], {%t, %t, %t, %t, %t, %t, %t, %t};\n";
  std::string rest = std::string(kMeet) + mma + kCommit + tcgenWait();
  isClean(fillShared() + store + kWaitStore + rest);
  says(fails(fillShared() + store + rest, Check::PendingAsync), "no tcgen05.wait::st came between");
  fails(fillShared() + store + rest, Check::Race, kEager);
}

TEST(Tcgen05Fault, StoreAndLoadWithoutWait) {
  std::string middle = std::string(kStore) + kLoad + kWaitLoad + kWaitStore;
  says(fails(middle, Check::PendingAsync), "has not written yet: no tcgen05.wait::st came between");
  fails(middle, Check::Race, kEager);
  isClean(std::string(kStore) + kWaitStore + kLoad + kWaitLoad);
}

TEST(Tcgen05Fault, OverwrittenBeforeTheLoadIsComplete) {
  // S is given back to the tensor core while a load of it is under way.
  std::string before = fillShared() + kMma + kCommit + tcgenWait() + kLoad;
  std::string after = std::string(kMeet) + kMma + kCommit + tcgenWait("1", "SECOND");
  isClean(before + kWaitLoad + after);
  says(fails(before + after + kWaitLoad, Check::PendingAsync), "has not read yet: no tcgen05.wait::ld came between");
  fails(before + after + kWaitLoad, Check::Race, kEager);
  // Who has used all registers of the load knows that it is complete.
  isClean(before + "    add.u32 %x7, %x7, 1;\n" + after);
  // One of two is not enough for the clocks.
  std::string wide = fillShared() + kMma + kCommit + tcgenWait() +
                     "    tcgen05.ld.sync.aligned.32x32b.x2.b32 {%x6, %x7}, [%tq];\n    add.u32 %x7, %x7, 1;\n";
  fails(wide + after + kWaitLoad, Check::Race, kEager);
  isClean(wide + "    add.u32 %x6, %x6, 1;\n" + after);
}

TEST(Tcgen05Fault, OverwrittenByAStore) {
  // The mma that reads P from TMEM is not complete when P is written again.
  const char *mma = "    @%p0 tcgen05.mma.cta_group::1.kind::f16 [%tm+128], [%tm], %d1, %x1, %r;\n";
  std::string store = "    tcgen05.st.sync.aligned.32x32b.x8.b32 [%tq], {%t, %t, %t, %t, %t, %t, %t, %t};\n";
  std::string before = fillShared() + store + kWaitStore + kMeet + mma + kCommit;
  says(fails(before + kMeet + store + kWaitStore + tcgenWait(), Check::PendingAsync), "has not read yet");
  fails(before + kMeet + store + kWaitStore + tcgenWait(), Check::Race, kEager);
  isClean(before + tcgenWait() + store + kWaitStore);
}

TEST(Tcgen05Fault, SharedOperandOverwritten) {
  std::string middle = fillShared() + kMma + kCommit + "    @%p0 st.shared.u32 [%data], %t;\n" + tcgenWait();
  fails(middle, Check::Race, kEager);
  isClean(fillShared() + kMma + kCommit + tcgenWait() + "    @%p0 st.shared.u32 [%data], %t;\n");
}

TEST(Tcgen05Fault, ExitWithOperationsInFlight) {
  // Not committed, committed but not waited for.
  for (const char *commit : {"", kCommit}) {
    std::string body = tcgenPrologue() + fillShared() + kMma + commit;
    Finding finding = expectError(body, Check::AsyncInFlight, tcgenOptions(kLazy));
    says(finding, "in flight");
  }
  says(expectError(tcgenPrologue() + fillShared() + kMma, Check::AsyncInFlight, tcgenOptions(kEager)),
       "has not committed");
  expectError(tcgenPrologue() + kStore, Check::AsyncInFlight, tcgenOptions(kLazy));
}

TEST(Tcgen05Fault, CommitWithoutABarrier) {
  fails(fillShared() + kMma + "    add.u32 %bar, %bar, 512;\n" + kCommit, Check::MBarrierMisuse);
  fails(fillShared() + kMma + "    @%p0 tcgen05.commit.cta_group::1.mbarrier::arrive::one.b64 [%in];\n",
        Check::MBarrierMisuse);
  std::string multicast = fillShared() + ".reg .b16 %h; mov.u16 %h, 3;\n" + kMma +
                          "    @%p0 tcgen05.commit.cta_group::1.mbarrier::arrive::one.shared::cluster.multicast::"
                          "cluster.b64 [%bar], %h;\n";
  says(fails(multicast + tcgenWait(), Check::BadOperand), "allowed: 1");
  size_t three = multicast.find("%h, 3");
  isClean(multicast.replace(three, 5, "%h, 1") + tcgenWait());
}

TEST(Tcgen05Fault, CommitThroughAGenericAddress) {
  isClean(fillShared() + kMma +
          "    cvt.u64.u32 %o, %bar;\n    cvta.shared.u64 %o, %o;\n"
          "    @%p0 tcgen05.commit.cta_group::1.mbarrier::arrive::one.b64 [%o];\n" +
          tcgenWait());
}

//===----------------------------------------------------------------------===//
// The order of operations of one thread
//===----------------------------------------------------------------------===//

TEST(Tcgen05Fault, AnotherShapeOnTheSameAccumulator) {
  std::string middle = fillShared() + kMma +
                       "    @%p0 tcgen05.mma.cta_group::1.kind::f16 [%tm+64], %d0, %d1, %x2, %r;\n" + kCommit +
                       tcgenWait();
  says(fails(middle, Check::PendingAsync), "is still going to write");
}

TEST(Tcgen05Fault, ResultAsOperand) {
  std::string middle = fillShared() + kMma +
                       "    @%p0 tcgen05.mma.cta_group::1.kind::f16 [%tm+128], [%tm], %d1, %x1, %r;\n" + kCommit +
                       tcgenWait();
  says(fails(middle, Check::PendingAsync), "has not written yet");
}

TEST(Tcgen05Fault, OverwrittenOperandIsALint) {
  // Every attention kernel lets S overwrite P behind the mma that reads P. The ISA does not promise the order.
  std::string store = "    tcgen05.st.sync.aligned.32x32b.x8.b32 [%tq], {%t, %t, %t, %t, %t, %t, %t, %t};\n";
  std::string middle = fillShared() + store + kWaitStore + kMeet +
                       "    @%p0 tcgen05.mma.cta_group::1.kind::f16 [%tm+128], [%tm], %d1, %x1, %r;\n" + kMma +
                       kCommit + tcgenWait();
  for (Delivery delivery : {Delivery::Lazy, Delivery::Eager, Delivery::Random}) {
    BodyRun run = runBody(whole(middle), tcgenOptions(with(delivery, true)));
    EXPECT_TRUE(run.report.status && run.report.findings.empty()) << int(delivery) << run.report.status.message();
  }
  BodyRun run = runBody(whole(middle), tcgenOptions(with(Delivery::Lazy, true, true)));
  ASSERT_EQ(run.report.findings.size(), 1u);
  EXPECT_EQ(run.report.findings[0].severity, Severity::Warning);
  says(run.report.findings[0], "the ISA does not order the two");
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

TEST(Tcgen05Fault, InstructionDescriptors) {
  struct Bad {
    const char *kind;
    uint32_t bits;
    const char *text;
  };
  const uint32_t kNvfp4 = 0x08200480;
  const Bad kBad[] = {
      {"f16", kF16Descriptor | 1, "the sparsity selector (bits 1-0) is 1; allowed with kind::f16: 0"},
      {"f16", kF16Descriptor | 4, "the sparsity (bit 2) is 1"},
      {"f16", kF16Descriptor | 8, "the saturation (bit 3) is 1"},
      {"f16", kF16Descriptor ^ 0x30, "the type of D (bits 5-4) is 2; allowed with kind::f16: 0, 1"},
      {"f16", kF16Descriptor | 0x40, "the reserved field (bit 6) is 1"},
      {"f16", kF16Descriptor | 2 << 7, "the type of A (bits 9-7) is 2; allowed with kind::f16: 0, 1"},
      {"f16", kF16Descriptor & ~(63u << 17), "N (bits 22-17) is 0; allowed with kind::f16: 8 to 256 in steps of 8"},
      {"f16", kF16Descriptor | 63u << 17, "N (bits 22-17) is 504"},
      {"f16", kF16Descriptor | 1u << 23, "the reserved field (bit 23) is 1"},
      {"f16", (kF16Descriptor & ~(31u << 24)) | 16u << 24, "M (bits 28-24) is 256; allowed with kind::f16: 64, 128"},
      {"f16", kF16Descriptor | 1u << 29, "the reserved field (bit 29) is 1"},
      {"f16", kF16Descriptor | 2u << 30, "the shift of .ws (bits 31-30) is 2"},
      {"f16", (kF16Descriptor & ~0x30u) | 1 << 7, "D is f16 and a multiplicand bf16"},
      {"tf32", kF16Descriptor, "the type of A (bits 9-7) is 0; allowed with kind::tf32: 2"},
      {"tf32", kF16Descriptor | 2 << 7 | 2 << 10 | 1 << 15, "MN-major matrix of tf32"},
      {"f8f6f4", kF16Descriptor | 2 << 10, "the type of B (bits 12-10) is 2; allowed with kind::f8f6f4: 0, 1, 3, 4, 5"},
      {"f8f6f4", kF16Descriptor | 5 << 7 | 1 << 15, "4- or 6-bit elements is MN-major"},
      {"f8f6f4", (kF16Descriptor & ~(63u << 17)) | 3 << 17 | 1 << 16, "N is 24 with an MN-major matrix B"},
      {"mxf4nvf4", kNvfp4 | 2 << 4, "the id of B's scales (bits 5-4) is 2; allowed with kind::mxf4nvf4: 0"},
      {"mxf4nvf4", kNvfp4 & ~(7u << 7), "the type of A (bits 9-7) is 0; allowed with kind::mxf4nvf4: 1"},
      {"mxf4nvf4", kNvfp4 | 1 << 16, "the transposition of B (bit 16) is 1"},
      {"mxf4nvf4", kNvfp4 | 1u << 31, "the size of K (bit 31) is 1"},
      {"mxf4nvf4", kNvfp4 ^ 3u << 27, "M (bits 28-27) is 256; allowed with kind::mxf4nvf4: 128"},
      {"mxf4nvf4", kNvfp4 | 1u << 25, "the reserved field (bits 26-24) is 2"},
      {"mxf4nvf4", kNvfp4 | 1u << 12, "the reserved field (bit 12) is 1"},
      {"mxf4", kNvfp4, "the type of the scales (bit 23) is 0; allowed with kind::mxf4: 1"},
      {"mxf4", kNvfp4 | 1u << 23 | 1u << 29, "the id of A's scales (bits 30-29) is 1; allowed with kind::mxf4: 0, 2"},
      {"mxf8f6f4", 0x08200000, "the type of the scales (bit 23) is 0"},
      {"mxf8f6f4", 0x08A00000 | 2 << 7, "the type of A (bits 9-7) is 2"},
  };
  for (const Bad &bad : kBad) {
    std::string kind = bad.kind;
    bool scaled = kind[0] == 'm';
    std::string mma = "    mov.b32 %x1, " + std::to_string(bad.bits) +
                      ";\n    @%p0 tcgen05.mma.cta_group::1.kind::" + kind +
                      (kind == "mxf4nvf4" ? ".block_scale.block16"
                       : scaled           ? ".block_scale"
                                          : "") +
                      " [%tm], %d0, %d1, %x1, " + (scaled ? "[%tm+200], [%tm+208], " : "") + "%r;\n";
    Finding finding = fails(fillShared() + mma, Check::BadDescriptor);
    says(finding, bad.text);
    says(finding, "instruction descriptor 0x");
  }
}

TEST(Tcgen05Fault, TransposedAInTmem) {
  std::string middle = fillShared() + "    or.b32 %x1, %x1, 0x8000;\n"
                                      "    @%p0 tcgen05.mma.cta_group::1.kind::f16 [%tm+128], [%tm], %d1, %x1, %r;\n";
  says(fails(middle, Check::BadDescriptor), "while A is in TMEM");
}

TEST(Tcgen05Fault, MatrixDescriptors) {
  auto bad = [&](const std::string &change) {
    return fails(fillShared() + change + kMma, Check::BadDescriptor).message;
  };
  EXPECT_NE(bad("    mov.b64 %d0, 0;\n").find("A: matrix descriptor"), std::string::npos);
  EXPECT_NE(bad("    mov.b64 %d1, 0x6000400000010040;\n").find("B: matrix descriptor"), std::string::npos);
  EXPECT_NE(bad("    xor.b64 %d1, %d1, 0x2000000000000000;\n").find("swizzle"), std::string::npos);
  Finding finding = fails(fillShared() + "    mov.b64 %d0, 0;\n    @%p0 tcgen05.cp.cta_group::1.128x256b [%tm], %d0;\n",
                          Check::BadDescriptor);
  says(finding, "bits 48-46");
}

TEST(Tcgen05Fault, SharedMemoryThatIsNotThere) {
  // Unwritten, and beyond the end.
  std::string unwritten = fillShared() + "    mov.b64 %d1, " + operand(32768) + ";\n" + kMma;
  says(fails(unwritten, Check::Uninitialized), "nobody wrote");
  BodyOptions options = tcgenOptions();
  options.dynamicSharedBytes = kSharedData + 40 * 1024;
  says(expectError(whole(fillShared() + "    mov.b64 %d1, " + operand(32 * 1024) + ";\n" + kMma), Check::OutOfBounds,
                   [&] {
                     options.options.checkUninitialized = false;
                     return options;
                   }()),
       "shared memory has 41984 bytes");
  // The mbarrier is no operand.
  SharedOperand matrix;
  matrix.span = 1;
  matrix.sbo = 128;
  matrix.lbo = 4096;
  std::string barrier = fillShared() + "    mov.b64 %d0, " + std::to_string(matrix.descriptor()) + ";\n" + kMma;
  says(fails(barrier, Check::MBarrierMisuse), "part of an mbarrier");
}

TEST(Tcgen05Fault, AccumulatorThatNobodyWrote) {
  std::string middle = fillShared() + "    setp.eq.u32 %r, 0, 0;\n" + kMma;
  says(fails(middle, Check::Uninitialized), "TMEM lane 0, column 0");
}

TEST(Tcgen05Fault, LanesOfTheOperands) {
  auto message = [&](const std::string &mma) {
    return fails(fillShared() + "    @%p0 tcgen05.mma.cta_group::1.kind::" + mma + "\n", Check::TmemMisuse).message;
  };
  EXPECT_NE(message("f16 [%tm+0x100000], %d0, %d1, %x1, %r;").find("of D begins in lane 16; allowed: 0"),
            std::string::npos);
  EXPECT_NE(message("f16 [%tm+128], [%tm+0x100000], %d1, %x1, %r;").find("of A begins in lane 16"), std::string::npos);
  EXPECT_NE(message("f16 [%tm+400], %d0, %d1, %x1, %r;").find("TMEM has 512"), std::string::npos);
  EXPECT_NE(fails(fillShared() + "    mov.b32 %x1, 0x08200480;\n    @%p0 tcgen05.mma.cta_group::1.kind::mxf4nvf4."
                                 "block_scale.block16 [%tm], %d0, %d1, %x1, [%tm+0x200080], [%tm+136], %r;\n",
                  Check::TmemMisuse)
                .message.find("scale factors of A begins in lane 32"),
            std::string::npos);
  EXPECT_NE(fails(fillShared() + "    @%p0 tcgen05.cp.cta_group::1.128x256b [%tm+0x100000], %d0;\n", Check::TmemMisuse)
                .message.find("lane of the TMEM address is 16"),
            std::string::npos);
}

TEST(Tcgen05Fault, ScaleFactorsThatDiffer) {
  // Each warp writes its own quadrant; warp 2 another byte in lane 5 of column 1.
  std::string scales = R"(
    mov.u32 %x3, 0x38383838;  mov.u32 %x4, %x3;
    setp.eq.u32 %q, %t, 69;
    @%q mov.u32 %x4, 0x38393838;
    add.u32 %n, %tq, 128;
    tcgen05.st.sync.aligned.32x32b.x8.b32 [%n], {%x3, %x4, %x3, %x3, %x3, %x3, %x3, %x3};
    tcgen05.wait::st.sync.aligned;
)";
  std::string mma = "    mov.b32 %x1, 0x08200480;\n    @%p0 tcgen05.mma.cta_group::1.kind::mxf4nvf4.block_scale."
                    "block16 [%tm], %d0, %d1, %x1, [%tm+128], [%tm+132], %r;\n";
  std::string middle = fillShared() + scales + kMeet + mma + kCommit + tcgenWait();
  for (const Options &options : {kLazy, kEager})
    says(
        fails(middle, Check::TmemMisuse, options),
        "the scale factors of A: byte 2 of column 129 is 0x38 in lane 5 and 0x39 in lane 69; allowed: the same in all");
  // N = 32 reads one column of B's scales: the others may differ.
  std::string narrow = middle;
  size_t bits = narrow.find("0x08200480");
  narrow.replace(bits, 10, "0x08080480");
  size_t places = narrow.find("[%tm+128], [%tm+132]");
  narrow.replace(places, 20, "[%tm+132], [%tm+128]");
  isClean(narrow);
}

} // namespace

} // namespace thrift::sim::test
