//===- LaunchFile.cpp - what to launch, as a JSON file says it -----------------===//

#include "tools/ptx-sim/LaunchFile.h"

#include "tools/ptx-sim/LaunchValues.h"
#include "tools/safetensors/Header.h"

#include <algorithm>
#include <cmath>

namespace thrift::ptxsim {

static constexpr size_t kMaxRank = 16;
static constexpr const char *kFileHelp = "the name of an .npy or .safetensors file";

static bool endsWith(const std::string &text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

std::string LaunchFile::resolve(const std::string &file) const {
  bool absolute = !file.empty() && file[0] == '/';
  return absolute || folder.empty() ? file : folder + "/" + file;
}

/// Three numbers, two, one, or one outside a list; the rest is 1.
static std::array<uint32_t, 3> parseDimensions(const JsonPlace &place) {
  std::array<uint32_t, 3> dims = {1, 1, 1};
  if (!place.isList()) {
    dims[0] = static_cast<uint32_t>(place.integer(1, UINT32_MAX));
    return dims;
  }
  size_t at = 0;
  for (const JsonPlace &element : place.list(1, 3, "a number, or a list of 1 to 3"))
    dims[at++] = static_cast<uint32_t>(element.integer(1, UINT32_MAX));
  return dims;
}

static std::vector<int64_t> parseShape(const JsonPlace &place) {
  std::vector<int64_t> shape;
  for (const JsonPlace &element : place.list(0, kMaxRank, "a list of at most 16 numbers"))
    shape.push_back(static_cast<int64_t>(element.integer(0, INT64_MAX)));
  return shape;
}

/// "file" and "tensor" of `place`, which may have other keys.
static TensorReference parseReference(const JsonPlace &place) {
  TensorReference reference;
  reference.path = place.path();
  JsonPlace file = place.require("file", kFileHelp);
  reference.file = file.text(kFileHelp);
  bool isSafetensors = endsWith(reference.file, ".safetensors");
  if (!isSafetensors && !endsWith(reference.file, ".npy"))
    file.refuse(kFileHelp);
  std::optional<JsonPlace> tensor = place.get("tensor");
  if (isSafetensors)
    reference.tensor = place.require("tensor", "the name of a tensor in the file").text("the name of a tensor");
  else if (tensor)
    tensor->refuse("no such key beside an .npy file, which has one array");
  return reference;
}

//===----------------------------------------------------------------------===//
// Contents
//===----------------------------------------------------------------------===//

namespace {

class BufferParser {
public:
  BufferParser(const std::string &name, const JsonPlace &place, const ValueParser &values)
      : place_(place), values_(values) {
    spec_.name = name;
    spec_.path = place.path();
  }
  BufferSpec parse();

private:
  void parseType();
  Contents parseContents(const JsonPlace &init);
  Contents parseRandom(const JsonPlace &random);
  Elements parseElements(const JsonPlace &list);
  Expectation parseExpectation(const JsonPlace &place);
  /// Whole numbers where the type has no others.
  long double parseNumber(const JsonPlace &place);
  /// Elements, or nothing where only a file knows.
  std::optional<uint64_t> count() const;

  BufferSpec spec_;
  const JsonPlace &place_;
  const ValueParser &values_;
};

} // namespace

void BufferParser::parseType() {
  if (std::optional<JsonPlace> bytes = place_.get("bytes")) {
    for (const char *other : {"dtype", "shape"})
      if (std::optional<JsonPlace> given = place_.get(other))
        given->refuse("no such key beside bytes, which means u8");
    spec_.type = findElementType("u8");
    spec_.shape = {static_cast<int64_t>(bytes->integer(1, INT64_MAX))};
    return;
  }
  if (std::optional<JsonPlace> dtype = place_.get("dtype")) {
    spec_.type = findElementType(dtype->text(elementTypeNames()));
    if (!spec_.type)
      dtype->refuse(elementTypeNames());
  }
  if (std::optional<JsonPlace> shape = place_.get("shape")) {
    spec_.shape = parseShape(*shape);
    std::optional<uint64_t> bytes = safetensorsBytes(*spec_.shape, spec_.type ? 8 * spec_.type->bytes : 64);
    if (!bytes || *bytes == 0)
      shape->refuse("one element or more, and fewer than 2^60 bytes");
  }
}

std::optional<uint64_t> BufferParser::count() const {
  if (!spec_.shape)
    return std::nullopt;
  uint64_t count = 1;
  for (int64_t extent : *spec_.shape)
    count *= static_cast<uint64_t>(extent);
  return count;
}

Elements BufferParser::parseElements(const JsonPlace &list) {
  Elements elements;
  std::optional<uint64_t> wanted = count();
  size_t most = wanted ? *wanted : SIZE_MAX;
  std::string what = "a list of " + (wanted ? std::to_string(*wanted) : std::string("all")) + " elements, row-major";
  for (const JsonPlace &element : list.list(wanted ? *wanted : 0, most, what))
    elements.bits.push_back(parseElement(*spec_.type, element));
  return elements;
}

long double BufferParser::parseNumber(const JsonPlace &place) {
  const ElementType &type = *spec_.type;
  std::string allowed = std::string(type.isFloat() ? "a finite number that " : "a whole number that ") +
                        std::string(type.name) + " can hold";
  long double number = place.extendedNumber(allowed);
  if (place.ok() && (!std::isfinite(number) || !encode(type, number)))
    place.refuse(allowed);
  return number;
}

Contents BufferParser::parseRandom(const JsonPlace &random) {
  const ElementType &type = *spec_.type;
  random.expectKeys({"seed", "low", "high", "mean", "std"});
  std::optional<JsonPlace> seedPlace = random.get("seed");
  uint64_t seed = seedPlace ? seedPlace->integer(0, UINT64_MAX) : 0;
  if (type.isFloat() && !random.has("low") && !random.has("high")) {
    Normal normal{seed};
    if (std::optional<JsonPlace> mean = random.get("mean"))
      normal.mean = static_cast<double>(parseNumber(*mean));
    if (std::optional<JsonPlace> deviation = random.get("std")) {
      normal.deviation = static_cast<double>(parseNumber(*deviation));
      if (normal.deviation < 0)
        deviation->refuse("0 or more");
    }
    return normal;
  }
  for (const char *key : {"mean", "std"})
    if (std::optional<JsonPlace> given = random.get(key))
      given->refuse(type.isFloat() ? "mean and std, or low and high" : "low and high, for " + std::string(type.name));
  Uniform uniform{seed};
  uniform.low = parseNumber(random.require("low", "the smallest number"));
  JsonPlace high = random.require("high", type.isFloat() ? "the end of the range" : "the largest number");
  uniform.high = parseNumber(high);
  if (uniform.high < uniform.low)
    high.refuse("low or more");
  return uniform;
}

Contents BufferParser::parseContents(const JsonPlace &init) {
  const std::string kinds = "\"zeros\", \"uninitialized\", \"arange\", \"random\", or an object with one of fill, "
                            "values, arange, random, file, fields";
  bool isFile = init.has("file");
  if (!isFile && (!spec_.type || !spec_.shape))
    (void)place_.require(spec_.type ? "shape" : "dtype", "dtype and shape, or bytes");
  if (!init.ok())
    return Uninitialized{};
  if (init.isText()) {
    switch (init.word({"zeros", "uninitialized", "arange", "random"})) {
    case 0:
      return init.ok() ? Contents(Fill{0}) : Contents(Uninitialized{});
    case 1:
      return Uninitialized{};
    case 2:
      return Arange{};
    default:
      if (!spec_.type->isFloat())
        init.refuse("{\"random\": {\"low\": ..., \"high\": ...}} for " + std::string(spec_.type->name));
      return Normal{};
    }
  }
  if (!init.isObject())
    return init.refuse(kinds), Uninitialized{};
  if (isFile) {
    init.expectKeys({"file", "tensor"});
    return parseReference(init);
  }
  std::string_view kind = init.oneOf({"fill", "values", "arange", "random", "file", "fields"});
  init.expectKeys({kind});
  if (!init.ok())
    return Uninitialized{};
  JsonPlace place = *init.get(kind);
  if (kind == "fill")
    return Fill{parseElement(*spec_.type, place)};
  if (kind == "values")
    return parseElements(place);
  if (kind == "random")
    return parseRandom(place);
  if (kind == "arange") {
    place.expectKeys({"start", "step"});
    Arange arange;
    if (std::optional<JsonPlace> start = place.get("start"))
      arange.start = parseNumber(*start);
    if (std::optional<JsonPlace> step = place.get("step"))
      arange.step = step->number();
    return arange;
  }
  StructValue value;
  value.bytes = *count() * static_cast<uint64_t>(spec_.type->bytes);
  value.fields = values_.fields(place, value.bytes);
  return value;
}

Expectation BufferParser::parseExpectation(const JsonPlace &place) {
  Expectation expected;
  expected.path = place.path();
  place.expectKeys({"file", "tensor", "fill", "values", "atol", "rtol"});
  std::string_view kind = place.oneOf({"file", "fill", "values"});
  if (!place.ok())
    return expected;
  if (kind == "file") {
    expected.values = parseReference(place);
  } else if (!spec_.type) {
    (void)place_.require("dtype", "the type of the expected values");
  } else if (kind == "fill") {
    expected.values = Fill{parseElement(*spec_.type, *place.get("fill"))};
  } else {
    expected.values = parseElements(*place.get("values"));
  }
  for (auto [key, tolerance] : {std::pair("atol", &expected.absolute), std::pair("rtol", &expected.relative)})
    if (std::optional<JsonPlace> given = place.get(key)) {
      *tolerance = given->number();
      if (!(*tolerance >= 0) || std::isinf(*tolerance))
        given->refuse("0 or more");
    }
  return expected;
}

BufferSpec BufferParser::parse() {
  place_.expectKeys({"dtype", "shape", "bytes", "init", "output", "expect"});
  parseType();
  if (!place_.ok())
    return spec_;
  JsonPlace init = place_.require("init", "what it holds: \"zeros\", \"uninitialized\", \"random\", "
                                          "{\"file\": ...}, ...");
  spec_.contents = parseContents(init);
  if (!place_.ok())
    return spec_;
  if (std::optional<JsonPlace> output = place_.get("output")) {
    if (output->isText()) {
      spec_.output = TensorReference{output->path(), output->text(""), spec_.name};
      bool known = endsWith(spec_.output->file, ".npy") || endsWith(spec_.output->file, ".safetensors");
      if (!known)
        output->refuse(kFileHelp);
    } else {
      output->expectKeys({"file", "tensor"});
      spec_.output = parseReference(*output);
    }
  }
  if (std::optional<JsonPlace> expected = place_.get("expect"))
    spec_.expected = parseExpectation(*expected);
  return spec_;
}

//===----------------------------------------------------------------------===//
// The file
//===----------------------------------------------------------------------===//

static LaunchFile parseRoot(const JsonPlace &root) {
  LaunchFile file;
  root.expectKeys({"entry", "grid", "block", "cluster", "shared_bytes", "buffers", "arguments"});
  if (std::optional<JsonPlace> entry = root.get("entry"))
    file.entry = entry->text("the name of an entry");
  file.grid = parseDimensions(root.require("grid", "the number of CTAs: a number, or a list of 1 to 3"));
  if (std::optional<JsonPlace> block = root.get("block"))
    file.block = parseDimensions(*block);
  if (std::optional<JsonPlace> cluster = root.get("cluster"))
    file.cluster = parseDimensions(*cluster);
  if (std::optional<JsonPlace> shared = root.get("shared_bytes"))
    file.dynamicSharedBytes = static_cast<uint32_t>(shared->integer(0, UINT32_MAX));

  std::vector<std::pair<std::string, JsonPlace>> buffers;
  if (std::optional<JsonPlace> given = root.get("buffers"))
    buffers = given->members();
  std::vector<std::string> names;
  for (const auto &[name, place] : buffers)
    names.push_back(name);
  ValueParser values(names);
  for (const auto &[name, place] : buffers) {
    file.buffers.push_back(BufferParser(name, place, values).parse());
    if (!root.ok())
      return file;
  }
  JsonPlace arguments = root.require("arguments", "a list, one value for each parameter of the entry");
  for (const JsonPlace &place : arguments.list(0, SIZE_MAX, "a list, one value for each parameter of the entry"))
    file.arguments.push_back(values.value(place));
  return file;
}

Result<LaunchFile> parseLaunchFile(std::string_view text, const std::string &name) {
  Result<JsonDocument> document = JsonDocument::parse(text, name);
  if (!document)
    return document.status();
  LaunchFile file = parseRoot(document->root());
  if (Status status = document->status(); !status)
    return status;
  file.name = name;
  size_t slash = name.rfind('/');
  file.folder = slash == std::string::npos ? "" : slash == 0 ? "/" : name.substr(0, slash);
  return file;
}

} // namespace thrift::ptxsim
