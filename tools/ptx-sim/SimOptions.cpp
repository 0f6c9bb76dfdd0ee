//===- SimOptions.cpp - options that say how to simulate -----------------------===//

#include "tools/ptx-sim/SimOptions.h"

#include "tools/console/Numbers.h"

#include <CLI/CLI.hpp>

#include <limits>

namespace thrift::ptxsim {

namespace {

struct CheckLevel {
  const char *name;
  bool uninitialized, races, lints;
};
constexpr CheckLevel kLevels[] = {
    {"off", false, false, false},
    {"memory", true, false, false},
    {"full", true, true, false},
    {"lints", true, true, true},
};

struct Policy {
  const char *name;
  sim::Delivery delivery;
};
constexpr Policy kPolicies[] = {
    {"eager", sim::Delivery::Eager},
    {"lazy", sim::Delivery::Lazy},
    {"random", sim::Delivery::Random},
};

template <typename Row, size_t N>
const Row *findRow(const Row (&rows)[N], const std::string &name, std::string &names) {
  const Row *found = nullptr;
  for (const Row &row : rows) {
    names.append(names.empty() ? "" : ", ").append(row.name);
    if (row.name == name)
      found = &row;
  }
  return found;
}

Result<uint64_t> parseCount(const std::string &option, const std::string &text, int64_t least, int64_t most) {
  std::string allowed = "a whole number, " + std::to_string(least) + " to " + std::to_string(most);
  Result<int64_t> value = parseInteger(option, text, allowed);
  if (!value)
    return value.status();
  if (*value < least || *value > most)
    return Status::invalid(option, text, allowed);
  return static_cast<uint64_t>(*value);
}

} // namespace

void SimOptions::declare(CLI::App &app) {
  const char *checkHelp =
      "off: only what would crash or hang a GPU; memory: reads of what nobody wrote too; full: races "
      "on shared memory and TMEM too; lints: what the ISA demands and shipped kernels leave out "
      "too [full]";
  const char *policyHelp = "when asynchronous copies and products arrive: eager (at once), lazy (at the wait that "
                           "guarantees them), random (at any legal moment, by --seed) [lazy]";
  app.add_option("--check", check_, checkHelp)->type_name("LEVEL");
  app.add_flag("--no-check", noCheck_, "--check off");
  app.add_option("--policy", policy_, policyHelp)->type_name("POLICY");
  app.add_option("--seed", seed_, "order in which warps take turns (0: ascending), and of the random policy [0]")
      ->type_name("N");
  app.add_option("--threads", threads_, "host threads [all cores]")->type_name("N");
  app.add_option("--budget", budget_, "warp instructions after which the launch counts as a hang [20000000000]")
      ->type_name("N");
}

std::string SimOptions::checkLevel() const { return noCheck_ ? "off" : check_.empty() ? "full" : check_; }
std::string SimOptions::policy() const { return policy_.empty() ? "lazy" : policy_; }

Result<sim::Options> SimOptions::read() const {
  if (noCheck_ && !check_.empty())
    return Status::invalid("--check", "given with --no-check", "one of the two");
  sim::Options options;
  std::string names;
  const CheckLevel *level = findRow(kLevels, checkLevel(), names);
  if (!level)
    return Status::invalid("--check", "'" + check_ + "'", names);
  options.checkUninitialized = level->uninitialized;
  options.checkRaces = level->races;
  options.lints = level->lints;
  names.clear();
  const Policy *delivery = findRow(kPolicies, policy(), names);
  if (!delivery)
    return Status::invalid("--policy", "'" + policy_ + "'", names);
  options.delivery = delivery->delivery;

  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  if (!seed_.empty()) {
    Result<uint64_t> seed = parseCount("--seed", seed_, 0, kMost);
    if (!seed)
      return seed.status();
    options.seed = *seed;
  }
  if (!threads_.empty()) {
    Result<uint64_t> threads = parseCount("--threads", threads_, 1, 1024);
    if (!threads)
      return threads.status();
    options.threads = static_cast<unsigned>(*threads);
  }
  if (!budget_.empty()) {
    Result<uint64_t> budget = parseCount("--budget", budget_, 1, kMost);
    if (!budget)
      return budget.status();
    options.instructionBudget = *budget;
  }
  return options;
}

} // namespace thrift::ptxsim
