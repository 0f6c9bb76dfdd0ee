//===- Mutants.cpp - kernels with one synchronisation broken ----------------===//

#include "runtime/sim/Mutants.h"

#include "runtime/sim/ptx/Statements.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

namespace thrift::sim {

namespace {

/// How an instruction is broken.
enum class Break : uint8_t { Remove, AlwaysTrue, OtherParity, Bytes, Count, OneGroupMore };

struct Rule {
  std::vector<std::string_view> parts; ///< of the opcode: the first must be its first, the others somewhere behind
  Break how;
};

const std::vector<Rule> &rules() {
  static const std::vector<Rule> kRules = {
      {{"bar", "sync"}, Break::Remove},
      {{"bar", "arrive"}, Break::Remove},
      {{"barrier", "sync"}, Break::Remove},
      {{"barrier", "arrive"}, Break::Remove},
      {{"barrier", "cluster"}, Break::Remove},
      {{"bar", "warp", "sync"}, Break::Remove},
      {{"mbarrier", "init"}, Break::Count},
      {{"mbarrier", "try_wait"}, Break::AlwaysTrue},
      {{"mbarrier", "test_wait"}, Break::AlwaysTrue},
      {{"mbarrier", "try_wait", "parity"}, Break::OtherParity},
      {{"mbarrier", "test_wait", "parity"}, Break::OtherParity},
      {{"mbarrier", "arrive"}, Break::Remove},
      {{"mbarrier", "arrive_drop"}, Break::Remove},
      {{"mbarrier", "expect_tx"}, Break::Remove},
      {{"mbarrier", "arrive", "expect_tx"}, Break::Bytes},
      {{"mbarrier", "expect_tx"}, Break::Bytes},
      {{"mbarrier", "complete_tx"}, Break::Remove},
      {{"cp", "async", "commit_group"}, Break::Remove},
      {{"cp", "async", "wait_group"}, Break::Remove},
      {{"cp", "async", "wait_group"}, Break::OneGroupMore},
      {{"cp", "async", "wait_all"}, Break::Remove},
      {{"cp", "async", "mbarrier"}, Break::Remove},
      {{"cp", "async", "bulk", "commit_group"}, Break::Remove},
      {{"cp", "async", "bulk", "wait_group"}, Break::Remove},
      {{"cp", "async", "bulk", "wait_group"}, Break::OneGroupMore},
      {{"fence"}, Break::Remove},
      {{"membar"}, Break::Remove},
      {{"wgmma", "fence"}, Break::Remove},
      {{"wgmma", "commit_group"}, Break::Remove},
      {{"wgmma", "wait_group"}, Break::Remove},
      {{"wgmma", "wait_group"}, Break::OneGroupMore},
      {{"tcgen05", "wait::ld"}, Break::Remove},
      {{"tcgen05", "wait::st"}, Break::Remove},
      {{"tcgen05", "fence::before_thread_sync"}, Break::Remove},
      {{"tcgen05", "fence::after_thread_sync"}, Break::Remove},
      {{"tcgen05", "commit"}, Break::Remove},
      {{"tcgen05", "dealloc"}, Break::Remove},
  };
  return kRules;
}

bool matches(const Rule &rule, const ptx::Statement &statement) {
  if (statement.parts.empty() || statement.parts[0] != rule.parts[0])
    return false;
  // Every further part somewhere behind; `cp.async.wait_group` is not `cp.async.bulk.wait_group`, whose rules name
  // bulk.
  auto has = [](const std::vector<std::string_view> &parts, std::string_view part) {
    return std::find(parts.begin(), parts.end(), part) != parts.end();
  };
  for (std::string_view part : rule.parts)
    if (!has(statement.parts, part))
      return false;
  bool isBulk = has(statement.parts, "bulk");
  if (rule.parts[0] == "cp" && isBulk != has(rule.parts, "bulk"))
    return false;
  // mbarrier.arrive.expect_tx is broken by its own rules, as an arrival and in its bytes.
  if (rule.parts[0] == "mbarrier" && rule.parts.size() == 2 && rule.parts[1] == "expect_tx" &&
      (has(statement.parts, "arrive") || has(statement.parts, "arrive_drop")))
    return false;
  if (rule.parts[0] == "bar" && has(statement.parts, "warp") != has(rule.parts, "warp"))
    return false;
  return rule.parts[0] != "barrier" || has(statement.parts, "cluster") == has(rule.parts, "cluster");
}

class MutantMaker {
public:
  MutantMaker(std::string_view ptx, const ptx::Statement &statement, std::vector<Mutant> &mutants)
      : ptx_(ptx), statement_(statement), mutants_(mutants) {}

  void apply(Break how);

private:
  void add(std::string change, std::string replacement) {
    Mutant mutant;
    mutant.line = statement_.line;
    mutant.text = std::string(ptx_.substr(statement_.begin, statement_.length));
    mutant.change = std::move(change);
    mutant.begin = statement_.begin;
    mutant.length = statement_.length;
    mutant.replacement = std::move(replacement);
    mutants_.push_back(std::move(mutant));
  }
  /// The statement with operand `index` written differently, and perhaps a line before it.
  std::string with(size_t index, const std::string &operand, const std::string &before = "") const {
    const ptx::StatementOperand &old = statement_.operands[index];
    std::string text(ptx_.substr(statement_.begin, old.begin - statement_.begin));
    text += operand;
    text += ptx_.substr(old.begin + old.length, statement_.begin + statement_.length - old.begin - old.length);
    return before.empty() ? text : "{ " + before + " " + text + " }";
  }
  std::string operand(size_t index) const {
    return std::string(ptx_.substr(statement_.operands[index].begin, statement_.operands[index].length));
  }
  void remove();
  /// Operand `index`, u32, plus `difference`.
  void shift(size_t index, int difference, const std::string &change) {
    std::string name = "%thrift_mutant";
    add(change, with(index, name,
                     ".reg .b32 " + name + "; add.s32 " + name + ", " + operand(index) + ", " +
                         std::to_string(difference) + ";"));
  }

  std::string_view ptx_;
  const ptx::Statement &statement_;
  std::vector<Mutant> &mutants_;
};

/// A result that somebody may use gets a value.
void MutantMaker::remove() {
  bool yieldsState =
      statement_.parts[0] == "mbarrier" && !statement_.operands.empty() && operand(0)[0] != '[' && operand(0)[0] != '_';
  add("removed", yieldsState ? "mov.b64 " + operand(0) + ", 0;" : "");
}

void MutantMaker::apply(Break how) {
  size_t last = statement_.operands.size();
  if (how != Break::Remove && last == 0)
    return;
  switch (how) {
  case Break::Remove:
    return remove();
  case Break::AlwaysTrue:
    return add("always true", std::string(statement_.guard) + "setp.eq.s32 " + operand(0) + ", 0, 0;");
  case Break::OtherParity:
    if (last < 3)
      return;
    return add("the other parity",
               with(2, "%thrift_mutant", ".reg .b32 %thrift_mutant; xor.b32 %thrift_mutant, " + operand(2) + ", 1;"));
  case Break::Bytes:
    shift(last - 1, 16, "16 bytes more");
    return shift(last - 1, -16, "16 bytes fewer");
  case Break::Count:
    shift(last - 1, 1, "one arrival more");
    return shift(last - 1, -1, "one arrival fewer");
  case Break::OneGroupMore:
    add("one group more may be pending", with(last - 1, std::to_string(std::stoul("0" + operand(last - 1)) + 1)));
  }
}

/// Whether and by what a run was noticed to be broken.
std::optional<std::string> killer(const Result<MutantRun> &run, const std::vector<uint8_t> &expected) {
  if (!run)
    return "not loadable";
  if (!run->report.findings.empty())
    return checkName(run->report.findings.front().check);
  if (!run->report.status)
    return "refused";
  if (run->outputs != expected)
    return "wrong output";
  return std::nullopt;
}

} // namespace

std::string Mutant::applyTo(std::string_view ptx) const {
  return std::string(ptx.substr(0, begin)) + replacement + std::string(ptx.substr(begin + length));
}

std::vector<Mutant> mutantsOf(std::string_view ptx, std::string_view entry) {
  std::vector<Mutant> mutants;
  for (const ptx::Statement &statement : ptx::statementsOf(ptx)) {
    if (statement.isEntry && statement.function != entry)
      continue;
    MutantMaker maker(ptx, statement, mutants);
    for (const Rule &rule : rules())
      if (matches(rule, statement))
        maker.apply(rule.how);
  }
  return mutants;
}

MutationResult runMutants(const std::string &ptx, std::string_view entry, const RunMutant &run,
                          const std::vector<Options> &options, unsigned threads) {
  MutationResult result;
  std::vector<uint8_t> expected;
  for (size_t i = 0; i < options.size(); ++i) {
    Result<MutantRun> sound = run(ptx, options[i]);
    if (!sound || !sound->report.status || !sound->report.findings.empty()) {
      std::string reason = !sound                            ? sound.status().message()
                           : !sound->report.findings.empty() ? sound->report.findings.front().describe()
                                                             : sound->report.status.message();
      result.status = Status(StatusCode::InvalidArgument, "the kernel itself has findings: " + reason);
      return result;
    }
    if (i != 0 && sound->outputs != expected) {
      result.status =
          Status(StatusCode::InvalidArgument, "the outputs of the kernel itself depend on the delivery policy");
      return result;
    }
    expected = std::move(sound->outputs);
  }

  std::vector<Mutant> mutants = mutantsOf(ptx, entry);
  result.mutants = mutants.size();
  std::vector<std::optional<std::string>> killers(mutants.size());
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i; (i = next.fetch_add(1)) < mutants.size();) {
      std::string text = mutants[i].applyTo(ptx);
      for (Options each : options) {
        each.threads = 1;
        if ((killers[i] = killer(run(text, each), expected)))
          break;
      }
    }
  };
  if (threads == 0)
    threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::thread> pool;
  for (unsigned i = 1; i < threads; ++i)
    pool.emplace_back(work);
  work();
  for (std::thread &thread : pool)
    thread.join();

  for (size_t i = 0; i < mutants.size(); ++i) {
    if (killers[i])
      ++result.killed[*killers[i]];
    else
      result.survivors.push_back({std::move(mutants[i])});
  }
  return result;
}

} // namespace thrift::sim
