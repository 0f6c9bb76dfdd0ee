//===- SpecOptions.cpp - the options that say what attention ------------------===//

#include "tools/thriftjit/SpecOptions.h"

#include "compiler/KernelSpec.h"
#include "compiler/targets/Target.h"
#include "tools/console/Numbers.h"
#include "tools/thriftjit/Verb.h"

#include <CLI/CLI.hpp>

#include <limits>

using namespace thrift;

namespace {

constexpr const char *kShape = "Shape";
constexpr const char *kAttention = "Attention";
constexpr const char *kRouting = "Routing";
constexpr const char *kOnline = "Routing with --select online";
constexpr const char *kBuild = "How it is built";

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

/// Whether a kernel is compiled for the value, or gets it when it is launched.
enum class Use { Compiled, Launch };

struct Row {
  const char *group, *name, *value, *help;
  Use use;
  Status (*apply)(SpecRequest &request, const std::string &option, const std::string &text);
};

} // namespace

static Result<int64_t> readCount(const std::string &option, const std::string &text, int64_t least, int64_t most) {
  std::string allowed =
      "a whole number, " + std::to_string(least) + (most == kMost ? " or more" : " to " + std::to_string(most));
  Result<int64_t> value = parseInteger(option, text, allowed);
  if (value && (*value < least || *value > most))
    return Status::invalid(option, text, allowed);
  return value;
}

/// Actions for a whole number of at least `least`.
template <std::optional<int64_t> SpecRequest::*Member, int64_t least>
static Status setCount(SpecRequest &request, const std::string &option, const std::string &text) {
  Result<int64_t> value = readCount(option, text, least, kMost);
  if (value)
    request.*Member = *value;
  return value.status();
}

template <int64_t Spec::*Member, int64_t least>
static Status setSpecCount(SpecRequest &request, const std::string &option, const std::string &text) {
  Result<int64_t> value = readCount(option, text, least, kMost);
  if (value)
    request.spec.*Member = *value;
  return value.status();
}

/// Options that both kinds of router have, each with a default of its own.
template <int64_t Spec::*Ranked, int64_t OnlineOptions::*Online>
static Status setForced(SpecRequest &request, const std::string &option, const std::string &text) {
  Result<int64_t> value = readCount(option, text, 0, kMost);
  if (value)
    request.spec.*Ranked = request.spec.online.*Online = *value;
  return value.status();
}

static Status setGranule(SpecRequest &request, const std::string &option, const std::string &text) {
  Result<int64_t> value = readCount(option, text, 1, kMost);
  if (value)
    request.spec.online.granule = *value;
  return value.status();
}

static Status setTau(SpecRequest &request, const std::string &option, const std::string &text) {
  const char *allowed = "above 0, at most 1e6: a share of the softmax mass";
  Result<double> value = parseNumber(option, text, allowed);
  if (!value)
    return value.status();
  if (!(*value > 0 && *value <= 1e6))
    return Status::invalid(option, text, allowed);
  request.spec.online.tau = *value;
  return Status::ok();
}

/// That it does not exceed tau is for validate to say.
static Status setSkip(SpecRequest &request, const std::string &option, const std::string &text) {
  const char *allowed = "0 to 1, at most tau: a share of the softmax mass";
  Result<double> value = parseNumber(option, text, allowed);
  if (!value)
    return value.status();
  if (!(*value >= 0 && *value <= 1))
    return Status::invalid(option, text, allowed);
  request.spec.online.skip = *value;
  return Status::ok();
}

static Status setDType(SpecRequest &request, const std::string &option, const std::string &text) {
  request.dtype = parseDType(text);
  if (request.dtype != DType::F16 && request.dtype != DType::BF16)
    return Status::invalid(option, text, "f16, bf16");
  return Status::ok();
}

static Status setScale(SpecRequest &request, const std::string &option, const std::string &text) {
  const char *allowed = "a finite number above 0";
  Result<double> value = parseNumber(option, text, allowed);
  if (!value)
    return value.status();
  request.scale = static_cast<float>(*value);
  // Also refuses what leaves the range of f32, in which kernels compute.
  if (!(*request.scale > 0) || *request.scale > 3e38f)
    return Status::invalid(option, text, allowed);
  return Status::ok();
}

static Status setBudget(SpecRequest &request, const std::string &option, const std::string &text) {
  const char *allowed = "0 to 1, a share of the visible blocks";
  Result<double> value = parseNumber(option, text, allowed);
  if (!value)
    return value.status();
  if (!(*value >= 0 && *value <= 1))
    return Status::invalid(option, text, allowed);
  request.spec.budget = request.spec.online.budget = *value;
  return Status::ok();
}

static Status setTopK(SpecRequest &request, const std::string &option, const std::string &text) {
  Result<int64_t> value = readCount(option, text, 0, kMost);
  if (value)
    request.spec.topK = *value;
  return value.status();
}

static Status setRule(SpecRequest &request, const std::string &option, const std::string &text) {
  if (text != "per_row" && text != "published")
    return Status::invalid(option, text, "per_row, published");
  request.spec.rule = text;
  return Status::ok();
}

static Status setLow(SpecRequest &request, const std::string &option, const std::string &text) {
  std::optional<LowPair> pair = LowPair::parse(text);
  if (!pair)
    return Status::invalid(option, text, "one of nvfp4, mxfp4, fp8, f16, or two of them as QK:PV");
  request.spec.low = *pair;
  return Status::ok();
}

static Status setSelect(SpecRequest &request, const std::string &option, const std::string &text) {
  constexpr const char *built = "block_mean, online";
  for (const char *planned : {"quest", "local", "sub_block", "low_scores", "given"})
    if (text == planned)
      return Status::unsupported(option, text, built);
  if (text != "block_mean" && text != "online")
    return Status::invalid(option, text, built);
  request.spec.select = text;
  return Status::ok();
}

static Status setExp2(SpecRequest &request, const std::string &option, const std::string &text) {
  if (text != "approx" && text != "poly")
    return Status::invalid(option, text, "approx, poly");
  request.spec.exp2 = text;
  return Status::ok();
}

static Status setStages(SpecRequest &request, const std::string &option, const std::string &text) {
  Result<int64_t> value = readCount(option, text, 2, 4);
  if (value)
    request.spec.stages = static_cast<int>(*value);
  return value.status();
}

static Status setTarget(SpecRequest &request, const std::string &option, const std::string &text) {
  if (!findTarget(text))
    return Status::invalid(option, "'" + text + "'", targetNames());
  request.spec.target = text;
  return Status::ok();
}

static Status setP(SpecRequest &request, const std::string &option, const std::string &text) {
  for (const char *known : {"f16", "bf16", "fp8", "mxfp4", "nvfp4"})
    if (text == known) {
      request.p = text;
      return Status::ok();
    }
  return Status::invalid(option, text, "f16, bf16, fp8, mxfp4, nvfp4");
}

/// Of P in the low tier there is one choice, which follows from V's format and from how the target multiplies it.
static Status checkP(const SpecRequest &request) {
  if (request.p.empty())
    return Status::ok();
  const Target *target = findTarget(request.spec.target);
  if (!target)
    return Status::invalid("--p", request.p, "with --target, which decides how V is multiplied");
  KernelSpec kernel;
  kernel.low = request.spec.low.value_or(defaultLow(*target));
  kernel.dtype = request.spec.dtype;
  std::string v = kernel.low.pv == LowFormat::F16 ? "of the inputs' type"
                  : multipliesPacked(*target)     ? "in that format"
                                                  : "that is widened from " + std::string(name(kernel.low.pv));
  for (const auto &[parameter, value] : kernel.bindings(multipliesPacked(*target)))
    if (parameter == "p" && request.p != value)
      return Status::unsupported("--p", request.p, value + ", which multiplies a V " + v);
  return Status::ok();
}

static Status refuseWindow(SpecRequest &, const std::string &option, const std::string &text) {
  return Status::unsupported(option, text, "not giving it; masks that exist are --causal and --no-causal");
}

static Status refuseSoftcap(SpecRequest &, const std::string &option, const std::string &text) {
  return Status::unsupported(option, text, "not giving it; logits are scaled (--scale), not capped");
}

static const std::vector<Row> &table() {
  using R = SpecRequest;
  using S = Spec;
  static const std::vector<Row> rows = {
      {kShape, "--head-dim", "N", "channels of Q and K [128]", Use::Compiled, setCount<&R::headDim, 1>},
      {kShape, "--value-dim", "N", "channels of V and O [--head-dim]", Use::Compiled, setCount<&R::valueDim, 1>},
      {kShape, "--dtype", "TYPE", "of Q, K, V and O: f16, bf16 [f16]", Use::Compiled, setDType},
      {kShape, "--batch", "N", "batch size", Use::Launch, setCount<&R::batch, 1>},
      {kShape, "--q-heads", "N", "query heads", Use::Launch, setCount<&R::qHeads, 1>},
      {kShape, "--kv-heads", "N", "KV heads; divide the query heads", Use::Launch, setCount<&R::kvHeads, 1>},
      {kShape, "--q-len", "N", "query tokens", Use::Launch, setCount<&R::qLen, 1>},
      {kShape, "--kv-len", "N", "key tokens", Use::Launch, setCount<&R::kvLen, 1>},

      {kAttention, "--scale", "X", "of the logits [1 / sqrt(head_dim)]", Use::Launch, setScale},
      {kAttention, "--low", "PAIR",
       "formats of the low tier, QK:PV or one word for both [nvfp4:fp8 on sm_100a, else nvfp4]", Use::Compiled, setLow},
      {kAttention, "--p", "FORMAT", "of P in the low tier [what V's format asks for]", Use::Compiled, setP},

      {kRouting, "--budget", "SHARE", "of the visible blocks that run high, 0 to 1; online: at most so many [0.05]",
       Use::Compiled, setBudget},
      {kRouting, "--top-k", "N", "blocks per query block, instead of a share", Use::Compiled, setTopK},
      {kRouting, "--min-blocks", "N", "at least so many per query block [3]", Use::Launch,
       setSpecCount<&S::minBlocks, 0>},
      {kRouting, "--rule", "RULE", "per_row, or published: one count for all rows [per_row]", Use::Launch, setRule},
      {kRouting, "--select", "SCORE", "what ranks blocks; or online: the low logits decide [block_mean]", Use::Compiled,
       setSelect},
      {kRouting, "--sink", "N", "so many first blocks always run high; online: 1 [0]", Use::Launch,
       setForced<&S::sink, &OnlineOptions::sink>},
      {kRouting, "--local", "N", "so many blocks up to the diagonal always run high; online: 1 [0]", Use::Launch,
       setForced<&S::local, &OnlineOptions::local>},
      {kOnline, "--tau", "X", "a block whose largest logit reaches this share of the mass runs high [0.2]", Use::Launch,
       setTau},
      {kOnline, "--skip", "X", "one whose logits all stay below this share is skipped; 0: none [0]", Use::Launch,
       setSkip},
      {kOnline, "--granule", "N", "query rows that decide together [what the target likes best]", Use::Compiled,
       setGranule},
      {kRouting, "--block-q", "N", "query rows that share one choice [128]", Use::Compiled,
       setSpecCount<&S::blockQ, 1>},
      {kRouting, "--block-kv", "N", "keys of a block [64]", Use::Compiled, setSpecCount<&S::blockKv, 1>},

      {kBuild, "--target", "T", "sm_80, sm_90a, sm_100a, ...", Use::Compiled, setTarget},
      {kBuild, "--exp2", "HOW", "approx, or poly: the same bits on every machine [approx]", Use::Compiled, setExp2},
      {kBuild, "--stages", "N", "tiles of K and V in flight, 2 to 4 [2]", Use::Compiled, setStages},

      {kUnbuiltGroup, "--window", "N", "sliding window", Use::Compiled, refuseWindow},
      {kUnbuiltGroup, "--softcap", "X", "soft-cap of the logits", Use::Compiled, refuseSoftcap},
  };
  return rows;
}

void SpecOptions::declare(CLI::App &app) {
  texts_.resize(table().size()); // once: CLI11 keeps addresses
  for (size_t i = 0; i < texts_.size(); ++i) {
    const Row &row = table()[i];
    options_.push_back(app.add_option(row.name, texts_[i], row.help)->type_name(row.value)->group(row.group));
    if (std::string(row.name) == "--scale") // the two stand together in --help
      causal_.declare(app, "causal", "query i sees key j iff j <= i + kv_len - q_len [on]",
                      "every query sees every key", kAttention);
  }
}

/// An option of the other kind of router would do nothing.
Status SpecOptions::refuseOthersOptions(const Spec &spec) const {
  for (size_t i = 0; i < options_.size(); ++i) {
    const Row &row = table()[i];
    std::string name = row.name;
    bool ofOnline = std::string(row.group) == kOnline, ofRanked = name == "--min-blocks" || name == "--rule";
    if (options_[i]->count() && (spec.isOnline() ? ofRanked : ofOnline))
      return Status::invalid(name, texts_[i],
                             std::string("not giving it with --select ") + spec.select +
                                 (ofOnline ? "; it belongs to online" : "; it belongs to ranked routers"));
  }
  return Status::ok();
}

Result<SpecRequest> SpecOptions::read() const {
  SpecRequest request;
  bool budgetGiven = false;
  for (size_t i = 0; i < options_.size(); ++i) {
    const Row &row = table()[i];
    if (options_[i]->count() == 0)
      continue;
    if (Status status = row.apply(request, row.name, texts_[i]); !status)
      return status;
    budgetGiven |= row.apply == setBudget;
    if (row.use == Use::Launch)
      request.launchOnly.push_back(row.name);
  }
  if (request.spec.topK && budgetGiven)
    return Status::invalid("--top-k", std::to_string(*request.spec.topK), "--top-k or --budget, not both");
  if (Status status = refuseOthersOptions(request.spec); !status)
    return status;
  Result<bool> causal = causal_.read(request.spec.causal);
  if (!causal)
    return causal.status();
  request.spec.causal = *causal;
  request.spec.headDim = request.headDim.value_or(request.spec.headDim);
  request.spec.valueDim = request.valueDim.value_or(request.spec.headDim);
  request.spec.dtype = request.dtype.value_or(request.spec.dtype);
  if (Status status = checkP(request); !status)
    return status;
  if (Status status = validate(request.spec); !status)
    return status;
  return request;
}
