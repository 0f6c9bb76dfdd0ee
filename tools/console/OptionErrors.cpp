//===- OptionErrors.cpp - what was wrong with the options, in our words -------===//

#include "tools/console/OptionErrors.h"

#include <CLI/CLI.hpp>

namespace thrift {

std::string optionNames(const CLI::App &app, const std::string &withoutGroup) {
  std::string names;
  for (const CLI::Option *option : app.get_options())
    if (option->nonpositional() && (withoutGroup.empty() || option->get_group() != withoutGroup)) {
      bool isLong = !option->get_lnames().empty();
      names.append(names.empty() ? "" : ", ")
          .append(isLong ? "--" + option->get_lnames()[0] : "-" + option->get_snames()[0]);
    }
  return names;
}

Status describe(const CLI::ParseError &error) {
  std::string text = error.what();
  if (!dynamic_cast<const CLI::ArgumentMismatch *>(&error))
    return Status(StatusCode::InvalidArgument, text);
  // CLI11's text starts with the option's name.
  bool missing = text.find("missing") != std::string::npos;
  return Status::invalid(text.substr(0, text.find(':')), missing ? "without a value" : "given more than once",
                         missing ? "one value behind it" : "once");
}

} // namespace thrift
