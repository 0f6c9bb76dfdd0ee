//===- WatchdogTest.cpp - records of waits that gave up, and who tells their names -===//

#include "compiler/WatchdogLayout.h"
#include "runtime/CompiledKernels.h"
#include "runtime/Context.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace thrift;

namespace {

/// The memory that a kernel writes, as words.
class Records {
public:
  void setCount(uint32_t count) { words_[0] = count; }
  void write(int64_t entry, const std::vector<uint32_t> &words) {
    std::copy(words.begin(), words.end(), words_.begin() + (watchdog::kHeaderBytes + entry * watchdog::kEntryBytes) / 4);
  }
  const void *data() const { return words_.data(); }

private:
  std::vector<uint32_t> words_ = std::vector<uint32_t>(watchdog::kBytes / 4);
};

const std::vector<WatchedBarrier> kBarriers = {{"k_full", 1024, 2}, {"p_full", 1040, 1}};

} // namespace

TEST(Watchdog, NothingRecordedMeansNothingHung) {
  WatchdogReport report = readWatchdog(Records().data(), kBarriers);
  EXPECT_FALSE(report.hung());
  EXPECT_TRUE(report.entries.empty());
}

TEST(Watchdog, TheLongestWaitComesFirstAndHasItsName) {
  Records records;
  records.setCount(3);
  records.write(0, {1048, 7, 4, 0, 1, 0, 0, 500});
  records.write(1, {1032, 3, 5, 1, 2, 1, 3, 2'000'000'001});
  records.write(2, {1040, 6, 5, 0, 0, 0, 0, 500});
  WatchdogReport report = readWatchdog(records.data(), kBarriers);
  EXPECT_EQ(report.waits, 3);
  ASSERT_EQ(report.entries.size(), 3u);
  EXPECT_EQ(report.entries[0].describe(), "warp 5 of CTA [2, 1, 3] waited in vain for the slot of event 3 of k_full");
  EXPECT_EQ(report.entries[1].describe(), "warp 4 of CTA [1, 0, 0] waited in vain for event 7 of mbarrier at byte 1048");
  EXPECT_EQ(report.entries[2].describe(), "warp 5 of CTA [0, 0, 0] waited in vain for event 6 of p_full");
}

TEST(Watchdog, MoreWaitsThanEntriesAreCounted) {
  Records records;
  records.setCount(4'000'000'000u);
  WatchdogReport report = readWatchdog(records.data(), kBarriers);
  EXPECT_EQ(report.waits, 4'000'000'000);
  EXPECT_EQ(report.entries.size(), static_cast<size_t>(watchdog::kEntries));
}

TEST(Watchdog, NamesSurviveTheCacheAndDamagedOnesAreRefused) {
  KernelInfo kernel;
  kernel.name = "prefill";
  kernel.barriers = {{"k_full", 1024, 2}};
  std::string metadata = encodeKernels({kernel});
  Result<std::vector<KernelInfo>> read = decodeKernels(metadata);
  ASSERT_TRUE(read) << read.status().message();
  ASSERT_EQ(read->front().barriers.size(), 1u);
  EXPECT_EQ(read->front().barriers[0].name, "k_full");
  EXPECT_EQ(read->front().barriers[0].offset, 1024);
  EXPECT_EQ(read->front().barriers[0].stages, 2);

  for (auto [from, to] : std::vector<std::pair<std::string, std::string>>{{"mbarriers", "barriers"},
                                                                          {"\"k_full\"", "1"},
                                                                          {"1024", "\"here\""},
                                                                          {"\"stages\"", "\"depth\""}}) {
    std::string damaged = metadata;
    ASSERT_NE(damaged.find(from), std::string::npos) << from;
    damaged.replace(damaged.find(from), from.size(), to);
    EXPECT_EQ(decodeKernels(damaged).status().message(),
              "the kernel cache holds launch metadata that cannot be read")
        << damaged;
  }
}

TEST(Watchdog, ItsMemoryIsNeededWhereAPlanHasOne) {
  ContextOptions options;
  options.device = "sim";
  options.diskCache = false;
  Result<std::shared_ptr<Context>> context = Context::create(options);
  ASSERT_TRUE(context) << context.status().message();
  Spec spec;
  spec.target = "sm_80";
  spec.budget = 1;
  spec.watchdog = true;
  Result<Plan> portable = (*context)->plan(spec);
  ASSERT_TRUE(portable) << portable.status().message();
  EXPECT_EQ(portable->watchdogBytes(), 0u) << "nothing there waits for an mbarrier";

  spec.target = "sm_100a";
  Result<Plan> plan = (*context)->plan(spec);
  ASSERT_TRUE(plan) << plan.status().message();
  EXPECT_EQ(plan->watchdogBytes(), static_cast<size_t>(watchdog::kBytes));
  alignas(16) static uint16_t tensor[128] = {};
  alignas(256) static char scratch[4096], records[watchdog::kBytes + 16];
  AttentionArguments arguments;
  arguments.q = arguments.k = arguments.v = arguments.o = TensorView::contiguous(tensor, DType::F16, {1, 1, 1, 128});
  Workspace workspace{scratch, sizeof scratch};
  EXPECT_EQ(plan->launch(arguments, workspace).message(),
            "watchdog is null; allowed: a multiple of 16 bytes, as the plan was made with a watchdog");
  arguments.watchdog = records + 8;
  EXPECT_EQ(plan->launch(arguments, workspace).message(),
            "watchdog is an unaligned address; allowed: a multiple of 16 bytes, as the plan was made with a watchdog");
}
