//===- Listing.cpp - what a PTX file holds -------------------------------------===//

#include "tools/ptx-sim/Listing.h"

#include "runtime/sim/Simulator.h"
#include "runtime/sim/ptx/Parser.h"
#include "tools/ptx-sim/JsonPlace.h"

#include <algorithm>

namespace thrift::ptxsim {

namespace ptx = sim::ptx;

Result<Listing> listEntries(std::string_view text, const std::string &file) {
  Result<ptx::Module> parsed = ptx::parse(text);
  if (!parsed)
    return behind(file, parsed.status());
  Result<std::shared_ptr<sim::Module>> module = sim::Module::load(text);
  if (!module)
    return behind(file, module.status());
  Listing listing;
  listing.file = file;
  listing.version = std::to_string(parsed->versionMajor) + "." + std::to_string(parsed->versionMinor);
  listing.target = parsed->target;
  for (const ptx::Function &function : parsed->functions) {
    if (!function.isEntry || !function.isDefined)
      continue;
    ListedEntry entry;
    entry.name = function.name;
    entry.instructions = static_cast<uint32_t>(function.instructions.size());
    entry.staticSharedBytes = function.sharedBytes;
    entry.localBytes = function.localBytes;
    entry.usesDynamicShared = !function.dynamicShared.empty();
    entry.required = function.bounds.requiredThreads;
    entry.maximum = function.bounds.maxThreads;
    entry.cluster = function.bounds.requiredCluster;
    for (const ptx::Param &param : function.params)
      entry.parameters.push_back({param.name, std::string(ptx::nameOf(param.type)), param.byteSize, param.alignment,
                                  param.offset, param.isArray, param.isPointer});
    if (Status status = (*module)->find(function.name).status(); !status)
      entry.unsupported = status.message();
    listing.entries.push_back(std::move(entry));
  }
  return listing;
}

static std::string describeType(const ListedParameter &parameter) {
  if (parameter.isArray)
    return "." + parameter.type + "[], " + std::to_string(parameter.bytes) + " bytes, aligned to " +
           std::to_string(parameter.align);
  return "." + parameter.type + (parameter.isPointer ? ", pointer" : "");
}

static std::string threads(const std::array<uint32_t, 3> &dims) {
  return std::to_string(dims[0]) + " x " + std::to_string(dims[1]) + " x " + std::to_string(dims[2]);
}

std::string print(const Listing &listing) {
  std::string text = listing.file + ": PTX " + listing.version + ", " + listing.target + ", " +
                     std::to_string(listing.entries.size()) + (listing.entries.size() == 1 ? " entry\n" : " entries\n");
  for (const ListedEntry &entry : listing.entries) {
    text += "\n" + entry.name + "\n";
    text += "  instructions   " + std::to_string(entry.instructions) + "\n";
    if (entry.required[0] != 0)
      text += "  threads        " + threads(entry.required) + " (.reqntid)\n";
    else if (entry.maximum[0] != 0)
      text += "  threads        at most " + threads(entry.maximum) + " (.maxntid)\n";
    if (entry.cluster[0] != 0)
      text += "  cluster        " + threads(entry.cluster) + "\n";
    text += "  shared memory  " + std::to_string(entry.staticSharedBytes) + " bytes" +
            (entry.usesDynamicShared ? ", and what the launch gives" : "") + "\n";
    if (entry.localBytes != 0)
      text += "  local memory   " + std::to_string(entry.localBytes) + " bytes a thread\n";
    for (size_t i = 0; i < entry.parameters.size(); ++i)
      text += (i == 0 ? "  parameters     " : "                 ") + entry.parameters[i].name + " " +
              describeType(entry.parameters[i]) + "\n";
    text +=
        "  simulator      " + (entry.unsupported.empty() ? "runs it" : "cannot run it: " + entry.unsupported) + "\n";
  }
  return text;
}

Json toJson(const Listing &listing) {
  auto orNull = [](const std::array<uint32_t, 3> &dims) { return dims[0] == 0 ? Json(nullptr) : Json(dims); };
  Json entries = Json::array();
  for (const ListedEntry &entry : listing.entries) {
    Json parameters = Json::array();
    for (const ListedParameter &parameter : entry.parameters)
      parameters.push_back({{"name", parameter.name},
                            {"type", parameter.type},
                            {"bytes", parameter.bytes},
                            {"align", parameter.align},
                            {"offset", parameter.offset},
                            {"array", parameter.isArray},
                            {"pointer", parameter.isPointer}});
    entries.push_back({{"name", entry.name},
                       {"instructions", entry.instructions},
                       {"static_shared_bytes", entry.staticSharedBytes},
                       {"dynamic_shared", entry.usesDynamicShared},
                       {"local_bytes", entry.localBytes},
                       {"reqntid", orNull(entry.required)},
                       {"maxntid", orNull(entry.maximum)},
                       {"reqnctapercluster", orNull(entry.cluster)},
                       {"parameters", std::move(parameters)},
                       {"unsupported", entry.unsupported.empty() ? Json(nullptr) : Json(entry.unsupported)}});
  }
  return {{"schema_version", kJsonSchemaVersion},
          {"ptx", listing.file},
          {"version", listing.version},
          {"target", listing.target},
          {"entries", std::move(entries)}};
}

Result<Json> launchTemplate(const Listing &listing, const std::optional<std::string> &name) {
  std::string names;
  const ListedEntry *chosen = !name && listing.entries.size() == 1 ? listing.entries.data() : nullptr;
  for (const ListedEntry &entry : listing.entries) {
    names.append(names.empty() ? "" : ", ").append(entry.name);
    if (name && entry.name == *name)
      chosen = &entry;
  }
  if (!chosen)
    return Status::invalid("--entry", name ? "'" + *name + "'" : "not given",
                           names.empty() ? "nothing: the PTX has no entry" : names);
  Json buffers = Json::object(), arguments = Json::array();
  for (const ListedParameter &parameter : chosen->parameters) {
    Json value;
    if (parameter.isPointer) {
      buffers[parameter.name] = {{"dtype", "f32"}, {"shape", {1024}}, {"init", "zeros"}};
      value = {{"buffer", parameter.name}};
    } else if (parameter.isArray && parameter.bytes == 128 && parameter.align >= 64) {
      // Nothing else has the size and alignment of a CUtensorMap as a rule.
      std::string buffer = parameter.name + "_data";
      buffers[buffer] = {{"dtype", "bf16"}, {"shape", {128, 64}}, {"init", "random"}};
      value = {{"tensor_map",
                {{"buffer", buffer},
                 {"element", "bf16"},
                 {"dims", {64, 128}},
                 {"strides", {128}},
                 {"box", {64, 64}},
                 {"swizzle", "128B"}}}};
    } else if (parameter.isArray) {
      value = {{"bytes", parameter.bytes}, {"fields", Json::array()}};
    } else {
      value = {{parameter.type, 0}};
    }
    value["comment"] = parameter.name;
    arguments.push_back(std::move(value));
  }
  Json file = {{"entry", chosen->name}, {"grid", {1, 1, 1}}};
  if (chosen->required[0] != 0)
    file["block"] = chosen->required;
  else
    file["block"] = {std::min<uint32_t>(chosen->maximum[0] == 0 ? 128 : chosen->maximum[0], 128), 1, 1};
  if (chosen->usesDynamicShared)
    file["shared_bytes"] = 0;
  file["buffers"] = std::move(buffers);
  file["arguments"] = std::move(arguments);
  return file;
}

} // namespace thrift::ptxsim
