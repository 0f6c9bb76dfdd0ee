//===- DoctorReport.cpp - what `thriftjit doctor` found -----------------------===//

#include "tools/thriftjit/DoctorReport.h"

#include "tools/console/Numbers.h"

#include <algorithm>

using namespace thrift;

static constexpr CaseStatus kStatuses[] = {CaseStatus::Ok, CaseStatus::Wrong, CaseStatus::Hung, CaseStatus::Refused,
                                           CaseStatus::Failed};

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static std::string dotted(int capability) {
  return std::to_string(capability / 10) + "." + std::to_string(capability % 10);
}

static Json toJson(const DeviceListing &device) {
  Json object = {{"id", device.id}, {"usable", bool(device.status)}};
  object["why_not"] = device.status ? Json(nullptr) : Json(device.status.message());
  bool known = !device.attributes.name.empty();
  const DeviceAttributes &a = device.attributes;
  object["name"] = known ? Json(a.name) : Json(nullptr);
  object["compute_capability"] = known ? Json(dotted(a.computeCapability())) : Json(nullptr);
  object["multiprocessors"] = known ? Json(a.multiprocessors) : Json(nullptr);
  object["memory_bytes"] = known ? Json(a.memoryBytes) : Json(nullptr);
  object["shared_bytes_per_block"] = known ? Json(a.sharedBytesPerBlock) : Json(nullptr);
  return object;
}

static Json toJson(const WatchdogReport &watchdog) {
  Json entries = Json::array();
  for (const WatchdogEntry &entry : watchdog.entries)
    entries.push_back({{"barrier", entry.barrier},
                       {"event", entry.event},
                       {"for", entry.free ? "free slot" : "event"},
                       {"warp", entry.warp},
                       {"cta", {entry.cta[0], entry.cta[1], entry.cta[2]}},
                       {"waited_ns", entry.nanoseconds}});
  return {{"waits", watchdog.waits}, {"longest", entries}};
}

static Json toJson(const CaseResult &result) {
  const Spec &spec = result.asked.spec;
  const Extents &e = result.asked.extents;
  return {
      {"name", result.asked.name},
      {"status", name(result.status)},
      {"why", result.why.empty() ? Json(nullptr) : Json(result.why)},
      {"spec", print(spec)},
      {"shape",
       {{"batch", e.batch}, {"q_heads", e.qHeads}, {"kv_heads", e.kvHeads}, {"q_len", e.qLen}, {"kv_len", e.kvLen}}},
      {"error",
       {{"o_to_bound", jsonNumber(result.outputRatio)},
        {"lse_to_bound", jsonNumber(result.lseRatio)},
        {"rel_l2", jsonNumber(result.relL2)}}},
      {"time",
       {{"compile_ms", jsonNumber(result.compileMilliseconds)},
        {"quantize_us", jsonNumber(result.times.quantize)},
        {"rank_us", jsonNumber(result.times.rank)},
        {"attention_us", jsonNumber(result.times.attention)}}},
      {"hung", result.status == CaseStatus::Hung ? toJson(result.watchdog) : Json(nullptr)}};
}

static Json toJson(const SelfTestReport &report) {
  Json cases = Json::array(), summary;
  for (const CaseResult &result : report.cases)
    cases.push_back(toJson(result));
  for (CaseStatus status : kStatuses)
    summary[name(status)] = count(report.cases, status);
  return {{"target", report.target},        {"lowering", report.lowering}, {"device", report.device},
          {"passed", passed(report.cases)}, {"summary", summary},          {"cases", cases}};
}

Json thrift::toJson(const DoctorReport &report) {
  const MachineReport &machine = report.machine;
  Json versions, devices = Json::array(), environment, targets = Json::array();
  for (const VersionLine &line : machine.versions) {
    std::string key = line.name;
    std::replace(key.begin(), key.end(), ' ', '_');
    versions[key] = line.text;
  }
  for (const DeviceListing &device : machine.devices)
    devices.push_back(::toJson(device));
  environment = Json::object();
  for (const auto &[name, value] : machine.environment)
    environment[name] = value;
  for (const TargetLine &line : machine.targets)
    targets.push_back({{"name", std::string(line.target->name)},
                       {"lowering", std::string(line.target->lowering)},
                       {"low_formats", std::string(line.target->lowFormats)},
                       {"needs", line.needs},
                       {"runs_on", line.runsHere}});
  return {{"schema_version", kJsonSchemaVersion},
          {"versions", versions},
          {"devices", devices},
          {"device", {{"requested", machine.requested}, {"chosen", machine.automatic}}},
          {"cache",
           {{"directory", machine.cache.directory},
            {"usable", machine.cache.usable},
            {"state", machine.cache.state},
            {"kernels", machine.cache.kernels},
            {"bytes", machine.cache.bytes}}},
          {"environment", environment},
          {"unknown_variables", machine.unknownVariables},
          {"targets", targets},
          {"selftest", report.selfTest ? ::toJson(*report.selfTest) : Json(nullptr)}};
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// `text` and spaces up to the column `width`, at least one.
static std::string cell(const std::string &text, size_t width) {
  return text + std::string(text.size() < width ? width - text.size() : 1, ' ');
}

static void row(std::ostream &out, const std::string &label, const std::string &text) {
  out << cell(label, 14) << text << "\n";
}

static std::string describe(const DeviceListing &device) {
  const DeviceAttributes &a = device.attributes;
  if (!device.status)
    return device.status.message();
  if (a.isSimulator())
    return "PTX simulator on " + std::to_string(a.multiprocessors) + " CPU threads, standing for any target";
  return a.name + ", compute capability " + dotted(a.computeCapability()) + ", " + std::to_string(a.multiprocessors) +
         " SMs, " + std::to_string(a.memoryBytes >> 30) + " GiB";
}

static std::string describe(const CacheState &cache) {
  if (cache.directory.empty())
    return cache.state;
  std::string text = cache.directory + ": " + cache.state;
  if (cache.usable && cache.state.rfind("usable", 0) == 0)
    text += ", " + std::to_string(cache.kernels) + " kernels, " + std::to_string(cache.bytes >> 10) + " KiB";
  return text;
}

static void printMachine(const MachineReport &machine, std::ostream &out) {
  for (const VersionLine &line : machine.versions)
    row(out, line.name, line.text);
  out << "\n";
  for (const DeviceListing &device : machine.devices)
    row(out, device.id, describe(device));
  row(out, machine.requested, machine.automatic);
  out << "\n";
  row(out, "cache", describe(machine.cache));
  for (const auto &[name, value] : machine.environment)
    row(out, "environment", name + "=" + value);
  for (const std::string &name : machine.unknownVariables)
    row(out, "environment", name + " is unknown: nothing reads it");
  out << "\n" << cell("target", 10) << cell("lowering", 10) << "needs\n";
  for (const TargetLine &line : machine.targets) {
    out << cell(std::string(line.target->name), 10) << cell(std::string(line.target->lowering), 10) << line.needs
        << "; here: " << (line.runsHere.empty() ? "nothing" : line.runsHere) << "\n";
    if (!line.target->notice.empty())
      out << std::string(20, ' ') << line.target->notice << "\n";
  }
}

static void printCases(const SelfTestReport &report, std::ostream &out) {
  auto ratio = [](const std::optional<double> &value) { return value ? printRounded(*value) : std::string("-"); };
  row(out, "target", report.target);
  row(out, "lowering", report.lowering);
  row(out, "device", report.device);
  out << "\n" << cell("case", 24) << cell("status", 10) << cell("o / bound", 12) << cell("lse / bound", 13) << "time\n";
  for (const CaseResult &result : report.cases) {
    double time =
        result.times.quantize.value_or(0) + result.times.rank.value_or(0) + result.times.attention.value_or(0);
    out << cell(result.asked.name, 24) << cell(name(result.status), 10);
    if (result.outputRatio)
      out << cell(ratio(result.outputRatio), 12) << cell(ratio(result.lseRatio), 13) << printMicroseconds(time);
    if (!result.why.empty())
      out << (result.outputRatio ? "  " : "") << result.why;
    out << "\n";
  }
  out << "\n" << summarize(report) << "\n";
}

std::string thrift::summarize(const SelfTestReport &report) {
  std::string text = std::to_string(report.cases.size()) + " cases:";
  const char *separator = " ";
  for (CaseStatus status : kStatuses)
    if (int64_t number = count(report.cases, status)) {
      text += separator + std::to_string(number) + " " + name(status);
      separator = ", ";
    }
  return text + (passed(report.cases) ? "; passed" : "; FAILED");
}

void thrift::print(const DoctorReport &report, const Console &console) {
  printMachine(report.machine, console.out);
  if (!report.selfTest)
    return;
  console.out << "\n";
  printCases(*report.selfTest, console.out);
}
