//===- ProgressLine.cpp - how far a launch is, on standard error ---------------===//

#include "tools/ptx-sim/ProgressLine.h"

#include <algorithm>
#include <cstdio>

namespace thrift::ptxsim {

std::string describe(const sim::Progress &now, const sim::Progress &before) {
  double seconds = std::max(now.seconds - before.seconds, 1e-9);
  double rate = static_cast<double>(now.warpInstructions - before.warpInstructions) / seconds;
  char text[160];
  std::snprintf(text, sizeof text, "%llu of %llu CTAs, %.1f M warp instructions a second",
                static_cast<unsigned long long>(now.ctasDone), static_cast<unsigned long long>(now.ctas), rate / 1e6);
  std::string line = text;
  if (now.ctasDone != 0 && now.ctasDone < now.ctas) {
    double left = now.seconds / static_cast<double>(now.ctasDone) * static_cast<double>(now.ctas - now.ctasDone);
    std::snprintf(text, sizeof text, ", about %.0f s to go", left);
    line += text;
  }
  return line;
}

void ProgressLine::show(const sim::Progress &progress) {
  std::string line = describe(progress, before_);
  before_ = progress;
  if (!console_.terminal.errInteractive)
    return console_.note(line);
  size_t columns = static_cast<size_t>(std::max(console_.terminal.columns, 20)) - 1;
  line = (std::string(console_.program) + ": " + line).substr(0, columns);
  size_t width = line.size();
  line.resize(std::max(width, width_), ' '); // covers what was longer before
  width_ = width;
  console_.err << "\r" << line << std::flush;
}

void ProgressLine::clear() {
  if (width_ != 0)
    console_.err << "\r" << std::string(width_, ' ') << "\r" << std::flush;
  width_ = 0;
}

} // namespace thrift::ptxsim
