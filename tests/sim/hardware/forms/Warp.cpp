//===- Warp.cpp - forms: exchange among lanes -------------------------------===//
//
// PTX ISA shfl.sync, vote.sync, match.sync, redux.sync, elect.sync, bar.red. Every lane has two input words, %v and %w,
// and two output words, %r and the predicate %p.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"

namespace thrift::sim::hardware {

namespace {

constexpr uint32_t kLanes = 32;

Operand randomWords() {
  return {8 * kLanes, [](Random &random, uint32_t, uint8_t *data) { fillRandom(random, data, 8 * kLanes); }};
}
/// Words of few different values, so that lanes match.
Operand fewWords() {
  return {8 * kLanes, [](Random &random, uint32_t index, uint8_t *data) {
            for (uint32_t i = 0; i < 2 * kLanes; ++i)
              putWord(data, i, index % 4 == 0 ? 7 : random.below(1 + index % 8) * 0x10001);
          }};
}

void lanes(FormList &list, const std::string &group, const std::string &name, const std::string &code,
           Operand operand = randomWords(), uint32_t threads = kLanes) {
  CtaForm form;
  form.group = group;
  form.name = name;
  form.threads = threads;
  form.outBytes = 8 * threads;
  form.operands = {std::move(operand)};
  form.body = R"(
  .reg .b32 %v, %w, %r, %x;
  .reg .b64 %a, %vw;
  .reg .pred %p, %q;
  mad.wide.u32 %a, %t, 8, %in;
  ld.global.v2.b32 {%v, %w}, [%a];
  mov.b64 %vw, {%v, %w};
  mov.b32 %r, 0x5A5A5A5A;
  setp.ne.u32 %p, %t, %t;
  )" + code + R"(
  selp.b32 %x, 1, 0, %p;
  mad.wide.u32 %a, %t, 8, %out;
  st.global.v2.b32 [%a], {%r, %x};
)";
  list.cta(form);
}

void addShuffles(FormList &list) {
  for (const char *mode : {"up", "down", "bfly", "idx"}) {
    std::string opcode = "shfl.sync." + std::string(mode) + ".b32";
    for (const char *b : {"0", "1", "5", "31", "33"})
      for (const char *c : {"0", "31", "0x181F", "0x1C1F", "0x1800", "0x0F"}) {
        std::string name = opcode + " " + b + ", " + c;
        lanes(list, "shfl", name, opcode + " %r|%p, %v, " + b + ", " + c + ", -1;");
      }
    lanes(list, "shfl", opcode + ", any b", opcode + " %r|%p, %v, %w, 31, -1;");
    lanes(list, "shfl", opcode + ", any b and c", opcode + " %r|%p, %v, %v, %w, -1;");
  }
  lanes(list, "shfl", "shfl.sync.idx.b32, half of the lanes",
        "and.b32 %w, %w, 15; setp.lt.u32 %q, %t, 16; @%q shfl.sync.idx.b32 %r|%p, %v, %w, 31, 0xFFFF;");
  lanes(list, "shfl", "shfl.sync.bfly.b32, odd lanes",
        "and.b32 %x, %t, 1; setp.eq.u32 %q, %x, 1; @%q shfl.sync.bfly.b32 %r|%p, %v, 2, 31, 0xAAAAAAAA;");
}

void addVotes(FormList &list) {
  std::string predicate = "and.b32 %x, %v, %w; and.b32 %x, %x, 3; setp.ne.u32 %q, %x, 0; ";
  for (const char *mode : {"all", "any", "uni"}) {
    std::string opcode = "vote.sync." + std::string(mode) + ".pred";
    lanes(list, "vote", opcode, predicate + opcode + " %p, %q, -1;", fewWords());
    lanes(list, "vote", opcode + ", negated", predicate + opcode + " %p, !%q, -1;", fewWords());
  }
  lanes(list, "vote", "vote.sync.ballot.b32", predicate + "vote.sync.ballot.b32 %r, %q, -1;");
  lanes(list, "vote", "vote.sync.ballot.b32, half of the lanes",
        predicate + "setp.ge.u32 %p, %t, 16; @%p vote.sync.ballot.b32 %r, %q, 0xFFFF0000;");
  lanes(list, "elect", "elect.sync", "elect.sync %r|%p, -1;");
  lanes(list, "elect", "elect.sync, some lanes",
        "and.b32 %x, %t, 6; setp.eq.u32 %q, %x, 4; @%q elect.sync %r|%p, 0x30303030;");
}

void addMatches(FormList &list) {
  lanes(list, "match", "match.any.sync.b32", "match.any.sync.b32 %r, %v, -1;", fewWords());
  lanes(list, "match", "match.any.sync.b64", "match.any.sync.b64 %r, %vw, -1;", fewWords());
  lanes(list, "match", "match.all.sync.b32", "match.all.sync.b32 %r|%p, %v, -1;", fewWords());
  lanes(list, "match", "match.all.sync.b64", "match.all.sync.b64 %r|%p, %vw, -1;", fewWords());
  lanes(list, "match", "match.any.sync.b32, half of the lanes",
        "setp.lt.u32 %q, %t, 16; @%q match.any.sync.b32 %r, %v, 0xFFFF;", fewWords());
}

void addReductions(FormList &list) {
  for (const std::string &opcode : alternatives("redux.sync.(add|min|max).(u32|s32)"))
    lanes(list, "redux", opcode, opcode + " %r, %v, -1;");
  for (const std::string &opcode : alternatives("redux.sync.(and|or|xor).b32")) {
    lanes(list, "redux", opcode, "or.b32 %v, %v, %w; " + opcode + " %r, %v, -1;");
    lanes(list, "redux", opcode + ", half of the lanes",
          "setp.ge.u32 %q, %t, 16; @%q " + opcode + " %r, %v, 0xFFFF0000;");
  }
  lanes(list, "bar.red", "bar.red.popc.u32", "and.b32 %x, %v, 1; setp.eq.u32 %q, %x, 1; bar.red.popc.u32 %r, 0, %q;");
  for (const std::string &opcode : alternatives("bar.red.(and|or).pred"))
    lanes(list, "bar.red", opcode, "setp.eq.u32 %q, %v, %w; " + opcode + " %p, 0, !%q;", fewWords());
}

void addSpecialRegisters(FormList &list) {
  for (const char *name : {"laneid", "lanemask_eq", "lanemask_le", "lanemask_lt", "lanemask_ge", "lanemask_gt"})
    lanes(list, "mov", "mov.u32 %" + std::string(name), "mov.u32 %r, %" + std::string(name) + ";");
}

} // namespace

void addWarpForms(FormList &list) {
  list.family("warp");
  addShuffles(list);
  addVotes(list);
  addMatches(list);
  addReductions(list);
  addSpecialRegisters(list);
}

} // namespace thrift::sim::hardware
