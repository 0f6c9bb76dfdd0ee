//===- RunReport.cpp - what `thriftjit run` found -----------------------------===//

#include "tools/thriftjit/RunReport.h"

#include "tools/console/Numbers.h"
#include "tools/thriftjit/HeatMap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

using namespace thrift;

/// The options of the router in use; what concerns the other kind is null.
static Json specJson(const RunReport &report) {
  const Spec &spec = report.spec;
  const AttentionShape &shape = report.shape;
  bool online = spec.isOnline();
  Json json = {{"dtype", std::string(name(spec.dtype))},
               {"batch", shape.batch},
               {"q_heads", shape.qHeads},
               {"kv_heads", shape.kvHeads},
               {"q_len", shape.qLen},
               {"kv_len", shape.kvLen},
               {"head_dim", spec.headDim},
               {"value_dim", spec.valueDim},
               {"causal", spec.causal},
               {"scale", jsonNumber(shape.scale)},
               {"low", spec.low->print()},
               {"select", spec.select},
               {"budget", spec.topK ? Json(nullptr) : jsonNumber(online ? spec.online.budget : spec.budget)},
               {"top_k", spec.topK ? Json(*spec.topK) : Json(nullptr)},
               {"rule", online ? Json(nullptr) : Json(spec.rule)},
               {"min_blocks", online ? Json(nullptr) : Json(spec.minBlocks)},
               {"sink", online ? spec.online.sink : spec.sink},
               {"local", online ? spec.online.local : spec.local},
               {"block_q", spec.blockQ},
               {"block_kv", spec.blockKv},
               {"exp2", spec.exp2},
               {"stages", spec.stages}};
  if (online) {
    json["tau"] = jsonNumber(spec.online.tau);
    json["skip"] = jsonNumber(spec.online.skip);
    json["granule"] = report.online->granule;
  }
  return json;
}

static Json onlineJson(const OnlineShares &shares, const Comparison &comparison) {
  return {{"granule", shares.granule},
          {"visible", shares.visible},
          {"seeds", jsonNumber(shares.share(shares.seeds))},
          {"promoted", jsonNumber(shares.share(shares.promoted))},
          {"skipped", jsonNumber(shares.share(shares.skipped))},
          {"refused", shares.refused},
          {"decisions_differing", comparison.decisionsDiffer},
          {"farthest_from_threshold", jsonNumber(comparison.farthestDecision)}};
}

static Json routesJson(const RunReport &report) {
  const RouteShares &shares = report.shares;
  Json why = Json::array();
  for (const ShareReason &reason : shares.reasons)
    why.push_back({{"reason", reason.what}, {"share", jsonNumber(shares.share(reason.blocks))}});
  return {{"asked", report.online ? Json(nullptr) : jsonNumber(shares.share(shares.asked))},
          {"decided", jsonNumber(shares.share(static_cast<double>(shares.decided)))},
          {"executed", jsonNumber(shares.share(static_cast<double>(shares.executed)))},
          {"visible", shares.visible},
          {"why", why},
          {"online", report.online ? onlineJson(*report.online, report.comparison) : Json(nullptr)}};
}

static Json toJson(const Distance &distance) {
  return {{"rel_l2", jsonNumber(distance.relL2)},
          {"cosine", jsonNumber(distance.cosine)},
          {"max_abs", jsonNumber(distance.maxAbs)}};
}

Json thrift::toJson(const RunReport &report) {
  const Comparison &comparison = report.comparison;
  return {{"schema_version", kJsonSchemaVersion},
          {"target", report.target},
          {"lowering", report.lowering},
          {"device", report.device},
          {"spec", specJson(report)},
          {"routes", routesJson(report)},
          {"error",
           {{"thrift", ::toJson(comparison.thrift)},
            {"all_low", ::toJson(comparison.allLow)},
            {"emulated", ::toJson(comparison.emulated)}}},
          {"error_removed", jsonNumber(comparison.errorRemoved)},
          {"time",
           {{"compile_ms", jsonNumber(report.compileMilliseconds)},
            {"quantize_us", jsonNumber(report.run.times.quantize)},
            {"rank_us", jsonNumber(report.run.times.rank)},
            {"attention_us", jsonNumber(report.run.times.attention)}}},
          {"check",
           {{"enforced", report.checked}, {"passed", comparison.failures.empty()}, {"failures", comparison.failures}}}};
}

/// "label      text"
static void row(std::ostream &out, const std::string &label, const std::string &text) {
  constexpr size_t width = 12;
  out << label << std::string(label.size() < width ? width - label.size() : 1, ' ') << text << "\n";
}

static std::string describeInput(const RunReport &report) {
  const AttentionShape &shape = report.shape;
  auto extents = [](int64_t b, int64_t h, int64_t s, int64_t d) {
    return "[" + std::to_string(b) + ", " + std::to_string(h) + ", " + std::to_string(s) + ", " + std::to_string(d) +
           "]";
  };
  return "q " + extents(shape.batch, shape.qHeads, shape.qLen, shape.headDim) + ", k " +
         extents(shape.batch, shape.kvHeads, shape.kvLen, shape.headDim) + ", v " +
         extents(shape.batch, shape.kvHeads, shape.kvLen, shape.valueDim) + ", " + std::string(name(report.spec.dtype));
}

static std::string describeSpec(const RunReport &report) {
  const Spec &spec = report.spec;
  std::string text = spec.causal ? "causal" : "no mask";
  if (spec.isOnline()) {
    const OnlineOptions &online = spec.online;
    text += ", online by tau " + printShort(online.tau) + ", granules of " + std::to_string(report.online->granule);
    text += online.skip > 0 ? ", skip below " + printShort(online.skip) : "";
    if (spec.topK || online.budget < 1)
      text += spec.topK ? ", at most " + std::to_string(*spec.topK) : ", budget " + printShort(online.budget);
  } else {
    text += spec.topK ? ", top " + std::to_string(*spec.topK) : ", budget " + printShort(spec.budget);
    text += " by " + spec.select + (spec.rule == "per_row" ? "" : ", rule " + spec.rule);
  }
  text += ", low " + spec.low->print() + ", high " + std::string(name(spec.dtype));
  text += ", blocks " + std::to_string(spec.blockQ) + " x " + std::to_string(spec.blockKv);
  int64_t sink = spec.isOnline() ? spec.online.sink : spec.sink,
          local = spec.isOnline() ? spec.online.local : spec.local;
  if (sink)
    text += ", sink " + std::to_string(sink);
  if (local)
    text += ", local " + std::to_string(local);
  return text + ", scale " + printRounded(report.shape.scale) + ", exp2 " + spec.exp2;
}

static std::string signedPercent(double share) { return (share < 0 ? "" : "+") + printPercent(share); }

/// Of pairs of granule and block; what a high sweep visits is the union of a query block's granules.
static void printOnline(const OnlineShares &shares, std::ostream &out) {
  row(out, "promoted",
      std::to_string(shares.seeds + shares.promoted) + " of " + std::to_string(shares.visible) +
          " visible pairs of granule and block: " + printPercent(shares.share(shares.seeds + shares.promoted)));
  row(out, "", printPercent(shares.share(shares.seeds)) + "  seeds");
  row(out, "", printPercent(shares.share(shares.promoted)) + "  by their low logits");
  double visited = shares.blocks ? static_cast<double>(shares.visited) / static_cast<double>(shares.blocks) : 0;
  row(out, "", printPercent(visited) + "  of whole query blocks' blocks are visited high");
  row(out, "skipped", printPercent(shares.share(shares.skipped)));
  if (shares.refused)
    row(out, "refused", std::to_string(shares.refused) + " promotions past the cap stayed low");
}

static void printRoutes(const RunReport &report, std::ostream &out) {
  if (report.online)
    return printOnline(*report.online, out);
  const RouteShares &shares = report.shares;
  row(out, "promoted",
      std::to_string(shares.executed) + " of " + std::to_string(shares.visible) +
          " visible blocks: " + printPercent(shares.share(static_cast<double>(shares.executed))) + ", asked " +
          printPercent(shares.share(shares.asked)));
  for (const ShareReason &reason : shares.reasons)
    row(out, "", signedPercent(shares.share(reason.blocks)) + "  " + reason.what);
  if (shares.executed != shares.decided)
    row(out, "", "the router decided " + std::to_string(shares.decided));
}

/// Three numbers under a header, each in a column of its own.
static void errorRow(std::ostream &out, const std::string &label, const std::array<std::string, 3> &cells) {
  constexpr size_t labelWidth = 30, width = 12;
  std::string line = label + std::string(label.size() < labelWidth ? labelWidth - label.size() : 1, ' ');
  for (size_t i = 0; i < cells.size(); ++i)
    line += i + 1 < cells.size() ? cells[i] + std::string(width - std::min(width, cells[i].size()), ' ') : cells[i];
  out << line << "\n";
}

static void errorRow(std::ostream &out, const std::string &label, const Distance &distance) {
  char cosine[32];
  std::snprintf(cosine, sizeof cosine, "%.6f", distance.cosine);
  errorRow(out, label, {printRounded(distance.relL2), cosine, printRounded(distance.maxAbs)});
}

static void printErrors(const RunReport &report, std::ostream &out) {
  const Comparison &comparison = report.comparison;
  errorRow(out, "error", {"rel_l2", "cosine", "max_abs"});
  errorRow(out, "  all low, to exact", comparison.allLow);
  errorRow(out, "  thrift, to exact", comparison.thrift);
  errorRow(out, "  thrift, to emulated", comparison.emulated);
  bool known = comparison.errorRemoved && std::isfinite(*comparison.errorRemoved);
  out << "\n";
  row(out, "removed",
      known ? printPercent(*comparison.errorRemoved) + " of the all-low error" : "nothing: all low is without error");
  if (!report.checked)
    return row(out, "check", "off");
  if (comparison.failures.empty())
    return row(out, "check",
               "passed: o and lse are within the bounds of every row, rel_l2 to emulated is at most " +
                   printRounded(emulatedTolerance(report.spec.dtype)));
  for (const std::string &failure : comparison.failures)
    row(out, "check", "FAILED: " + failure);
}

static std::string describeTimes(const RunReport &report) {
  auto step = [](const char *label, const std::optional<double> &time) {
    return time ? std::string(label) + " " + printMicroseconds(*time) + ", " : std::string();
  };
  return step("quantize", report.run.times.quantize) + step("rank", report.run.times.rank) +
         step("attention", report.run.times.attention) + "compile " +
         printMicroseconds(1e3 * report.compileMilliseconds);
}

void thrift::print(const RunReport &report, const Console &console) {
  std::ostream &out = console.out;
  row(out, "target", report.target);
  row(out, "lowering", report.lowering);
  row(out, "device", report.device);
  row(out, "input", report.input);
  row(out, "", describeInput(report));
  row(out, "spec", describeSpec(report));
  out << "\n";
  printRoutes(report, out);
  out << "\n";
  bool chosen = report.shares.executed > 0 && report.shares.executed < report.shares.visible;
  if (chosen) { // a picture of everything or nothing says nothing
    HeatMapStyle style;
    int64_t frame = report.shape.batch > 1 ? 24 : 12; // the label and two bars
    style.columns = std::clamp<int64_t>(console.terminal.columns - frame, 16, style.columns);
    style.utf8 = console.terminal.utf8;
    out << heatMaps(report.run.routes, report.shape, {report.spec.blockQ, report.spec.blockKv}, 4, style) << "\n";
  }
  printErrors(report, out);
  row(out, "time", describeTimes(report));
}
