//===- main.cpp - the simulator against a GPU, on the command line ----------===//
//
//   sim-hardware list                        names of all forms
//   sim-hardware ptx NAME                    the kernel of one form
//   sim-hardware emit FOLDER                 all kernels as files, for an assembler
//   sim-hardware run FILE                    all cases on the GPU of this machine; writes what it answered
//   sim-hardware simulate FILE               the same in the simulator
//   sim-hardware condense FILE SHORT         the first cases of FILE, long outputs as hashes: for the repository
//   sim-hardware check FILE                  the same kernels in the simulator; prints the table, and what differs
//   sim-hardware show FILE NAME              the GPU's output of one form beside the simulator's, in words
//
// Options after the verb: --family NAME, --form TEXT (any part of a name), --seed N, --cases N (at most).
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"
#include "tests/sim/hardware/GpuRun.h"
#include "tests/sim/hardware/Results.h"
#include "tests/sim/hardware/SimRun.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>

using namespace thrift;
using namespace thrift::sim::hardware;

namespace {

constexpr uint32_t kWholeBytes = 2048; ///< longer outputs are stored as hashes

struct Request {
  uint32_t cases = UINT32_MAX;
  std::string verb, family, form;
  std::vector<std::string> names;
  uint64_t seed = 1;
};

std::vector<const Form *> chosen(const Request &request) {
  std::vector<const Form *> forms;
  for (const Form &form : allForms())
    if ((request.family.empty() || form.family == request.family) && form.name.find(request.form) != std::string::npos)
      forms.push_back(&form);
  return forms;
}

int fail(const std::string &message) {
  std::cerr << "sim-hardware: " << message << "\n";
  return 1;
}

int list(const Request &request) {
  for (const Form *form : chosen(request))
    std::cout << form->family << ": " << form->name << "\n";
  return 0;
}

int ptx(const Request &request) {
  for (const Form &form : allForms())
    if (form.name == request.names[0]) {
      std::cout << form.ptx;
      return 0;
    }
  return fail("no form is called '" + request.names[0] + "'; `list` shows the names");
}

int emit(const Request &request) {
  size_t number = 0;
  for (const Form *form : chosen(request)) {
    char name[32];
    std::snprintf(name, sizeof name, "/%04zu.ptx", number++);
    std::ofstream file(request.names[0] + name);
    file << "// " << form->name << "\n" << form->ptx;
    if (!file)
      return fail(request.names[0] + name + " cannot be written");
  }
  return 0;
}

int run(const Request &request) {
  Result<Vectors> vectors = runOnGpu(chosen(request), request.seed, request.cases);
  if (!vectors)
    return fail(vectors.status().message());
  if (Status status = writeVectors(request.names[0], *vectors); !status)
    return fail(status.message());
  std::cout << vectors->records.size() << " of " << chosen(request).size() << " forms on " << vectors->device
            << ", driver " << vectors->driver << "\n";
  return 0;
}

int simulate(const Request &request) {
  Vectors vectors;
  vectors.seed = request.seed;
  vectors.device = vectors.driver = "simulator";
  size_t missing = 0;
  for (const Form *form : chosen(request)) {
    uint32_t cases = std::min(form->cases, request.cases);
    Result<std::vector<uint8_t>> output = runInSimulator(*form, request.seed, cases);
    if (!output) {
      std::cerr << form->name << ": " << output.status().message() << "\n";
      ++missing;
      continue;
    }
    vectors.records.push_back({form->name, fingerprint(*form, request.seed, cases), cases, false, std::move(*output)});
  }
  Status status = writeVectors(request.names[0], vectors);
  return !status ? fail(status.message()) : missing == 0 ? 0 : 1;
}

int condenseFile(const Request &request) {
  Result<Vectors> vectors = readVectors(request.names[0]);
  if (!vectors)
    return fail(vectors.status().message());
  Status status = writeVectors(request.names[1], condense(*vectors, allForms(), vectors->seed, kWholeBytes));
  return status ? 0 : fail(status.message());
}

int check(const Request &request) {
  Result<Vectors> vectors = readVectors(request.names[0]);
  if (!vectors)
    return fail(vectors.status().message());
  std::map<std::string, const Record *> records;
  for (const Record &record : vectors->records)
    records[record.form] = &record;
  std::vector<FormResult> results;
  bool allAgree = true;
  for (const Form *form : chosen(request)) {
    auto record = records.find(form->name);
    if (record == records.end()) {
      std::cerr << form->name << ": not in the file\n";
      continue;
    }
    results.push_back(checkRecord(*form, *record->second, vectors->seed));
    const FormResult &result = results.back();
    if (!result.status)
      std::cerr << form->name << ": " << result.status.message() << "\n";
    else if (result.comparison.beyond != 0)
      std::cerr << form->name << ": " << result.comparison.beyond << " of " << result.comparison.values << " differ; "
                << result.comparison.first << "\n";
    allAgree &= result.agrees();
  }
  writeTable(std::cout, *vectors, results);
  return allAgree ? 0 : 1;
}

std::string hex(const uint8_t *bytes, size_t count) {
  std::string text;
  char digits[3];
  for (size_t i = count; i-- > 0;) {
    std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
    text += digits;
  }
  return text;
}

void showForm(const Form &form, const Record &record, uint64_t seed) {
  Result<std::vector<uint8_t>> output = runInSimulator(form, seed, record.cases);
  if (!output)
    std::cerr << output.status().message() << "\n";
  std::vector<std::vector<uint8_t>> operands = makeOperands(form, seed, record.cases);
  size_t width = form.isElementwise() ? form.outBytes : 4;
  for (size_t at = 0; at + width <= record.bytes.size(); at += width) {
    std::cout << "case " << at / form.outBytes << " byte " << at % form.outBytes << ": "
              << hex(&record.bytes[at], width);
    if (output)
      std::cout << " " << hex(output->data() + at, width)
                << (std::memcmp(&record.bytes[at], output->data() + at, width) == 0 ? "" : " differs");
    if (form.isElementwise())
      for (size_t i = 0; i < operands.size(); ++i) {
        size_t bytes = form.operands[i].bytes;
        std::cout << (i == 0 ? " of " : ", ") << hex(&operands[i][at / width * bytes], bytes);
      }
    std::cout << "\n";
  }
}

int show(const Request &request) {
  Result<Vectors> vectors = readVectors(request.names[0]);
  if (!vectors)
    return fail(vectors.status().message());
  for (const Record &record : vectors->records)
    for (const Form &form : allForms())
      if (record.form == request.names[1] && form.name == record.form) {
        if (record.hashed)
          return fail("the file has only hashes of this form");
        showForm(form, record, vectors->seed);
        return 0;
      }
  return fail("no form called '" + request.names[1] + "' is in the file");
}

struct Verb {
  const char *name;
  size_t names;
  int (*run)(const Request &);
};
constexpr Verb kVerbs[] = {{"list", 0, list},   {"ptx", 1, ptx},           {"emit", 1, emit},
                           {"run", 1, run},     {"simulate", 1, simulate}, {"condense", 2, condenseFile},
                           {"check", 1, check}, {"show", 2, show}};

} // namespace

int main(int argc, char **argv) {
  Request request;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    std::string *option = word == "--family" ? &request.family : word == "--form" ? &request.form : nullptr;
    if (option && i + 1 < argc)
      *option = argv[++i];
    else if (word == "--seed" && i + 1 < argc)
      request.seed = std::strtoull(argv[++i], nullptr, 0);
    else if (word == "--cases" && i + 1 < argc)
      request.cases = static_cast<uint32_t>(std::strtoul(argv[++i], nullptr, 0));
    else if (request.verb.empty())
      request.verb = word;
    else
      request.names.push_back(word);
  }
  for (const Verb &verb : kVerbs)
    if (request.verb == verb.name && request.names.size() == verb.names)
      return verb.run(request);
  return fail("usage: sim-hardware list | ptx NAME | emit FOLDER | run FILE | simulate FILE | condense FILE SHORT | "
              "check FILE | "
              "show FILE NAME, with --family NAME, --form TEXT, --seed N, --cases N");
}
