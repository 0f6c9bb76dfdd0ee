//===- RunReport.cpp - how a launch is shown -----------------------------------===//

#include "tools/ptx-sim/RunReport.h"

#include "tools/console/Numbers.h"

namespace thrift::ptxsim {

/// "label      text"
static void row(std::ostream &out, const std::string &label, const std::string &text) {
  constexpr size_t width = 12;
  out << label << std::string(label.size() < width ? width - label.size() : 1, ' ') << text << "\n";
}

static std::string text(const sim::Dim3 &dim) {
  return std::to_string(dim.x) + " x " + std::to_string(dim.y) + " x " + std::to_string(dim.z);
}

/// 1,234,567
static std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;)
    digits.insert(at -= 3, ",");
  return digits;
}

static const char *severityName(sim::Severity severity) {
  switch (severity) {
  case sim::Severity::Note:
    return "note";
  case sim::Severity::Warning:
    return "warning";
  case sim::Severity::Error:
    return "error";
  }
  return "error";
}

static std::string placeOf(const sim::Finding &finding) {
  std::string text = "cta " + std::to_string(finding.cta.x) + "," + std::to_string(finding.cta.y) + "," +
                     std::to_string(finding.cta.z) + ", warp " + std::to_string(finding.warp);
  return finding.lane < 0 ? text : text + ", lane " + std::to_string(finding.lane);
}

static void printFindings(const RunReport &report, std::ostream &out) {
  const std::vector<sim::Finding> &findings = report.result.report.findings;
  for (size_t i = 0; i < findings.size(); ++i) {
    const sim::Finding &finding = findings[i];
    out << severityName(finding.severity) << ": " << sim::checkName(finding.check) << ": " << finding.message << "\n";
    if (finding.line != 0)
      out << "  " << report.ptxFile << ":" << finding.line << ": " << finding.text << "\n";
    if (!report.sources[i].empty())
      out << "  " << report.sources[i] << "\n";
    out << "  " << placeOf(finding) << "\n";
  }
  if (report.result.report.findingsDropped != 0)
    out << grouped(report.result.report.findingsDropped) << " more notes and warnings, not shown\n";
  if (!report.result.report.findings.empty())
    out << "\n";
}

static std::string describe(const Comparison &comparison) {
  std::string text = comparison.buffer + ": ";
  if (comparison.passed())
    text += "all " + grouped(comparison.elements) + " elements are right";
  else
    text += "FAILED: " + grouped(comparison.wrong) + " of " + grouped(comparison.elements) +
            " elements are wrong; the first, " + comparison.firstWrong;
  text += "; max_abs " + printRounded(comparison.maxAbs) + ", rel_l2 " + printRounded(comparison.relL2) + "; allowed ";
  if (comparison.absolute == 0 && comparison.relative == 0)
    return text + "equal values";
  return text + "atol " + printShort(comparison.absolute) + " + rtol " + printShort(comparison.relative);
}

namespace {
struct Counter {
  const char *name, *label;
  uint64_t sim::Statistics::*value;
};
} // namespace

// Names in JSON and for people; the instruction classes come before them. Special functions are counted by thread, as
// the MUFU unit does them.
static constexpr Counter kCounters[] = {
    {"mma_instructions", "matrix instructions", &sim::Statistics::mmaInstructions},
    {"mma_macs", "multiply-accumulates", &sim::Statistics::mmaMacs},
    {"global_read_bytes", "global bytes read", &sim::Statistics::globalReadBytes},
    {"global_write_bytes", "global bytes written", &sim::Statistics::globalWriteBytes},
    {"shared_read_bytes", "shared bytes read", &sim::Statistics::sharedReadBytes},
    {"shared_write_bytes", "shared bytes written", &sim::Statistics::sharedWriteBytes},
    {"local_bytes", "local bytes", &sim::Statistics::localBytes},
    {"bulk_load_bytes", "TMA bytes loaded", &sim::Statistics::bulkLoadBytes},
    {"bulk_store_bytes", "TMA bytes stored", &sim::Statistics::bulkStoreBytes},
    {"tmem_read_bytes", "TMEM bytes read", &sim::Statistics::tmemReadBytes},
    {"tmem_write_bytes", "TMEM bytes written", &sim::Statistics::tmemWriteBytes},
    {"special_functions", "special functions", &sim::Statistics::specialFunctions},
    {"divergent_branches", "divergent branches", &sim::Statistics::divergentBranches},
};

static void printStatistics(const sim::Statistics &statistics, std::ostream &out) {
  auto line = [&out](const std::string &label, uint64_t value) {
    constexpr size_t labelWidth = 24, numberWidth = 18;
    std::string number = grouped(value);
    out << "  " << label << std::string(label.size() < labelWidth ? labelWidth - label.size() : 1, ' ')
        << std::string(number.size() < numberWidth ? numberWidth - number.size() : 0, ' ') << number << "\n";
  };
  out << "\nwarp instructions\n";
  for (size_t i = 0; i < sim::kNumInstructionClasses; ++i)
    if (statistics.byClass[i] != 0)
      line(sim::instructionClassName(static_cast<sim::InstructionClass>(i)), statistics.byClass[i]);
  line("all", statistics.warpInstructions);
  out << "work\n";
  for (const Counter &counter : kCounters)
    if (statistics.*counter.value != 0)
      line(counter.label, statistics.*counter.value);
}

void print(const RunReport &report, bool withStatistics, std::ostream &out) {
  const RunResult &result = report.result;
  const sim::Report &run = result.report;
  out << run.printed;
  if (!run.printed.empty() && run.printed.back() != '\n')
    out << "\n";
  printFindings(report, out);
  row(out, "kernel", result.kernel.name + ", sm_" + std::to_string(result.kernel.smVersion));
  row(out, "launch",
      text(result.config.grid) + " CTAs of " + text(result.config.block) + " threads, " +
          grouped(result.config.dynamicSharedBytes) + " bytes of dynamic shared memory");
  row(out, "checks", report.checkLevel + ", policy " + report.policy + ", seed " + std::to_string(report.seed));
  for (const Comparison &comparison : result.comparisons)
    row(out, "compared", describe(comparison));
  for (const WrittenOutput &output : result.outputs)
    row(out, "written", output.buffer + " " + output.type + " " + output.shape + " to " + output.file);
  double rate = static_cast<double>(run.statistics.warpInstructions) / std::max(run.statistics.seconds, 1e-9);
  row(out, "ran",
      grouped(run.statistics.warpInstructions) + " warp instructions in " +
          printMicroseconds(1e6 * run.statistics.seconds) + ", " + grouped(static_cast<uint64_t>(rate)) + " a second");
  row(out, "result",
      run.cancelled      ? "CANCELLED: " + run.status.message()
      : !run.status      ? "FAILED: the launch had an error; nothing was compared or written"
      : !result.passed() ? "FAILED: an output is wrong"
                         : "ok");
  if (withStatistics)
    printStatistics(run.statistics, out);
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static Json toJson(const sim::Dim3 &dim) { return Json::array({dim.x, dim.y, dim.z}); }

static Json toJson(const sim::Finding &finding, const std::string &source) {
  return {{"severity", severityName(finding.severity)},
          {"check", sim::checkName(finding.check)},
          {"message", finding.message},
          {"line", finding.line},
          {"text", finding.text},
          {"source", source.empty() ? Json(nullptr) : Json(source)},
          {"cta", toJson(finding.cta)},
          {"warp", finding.warp},
          {"lane", finding.lane < 0 ? Json(nullptr) : Json(finding.lane)}};
}

static Json toJson(const Comparison &comparison) {
  return {{"buffer", comparison.buffer},
          {"passed", comparison.passed()},
          {"elements", comparison.elements},
          {"wrong", comparison.wrong},
          {"first_wrong", comparison.firstWrong.empty() ? Json(nullptr) : Json(comparison.firstWrong)},
          {"max_abs", jsonNumber(comparison.maxAbs)},
          {"rel_l2", jsonNumber(comparison.relL2)},
          {"atol", comparison.absolute},
          {"rtol", comparison.relative}};
}

static Json toJson(const sim::Statistics &statistics) {
  Json byClass = Json::object();
  for (size_t i = 0; i < sim::kNumInstructionClasses; ++i)
    byClass[sim::instructionClassName(static_cast<sim::InstructionClass>(i))] = statistics.byClass[i];
  Json result = {
      {"ctas", statistics.ctas}, {"warp_instructions", statistics.warpInstructions}, {"by_class", std::move(byClass)}};
  for (const Counter &counter : kCounters)
    result[counter.name] = statistics.*counter.value;
  result["seconds"] = statistics.seconds;
  return result;
}

Json toJson(const RunReport &report) {
  const RunResult &result = report.result;
  Json findings = Json::array(), comparisons = Json::array(), outputs = Json::array();
  for (size_t i = 0; i < result.report.findings.size(); ++i)
    findings.push_back(toJson(result.report.findings[i], report.sources[i]));
  for (const Comparison &comparison : result.comparisons)
    comparisons.push_back(toJson(comparison));
  for (const WrittenOutput &output : result.outputs)
    outputs.push_back(
        {{"buffer", output.buffer}, {"file", output.file}, {"dtype", output.type}, {"shape", output.shape}});
  return {{"schema_version", kJsonSchemaVersion},
          {"ptx", report.ptxFile},
          {"launch", report.launchFile},
          {"kernel", result.kernel.name},
          {"target", "sm_" + std::to_string(result.kernel.smVersion)},
          {"grid", toJson(result.config.grid)},
          {"block", toJson(result.config.block)},
          {"shared_bytes", result.config.dynamicSharedBytes},
          {"check", report.checkLevel},
          {"policy", report.policy},
          {"seed", report.seed},
          {"passed", result.passed()},
          {"cancelled", result.report.cancelled},
          {"findings", std::move(findings)},
          {"findings_dropped", result.report.findingsDropped},
          {"comparisons", std::move(comparisons)},
          {"outputs", std::move(outputs)},
          {"printed", result.report.printed},
          {"statistics", toJson(result.report.statistics)}};
}

} // namespace thrift::ptxsim
