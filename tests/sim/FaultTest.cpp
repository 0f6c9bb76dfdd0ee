// One fault of each class, put into a pipeline that is right, and what the checker calls it. The sentence must name
// what a person would look for.

#include "tests/sim/Pipelines.h"
#include "tests/sim/SimHarness.h"

#include <algorithm>

namespace thrift::sim::test {

namespace {

struct Fault {
  const char *name;
  bool blackwell;
  const char *from, *to; ///< the only occurrence is replaced
  Check check;
  const char *sentence; ///< part of the finding's message
};

const Fault kFaults[] = {
    {"MissingFullWait", false, "mbarrier.try_wait.parity.shared::cta.b64 %done, [%full], %parity;\n  @!%done bra FULL;",
     "", Check::PendingAsync, "cp.async.bulk.tensor"},
    {"MissingEmptyWait", false,
     "mbarrier.try_wait.parity.shared::cta.b64 %done, [%empty], %parity;\n  @!%done bra EMPTY;", "",
     Check::MBarrierMisuse, "the phase before is not over"},
    {"WrongParity", false, "  and.b32 %parity, %round, 1;\nFULL:",
     "  not.b32 %parity, %round; and.b32 %parity, %parity, 1;\nFULL:", Check::PendingAsync, "cp.async.bulk.tensor"},
    {"TooManyBytesExpected", false, "_, [%full], 16384;", "_, [%full], 16400;", Check::Deadlock, "16 bytes"},
    {"TooFewBytesExpected", false, "_, [%full], 16384;", "_, [%full], 8192;", Check::PendingAsync,
     "cp.async.bulk.tensor"},
    {"MissingProxyFence", false, "fence.proxy.async.shared::cta;", "", Check::MissingProxyFence, "fence.proxy.async"},
    {"AccumulatorReadBeforeWait", false, "wgmma.commit_group.sync.aligned;",
     "wgmma.commit_group.sync.aligned; add.f32 %f0, %f0, %f1;", Check::RegisterInFlight, "wgmma.mma_async"},
    {"MissingRegisterFence", false, "wgmma.fence.sync.aligned;", "", Check::RegisterInFlight, "wgmma.fence"},
    {"BadSwizzleAlignment", false,
     "mov.u32 %r0, memory;\n  mad.lo.u32 %full, %slot, 8, %r0;  add.u32 %empty, %full, 49168;  add.u32 %full, %full, "
     "49152;\n  mad.lo.u32 %tile, %slot, 16384, %r0;\n  and.b32 %parity, %round, 1;\n",
     "mov.u32 %r0, memory;\n  mad.lo.u32 %full, %slot, 8, %r0;  add.u32 %empty, %full, 49168;  add.u32 %full, %full, "
     "49152;\n  mad.lo.u32 %tile, %slot, 16384, %r0; add.u32 %tile, %tile, 40000;\n  and.b32 %parity, %round, 1;\n",
     Check::OutOfBounds, "shared memory"},
    {"EarlyExit", false, "cp.async.bulk.wait_group 0;", "", Check::AsyncInFlight, "cp.async.bulk.tensor"},
    {"Deadlock", false, "mbarrier.arrive.shared::cta.b64 _, [%empty];", "", Check::Deadlock, "128 of 128 arrivals"},
    {"TooManyArrivals", false, "_, [%full], 16384;", "_, [%full], 16384; mbarrier.arrive.shared::cta.b64 _, [%full];",
     Check::MBarrierMisuse, "arrivals"},

    {"TmemReadBeforeCommit", true,
     "mbarrier.try_wait.parity.shared::cta.b64 %done, [memory+57400], %parity;\n  @!%done bra OFULL;", "",
     Check::Race, "TMEM"},
    {"TmemStoreNotAwaited", true, "tcgen05.wait::st.sync.aligned;", "", Check::PendingAsync, "tcgen05.wait::st"},
    {"TmemLaneViolation", true, "and.b32 %r0, %warp, 3;  shl.b32 %r1, %r0, 21;",
     "and.b32 %r0, %warp, 1;  shl.b32 %r1, %r0, 21;", Check::TmemMisuse, "lanes"},
    {"TmemLeak", true, "tcgen05.dealloc.cta_group::1.sync.aligned.b32 %tmem, 256;", "", Check::TmemLeak, "256 columns"},
    {"BadDescriptor", true, "shr.u32 %r2, %place, 4;  cvt.u64.u32 %da, %r2;  or.b64 %da, %da, 0x4000404000010000;",
     "shr.u32 %r2, %place, 4;  cvt.u64.u32 %da, %r2;  or.b64 %da, %da, 0x4000004000010000;", Check::BadDescriptor,
     "46"},
    {"BadInstructionDescriptor", true,
     "tcgen05.mma.cta_group::1.kind::f16 [%tmem], %da, %db, 0x08100010, %add;\n  setp",
     "tcgen05.mma.cta_group::1.kind::f16 [%tmem], %da, %db, 0x08100050, %add;\n  setp", Check::BadDescriptor, "bit"},
};

class Faults : public testing::TestWithParam<Fault> {};

} // namespace

TEST_P(Faults, AreNamed) {
  const Fault &fault = GetParam();
  Pipeline pipeline = fault.blackwell ? blackwellPipeline() : hopperPipeline();
  std::string broken = edited(pipeline.ptx, fault.from, fault.to);
  Options lazy = checkedPolicies()[0];
  Result<MutantRun> run = pipeline.run(broken, lazy);
  ASSERT_TRUE(run) << run.status().message();
  EXPECT_FALSE(run->report.status);
  ASSERT_FALSE(run->report.findings.empty());
  const auto isError = [](const Finding &finding) { return finding.severity == Severity::Error; };
  auto error = std::find_if(run->report.findings.begin(), run->report.findings.end(), isError);
  ASSERT_NE(error, run->report.findings.end());
  const Finding &finding = *error;
  EXPECT_EQ(checkName(finding.check), std::string(checkName(fault.check))) << finding.describe();
  EXPECT_NE(finding.message.find(fault.sentence), std::string::npos) << finding.describe();
  EXPECT_NE(finding.line, 0u);
}

INSTANTIATE_TEST_SUITE_P(Classes, Faults, testing::ValuesIn(kFaults),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace thrift::sim::test
