//===- Switch.cpp - an option and its opposite --------------------------------===//

#include "tools/console/Switch.h"

#include <CLI/CLI.hpp>

using namespace thrift;

void Switch::declare(CLI::App &app, const std::string &name, const std::string &onHelp, const std::string &offHelp,
                     const std::string &group) {
  on_ = app.add_flag("--" + name, onHelp)->group(group);
  off_ = app.add_flag("--no-" + name, offHelp)->group(group);
}

Result<bool> Switch::read(bool otherwise) const {
  if (on_->count() && off_->count())
    return Status::invalid(on_->get_name(), "given with " + off_->get_name(), "one of the two");
  return on_->count() ? true : off_->count() ? false : otherwise;
}
