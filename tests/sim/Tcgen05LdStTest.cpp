//===- Tcgen05LdStTest.cpp - tcgen05.ld and st: fragments, packing, waiting --===//

#include "tests/sim/Tcgen05Harness.h"

#include <functional>

namespace thrift::sim::test {

namespace {

struct Fragment {
  const char *shape;
  uint32_t lanes, columnsPerStep, registersPerStep;
};
const Fragment kFragments[] = {
    {"32x32b", 32, 1, 1}, {"16x64b", 16, 2, 1}, {"16x128b", 16, 4, 2}, {"16x256b", 16, 8, 4}, {"16x32bx2", 16, 1, 1},
};

/// Written from the fragments of CUTLASS's copy atoms: bits of a row, taken in order by the lanes. Returns lane and
/// logical column of a register.
std::pair<uint32_t, uint32_t> place(const std::string &shape, uint32_t thread, uint32_t reg, uint32_t half) {
  if (shape == "32x32b")
    return {thread, reg};
  if (shape == "16x32bx2")
    return {thread & 15, reg + (thread >= 16 ? half : 0)};
  if (shape == "16x64b") // pairs of lanes are 8 rows apart, the next bit is the column
    return {(thread >> 2) | (thread & 1) << 3, (thread >> 1 & 1) + 2 * reg};
  uint32_t perRow = shape == "16x128b" ? 1 : 2; // registers of a lane in one row: words side by side
  uint32_t step = reg / (2 * perRow), inStep = reg % (2 * perRow);
  uint32_t row = thread / 4 + (inStep >= perRow ? 8 : 0);
  return {row, step * 4 * perRow + thread % 4 * perRow + inStep % perRow};
}

std::string registerList(uint32_t count) {
  std::string text = "{";
  for (uint32_t i = 0; i < count; ++i)
    text += (i ? ", %v" : "%v") + std::to_string(i);
  return text + "}";
}

struct Case {
  Fragment fragment;
  uint32_t repeat;
  bool packed;
  uint32_t column, extraLane, half;

  uint32_t registers() const { return fragment.registersPerStep * repeat; }
  uint32_t columns() const { return fragment.columnsPerStep * repeat * (packed ? 2 : 1); }
  std::string name() const {
    return std::string(fragment.shape) + ".x" + std::to_string(repeat) + (packed ? " packed" : "");
  }
};

std::vector<Case> randomCases(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Case> cases;
  for (const Fragment &fragment : kFragments)
    for (uint32_t repeat = 1; repeat * fragment.registersPerStep <= 128; repeat *= 2)
      for (bool packed : {false, true}) {
        Case c{fragment, repeat, packed, 0, 0, 0};
        bool twoParts = std::string(fragment.shape) == "16x32bx2";
        uint32_t room = kTcColumns - c.columns() * (twoParts ? 2 : 1);
        c.column = static_cast<uint32_t>(random() % (room + 1));
        if (twoParts)
          c.half = c.columns() + static_cast<uint32_t>(random() % (room - c.column + 1));
        c.extraLane = fragment.lanes == 16 && random() % 2 ? 16 : 0;
        cases.push_back(c);
      }
  return cases;
}

std::string instruction(const Case &c, bool isLoad) {
  std::string half = c.half ? ", " + std::to_string(c.half) : "";
  std::string head = "    tcgen05." + std::string(isLoad ? "ld" : "st") + ".sync.aligned." + c.fragment.shape + ".x" +
                     std::to_string(c.repeat) + (c.packed ? isLoad ? ".pack::16b" : ".unpack::16b" : "") + ".b32 ";
  std::string address = "[%n+" + std::to_string(c.column) + "]";
  return isLoad ? head + registerList(c.registers()) + ", " + address + half + ";\n"
                : head + address + half + ", " + registerList(c.registers()) + ";\n";
}

/// The physical cells of a register.
void forEachCell(const Case &c, uint32_t thread, uint32_t reg, const std::function<void(uint32_t, uint32_t, bool)> &f) {
  auto [lane, column] = place(c.fragment.shape, thread, reg, 0);
  uint32_t first = c.column + column * (c.packed ? 2 : 1);
  if (c.half && thread >= 16)
    first += c.half;
  f(lane + c.extraLane, first, false);
  if (c.packed)
    f(lane + c.extraLane, first + 1, true);
}

const char *kFillTmem = R"(
    .reg .b32 %f<4>; .reg .b32 %c;
    mov.u32 %i, 0;
  FILL:
    add.u32 %n, %tq, %i;
    mad.lo.u32 %f0, %t, 512, %i;
    mad.lo.u32 %f0, %f0, 0x9E3779B1, 12345;
    add.u32 %f1, %f0, 0x9E3779B1;  add.u32 %f2, %f1, 0x9E3779B1;  add.u32 %f3, %f2, 0x9E3779B1;
    tcgen05.st.sync.aligned.32x32b.x4.b32 [%n], {%f0, %f1, %f2, %f3};
    add.u32 %i, %i, 4;
    setp.lt.u32 %q, %i, 512;
    @%q bra FILL;
    tcgen05.wait::st.sync.aligned;
)";
uint32_t filled(uint32_t lane, uint32_t column) { return (lane * 512 + column) * 0x9E3779B1u + 12345; }

TEST(Tcgen05Ld, EveryShape) {
  size_t policy = 0;
  std::vector<Options> policies = allPolicies();
  for (const Case &c : randomCases(1)) {
    std::string body = tcgenPrologue() + kFillTmem + "    .reg .b32 %v<128>;\n    add.u32 %n, %tq, " +
                       std::to_string(c.extraLane << 16) + ";\n" + instruction(c, true);
    body += "    mul.wide.u32 %g, %t, " + std::to_string(4 * c.registers()) + ";\n    add.s64 %g, %out, %g;\n";
    // Registers are used without a wait: the true dependence is enough.
    for (uint32_t r = 0; r < c.registers(); ++r)
      body += "    st.global.u32 [%g+" + std::to_string(4 * r) + "], %v" + std::to_string(r) + ";\n";
    body += tcgenEpilogue();
    BodyOptions options = tcgenOptions(policies[policy++ % policies.size()]);
    options.outWords = 128 * c.registers();
    BodyRun run = runBody(body, options);
    ASSERT_TRUE(run.report.status) << c.name() << ": " << run.report.status.message();
    EXPECT_TRUE(run.report.findings.empty());
    for (uint32_t t = 0; t < 128; ++t)
      for (uint32_t r = 0; r < c.registers(); ++r) {
        uint32_t expected = 0;
        forEachCell(c, t % 32, r, [&](uint32_t lane, uint32_t column, bool upper) {
          uint32_t value = filled(t / 32 * 32 + lane, column);
          expected = !c.packed ? value : upper ? expected | value << 16 : value & 0xFFFF;
        });
        ASSERT_EQ(run.out[t * c.registers() + r], expected) << c.name() << " thread " << t << " register " << r;
      }
    EXPECT_EQ(run.report.statistics.tmemReadBytes, uint64_t(128) * 4 * c.registers());
  }
}

TEST(Tcgen05St, EveryShape) {
  size_t policy = 0;
  std::vector<Options> policies = allPolicies();
  for (const Case &c : randomCases(2)) {
    std::string body = tcgenPrologue() + kFillTmem + "    .reg .b32 %v<128>, %u<32>;\n";
    for (uint32_t r = 0; r < c.registers(); ++r)
      body += "    mad.lo.u32 %v" + std::to_string(r) + ", %t, 77777, " + std::to_string(r * 13131 + 5) + ";\n";
    body += "    add.u32 %n, %tq, " + std::to_string(c.extraLane << 16) + ";\n" + instruction(c, false);
    // The registers may change at once: they were taken at issue.
    for (uint32_t r = 0; r < c.registers(); ++r)
      body += "    mov.u32 %v" + std::to_string(r) + ", 0;\n";
    body += "    tcgen05.wait::st.sync.aligned;\n    mul.wide.u32 %g, %t, 2048;\n    add.s64 %g, %out, %g;\n"
            "    mov.u32 %i, 0;\n  DUMP:\n    add.u32 %n, %tq, %i;\n"
            "    tcgen05.ld.sync.aligned.32x32b.x4.b32 {%f0, %f1, %f2, %f3}, [%n];\n"
            "    tcgen05.wait::ld.sync.aligned;\n    st.global.v4.u32 [%g], {%f0, %f1, %f2, %f3};\n"
            "    add.s64 %g, %g, 16;\n    add.u32 %i, %i, 4;\n    setp.lt.u32 %q, %i, 512;\n    @%q bra DUMP;\n" +
            tcgenEpilogue();
    BodyOptions options = tcgenOptions(policies[policy++ % policies.size()]);
    options.outWords = 128 * 512;
    BodyRun run = runBody(body, options);
    ASSERT_TRUE(run.report.status) << c.name() << ": " << run.report.status.message();
    EXPECT_TRUE(run.report.findings.empty());
    TmemImage expected(128 * 512);
    for (uint32_t lane = 0; lane < 128; ++lane)
      for (uint32_t column = 0; column < 512; ++column)
        cellOf(expected, lane, column) = filled(lane, column);
    for (uint32_t t = 0; t < 128; ++t)
      for (uint32_t r = 0; r < c.registers(); ++r)
        forEachCell(c, t % 32, r, [&](uint32_t lane, uint32_t column, bool upper) {
          uint32_t value = t * 77777 + r * 13131 + 5;
          cellOf(expected, t / 32 * 32 + lane, column) = !c.packed ? value : upper ? value >> 16 : value & 0xFFFF;
        });
    ASSERT_EQ(run.out, expected) << c.name();
  }
}

/// One thread's view of the order of loads and stores.
TEST(Tcgen05LdSt, TrueDependencesNeedNoWait) {
  for (const Options &policy : allPolicies()) {
    BodyRun run = runBody(tcgenPrologue() + kFillTmem + R"(
      .reg .b32 %v<4>;
      mul.wide.u32 %g, %t, 4;  add.s64 %g, %out, %g;
      tcgen05.ld.sync.aligned.32x32b.x2.b32 {%v0, %v3}, [%tq];
      tcgen05.ld.sync.aligned.32x32b.x2.b32 {%v1, %v2}, [%tq+8];
      add.u32 %v3, %v0, %v2;
      add.u32 %v3, %v3, %v1;
      st.global.u32 [%g], %v3;)" +
                              tcgenEpilogue(),
                          tcgenOptions(policy));
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    for (uint32_t t = 0; t < 128; ++t)
      EXPECT_EQ(run.out[t], filled(t, 0) + filled(t, 8) + filled(t, 9));
  }
}

TEST(Tcgen05LdSt, NeedThirtyTwoLanes) {
  BodyOptions options = tcgenOptions();
  expectError(tcgenPrologue() + "    .reg .b32 %v0;\n    setp.lt.u32 %q, %t, 7;\n    @%q tcgen05.st.sync.aligned."
                                "32x32b.x1.b32 [%tq], {%t};\n    bar.sync 0;\n",
              Check::DivergentAligned, options);
}

TEST(Tcgen05LdSt, Refused) {
  auto error = [](const std::string &line) {
    return loadError(header() + ".entry test() { .reg .b32 %r<140>; .reg .b64 %rd<4>;\n" + line + "\nret; }");
  };
  auto contains = [&](const std::string &line, const std::string &text) {
    EXPECT_NE(error(line).find(text), std::string::npos) << line << ": " << error(line);
  };
  EXPECT_EQ(error("tcgen05.ld.sync.aligned.32x32b.x2.b32 {%r0, %r1}, [%r2+4];"), "");
  contains("tcgen05.ld.sync.aligned.32x32b.x1.b32 %r0, [%r2];", "is not a vector");
  contains("tcgen05.ld.sync.aligned.32x32b.x2.b32 {%r0, _}, [%r2];", "not a register");
  contains("tcgen05.st.sync.aligned.32x32b.x1.b32 [%r2], {5};", "not a register");
  contains("tcgen05.ld.sync.aligned.32x32b.x1.b32 {%r0}, [16];", "a TMEM address is not in a register");
  contains("tcgen05.ld.sync.aligned.32x32b.x2.b32 {%r0}, [%r2];", "has 1 registers; allowed: 2");
  contains("tcgen05.ld.sync.aligned.16x256b.x64.b32 {%r0}, [%r2];", "256 registers; allowed: up to 128");
  contains("tcgen05.ld.sync.aligned.32x32b.x1.b32 {%r0}, [%rd2];", "a TMEM address has 32 bits");
  contains("tcgen05.ld.sync.aligned.16x32bx2.x1.b32 {%r0}, [%r2];", "operand 3 is missing");
  contains("tcgen05.ld.sync.aligned.16x32bx2.x1.b32 {%r0}, [%r2], 1000;", "allowed: 0 to 512");
  contains("tcgen05.ld.red.sync.aligned.32x32b.x2.min.u32 {%r0, %r1}, %r3, [%r2];", "not an instruction of sm_100a");
  contains("tcgen05.ld.aligned.32x32b.x1.b32 {%r0}, [%r2];", ".sync.aligned are missing");
  contains("tcgen05.st.sync.aligned.32x32b.x1.pack::16b.b32 [%r2], {%r0};", "pack::16b");
  contains("tcgen05.shift.cta_group::1.down [%r2];", "not supported");
}

} // namespace

} // namespace thrift::sim::test
