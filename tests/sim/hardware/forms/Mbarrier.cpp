//===- Mbarrier.cpp - forms: mbarrier ---------------------------------------===//
//
// PTX ISA "mbarrier". Scripts: one thread runs a random but legal sequence of operations on one barrier and writes down
// everything that can be seen of it: results of test_wait and try_wait, and pending_count of every state. A small model
// of the barrier keeps the sequences legal; it does not know the results. Further forms let many threads arrive.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"

#include <algorithm>
#include <cstdlib>

namespace thrift::sim::hardware {

namespace {

/// Writes a script. The counts are those of "Contents of the mbarrier object"; they decide what may come next.
class Script {
public:
  explicit Script(uint64_t seed) : random_(seed) {
    expected_ = pending_ = 1 + random_.below(6);
    text_ = "  mbarrier.init.shared::cta.b64 [barrier], " + std::to_string(expected_) + ";\n";
    for (int i = 0; i < 48; ++i)
      step();
    balance();
    testParities();
  }

  const std::string &text() const { return text_; }
  uint32_t results() const { return results_; }
  uint32_t states() const { return states_; }

private:
  void step() {
    switch (random_.below(10)) {
    case 0:
    case 1:
    case 2:
      return arrive();
    case 3:
      return arriveWithTransactions();
    case 4:
      return expect();
    case 5:
    case 6:
      return complete();
    case 7:
      return drop();
    case 8:
      return testParities();
    default:
      return testState();
    }
  }

  /// No transaction may be left when a barrier ends.
  void balance() {
    if (transactions_ == 0)
      return;
    std::string operation = transactions_ > 0 ? "complete_tx" : "expect_tx";
    line("mbarrier." + operation + ".relaxed.cta.shared::cta.b64 [barrier], " +
         std::to_string(std::abs(transactions_)));
    transactions_ = 0;
    settle();
  }

  std::string newState() { return "%state" + std::to_string(states_++); }

  void arrive() {
    if (pending_ == 0)
      return;
    uint32_t count = 1 + random_.below(pending_);
    bool noComplete = count < pending_ && random_.below(3) == 0;
    std::string state = newState();
    if (noComplete)
      line("mbarrier.arrive.noComplete.release.cta.shared::cta.b64 " + state + ", [barrier], " + std::to_string(count));
    else if (count == 1)
      line("mbarrier.arrive.shared::cta.b64 " + state + ", [barrier]");
    else
      line("mbarrier.arrive.release.cta.shared::cta.b64 " + state + ", [barrier], " + std::to_string(count));
    arrived(state, count);
  }
  void arriveWithTransactions() {
    if (pending_ == 0)
      return;
    uint32_t bytes = 16 * random_.below(5);
    transactions_ += static_cast<int32_t>(bytes);
    std::string state = newState();
    line("mbarrier.arrive.expect_tx.shared::cta.b64 " + state + ", [barrier], " + std::to_string(bytes));
    arrived(state, 1);
  }
  void drop() {
    if (pending_ == 0 || expected_ < 2)
      return;
    std::string state = newState();
    line("mbarrier.arrive_drop.shared::cta.b64 " + state + ", [barrier]");
    --expected_;
    arrived(state, 1);
  }
  void expect() {
    if (pending_ == 0 && transactions_ == 0)
      return;
    uint32_t bytes = 16 * (1 + random_.below(4));
    transactions_ += static_cast<int32_t>(bytes);
    line("mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [barrier], " + std::to_string(bytes));
    settle();
  }
  /// May come before the bytes are expected, as long as arrivals are missing.
  void complete() {
    int32_t most = pending_ != 0 ? std::max(transactions_, 64) : transactions_;
    if (most <= 0)
      return;
    int32_t bytes = random_.below(2) == 0 && transactions_ > 0 ? transactions_ : 16 * (1 + random_.below(most / 16));
    transactions_ -= bytes;
    line("mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [barrier], " + std::to_string(bytes));
    settle();
  }

  void arrived(const std::string &state, uint32_t count) {
    pending_ -= count;
    line("mbarrier.pending_count.b64 %x, " + state);
    result();
    lastState_ = state;
    stateAge_ = 0;
    settle();
  }
  /// The next phase, if this one is complete. The ISA wants a successful test of each phase before arrivals of the
  /// next.
  void settle() {
    if (pending_ != 0 || transactions_ != 0)
      return;
    pending_ = expected_;
    parity_ ^= 1;
    ++stateAge_;
    line("mbarrier.try_wait.parity.shared::cta.b64 %p, [barrier], " + std::to_string(parity_ ^ 1));
    predicate();
  }
  void testParities() {
    for (int parity : {0, 1}) {
      line("mbarrier.test_wait.parity.shared::cta.b64 %p, [barrier], " + std::to_string(parity));
      predicate();
    }
  }
  /// A state may be asked for until the phase after its own is over.
  void testState() {
    if (lastState_.empty() || stateAge_ > 1)
      return;
    line("mbarrier.test_wait.shared::cta.b64 %p, [barrier], " + lastState_);
    predicate();
  }

  void line(const std::string &text) { text_ += "  " + text + ";\n"; }
  void predicate() {
    line("selp.b32 %x, 1, 0, %p");
    result();
  }
  void result() { line("st.global.b32 [%out+" + std::to_string(4 * results_++) + "], %x"); }

  Random random_;
  std::string text_, lastState_;
  uint32_t expected_, pending_, states_ = 0, results_ = 0;
  int32_t transactions_ = 0;
  unsigned parity_ = 0, stateAge_ = 0;
};

CtaForm barrierForm(const std::string &name) {
  CtaForm form;
  form.group = "mbarrier";
  form.name = name;
  form.cases = form.storedCases = 1;
  form.before = ".shared .align 8 .b64 barrier;\n.shared .align 16 .b8 memory[2048];\n";
  return form;
}

void addScripts(FormList &list) {
  for (uint32_t i = 0; i < 64; ++i) {
    Script script(1000 + i);
    CtaForm form = barrierForm("mbarrier script " + std::to_string(i));
    form.threads = 1;
    form.outBytes = 4 * script.results();
    form.body = "\n  .reg .b64 %state<" + std::to_string(script.states() + 1) +
                ">;\n  .reg .b32 %x;\n  .reg .pred %p;\n" + script.text() +
                "  mbarrier.inval.shared::cta.b64 [barrier];\n";
    list.cta(form);
  }
}

/// 128 threads arrive for three phases; each writes down whether its wait ended, and what its neighbour stored before.
void addPhases(FormList &list) {
  CtaForm form = barrierForm("mbarrier of 128 threads, three phases");
  form.threads = 128;
  form.outBytes = 4 * 4 * form.threads;
  form.body = R"(
  .reg .b64 %state, %g;
  .reg .b32 %i, %x, %y, %s, %n, %parity;
  .reg .pred %p, %first;
  setp.eq.u32 %first, %t, 0;
  @%first mbarrier.init.shared::cta.b64 [barrier], 128;
  bar.sync 0;
  mov.u32 %s, memory;
  add.u32 %n, %t, 33;
  and.b32 %n, %n, 127;
  mad.lo.u32 %n, %n, 4, %s;
  mad.lo.u32 %s, %t, 4, %s;
  mad.wide.u32 %g, %t, 16, %out;
  mov.u32 %i, 0;
PHASE:
  mad.lo.u32 %x, %i, 1000, %t;
  st.shared.b32 [%s], %x;
  mbarrier.arrive.shared::cta.b64 %state, [barrier];
  and.b32 %parity, %i, 1;
WAIT:
  mbarrier.try_wait.parity.shared::cta.b64 %p, [barrier], %parity;
  @!%p bra WAIT;
  ld.shared.b32 %y, [%n];
  st.global.b32 [%g], %y;
  add.u64 %g, %g, 4;
  bar.sync 0;
  add.u32 %i, %i, 1;
  setp.lt.u32 %p, %i, 3;
  @%p bra PHASE;
  mbarrier.test_wait.shared::cta.b64 %p, [barrier], %state;
  selp.b32 %x, 1, 0, %p;
  st.global.b32 [%g], %x;
)";
  list.cta(form);
}

/// cp.async arrives when its copies have landed. With .noinc the barrier counts those arrivals, without it does not.
void addCopyArrivals(FormList &list) {
  for (bool noinc : {false, true}) {
    CtaForm form = barrierForm(std::string("cp.async.mbarrier.arrive") + (noinc ? ".noinc" : ""));
    form.threads = 64;
    form.outBytes = 16 * form.threads;
    form.operands = {{1024, [](Random &random, uint32_t, uint8_t *data) { fillRandom(random, data, 1024); }}};
    form.cases = 4;
    form.storedCases = 2;
    form.body = R"(
  .reg .b64 %state, %g;
  .reg .b32 %s, %n, %r<4>;
  .reg .pred %p, %first;
  setp.eq.u32 %first, %t, 0;
  @%first mbarrier.init.shared::cta.b64 [barrier], )" +
                std::string(noinc ? "128" : "64") + R"(;
  bar.sync 0;
  mov.u32 %s, memory;
  xor.b32 %n, %t, 37;
  mad.lo.u32 %n, %n, 16, %s;
  mad.lo.u32 %s, %t, 16, %s;
  mad.wide.u32 %g, %t, 16, %in;
  cp.async.cg.shared.global [%s], [%g], 16;
  cp.async.mbarrier.arrive)" +
                (noinc ? ".noinc" : "") + R"(.shared::cta.b64 [barrier];
  mbarrier.arrive.shared::cta.b64 %state, [barrier];
WAIT:
  mbarrier.try_wait.shared::cta.b64 %p, [barrier], %state;
  @!%p bra WAIT;
  ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%n];
  mad.wide.u32 %g, %t, 16, %out;
  st.global.v4.b32 [%g], {%r0, %r1, %r2, %r3};
)";
    list.cta(form);
  }
}

} // namespace

void addMbarrierForms(FormList &list) {
  list.family("mbarrier");
  addScripts(list);
  addPhases(list);
  addCopyArrivals(list);
}

} // namespace thrift::sim::hardware
