//===- Verb.h - one word of the command line ----------------------------------===//

#ifndef THRIFTJIT_TOOLS_THRIFTJIT_VERB_H
#define THRIFTJIT_TOOLS_THRIFTJIT_VERB_H

#include "runtime/Status.h"
#include "tools/console/Console.h"
#include "tools/console/ExitCode.h"

#include <memory>

namespace CLI {
class App;
}

namespace thrift {

/// Heading in --help for what is declared only to be refused with what exists.
constexpr const char *kUnbuiltGroup = "Not built yet";

/// `thriftjit NAME ...`. Options are values of the verb, filled when the command line is parsed.
class Verb {
public:
  virtual ~Verb() = default;

  virtual const char *name() const = 0;
  virtual const char *summary() const = 0;
  /// Adds options, positionals and examples.
  virtual void declare(CLI::App &app) = 0;
  /// Ok or FailedCheck, or why there is no result.
  virtual Result<ExitCode> run(const Console &console) = 0;
};

std::unique_ptr<Verb> makeRunVerb();
std::unique_ptr<Verb> makeEmitVerb();
std::unique_ptr<Verb> makeDoctorVerb();

} // namespace thrift

#endif // THRIFTJIT_TOOLS_THRIFTJIT_VERB_H
