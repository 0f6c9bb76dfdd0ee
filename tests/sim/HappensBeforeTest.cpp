//===- HappensBeforeTest.cpp - which accesses count as races ----------------===//
//
// The access history against one that forgets nothing, and kernels whose warps share a word of shared memory.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/machine/HappensBefore.h"

#include "tests/sim/SimHarness.h"

#include <array>
#include <random>

namespace thrift::sim::test {

namespace {

constexpr unsigned kWarps = 4, kBytes = 16;

/// All accesses to each byte, and each warp's count of barriers that it knows of every other.
class FullHistory {
public:
  bool access(unsigned warp, unsigned first, unsigned count, bool isWrite) {
    bool ordered = true;
    for (unsigned byte = first; byte < first + count; ++byte) {
      for (const Entry &entry : entries_[byte])
        ordered &= (!isWrite && !entry.isWrite) || entry.warp == warp || known_[warp][entry.warp] > entry.time;
      entries_[byte].push_back({warp, time_[warp], isWrite});
    }
    return ordered;
  }
  void pass(unsigned from, unsigned to) {
    known_[from][from] = ++time_[from];
    for (unsigned i = 0; i < kWarps; ++i)
      known_[to][i] = std::max(known_[to][i], known_[from][i]);
  }

private:
  struct Entry {
    unsigned warp, time;
    bool isWrite;
  };
  std::array<std::vector<Entry>, kBytes> entries_;
  std::array<std::array<unsigned, kWarps>, kWarps> known_{};
  std::array<unsigned, kWarps> time_{};
};

} // namespace

TEST(AccessHistory, FindsTheFirstRaceOfRandomAccessesOfAllSizes) {
  unsigned races = 0;
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    HappensBefore happens(kWarps, kBytes);
    happens.reset();
    FullHistory full;
    for (unsigned step = 0; step < 20; ++step) {
      unsigned warp = random() % kWarps;
      if (unsigned other = random() % kWarps; random() % 8 < 6 && other != warp) {
        Knowledge sync;
        happens.release(warp, sync);
        happens.acquire(other, sync);
        full.pass(warp, other);
        continue;
      }
      unsigned size = 1u << random() % 4, first = random() % (kBytes / size) * size;
      bool isWrite = random() % 3 == 0;
      Actor actor = happens.warpActor(warp, step);
      Conflict conflict;
      bool ordered = isWrite ? happens.shared.writeBytes(actor, first, size, conflict)
                             : happens.shared.readBytes(actor, first, size, conflict);
      ASSERT_EQ(ordered, full.access(warp, first, size, isWrite)) << "seed " << seed << " step " << step;
      if (!ordered) {
        EXPECT_GE(conflict.cell, first / 4);
        EXPECT_LE(conflict.cell, (first + size - 1) / 4);
        ++races;
        break;
      }
    }
  }
  EXPECT_GT(races, 100u);
  EXPECT_LT(races, 500u);
}

TEST(AccessHistory, ForgetsBytesAsWellAsWords) {
  HappensBefore happens(2, 8);
  happens.reset();
  Conflict conflict;
  ASSERT_TRUE(happens.shared.writeBytes(happens.warpActor(0, 1), 1, 1, conflict));
  ASSERT_TRUE(happens.shared.readBytes(happens.warpActor(0, 2), 4, 2, conflict));
  EXPECT_FALSE(happens.shared.readBytes(happens.warpActor(1, 3), 1, 1, conflict));
  EXPECT_EQ(conflict.earlierPc, 1u);
  EXPECT_TRUE(conflict.earlierWrites);
  happens.shared.forget(0, 2);
  EXPECT_TRUE(happens.shared.writeBytes(happens.warpActor(1, 4), 0, 8, conflict));
}

TEST(AccessHistory, AnAsynchronousWriteOverAGenericOneIsForLints) {
  for (bool lints : {false, true}) {
    HappensBefore happens(1, 8);
    happens.reset();
    happens.shared.lints = lints;
    Conflict conflict;
    ASSERT_TRUE(happens.shared.write(happens.warpActor(0, 1), 1, 1, conflict));
    AgentId copies = happens.barrierAgent(0);
    Epoch filled = happens.begin(copies);
    EXPECT_EQ(happens.shared.write({filled, &happens.of(0), true, 2}, 0, 2, conflict), !lints);
    EXPECT_EQ(conflict.lintOnly, lints);
    if (lints) {
      EXPECT_EQ(conflict.cell, 1u);
    }
    // The write counts all the same: a read that does not wait for it is a race.
    EXPECT_FALSE(happens.shared.read(happens.warpActor(0, 3), 1, 1, conflict));
    happens.learn(0, filled);
    EXPECT_TRUE(happens.shared.read(happens.warpActor(0, 4), 0, 2, conflict));
  }
}

TEST(AccessHistory, AnAsynchronousReadOfAGenericWriteNeedsTheFence) {
  HappensBefore happens(1, 4);
  happens.reset();
  Conflict conflict;
  ASSERT_TRUE(happens.shared.write(happens.warpActor(0, 1), 0, 1, conflict));
  AgentId stores = happens.streamOf(0, Stream::Bulk);
  EXPECT_FALSE(happens.shared.read({happens.begin(stores), &happens.of(0), true, 2}, 0, 1, conflict));
  EXPECT_TRUE(conflict.proxyOnly);
  EXPECT_FALSE(conflict.lintOnly);
  happens.fenceProxy(0);
  EXPECT_TRUE(happens.shared.read({happens.begin(stores), &happens.of(0), true, 3}, 0, 1, conflict));
}

static BodyRun storeFromTwoWarps(const std::string &address) {
  BodyOptions options;
  options.threads = 64;
  options.options.checkRaces = true;
  return runBody(".shared .align 4 .b8 place[256]; .reg .b32 %at, %warp, %base; .reg .b16 %h;\n"
                 "shr.u32 %warp, %t, 5; mov.u32 %base, place; cvt.u16.u32 %h, %t;\n" +
                     address + "add.u32 %at, %at, %base; st.shared.b16 [%at], %h; st.global.u32 [%out], %t;",
                 options);
}

TEST(Races, WarpsMayWriteTheHalvesOfAWord) {
  // Lane l of warp w: half w of word l.
  BodyRun run = storeFromTwoWarps("and.b32 %at, %t, 31; shl.b32 %at, %at, 2; shl.b32 %warp, %warp, 1; "
                                  "add.u32 %at, %at, %warp;\n");
  EXPECT_TRUE(run.report.status) << run.report.status.message();
}

TEST(Races, WarpsMayNotWriteTheSameHalf) {
  BodyRun run = storeFromTwoWarps("and.b32 %at, %t, 31; shl.b32 %at, %at, 1;\n");
  ASSERT_FALSE(run.report.status);
  EXPECT_EQ(run.report.findings.front().check, Check::Race);
  EXPECT_EQ(run.report.findings.front().warp, 1u);
}

} // namespace thrift::sim::test
